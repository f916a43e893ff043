"""Ingestion jobs: STARTING, IN_PROGRESS, then COMPLETE with statistics (even when documents failed), FAILED or STOPPED.

Sources: bedrock-agent service model; quota page: one job at a time in a knowledge base and in a data source, 5 in an
account, StartIngestionJob once in ten seconds; user guide: syncs are incremental. The objects are looked at when the
job starts, so what is written while it runs is the next job's. A job that is stopped has indexed nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from releaser.sandbox import documents, knowledge, objects
from releaser.sandbox.buckets import Rate
from releaser.sandbox.call import Call
from releaser.sandbox.errors import conflict, not_found, quota_exceeded
from releaser.sandbox.kind import Kind
from releaser.sandbox.paging import page
from releaser.sandbox.store import Doc
from releaser.sandbox.tokens import once

_SUMMARY = ("knowledgeBaseId", "dataSourceId", "ingestionJobId", "description", "startedAt")
_PAGE = 10

KIND = Kind(
    "ingestion-job",
    quotas={"ingestionJobsPerAccount": 5},
    switches={"documentModifiedBy": ("content", "version")},
    rates={"bedrock-agent.StartIngestionJob": Rate(0.1)},
    delays={"ingestion.start": 5.0, "ingestion.run": 30.0, "ingestion.stop": 5.0},
)


class _CannotRead(Exception):
    """Why the job cannot read its bucket."""


@KIND.operation("bedrock-agent", "StartIngestionJob")
def start_ingestion_job(call: Call) -> dict[str, Any]:
    """A new job, if no other runs in the knowledge base."""
    return once(call, lambda: _start(call))


def _start(call: Call) -> dict[str, Any]:
    base_id, source_id = call.params["knowledgeBaseId"], call.params["dataSourceId"]
    base, source = knowledge.base(call, base_id), knowledge.source(call, base_id, source_id)
    for what, doc, wanted in (("knowledge base", base, "ACTIVE"), ("data source", source, "AVAILABLE")):
        if knowledge.status(call, doc) != wanted:
            raise conflict(
                f"The {what} is {knowledge.status(call, doc)}; it must be {wanted} to start an ingestion job."
            )
    running = knowledge.running_jobs(call, base_id)
    if running:
        other = running[0]["ingestionJobId"]
        raise conflict(f"KnowledgeBase with id {base_id} has an ongoing ingestion job with id {other}.")
    if len(knowledge.running_jobs(call)) >= call.settings.quota("ingestionJobsPerAccount"):
        raise quota_exceeded("You have reached the maximum number of concurrent ingestion jobs for this account.")
    id = knowledge.fresh_id(lambda one: call.row(f"ingestion-job/{base_id}", one))
    identity = {"knowledgeBaseId": base_id, "dataSourceId": source_id, "ingestionJobId": id}
    job = {**identity, **knowledge.pick(call.params, ("description",)), "startedAt": call.clock.stamp()}
    job |= _run(call, base, source, id)
    call.put(f"ingestion-job/{base_id}", id, job)
    return {"ingestionJob": _show(call, job, "STARTING")}


def _run(call: Call, base: Doc, source: Doc, id: str) -> dict[str, Any]:
    """The job's course and outcome, known from its start."""
    base_id, now = base["knowledgeBaseId"], call.clock.now()
    begun = now + call.delay("ingestion.start")
    ends = begun + call.delay("ingestion.run")
    try:
        sync, bodies = _sync(call, base, source)
    except _CannotRead as error:
        steps = [["STARTING", now], ["IN_PROGRESS", begun], ["FAILED", ends]]
        return {"steps": steps, "statistics": documents.nothing(), "failureReasons": [str(error)]}
    call.put(f"ingested/{base_id}", id, {"documents": sync.documents, "metadata": sync.metadata, **bodies})
    steps = [["STARTING", now], ["IN_PROGRESS", begun], ["COMPLETE", ends]]
    return {"steps": steps, "statistics": sync.statistics, "failureReasons": sync.reasons}


def _sync(call: Call, base: Doc, source: Doc) -> tuple[documents.Sync, dict[str, Any]]:
    """What is indexed, and whose bytes: objects may change before the next job without being noticed."""
    before = _last_ingested(call, source)
    configuration = source["dataSourceConfiguration"].get("s3Configuration")
    if configuration is None:
        sync = documents.synchronise((), before["documents"], before["metadata"], images=False, bucket="")
        return sync, {"bucket": "", "bodies": {}}
    bucket = _bucket(call, configuration)
    prefixes = tuple(configuration.get("inclusionPrefixes", ("",)))
    vector = base["knowledgeBaseConfiguration"].get("vectorKnowledgeBaseConfiguration", {})
    parsed = "parsingConfiguration" in source.get("vectorIngestionConfiguration", {})
    found = list(_found(call, bucket, prefixes))
    sync = documents.synchronise(
        found,
        before["documents"],
        before["metadata"],
        images=parsed and "supplementalDataStorageConfiguration" in vector,
        bucket=bucket["name"],
    )
    indexed = {**sync.documents, **sync.metadata}
    bodies = {one.key: one.blob for one in found if indexed.get(one.key) == one.mark}
    kept = knowledge.pick(before.get("bodies", {}), indexed)
    return sync, {"bucket": bucket["name"], "bodies": {**kept, **bodies}}


def _bucket(call: Call, configuration: Doc) -> Doc:
    """The bucket, if it is there, in this region, and its owner is who the data source says.

    There is no IAM here: naming the other account stands for that account's bucket policy.
    """
    name = configuration["bucketArn"].rpartition(":::")[2]
    found = objects.bucket(call.store, name)
    if found is None:
        raise _CannotRead(f"The specified bucket {name} does not exist.")
    if found["account"] != configuration.get("bucketOwnerAccountId", call.account):
        raise _CannotRead(f"Access to the bucket {name} was denied: check its owner and bucketOwnerAccountId.")
    if found["region"] != call.region:
        raise _CannotRead(f"The bucket {name} is in {found['region']}; it must be in the knowledge base's region.")
    return found


def _found(call: Call, bucket: Doc, prefixes: tuple[str, ...]) -> Iterator[documents.Found]:
    by_version = call.settings.switch("documentModifiedBy") == "version"
    for key, version in objects.current(call.store, bucket):
        if key.startswith(prefixes):
            mark = f"{version['etag']} {version['lastModified']}" if by_version else version["etag"]
            yield documents.Found(key, version["size"], mark, version["blob"])


def _last_ingested(call: Call, source: Doc) -> Doc:
    """What the last COMPLETE job of the data source indexed; what older ones did is forgotten."""
    base_id = source["knowledgeBaseId"]
    jobs = [job for job in _jobs(call, source) if call.row(f"ingested/{base_id}", job["ingestionJobId"]) is not None]
    done = [job for job in jobs if knowledge.job_status(call, job) == "COMPLETE"]
    last = max(done, key=lambda job: float(job["startedAt"]), default=None)
    for job in jobs:
        if job is not last:
            call.delete(f"ingested/{base_id}", job["ingestionJobId"])
    kept = call.row(f"ingested/{base_id}", last["ingestionJobId"]) if last is not None else None
    return kept or {"documents": {}, "metadata": {}}


@KIND.operation("bedrock-agent", "GetIngestionJob")
def get_ingestion_job(call: Call) -> dict[str, Any]:
    """One job, with the reasons of what failed."""
    return {"ingestionJob": _show(call, _job(call))}


@KIND.operation("bedrock-agent", "ListIngestionJobs")
def list_ingestion_jobs(call: Call) -> dict[str, Any]:
    """Summaries of a data source's jobs: filtered by status, sorted by status or start (newest first unless asked)."""
    source = knowledge.source(call, call.params["knowledgeBaseId"], call.params["dataSourceId"])
    wanted = [set(one["values"]) for one in call.params.get("filters", ())]
    sort = call.params.get("sortBy", {"attribute": "STARTED_AT", "order": "DESCENDING"})
    jobs = [(knowledge.job_status(call, job), job) for job in _jobs(call, source)]
    jobs = [(status, job) for status, job in jobs if all(status in values for values in wanted)]
    by_status = sort["attribute"] == "STATUS"
    jobs.sort(key=lambda row: (row[0] if by_status else "", row[1]["startedAt"]), reverse=sort["order"] == "DESCENDING")
    rows = [((rank, job["ingestionJobId"]), job) for rank, (_, job) in enumerate(jobs)]
    size, token = call.params.get("maxResults", _PAGE), call.params.get("nextToken")
    question = [source["knowledgeBaseId"], source["dataSourceId"], call.params.get("filters"), sort]
    found, more = page(call, rows, size=size, token=token, question=question)
    return {"ingestionJobSummaries": [_summarise(call, job) for job in found], "nextToken": more}


@KIND.operation("bedrock-agent", "StopIngestionJob")
def stop_ingestion_job(call: Call) -> dict[str, Any]:
    """STOPPING, later STOPPED; only a job under way can be stopped."""
    job = _job(call)
    now, status = call.clock.now(), knowledge.job_status(call, job)
    if status not in ("STARTING", "IN_PROGRESS"):
        raise conflict(f"The ingestion job is {status}; only a job under way can be stopped.")
    past = job["steps"][: 1 if status == "STARTING" else 2]
    steps = [*past, ["STOPPING", now], ["STOPPED", now + call.delay("ingestion.stop")]]
    stopped = {**job, "steps": steps}
    call.put(f"ingestion-job/{job['knowledgeBaseId']}", job["ingestionJobId"], stopped)
    return {"ingestionJob": _show(call, stopped, "STOPPING")}


def _jobs(call: Call, source: Doc) -> list[Doc]:
    rows = call.rows(f"ingestion-job/{source['knowledgeBaseId']}").values()
    return [job for job in rows if job["dataSourceId"] == source["dataSourceId"]]


def _job(call: Call) -> Doc:
    base_id, source_id, id = (call.params[n] for n in ("knowledgeBaseId", "dataSourceId", "ingestionJobId"))
    knowledge.source(call, base_id, source_id)
    job = call.row(f"ingestion-job/{base_id}", id)
    if job is None or job["dataSourceId"] != source_id:
        raise not_found(f"IngestionJob with id {id} in DataSource with id {source_id} is not found.")
    return job


def _summarise(call: Call, job: Doc, status: str = "") -> dict[str, Any]:
    status = status or knowledge.job_status(call, job)
    reached = [since for step, since in job["steps"] if step == status]
    updated = max([job["startedAt"], *reached])
    statistics = _so_far(job["statistics"], status)
    return knowledge.pick(job, _SUMMARY) | {"status": status, "updatedAt": updated, "statistics": statistics}


def _show(call: Call, job: Doc, status: str = "") -> dict[str, Any]:
    shown = _summarise(call, job, status)
    over = shown["status"] in ("COMPLETE", "FAILED")
    return shown | ({"failureReasons": job["failureReasons"]} if over and job["failureReasons"] else {})


def _so_far(statistics: Doc, status: str) -> dict[str, int]:
    """Nothing before the scan, what was scanned while the job runs or when it was stopped, then everything."""
    if status in ("COMPLETE", "FAILED"):
        return dict(statistics)
    scanned = status != "STARTING"
    return {name: count if scanned and name.endswith("Scanned") else 0 for name, count in statistics.items()}
