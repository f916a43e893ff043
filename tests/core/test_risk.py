"""The class of a change, and what may need an allowance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from releaser.core.address import Address
from releaser.core.allowance import judge
from releaser.core.diff import FieldChange, Origin, differences, field_digests
from releaser.core.environment import Environment
from releaser.core.kind import Fields, Kind, Remark
from releaser.core.manifest import Allowance
from releaser.core.normal import comparable
from releaser.core.plan import Action, Change, Concern, Risk, UseCasePlan
from releaser.core.record import Facts
from releaser.core.risk import judged, lowered, unseen
from releaser.core.shapes import Shape
from releaser.core.values import FrozenMap
from releaser.kinds import registry
from releaser.render.view import body_shape

GUARDRAIL = registry()["guardrail"]
RUNTIME = registry()["runtime-configuration"]
HATE = {"type": "HATE", "inputStrength": "MEDIUM", "outputStrength": "MEDIUM"}
EMAIL = {"type": "EMAIL", "action": "ANONYMIZE"}
REGEX = {"name": "number", "pattern": "[0-9]+", "action": "BLOCK"}


def change(kind: Kind, before: Mapping[str, Any], after: Mapping[str, Any], **more: Any) -> Change:
    """An update from one body to another, judged."""
    left, right = (comparable(kind, FrozenMap(b)) for b in (before, after))
    fields = tuple(differences(left, right, kind.fields.unordered))
    remarks = tuple(kind.describe(left, right)) if kind.describe else ()
    found = Change(Address("x", kind.name, "main"), Action.UPDATE, fields, remarks=remarks)
    return judged(replace(found, **more), kind)


def content(*filters: Any, **more: Any) -> dict[str, Any]:
    return {"contentPolicyConfig": {"filtersConfig": filters, **more}}


def personal(*entities: Any, regexes: Any = ()) -> dict[str, Any]:
    return {"sensitiveInformationPolicyConfig": {"piiEntitiesConfig": entities, "regexesConfig": regexes}}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (content(HATE), content({**HATE, "inputStrength": "LOW"})),
        (content({**HATE, "inputModalities": ["TEXT", "IMAGE"]}), content(HATE)),
        (content(HATE, tierConfig={"tierName": "STANDARD"}), content(HATE)),
        (content(HATE), {}),
        (personal({**EMAIL, "action": "BLOCK"}), personal(EMAIL)),
        (personal(EMAIL), personal({**EMAIL, "action": "NONE"})),
        (personal(regexes=[REGEX]), personal()),
        ({"kmsKeyId": "arn:aws:kms:eu-central-1:1:key/a"}, {}),
    ],
)
def test_weakening_and_back(before: Any, after: Any) -> None:
    assert change(GUARDRAIL, before, after).risk is Risk.WEAKENING
    assert change(GUARDRAIL, after, before).risk is Risk.BEHAVIOURAL


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {"rateLimitPolicyConfig": {"perMinute": 3}}),
        ({"rateLimitPolicyConfig": {"perMinute": 3}}, {}),
        (content(HATE), content({**HATE, "sensitivity": 3})),
        (content(HATE), content(HATE, mode="STRICT")),
        (content({**HATE, "inputStrength": "EXTREME"}), content({**HATE, "inputStrength": "HIGH"})),
        (content({**HATE, "inputAction": "ESCALATE"}), content(HATE)),
        (content({**HATE, "inputModalities": ["TEXT", "VIDEO"]}), content(HATE)),
        (content(HATE, tierConfig={"tierName": "PREMIUM"}), content(HATE, tierConfig={"tierName": "STANDARD"})),
        (personal(regexes=[REGEX]), personal(regexes=[{**REGEX, "pattern": "x"}])),
    ],
)
def test_what_no_rule_of_a_protection_knows_weakens_it(before: Any, after: Any) -> None:
    found = change(GUARDRAIL, before, after)
    assert found.risk is Risk.WEAKENING
    assert any("no rule says" in c.text for c in found.concerns)
    assert "number" not in "".join(f"{c.text} {c.places}" for c in found.concerns), "a pattern's name is free text"


def test_every_member_that_aws_knows_is_ranked() -> None:
    """With the model of today nothing is unknown: only what AWS adds later is."""
    topic = {"name": "t", "definition": "d", "type": "DENY", "examples": ["e"]}
    everything = {
        "description": "d",
        "blockedInputMessaging": "a",
        "blockedOutputsMessaging": "b",
        **content(HATE),
        **personal(EMAIL, regexes=[REGEX]),
        "topicPolicyConfig": {"topicsConfig": [topic]},
        "wordPolicyConfig": {"wordsConfig": [{"text": "w"}], "managedWordListsConfig": [{"type": "PROFANITY"}]},
        "contextualGroundingPolicyConfig": {"filtersConfig": [{"type": "GROUNDING", "threshold": 0.5}]},
        "automatedReasoningPolicyConfig": {"policies": ["p"], "confidenceThreshold": 0.5},
        "crossRegionConfig": {"guardrailProfileIdentifier": "eu.guardrail.v1:0"},
        "kmsKeyId": "k",
    }
    assert change(GUARDRAIL, {}, everything).risk is Risk.BEHAVIOURAL


def test_labels_and_tags_are_cosmetic() -> None:
    assert change(GUARDRAIL, {"description": "a"}, {"description": "b"}).risk is Risk.COSMETIC
    tags = (FieldChange("tags.costCenter", "1", "2", Origin.INTENT),)
    assert change(GUARDRAIL, {}, {}, fields=tags).risk is Risk.COSMETIC
    assert change(GUARDRAIL, {}, {}, fields=tags, publishes=True).risk is Risk.BEHAVIOURAL
    assert change(GUARDRAIL, {}, {}).risk is Risk.NONE


@pytest.mark.parametrize(
    ("action", "reason", "risk", "asks"),
    [
        (Action.CREATE, "not-there", Risk.BEHAVIOURAL, False),
        (Action.REPLACE, "immutable-content", Risk.BEHAVIOURAL, False),
        (Action.RETIRE, "replaced", Risk.BEHAVIOURAL, False),
        (Action.DELETE, "replaced", Risk.BEHAVIOURAL, False),
        (Action.RETIRE, "no-longer-declared", Risk.DESTRUCTIVE, True),
        (Action.DELETE, "rollback-window-over", Risk.DESTRUCTIVE, False),
        (Action.DISOWN, "retained", Risk.BEHAVIOURAL, False),
    ],
)
def test_what_comes_and_goes(action: Action, reason: str, risk: Risk, asks: bool) -> None:
    found = change(GUARDRAIL, content(HATE), {}, action=action, reason=reason)
    assert found.risk is risk
    assert [(c.change, c.at) for c in found.concerns] == ([("delete", "guardrails.main")] if asks else [])


def test_some_kinds_never_go_without_an_allowance() -> None:
    alias = replace(GUARDRAIL, needs_allowance_to_remove=True, place=lambda name, path: f"flows.{name}.alias")
    gone = Change(Address("x", "guardrail", "main"), Action.RETIRE, reason="no-longer-declared")
    (concern,) = judged(gone, alias).concerns
    assert (concern.at, concern.always) == ("flows.main.alias", True)


def test_aliases_never_go_without_an_allowance() -> None:
    """Applications hold their ids: what is made anew has another one."""
    aliases = [k for k in registry().values() if k.pointer and not k.is_known_by_name]
    assert aliases
    assert all(k.needs_allowance_to_remove for k in aliases)


def prompts(**named: Any) -> dict[str, Any]:
    return {"document": {"prompts": {k: {"arn": k, **({"guardrail": v} if v else {})} for k, v in named.items()}}}


@pytest.mark.parametrize(
    ("before", "after", "at"),
    [
        (prompts(a="main"), prompts(a=None), ["prompts.a"]),
        (prompts(a="main", b="main"), prompts(a="main", b=None), ["prompts.b"]),
        (prompts(a="main"), prompts(c=None), ["prompts.c"]),
        (prompts(a=None), prompts(a="main"), []),
        (prompts(a="main"), prompts(a="main", b=None), []),
        (prompts(a="main", b=None), prompts(b=None), []),
        (prompts(a="main"), {"document": {}}, []),
    ],
)
def test_a_guardrail_is_detached(before: Any, after: Any, at: list[str]) -> None:
    found = change(RUNTIME, before, after, action=Action.REPOINT).concerns
    assert [c.at for c in found] == at
    assert all(c.always and c.change == "detach-guardrail" for c in found)


def test_another_guardrail_in_its_place_is_not_taken_for_as_good() -> None:
    (found,) = change(RUNTIME, prompts(a="main"), prompts(a="other")).concerns
    assert (found.change, found.at, found.always) == ("weaken", "prompts.a", False)


def flow(guard: str) -> Kind:
    """A kind with a guard inside a list."""
    same = {n: getattr(GUARDRAIL, n) for n in ("service", "calls", "identity", "tagging", "declare")}
    return Kind(
        **same, name="flow", section="flows", fields=Fields(guards=frozenset({guard}), unordered={"nodes": "name"})
    )


def node(name: str, version: str | None = "1", **more: Any) -> dict[str, Any]:
    guard = {"guardrailConfiguration": {"guardrailIdentifier": "g", "guardrailVersion": version}} if version else {}
    return {"name": name, "configuration": {"prompt": {"source": "s", **guard, **more}}}


OTHER = {"guardrailConfiguration": {"guardrailIdentifier": "h", "guardrailVersion": "1"}}


@pytest.mark.parametrize(
    "guard", ["nodes[].configuration.prompt.guardrailConfiguration", "**.prompt.guardrailConfiguration"]
)
@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ([node("A")], [node("A", None)], "detach-guardrail"),
        ([node("A")], [node("A", "2")], ""),
        ([node("A")], [node("A", **OTHER)], "weaken"),
        ([node("A")], [node("B", None)], "detach-guardrail"),
        ([node("A")], [node("B")], ""),
        ([node("A")], [], ""),
    ],
)
def test_a_guardrail_inside_a_list(guard: str, before: Any, after: Any, found: str) -> None:
    concerns = change(flow(guard), {"nodes": before}, {"nodes": after}).concerns
    assert [(c.change, c.always) for c in concerns] == ([(found, found != "weaken")] if found else [])
    assert all(c.at == "flows.main" for c in concerns)


def loop(*nodes: Any) -> dict[str, Any]:
    return {"nodes": [{"name": "L", "configuration": {"loop": {"definition": {"nodes": list(nodes)}}}}]}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (loop(node("A")), loop(node("A", None))),
        (loop(node("A")), {"nodes": [node("A", None)]}),
        ({"nodes": [node("A")]}, loop(node("A", None))),
    ],
)
def test_a_guardrail_at_any_depth(before: Any, after: Any) -> None:
    found = change(flow("**.prompt.guardrailConfiguration"), before, after).concerns
    assert [c.change for c in found] == ["detach-guardrail"]


KINDS = [k for k in registry().values() if body_shape(k) is not None]


@pytest.mark.parametrize("kind", KINDS, ids=lambda k: k.name)
def test_every_place_of_a_guardrail_is_declared(kind: Kind) -> None:
    """From AWS's model: a kind that can be guarded says where, or taking the guardrail off would pass unseen."""
    shape = body_shape(kind)
    assert shape is not None
    for path in guardrails(shape, {}, ()):
        bare = {"guardrailConfiguration": None}
        before, after = body_at(path, OTHER), body_at(path, bare)
        found = [c.change for c in change(kind, before, after).concerns]
        assert found == ["detach-guardrail"], f"add to Fields.guards of {kind.name}: {'.'.join(path)}"


def guardrails(shape: Shape, seen: dict[str, int], at: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Paths of structures that can have a guardrail; shapes that contain themselves twice."""
    if shape.type == "list":
        yield from guardrails(shape.member, seen, (*at[:-1], f"{at[-1]}[]"))
    if shape.type != "structure" or shape.is_document or seen.get(shape.name, 0) > 1:
        return
    below = {**seen, shape.name: seen.get(shape.name, 0) + 1}
    for name, member in shape.members.items():
        if name == "guardrailConfiguration":
            yield at
        else:
            yield from guardrails(member, below, (*at, name))


def body_at(path: tuple[str, ...], value: dict[str, Any]) -> dict[str, Any]:
    """A body with something at a path, and a member that stays beside it."""
    found: Any = {**value, "kept": "k"}
    for step in reversed(path):
        name = step.removesuffix("[]")
        found = {name: [found] if step.endswith("[]") else found, "name": "n"}
    return dict(found)


def test_a_draft_that_is_weak_already_hides_nothing() -> None:
    """Weakened in the draft by hand, then written into the manifest: only the release differs."""
    released = comparable(GUARDRAIL, FrozenMap(content(HATE)))
    desired = comparable(GUARDRAIL, FrozenMap(content({**HATE, "inputStrength": "LOW"})))
    known = field_digests(released, GUARDRAIL.fields.unordered)
    hidden = unseen((), known, desired, GUARDRAIL.fields)
    assert hidden == ("contentPolicyConfig.filtersConfig[HATE].inputStrength",)
    found = judged(Change(Address("x", "guardrail", "main"), Action.NONE, publishes=True), GUARDRAIL, hidden)
    assert found.risk is Risk.WEAKENING
    told = tuple(differences(released, desired, GUARDRAIL.fields.unordered))
    assert unseen(told, known, desired, GUARDRAIL.fields) == ()
    assert unseen((), known, released, GUARDRAIL.fields) == ()


def test_a_release_that_must_pass_less() -> None:
    then = Facts(
        thresholds={"quality": {"tokenF1": {"floor": 0.7}, "rougeL": {"floor": 0.4}}},
        governance={"riskTier": "high", "documents": {"dpia": {"path": "a.md", "sha256": "0"}}},
        datasets={"golden": {"path": "g.jsonl", "sha256": "1"}},
    )
    same = {
        "evaluation": {"suites": {"quality": {"dataset": "golden", "metrics": then.thresholds["quality"]}}},
        "governance": {"riskTier": "high", "documents": {"dpia": "a.md"}},
        "datasets": {"golden": {"path": "g.jsonl", "sha256": "1"}},
        "waivers": [{"rule": "E501", "at": "x"}],
    }
    assert lowered(then, same) == ()
    found = lowered(then, {"governance": {"riskTier": "limited"}})
    assert {c.at for c in found} == {
        "evaluation.suites.quality.metrics.tokenF1",
        "evaluation.suites.quality.metrics.rougeL",
        "datasets.golden",
        "governance.riskTier",
        "governance.documents.dpia",
    }


WEAKER = Concern("weaken", Risk.WEAKENING, ("guardrails.main", "guardrails.main.kmsKeyId"), "said")
DETACHED = Concern("detach-guardrail", Risk.WEAKENING, ("prompts.a",), "said", always=True)
TODAY = date(2026, 6, 1)


def allowance(at: str, what: str, until: str | None = None) -> Allowance:
    given = {"at": at, "change": what, "reason": "Agreed with the owner."}
    return Allowance.model_validate(given | ({"until": until} if until else {}))


@pytest.mark.parametrize(
    ("given", "demands", "refused", "unused", "expired"),
    [
        ((), {Risk.WEAKENING}, 2, 0, 0),
        ((), set(), 1, 0, 0),
        ((allowance("guardrails.main", "weaken"),), {Risk.WEAKENING}, 1, 0, 0),
        ((allowance("guardrails.main.kmsKeyId", "weaken"),), {Risk.WEAKENING}, 1, 0, 0),
        ((allowance("guardrails.main", "weaken", "2026-06-01"),), {Risk.WEAKENING}, 1, 0, 0),
        ((allowance("guardrails.main", "weaken", "2026-05-31"),), {Risk.WEAKENING}, 2, 0, 1),
        ((allowance("guardrails.main", "delete"),), {Risk.WEAKENING}, 2, 1, 0),
        ((allowance("guardrails.mai", "weaken"), allowance("prompts.a", "detach-guardrail")), set(), 0, 1, 0),
    ],
)
def test_one_allowance_for_one_address(
    given: tuple[Allowance, ...], demands: set[Risk], refused: int, unused: int, expired: int
) -> None:
    changed = Change(Address("x", "guardrail", "main"), Action.UPDATE, concerns=(WEAKER, DETACHED))
    found = judge(UseCasePlan("x", "r2", "", (changed,), (), ""), given, demands, TODAY)
    assert (len(found.refused), len(found.unused), len(found.expired)) == (refused, unused, expired)


@pytest.mark.parametrize(
    ("spec", "demands"),
    [
        ({"track": "main"}, set()),
        ({}, {Risk.WEAKENING, Risk.DESTRUCTIVE}),
        ({"track": "main", "gates": {"risk": {"safety-weakening": "allowance"}}}, {Risk.WEAKENING}),
        ({"gates": {"risk": {"destructive": "none"}}}, {Risk.WEAKENING}),
    ],
)
def test_what_an_environment_demands(spec: dict[str, Any], demands: set[Risk]) -> None:
    targets = [{"account": "1" * 12, "region": "eu-central-1"}]
    document = {"apiVersion": "releaser.dev/v1", "kind": "Environment", "metadata": {"name": "e"}}
    assert Environment.model_validate({**document, "spec": {"targets": targets, **spec}}).demands() == demands


def test_a_remark_without_a_rule_is_no_concern() -> None:
    said = (Remark("longer", "changed", "variants"),)
    fields = (FieldChange("variants", 1, 2, pattern="variants"),)
    found = change(registry()["prompt"], {}, {}, fields=fields, remarks=said)
    assert (found.risk, found.concerns) == (Risk.BEHAVIOURAL, ())


@pytest.mark.parametrize("name", ["agent", "flow"])
def test_an_encryption_key_that_goes_protects_less(name: str) -> None:
    """An update without it drops it (terraform-provider-aws #39548): the manifest forgot it, or somebody wants that."""
    kind = registry()[name]
    kept = {"description": "d", "customerEncryptionKeyArn": "arn:aws:kms:eu-central-1:111111111111:key/a"}
    bare = {"description": "d"}
    assert [c.change for c in change(kind, kept, bare).concerns] == ["weaken"]
    assert not change(kind, bare, kept).concerns
