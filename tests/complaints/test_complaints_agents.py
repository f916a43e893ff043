"""Agents with everything they may hold: one life, and one that is cut off half way."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from world.desk import DAY
from world.manifest import use_case

from complaints.conftest import LifeMaker
from complaints.life import Chapter, Life

NOVA, MICRO = "eu.amazon.nova-pro-v1:0", "eu.amazon.nova-lite-v1:0"
SECOND = "Look claims up for adjusters, say what is missing, and never promise anything."
OVERRIDE = {
    "promptConfigurations": [
        {
            "promptType": "ORCHESTRATION",
            "promptCreationMode": "OVERRIDDEN",
            "promptState": "ENABLED",
            "basePromptTemplate": "$instruction$ $question$",
            "inferenceConfiguration": {"temperature": 0.2, "topP": 0.9, "maximumLength": 2048, "stopSequences": ["x"]},
            "parserMode": "DEFAULT",
        }
    ]
}


def group(name: str) -> dict[str, Any]:
    return {
        "actionGroupName": name,
        "actionGroupExecutor": {"lambda": "arn:aws:lambda:eu-central-1:111111111111:function:claims:7"},
        "functionSchema": {"functions": [{"name": f"get_{name}", "description": "Gets one."}]},
    }


def agent(instruction: str, **more: Any) -> dict[str, Any]:
    role = "arn:aws:iam::111111111111:role/agent"
    return {"instruction": instruction, "foundationModel": NOVA, "agentResourceRoleArn": role, **more}


def collaborator(name: str, alias: str) -> dict[str, Any]:
    said = f"Ask {name} about everything that belongs to {name}."
    return {"collaboratorName": name, "agentDescriptor": {"aliasArn": alias}, "collaborationInstruction": said}


def office(base: str = "") -> dict[str, Any]:
    """A clerk with all that an agent may have, an aide with the same function, and a lead over both."""
    found = use_case("desk", profile=False)
    held = [{"knowledgeBaseId": base, "description": "What the policies say."}] if base else []
    found["spec"]["agents"] = {
        "clerk": agent(
            "Look up claims for adjusters; never promise a payment, and say what is missing.",
            customerEncryptionKeyArn="arn:aws:kms:eu-central-1:111111111111:key/12345678-1234-1234-1234-123456789012",
            guardrailConfiguration={
                "guardrailIdentifier": "${guardrail/main.id}",
                "guardrailVersion": "${guardrail/main.version}",
            },
            actionGroups=[group("claims"), group("dates")],
            promptOverrideConfiguration=OVERRIDE,
            memoryConfiguration={"enabledMemoryTypes": ["SESSION_SUMMARY"], "storageDays": 14},
            **({"knowledgeBases": held} if held else {}),
        ),
        "aide": agent("Look up dates for adjusters, and never promise any of them.", actionGroups=[group("claims")]),
        "lead": agent(
            "Send each question to the colleague who knows, and join what they say.",
            agentCollaboration="SUPERVISOR",
            collaborators=[
                collaborator("clerk", "${agent-alias/clerk.arn}"),
                collaborator("helper", "${agent-alias/aide.arn}"),
            ],
        ),
    }
    return found


def changed(document: dict[str, Any], change: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """A copy whose agents were changed."""
    found = copy.deepcopy(document)
    change(found["spec"]["agents"])
    return found


@pytest.fixture(scope="module")
def life(new_life: LifeMaker) -> Life:
    """Made, asked again, and changed in one thing after the other; then two of the three go."""
    found = new_life()
    first = office(knowledge_base(found))
    found.release("first", first)
    found.keep("first", lambda: state(found))
    found.look("after the first")
    found.keep("without records", found.plan_without_records)
    second = changed(first, lambda a: a["clerk"].update(instruction=SECOND))
    found.release("instruction", second)
    found.keep("instruction", lambda: state(found))
    third = changed(second, lambda a: a["clerk"]["actionGroups"].append(group("people")))
    found.release("tools", third)
    found.keep("tools", lambda: state(found))
    fourth = changed(third, lambda a: a["clerk"].update(foundationModel=MICRO))
    found.release("model", fourth)
    found.keep("model", lambda: state(found))
    found.keep("by hand", lambda: alias_by_hand(found))
    other = found.kept["by hand"]
    fifth = changed(fourth, lambda a: a["lead"]["collaborators"][1]["agentDescriptor"].update(aliasArn=str(other)))
    found.release("other alias", fifth)
    found.keep("other alias", lambda: state(found))
    found.look("after all")
    return found


@pytest.fixture(scope="module")
def goodbye(life: Life) -> Life:
    """Lead and aide go, while somebody's own alias of the aide still stands."""
    rest = use_case("desk", profile=False)
    rest["spec"]["agents"] = {"clerk": office()["spec"]["agents"]["clerk"]}
    why = {"change": "delete", "reason": "Nobody asks them any more."}
    rest["spec"]["allow"] = [{"at": f"agents.{name}.alias", **why} for name in ("aide", "lead")]
    life.release("marked", rest)
    life.desk.later += 2 * DAY
    life.run("held", "reconcile", "-e", "dev")
    life.keep("held", lambda: sorted(agents(life)))
    life.keep("freed", lambda: free(life))
    life.run("gone", "reconcile", "-e", "dev")
    life.keep("gone", lambda: sorted(agents(life)))
    return life


def free(life: Life) -> None:
    """The owner of the alias deletes it."""
    _, id_, alias = life.kept["by hand"].split("/")
    life.desk.client("bedrock-agent").delete_agent_alias(agentId=id_, agentAliasId=alias)


def knowledge_base(life: Life) -> str:
    """Another team's."""
    found = life.desk.client("bedrock-agent").create_knowledge_base(
        name="theirs",
        roleArn="arn:aws:iam::111111111111:role/base",
        knowledgeBaseConfiguration={
            "type": "VECTOR",
            "vectorKnowledgeBaseConfiguration": {
                "embeddingModelArn": "arn:aws:bedrock:eu-central-1::foundation-model/amazon.titan-embed-text-v2:0"
            },
        },
        storageConfiguration={
            "type": "OPENSEARCH_SERVERLESS",
            "opensearchServerlessConfiguration": {
                "collectionArn": "arn:aws:aoss:eu-central-1:111111111111:collection/vectors",
                "vectorIndexName": "theirs",
                "fieldMapping": {"vectorField": "v", "textField": "t", "metadataField": "m"},
            },
        },
    )
    return str(found["knowledgeBase"]["knowledgeBaseId"])


def alias_by_hand(life: Life) -> str:
    """Somebody makes an alias of the aide, outside of all this."""
    client, id_ = life.desk.client("bedrock-agent"), agents(life)["desk_aide"]
    routing = [{"agentVersion": "1"}]
    made = client.create_agent_alias(agentId=id_, agentAliasName="by-hand", routingConfiguration=routing)["agentAlias"]
    return str(made["agentAliasArn"])


def agents(life: Life) -> dict[str, str]:
    """Name -> id."""
    rows = life.desk.client("bedrock-agent").list_agents()["agentSummaries"]
    return {r["agentName"]: r["agentId"] for r in rows}


def state(life: Life) -> dict[str, Any]:
    """Agent -> id, aliases, draft, and the version that its own alias leads to, with parts."""
    client, found = life.desk.client("bedrock-agent"), {}
    for name, id_ in agents(life).items():
        rows = client.list_agent_aliases(agentId=id_)["agentAliasSummaries"]
        aliases = {
            r["agentAliasName"]: client.get_agent_alias(agentId=id_, agentAliasId=r["agentAliasId"])["agentAlias"]
            for r in rows
        }
        number = aliases[name]["routingConfiguration"][0]["agentVersion"]
        at = {"agentId": id_, "agentVersion": number}
        found[name] = {
            "id": id_,
            "alias": aliases[name]["agentAliasId"],
            "routing": aliases[name]["routingConfiguration"],
            "description": aliases[name].get("description"),
            "aliases": sorted(aliases),
            "version": client.get_agent_version(**at)["agentVersion"],
            "versions": sorted(
                r["agentVersion"]
                for r in client.list_agent_versions(agentId=id_)["agentVersionSummaries"]
                if r["agentVersion"] != "DRAFT"
            ),
            "groups": sorted(
                r["actionGroupName"] for r in client.list_agent_action_groups(**at)["actionGroupSummaries"]
            ),
            "bases": [
                r["knowledgeBaseId"] for r in client.list_agent_knowledge_bases(**at)["agentKnowledgeBaseSummaries"]
            ],
            "collaborators": {
                r["collaboratorName"]: r["agentDescriptor"]["aliasArn"]
                for r in client.list_agent_collaborators(**at)["agentCollaboratorSummaries"]
            },
            "draft": client.get_agent(agentId=id_)["agent"],
        }
    return found


def clerk(life: Life, chapter: str) -> dict[str, Any]:
    found: dict[str, Any] = life.kept[chapter]["desk_clerk"]
    return found


def writes(chapter: Chapter, *operations: str) -> list[str]:
    names = [o.rpartition(".")[2] for o in chapter.effects]
    return [n for n in names if n in operations]


def said(life: Life, address: str) -> list[Any]:
    """The fields of one address that differ, to a look without records."""
    return [f for c in life.kept["without records"]["changes"] if c["address"] == address for f in c["fields"]]


# -- one after the other


def test_aws_42845_parts_are_written_one_by_one_and_prepared_once(life: Life) -> None:
    assert life["first"].ended.code == 0, life["first"].ended.said
    assert life["first"].refused == [], "nothing was sent to an agent that was busy"
    assert life["first"].count("CreateAgentActionGroup") == 3
    assert life["first"].count("PrepareAgent") == 3, "each of the three agents once"


def test_aws_43059_a_supervisor_comes_after_its_collaborators(life: Life) -> None:
    assert life["first"].ended.code == 0, life["first"].ended.said
    lead = life.kept["first"]["desk_lead"]
    assert set(lead["collaborators"]) == {"clerk", "helper"}
    assert lead["draft"]["agentStatus"] == "PREPARED"


def test_aws_42225_another_alias_of_a_collaborator_is_an_update(life: Life) -> None:
    chapter = life["other alias"]
    assert chapter.ended.code == 0, chapter.ended.said
    parts = [o for o in chapter.effects if "Collaborator" in o]
    assert parts == ["bedrock-agent.UpdateAgentCollaborator"]
    before, after = (life.kept[c]["desk_lead"] for c in ("model", "other alias"))
    assert (before["id"], before["alias"]) == (after["id"], after["alias"])
    assert after["collaborators"]["helper"] == life.kept["by hand"]


def test_aws_37321_the_alias_leads_to_the_version_of_the_change(life: Life) -> None:
    assert clerk(life, "first")["routing"] == [{"agentVersion": "1"}]
    assert clerk(life, "instruction")["routing"] == [{"agentVersion": "2"}]
    assert clerk(life, "instruction")["version"]["instruction"] == SECOND


def test_aws_42586_a_version_comes_of_a_change_and_of_nothing_else(life: Life) -> None:
    """No time in a description: what did not change gets no version, what did gets one."""
    assert clerk(life, "instruction")["versions"] == ["1", "2"]
    assert life.kept["instruction"]["desk_aide"]["versions"] == ["1"]
    assert clerk(life, "instruction")["description"] == clerk(life, "first")["description"]


def test_aws_43406_the_routing_is_always_said(life: Life) -> None:
    """Left out, AWS cuts one more version and answers with its number."""
    assert clerk(life, "model")["versions"] == ["1", "2", "3", "4"]
    assert clerk(life, "model")["routing"] == [{"agentVersion": "4"}]


def test_aws_44656_throughput_may_be_left_out(life: Life) -> None:
    assert life["first"].ended.code == 0, life["first"].ended.said
    assert clerk(life, "first")["routing"] == [{"agentVersion": "1"}]


def test_aws_38660_a_version_has_the_knowledge_base(life: Life) -> None:
    assert len(clerk(life, "first")["bases"]) == 1
    assert clerk(life, "model")["bases"] == clerk(life, "first")["bases"]


def test_module_105_another_model_is_a_new_version(life: Life) -> None:
    assert life["model"].ended.code == 0, life["model"].ended.said
    assert clerk(life, "tools")["version"]["foundationModel"].endswith(NOVA)
    assert clerk(life, "model")["version"]["foundationModel"].endswith(MICRO)


def test_module_140_nothing_drifts_after_an_apply(life: Life) -> None:
    for name in ("after the first", "after all"):
        assert life[name].ended.code == 0, life[name].ended.said


def test_constructs_969_the_alias_keeps_its_id(life: Life) -> None:
    chapters = ("first", "instruction", "tools", "model", "other alias")
    assert len({clerk(life, c)["alias"] for c in chapters}) == 1
    after = [o for c in chapters[1:] for o in life[c].effects]
    assert not [o for o in after if "CreateAgentAlias" in o or "DeleteAgentAlias" in o]


def test_constructs_767_a_new_action_group_is_a_new_version(life: Life) -> None:
    assert clerk(life, "tools")["groups"] == ["claims", "dates", "people"]
    assert clerk(life, "tools")["routing"] == [{"agentVersion": "3"}]


def test_constructs_1044_versions_are_cut_by_an_alias_that_nobody_calls(life: Life) -> None:
    """Only an alias without a target cuts one; the one that applications invoke is never that."""
    own = [a for a in clerk(life, "first")["aliases"] if a != "AgentTestAlias"]
    assert own == ["desk_clerk", "releaser-candidate"]
    assert writes(life["instruction"], "UpdateAgentAlias") == ["UpdateAgentAlias"] * 2
    assert clerk(life, "instruction")["versions"] == ["1", "2"]


def test_constructs_747_two_agents_share_a_function(life: Life) -> None:
    assert life.kept["first"]["desk_aide"]["groups"] == ["claims"]
    assert clerk(life, "first")["groups"] == ["claims", "dates"]


def test_aws_48681_an_update_keeps_the_guardrail(life: Life) -> None:
    assert life["instruction"].ended.code == 0, life["instruction"].ended.said
    guarded = [clerk(life, c)["version"].get("guardrailConfiguration") for c in ("first", "instruction", "model")]
    assert guarded[0] and guarded == [guarded[0]] * 3


def test_aws_39548_an_update_keeps_the_key_and_the_overrides(life: Life) -> None:
    drafts = [clerk(life, c)["draft"] for c in ("first", "instruction")]
    assert [d["customerEncryptionKeyArn"].rpartition("/")[2][:8] for d in drafts] == ["12345678"] * 2
    assert drafts[0]["promptOverrideConfiguration"] == drafts[1]["promptOverrideConfiguration"]


def test_aws_43849_another_instruction_alone_reads_back_as_written(life: Life) -> None:
    assert life["instruction"].ended.code == 0, life["instruction"].ended.said
    assert clerk(life, "instruction")["draft"]["instruction"] == SECOND
    assert writes(life["instruction"], "UpdateAgent", "UpdateAgentActionGroup") == ["UpdateAgent"]


def test_aws_37168_prompts_that_aws_fills_in_are_no_content(life: Life) -> None:
    shown = life.kept["first"]["desk_aide"]["draft"]["promptOverrideConfiguration"]["promptConfigurations"]
    assert {p["promptCreationMode"] for p in shown} == {"DEFAULT"}, "AWS filled them in"
    assert said(life, "desk/agent/aide") == []


def test_aws_42867_one_override_stands_beside_aws_own_prompts(life: Life) -> None:
    shown = clerk(life, "first")["draft"]["promptOverrideConfiguration"]["promptConfigurations"]
    modes = {p["promptType"]: p["promptCreationMode"] for p in shown}
    assert modes["ORCHESTRATION"] == "OVERRIDDEN" and modes["POST_PROCESSING"] == "DEFAULT"
    assert said(life, "desk/agent/clerk") == []


def test_aws_37161_an_alias_of_somebody_else_holds_one_agent_and_nothing_more(goodbye: Life) -> None:
    """The refusal names it; when the alias is gone the next run ends what was begun. Our own alias is no obstacle."""
    held = goodbye["held"].ended
    assert "failed delete desk/agent/aide" in held.said and "desk/agent/lead" not in held.said, held.said
    assert goodbye.kept["held"] == ["desk_aide", "desk_clerk"]
    assert goodbye["gone"].ended.code == 0, goodbye["gone"].ended.said
    assert goodbye.kept["gone"] == ["desk_clerk"]


# -- cut off half way


@pytest.fixture(scope="module")
def cut_off(new_life: LifeMaker) -> Life:
    """The second collaborator is refused as by an agent that is busy; then the same again."""
    found = new_life()
    rule = {"code": "ValidationException", "status": 400, "message": "Agent is in Preparing state.", "skip": 1}
    found.desk.admin.add_fault(
        "error", service="bedrock-agent", operation="AssociateAgentCollaborator", account=found.desk.account, **rule
    )
    found.release("refused", office())
    found.keep("refused", lambda: agents(found))
    found.run("again", "reconcile", "-e", "dev")
    found.keep("again", lambda: state(found))
    return found


def test_aws_42256_collaborators_made_before_a_failure_are_known(cut_off: Life) -> None:
    assert cut_off["refused"].ended.code != 0
    assert cut_off["again"].ended.code == 0, cut_off["again"].ended.said
    assert cut_off["again"].count("AssociateAgentCollaborator") == 1, "the first of two was there"
    assert set(cut_off.kept["again"]["desk_lead"]["collaborators"]) == {"clerk", "helper"}


def test_constructs_1114_what_a_failed_run_made_is_gone_on_with(cut_off: Life) -> None:
    assert cut_off["again"].ended.code == 0, cut_off["again"].ended.said
    assert {n: s["id"] for n, s in cut_off.kept["again"].items()} == cut_off.kept["refused"]


def test_aws_37903_an_override_without_content_is_told_offline(new_life: LifeMaker) -> None:
    life = new_life()
    document = office()
    bare = {"promptType": "ORCHESTRATION", "promptCreationMode": "OVERRIDDEN"}
    document["spec"]["agents"]["clerk"]["promptOverrideConfiguration"] = {"promptConfigurations": [bare]}
    life.desk.repo.declare(document)
    ran = life.run("validate", "validate", "--format", "json")
    found = [(d["code"], d["message"]) for d in json.loads(ran.ended.out)["diagnostics"]]
    assert [m for c, m in found if c == "E568" and "basePromptTemplate" in m], found
    assert ran.rows == ()
