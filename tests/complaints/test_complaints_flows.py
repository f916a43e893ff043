"""Flows: prepared, cut and pointed at; their prompts never lost."""

from __future__ import annotations

import json
from typing import Any

import botocore.session
import pytest
from sandbox.flow_samples import END, ROLE, START, data, definition, node
from world.manifest import use_case

from complaints.conftest import LifeMaker
from complaints.life import Life
from releaser.core.flow_graph import TYPES

FIRST, SECOND = "Answer {{letter}} in two sentences.", "Answer {{letter}} in three sentences."


def document() -> dict[str, Any]:
    """One flow that asks one prompt of the same manifest."""
    source = {"resource": {"promptArn": "${prompt/answer.versionArn}"}}
    ask = node("Ask", "Prompt", ["letter"], ["modelCompletion"], sourceConfiguration=source)
    lines = (data("Start.document", "Ask.letter"), data("Ask.modelCompletion", "End.document"))
    flow = {"executionRoleArn": ROLE, "definition": definition(START, ask, END, *lines)}
    return use_case(profile=False, flows={"main": flow})


@pytest.fixture(scope="module")
def life(new_life: LifeMaker) -> Life:
    """A flow, and another text of its prompt."""
    found = new_life()
    found.release("first", document(), {"answer": FIRST})
    found.keep("first", lambda: state(found))
    found.release("second", document(), {"answer": SECOND})
    found.keep("second", lambda: state(found))
    found.look("after all")
    return found


def state(life: Life) -> dict[str, Any]:
    """The version that applications reach, and what its prompt node names."""
    agent = life.desk.client("bedrock-agent")
    value = life.desk.client("ssm").get_parameter(Name="/releaser/mail/runtime")["Parameter"]["Value"]
    ids = json.loads(value)["flows"]["main"]
    alias = agent.get_flow_alias(
        flowIdentifier=ids["flowIdentifier"], aliasIdentifier=ids["flowAliasIdentifier"].rpartition("/")[2]
    )
    number = alias["routingConfiguration"][0]["flowVersion"]
    version = agent.get_flow_version(flowIdentifier=ids["flowIdentifier"], flowVersion=number)
    (ask,) = (n for n in version["definition"]["nodes"] if n["type"] == "Prompt")
    return {
        "number": number,
        "prompt": ask["configuration"]["prompt"]["sourceConfiguration"]["resource"]["promptArn"],
        "status": agent.get_flow(flowIdentifier=ids["flowIdentifier"])["status"],
    }


def test_aws_43594_a_prompt_node_keeps_its_prompt(life: Life) -> None:
    """By the version that this release has cut, in the flow's version as in its draft."""
    assert [life.kept[c]["prompt"].rpartition(":")[2] for c in ("first", "second")] == ["1", "2"]
    assert life["after all"].ended.code == 0, life["after all"].ended.said


def test_aws_43653_a_flow_is_prepared_before_a_version_is_cut(life: Life) -> None:
    assert life["first"].ended.code == 0, life["first"].ended.said
    written = [o.rpartition(".")[2] for o in life["first"].effects if "Flow" in o]
    assert written == ["CreateFlow", "PrepareFlow", "CreateFlowVersion", "CreateFlowAlias"]
    assert life["first"].refused == []
    assert life.kept["second"] == {**life.kept["second"], "number": "2", "status": "Prepared"}


def test_coverage_2115_every_node_type_of_the_model_is_known() -> None:
    model = botocore.session.get_session().get_service_model("bedrock-agent")
    assert set(TYPES) == set(model.shape_for("FlowNodeType").enum)
