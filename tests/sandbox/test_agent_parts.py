"""Action groups, knowledge bases and collaborators as boto3 sees them: parts of the draft, kept in every version."""

from __future__ import annotations

import pytest

from sandbox.checks import AGENT, INSTRUCTION, all_pages, body, knowledge_base, new_agent, new_alias, refused

TOKEN = "t" * 40
LAMBDA = "arn:aws:lambda:eu-central-1:111111111111:function:weather"
FUNCTION = {"name": "forecast", "parameters": {"City": {"type": "string"}}}
FUNCTIONS = {"functionSchema": {"functions": [FUNCTION]}, "actionGroupExecutor": {"lambda": LAMBDA}}
OPENAPI = {"apiSchema": {"payload": "openapi: 3.0.0"}, "actionGroupExecutor": {"customControl": "RETURN_CONTROL"}}


@pytest.fixture
def agents(client):
    return client("bedrock-agent")


def new_base(agents, name="manuals"):
    return agents.create_knowledge_base(**knowledge_base(name))["knowledgeBase"]["knowledgeBaseId"]


def draft(id):
    return {"agentId": id, "agentVersion": "DRAFT"}


def group(agents, id, name="g", **more):
    content = more or FUNCTIONS
    return agents.create_agent_action_group(**draft(id), actionGroupName=name, **content)["agentActionGroup"]


def associate(agents, id, base, **more):
    reply = agents.associate_agent_knowledge_base(**draft(id), knowledgeBaseId=base, description="d", **more)
    return reply["agentKnowledgeBase"]


def alias_arn(agents, name):
    id = new_agent(agents, name)
    alias = new_alias(agents, id)
    return agents.get_agent_alias(agentId=id, agentAliasId=alias)["agentAlias"]["agentAliasArn"]


def collaborate(agents, id, arn, name="child", **more):
    content = {"collaboratorName": name, "collaborationInstruction": "Ask it about the weather.", **more}
    return agents.associate_agent_collaborator(**draft(id), agentDescriptor={"aliasArn": arn}, **content)[
        "agentCollaborator"
    ]


def status(agents, id):
    return agents.get_agent(agentId=id)["agent"]["agentStatus"]


def unprepared_by(agents, id, call):
    """The call must leave a prepared agent unprepared."""
    agents.prepare_agent(agentId=id)
    assert status(agents, id) == "PREPARED"
    before = agents.get_agent(agentId=id)["agent"]["updatedAt"]
    reply = call()
    assert status(agents, id) == "NOT_PREPARED"
    assert agents.get_agent(agentId=id)["agent"]["updatedAt"] == before
    return reply


def test_an_action_group_is_read_under_other_names(agents):
    id = new_agent(agents)
    made = group(agents, id, clientToken=TOKEN, description="d", **FUNCTIONS)
    assert made["actionGroupState"] == "ENABLED" and made["agentVersion"] == "DRAFT"
    assert made["clientToken"] == TOKEN and made["actionGroupExecutor"] == {"lambda": LAMBDA}
    read = agents.get_agent_action_group(**draft(id), actionGroupId=made["actionGroupId"])["agentActionGroup"]
    assert read == made
    asks = group(agents, id, "ask", parentActionGroupSignature="AMAZON.UserInput")
    assert asks["parentActionSignature"] == "AMAZON.UserInput" and "parentActionGroupSignature" not in asks
    api = group(agents, id, "api", **OPENAPI)
    assert {name: api[name] for name in OPENAPI} == OPENAPI
    (row, *_) = agents.list_agent_action_groups(**draft(id))["actionGroupSummaries"]
    assert set(row) == {"actionGroupId", "actionGroupName", "actionGroupState", "updatedAt"}


def test_the_server_fills_functions_in(agents, box):
    id = new_agent(agents)
    (filled,) = group(agents, id)["functionSchema"]["functions"]
    parameters = {"City": {"type": "string", "required": False}}
    assert filled == {"name": "forecast", "parameters": parameters, "requireConfirmation": "DISABLED"}
    box.admin.set_switches(agentFunctionDefaults="none")
    try:
        assert group(agents, id, "h")["functionSchema"]["functions"] == [FUNCTION]
    finally:
        box.admin.set_switches(agentFunctionDefaults="all")


def test_an_update_of_an_action_group_replaces(agents):
    id = new_agent(agents)
    made = group(agents, id, description="d", actionGroupState="DISABLED", **FUNCTIONS)
    which = {**draft(id), "actionGroupId": made["actionGroupId"]}
    agents.update_agent_action_group(**which, actionGroupName="renamed", **OPENAPI)
    read = agents.get_agent_action_group(**which)["agentActionGroup"]
    assert read["actionGroupName"] == "renamed" and read["actionGroupState"] == "ENABLED"
    assert not set(read) & {"description", "functionSchema"}
    assert read["createdAt"] == made["createdAt"] and read["updatedAt"] > made["updatedAt"]


@pytest.mark.parametrize(
    ("content", "saying"),
    [
        ({"parentActionGroupSignature": "AMAZON.UserInput", **OPENAPI}, "leave apiSchema, actionGroupExecutor blank"),
        ({"parentActionGroupSignature": "AMAZON.UserInput", "description": "d"}, "leave description blank"),
        ({**OPENAPI, **FUNCTIONS}, "either apiSchema or functionSchema"),
        ({"description": "d"}, "either apiSchema or functionSchema"),
        ({"functionSchema": {"functions": [FUNCTION, FUNCTION]}}, "different names"),
        ({"parentActionGroupSignatureParams": {"k": "v"}, **OPENAPI}, "computer use"),
    ],
)
def test_rules_of_action_groups_that_are_not_in_the_model(agents, content, saying):
    with refused("ValidationException", 400, saying):
        group(agents, new_agent(agents), **content)


def test_action_group_names_and_counts(agents, box):
    id = new_agent(agents)
    first = group(agents, id)
    assert group(agents, new_agent(agents, "other"))["actionGroupName"] == "g"
    with refused("ConflictException", 409, "named g"):
        group(agents, id)
    other = group(agents, id, "h")
    with refused("ConflictException", 409, "named g"):
        which = {**draft(id), "actionGroupId": other["actionGroupId"]}
        agents.update_agent_action_group(**which, actionGroupName="g", **FUNCTIONS)
    quotas = box.admin.settings()["quotas"]
    assert (quotas["agentActionGroups"], quotas["agentActionGroupsEnabled"]) == (20, 15)
    box.admin.set_quotas(agentActionGroups=3, agentActionGroupsEnabled=2)
    try:
        with refused("ServiceQuotaExceededException", 402, "enabled"):
            group(agents, id, "i")
        agents.update_agent_action_group(
            **draft(id), actionGroupId=first["actionGroupId"], actionGroupName="g", **FUNCTIONS
        )
        group(agents, id, "i", actionGroupState="DISABLED", **FUNCTIONS)
        with refused("ServiceQuotaExceededException", 402, "maximum number of action groups"):
            group(agents, id, "j", actionGroupState="DISABLED", **FUNCTIONS)
    finally:
        box.admin.set_quotas(agentActionGroups=20, agentActionGroupsEnabled=15)


def test_an_enabled_action_group_is_deleted_only_by_force(agents):
    id = new_agent(agents)
    one, two = (group(agents, id, name)["actionGroupId"] for name in "gh")
    with refused("ConflictException", 409, "ENABLED"):
        agents.delete_agent_action_group(**draft(id), actionGroupId=one)
    agents.delete_agent_action_group(**draft(id), actionGroupId=one, skipResourceInUseCheck=True)
    which = {**draft(id), "actionGroupId": two}
    agents.update_agent_action_group(**which, actionGroupName="h", actionGroupState="DISABLED", **FUNCTIONS)
    agents.delete_agent_action_group(**which)
    assert agents.list_agent_action_groups(**draft(id))["actionGroupSummaries"] == []
    with refused("ResourceNotFoundException", 404):
        agents.get_agent_action_group(**which)


def test_every_change_of_a_part_leaves_the_agent_unprepared(agents):
    id, base = new_agent(agents, agentCollaboration="SUPERVISOR"), new_base(agents)
    first = collaborate(agents, id, alias_arn(agents, "child"))
    made = unprepared_by(agents, id, lambda: group(agents, id))
    which = {**draft(id), "actionGroupId": made["actionGroupId"]}
    change = {"actionGroupName": "g", "actionGroupState": "DISABLED", **FUNCTIONS}
    unprepared_by(agents, id, lambda: agents.update_agent_action_group(**which, **change))
    unprepared_by(agents, id, lambda: agents.delete_agent_action_group(**which))
    unprepared_by(agents, id, lambda: associate(agents, id, base))
    which = {**draft(id), "knowledgeBaseId": base}
    unprepared_by(agents, id, lambda: agents.update_agent_knowledge_base(**which, description="e"))
    unprepared_by(agents, id, lambda: agents.disassociate_agent_knowledge_base(**which))
    arn = alias_arn(agents, "second")
    second = unprepared_by(agents, id, lambda: collaborate(agents, id, arn, "second"))
    which = {**draft(id), "collaboratorId": second["collaboratorId"], "agentDescriptor": {"aliasArn": arn}}
    words = {"collaboratorName": "second", "collaborationInstruction": "Ask it about the tides."}
    unprepared_by(agents, id, lambda: agents.update_agent_collaborator(**which, **words))
    del which["agentDescriptor"]
    unprepared_by(agents, id, lambda: agents.disassociate_agent_collaborator(**which))
    assert [row["collaboratorId"] for row in collaborators(agents, id)] == [first["collaboratorId"]]


def collaborators(agents, id, version="DRAFT"):
    return agents.list_agent_collaborators(agentId=id, agentVersion=version)["agentCollaboratorSummaries"]


def test_aws_42845_parts_wait_until_the_agent_is_prepared(slow, paced):
    agents = slow("bedrock-agent")
    id = new_agent(agents)
    paced.admin.advance(5)
    made = group(agents, id)
    agents.prepare_agent(agentId=id)
    with refused("ValidationException", 400, "Create operation can't be performed on Agent when it is in Preparing"):
        group(agents, id, "h")
    which = {**draft(id), "actionGroupId": made["actionGroupId"]}
    with refused("ValidationException", 400, "Update operation"):
        agents.update_agent_action_group(**which, actionGroupName="h", **FUNCTIONS)
    with refused("ValidationException", 400, "Delete operation"):
        agents.delete_agent_action_group(**which, skipResourceInUseCheck=True)
    with refused("ValidationException", 400, "Prepare operation can't be performed on Agent when it is in Preparing"):
        agents.prepare_agent(agentId=id)
    paced.admin.advance(9)
    group(agents, id, "h")
    assert status(agents, id) == "NOT_PREPARED"


def test_a_version_keeps_the_parts_it_was_prepared_with(agents):
    id, base = new_agent(agents, agentCollaboration="SUPERVISOR"), new_base(agents)
    made = group(agents, id)
    associate(agents, id, base)
    helper = collaborate(agents, id, alias_arn(agents, "child"))
    alias = new_alias(agents, id)
    agents.delete_agent_action_group(**draft(id), actionGroupId=made["actionGroupId"], skipResourceInUseCheck=True)
    agents.update_agent_knowledge_base(**draft(id), knowledgeBaseId=base, knowledgeBaseState="DISABLED")
    agents.disassociate_agent_collaborator(**draft(id), collaboratorId=helper["collaboratorId"])
    one = {"agentId": id, "agentVersion": "1"}
    read = agents.get_agent_action_group(**one, actionGroupId=made["actionGroupId"])["agentActionGroup"]
    assert read == {**made, "agentVersion": "1"}
    kept = agents.get_agent_knowledge_base(**one, knowledgeBaseId=base)["agentKnowledgeBase"]
    assert (kept["agentVersion"], kept["knowledgeBaseState"]) == ("1", "ENABLED")
    assert agents.get_agent_collaborator(**one, collaboratorId=helper["collaboratorId"])["agentCollaborator"] == {
        **helper,
        "agentVersion": "1",
    }
    assert len(agents.list_agent_action_groups(**one)["actionGroupSummaries"]) == 1
    assert len(agents.list_agent_knowledge_bases(**one)["agentKnowledgeBaseSummaries"]) == 1
    assert [row["agentVersion"] for row in collaborators(agents, id, "1")] == ["1"]
    with refused("ResourceNotFoundException", 404):
        agents.list_agent_action_groups(agentId=id, agentVersion="2")
    with refused("ValidationException", 400, "agentVersion"):
        agents.delete_agent_action_group(agentId=id, agentVersion="00001", actionGroupId=made["actionGroupId"])
    agents.update_agent(agentId=id, **supervised("DISABLED"))
    agents.prepare_agent(agentId=id)
    agents.update_agent_alias(agentId=id, agentAliasId=alias, agentAliasName="live")
    two = {"agentId": id, "agentVersion": "2"}
    assert agents.list_agent_action_groups(**two)["actionGroupSummaries"] == []
    kept = agents.get_agent_knowledge_base(**two, knowledgeBaseId=base)["agentKnowledgeBase"]
    assert kept["knowledgeBaseState"] == "DISABLED"


def supervised(role):
    return {"agentName": "a", "agentCollaboration": role, "instruction": INSTRUCTION, **AGENT}


def test_knowledge_bases(agents):
    id, base = new_agent(agents), new_base(agents)
    made = associate(agents, id, base)
    which = {**draft(id), "knowledgeBaseId": base}
    assert made["knowledgeBaseState"] == "ENABLED"
    assert agents.get_agent_knowledge_base(**which)["agentKnowledgeBase"] == made
    with refused("ConflictException", 409, "already associated"):
        associate(agents, id, base)
    associate(agents, id, new_base(agents, "second"), knowledgeBaseState="DISABLED")
    with refused("ServiceQuotaExceededException", 402):
        associate(agents, id, new_base(agents, "third"))
    agents.update_agent_knowledge_base(**which, knowledgeBaseState="DISABLED")
    read = agents.get_agent_knowledge_base(**which)["agentKnowledgeBase"]
    assert (read["description"], read["knowledgeBaseState"]) == ("d", "DISABLED")
    row = agents.list_agent_knowledge_bases(**draft(id))["agentKnowledgeBaseSummaries"][0]
    assert set(row) == {"knowledgeBaseId", "description", "knowledgeBaseState", "updatedAt"}
    agents.disassociate_agent_knowledge_base(**which)
    with refused("ResourceNotFoundException", 404):
        agents.disassociate_agent_knowledge_base(**which)


def test_a_knowledge_base_must_exist_unless_references_are_not_checked(agents, box):
    id, base = new_agent(agents), new_base(agents)
    agents.delete_knowledge_base(knowledgeBaseId=base)
    with refused("ResourceNotFoundException", 404, base):
        associate(agents, id, base)
    box.admin.set_switches(agentChecksReferences=False)
    try:
        assert associate(agents, id, base)["knowledgeBaseId"] == base
    finally:
        box.admin.set_switches(agentChecksReferences=True)


def test_collaborators(agents, box):
    arn = alias_arn(agents, "child")
    id = new_agent(agents, agentCollaboration="SUPERVISOR_ROUTER")
    made = collaborate(agents, id, arn, clientToken=TOKEN)
    assert collaborate(agents, id, arn, clientToken=TOKEN) == made
    assert made["relayConversationHistory"] == "DISABLED" and made["agentId"] == id
    assert made["agentDescriptor"] == {"aliasArn": arn} and made["clientToken"] == TOKEN
    (row,) = collaborators(agents, id)
    assert row == {name: value for name, value in made.items() if name != "clientToken"}
    with refused("ConflictException", 409, "named child"):
        collaborate(agents, id, arn)
    second = alias_arn(agents, "second")
    which = {**draft(id), "collaboratorId": made["collaboratorId"]}
    words = {"collaboratorName": "other", "collaborationInstruction": "Ask it about the tides."}
    agents.update_agent_collaborator(
        **which, agentDescriptor={"aliasArn": second}, relayConversationHistory="TO_COLLABORATOR", **words
    )
    read = agents.get_agent_collaborator(**which)["agentCollaborator"]
    assert {**read, **words} == read and read["relayConversationHistory"] == "TO_COLLABORATOR"
    assert read["agentDescriptor"] == {"aliasArn": second} and read["lastUpdatedAt"] > made["lastUpdatedAt"]
    box.admin.set_quotas(agentCollaborators=1)
    try:
        with refused("ServiceQuotaExceededException", 402):
            collaborate(agents, id, arn, "third")
    finally:
        box.admin.set_quotas(agentCollaborators=1000)


def test_a_collaborator_is_an_existing_alias_of_another_agent(agents, box):
    arn = alias_arn(agents, "child")
    prefix, alias = arn.rsplit("/", 1)
    id = new_agent(agents, agentCollaboration="SUPERVISOR")
    own = f"{prefix.rsplit('/', 1)[0]}/{id}/{alias}"
    with refused("ResourceNotFoundException", 404, "NOTHERE123"):
        collaborate(agents, id, f"{prefix}/NOTHERE123")
    with refused("ResourceNotFoundException", 404):
        collaborate(agents, id, arn.replace("eu-central-1", "eu-west-1"))
    with refused("ValidationException", 400, "test alias"):
        collaborate(agents, id, f"{prefix}/TSTALIASID")
    with refused("ValidationException", 400, "itself"):
        collaborate(agents, id, own)
    with refused("ValidationException", 400, "DISABLED"):
        collaborate(agents, new_agent(agents, "plain"), arn)
    box.admin.set_switches(agentChecksReferences=False)
    try:
        collaborate(agents, id, f"{prefix}/NOTHERE123")
    finally:
        box.admin.set_switches(agentChecksReferences=True)


def test_a_collaborators_alias_is_let_go_by_preparing_the_supervisor(agents):
    arn = alias_arn(agents, "child")
    child, alias = arn.split("/")[1:]
    id = new_agent(agents, agentCollaboration="SUPERVISOR")
    made = collaborate(agents, id, arn)
    agents.prepare_agent(agentId=id)
    delete = {"agentId": child, "agentAliasId": alias}
    with refused("ValidationException", 400, f"collaborator of agent {id}"):
        agents.delete_agent_alias(**delete)
    agents.disassociate_agent_collaborator(**draft(id), collaboratorId=made["collaboratorId"])
    with refused("ValidationException", 400, "prepare it first"):
        agents.delete_agent_alias(**delete)
    agents.update_agent(agentId=id, **supervised("DISABLED"))
    agents.prepare_agent(agentId=id)
    agents.delete_agent_alias(**delete)
    agents.delete_agent(agentId=child)


def test_parts_come_in_pages(agents):
    id = new_agent(agents)
    for name in "abcde":
        group(agents, id, name)
    ask = (agents.list_agent_action_groups, "actionGroupSummaries", "nextToken", "maxResults", 2)
    assert [row["actionGroupName"] for row in all_pages(*ask, **draft(id))] == list("edcba")


def test_a_token_answers_again_where_the_model_has_one(agents):
    id = new_agent(agents)
    call = {**draft(id), "actionGroupName": "g", "clientToken": TOKEN, **FUNCTIONS}
    made = [body(agents.create_agent_action_group(**call)) for _ in range(2)]
    assert made[0] == made[1]
    assert len(agents.list_agent_action_groups(**draft(id))["actionGroupSummaries"]) == 1
