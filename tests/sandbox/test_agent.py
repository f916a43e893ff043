"""Agents as boto3 sees them: one thing at a time, full-replace, prepared or not, default prompts in every read."""

from __future__ import annotations

import pytest

from releaser.sandbox.kinds import discover
from sandbox.checks import AGENT, INSTRUCTION, all_pages, body, new_agent, new_alias, refused

TOKEN = "t" * 40
KEY = "arn:aws:kms:eu-central-1:111111111111:key/00000000-0000-0000-0000-000000000000"
GUARDRAIL = {"guardrailIdentifier": "abcdefghijkl", "guardrailVersion": "1"}


def status(agents, id):
    return agents.get_agent(agentId=id)["agent"]["agentStatus"]


def override(type="ORCHESTRATION", **more):
    one = {"promptType": type, "promptCreationMode": "OVERRIDDEN", "basePromptTemplate": "mine", **more}
    return {"promptConfigurations": [{name: value for name, value in one.items() if value is not None}]}


def test_statuses_take_their_time(slow, paced):
    agents = slow("bedrock-agent")
    made = agents.create_agent(agentName="a", instruction=INSTRUCTION, **AGENT)
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 202
    id = made["agent"]["agentId"]

    def everything_is_refused(state):
        assert status(agents, id) == state.upper()
        group = {"agentId": id, "agentVersion": "DRAFT"}
        calls = {
            "Update": lambda: agents.update_agent(agentId=id, agentName="a", **AGENT),
            "Prepare": lambda: agents.prepare_agent(agentId=id),
            "Delete": lambda: agents.delete_agent(agentId=id),
            "Create": lambda: agents.create_agent_action_group(
                **group, actionGroupName="g", parentActionGroupSignature="AMAZON.UserInput"
            ),
            "Associate": lambda: agents.associate_agent_knowledge_base(
                **group, knowledgeBaseId="K" * 10, description="d"
            ),
        }
        for verb, call in calls.items():
            said = f"{verb} operation can't be performed on Agent when it is in {state} state."
            with refused("ValidationException", 400, said):
                call()
        said = f"Create operation can't be performed on AgentAlias when Agent is in {state} state."
        with refused("ValidationException", 400, said):
            agents.create_agent_alias(agentId=id, agentAliasName="other")

    everything_is_refused("Creating")
    paced.admin.advance(5)
    assert status(agents, id) == "NOT_PREPARED"
    agents.update_agent(agentId=id, agentName="a", instruction=INSTRUCTION, **AGENT)
    everything_is_refused("Updating")
    paced.admin.advance(4)
    assert status(agents, id) == "NOT_PREPARED"
    reply = body(agents.prepare_agent(agentId=id))
    assert (reply["agentStatus"], reply["agentVersion"]) == ("PREPARING", "DRAFT")
    everything_is_refused("Preparing")
    paced.admin.advance(9)
    assert agents.get_agent(agentId=id)["agent"]["preparedAt"] == reply["preparedAt"]
    assert status(agents, id) == "PREPARED"
    agents.create_agent_alias(agentId=id, agentAliasName="live")
    everything_is_refused("Versioning")
    paced.admin.advance(6)
    assert status(agents, id) == "PREPARED"
    assert agents.delete_agent(agentId=id, skipResourceInUseCheck=True)["agentStatus"] == "DELETING"
    everything_is_refused("Deleting")
    paced.admin.advance(4)
    with refused("ResourceNotFoundException", 404):
        status(agents, id)
    assert agents.list_agents()["agentSummaries"] == []
    new_agent(agents, "a")


def test_a_busy_agent_may_be_a_conflict(slow, paced):
    agents = slow("bedrock-agent")
    id = new_agent(agents)
    paced.admin.set_switches(agentBusyError="ConflictException")
    try:
        with refused("ConflictException", 409, "in Creating state"):
            agents.prepare_agent(agentId=id)
    finally:
        paced.admin.set_switches(agentBusyError="ValidationException")


def test_an_update_leaves_it_unprepared(client):
    agents = client("bedrock-agent")
    id = new_agent(agents)
    agents.prepare_agent(agentId=id)
    assert status(agents, id) == "PREPARED"
    agents.prepare_agent(agentId=id)
    before = agents.get_agent(agentId=id)["agent"]
    agents.update_agent(agentId=id, agentName="a", **AGENT)
    after = agents.get_agent(agentId=id)["agent"]
    assert after["agentStatus"] == "NOT_PREPARED" and after["preparedAt"] == before["preparedAt"]
    assert after["updatedAt"] > before["updatedAt"] and after["createdAt"] == before["createdAt"]


def test_aws_48681_an_update_without_guardrail_and_key_removes_them(client):
    agents = client("bedrock-agent")
    more = {"customerEncryptionKeyArn": KEY, "guardrailConfiguration": GUARDRAIL, "description": "d"}
    id = new_agent(agents, idleSessionTTLInSeconds=60, promptOverrideConfiguration=override(), **more)
    before = agents.get_agent(agentId=id)["agent"]
    assert {name: before[name] for name in more} == more
    agents.update_agent(agentId=id, agentName="a", **AGENT)
    after = agents.get_agent(agentId=id)["agent"]
    assert not set(after) & {*more, "instruction"}
    assert after["idleSessionTTLInSeconds"] == 600
    prompts = after["promptOverrideConfiguration"]["promptConfigurations"]
    assert {one["promptCreationMode"] for one in prompts} == {"DEFAULT"}


def test_server_defaults(client, box, account):
    agents = client("bedrock-agent")
    read = body(agents.create_agent(agentName="bare", clientToken=TOKEN))["agent"]
    assert read["clientToken"] == TOKEN and read["agentVersion"] == "DRAFT"
    assert read["orchestrationType"] == "DEFAULT" and read["agentCollaboration"] == "DISABLED"
    assert read["idleSessionTTLInSeconds"] == 600
    assert read["agentResourceRoleArn"].startswith(f"arn:aws:iam::{account}:role/service-role/")
    id = new_agent(agents, memoryConfiguration={"enabledMemoryTypes": ["SESSION_SUMMARY"], "storageDays": 5})
    memory = agents.get_agent(agentId=id)["agent"]["memoryConfiguration"]
    assert memory["storageDays"] == 5 and memory["sessionSummaryConfiguration"] == {"maxRecentSessions": 20}
    box.admin.set_switches(agentIdleSessionDefault=1800, agentMemoryDefaults=False)
    try:
        id = new_agent(agents, "c", memoryConfiguration={"enabledMemoryTypes": ["SESSION_SUMMARY"]})
    finally:
        box.admin.set_switches(agentIdleSessionDefault=600, agentMemoryDefaults=True)
    read = agents.get_agent(agentId=id)["agent"]
    assert read["memoryConfiguration"] == {"enabledMemoryTypes": ["SESSION_SUMMARY"]}
    assert read["idleSessionTTLInSeconds"] == 1800


def test_aws_37168_default_prompts_come_back_beside_the_overridden(client):
    agents = client("bedrock-agent")
    first = override("POST_PROCESSING", promptState="ENABLED")["promptConfigurations"]
    both = {"promptConfigurations": first + override("PRE_PROCESSING")["promptConfigurations"]}
    id = new_agent(agents, promptOverrideConfiguration=both)
    read = agents.get_agent(agentId=id)["agent"]["promptOverrideConfiguration"]["promptConfigurations"]
    assert [(one["promptType"], one["promptCreationMode"], one["promptState"]) for one in read] == [
        ("PRE_PROCESSING", "OVERRIDDEN", "DISABLED"),
        ("ORCHESTRATION", "DEFAULT", "ENABLED"),
        ("POST_PROCESSING", "OVERRIDDEN", "ENABLED"),
        ("KNOWLEDGE_BASE_RESPONSE_GENERATION", "DEFAULT", "ENABLED"),
        ("MEMORY_SUMMARIZATION", "DEFAULT", "ENABLED"),
    ]
    assert all(one["basePromptTemplate"] and one["parserMode"] == "DEFAULT" for one in read)
    assert read[0]["basePromptTemplate"] == "mine" and "inferenceConfiguration" not in read[0]
    assert read[1]["inferenceConfiguration"]["topK"] == 250


def test_default_prompts_come_when_the_agent_has_settled(slow, paced):
    agents = slow("bedrock-agent")
    bare, own = new_agent(agents, "bare"), new_agent(agents, "own", promptOverrideConfiguration=override())
    assert "promptOverrideConfiguration" not in agents.get_agent(agentId=bare)["agent"]
    assert agents.get_agent(agentId=own)["agent"]["promptOverrideConfiguration"] == override()
    paced.admin.advance(5)
    for id in (bare, own):
        read = agents.get_agent(agentId=id)["agent"]["promptOverrideConfiguration"]
        assert len(read["promptConfigurations"]) == 5


def test_aws_37903_and_other_rules_that_are_not_in_the_model(client):
    agents = client("bedrock-agent")
    twice = {"promptConfigurations": override()["promptConfigurations"] * 2}
    wrong = {
        "basePromptTemplate is required": {"promptOverrideConfiguration": override(basePromptTemplate=None)},
        "requires promptCreationMode OVERRIDDEN": {
            "promptOverrideConfiguration": override(promptCreationMode="DEFAULT")
        },
        "appears once": {"promptOverrideConfiguration": twice},
        "overrideLambda": {"promptOverrideConfiguration": override(parserMode="OVERRIDDEN")},
        "'guardrailIdentifier' cannot be null": {"guardrailConfiguration": {"guardrailVersion": "1"}},
        "customOrchestration": {"orchestrationType": "CUSTOM_ORCHESTRATION"},
    }
    for saying, more in wrong.items():
        with refused("ValidationException", 400, saying):
            new_agent(agents, **more)
    assert agents.list_agents()["agentSummaries"] == []


@pytest.mark.parametrize("role", ["SUPERVISOR", "SUPERVISOR_ROUTER"])
def test_aws_43059_a_supervisor_without_collaborators_cannot_be_prepared(client, role):
    agents = client("bedrock-agent")
    id = new_agent(agents, agentCollaboration=role)
    said = f"AgentCollaboration attribute is set to {role} but no agent collaborators are added"
    with refused("ValidationException", 400, said):
        agents.prepare_agent(agentId=id)
    assert status(agents, id) == "NOT_PREPARED"


def test_without_instruction_the_preparation_fails(slow, paced):
    agents = slow("bedrock-agent")
    id = agents.create_agent(agentName="a", **AGENT)["agent"]["agentId"]
    paced.admin.advance(5)
    agents.prepare_agent(agentId=id)
    assert status(agents, id) == "PREPARING"
    paced.admin.advance(9)
    read = agents.get_agent(agentId=id)["agent"]
    assert read["agentStatus"] == "FAILED"
    assert read["failureReasons"] == ["Exception: Agent Instruction cannot be null"]
    assert "preparedAt" not in read
    with refused("ValidationException", 400, "in Failed state"):
        agents.create_agent_alias(agentId=id, agentAliasName="live")
    agents.update_agent(agentId=id, agentName="a", instruction=INSTRUCTION, **AGENT)
    paced.admin.advance(4)
    read = agents.get_agent(agentId=id)["agent"]
    assert read["agentStatus"] == "NOT_PREPARED" and "failureReasons" not in read


def test_names_are_unique_on_create_and_rename(client):
    agents = client("bedrock-agent")
    new_agent(agents, "first")
    second = new_agent(agents, "second")
    with refused("ConflictException", 409, "same name already exists"):
        new_agent(agents, "first")
    with refused("ConflictException", 409):
        agents.update_agent(agentId=second, agentName="first", **AGENT)
    agents.update_agent(agentId=second, agentName="second", **AGENT)


def test_a_name_taken_may_be_accepted_and_then_fail(slow, paced):
    agents = slow("bedrock-agent")
    new_agent(agents)
    paced.admin.set_switches(agentDuplicateName="failed")
    try:
        id = new_agent(agents)
        assert status(agents, id) == "CREATING"
        paced.admin.advance(5)
        read = agents.get_agent(agentId=id)["agent"]
    finally:
        paced.admin.set_switches(agentDuplicateName="conflict")
    assert read["agentStatus"] == "FAILED"
    assert read["failureReasons"] == ["Cannot create a new agent as an agent with the same name already exists."]
    with refused("ValidationException", 400, "in Failed state"):
        agents.prepare_agent(agentId=id)
    agents.delete_agent(agentId=id)
    assert status(agents, id) == "DELETING"


def test_accounts_without_agent_activity_are_refused(client, box):
    agents = client("bedrock-agent")
    old = new_agent(agents, "old")
    box.admin.set_switches(agentCreation="refused")
    try:
        with refused("AccessDeniedException", 403, "is in Maintenance Mode"):
            new_agent(agents, "new")
        agents.update_agent(agentId=old, agentName="old", instruction=INSTRUCTION, **AGENT)
        new_alias(agents, old)
    finally:
        box.admin.set_switches(agentCreation="allowed")


def test_aws_37161_an_agent_with_aliases_stays(client):
    agents = client("bedrock-agent")
    id = new_agent(agents)
    alias = new_alias(agents, id)
    with refused("ConflictException", 409, "has active aliases"):
        agents.delete_agent(agentId=id)
    agents.delete_agent_alias(agentId=id, agentAliasId=alias)
    assert agents.delete_agent(agentId=id)["agentStatus"] == "DELETING"
    with refused("ResourceNotFoundException", 404):
        agents.get_agent_version(agentId=id, agentVersion="1")
    with refused("ResourceNotFoundException", 404):
        agents.list_agent_aliases(agentId=id)


def test_list_rows_have_the_summary_members_and_nothing_else(client):
    agents = client("bedrock-agent")
    id = new_agent(agents, description="d", guardrailConfiguration=GUARDRAIL)
    (row,) = agents.list_agents()["agentSummaries"]
    always = {"agentId", "agentName", "agentStatus", "updatedAt", "latestAgentVersion"}
    assert set(row) == always | {"description", "guardrailConfiguration"}
    assert row["latestAgentVersion"] == "DRAFT"
    new_alias(agents, id)
    assert agents.list_agents()["agentSummaries"][0]["latestAgentVersion"] == "1"


def test_pages_tokens_and_quota(client, box):
    agents = client("bedrock-agent")
    one = agents.create_agent(agentName="a", clientToken=TOKEN, **AGENT)["agent"]["agentId"]
    assert agents.create_agent(agentName="a", clientToken=TOKEN, **AGENT)["agent"]["agentId"] == one
    for name in "bcde":
        new_agent(agents, name)
    rows = all_pages(agents.list_agents, "agentSummaries", "nextToken", "maxResults", 2)
    assert [row["agentName"] for row in rows] == list("edcba")
    assert box.admin.settings()["quotas"]["agents"] == 1000
    box.admin.set_quotas(agents=5)
    try:
        with refused("ServiceQuotaExceededException", 402):
            new_agent(agents, "f")
    finally:
        box.admin.set_quotas(agents=1000)


def test_tags_of_agent_and_alias(client):
    agents = client("bedrock-agent")
    made = agents.create_agent(agentName="a", instruction=INSTRUCTION, tags={"a": "1"}, **AGENT)["agent"]
    alias = new_alias(agents, made["agentId"], tags={"b": "2"})
    arn = agents.get_agent_alias(agentId=made["agentId"], agentAliasId=alias)["agentAlias"]["agentAliasArn"]
    assert agents.list_tags_for_resource(resourceArn=made["agentArn"])["tags"] == {"a": "1"}
    agents.tag_resource(resourceArn=arn, tags={"c": "3"})
    agents.untag_resource(resourceArn=arn, tagKeys=["b"])
    assert agents.list_tags_for_resource(resourceArn=arn)["tags"] == {"c": "3"}
    grouped = client("resourcegroupstaggingapi")
    for kind, one in (("bedrock:agent", made["agentArn"]), ("bedrock:agent-alias", arn)):
        (row,) = grouped.get_resources(ResourceTypeFilters=[kind])["ResourceTagMappingList"]
        assert row["ResourceARN"] == one
    agents.delete_agent(agentId=made["agentId"], skipResourceInUseCheck=True)
    for one in (made["agentArn"], arn):
        with refused("ResourceNotFoundException", 404):
            agents.list_tags_for_resource(resourceArn=one)
    assert grouped.get_resources()["ResourceTagMappingList"] == []


def test_the_rates_of_the_quota_page():
    rates = {"CreateAgent": 6, "UpdateAgent": 4, "GetAgent": 15, "GetAgentActionGroup": 20}
    rates |= {"CreateAgentActionGroup": 12, "UpdateAgentActionGroup": 6}
    rates |= {"AssociateAgentKnowledgeBase": 6, "DisassociateAgentKnowledgeBase": 4}
    declared = discover().rates
    assert {name: declared[f"bedrock-agent.{name}"].per_second for name in rates} == rates
