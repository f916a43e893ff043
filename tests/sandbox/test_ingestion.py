"""Ingestion jobs: their course on the clock, what they count, what they refuse."""

from __future__ import annotations

from sandbox.checks import knowledge_base, refused, s3_source

TOKEN = "t" * 40


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
