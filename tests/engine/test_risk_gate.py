"""What protects less or goes away needs an allowance for its address; what is retained stays in AWS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from world.crash import Point, Tripwire, crash
from world.desk import DAY, Desk
from world.knowledge import Library
from world.manifest import HAIKU, guardrail, use_case

STRICT: dict[str, Any] = {"risk": {"safety-weakening": "allowance", "destructive": "allowance"}}
NewDesk = Callable[..., Desk]


def allow(at: str, change: str, **more: Any) -> dict[str, Any]:
    return {"at": at, "change": change, "reason": "The owner of the risk agreed.", **more}


def weaker(**spec: Any) -> dict[str, Any]:
    return use_case(guardrails={"main": guardrail("LOW")}, **spec)


def guarded(name: str | None) -> dict[str, Any]:
    """A use case whose prompt names a guardrail, or none."""
    found = use_case()
    if name:
        found["spec"]["prompts"]["answer"]["guardrail"] = name
    return found


def released(new_desk: NewDesk, first: dict[str, Any], **environment: Any) -> Desk:
    desk = new_desk(**environment)
    desk.repo.declare(first)
    desk.repo.commit("first")
    desk.reconcile()
    return desk


def changed(desk: Desk, manifest: dict[str, Any]) -> None:
    desk.repo.declare(manifest)
    desk.repo.commit("next")


def test_weaker_is_refused_where_the_environment_asks_and_passes_with_an_allowance(new_desk: NewDesk) -> None:
    desk = released(new_desk, use_case(), gates=STRICT)
    changed(desk, weaker())
    plan = desk.plan()
    assert [u["risk"] for u in plan["useCases"]] == ["safety-weakening"]
    assert [(c["at"], c["change"]) for u in plan["useCases"] for c in u["concerns"]] == [("guardrails.main", "weaken")]
    before, past = desk.content(), desk.mark()
    refused = desk.reconcile(ok=4)
    assert "P155" in refused.said
    assert "{at: guardrails.main, change: weaken" in refused.said
    assert desk.writes(past) == []
    assert desk.content() == before
    changed(desk, weaker(allow=[allow("guardrails.other", "weaken")]))
    desk.reconcile(ok=4)
    changed(desk, weaker(allow=[allow("guardrails.main", "weaken")]))
    desk.reconcile()
    desk.settled()
    codes = [d["code"] for d in desk.plan()["diagnostics"]]
    assert codes == ["P159"], "done: the allowance is of no use any more"


def test_an_allowance_ends(new_desk: NewDesk) -> None:
    desk = released(new_desk, use_case(), gates=STRICT)
    changed(desk, weaker(allow=[allow("guardrails.main", "weaken", until="2020-01-01")]))
    ended = desk.reconcile(ok=4)
    assert "P158" in ended.said
    assert "2020-01-01" in ended.said


def test_weaker_passes_by_default_where_every_merge_is_applied(new_desk: NewDesk) -> None:
    desk = released(new_desk, use_case())
    changed(desk, weaker())
    desk.reconcile()
    desk.settled()


def test_what_was_made_stronger_by_hand_is_not_put_back_without_a_word(new_desk: NewDesk) -> None:
    """Drift repair is classed by what it does to what is live."""
    desk = released(new_desk, use_case(), gates=STRICT)
    bedrock = desk.client("bedrock")
    found = bedrock.list_guardrails()["guardrails"][0]["id"]
    body = guardrail("HIGH", name="mail_main")
    bedrock.update_guardrail(guardrailIdentifier=found, **body)
    assert "P155" in desk.reconcile("--deep", ok=4).said


@pytest.mark.parametrize("gates", [{}, STRICT])
def test_detaching_a_guardrail_always_needs_an_allowance(new_desk: NewDesk, gates: dict[str, Any]) -> None:
    desk = released(new_desk, guarded("main"), gates=gates)
    changed(desk, guarded(None))
    refused = desk.reconcile(ok=4)
    assert "P156" in refused.said
    assert "{at: prompts.answer, change: detach-guardrail" in refused.said
    bare = guarded(None)
    bare["spec"]["allow"] = [allow("prompts.answer", "detach-guardrail")]
    changed(desk, bare)
    desk.reconcile()
    desk.settled()


def test_an_easier_threshold_needs_an_allowance(new_desk: NewDesk) -> None:
    def with_floor(floor: float, **spec: Any) -> dict[str, Any]:
        suite = {"target": {"prompt": "answer"}, "metrics": {"tokenF1": {"floor": floor}}}
        return use_case(evaluation={"suites": {"quality": suite}}, **spec)

    desk = released(new_desk, with_floor(0.6), gates=STRICT)
    changed(desk, with_floor(0.7))
    desk.reconcile()
    changed(desk, with_floor(0.5))
    refused = desk.reconcile(ok=4)
    assert "evaluation.suites.quality.metrics.tokenF1" in refused.said
    changed(desk, with_floor(0.5, allow=[allow("evaluation.suites.quality.metrics.tokenF1", "weaken")]))
    desk.reconcile()


def two(**second: Any) -> dict[str, Any]:
    return use_case(guardrails={"main": guardrail(), "strict": {**guardrail("HIGH"), **second}})


def test_a_removal_needs_an_allowance_when_it_is_marked_and_not_again(new_desk: NewDesk) -> None:
    desk = released(new_desk, two(), gates=STRICT, rollbackWindow="1d")
    changed(desk, use_case())
    refused = desk.reconcile(ok=4)
    assert "P157" in refused.said
    assert "onRemove: retain" in refused.said
    changed(desk, use_case(allow=[allow("guardrails.strict", "delete")]))
    desk.reconcile()
    changed(desk, use_case())
    desk.later = 2 * DAY
    assert [u["risk"] for u in desk.plan()["useCases"]] == ["destructive"]
    desk.reconcile()
    assert "guardrail mail_strict" not in desk.content()


def owned(desk: Desk, name: str) -> list[str]:
    return [t for t in desk.content()[name]["tags"] if t.startswith("releaser:")]


@pytest.mark.parametrize("said", ["at the entry", "of all", "when it goes"])
def test_what_is_retained_stays_and_is_no_longer_ours(new_desk: NewDesk, said: str) -> None:
    retain = {"lifecycle": {"onRemove": "retain"}}
    first = two(**retain) if said == "at the entry" else two()
    if said == "of all":
        first["spec"] |= retain
    desk = released(new_desk, first, gates=STRICT, rollbackWindow="1d")
    changed(desk, use_case(**retain) if said == "when it goes" else use_case())
    plan = desk.plan()
    assert [(s["verb"], s["address"]) for s in plan["steps"] if s["target"]] == [("disown", "mail/guardrail/strict")]
    assert plan["summary"]["disown"] == 1
    desk.reconcile()
    assert owned(desk, "guardrail mail_strict") == []
    desk.settled()
    desk.later = 5 * DAY
    desk.settled()
    desk.reconcile()
    assert "guardrail mail_strict" in desk.content()
    changed(desk, two())
    assert "P101" in desk.run("plan", "-e", "dev").said, "it is somebody else's by now"


def test_the_entrys_own_word_wins(new_desk: NewDesk) -> None:
    first = two(lifecycle={"onRemove": "delete"})
    first["spec"]["lifecycle"] = {"onRemove": "retain"}
    desk = released(new_desk, first)
    changed(desk, use_case())
    desk.reconcile()
    assert "releaser:retired" in owned(desk, "guardrail mail_strict")


@pytest.mark.parametrize("after", [False, True])
def test_letting_go_survives_a_crash(new_desk: NewDesk, after: bool) -> None:
    desk = released(new_desk, two(lifecycle={"onRemove": "retain"}))
    changed(desk, use_case())
    point = Point("aws", "bedrock.UntagResource", 1, after)
    assert crash(desk, Tripwire(desk), point, "reconcile", "-e", "dev").code == -9
    desk.reconcile()
    assert owned(desk, "guardrail mail_strict") == []
    desk.settled()


@pytest.mark.parametrize(("word", "verb"), [("retain", "disown"), ("delete", "retire")])
def test_what_could_not_be_taken_away_is_not_forgotten(new_desk: NewDesk, word: str, verb: str) -> None:
    """The release holds; what it no longer needs is tried again by the next run."""
    desk = released(new_desk, two(lifecycle={"onRemove": word}))
    changed(desk, use_case())
    operation = "UntagResource" if word == "retain" else "TagResource"
    denied = {"code": "AccessDeniedException", "status": 403, "message": "no", "times": None}
    desk.admin.add_fault("error", service="bedrock", operation=operation, account=desk.account, **denied)
    assert "AccessDenied" in desk.reconcile(ok=None).said
    desk.admin.clear_faults()
    steps = [(s["verb"], s["address"]) for s in desk.plan()["steps"]]
    assert steps == [(verb, "mail/guardrail/strict")]
    desk.reconcile()
    desk.settled()


def test_what_was_replaced_and_could_not_be_marked_is_not_forgotten(new_desk: NewDesk) -> None:
    desk = released(new_desk, use_case())
    changed(desk, use_case(model=HAIKU))
    denied = {"code": "AccessDeniedException", "status": 403, "message": "no", "times": None}
    desk.admin.add_fault("error", service="bedrock", operation="TagResource", account=desk.account, **denied)
    assert "AccessDenied" in desk.reconcile(ok=None).said
    desk.admin.clear_faults()
    assert [s["verb"] for s in desk.plan()["steps"]] == ["retire"]
    desk.reconcile()
    desk.settled()


AGENT = {
    "agentResourceRoleArn": "arn:aws:iam::111111111111:role/agent",
    "foundationModel": "amazon.nova-lite-v1:0",
    "instruction": "Answer letters of policy holders, politely and in two sentences.",
}
GUARD = {"guardrailIdentifier": "${guardrail/main.id}", "guardrailVersion": "${guardrail/main.version}"}


def test_an_agent_keeps_its_guardrail_and_its_alias(new_desk: NewDesk) -> None:
    """In every environment, whatever it says; each allowance is for one address."""
    guarded_agent = {"main": {**AGENT, "guardrailConfiguration": GUARD}}
    desk = released(new_desk, use_case(agents=guarded_agent))
    changed(desk, use_case(agents={"main": AGENT}))
    refused = desk.reconcile(ok=4)
    assert "P156" in refused.said
    assert "at: agents.main, change: detach-guardrail" in refused.said
    changed(desk, use_case())
    refused = desk.reconcile(ok=4)
    assert "P157" in refused.said
    assert "at: agents.main.alias, change: delete" in refused.said
    changed(desk, use_case(allow=[allow("agents.main", "delete")]))
    desk.reconcile(ok=4)
    changed(desk, use_case(allow=[allow("agents.main.alias", "delete")]))
    desk.reconcile()
    desk.settled()


def test_a_retained_agent_keeps_what_it_needs(new_desk: NewDesk) -> None:
    kept = {"main": {**AGENT, "guardrailConfiguration": GUARD, "lifecycle": {"onRemove": "retain"}}}
    desk = released(new_desk, use_case(agents=kept))
    changed(desk, use_case(guardrails={"strict": guardrail("HIGH")}))
    steps = sorted((s["verb"], s["address"]) for s in desk.plan()["steps"] if s["target"])
    assert steps == [
        ("disown", "mail/agent-alias/main"),
        ("disown", "mail/agent/main"),
        ("disown", "mail/guardrail/main"),
    ]
    desk.reconcile()
    desk.settled()
    desk.later = 5 * DAY
    desk.settled()


def test_a_knowledge_base_goes_with_an_allowance(desk: Desk) -> None:
    library = Library(desk)
    library.put(a_txt="first")
    library.declare()
    desk.reconcile()
    changed(desk, use_case())
    assert "at: knowledgeBases.policies, change: delete" in desk.reconcile(ok=4).said
    changed(desk, use_case(allow=[allow("knowledgeBases.policies", "delete")]))
    desk.reconcile()
    desk.settled()


def test_a_run_that_failed_after_its_update_is_gone_on_with(new_desk: NewDesk) -> None:
    """The draft says by then what the run was allowed to write: that is nobody else's change."""
    desk = released(new_desk, use_case(), gates=STRICT)
    changed(desk, use_case(guardrails={"main": guardrail("HIGH")}))
    denied = {"code": "AccessDeniedException", "status": 403, "message": "no", "times": 1}
    desk.admin.add_fault("error", service="bedrock", operation="CreateGuardrailVersion", account=desk.account, **denied)
    assert "AccessDenied" in desk.reconcile(ok=1).said
    desk.reconcile()
    desk.settled()
