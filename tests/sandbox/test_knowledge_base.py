"""Knowledge bases and data sources as boto3 sees them."""

from __future__ import annotations

import pytest

from sandbox.checks import (
    AURORA,
    OPENSEARCH,
    ROLE,
    S3_VECTORS,
    VECTOR,
    all_pages,
    body,
    knowledge_base,
    refused,
    s3_source,
)

TOKEN = "t" * 40
FIXED = {
    "chunkingStrategy": "FIXED_SIZE",
    "fixedSizeChunkingConfiguration": {"maxTokens": 200, "overlapPercentage": 10},
}
UNCUT = {"chunkingStrategy": "NONE"}
PARSER = {
    "parsingStrategy": "BEDROCK_FOUNDATION_MODEL",
    "bedrockFoundationModelConfiguration": {"modelArn": "arn:aws:bedrock:eu-central-1::foundation-model/a.b-v1:0"},
}
ASLEEP = "A" * 10


@pytest.fixture
def switched(box):
    """Sets switches for one test."""
    before = box.admin.settings()["switches"]
    yield box.admin.set_switches
    box.admin.set_switches(**before)


@pytest.fixture
def base(client):
    """The id of an ACTIVE knowledge base."""
    return client("bedrock-agent").create_knowledge_base(**knowledge_base())["knowledgeBase"]["knowledgeBaseId"]


@pytest.mark.parametrize("storage", [OPENSEARCH, S3_VECTORS, AURORA], ids=lambda storage: storage["type"])
def test_create_get_update_replaces(client, storage):
    agent = client("bedrock-agent")
    answer = agent.create_knowledge_base(description="old", **knowledge_base(storage=storage))
    made = answer["knowledgeBase"]
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 202
    id = made["knowledgeBaseId"]
    assert made["knowledgeBaseArn"].endswith(f":knowledge-base/{id}")
    read = agent.get_knowledge_base(knowledgeBaseId=id)["knowledgeBase"]
    assert made["status"] == "CREATING" and read == {**made, "status": "ACTIVE"}
    changed = {**knowledge_base("renamed", storage), "roleArn": ROLE + "2"}
    updated = agent.update_knowledge_base(knowledgeBaseId=id, **changed)["knowledgeBase"]
    assert (
        updated["status"] == "UPDATING"
        and "description" not in updated
        and updated["name"] == "renamed"
        and updated["roleArn"] == ROLE + "2"
    )
    assert updated["updatedAt"] > made["updatedAt"] and updated["createdAt"] == made["createdAt"]


def test_statuses_follow_the_clock(slow, paced):
    agent = slow("bedrock-agent")
    made = agent.create_knowledge_base(**knowledge_base())["knowledgeBase"]
    id = made["knowledgeBaseId"]
    assert made["status"] == "CREATING"
    with refused("ConflictException", 409, "CREATING"):
        agent.update_knowledge_base(knowledgeBaseId=id, **knowledge_base())
    with refused("ConflictException", 409, "CREATING"):
        agent.create_data_source(knowledgeBaseId=id, name="s", dataSourceConfiguration=s3_source())
    paced.admin.advance(6)
    assert agent.update_knowledge_base(knowledgeBaseId=id, **knowledge_base())["knowledgeBase"]["status"] == "UPDATING"
    with refused("ConflictException", 409, "UPDATING"):
        agent.delete_knowledge_base(knowledgeBaseId=id)
    paced.admin.advance(3)
    assert agent.list_knowledge_bases()["knowledgeBaseSummaries"][0]["status"] == "ACTIVE"
    assert body(agent.delete_knowledge_base(knowledgeBaseId=id)) == {"knowledgeBaseId": id, "status": "DELETING"}
    with refused("ConflictException", 409, "already exists"):
        agent.create_knowledge_base(**knowledge_base())
    assert agent.get_knowledge_base(knowledgeBaseId=id)["knowledgeBase"]["status"] == "DELETING"
    paced.admin.advance(6)
    assert agent.list_knowledge_bases()["knowledgeBaseSummaries"] == []
    with refused("ResourceNotFoundException", 404):
        agent.get_knowledge_base(knowledgeBaseId=id)
    agent.create_knowledge_base(**knowledge_base())


def test_configuration_and_storage_cannot_change(client, base):
    agent = client("bedrock-agent")
    other = {"embeddingModelArn": "arn:aws:bedrock:eu-central-1::foundation-model/cohere.embed-multilingual-v3"}
    configuration = {**VECTOR, "vectorKnowledgeBaseConfiguration": other}
    with refused("ValidationException", 400, "You cannot modify the knowledge base configuration once it is created"):
        agent.update_knowledge_base(
            knowledgeBaseId=base, **{**knowledge_base(), "knowledgeBaseConfiguration": configuration}
        )
    with refused("ValidationException", 400, "storage configuration"):
        agent.update_knowledge_base(knowledgeBaseId=base, **knowledge_base(storage=S3_VECTORS))
    without = {name: value for name, value in knowledge_base().items() if name != "storageConfiguration"}
    with refused("ValidationException", 400, "storage configuration"):
        agent.update_knowledge_base(knowledgeBaseId=base, **without)


def test_storage_left_out_of_an_update_is_kept_when_the_switch_says_so(client, base, switched):
    switched(knowledgeBaseUpdateOmitsStorage="keep")
    without = {name: value for name, value in knowledge_base().items() if name != "storageConfiguration"}
    updated = client("bedrock-agent").update_knowledge_base(knowledgeBaseId=base, **without)["knowledgeBase"]
    assert updated["storageConfiguration"] == OPENSEARCH


@pytest.mark.parametrize(
    ("change", "saying"),
    [
        ({"storageConfiguration": None}, "needs a storageConfiguration"),
        ({"storageConfiguration": {"type": "RDS"}}, "rdsConfiguration"),
        ({"storageConfiguration": {**OPENSEARCH, **{k: v for k, v in AURORA.items() if k != "type"}}}, "alone"),
        ({"storageConfiguration": {"type": "S3_VECTORS", "s3VectorsConfiguration": {}}}, "indexArn"),
        ({"knowledgeBaseConfiguration": {"type": "VECTOR"}}, "vectorKnowledgeBaseConfiguration"),
        (
            {
                "knowledgeBaseConfiguration": {
                    "type": "KENDRA",
                    "kendraKnowledgeBaseConfiguration": {
                        "kendraIndexArn": "arn:aws:kendra:eu-central-1:111111111111:index/" + "a" * 36
                    },
                }
            },
            "takes no storageConfiguration",
        ),
    ],
)
def test_what_does_not_go_together(client, change, saying):
    arguments = {name: value for name, value in (knowledge_base() | change).items() if value is not None}
    with refused("ValidationException", 400, saying):
        client("bedrock-agent").create_knowledge_base(**arguments)


def test_names_are_unique_and_two_may_use_one_index(client, base):
    agent = client("bedrock-agent")
    with refused("ConflictException", 409, "already exists"):
        agent.create_knowledge_base(**knowledge_base())
    second = agent.create_knowledge_base(**knowledge_base("second"))["knowledgeBase"]["knowledgeBaseId"]
    with refused("ConflictException", 409, "already exists"):
        agent.update_knowledge_base(knowledgeBaseId=second, **knowledge_base())
    client("bedrock-agent", region="us-east-1").create_knowledge_base(**knowledge_base())


def test_list_rows_have_no_arn(client, base):
    agent = client("bedrock-agent")
    for number in range(24):
        agent.create_knowledge_base(description="d", **knowledge_base(f"kb-{number}"))
    rows = all_pages(agent.list_knowledge_bases, "knowledgeBaseSummaries", "nextToken", "maxResults", 7)
    assert [row["name"] for row in rows] == [*(f"kb-{number}" for number in reversed(range(24))), "manuals"]
    assert set(rows[0]) == {"knowledgeBaseId", "name", "description", "status", "updatedAt"}
    assert set(rows[-1]) == {"knowledgeBaseId", "name", "status", "updatedAt"}


def test_tokens_tags_and_the_tagging_api(client):
    agent = client("bedrock-agent")
    made = agent.create_knowledge_base(clientToken=TOKEN, tags={"a": "b"}, **knowledge_base())["knowledgeBase"]
    again = agent.create_knowledge_base(clientToken=TOKEN, tags={"a": "b"}, **knowledge_base())["knowledgeBase"]
    assert again["knowledgeBaseId"] == made["knowledgeBaseId"]
    arn = made["knowledgeBaseArn"]
    agent.tag_resource(resourceArn=arn, tags={"c": "d"})
    agent.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert agent.list_tags_for_resource(resourceArn=arn)["tags"] == {"c": "d"}
    found = client("resourcegroupstaggingapi").get_resources(ResourceTypeFilters=["bedrock:knowledge-base"])
    assert [row["ResourceARN"] for row in found["ResourceTagMappingList"]] == [arn]
    agent.delete_knowledge_base(knowledgeBaseId=made["knowledgeBaseId"])
    with refused("ResourceNotFoundException", 404):
        agent.list_tags_for_resource(resourceArn=arn)


def test_a_hundred_knowledge_bases_an_account_and_region(client, box):
    agent = client("bedrock-agent")
    assert box.admin.settings()["quotas"]["knowledgeBases"] == 100
    for number in range(100):
        agent.create_knowledge_base(**knowledge_base(f"kb-{number}"))
    with refused("ServiceQuotaExceededException", 402):
        agent.create_knowledge_base(**knowledge_base("one-too-many"))


def test_creates_updates_and_deletes_that_fail(client, switched):
    agent = client("bedrock-agent")
    switched(knowledgeBaseCreate="fails")
    failed = agent.create_knowledge_base(**knowledge_base("failed"))["knowledgeBase"]["knowledgeBaseId"]
    read = agent.get_knowledge_base(knowledgeBaseId=failed)["knowledgeBase"]
    assert read["status"] == "FAILED" and read["failureReasons"]
    with refused("ConflictException", 409, "FAILED"):
        agent.update_knowledge_base(knowledgeBaseId=failed, **knowledge_base("failed"))
    agent.delete_knowledge_base(knowledgeBaseId=failed)
    switched(knowledgeBaseCreate="works", knowledgeBaseUpdate="fails")
    id = agent.create_knowledge_base(**knowledge_base())["knowledgeBase"]["knowledgeBaseId"]
    agent.update_knowledge_base(knowledgeBaseId=id, **knowledge_base("renamed"))
    read = agent.get_knowledge_base(knowledgeBaseId=id)["knowledgeBase"]
    assert (read["status"], read["name"]) == ("UPDATE_UNSUCCESSFUL", "manuals") and read["failureReasons"]
    switched(knowledgeBaseUpdate="works", vectorStoreDelete="fails")
    agent.update_knowledge_base(knowledgeBaseId=id, **knowledge_base())
    source = agent.create_data_source(knowledgeBaseId=id, name="s", dataSourceConfiguration=s3_source())["dataSource"]
    where = {"knowledgeBaseId": id, "dataSourceId": source["dataSourceId"]}
    agent.delete_data_source(**where)
    read = agent.get_data_source(**where)["dataSource"]
    assert read["status"] == "DELETE_UNSUCCESSFUL" and read["failureReasons"]
    agent.delete_knowledge_base(knowledgeBaseId=id)
    read = agent.get_knowledge_base(knowledgeBaseId=id)["knowledgeBase"]
    assert read["status"] == "DELETE_UNSUCCESSFUL" and read["failureReasons"]
    switched(vectorStoreDelete="works")
    agent.delete_knowledge_base(knowledgeBaseId=id)
    with refused("ResourceNotFoundException", 404):
        agent.get_data_source(**where)


def test_data_source_create_get_update_replaces(client, base):
    agent = client("bedrock-agent")
    ingestion = {"chunkingConfiguration": FIXED, "parsingConfiguration": PARSER}
    given = {"dataSourceConfiguration": s3_source(inclusionPrefixes=["a/"]), "vectorIngestionConfiguration": ingestion}
    answer = agent.create_data_source(knowledgeBaseId=base, name="files", description="d", **given)
    made = answer["dataSource"]
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert made["status"] == "AVAILABLE" and made["dataDeletionPolicy"] == "DELETE"
    assert made["vectorIngestionConfiguration"] == ingestion
    where = {"knowledgeBaseId": base, "dataSourceId": made["dataSourceId"]}
    assert agent.get_data_source(**where)["dataSource"] == made
    given["dataSourceConfiguration"] = s3_source("other", bucketOwnerAccountId="222222222222")
    updated = agent.update_data_source(**where, name="renamed", dataDeletionPolicy="RETAIN", **given)["dataSource"]
    assert "description" not in updated and updated["dataSourceConfiguration"] == given["dataSourceConfiguration"]
    assert (updated["name"], updated["dataDeletionPolicy"]) == ("renamed", "RETAIN")
    rows = agent.list_data_sources(knowledgeBaseId=base)["dataSourceSummaries"]
    assert [set(row) for row in rows] == [{"knowledgeBaseId", "dataSourceId", "name", "status", "updatedAt"}]


@pytest.mark.parametrize(
    "change",
    [
        {"vectorIngestionConfiguration": {"chunkingConfiguration": FIXED}},
        {"vectorIngestionConfiguration": {"chunkingConfiguration": UNCUT, "parsingConfiguration": PARSER}},
        {"vectorIngestionConfiguration": None},
        {"dataSourceConfiguration": {"type": "CUSTOM"}},
    ],
    ids=["no parsing", "other chunking", "neither", "other type"],
)
def test_type_chunking_and_parsing_cannot_change(client, base, change):
    agent = client("bedrock-agent")
    ingestion = {"chunkingConfiguration": FIXED, "parsingConfiguration": PARSER}
    given = {"name": "s", "dataSourceConfiguration": s3_source(), "vectorIngestionConfiguration": ingestion}
    made = agent.create_data_source(knowledgeBaseId=base, **given)["dataSource"]
    where = {"knowledgeBaseId": base, "dataSourceId": made["dataSourceId"]}
    agent.update_data_source(**where, **given)
    with refused("ValidationException", 400, "You cannot modify"):
        agent.update_data_source(**where, **{k: v for k, v in (given | change).items() if v is not None})


@pytest.mark.parametrize(
    ("change", "saying"),
    [
        ({"dataSourceConfiguration": {"type": "S3"}}, "s3Configuration"),
        ({"dataSourceConfiguration": {**s3_source(), "type": "CUSTOM"}}, "CUSTOM"),
        ({"vectorIngestionConfiguration": {"chunkingConfiguration": {**FIXED, "chunkingStrategy": "NONE"}}}, "NONE"),
        ({"vectorIngestionConfiguration": {"chunkingConfiguration": {"chunkingStrategy": "SEMANTIC"}}}, "needs"),
        (
            {
                "vectorIngestionConfiguration": {
                    "chunkingConfiguration": {
                        "chunkingStrategy": "HIERARCHICAL",
                        "hierarchicalChunkingConfiguration": {
                            "levelConfigurations": [{"maxTokens": 100}, {"maxTokens": 200}],
                            "overlapTokens": 10,
                        },
                    }
                }
            },
            "child",
        ),
        (
            {"vectorIngestionConfiguration": {"parsingConfiguration": {"parsingStrategy": "BEDROCK_FOUNDATION_MODEL"}}},
            "needs",
        ),
    ],
)
def test_data_sources_that_do_not_go_together(client, base, change, saying):
    with refused("ValidationException", 400, saying):
        client("bedrock-agent").create_data_source(
            **{"knowledgeBaseId": base, "name": "s", "dataSourceConfiguration": s3_source()} | change
        )


def test_other_connectors_and_types_are_taken_as_they_are(client):
    agent = client("bedrock-agent")
    managed = {"type": "MANAGED", "managedKnowledgeBaseConfiguration": {"embeddingModelType": "MANAGED"}}
    id = agent.create_knowledge_base(name="m", roleArn=ROLE, knowledgeBaseConfiguration=managed)["knowledgeBase"][
        "knowledgeBaseId"
    ]
    web = {
        "type": "WEB",
        "webConfiguration": {"sourceConfiguration": {"urlConfiguration": {"seedUrls": [{"url": "https://x.example"}]}}},
    }
    made = agent.create_data_source(knowledgeBaseId=id, name="web", dataSourceConfiguration=web)["dataSource"]
    assert made["dataSourceConfiguration"] == web
    with refused("ValidationException", 400, "DELETE"):
        agent.create_data_source(knowledgeBaseId=id, name="r", dataSourceConfiguration=web, dataDeletionPolicy="RETAIN")


def test_five_data_sources_with_names_of_their_own(client, base):
    agent = client("bedrock-agent")
    for number in range(5):
        agent.create_data_source(knowledgeBaseId=base, name=f"s{number}", dataSourceConfiguration=s3_source())
    with refused("ServiceQuotaExceededException", 402):
        agent.create_data_source(knowledgeBaseId=base, name="s5", dataSourceConfiguration=s3_source())
    with refused("ConflictException", 409, "already exists"):
        agent.create_data_source(knowledgeBaseId=base, name="s0", dataSourceConfiguration=s3_source())
    with refused("ResourceNotFoundException", 404):
        agent.create_data_source(knowledgeBaseId=ASLEEP, name="s", dataSourceConfiguration=s3_source())
    rows = all_pages(agent.list_data_sources, "dataSourceSummaries", "nextToken", "maxResults", 2, knowledgeBaseId=base)
    assert [row["name"] for row in rows] == ["s4", "s3", "s2", "s1", "s0"]


def test_server_defaults_behind_switches(client, base, switched):
    agent = client("bedrock-agent")
    switched(dataSourceDefaults="all", knowledgeBaseDefaults="all")
    made = agent.create_data_source(knowledgeBaseId=base, name="s", dataSourceConfiguration=s3_source())["dataSource"]
    fixed = {"maxTokens": 300, "overlapPercentage": 20}
    assert made["vectorIngestionConfiguration"]["chunkingConfiguration"] == {
        "chunkingStrategy": "FIXED_SIZE",
        "fixedSizeChunkingConfiguration": fixed,
    }
    other = agent.create_knowledge_base(**knowledge_base("other"))["knowledgeBase"]
    vector = other["knowledgeBaseConfiguration"]["vectorKnowledgeBaseConfiguration"]
    assert vector["embeddingModelConfiguration"] == {
        "bedrockEmbeddingModelConfiguration": {"embeddingDataType": "FLOAT32"}
    }
    agent.update_knowledge_base(knowledgeBaseId=other["knowledgeBaseId"], **knowledge_base("other"))


def test_data_sources_may_take_their_time(slow, paced):
    agent = slow("bedrock-agent")
    id = agent.create_knowledge_base(**knowledge_base())["knowledgeBase"]["knowledgeBaseId"]
    paced.admin.advance(6)
    paced.admin.set_switches(dataSourceSettles="later")
    try:
        made = agent.create_data_source(knowledgeBaseId=id, name="s", dataSourceConfiguration=s3_source())["dataSource"]
    finally:
        paced.admin.set_switches(dataSourceSettles="atOnce")
    where = {"knowledgeBaseId": id, "dataSourceId": made["dataSourceId"]}
    assert made["status"] == "CREATING"
    with refused("ConflictException", 409, "CREATING"):
        agent.start_ingestion_job(**where)
    paced.admin.advance(3)
    assert agent.delete_data_source(**where)["status"] == "DELETING"
    assert agent.get_data_source(**where)["dataSource"]["status"] == "DELETING"
    paced.admin.advance(6)
    with refused("ResourceNotFoundException", 404):
        agent.get_data_source(**where)
