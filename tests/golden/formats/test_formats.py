"""What is expensive to change: names, stamps, digests, tokens, the runtime document.

``RELEASER_BLESS`` does not rewrite these files. A difference here renames live resources, publishes every version
anew, voids evidence or breaks readers: it needs a new scheme and an ADR, not a new golden file. New cases are added
with ``RELEASER_BLESS_FORMATS=1``, which keeps every value that is there and refuses another.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from releaser.core.address import Address, Bound, Ref
from releaser.core.content import resolve_body
from releaser.core.digest import release_digest
from releaser.core.graph import DesiredGraph, compile_use_case, labels_digest, read_label, version_label
from releaser.core.kind import Kind, Site, Verb, View
from releaser.core.normal import comparable
from releaser.core.plan import Plan, Step, StepKey, UseCasePlan, Wave, change_digest, plan_digest
from releaser.core.values import FrozenMap, canonical, digest, thaw
from releaser.engine.perform import token
from releaser.kinds import registry

HERE = Path(__file__).parent
SCHEMA = HERE.parents[2] / "schemas" / "runtime.v1.json"
USE_CASE = json.loads((HERE / "use-case.json").read_text(encoding="utf-8"))
LATER = sorted((HERE / "later").glob("*/spec.json"))
"""Kinds that came after the first freeze, each with a use case of its own: the first one's document stays as it is."""


def hold(name: str, found: Any) -> None:
    """The file says exactly this. Blessing adds what is new, and changes nothing."""
    path = HERE / name
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else type(found)()
    if os.environ.get("RELEASER_BLESS_FORMATS"):
        kept = (
            all(found.get(k) == v for k, v in known.items())
            if isinstance(found, dict)
            else found[: len(known)] == known
        )
        assert kept, f"{path} holds other values: that is a new scheme, not a new case"
        path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        return
    assert json.loads(json.dumps(found)) == known, f"{path}: see the first lines of {Path(__file__).name}"


def bound(value: Any) -> Any:
    """The fixture's ``{"$env": ...}`` as bindings, ``{"$ref": "kind/name", "output": ...}`` as references."""
    if isinstance(value, dict):
        if set(value) == {"$ref", "output"}:
            return Ref(Address.parse(f"{USE_CASE['useCase']}/{value['$ref']}"), value["output"])
        if set(value) == {"$env", "value"}:
            return Bound(value["$env"], value["value"])
        return {k: bound(v) for k, v in value.items()}
    return [bound(v) for v in value] if isinstance(value, list) else value


def view_of(spec: Any, **changed: Any) -> View:
    """The frozen use case at the frozen site; ``changed`` as in View."""
    given: dict[str, Any] = {
        "site": Site(**USE_CASE["site"]),
        "release": "r7",
        "digest": f"sha256:{'5' * 64}",
        **changed,
    }
    return View(USE_CASE["useCase"], FrozenMap(bound(spec)), USE_CASE["files"], **given)


def graph_of(spec: Any, kinds: Mapping[str, Kind] | None = None, **changed: Any) -> DesiredGraph:
    return compile_use_case(view_of(spec, **changed), kinds or registry())


def stamps(graph: DesiredGraph) -> dict[str, tuple[str, str]]:
    return {str(n.address): (n.behaviour, n.stamp) for n in graph.nodes}


@pytest.fixture(scope="module")
def graph() -> DesiredGraph:
    return graph_of(USE_CASE["spec"])


def test_physical_names(graph: DesiredGraph) -> None:
    hold("names.json", {str(n.address): n.name for n in sorted(graph.nodes, key=lambda n: n.address)})


def test_stamps(graph: DesiredGraph) -> None:
    found = {
        str(n.address): {"behaviour": n.behaviour, "effective": n.stamp, "versionLabel": n.label}
        for n in sorted(graph.nodes, key=lambda n: n.address)
    }
    hold("stamps.json", found)


def _later(path: Path) -> DesiredGraph:
    return graph_of(json.loads(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", LATER, ids=lambda p: p.parent.name)
def test_a_kind_that_came_later(path: Path) -> None:
    nodes = sorted(_later(path).nodes, key=lambda n: n.address)
    (runtime,) = (n for n in nodes if n.kind in ("runtime-configuration", "appconfig-environment"))
    document = thaw(resolve_body(runtime, _outputs(DesiredGraph(tuple(nodes))))["document"])
    stamped = {str(n.address): {"name": n.name, "behaviour": n.behaviour, "effective": n.stamp} for n in nodes}
    hold(f"later/{path.parent.name}/frozen.json", {**stamped, "document": document})
    jsonschema.validate(document, json.loads(SCHEMA.read_text(encoding="utf-8")))


def test_version_labels() -> None:
    stamp = "0123456789abcdef" * 4
    assert version_label(stamp) == "releaser:1:0123456789abcdef"
    assert read_label(version_label(stamp)) == stamp[:16]
    assert read_label("releaser:2:0123456789abcdef") is None, "another scheme says nothing about this one"
    assert read_label("by hand") is None
    assert read_label(None) is None


def test_ownership_tags(graph: DesiredGraph) -> None:
    hold("tags.json", {str(n.address): thaw(n.tags) for n in sorted(graph.nodes, key=lambda n: n.address)})


def _outputs(graph: DesiredGraph) -> Callable[[Any], str]:
    return lambda ref: f"<{ref.address} {ref.output}>"


def test_the_runtime_document(graph: DesiredGraph) -> None:
    kind = registry()["runtime-configuration"]
    (node,) = (n for n in graph.nodes if n.kind == kind.name)
    body = resolve_body(node, _outputs(graph))
    written = kind.write(body)
    hold("runtime-document.json", {"document": thaw(body["document"]), "request": written})
    jsonschema.validate(thaw(body["document"]), json.loads(SCHEMA.read_text(encoding="utf-8")))
    assert "{{" not in written["Value"]
    assert json.loads(written["Value"]) == thaw(body["document"])
    assert comparable(kind, body) == comparable(kind, FrozenMap(kind.read(written)))


def test_idempotency_tokens() -> None:
    address = Address("claims-assistant", "guardrail", "main")
    found = {verb.value: token("record-1", address, verb, "ab" * 32) for verb in Verb}
    hold("tokens.json", found)
    assert len(set(found.values())) == len(found)
    others = {
        token("record-2", address, Verb.CREATE, "ab" * 32),
        token("record-1", replace(address, name="other"), Verb.CREATE, "ab" * 32),
        token("record-1", address, Verb.CREATE, "cd" * 32),
    }
    assert len(others - set(found.values())) == 3


def test_release_digests() -> None:
    manifest = {"metadata": {"name": "x", "labels": {}}, "spec": {"n": 1, "t": 0.2, "on": True, "none": None, "l": []}}
    files = {"prompts/answer.md": "e3b0c442", "data/golden.jsonl": "3f1c"}
    found = {
        "both": release_digest(manifest, files),
        "manifest alone": release_digest(manifest, {}),
        "nothing": release_digest({}, {}),
    }
    hold("release-digests.json", found)


def test_canonical_json() -> None:
    values: dict[str, Any] = {
        "sorted keys": {"b": 1, "a": {"d": 2, "c": 3}},
        "integral floats": [1.0, 1, -0.0, 100.0],
        "fractions": [0.2, 0.1, 1e-7, 12345.678],
        "text": '\u00e9 \u2028 \U0001f600 " \\ \n \t / <&>',
        "nothing": [None, True, False, {}, [], ""],
        "large": [2**53, 2**63, 1e21, 1.5e300],
    }
    hold("canonical.json", {k: {"bytes": canonical(v).decode(), "sha256": digest(v)} for k, v in values.items()})


def _steps() -> list[Step]:
    guardrail, prompt = (Address("claims-assistant", k, "main") for k in ("guardrail", "prompt"))
    create, publish = StepKey(guardrail, Verb.CREATE), StepKey(guardrail, Verb.PUBLISH)
    update, retire = StepKey(prompt, Verb.UPDATE), StepKey(prompt, Verb.RETIRE, "OLDPROMPT1")
    return [
        Step(create, Wave.STAGE, "a" * 64, "b" * 64, retag=True),
        Step(publish, Wave.STAGE, "a" * 64, "b" * 64, needs=(create,)),
        Step(update, Wave.STAGE, "c" * 64, "d" * 64, before="e" * 64, revision="2026-01-01T00:00:00+00:00"),
        Step(retire, Wave.PROMOTE, "f" * 64, "", before="0" * 64, needs=(publish, update)),
    ]


def _digests(steps: list[Step], **changed: Any) -> dict[str, str]:
    changes = change_digest("prod", "333333333333", "eu-central-1", steps)
    part = UseCasePlan("claims-assistant", "r7", "7" * 64, (), tuple(steps), changes)
    plan = Plan("prod", "333333333333", "eu-central-1", "c0ffee", (part,), "5" * 64)
    return {"change": changes, "plan": plan_digest(replace(plan, **changed))}


def test_plan_and_change_digests() -> None:
    hold("plan-digests.json", {"example": _digests(_steps()), "empty": _digests([])})


def test_what_a_review_approves() -> None:
    """The change digest: no commit, id, time or order; the plan digest: all of them."""
    steps, agreed = _steps(), _digests(_steps())
    later = [replace(s, revision="2027-01-01T00:00:00+00:00") for s in steps]
    for other in (_digests(steps, commit="decaf"), _digests(steps, snapshot_digest="6" * 64), _digests(later)):
        assert other["change"] == agreed["change"]
        assert other["plan"] != agreed["plan"]
    assert _digests(steps[::-1])["change"] == agreed["change"]
    for name, value in (("stamp", "9" * 64), ("before", "9" * 64), ("rewrite", False), ("retag", True)):
        assert _digests([*steps[:2], replace(steps[2], **{name: value}), steps[3]])["change"] != agreed["change"]
    assert _digests(steps[:3])["change"] != agreed["change"]


# -- laws of stamps


def _changed(path: str, value: Any) -> Any:
    """The frozen spec with one value changed; ``None`` removes it."""
    spec = json.loads(json.dumps(USE_CASE["spec"]))
    *parents, last = (int(p) if p.isdigit() else p for p in path.split("/"))
    holder = spec
    for part in parents:
        holder = holder[part]
    if value is None:
        del holder[last]
    else:
        holder[last] = value
    return spec


def _differing(spec: Any, **changed: Any) -> tuple[set[str], set[str]]:
    """Which resources have another behaviour stamp, and which another effective one."""
    before, after = stamps(graph_of(USE_CASE["spec"])), stamps(graph_of(spec, **changed))
    found = tuple({a.partition("/")[2] for a in before if before[a][i] != after[a][i]} for i in (0, 1))
    return found[0], found[1]


def _backwards(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _backwards(v) for k, v in reversed(value.items())}
    return [_backwards(v) for v in value] if isinstance(value, list) else value


def _reordered(value: Any, at: str, sets: Mapping[str, Any]) -> Iterator[Any]:
    if isinstance(value, dict):
        yield {k: next(_reordered(v, f"{at}.{k}" if at else k, sets)) for k, v in value.items()}
    elif isinstance(value, list):
        items = [next(_reordered(v, f"{at}[]", sets)) for v in value]
        yield items[::-1] if at in sets else items
    else:
        yield value


NONE: tuple[set[str], set[str]] = (set(), set())


def test_a_stamp_knows_no_order_of_keys() -> None:
    assert _differing(_backwards(USE_CASE["spec"])) == NONE


def test_a_stamp_knows_no_order_of_sets() -> None:
    spec = json.loads(json.dumps(USE_CASE["spec"]))
    for section, name in (("guardrails", "guardrail"), ("prompts", "prompt")):
        sets = registry()[name].fields.unordered
        for entry, body in spec[section].items():
            spec[section][entry] = next(_reordered(body, "", sets))
    assert spec != USE_CASE["spec"]
    assert _differing(spec) == NONE


def test_a_stamp_knows_no_spelling_of_floats() -> None:
    spec = _changed("models/answer/inference/temperature", 0.20000000298023224)
    spec["guardrails"]["main"]["contextualGroundingPolicyConfig"]["filtersConfig"][0]["threshold"] = 0.699999988079071
    assert _differing(spec)[0] <= {"runtime-configuration/runtime"}, "the document says what the manifest says"


def test_a_stamp_knows_no_descriptions() -> None:
    spec = _changed("guardrails/main/description", "Other words.")
    spec["prompts"]["short"]["description"] = "Other words, too."
    del spec["prompts"]["long"]["description"]
    assert _differing(spec) == NONE


def test_a_stamp_knows_no_release(graph: DesiredGraph) -> None:
    assert _differing(USE_CASE["spec"], release="r8", digest="6" * 64) == NONE


def test_a_stamp_knows_no_tags(graph: DesiredGraph) -> None:
    tagged = compile_use_case(view_of(USE_CASE["spec"]), registry(), {"costCenter": "4711"})
    assert stamps(tagged) == stamps(graph)
    assert [labels_digest(n) for n in tagged.nodes] != [labels_digest(n) for n in graph.nodes]


def test_empty_members_are_no_content() -> None:
    spec = _changed("guardrails/main/topicPolicyConfig", {})
    spec["guardrails"]["main"]["wordPolicyConfig"] = {"wordsConfig": []}
    without = _changed("guardrails/main/topicPolicyConfig", None)
    del without["guardrails"]["main"]["wordPolicyConfig"]
    assert stamps(graph_of(spec)) == stamps(graph_of(without))


@pytest.mark.parametrize("default", ["contentPolicyConfig.newMember", "blockedInputMessaging", "newMember"])
def test_a_learned_default_changes_no_stamp(graph: DesiredGraph, default: str) -> None:
    """Upgrading releaser publishes nothing."""
    kinds = {
        name: replace(k, fields=replace(k.fields, defaults={**k.fields.defaults, default: {"a": 1}}))
        for name, k in registry().items()
    }
    assert stamps(graph_of(USE_CASE["spec"], kinds)) == stamps(graph)


def test_a_change_travels_along_references() -> None:
    """Guardrail -> runtime; model -> profile -> prompts -> runtime."""
    both, runtime = "guardrail/main", "runtime-configuration/runtime"
    assert _differing(_changed("guardrails/main/blockedInputMessaging", "No.")) == ({both, runtime}, {both, runtime})
    users = {"inference-profile/answer", "prompt/short", "prompt/chat", runtime}
    changed = _changed("models/answer/modelId", "global.anthropic.claude-sonnet-4-5-20250929-v1:0")
    assert _differing(changed) == (users, users)


def test_bindings_count_by_name_in_behaviour_and_by_value_in_effect() -> None:
    spec = _changed("guardrails/main/kmsKeyId/value", "arn:aws:kms:eu-central-1:111111111111:key/" + "0" * 36)
    behaviour, effective = _differing(spec)
    assert behaviour == set()
    assert effective == {"guardrail/main", "runtime-configuration/runtime"}
    renamed = _changed("guardrails/main/kmsKeyId/$env", "${env.otherKey}")
    behaviour, effective = _differing(renamed)
    assert behaviour == {"guardrail/main", "runtime-configuration/runtime"}
    assert effective == set()


def test_another_account_is_another_effect_and_the_same_behaviour() -> None:
    site = Site(**{**USE_CASE["site"], "environment": "prod", "account": "333333333333"})
    behaviour, effective = _differing(USE_CASE["spec"], site=site)
    assert behaviour == set()
    assert "inference-profile/answer" in effective
    assert "guardrail/main" not in effective


def test_the_use_case_covers_every_kind(graph: DesiredGraph) -> None:
    later = {n.kind for path in LATER for n in _later(path).nodes}
    assert {n.kind for n in graph.nodes} | later == set(registry())
    assert asdict(Site(**USE_CASE["site"]))["partition"] == "aws"
