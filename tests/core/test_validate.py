"""Validation beyond single mutations: waivers, placement, quotas, new kinds."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import pytest
from mutations.estate import ADVISOR, CLAIMS, DEV, PROD, SUMMARY, files, judge, text
from pydantic import BaseModel, ConfigDict

from releaser.core.kind import Draft, IncludedFile, Kind, View
from releaser.core.values import FrozenMap
from releaser.kinds import registry
from releaser.store.reader import MemoryReader
from releaser.store.validation import validate

AT = "guardrails.main.topicPolicyConfig.topicsConfig[0].name"


def changed(path: str, *edits: tuple[str, str]) -> dict[str, bytes]:
    content = text(path)
    for old, new in edits:
        assert old in content, old
        content = content.replace(old, new, 1)
    return {**files(), path: content.encode()}


def codes(mutated: dict[str, bytes]) -> list[str]:
    return [d.code for d in validate(MemoryReader(mutated), workers=1).diagnostics]


def waiver(rule: str, at: str) -> tuple[str, str]:
    return "  models:\n", f"  waivers:\n    - {{rule: {rule}, at: '{at}', reason: AWS accepts it}}\n  models:\n"


def test_a_waiver_silences_exactly_its_rule_at_its_place() -> None:
    wrong = ("name: Legal advice", "name: Legal/advice")
    assert codes(changed(CLAIMS, wrong)) == ["E406"]
    assert codes(changed(CLAIMS, wrong, waiver("E406", AT))) == []
    again = ("name: Insurance fraud", "name: Insurance/fraud")
    assert codes(changed(CLAIMS, wrong, again, waiver("E406", AT))) == ["E406"]


def test_an_unused_waiver_is_a_warning() -> None:
    report = judge(changed(CLAIMS, waiver("E406", AT)))
    assert [(d.code, d.severity) for d in report.diagnostics] == [("E610", "warning")]


def test_a_waiver_without_a_reason_silences_nothing() -> None:
    short = (waiver("E406", AT)[0], waiver("E406", AT)[1].replace("AWS accepts it", "no"))
    assert codes(changed(CLAIMS, ("name: Legal advice", "name: Legal/advice"), short)) == ["E205", "E406"]


def test_a_use_case_that_is_placed_nowhere_else_needs_no_binding_there() -> None:
    mutated = changed(PROD, ("      region:", "      useCases: {matchLabels: {domain: insurance}}\n      region:"))
    mutated[PROD] = mutated[PROD].replace(b"kmsKeyArn:", b"other:")
    report = validate(MemoryReader(mutated), workers=1)
    assert {(d.code, d.path) for d in report.diagnostics} == {("E301", CLAIMS), ("E301", ADVISOR)}


def test_a_binding_of_the_target_wins() -> None:
    key = "arn:aws:kms:eu-central-1:111111111111:key/00000000-0000-0000-0000-000000000000"
    mutated = changed(DEV, ("      region:", f"      bindings: {{kmsKeyArn: '{key}'}}\n      region:"))
    mutated[DEV] = mutated[DEV].replace(b"    kmsKeyArn: arn", b"    other: arn")
    assert codes(mutated) == []


def test_missing_bindings_are_told_for_each_environment() -> None:
    report = judge(changed(SUMMARY, ("${env.kmsKeyArn}", "${env.key}")))
    assert [d.message for d in report.diagnostics] == [
        f"environment {name} has no binding 'key'" for name in ("dev", "preprod", "prod")
    ]


def test_more_guardrails_than_an_account_may_have() -> None:
    many = files()
    for number in range(101):
        name = f"copy-{number}"
        many[f"manifests/{name}/manifest.yaml"] = (
            text(CLAIMS).replace("name: claims-assistant", f"name: {name}").encode()
        )
        for path, content in files().items():
            if path.startswith("manifests/claims-assistant/") and not path.endswith("manifest.yaml"):
                many[path.replace("claims-assistant", name)] = content
    report = validate(MemoryReader(many), workers=2)
    assert {d.code for d in report.diagnostics} == {"E521"}
    assert {d.path.split("/")[1] for d in report.diagnostics} == {"dev", "preprod", "prod"}


def test_without_environments_manifests_are_still_checked() -> None:
    alone = {path: content for path, content in files().items() if path.startswith("manifests/")}
    assert codes(alone) == []
    assert codes({**alone, CLAIMS: text(CLAIMS).replace("threshold: 0.75", "threshold: 1").encode()}) == ["E502"]


def _declare_flows(view: View) -> list[Draft]:
    return [Draft(name, FrozenMap(entry)) for name, entry in view.section("flows").items()]


@pytest.fixture
def flow() -> Kind:
    """A kind that does not exist yet, as one file would declare it."""
    prompt = registry()["prompt"]
    return replace(
        prompt,
        name="flow",
        section="flows",
        entry=None,
        is_short=lambda _: False,
        extra=frozenset(),
        declare=_declare_flows,
        check=lambda _: (),
        exports=lambda _: {},
        calls=replace(prompt.calls, create="CreateFlow", update="UpdateFlow", publish="CreateFlowVersion"),
    )


def test_a_new_kind_makes_its_section_valid(flow: Kind) -> None:
    role = "arn:aws:iam::111111111111:role/flow"
    entry = f"{{executionRoleArn: '{role}', customerEncryptionKeyArn: '${{env.kmsKeyArn}}'}}"
    section = f"  flows:\n    main: {entry}\n  models:\n"
    mutated = changed(CLAIMS, ("  models:\n", section))
    kinds = {**registry(), "flow": flow}
    without = {name: kind for name, kind in kinds.items() if kind.section != "flows" and kind.parent != "flow"}
    assert _claims(mutated, without) == ["E201"]
    assert _claims(mutated, kinds) == []
    mutated[CLAIMS] = mutated[CLAIMS].replace(b"executionRoleArn", b"roleArn")
    assert sorted(_claims(mutated, kinds)) == ["E402", "E403"]


def _claims(mutated: dict[str, bytes], kinds: dict[str, Kind]) -> list[str]:
    """The codes of the one use case: other examples have flows of their own."""
    found = validate(MemoryReader(mutated), kinds=kinds, use_cases=["claims-assistant"], workers=1)
    return [d.code for d in found.diagnostics]


class _Own(BaseModel):
    model_config = ConfigDict(extra="forbid")

    alias: dict[str, str] = {}
    note: Annotated[str | None, IncludedFile()] = None


def test_members_of_ours_beside_awss_own_are_checked_and_may_name_files(flow: Kind) -> None:
    kind = replace(flow, extra=frozenset({"alias", "note"}), ours=_Own)
    role = "arn:aws:iam::111111111111:role/flow"
    entry = (
        f"{{executionRoleArn: '{role}', alias: 3, note: flows/gone.md, customerEncryptionKeyArn: '${{env.kmsKeyArn}}'}}"
    )
    mutated = changed(CLAIMS, ("  models:\n", f"  flows:\n    main: {entry}\n  models:\n"))
    found = validate(MemoryReader(mutated), kinds={**registry(), "flow": kind}, workers=1).diagnostics
    assert sorted((d.code, d.pointer[2:]) for d in found) == [("E203", ("main", "alias")), ("E307", ("main", "note"))]


def test_several_processes_find_the_same() -> None:
    broken = changed(CLAIMS, ("threshold: 0.75", "threshold: 1"), ("riskTier: high", "riskTier: hihg"))
    for number in range(130):
        broken[f"manifests/x{number}/manifest.yaml"] = b"a: [1"
    one = validate(MemoryReader(broken), workers=1)
    two = validate(MemoryReader(broken), workers=2)
    assert one.diagnostics == two.diagnostics
    assert len(one.diagnostics) >= 132


def test_what_another_team_owns_answers_to_its_own_policy() -> None:
    """Its key and its guardrail are no part of the pin: nothing here could give them."""
    pin = f"{{external: abcdefgh1234, version: '3', sha256: {'a' * 64}}}"
    pins = [
        (f"  {section}:\n", f"  {section}:\n    theirs: {pin}\n") for section in ("guardrails", "prompts", "agents")
    ]
    mutated = changed(ADVISOR, *pins)
    mutated[PROD] = mutated[PROD].replace(b"  policy:\n", b"  policy:\n    requireGuardrail: true\n")
    found = validate(MemoryReader(mutated), use_cases=["policy-advisor"], workers=1)
    assert b"requireKmsKey: true" in mutated[PROD]
    assert [d.code for d in found.diagnostics] == []
