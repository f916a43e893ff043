"""Ingestion jobs: their course on the clock, what they count, what they refuse."""

from __future__ import annotations

import itertools

from releaser import sandbox
from releaser.sandbox.documents import Found, synchronise
from sandbox.checks import VECTOR, all_pages, knowledge_base, refused, s3_source

TOKEN = "t" * 40
BUCKETS = itertools.count(1)
HERE = {"LocationConstraint": "eu-central-1"}
COUNTS = {
    "scanned": "numberOfDocumentsScanned",
    "metadata": "numberOfMetadataDocumentsScanned",
    "new": "numberOfNewDocumentsIndexed",
    "modified": "numberOfModifiedDocumentsIndexed",
    "metadataModified": "numberOfMetadataDocumentsModified",
    "deleted": "numberOfDocumentsDeleted",
    "failed": "numberOfDocumentsFailed",
    "skipped": "numberOfDocumentsSkipped",
}


def started(agent, bucket, **more):
    """A knowledge base with one data source: the ids as arguments."""
    base = agent.create_knowledge_base(**knowledge_base())["knowledgeBase"]["knowledgeBaseId"]
    source = agent.create_data_source(
        knowledgeBaseId=base, name="files", dataSourceConfiguration=s3_source(bucket, **more)
    )["dataSource"]["dataSourceId"]
    return {"knowledgeBaseId": base, "dataSourceId": source}


def test_a_missing_bucket_fails_the_job(client):
    agent = client("bedrock-agent")
    where = started(agent, "no-such-bucket-here")
    job = agent.start_ingestion_job(**where, description="why")["ingestionJob"]
    assert job["status"] == "STARTING" and job["description"] == "why"
    read = agent.get_ingestion_job(**where, ingestionJobId=job["ingestionJobId"])["ingestionJob"]
    assert read["status"] == "FAILED" and "does not exist" in read["failureReasons"][0]
    rows = agent.list_ingestion_jobs(**where)["ingestionJobSummaries"]
    assert [set(row) for row in rows] == [set(read) - {"failureReasons"}]


def test_only_jobs_under_way_can_be_stopped(client):
    agent = client("bedrock-agent")
    where = started(agent, "no-such-bucket-here")
    job = agent.start_ingestion_job(**where, clientToken=TOKEN)["ingestionJob"]["ingestionJobId"]
    assert agent.start_ingestion_job(**where, clientToken=TOKEN)["ingestionJob"]["ingestionJobId"] == job
    with refused("ConflictException", 409, "under way"):
        agent.stop_ingestion_job(**where, ingestionJobId=job)
    with refused("ResourceNotFoundException", 404):
        agent.stop_ingestion_job(**where, ingestionJobId="A" * 10)


def filled(s3, *keys):
    """A new bucket with an object for each key."""
    bucket = f"documents-{next(BUCKETS)}"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=HERE)
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    return bucket


def run(agent, where, **more):
    """A whole job of an instant sandbox, as GetIngestionJob has it."""
    id = agent.start_ingestion_job(**where, **more)["ingestionJob"]["ingestionJobId"]
    return agent.get_ingestion_job(**where, ingestionJobId=id)["ingestionJob"]


def counts(job):
    """The statistics that are not zero, by short names; all are there."""
    assert set(job["statistics"]) == set(COUNTS.values())
    return {name: job["statistics"][member] for name, member in COUNTS.items() if job["statistics"][member]}


def test_incremental_statistics(client):
    agent, s3 = client("bedrock-agent"), client("s3")
    bucket = filled(s3, "a.txt", "b.MD", "c.pdf", "a.txt.metadata.json", "folder/")
    where = started(agent, bucket)
    job = run(agent, where)
    assert job["status"] == "COMPLETE" and "failureReasons" not in job
    assert counts(job) == {"scanned": 3, "metadata": 1, "new": 3}
    assert counts(run(agent, where)) == {"scanned": 3, "metadata": 1}
    s3.put_object(Bucket=bucket, Key="a.txt", Body=b"changed")
    s3.put_object(Bucket=bucket, Key="a.txt.metadata.json", Body=b"{}")
    s3.put_object(Bucket=bucket, Key="d.html", Body=b"new")
    s3.put_object(Bucket=bucket, Key="c.pdf", Body=b"c.pdf")
    s3.delete_object(Bucket=bucket, Key="b.MD")
    job = run(agent, where)
    assert counts(job) == {"scanned": 3, "metadata": 1, "new": 1, "modified": 1, "deleted": 1, "metadataModified": 1}
    s3.delete_object(Bucket=bucket, Key="a.txt.metadata.json")
    assert counts(run(agent, where)) == {"scanned": 3, "metadataModified": 1}


def test_a_complete_job_can_hide_failures(client):
    agent, s3 = client("bedrock-agent"), client("s3")
    bucket = filled(s3, "good.txt", "tool.exe", "picture.png", "no-suffix")
    s3.put_object(Bucket=bucket, Key="huge.pdf", Body=b"x" * (50 * 1024 * 1024 + 1))
    where = started(agent, bucket)
    job = run(agent, where)
    assert job["status"] == "COMPLETE" and counts(job) == {"scanned": 5, "new": 1, "failed": 4}
    unsupported, large = job["failureReasons"]
    assert "Ignored 3 files" in unsupported and f"s3://{bucket}/tool.exe" in unsupported
    assert "maximum file size" in large and f"s3://{bucket}/huge.pdf" in large
    assert "failureReasons" not in agent.list_ingestion_jobs(**where)["ingestionJobSummaries"][0]
    assert counts(run(agent, where)) == {"scanned": 5, "failed": 4}
    s3.put_object(Bucket=bucket, Key="good.txt", Body=b"y" * (50 * 1024 * 1024))
    assert counts(run(agent, where)) == {"scanned": 5, "modified": 1, "failed": 4}


def test_what_was_indexed_and_became_unreadable_is_remembered():
    def sync(size, documents):
        found = [] if size is None else [Found("a.txt", size, f"mark {size}")]
        return synchronise(found, documents, {}, images=False, bucket="b")

    first = sync(1, {})
    broken = sync(60_000_000, first.documents)
    assert broken.statistics["numberOfDocumentsFailed"] == 1 and broken.documents == first.documents
    assert sync(2, broken.documents).statistics["numberOfModifiedDocumentsIndexed"] == 1
    assert sync(None, broken.documents).statistics["numberOfDocumentsDeleted"] == 1


def test_reasons_stay_within_the_model(client):
    agent, s3 = client("bedrock-agent"), client("s3")
    where = started(agent, filled(s3, *(f"{'n' * 100}{number}.exe" for number in range(40))))
    job = run(agent, where)
    assert job["statistics"]["numberOfDocumentsFailed"] == 40
    assert [len(reason) for reason in job["failureReasons"]] == [2048]


def test_images_need_a_parser_and_a_place_for_what_it_extracts(client):
    agent, s3 = client("bedrock-agent"), client("s3")
    bucket = filled(s3, "a.jpg", "b.png")
    s3.put_object(Bucket=bucket, Key="large.png", Body=b"x" * 4_000_000)
    place = {"storageLocations": [{"type": "S3", "s3Location": {"uri": "s3://extracts/"}}]}
    vector = {**VECTOR["vectorKnowledgeBaseConfiguration"], "supplementalDataStorageConfiguration": place}
    arguments = knowledge_base("pictures") | {
        "knowledgeBaseConfiguration": {"type": "VECTOR", "vectorKnowledgeBaseConfiguration": vector}
    }
    base = agent.create_knowledge_base(**arguments)["knowledgeBase"]["knowledgeBaseId"]
    parser = {"parsingConfiguration": {"parsingStrategy": "BEDROCK_DATA_AUTOMATION"}}
    for name, ingestion, expected in (
        ("without", {}, {"scanned": 3, "failed": 3}),
        ("with", parser, {"scanned": 3, "new": 2, "failed": 1}),
    ):
        source = agent.create_data_source(
            knowledgeBaseId=base,
            name=name,
            dataSourceConfiguration=s3_source(bucket),
            **({"vectorIngestionConfiguration": ingestion} if ingestion else {}),
        )["dataSource"]["dataSourceId"]
        assert counts(run(agent, {"knowledgeBaseId": base, "dataSourceId": source})) == expected


def test_prefixes_narrow_and_what_falls_out_is_deleted(client):
    agent, s3 = client("bedrock-agent"), client("s3")
    bucket = filled(s3, "a/1.txt", "a/2.txt", "b/3.txt")
    where = started(agent, bucket)
    assert counts(run(agent, where)) == {"scanned": 3, "new": 3}
    narrow = s3_source(bucket, inclusionPrefixes=["a/"])
    agent.update_data_source(**where, name="files", dataSourceConfiguration=narrow)
    assert counts(run(agent, where)) == {"scanned": 2, "deleted": 1}


def test_each_data_source_remembers_for_itself(client):
    agent, s3 = client("bedrock-agent"), client("s3")
    bucket = filled(s3, "a.txt")
    where = started(agent, bucket)
    run(agent, where)
    second = agent.create_data_source(
        knowledgeBaseId=where["knowledgeBaseId"], name="second", dataSourceConfiguration=s3_source(bucket)
    )["dataSource"]["dataSourceId"]
    assert counts(run(agent, where | {"dataSourceId": second})) == {"scanned": 1, "new": 1}
    assert len(agent.list_ingestion_jobs(**where)["ingestionJobSummaries"]) == 1


def test_versions_are_modifications_when_the_switch_says_so(client, box):
    agent, s3 = client("bedrock-agent"), client("s3")
    bucket = filled(s3, "a.txt")
    where = started(agent, bucket)
    box.admin.set_switches(documentModifiedBy="version")
    try:
        run(agent, where)
        box.admin.advance(2)
        s3.put_object(Bucket=bucket, Key="a.txt", Body=b"a.txt")
        assert counts(run(agent, where)) == {"scanned": 1, "modified": 1}
    finally:
        box.admin.set_switches(documentModifiedBy="content")


def test_buckets_of_other_accounts_and_regions(client, box, account):
    other = account[::-1]
    bucket = filled(box.client("s3", other), "a.txt")
    agent = client("bedrock-agent")
    where = started(agent, bucket)
    job = run(agent, where)
    assert job["status"] == "FAILED" and "denied" in job["failureReasons"][0] and counts(job) == {}
    theirs = s3_source(bucket, bucketOwnerAccountId=other)
    agent.update_data_source(**where, name="files", dataSourceConfiguration=theirs)
    assert counts(run(agent, where)) == {"scanned": 1, "new": 1}
    elsewhere = client("bedrock-agent", region="us-east-1")
    job = run(elsewhere, started(elsewhere, bucket, bucketOwnerAccountId=other))
    assert job["status"] == "FAILED" and "region" in job["failureReasons"][0]


def test_the_course_of_a_job(slow, paced):
    agent, s3 = slow("bedrock-agent"), slow("s3")
    where = active(paced, agent, filled(s3, "a.txt", "b.exe"))
    job = agent.start_ingestion_job(**where)["ingestionJob"]
    id = {"ingestionJobId": job["ingestionJobId"]}
    assert job["status"] == "STARTING" and counts(job) == {}
    with refused("ConflictException", 409, "ongoing ingestion job"):
        agent.start_ingestion_job(**where)
    with refused("ConflictException", 409, "ongoing ingestion job"):
        agent.delete_data_source(**where)
    with refused("ConflictException", 409, "ongoing ingestion job"):
        agent.delete_knowledge_base(knowledgeBaseId=where["knowledgeBaseId"])
    paced.admin.advance(6)
    job = agent.get_ingestion_job(**where, **id)["ingestionJob"]
    assert job["status"] == "IN_PROGRESS" and counts(job) == {"scanned": 2} and "failureReasons" not in job
    assert job["updatedAt"] > job["startedAt"]
    paced.admin.advance(31)
    job = agent.get_ingestion_job(**where, **id)["ingestionJob"]
    assert job["status"] == "COMPLETE" and counts(job) == {"scanned": 2, "new": 1, "failed": 1}
    agent.delete_data_source(**where)
    paced.admin.advance(6)
    with refused("ResourceNotFoundException", 404):
        agent.get_ingestion_job(**where, **id)


def test_two_data_sources_share_the_one_job_of_their_knowledge_base(slow, paced):
    agent = slow("bedrock-agent")
    where = active(paced, agent, filled(slow("s3"), "a.txt"))
    second = agent.create_data_source(
        knowledgeBaseId=where["knowledgeBaseId"], name="second", dataSourceConfiguration=s3_source("any")
    )["dataSource"]["dataSourceId"]
    agent.start_ingestion_job(**where)
    with refused("ConflictException", 409, "ongoing ingestion job"):
        agent.start_ingestion_job(**where | {"dataSourceId": second})
    assert agent.delete_data_source(**where | {"dataSourceId": second})["status"] == "DELETING"


def test_a_stopped_job_has_indexed_nothing(slow, paced):
    agent = slow("bedrock-agent")
    where = active(paced, agent, filled(slow("s3"), "a.txt"))
    id = {"ingestionJobId": agent.start_ingestion_job(**where)["ingestionJob"]["ingestionJobId"]}
    paced.admin.advance(6)
    stopping = agent.stop_ingestion_job(**where, **id)["ingestionJob"]
    assert stopping["status"] == "STOPPING"
    with refused("ConflictException", 409, "ongoing"):
        agent.start_ingestion_job(**where)
    paced.admin.advance(6)
    stopped = agent.get_ingestion_job(**where, **id)["ingestionJob"]
    assert stopped["status"] == "STOPPED" and counts(stopped) == {"scanned": 1}
    id = {"ingestionJobId": agent.start_ingestion_job(**where)["ingestionJob"]["ingestionJobId"]}
    paced.admin.advance(40)
    assert counts(agent.get_ingestion_job(**where, **id)["ingestionJob"]) == {"scanned": 1, "new": 1}


def test_five_jobs_an_account(slow, paced):
    agent = slow("bedrock-agent")
    bucket = filled(slow("s3"), "a.txt")
    everywhere = [active(paced, agent, bucket, f"kb-{number}") for number in range(6)]
    for where in everywhere[:5]:
        agent.start_ingestion_job(**where)
    with refused("ServiceQuotaExceededException", 402):
        agent.start_ingestion_job(**everywhere[5])


def test_one_start_in_ten_seconds(slow, paced):
    agent = slow("bedrock-agent")
    where = active(paced, agent, "no-such-bucket-here")
    paced.admin.clear_rates()
    try:
        id = agent.start_ingestion_job(**where)["ingestionJob"]["ingestionJobId"]
        agent.stop_ingestion_job(**where, ingestionJobId=id)
        paced.admin.advance(6)
        with refused("ThrottlingException", 429):
            agent.start_ingestion_job(**where)
        paced.admin.advance(5)
        agent.start_ingestion_job(**where)
    finally:
        paced.admin.set_rates({"*": None})


def test_lists_are_filtered_sorted_and_paged(client):
    agent, s3 = client("bedrock-agent"), client("s3")
    bucket = filled(s3, "a.txt")
    where = started(agent, bucket)
    done = [run(agent, where, description=f"run {number}")["ingestionJobId"] for number in range(3)]
    agent.update_data_source(**where, name="files", dataSourceConfiguration=s3_source("no-such-bucket-here"))
    failed = [run(agent, where)["ingestionJobId"] for _ in range(2)]

    def listed(**more):
        rows = all_pages(
            agent.list_ingestion_jobs, "ingestionJobSummaries", "nextToken", "maxResults", 2, **where, **more
        )
        return [row["ingestionJobId"] for row in rows]

    assert listed() == [*reversed(failed), *reversed(done)]
    assert listed(sortBy={"attribute": "STARTED_AT", "order": "ASCENDING"}) == [*done, *failed]
    assert listed(sortBy={"attribute": "STATUS", "order": "ASCENDING"}) == [*done, *failed]
    assert listed(sortBy={"attribute": "STATUS", "order": "DESCENDING"}) == [*reversed(failed), *reversed(done)]
    only = [{"attribute": "STATUS", "operator": "EQ", "values": ["FAILED", "STOPPED"]}]
    assert listed(filters=only) == [*reversed(failed)]
    rows = agent.list_ingestion_jobs(**where)["ingestionJobSummaries"]
    assert rows[-1]["description"] == "run 0" and "description" not in rows[0]


def test_jobs_survive_a_kill(tmp_path, account):
    with sandbox.running(data=tmp_path) as box:
        agent, s3 = box.client("bedrock-agent", account), box.client("s3", account)
        bucket = filled(s3, "a.txt", "b.txt")
        where = started(agent, bucket)
        before = run(agent, where)
        box.restart()
        agent = box.client("bedrock-agent", account)
        after = agent.get_ingestion_job(**where, ingestionJobId=before["ingestionJobId"])["ingestionJob"]
        assert after == before
        assert counts(run(agent, where)) == {"scanned": 2}


def active(paced, agent, bucket, name="manuals"):
    """A knowledge base of the paced sandbox, ACTIVE, with one data source."""
    base = agent.create_knowledge_base(**knowledge_base(name))["knowledgeBase"]["knowledgeBaseId"]
    paced.admin.advance(6)
    source = agent.create_data_source(knowledgeBaseId=base, name="files", dataSourceConfiguration=s3_source(bucket))[
        "dataSource"
    ]["dataSourceId"]
    return {"knowledgeBaseId": base, "dataSourceId": source}
