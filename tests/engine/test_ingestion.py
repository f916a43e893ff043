"""Knowledge bases in whole runs: created and filled, replaced beside the live one, or changed in place."""

from __future__ import annotations

import hashlib

import pytest
from world.crash import Point, crash_in_aws, until
from world.desk import DAY, Desk
from world.knowledge import Library

from releaser.core.graph import read_label


@pytest.fixture
def library(desk: Desk) -> Library:
    """r1: two documents in a knowledge base."""
    found = Library(desk)
    found.put(a_txt="first", b_txt="second")
    found.declare()
    desk.reconcile()
    return found


def steps(desk: Desk) -> list[tuple[str, str]]:
    """(wave, verb) of the knowledge base's steps."""
    return [(s["wave"], s["verb"]) for s in desk.plan("--deep")["steps"] if "/knowledge-base/" in s["address"]]


def test_cdk_408_a_new_one_is_made_filled_and_told(library: Library) -> None:
    ((name, base),) = library.bases().items()
    assert name.startswith("mail_policies_") and len(name) == len("mail_policies_") + 8
    (job,) = library.jobs(base["knowledgeBaseId"])
    assert read_label(job["description"]) and job["statistics"]["numberOfNewDocumentsIndexed"] == 2
    assert library.live() == base["knowledgeBaseId"]
    library.desk.settled()
    past = library.desk.mark()
    library.desk.reconcile()
    assert library.desk.writes(past) == []


def test_other_documents_are_another_one_beside_it(library: Library) -> None:
    before = library.live()
    library.put(c_txt="third")
    library.index = 2
    library.declare()
    assert steps(library.desk) == [("stage", "create"), ("stage", "ingest"), ("promote", "retire")]
    library.desk.reconcile()
    after = library.live()
    assert after != before and len(library.bases()) == 2
    assert library.jobs(before)[0]["statistics"]["numberOfDocumentsScanned"] == 2, "the live one was not touched"
    library.desk.settled()
    library.desk.later = 2 * DAY
    library.desk.reconcile()
    assert [b["knowledgeBaseId"] for b in library.bases().values()] == [after]


def test_going_back_moves_the_pointer_and_ingests_nothing(library: Library) -> None:
    before = library.live()
    library.declare(chunk=200, storageConfiguration=library_store(library, 2))
    library.desk.reconcile()
    assert library.live() != before
    library.declare()
    past = library.desk.mark()
    library.desk.reconcile()
    assert library.live() == before
    assert not [w for w in library.desk.writes(past) if "Ingestion" in w or "KnowledgeBase" in w]
    library.desk.settled()


def library_store(library: Library, index: int) -> object:
    """The same collection, another index."""
    return {
        "type": "OPENSEARCH_SERVERLESS",
        "opensearchServerlessConfiguration": {
            "collectionArn": f"arn:aws:aoss:eu-central-1:{library.desk.account}:collection/vectors",
            "vectorIndexName": f"policies-{index}",
            "fieldMapping": {"vectorField": "v", "textField": "t", "metadataField": "m"},
        },
    }


def test_aws_38022_another_embedding_is_never_an_update(library: Library) -> None:
    before = library.live()
    model = {"embeddingModelArn": "cohere.embed-multilingual-v3"}
    other = {"type": "VECTOR", "vectorKnowledgeBaseConfiguration": model}
    for place in ({}, {"updates": "inPlace"}):
        library.index += 1
        library.declare(knowledgeBaseConfiguration=other, **place)
        assert ("stage", "create") in steps(library.desk) and ("promote", "update") not in steps(library.desk)
        library.desk.reconcile()
        assert library.live() != before
        before = library.live()


def test_the_live_ones_index_is_not_taken(library: Library) -> None:
    library.declare(chunk=200)
    ended = library.desk.run("plan", "-e", "dev")
    assert ended.code == 1 and "P113" in ended.said, ended.said
    past = library.desk.mark()
    library.desk.reconcile(ok=1)
    assert library.desk.writes(past) == []


def test_in_place_callers_see_it_at_once(desk: Desk) -> None:
    library = Library(desk)
    library.put(a_txt="first")
    library.declare(updates="inPlace")
    desk.reconcile()
    before = library.live()
    library.put(b_txt="second")
    library.declare(updates="inPlace")
    assert steps(desk) == [("promote", "ingest")]
    assert "callers see this at once" in desk.run("plan", "-e", "dev").said
    desk.reconcile()
    assert library.live() == before and len(library.jobs(before)) == 2
    library.declare(updates="inPlace", chunk=150)
    assert steps(desk) == [("promote", "update"), ("promote", "ingest")]
    desk.reconcile()
    assert library.live() == before
    (job,) = library.jobs(before)
    assert job["statistics"]["numberOfNewDocumentsIndexed"] == 2, "the data source was made anew, and filled"
    desk.settled()


def test_in_place_with_other_tags_at_once(desk: Desk) -> None:
    """Tags are written after the pointers have moved, documents before: neither waits for the other in a circle."""
    library = Library(desk)
    library.put(a_txt="first")
    library.declare(updates="inPlace")
    desk.reconcile()
    library.put(b_txt="second")
    library.declare(updates="inPlace")
    path = desk.repo.root / "manifests/mail/manifest.yaml"
    path.write_text(path.read_text().replace('"4711"', '"4712"'))
    desk.repo.commit("other documents for another cost center")
    desk.reconcile()
    assert len(library.jobs(library.live())) == 2
    desk.settled()


def test_failed_documents_stop_the_release(desk: Desk) -> None:
    library = Library(desk)
    library.put(a_txt="first", b_exe="no text")
    library.declare()
    ended = desk.reconcile(ok=1)
    assert "P182" in ended.said and "1 failed" in ended.said, ended.said
    assert "b.exe" not in ended.said
    assert "parameter /releaser/mail/runtime" not in desk.content()
    library.declare(max_failed=1)
    desk.reconcile()
    assert len(library.bases()) == 1
    desk.settled()


def test_somebody_elses_job_is_drift(library: Library) -> None:
    base = library.live()
    library.put(c_txt="third")
    library.sync(base)
    plan = library.desk.plan("--deep")
    assert [d["address"] for d in plan["drift"]] == ["mail/knowledge-base/policies"]
    assert "content.documents" in str(plan["drift"])
    assert steps(library.desk) == [("promote", "ingest")]
    ended = library.desk.reconcile("--deep", ok=None)
    assert "P183" in ended.said and "c.txt" not in ended.said, ended.said
    library.drop("c.txt")
    library.desk.reconcile("--deep")
    library.desk.settled()
    assert read_label(library.jobs(base)[0]["description"])


def test_a_plan_that_assumes_sees_somebody_elses_job(library: Library) -> None:
    """Nothing in the list of knowledge bases tells of it."""
    base, desk = library.live(), library.desk
    desk.admin.reset_calls(desk.account)
    assert desk.plan()["drift"] == []
    calls = desk.admin.calls(desk.account)
    assert calls["bedrock-agent.ListDataSources"] == calls["bedrock-agent.ListIngestionJobs"] == 1
    assert "bedrock-agent.GetKnowledgeBase" not in calls, "all else is assumed"
    library.sync(base)
    assert [d["address"] for d in desk.plan()["drift"]] == ["mail/knowledge-base/policies"]
    desk.reconcile()
    assert read_label(library.jobs(base)[0]["description"])
    assert desk.plan()["drift"] == []


def test_what_a_job_takes_in_while_it_runs_gets_no_label_of_a_pin(desk: Desk) -> None:
    """Jobs run for hours: the proof before one says nothing of what it found."""
    library = Library(desk)
    library.put(a_txt="first")
    library.declare(updates="inPlace")
    desk.admin.add_fault("hang-before", service="bedrock-agent", operation="StartIngestionJob", account=desk.account)
    run = desk.start("reconcile", "-e", "dev")
    until(lambda: desk.admin.held() or run.is_over, why="the job is about to start")
    library.put(b_txt="second")
    desk.admin.clear_faults()
    desk.admin.release()
    ended = run.wait()
    assert ended.code != 0 and "P183" in ended.said and "b.txt" not in ended.said, ended.said
    ((_, base),) = library.bases().items()
    assert read_label(library.jobs(base["knowledgeBaseId"])[0]["description"]) is None
    assert ("stage", "ingest") in steps(desk)
    assert "P183" in desk.reconcile(ok=None).said, "the bucket is as it was"
    library.drop("b.txt")
    desk.reconcile()
    assert read_label(library.jobs(library.live())[0]["description"])
    desk.settled()


def test_the_same_documents_taken_from_elsewhere_are_ingested(desk: Desk) -> None:
    library = Library(desk)
    library.put(a_txt="first")
    library.declare(updates="inPlace")
    desk.reconcile()
    before = library.live()
    library.declare(updates="inPlace", prefix="policies")
    assert steps(desk) == [("promote", "update"), ("promote", "ingest")]
    desk.reconcile()
    assert library.live() == before and len(library.jobs(before)) == 2
    desk.settled()


def test_a_bucket_that_is_not_there_is_said(desk: Desk) -> None:
    library = Library(desk)
    library.put(a_txt="first")
    library.declare()
    library.s3.delete_object(Bucket=library.bucket, Key="policies/a.txt")
    for row in library.s3.list_object_versions(Bucket=library.bucket).get("DeleteMarkers", ()):
        library.s3.delete_object(Bucket=library.bucket, Key=row["Key"], VersionId=row["VersionId"])
    for row in library.s3.list_object_versions(Bucket=library.bucket).get("Versions", ()):
        library.s3.delete_object(Bucket=library.bucket, Key=row["Key"], VersionId=row["VersionId"])
    library.s3.delete_bucket(Bucket=library.bucket)
    ended = desk.reconcile(ok=None)
    assert ended.code != 0 and "P183" in ended.said and "is not there" in ended.said, ended.said


def test_objects_written_anew_with_the_same_bytes_are_the_pinned_ones(library: Library) -> None:
    base = library.live()
    library.put(a_txt="first")
    library.s3.put_object(Bucket=library.bucket, Key="policies/b.txt", Body=b"second", ChecksumAlgorithm="CRC32")
    library.sync(base)
    library.desk.reconcile("--deep")
    assert len(library.jobs(base)) == 3
    library.desk.settled()


def test_documents_in_another_account(desk: Desk) -> None:
    owner = f"9{desk.account[1:]}"
    role = f"arn:aws:iam::{owner}:role/reader"
    desk.repo.environment("dev", desk.account, accounts={"data": {"account": owner, "role": role}})
    library = Library(desk, owner=owner)
    library.put(a_txt="first")
    library.declare()
    desk.reconcile()
    assert library.jobs(library.live())[0]["statistics"]["numberOfNewDocumentsIndexed"] == 1
    assert not [r for r in desk.admin.log(tail=1000, account=desk.account) if r["operation"].startswith("s3.List")]
    desk.settled()


def test_what_cannot_be_deleted_is_told_with_its_reason(library: Library) -> None:
    desk = library.desk
    before = library.live()
    library.index = 2
    library.declare(chunk=200)
    desk.reconcile()
    desk.later = 2 * DAY
    old = desk.admin.settings()["switches"]
    desk.admin.set_switches(vectorStoreDelete="fails")
    try:
        ended = desk.reconcile(ok=None)
        assert "documents failed" in ended.said or "A-undeleted" in ended.said, ended.said
    finally:
        desk.admin.set_switches(**old)
    assert before in [b["knowledgeBaseId"] for b in library.bases().values()]
    desk.reconcile()
    assert [b["knowledgeBaseId"] for b in library.bases().values()] == [library.live()]
    desk.settled()


def test_a_data_source_that_could_not_be_deleted_is_made_anew_by_the_next_run(desk: Desk) -> None:
    """It stays in a failed state: a run that stopped at that would stop for ever."""
    library = Library(desk)
    library.put(a_txt="first")
    library.declare(updates="inPlace")
    desk.reconcile()
    library.declare(updates="inPlace", chunk=150)
    old = desk.admin.settings()["switches"]
    desk.admin.set_switches(vectorStoreDelete="fails")
    try:
        ended = desk.reconcile(ok=1)
        assert "A-failed" in ended.said and "vector store" in ended.said, ended.said
        assert "A-failed" in desk.reconcile(ok=1).said, "nothing has changed"
    finally:
        desk.admin.set_switches(**old)
    desk.reconcile()
    (job,) = library.jobs(library.live())
    assert job["statistics"]["numberOfNewDocumentsIndexed"] == 1
    desk.settled()


def test_defaults_that_the_server_fills_in_are_nobodys_change(desk: Desk) -> None:
    old = desk.admin.settings()["switches"]
    desk.admin.set_switches(dataSourceDefaults="all", knowledgeBaseDefaults="all")
    try:
        library = Library(desk)
        library.put(a_txt="first")
        library.declare(bare=True)
        crash_in_aws(desk, Point("aws", "bedrock-agent.StartIngestionJob", 1, True), ("reconcile", "-e", "dev"))
        desk.reconcile()
        base = library.live()
        desk.settled()
        library.declare(bare=True, description="Policies.")
        desk.reconcile()
        assert library.live() == base and len(library.jobs(base)) == 1, "the data source was not made anew"
        desk.settled()
    finally:
        desk.admin.set_switches(**old)


@pytest.mark.parametrize("operation", ["CreateDataSource", "StartIngestionJob", "GetIngestionJob"])
@pytest.mark.parametrize("after", [False, True])
def test_a_run_killed_on_the_way_is_continued(desk: Desk, operation: str, after: bool) -> None:
    library = Library(desk)
    library.put(a_txt="first")
    library.declare()
    crash_in_aws(desk, Point("aws", f"bedrock-agent.{operation}", 1, after), ("reconcile", "-e", "dev"))
    desk.reconcile()
    (job,) = library.jobs(library.live())
    assert job["statistics"]["numberOfNewDocumentsIndexed"] == 1
    assert len(library.bases()) == 1
    desk.settled()


def test_the_command_writes_what_validate_accepts_and_ingestion_proves(desk: Desk) -> None:
    library = Library(desk)
    library.put(a_txt="first", b_txt="second")
    body = b"uploaded in parts or by an old client: S3 keeps no digest of it"
    library.s3.put_object(Bucket=library.bucket, Key="policies/c.txt", Body=body, ChecksumAlgorithm="CRC32")
    library.s3.put_object(Bucket=library.bucket, Key="policies/", Body=b"")
    library.declare()
    place = f"s3://{library.bucket}/policies/"
    ended = desk.run("sources", place, "-e", "dev", ok=0)
    assert ended.out == (desk.repo.root / "manifests/mail/data/policies.sources.jsonl").read_text()
    assert hashlib.sha256(ended.out.encode()).hexdigest() in ended.err
    desk.run("sources", place, "-e", "dev", "-o", "found.jsonl", ok=0)
    assert (desk.repo.root / "found.jsonl").read_text() == ended.out
    assert "P184" in desk.run("sources", f"s3://{library.bucket}/nothing/", "-e", "dev", ok=1).said
    desk.run("sources", library.bucket, "-e", "dev", ok=64)
