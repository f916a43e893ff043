"""Flows and their versions as boto3 sees them."""

from __future__ import annotations

import pytest

from sandbox.checks import body, refused
from sandbox.flow_samples import ASKING, END, ROLE, START, STRAIGHT, definition, node, prepared

KEY = "arn:aws:kms:eu-central-1:111111111111:key/" + "a" * 36
IDENTITY = {"id", "arn", "status", "createdAt", "updatedAt", "version"}


def test_create_get_update_replaces_the_draft(client):
    agent = client("bedrock-agent")
    made = agent.create_flow(name="f", description="old", executionRoleArn=ROLE, definition=ASKING)
    assert (made["status"], made["version"]) == ("NotPrepared", "DRAFT")
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    read = body(agent.get_flow(flowIdentifier=made["arn"]))
    assert read == {**body(made), "validations": []} and read["definition"] == ASKING
    updated = agent.update_flow(flowIdentifier=made["id"], name="renamed", executionRoleArn=ROLE)
    assert set(body(updated)) == IDENTITY | {"name", "executionRoleArn"}
    assert updated["updatedAt"] > made["updatedAt"] and updated["createdAt"] == made["createdAt"]
    metadata = body(agent.get_flow(flowIdentifier=made["id"], includedData="METADATA_ONLY"))
    assert "definition" not in metadata and "validations" not in metadata


def test_aws_43653_a_flow_is_not_prepared_after_create_and_after_update(client):
    agent = client("bedrock-agent")
    id = agent.create_flow(name="f", executionRoleArn=ROLE, definition=STRAIGHT)["id"]
    with refused("ConflictException", 409, "in status NotPrepared"):
        agent.create_flow_version(flowIdentifier=id)
    assert body(agent.prepare_flow(flowIdentifier=id)) == {"id": id, "status": "Preparing"}
    assert agent.create_flow_version(flowIdentifier=id)["version"] == "1"
    agent.update_flow(flowIdentifier=id, name="f", executionRoleArn=ROLE, definition=STRAIGHT)
    assert agent.get_flow(flowIdentifier=id)["status"] == "NotPrepared"
    with refused("ConflictException", 409, "CreateFlowVersion"):
        agent.create_flow_version(flowIdentifier=id)


def test_preparing_takes_its_time(slow, paced):
    agent = slow("bedrock-agent")
    id = agent.create_flow(name="f", executionRoleArn=ROLE, definition=STRAIGHT)["id"]
    assert agent.prepare_flow(flowIdentifier=id)["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert agent.get_flow(flowIdentifier=id)["status"] == "Preparing"
    assert agent.list_flows()["flowSummaries"][0]["status"] == "Preparing"
    for refuse in (agent.prepare_flow, agent.create_flow_version, agent.delete_flow):
        with refused("ConflictException", 409, "in status Preparing"):
            refuse(flowIdentifier=id)
    with refused("ConflictException", 409, "UpdateFlow"):
        agent.update_flow(flowIdentifier=id, name="f", executionRoleArn=ROLE)
    paced.admin.advance(4)
    assert agent.get_flow(flowIdentifier=id)["status"] == "Prepared"


def test_a_failed_preparation_says_why(slow, paced):
    agent = slow("bedrock-agent")
    made = agent.create_flow(name="f", executionRoleArn=ROLE, definition=definition(START))
    agent.prepare_flow(flowIdentifier=made["id"])
    assert agent.get_flow(flowIdentifier=made["id"])["validations"] == []
    paced.admin.advance(4)
    read = agent.get_flow(flowIdentifier=made["id"])
    assert read["status"] == "Failed" and read["updatedAt"] > made["updatedAt"]
    assert [(v["type"], v["severity"]) for v in read["validations"]] == [("MissingEndingNodes", "Error")]
    with refused("ConflictException", 409, "in status Failed"):
        agent.create_flow_version(flowIdentifier=made["id"])
    agent.update_flow(flowIdentifier=made["id"], name="f", executionRoleArn=ROLE, definition=STRAIGHT)
    assert agent.get_flow(flowIdentifier=made["id"])["validations"] == []


def test_versions_are_immutable_copies_under_numbers_never_used_again(client):
    agent = client("bedrock-agent")
    id = prepared(agent, description="of the flow", customerEncryptionKeyArn=KEY)
    one = body(agent.create_flow_version(flowIdentifier=id, description="first"))
    assert (one["version"], one["description"], one["status"]) == ("1", "first", "Prepared")
    assert one["definition"] == STRAIGHT and one["customerEncryptionKeyArn"] == KEY and "updatedAt" not in one
    agent.update_flow(flowIdentifier=id, name="g", executionRoleArn=ROLE, definition=ASKING)
    agent.prepare_flow(flowIdentifier=id)
    two = agent.create_flow_version(flowIdentifier=id)
    assert two["version"] == "2" and "description" not in two
    assert body(agent.get_flow_version(flowIdentifier=id, flowVersion="1")) == one
    metadata = agent.get_flow_version(flowIdentifier=id, flowVersion="1", includedData="METADATA_ONLY")
    assert "definition" not in metadata and metadata["description"] == "first"
    gone = agent.delete_flow_version(flowIdentifier=id, flowVersion="2")
    assert body(gone) == {"id": id, "version": "2"}
    with refused("ResourceNotFoundException", 404):
        agent.get_flow_version(flowIdentifier=id, flowVersion="2")
    assert agent.create_flow_version(flowIdentifier=id)["version"] == "3"


def test_list_rows_have_the_summary_members_and_nothing_else(client):
    agent = client("bedrock-agent")
    id = prepared(agent, description="d")
    agent.create_flow(name="g", executionRoleArn=ROLE)
    agent.create_flow_version(flowIdentifier=id, description="v")
    rows = {row["name"]: row for row in agent.list_flows()["flowSummaries"]}
    assert set(rows["f"]) == IDENTITY | {"name", "description"} and set(rows["g"]) == IDENTITY | {"name"}
    (version,) = agent.list_flow_versions(flowIdentifier=rows["f"]["arn"])["flowVersionSummaries"]
    assert set(version) == {"id", "arn", "status", "createdAt", "version"}
    assert version["arn"] == rows["f"]["arn"]


def test_deletion_stops_at_an_alias_and_takes_everything_with_it(client):
    agent = client("bedrock-agent")
    id = prepared(agent, tags={"a": "b"})
    agent.create_flow_version(flowIdentifier=id)
    route = [{"flowVersion": "1"}]
    alias = agent.create_flow_alias(flowIdentifier=id, name="live", routingConfiguration=route)["id"]
    with refused("ConflictException", 409, f"alias {alias}"):
        agent.delete_flow_version(flowIdentifier=id, flowVersion="1")
    with refused("ConflictException", 409, f"alias {alias}"):
        agent.delete_flow(flowIdentifier=id)
    agent.delete_flow_version(flowIdentifier=id, flowVersion="1", skipResourceInUseCheck=True)
    dangling = agent.get_flow_alias(flowIdentifier=id, aliasIdentifier=alias)
    assert dangling["routingConfiguration"] == route
    assert body(agent.delete_flow(flowIdentifier=id, skipResourceInUseCheck=True)) == {"id": id}
    for gone in (agent.get_flow, agent.delete_flow, agent.list_flow_aliases, agent.list_flow_versions):
        with refused("ResourceNotFoundException", 404):
            gone(flowIdentifier=id)


def test_versions_alone_are_no_use_unless_switched(client, box):
    agent = client("bedrock-agent")
    id = prepared(agent)
    agent.create_flow_version(flowIdentifier=id)
    box.admin.set_switches(flowInUse="aliasesAndVersions")
    try:
        with refused("ConflictException", 409, "version 1"):
            agent.delete_flow(flowIdentifier=id)
    finally:
        box.admin.set_switches(flowInUse="aliases")
    agent.delete_flow(flowIdentifier=id)


def test_the_same_name_twice_is_allowed_unless_switched(client, box):
    agent = client("bedrock-agent")
    first, second = (agent.create_flow(name="f", executionRoleArn=ROLE)["id"] for _ in range(2))
    assert first != second
    box.admin.set_switches(flowNamesUnique=True)
    try:
        with refused("ConflictException", 409):
            agent.create_flow(name="f", executionRoleArn=ROLE)
    finally:
        box.admin.set_switches(flowNamesUnique=False)


def test_a_server_that_fills_in_and_reorders(client, box):
    agent = client("bedrock-agent")
    bare = definition({"name": "Start", "type": "Input"}, END)
    id = agent.create_flow(name="f", executionRoleArn=ROLE, definition=bare)["id"]
    assert agent.get_flow(flowIdentifier=id)["definition"] == bare
    box.admin.set_switches(flowDefaults="all", flowListOrder="all")
    try:
        read = agent.get_flow(flowIdentifier=id)["definition"]
    finally:
        box.admin.set_switches(flowDefaults="observed", flowListOrder="observed")
    filled = {"name": "Start", "type": "Input", "configuration": {"input": {}}, "inputs": [], "outputs": []}
    assert read == {"nodes": [{**END, "outputs": []}, filled], "connections": []}


def test_tokens(client):
    agent = client("bedrock-agent")
    token = {"clientToken": "t" * 40}
    one = agent.create_flow(name="f", executionRoleArn=ROLE, definition=STRAIGHT, **token)
    assert body(agent.create_flow(name="f", executionRoleArn=ROLE, definition=STRAIGHT, **token)) == body(one)
    with refused("ConflictException", 409, "different parameters"):
        agent.create_flow(name="g", executionRoleArn=ROLE, **token)
    agent.prepare_flow(flowIdentifier=one["id"])
    versions = [agent.create_flow_version(flowIdentifier=one["id"], **token)["version"] for _ in range(2)]
    assert versions == ["1", "1"]


def test_quotas(client, box):
    agent = client("bedrock-agent")
    quotas = box.admin.settings()["quotas"]
    assert (quotas["flows"], quotas["flowVersions"], quotas["flowAliases"]) == (100, 10, 10)
    id = prepared(agent)
    for _ in range(10):
        agent.create_flow_version(flowIdentifier=id)
    with refused("ServiceQuotaExceededException", 402, "versions"):
        agent.create_flow_version(flowIdentifier=id)
    agent.delete_flow_version(flowIdentifier=id, flowVersion="4")
    assert agent.create_flow_version(flowIdentifier=id)["version"] == "11"
    collectors = definition(*(node(f"C{n}x", "Collector") for n in range(2)))
    with refused("ServiceQuotaExceededException", 402, "Collector"):
        agent.create_flow(name="g", executionRoleArn=ROLE, definition=collectors)
    with refused("ServiceQuotaExceededException", 402, "Collector"):
        agent.update_flow(flowIdentifier=id, name="g", executionRoleArn=ROLE, definition=collectors)
    many = definition(*(node(f"L{n}x", "LambdaFunction", lambdaArn="") for n in range(41)))
    with refused("ValidationException", 400, "less than or equal to 40"):
        agent.create_flow(name="g", executionRoleArn=ROLE, definition=many)
    box.admin.set_quotas(flows=1)
    try:
        with refused("ServiceQuotaExceededException", 402):
            agent.create_flow(name="g", executionRoleArn=ROLE)
    finally:
        box.admin.set_quotas(flows=100)


def test_tags(client):
    agent, tagging = client("bedrock-agent"), client("resourcegroupstaggingapi")
    arn = agent.create_flow(name="f", executionRoleArn=ROLE, tags={"a": "1"})["arn"]
    agent.tag_resource(resourceArn=arn, tags={"b": "2"})
    assert agent.list_tags_for_resource(resourceArn=arn)["tags"] == {"a": "1", "b": "2"}
    (row,) = tagging.get_resources(ResourceTypeFilters=["bedrock:flow"])["ResourceTagMappingList"]
    assert row["ResourceARN"] == arn
    with refused("ResourceNotFoundException", 404):
        agent.tag_resource(resourceArn=f"{arn}:1", tags={"c": "3"})
    agent.delete_flow(flowIdentifier=arn)
    with refused("ResourceNotFoundException", 404):
        agent.list_tags_for_resource(resourceArn=arn)


def test_accounts_and_regions_are_apart(box, account, client):
    made = client("bedrock-agent").create_flow(name="f", executionRoleArn=ROLE)
    elsewhere = box.client("bedrock-agent", account, "us-east-1")
    assert elsewhere.list_flows()["flowSummaries"] == []
    for other in (elsewhere, box.client("bedrock-agent", "999999999999")):
        with refused("ResourceNotFoundException", 404):
            other.get_flow(flowIdentifier=made["arn"])


@pytest.mark.parametrize(
    ("wrong", "saying"),
    [
        ({"name": "f!"}, "'name'"),
        ({"executionRoleArn": "role"}, "'executionRoleArn'"),
        ({"definition": {"nodes": [{"name": "x", "type": "Input"}]}}, "name"),
        ({"definition": {"nodes": [{**START, "configuration": {"output": {}}}]}}, "does not match its type Input"),
    ],
)
def test_wrong_input_is_refused(client, wrong, saying):
    with refused("ValidationException", 400, saying):
        client("bedrock-agent").create_flow(**{"name": "f", "executionRoleArn": ROLE, **wrong})
