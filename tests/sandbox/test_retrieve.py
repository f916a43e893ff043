"""Retrieve: what the last completed job indexed, chunked as the data source says, ranked, filtered, paged."""

from __future__ import annotations

import itertools
import json

import pytest

from releaser.sandbox import passages
from sandbox.checks import S3_VECTORS, knowledge_base, refused, s3_source

BUCKETS = itertools.count(1)
HERE = {"LocationConstraint": "eu-central-1"}
CATS = "Cats sleep most of the day. They hunt at dusk."
DOGS = "Dogs guard the house. They run with their people."


def library(client, files, chunking=None, storage=None, name="manuals"):
    """A knowledge base whose one data source has these files; they are ingested: its ids, and the bucket."""
    agent, s3 = client("bedrock-agent"), client("s3")
    bucket = f"library-{next(BUCKETS)}"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=HERE)
    for key, body in files.items():
        s3.put_object(Bucket=bucket, Key=key, Body=body.encode() if isinstance(body, str) else body)
    base = agent.create_knowledge_base(**knowledge_base(name, storage))["knowledgeBase"]["knowledgeBaseId"]
    more = {"vectorIngestionConfiguration": {"chunkingConfiguration": chunking}} if chunking else {}
    source = agent.create_data_source(
        knowledgeBaseId=base, name="files", dataSourceConfiguration=s3_source(bucket), **more
    )["dataSource"]["dataSourceId"]
    where = {"knowledgeBaseId": base, "dataSourceId": source}
    agent.start_ingestion_job(**where)
    return where, bucket


def ask(client, base, text, **vector):
    more = {"retrievalConfiguration": {"vectorSearchConfiguration": vector}} if vector else {}
    reply = client("bedrock-agent-runtime").retrieve(knowledgeBaseId=base, retrievalQuery={"text": text}, **more)
    return reply["retrievalResults"]


def test_the_best_passage_comes_first_with_where_it_is_from(client):
    where, bucket = library(client, {"cats.txt": CATS, "dogs.txt": DOGS})
    first, *rest = ask(client, where["knowledgeBaseId"], "When do cats hunt?")
    assert first["content"] == {"text": CATS, "type": "TEXT"}
    assert first["location"] == {"type": "S3", "s3Location": {"uri": f"s3://{bucket}/cats.txt"}}
    assert first["metadata"]["x-amz-bedrock-kb-source-uri"] == f"s3://{bucket}/cats.txt"
    assert first["metadata"]["x-amz-bedrock-kb-data-source-id"] == where["dataSourceId"]
    assert 0 < first["score"] < 1 and all(one["score"] < first["score"] for one in rest)
    assert ask(client, where["knowledgeBaseId"], "Quantum electrodynamics?") == []


def test_what_changed_in_s3_is_seen_after_the_next_job(client):
    where, bucket = library(client, {"cats.txt": CATS})
    client("s3").put_object(Bucket=bucket, Key="cats.txt", Body=b"Cats hunt at dawn.")
    client("s3").put_object(Bucket=bucket, Key="new.txt", Body=b"Kittens hunt at noon.")
    (old,) = ask(client, where["knowledgeBaseId"], "hunt")
    assert old["content"]["text"] == CATS
    client("bedrock-agent").start_ingestion_job(**where)
    texts = {one["content"]["text"] for one in ask(client, where["knowledgeBaseId"], "hunt")}
    assert texts == {"Cats hunt at dawn.", "Kittens hunt at noon."}
    client("s3").delete_object(Bucket=bucket, Key="cats.txt")
    assert len(ask(client, where["knowledgeBaseId"], "hunt")) == 2
    client("bedrock-agent").start_ingestion_job(**where)
    assert len(ask(client, where["knowledgeBaseId"], "hunt")) == 1


def test_a_job_under_way_has_indexed_nothing_yet(slow, paced):
    agent, s3 = slow("bedrock-agent"), slow("s3")
    bucket = f"library-{next(BUCKETS)}"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=HERE)
    s3.put_object(Bucket=bucket, Key="a.md", Body=CATS.encode())
    base = agent.create_knowledge_base(**knowledge_base())["knowledgeBase"]["knowledgeBaseId"]
    with refused("ConflictException", 409, "CREATING"):
        ask(slow, base, "hunt")
    paced.admin.advance(6)
    source = agent.create_data_source(knowledgeBaseId=base, name="f", dataSourceConfiguration=s3_source(bucket))
    where = {"knowledgeBaseId": base, "dataSourceId": source["dataSource"]["dataSourceId"]}
    agent.start_ingestion_job(**where)
    paced.admin.advance(6)
    assert ask(slow, base, "hunt") == []
    paced.admin.advance(31)
    assert len(ask(slow, base, "hunt")) == 1


def test_number_of_results_and_pages(client, box):
    where, _ = library(client, {f"{n}.txt": f"Fact {n} about cats." for n in range(8)})
    base = where["knowledgeBaseId"]
    assert len(ask(client, base, "cats")) == 5
    assert len(ask(client, base, "cats", numberOfResults=7)) == 7
    box.admin.set_switches(retrievePage=3)
    try:
        runtime = client("bedrock-agent-runtime")
        query = {"knowledgeBaseId": base, "retrievalQuery": {"text": "cats"}}
        query["retrievalConfiguration"] = {"vectorSearchConfiguration": {"numberOfResults": 7}}
        pages = list(runtime.get_paginator("retrieve").paginate(**query))
        assert [len(one["retrievalResults"]) for one in pages] == [3, 3, 1]
        uris = {one["location"]["s3Location"]["uri"] for page in pages for one in page["retrievalResults"]}
        assert len(uris) == 7
        with refused("ValidationException", 400, "nextToken"):
            runtime.retrieve(**query, nextToken="nonsense")
    finally:
        box.admin.set_switches(retrievePage=100)


def test_metadata_and_filters(client):
    plain = {"metadataAttributes": {"animal": "cat", "year": 2020, "tags": ["pet", "small"]}}
    typed = {"metadataAttributes": {"animal": {"value": {"type": "STRING", "stringValue": "dog"}, "x": True},
                                    "year": {"value": {"type": "NUMBER", "numberValue": 2024}}}}  # fmt: skip
    files = {"c.txt": CATS, "c.txt.metadata.json": json.dumps(plain)}
    files |= {"d.txt": DOGS, "d.txt.metadata.json": json.dumps(typed)}
    files |= {"e.txt": "They fly.", "e.txt.metadata.json": "broken"}
    where, _ = library(client, files)

    def found(**filter):
        hits = ask(client, where["knowledgeBaseId"], "they", filter=filter)
        return {one["metadata"].get("animal", "none") for one in hits}

    def about(key, value):
        return {"key": key, "value": value}

    assert found(equals=about("animal", "cat")) == {"cat"}
    assert found(notEquals=about("animal", "cat")) == {"dog", "none"}
    assert found(greaterThan=about("year", 2020)) == {"dog"}
    assert found(lessThanOrEquals=about("year", 2020)) == {"cat"}
    assert found(**{"in": about("animal", ["dog", "cow"])}) == {"dog"}
    assert found(notIn=about("animal", ["dog", "cow"])) == {"cat", "none"}
    assert found(listContains=about("tags", "pet")) == {"cat"}
    assert found(stringContains=about("tags", "mal")) == {"cat"}
    assert found(startsWith=about("animal", "d")) == {"dog"}
    both = [{"equals": about("animal", "cat")}, {"equals": about("year", 2020)}]
    assert found(andAll=both) == {"cat"}
    assert found(orAll=[both[0], {"greaterThanOrEquals": about("year", 2021)}]) == {"cat", "dog"}
    (cat,) = ask(client, where["knowledgeBaseId"], "cats")
    assert cat["metadata"]["year"] == 2020.0 and cat["metadata"]["tags"] == ["pet", "small"]


TEXT = " ".join(f"word{n}" for n in range(100))


@pytest.mark.parametrize(
    ("chunking", "sizes"),
    [
        ({"chunkingStrategy": "NONE"}, [100]),
        (
            {
                "chunkingStrategy": "FIXED_SIZE",
                "fixedSizeChunkingConfiguration": {"maxTokens": 40, "overlapPercentage": 25},
            },
            [40, 40, 40],
        ),
        ({}, [100]),
    ],
)
def test_chunks(chunking, sizes):
    assert [one.length for one in passages.split(TEXT, chunking)] == sizes


def test_default_chunks_are_whole_sentences_of_about_300_tokens():
    text = " ".join(f"This is sentence number {n} of many." for n in range(100))
    found = passages.split(text, {})
    assert all(passages.tokens(one.text) <= 300 and one.text.endswith("many.") for one in found)
    assert len(found) == 3 and "".join(one.text for one in found).count("sentence") == 100


def test_hierarchical_chunks_give_the_large_one(client):
    levels = [{"maxTokens": 60}, {"maxTokens": 20}]
    body = {"levelConfigurations": levels, "overlapTokens": 5}
    chunking = {"chunkingStrategy": "HIERARCHICAL", "hierarchicalChunkingConfiguration": body}
    where, _ = library(client, {"a.txt": TEXT}, chunking)
    (hit,) = ask(client, where["knowledgeBaseId"], "word3 word4")
    assert len(hit["content"]["text"].split()) == 60


def test_formats():
    page = b"<html><style>p {}</style><h1>Cats</h1><p>They &amp; we.</p></html>"
    assert passages.read("a.html", page).split() == ["Cats", "They", "&", "we."]
    assert passages.read("a.PDF", b"%PDF-1.7") == "" and passages.read("a.docx", b"no") == ""
    assert passages.read("a.csv", "Köln,1".encode()) == "Köln,1"


def test_refusals(client):
    where, _ = library(client, {"a.txt": CATS}, storage=S3_VECTORS)
    base, runtime = where["knowledgeBaseId"], client("bedrock-agent-runtime")
    with refused("ResourceNotFoundException", 404):
        ask(client, "A" * 10, "cats")
    with refused("ValidationException", 400):
        ask(client, base, "cats", numberOfResults=101)
    with refused("ValidationException", 400, "text"):
        runtime.retrieve(knowledgeBaseId=base, retrievalQuery={"text": " "})
    with refused("ValidationException", 400, "HYBRID"):
        ask(client, base, "cats", overrideSearchType="HYBRID")
    with refused("ValidationException", 400, "startsWith"):
        ask(client, base, "cats", filter={"startsWith": {"key": "a", "value": "b"}})
    with refused("ValidationException", 400, "vectorSearchConfiguration"):
        runtime.retrieve(
            knowledgeBaseId=base,
            retrievalQuery={"text": "x"},
            retrievalConfiguration={"managedSearchConfiguration": {}},
        )
    implicit = {"modelArn": "amazon.nova-lite-v1:0",
                "metadataAttributes": [{"key": "k", "type": "STRING", "description": "d"}]}  # fmt: skip
    with refused("NotInTheSandbox", 501, "implicitFilterConfiguration"):
        ask(client, base, "cats", implicitFilterConfiguration=implicit)
    arn = client("bedrock-agent").get_knowledge_base(knowledgeBaseId=base)["knowledgeBase"]["knowledgeBaseArn"]
    assert len(ask(client, arn, "cats")) == 1
