"""A flow with all that it names, on the sandbox: brought about, changed, changed behind git's back."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from sandbox.flow_samples import END, START, data, definition, node

from kinds.conftest import NewAccount
from kinds.estate import USE_CASE, Estate, change_live, estate_of
from releaser.core.address import Address, Ref
from releaser.core.diff import Origin
from releaser.core.flow_words import flow_remarks
from releaser.core.kind import Remark, Verb
from releaser.core.normal import comparable
from releaser.core.plan import Wave
from releaser.core.values import FrozenMap, thaw
from releaser.kinds import registry

ROLE = "arn:aws:iam::111111111111:role/flow"
PROMPT, GUARD = (Address(USE_CASE, kind, "main") for kind in ("prompt", "guardrail"))


def _spec(text: str, **more: Any) -> dict[str, Any]:
    ask = node(
        "Ask",
        "Prompt",
        ["question"],
        ["modelCompletion"],
        sourceConfiguration={"resource": {"promptArn": Ref(PROMPT, "versionArn")}},
        guardrailConfiguration={
            "guardrailIdentifier": Ref(GUARD, "id"),
            "guardrailVersion": Ref(GUARD, "version"),
        },
    )
    template = {"text": {"text": text, "inputVariables": [{"name": "question"}]}}
    variant = {"name": "only", "templateType": "TEXT", "modelId": "amazon.nova-lite-v1:0"}
    words = {"wordsConfig": [{"text": "secret"}]}
    lines = (data("Start.document", "Ask.question"), data("Ask.modelCompletion", "End.document"))
    flow = {"executionRoleArn": ROLE, "definition": definition(START, ask, END, *lines), **more}
    return {
        "guardrails": {
            "main": {"blockedInputMessaging": "no", "blockedOutputsMessaging": "no", "wordPolicyConfig": words}
        },
        "prompts": {"main": {"defaultVariant": "only", "variants": [{**variant, "templateConfiguration": template}]}},
        "flows": {"main": flow},
    }


def _again(estate: Estate, spec: dict[str, Any]) -> Estate:
    """The same use case after a merge."""
    return Estate(estate.account, estate_of(estate.account, spec).graph, estate.known, estate.releases)


@pytest.fixture
def estate(new_account: NewAccount) -> Iterator[Estate]:
    made = estate_of(new_account("observed"), _spec("Answer {{question}}"))
    made.release()
    yield made


def _steps(estate: Estate) -> list[tuple[Verb, str]]:
    return [(s.verb, s.address.kind) for s in estate.plan().steps]


def test_a_released_flow_plans_empty_and_is_reached_by_its_alias(estate: Estate) -> None:
    assert estate.plan().is_empty
    ids = {n.kind: estate.id_of(n.address) for n in estate.graph.nodes}
    flow, alias = ids["flow-alias"].split("/")
    assert flow == ids["flow"]
    runtime = estate.node("runtime-configuration")
    seen = estate.account.driver.read(registry()["runtime-configuration"], runtime.name)
    assert seen is not None
    told = thaw(seen.body)["document"]["flows"]
    assert told == {"main": {"flowIdentifier": flow, "flowAliasIdentifier": alias}}


def test_another_prompt_is_a_version_of_it_of_the_flow_the_alias_and_the_runtime_configuration(estate: Estate) -> None:
    changed = _again(estate, _spec("Answer briefly: {{question}}"))

    assert _steps(changed) == [
        (Verb.UPDATE, "prompt"),
        (Verb.PUBLISH, "prompt"),
        (Verb.UPDATE, "flow"),
        (Verb.PREPARE, "flow"),
        (Verb.PUBLISH, "flow"),
        (Verb.REPOINT, "flow-alias"),
        (Verb.REPOINT, "runtime-configuration"),
    ]
    changed.release()
    assert changed.plan().is_empty

    back = _again(changed, _spec("Answer {{question}}"))
    assert not {Verb.CREATE, Verb.PUBLISH} & {verb for verb, _ in _steps(back)}, "the old versions still hold it"
    assert {s.wave for s in back.plan().steps} == {Wave.PROMOTE}
    back.release()
    assert back.plan().is_empty


def test_the_concurrency_of_an_alias_moves_the_alias_alone(estate: Estate) -> None:
    alias = {"concurrencyConfiguration": {"type": "Manual", "maxConcurrency": 2}}
    changed = _again(estate, _spec("Answer {{question}}", alias=alias))

    assert _steps(changed) == [(Verb.REPOINT, "flow-alias")]
    changed.release()
    assert changed.plan().is_empty


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"routingConfiguration": [{"flowVersion": "2"}]}, "routingConfiguration[0].flowVersion"),
        ({"concurrencyConfiguration": {"type": "Automatic"}}, "concurrencyConfiguration"),
    ],
    ids=["version", "concurrency"],
)
def test_an_alias_changed_live_is_named_and_moved_back(estate: Estate, body: dict[str, Any], path: str) -> None:
    kind, node_ = registry()["flow-alias"], estate.node("flow-alias")
    flow, alias = estate.id_of(node_.address).split("/")
    if "routingConfiguration" in body:
        estate.account.driver.publish(registry()["flow"], flow, "by hand", "h" * 64)
    live = {"flowIdentifier": flow, "routingConfiguration": [{"flowVersion": "1"}], **body}
    change_live(estate.account, kind, alias, node_.name, live)
    plan = estate.plan()

    assert [(f.path, f.origin) for c in plan.changes for f in c.fields] == [(path, Origin.DRIFT)]
    assert [(s.verb, s.address.kind) for s in plan.steps] == [(Verb.REPOINT, "flow-alias")]


def test_a_guardrail_taken_off_a_node_live_is_named_and_put_back(estate: Estate) -> None:
    kind, node_ = registry()["flow"], estate.node("flow")
    seen = estate.account.driver.read(kind, estate.id_of(node_.address))
    assert seen is not None
    live = thaw(seen.body)
    (ask,) = (n for n in live["definition"]["nodes"] if n["name"] == "Ask")
    del ask["configuration"]["prompt"]["guardrailConfiguration"]
    change_live(estate.account, kind, seen.id, node_.name, live)
    plan = estate.plan()

    fields = [f.path for c in plan.changes for f in c.fields]
    assert fields == ["definition.nodes[Ask].configuration.prompt.guardrailConfiguration"]
    assert [s.verb for s in plan.steps] == [Verb.UPDATE, Verb.PREPARE]


def _remarks(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, str]]:
    bodies = [comparable(registry()["flow"], FrozenMap(b)) for b in (before, after)]
    found: list[Remark] = list(flow_remarks(bodies[0], bodies[1]))
    assert all("secret" not in r.text and "{{" not in r.text for r in found)
    return [(r.text, r.effect) for r in found]


def test_what_changed_in_words() -> None:
    flow = _spec("")["flows"]["main"]
    bare = copy.deepcopy(flow)
    del bare["definition"]["nodes"][1]["configuration"]["prompt"]["guardrailConfiguration"]
    other = copy.deepcopy(flow)
    other["definition"]["nodes"][1]["configuration"]["prompt"]["sourceConfiguration"] = {
        "resource": {"promptArn": "arn:aws:bedrock:eu-central-1:111111111111:prompt/ABCDEFGHIJ:3"}
    }

    assert _remarks(flow, bare) == [("node Ask: is no longer used with guardrail main", "weaker")]
    assert _remarks(bare, flow) == [("node Ask: is now used with guardrail main", "stronger")]
    assert _remarks(flow, other) == [("node Ask: uses prompt prompt/ABCDEFGHIJ:3 instead of main", "changed")]
    assert _remarks(flow, flow) == []
