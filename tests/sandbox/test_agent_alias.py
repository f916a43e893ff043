"""Aliases and versions of agents as boto3 sees them: an alias without routing mints, an alias with routing moves."""

from __future__ import annotations

import pytest

from sandbox.checks import AGENT, INSTRUCTION, all_pages, body, new_agent, new_alias, refused

TOKEN = "t" * 40


def versions(agents, id):
    return [row["agentVersion"] for row in agents.list_agent_versions(agentId=id)["agentVersionSummaries"]]


def get(agents, id, alias):
    return agents.get_agent_alias(agentId=id, agentAliasId=alias)["agentAlias"]


def routed(agents, id, alias):
    return [entry.get("agentVersion") for entry in get(agents, id, alias)["routingConfiguration"]]


def to(version, **more):
    return {"routingConfiguration": [{"agentVersion": version, **more}]}


def again(agents, id, alias, name="live", **more):
    return agents.update_agent_alias(agentId=id, agentAliasId=alias, agentAliasName=name, **more)


def change(agents, id, instruction, name="a"):
    agents.update_agent(agentId=id, agentName=name, instruction=instruction, **AGENT)
    agents.prepare_agent(agentId=id)


def test_aws_1044_a_version_is_minted_without_routing_and_never_with_it(client):
    agents = client("bedrock-agent")
    id = new_agent(agents)
    cut = new_alias(agents, id, "cut")
    assert routed(agents, id, cut) == ["1"] and versions(agents, id) == ["DRAFT", "1"]
    live = new_alias(agents, id, "live", **to("1"))
    assert versions(agents, id) == ["DRAFT", "1"]
    again(agents, id, cut, "cut")
    assert routed(agents, id, cut) == ["2"] and versions(agents, id) == ["DRAFT", "2", "1"]
    again(agents, id, live, **to("2"))
    assert routed(agents, id, live) == ["2"] and versions(agents, id) == ["DRAFT", "2", "1"]


def test_aws_42586_a_mere_change_of_description_cuts_a_version(client):
    agents = client("bedrock-agent")
    id = new_agent(agents)
    live = new_alias(agents, id, description="one")
    again(agents, id, live, description="two")
    assert routed(agents, id, live) == ["2"]
    again(agents, id, live, routingConfiguration=[])
    assert routed(agents, id, live) == ["3"]
    assert "description" not in get(agents, id, live)


def test_aws_43406_statuses_take_their_time_and_the_number_is_not_known_at_first(slow, paced):
    agents = slow("bedrock-agent")
    id = new_agent(agents)
    paced.admin.advance(5)
    agents.prepare_agent(agentId=id)
    paced.admin.advance(9)
    made = agents.create_agent_alias(agentId=id, agentAliasName="live")
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 202
    alias = made["agentAlias"]["agentAliasId"]
    assert made["agentAlias"]["agentAliasStatus"] == "CREATING"
    assert made["agentAlias"]["routingConfiguration"] == [{}]
    assert routed(agents, id, alias) == [None] and get(agents, id, alias)["agentAliasHistoryEvents"] == []
    version = agents.get_agent_version(agentId=id, agentVersion="1")["agentVersion"]
    assert version["agentStatus"] == agents.get_agent(agentId=id)["agent"]["agentStatus"] == "VERSIONING"
    with refused("ResourceNotFoundException", 404, "Version 1"):
        agents.create_agent_alias(agentId=id, agentAliasName="early", **to("1"))
    for call in (
        lambda: again(agents, id, alias, **to("1")),
        lambda: agents.delete_agent_alias(agentId=id, agentAliasId=alias),
    ):
        with refused("ValidationException", 400, "operation can't be performed on AgentAlias when it is in Creating"):
            call()
    with refused("ValidationException", 400, "AgentVersion when it is in Versioning state"):
        agents.delete_agent_version(agentId=id, agentVersion="1")
    paced.admin.advance(6)
    assert get(agents, id, alias)["agentAliasStatus"] == "PREPARED" and routed(agents, id, alias) == ["1"]
    assert agents.get_agent_version(agentId=id, agentVersion="1")["agentVersion"]["agentStatus"] == "PREPARED"
    again(agents, id, alias)
    assert get(agents, id, alias)["agentAliasStatus"] == "UPDATING" and routed(agents, id, alias) == ["1"]
    paced.admin.advance(6)
    assert get(agents, id, alias)["agentAliasStatus"] == "PREPARED" and routed(agents, id, alias) == ["2"]
    assert agents.delete_agent_version(agentId=id, agentVersion="1")["agentStatus"] == "DELETING"
    assert agents.get_agent_version(agentId=id, agentVersion="1")["agentVersion"]["agentStatus"] == "DELETING"
    agents.delete_agent_alias(agentId=id, agentAliasId=alias)
    assert get(agents, id, alias)["agentAliasStatus"] == "DELETING"
    paced.admin.advance(6)
    with refused("ResourceNotFoundException", 404):
        get(agents, id, alias)
    assert versions(agents, id) == ["DRAFT", "2"]


def test_only_a_prepared_agent_is_versioned(client, box):
    agents = client("bedrock-agent")
    id = new_agent(agents)
    with refused("ValidationException", 400, "AgentAlias when Agent is in Not Prepared state"):
        agents.create_agent_alias(agentId=id, agentAliasName="live")
    live = new_alias(agents, id)
    changed = "Answer questions about the tides, and about nothing else."
    agents.update_agent(agentId=id, agentName="a", instruction=changed, **AGENT)
    with refused("ValidationException", 400, "Update operation can't be performed on AgentAlias when Agent is in Not"):
        again(agents, id, live)
    again(agents, id, live, **to("1"))
    assert versions(agents, id) == ["DRAFT", "1"]
    box.admin.set_switches(agentVersionWhileNotPrepared="last-prepared")
    try:
        again(agents, id, live)
    finally:
        box.admin.set_switches(agentVersionWhileNotPrepared="refused")
    two = agents.get_agent_version(agentId=id, agentVersion="2")["agentVersion"]
    assert two["instruction"] == INSTRUCTION
    assert agents.get_agent(agentId=id)["agent"]["agentStatus"] == "NOT_PREPARED"


def test_a_version_is_a_snapshot(client):
    agents = client("bedrock-agent")
    id = new_agent(agents, description="d", orchestrationType="DEFAULT", idleSessionTTLInSeconds=90)
    live = new_alias(agents, id)
    one = agents.get_agent_version(agentId=id, agentVersion="1")["agentVersion"]
    draft = agents.get_agent(agentId=id)["agent"]
    left_out = {"orchestrationType", "agentVersion", "preparedAt", "clientToken"}
    differs = {"createdAt", "updatedAt", "version"}
    assert {k: v for k, v in one.items() if k not in differs} == {
        k: v for k, v in draft.items() if k not in differs | left_out
    }
    changed = "Answer questions about the tides, and about nothing else."
    change(agents, id, changed)
    again(agents, id, live)
    assert agents.get_agent_version(agentId=id, agentVersion="1")["agentVersion"] == one
    two = agents.get_agent_version(agentId=id, agentVersion="2")["agentVersion"]
    assert two["instruction"] == changed and "description" not in two
    assert two["idleSessionTTLInSeconds"] == 600
    with refused("ResourceNotFoundException", 404):
        agents.get_agent_version(agentId=id, agentVersion="3")


def test_version_rows_numbers_and_the_draft(client, box):
    agents = client("bedrock-agent")
    id = new_agent(
        agents, description="d", guardrailConfiguration={"guardrailIdentifier": "g", "guardrailVersion": "1"}
    )
    live = new_alias(agents, id)
    row = agents.list_agent_versions(agentId=id)["agentVersionSummaries"][1]
    always = {"agentName", "agentStatus", "agentVersion", "createdAt", "updatedAt"}
    assert set(row) == always | {"description", "guardrailConfiguration"}
    again(agents, id, live)
    again(agents, id, live)
    rows = all_pages(agents.list_agent_versions, "agentVersionSummaries", "nextToken", "maxResults", 2, agentId=id)
    assert [one["agentVersion"] for one in rows] == ["DRAFT", "3", "2", "1"]
    again(agents, id, live, **to("1"))
    agents.delete_agent_version(agentId=id, agentVersion="3")
    again(agents, id, live)
    assert versions(agents, id) == ["DRAFT", "4", "2", "1"]
    box.admin.set_switches(agentVersionListIncludesDraft=False)
    try:
        assert versions(agents, id) == ["4", "2", "1"]
    finally:
        box.admin.set_switches(agentVersionListIncludesDraft=True)


def test_a_version_that_an_alias_points_to_stays(client):
    agents = client("bedrock-agent")
    id = new_agent(agents)
    live = new_alias(agents, id)
    with refused("ConflictException", 409, live):
        agents.delete_agent_version(agentId=id, agentVersion="1")
    agents.delete_agent_version(agentId=id, agentVersion="1", skipResourceInUseCheck=True)
    left = get(agents, id, live)
    assert left["agentAliasStatus"] == "DISSOCIATED" and left["routingConfiguration"] == []
    assert all("endDate" in event for event in left["agentAliasHistoryEvents"])
    again(agents, id, live)
    assert routed(agents, id, live) == ["2"]


def test_routing_is_to_one_version_that_exists(client):
    agents = client("bedrock-agent")
    id, other = new_agent(agents), new_agent(agents, "b")
    live = new_alias(agents, id)
    new_alias(agents, other)
    new_alias(agents, other, "second")
    with refused("ResourceNotFoundException", 404, "Version 2"):
        again(agents, id, live, **to("2"))
    for entry in ({"agentVersion": "DRAFT"}, {"provisionedThroughput": "p"}):
        with refused("ValidationException", 400, "one numbered version"):
            again(agents, id, live, routingConfiguration=[entry])
    with refused("ValidationException", 400, "less than or equal to 1"):
        again(agents, id, live, routingConfiguration=[{"agentVersion": "1"}] * 2)
    assert versions(agents, id) == ["DRAFT", "1"]


def test_throughput_is_kept_or_fails(client, box):
    agents = client("bedrock-agent")
    id = new_agent(agents)
    live = new_alias(agents, id)
    again(agents, id, live, **to("1", provisionedThroughput="p"))
    assert get(agents, id, live)["routingConfiguration"] == [{"agentVersion": "1", "provisionedThroughput": "p"}]
    box.admin.set_switches(agentAliasThroughput="failed")
    try:
        again(agents, id, live, **to("1", provisionedThroughput="q"))
    finally:
        box.admin.set_switches(agentAliasThroughput="accepted")
    read = get(agents, id, live)
    assert read["agentAliasStatus"] == "FAILED" and read["failureReasons"]
    again(agents, id, live, **to("1"))
    assert "failureReasons" not in get(agents, id, live)


def test_the_last_ten_events_are_the_history(client):
    agents = client("bedrock-agent")
    id = new_agent(agents)
    live = new_alias(agents, id)
    again(agents, id, live, description="no change of routing", **to("1"))
    (event,) = get(agents, id, live)["agentAliasHistoryEvents"]
    assert event["routingConfiguration"] == [{"agentVersion": "1"}] and "endDate" not in event
    for _ in range(11):
        again(agents, id, live)
    events = get(agents, id, live)["agentAliasHistoryEvents"]
    numbers = [event["routingConfiguration"][0]["agentVersion"] for event in events]
    assert numbers == [str(n) for n in range(12, 2, -1)]
    assert "endDate" not in events[0] and events[1]["endDate"] == events[0]["startDate"]


def test_invocations_are_rejected_by_update_alone(client, box):
    agents = client("bedrock-agent")
    id = new_agent(agents)
    live = new_alias(agents, id)
    assert get(agents, id, live)["aliasInvocationState"] == "ACCEPT_INVOCATIONS"
    again(agents, id, live, aliasInvocationState="REJECT_INVOCATIONS", **to("1"))
    assert get(agents, id, live)["aliasInvocationState"] == "REJECT_INVOCATIONS"
    box.admin.set_switches(agentAliasStateWhenOmitted="kept")
    try:
        again(agents, id, live, **to("1"))
        assert get(agents, id, live)["aliasInvocationState"] == "REJECT_INVOCATIONS"
    finally:
        box.admin.set_switches(agentAliasStateWhenOmitted="ACCEPT_INVOCATIONS")
    again(agents, id, live, **to("1"))
    assert get(agents, id, live)["aliasInvocationState"] == "ACCEPT_INVOCATIONS"


def test_the_test_alias_is_listed_and_cannot_be_changed(client):
    agents = client("bedrock-agent")
    id = new_agent(agents)
    (row,) = agents.list_agent_aliases(agentId=id)["agentAliasSummaries"]
    assert (row["agentAliasId"], row["agentAliasName"]) == ("TSTALIASID", "AgentTestAlias")
    assert row["routingConfiguration"] == [{"agentVersion": "DRAFT"}] and row["agentAliasStatus"] == "PREPARED"
    assert routed(agents, id, "TSTALIASID") == ["DRAFT"]
    agents.prepare_agent(agentId=id)
    for call in (
        lambda: again(agents, id, "TSTALIASID", "mine"),
        lambda: agents.delete_agent_alias(agentId=id, agentAliasId="TSTALIASID"),
    ):
        with refused("ValidationException", 400, r"(?!\bTSTALIASID\b)[0-9a-zA-Z]+"):
            call()
    agents.delete_agent(agentId=id)


def test_list_rows_have_the_summary_members_and_nothing_else(client):
    agents = client("bedrock-agent")
    id = new_agent(agents)
    new_alias(agents, id, description="d")
    row = agents.list_agent_aliases(agentId=id)["agentAliasSummaries"][0]
    always = {"agentAliasId", "agentAliasName", "agentAliasStatus", "createdAt", "updatedAt"}
    assert set(row) == always | {"description", "routingConfiguration", "aliasInvocationState"}


def test_names_are_unique_within_an_agent(client):
    agents = client("bedrock-agent")
    id, other = new_agent(agents), new_agent(agents, "b")
    live, second = new_alias(agents, id), new_alias(agents, id, "second")
    new_alias(agents, other)
    with refused("ConflictException", 409, "named live"):
        agents.create_agent_alias(agentId=id, agentAliasName="live")
    with refused("ConflictException", 409, "named live"):
        again(agents, id, second)
    with refused("ConflictException", 409, "AgentTestAlias"):
        agents.create_agent_alias(agentId=id, agentAliasName="AgentTestAlias")
    agents.delete_agent_alias(agentId=id, agentAliasId=live)
    again(agents, id, second)
    assert versions(agents, id) == ["DRAFT", "3", "2", "1"]


def test_ten_an_agent_pages_and_tokens(client):
    agents = client("bedrock-agent")
    id = new_agent(agents)
    new_alias(agents, id, "a0")
    made = [agents.create_agent_alias(agentId=id, agentAliasName="a1", clientToken=TOKEN) for _ in range(2)]
    assert body(made[0]) == body(made[1]) and versions(agents, id) == ["DRAFT", "2", "1"]
    for n in range(2, 10):
        agents.create_agent_alias(agentId=id, agentAliasName=f"a{n}", **to("1"))
    with refused("ServiceQuotaExceededException", 402):
        agents.create_agent_alias(agentId=id, agentAliasName="a10", **to("1"))
    ask = (agents.list_agent_aliases, "agentAliasSummaries", "nextToken", "maxResults", 3)
    names = [row["agentAliasName"] for row in all_pages(*ask, agentId=id)]
    assert names == [f"a{n}" for n in range(9, -1, -1)] + ["AgentTestAlias"]


@pytest.mark.parametrize("what", ["agentAliasId", "agentId"])
def test_what_is_not_there_is_not_found(client, what):
    agents = client("bedrock-agent")
    id = new_agent(agents)
    ids = {"agentId": id, "agentAliasId": new_alias(agents, id), what: "NOTHERE123"}
    with refused("ResourceNotFoundException", 404):
        agents.get_agent_alias(**ids)
    with refused("ResourceNotFoundException", 404):
        agents.update_agent_alias(agentAliasName="x", **ids)
    with refused("ResourceNotFoundException", 404):
        agents.delete_agent_alias(**ids)
    assert versions(agents, id) == ["DRAFT", "1"]
