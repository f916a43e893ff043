"""Aliases of flows as boto3 sees them."""

from __future__ import annotations

import pytest

from sandbox.checks import all_pages, body, refused
from sandbox.flow_samples import prepared

ONE = [{"flowVersion": "1"}]
SHOWN = {"name", "routingConfiguration", "flowId", "id", "arn", "createdAt", "updatedAt"}


@pytest.fixture
def agent(client):
    return client("bedrock-agent")


@pytest.fixture
def flow(agent):
    """A flow with two versions."""
    id = prepared(agent)
    for _ in range(2):
        agent.create_flow_version(flowIdentifier=id)
    return id


def test_create_get_update_replaces(agent, flow):
    manual = {"type": "Manual", "maxConcurrency": 3}
    given = {"name": "live", "description": "d", "routingConfiguration": ONE, "concurrencyConfiguration": manual}
    made = agent.create_flow_alias(flowIdentifier=flow, **given)
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert {k: made[k] for k in given} == given and made["flowId"] == flow
    by_arn = agent.get_flow_alias(flowIdentifier=made["arn"].partition("/alias/")[0], aliasIdentifier=made["arn"])
    assert body(by_arn) == body(made)
    route = [{"flowVersion": "2"}]
    ask = {"flowIdentifier": flow, "aliasIdentifier": made["id"]}
    updated = body(agent.update_flow_alias(**ask, name="renamed", routingConfiguration=route))
    assert set(updated) == SHOWN and updated["routingConfiguration"] == route
    assert updated["updatedAt"] > made["updatedAt"] and updated["createdAt"] == made["createdAt"]
    assert body(agent.get_flow_alias(**ask)) == updated
    assert body(agent.delete_flow_alias(**ask)) == {"flowId": flow, "id": made["id"]}
    for gone in (agent.get_flow_alias, agent.delete_flow_alias):
        with refused("ResourceNotFoundException", 404):
            gone(**ask)


def test_an_alias_leads_to_one_numbered_version_that_exists(agent, flow, box):
    ask = {"flowIdentifier": flow, "name": "live"}
    with refused("ValidationException", 400, "less than or equal to 1"):
        agent.create_flow_alias(**ask, routingConfiguration=[*ONE, {"flowVersion": "2"}])
    with refused("ValidationException", 400, "must name a flow version"):
        agent.create_flow_alias(**ask, routingConfiguration=[{}])
    with refused("ResourceNotFoundException", 404, "Version 3"):
        agent.create_flow_alias(**ask, routingConfiguration=[{"flowVersion": "3"}])
    with refused("ValidationException", 400, "numbered version"):
        agent.create_flow_alias(**ask, routingConfiguration=[{"flowVersion": "DRAFT"}])
    made = agent.create_flow_alias(**ask, routingConfiguration=ONE)
    with refused("ResourceNotFoundException", 404, "Version 3"):
        agent.update_flow_alias(**ask, aliasIdentifier=made["id"], routingConfiguration=[{"flowVersion": "3"}])
    box.admin.set_switches(flowAliasToDraft="allow")
    try:
        agent.create_flow_alias(**ask, routingConfiguration=[{"flowVersion": "DRAFT"}])
    finally:
        box.admin.set_switches(flowAliasToDraft="refuse")


def test_every_flow_has_the_test_alias(agent, flow, box):
    test = body(agent.get_flow_alias(flowIdentifier=flow, aliasIdentifier="TSTALIASID"))
    assert test["routingConfiguration"] == [{"flowVersion": "DRAFT"}] and test["id"] == "TSTALIASID"
    agent.create_flow_alias(flowIdentifier=flow, name="live", routingConfiguration=ONE)
    rows = agent.list_flow_aliases(flowIdentifier=flow)["flowAliasSummaries"]
    assert [row["name"] for row in rows] == ["live", test["name"]] and rows[1] == test
    ask = {"flowIdentifier": flow, "aliasIdentifier": "TSTALIASID"}
    with refused("ValidationException", 400, "cannot be changed"):
        agent.delete_flow_alias(**ask)
    with refused("ValidationException", 400, "cannot be changed"):
        agent.update_flow_alias(**ask, name="t", routingConfiguration=ONE)
    box.admin.set_switches(flowAliasListIncludesTest=False)
    try:
        (row,) = agent.list_flow_aliases(flowIdentifier=flow)["flowAliasSummaries"]
    finally:
        box.admin.set_switches(flowAliasListIncludesTest=True)
    assert set(row) == SHOWN


def test_names_and_concurrency_by_switch(agent, flow, box):
    ask = {"flowIdentifier": flow, "name": "live", "routingConfiguration": ONE}
    made = agent.create_flow_alias(**ask)
    assert "concurrencyConfiguration" not in made
    assert agent.create_flow_alias(**ask)["id"] != made["id"]
    box.admin.set_switches(flowAliasNamesUnique=True, flowAliasConcurrency="all")
    try:
        with refused("ConflictException", 409, "live"):
            agent.create_flow_alias(**ask)
        read = agent.get_flow_alias(flowIdentifier=flow, aliasIdentifier=made["id"])
    finally:
        box.admin.set_switches(flowAliasNamesUnique=False, flowAliasConcurrency="observed")
    assert read["concurrencyConfiguration"] == {"type": "Automatic"}


def test_tokens_and_ten_aliases_a_flow(agent, flow):
    ask = {"flowIdentifier": flow, "name": "live", "routingConfiguration": ONE}
    first = [agent.create_flow_alias(**ask, clientToken="t" * 40)["id"] for _ in range(2)]
    assert first[0] == first[1]
    for _ in range(9):
        agent.create_flow_alias(**ask)
    with refused("ServiceQuotaExceededException", 402, "aliases"):
        agent.create_flow_alias(**ask)
    pages = all_pages(agent.list_flow_aliases, "flowAliasSummaries", "nextToken", "maxResults", 3, flowIdentifier=flow)
    assert len({row["id"] for row in pages}) == len(pages) == 11


def test_tags(agent, flow, client):
    ask = {"flowIdentifier": flow, "name": "live", "routingConfiguration": ONE}
    arn = agent.create_flow_alias(**ask, tags={"a": "1"})["arn"]
    agent.tag_resource(resourceArn=arn, tags={"b": "2"})
    assert agent.list_tags_for_resource(resourceArn=arn)["tags"] == {"a": "1", "b": "2"}
    assert agent.list_tags_for_resource(resourceArn=arn.partition("/alias/")[0])["tags"] == {}
    tagging = client("resourcegroupstaggingapi")
    (row,) = tagging.get_resources(ResourceTypeFilters=["bedrock:flow-alias"])["ResourceTagMappingList"]
    assert row["ResourceARN"] == arn
    agent.delete_flow(flowIdentifier=flow, skipResourceInUseCheck=True)
    with refused("ResourceNotFoundException", 404):
        agent.list_tags_for_resource(resourceArn=arn)


def test_an_alias_belongs_to_its_flow(agent, flow):
    made = agent.create_flow_alias(flowIdentifier=flow, name="live", routingConfiguration=ONE)
    other = prepared(agent, "other")
    for identifier in (made["id"], made["arn"]):
        with refused("ResourceNotFoundException", 404):
            agent.get_flow_alias(flowIdentifier=other, aliasIdentifier=identifier)
