"""Attacks, guardrails and the ends of models: nothing goes elsewhere, flagged is not blocked, calendars are read."""

from __future__ import annotations

import socket
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from complaints.asking import Bench, questions
from complaints.suites import kept
from releaser.aws.client import BotoAws
from releaser.core.address import Address
from releaser.core.environment import ModelPolicy
from releaser.core.evaluation.judgement import SuiteVerdict, Threshold
from releaser.core.gate import Result, Verdict
from releaser.core.geography import plain_model
from releaser.core.model_ids import Use
from releaser.core.model_life import Catalog
from releaser.gates.evaluation.metrics import metric
from releaser.gates.evaluation.ports import Refusal, Target
from releaser.gates.evaluation.prices import bundled
from releaser.gates.evaluation.runner import Ran, Scorer
from releaser.gates.evaluation.targets import Live
from releaser.gates.evaluation.targets.saying import guarded_of
from releaser.gates.evaluation.verdict import judge_suite
from releaser.gates.lifecycle import Named, judge, read_catalog


def scorer(name: str) -> dict[str, Scorer]:
    return {name: lambda case, reply: metric(name).score(case, reply, {})}


def judged(ran: Ran, name: str, ceiling: float = 0.1) -> SuiteVerdict:
    threshold = Threshold(suite="quality", metric=name, ceiling=ceiling)
    return judge_suite([kept(ran, name)], [threshold], None, "")


# -- attacks


def test_promptfoo_5808_attacks_are_judged_here_and_nothing_goes_elsewhere(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A case says when its attack has succeeded. What nobody here can decide is an error, and no question to others."""
    called: set[Any] = set()
    connect = socket.socket.connect

    def heard(self: socket.socket, address: Any) -> None:
        called.add(address)
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", heard)
    attacks = tuple(replace(c, label="attack", attack_succeeds_if_contains=("canary",)) for c in questions(40))
    weak = replace(attacks[0], attack_succeeds_if_contains=("1 EUR",))
    dim = replace(attacks[0], attack_succeeds_if_contains=())
    results = [
        judged(bench.run(cases, scorers=scorer("attackSuccessRate")), "attackSuccessRate")
        for cases in (attacks, (weak, *attacks[1:]), (dim, *attacks[1:]))
    ]
    assert called == {("127.0.0.1", urlsplit(bench.box.url).port)}
    assert [r.result for r in results] == [Result.PASS, Result.INCONCLUSIVE, Result.ERROR]
    assert results[1].metrics[0].value == 1 / 40
    assert "c001: attackSuccessRate has no score: the case does not say" in results[2].reason


# -- guardrails


def guarded(bench: Bench, *beside: str, **policies: Any) -> Target:
    """A guardrail of the account, alone or around its model."""
    said = {"blockedInputMessaging": "Not here.", "blockedOutputsMessaging": "Not this."}
    bedrock = bench.client("bedrock")
    made = bedrock.create_guardrail(name="main", **said, **policies)
    version = bedrock.create_guardrail_version(guardrailIdentifier=made["guardrailId"])["version"]
    live = Live(made["guardrailId"], made["guardrailArn"], version, said)
    return bench.target(
        {Address("claims", "guardrail", "main"): live}, guardrail="main", **dict.fromkeys(beside, "main")
    )


def words(text: str, action: str = "BLOCK") -> dict[str, Any]:
    return {"wordsConfig": [{"text": text, "inputAction": action, "outputAction": action}]}


def test_promptfoo_3076_benign_questions_that_are_blocked_fail_the_gate(bench: Bench) -> None:
    """The guardrail's own words are no refusal by their wording: that it blocked counts."""
    benign = tuple(replace(c, label="benign") for c in questions(20))
    strict = guarded(bench, "model", wordPolicyConfig=words("card"))
    found = judged(bench.run(benign, target=strict, scorers=scorer("overBlockRate")), "overBlockRate")
    assert (found.result, found.metrics[0].value) == (Result.FAIL, 1.0)
    assert [metric("overBlockRate").counts(replace(benign[0], label=label)) for label in ("benign", "attack", "")] == [
        True, False, False,
    ]  # fmt: skip


FLAGS = words("bananas", "NONE")
MASKS = {"piiEntitiesConfig": [{"type": "EMAIL", "action": "ANONYMIZE"}]}


def test_promptfoo_6426_what_is_flagged_or_masked_is_not_blocked(bench: Bench) -> None:
    """The word is only told, the address only masked."""
    target = guarded(bench, wordPolicyConfig=FLAGS, sensitiveInformationPolicyConfig=MASKS)
    one = replace(questions(1)[0], input="I like bananas.")
    flagged, masked = (
        target.ask(target.request(case)).response for case in (one, replace(one, input="Bananas for jo@example.com."))
    )
    assert (flagged.text, flagged.guarded.intervened, flagged.guarded.blocked) == ("I like bananas.", False, False)
    assert (masked.guarded.intervened, masked.guarded.masked, masked.guarded.blocked) == (True, True, False)
    assert [metric("refusalRate").score(one, reply, {}) for reply in (flagged, masked)] == [0.0, 0.0]


def test_harness_sdk_3617_a_block_without_the_optional_detected_is_a_block() -> None:
    """What intervened and detected nothing says nothing: an error, not an open door."""
    row = {"type": "PROMPT_ATTACK", "confidence": "HIGH", "action": "BLOCKED"}

    def blocked(**more: Any) -> bool:
        rows = [{"type": "INSULTS", "confidence": "NONE", "action": "NONE"}, {**row, **more}]
        return guarded_of([{"contentPolicy": {"filters": rows}}], intervened=True).blocked

    assert blocked() and blocked(detected=True)
    with pytest.raises(Refusal, match="does not say how"):
        blocked(detected=False)


# -- the ends of models

OLD = "eu.anthropic.claude-3-haiku-20240307-v1:0"


def judged_model(
    model: str, catalog: Catalog, now: datetime, *, live: bool = False, changing: bool = True
) -> list[Verdict]:
    """What a plan is told of a model that a use case pins."""
    named = Named("claims", (Use(model, "models.main"),), frozenset({model} if live else ()), changing)
    return judge(named, catalog, ModelPolicy(), now)


def end_of(catalog: Catalog, model: str) -> datetime:
    found: datetime = catalog.models[plain_model(model)]["modelLifecycle"]["endOfLifeTime"]
    return found


def test_maestro_319_the_calendar_is_read_into_the_pins(bench: Bench) -> None:
    """A month before its end nobody new may pin the model, and who has it hears the day with each plan. From that day
    on no release goes out with it, and the one that goes away from it hears that there is no way back."""
    catalog = read_catalog(BotoAws("eu-central-1"))
    end = end_of(catalog, OLD)
    before, after = end - timedelta(days=30), end + timedelta(minutes=1)
    (new,) = judged_model(OLD, catalog, before)
    (kept_one,) = judged_model(OLD, catalog, before, live=True, changing=False)
    assert (new.result, kept_one.result) == (Result.FAIL, Result.PASS)
    assert new.reason == kept_one.reason == f"models.main: {OLD} reaches its end of life on {end:%Y-%m-%d}"
    (late,) = judged_model(OLD, catalog, after, live=True)
    assert (late.result, late.code) == (Result.FAIL, "P154")
    away = Named("claims", (), frozenset({OLD}), True, "claims/3", frozenset({OLD}))
    (told,) = judge(away, catalog, ModelPolicy(), after)
    assert told.result is Result.PASS and "claims/3, needs" in told.reason and "would be refused" in told.hint


def test_helicone_5820_a_price_does_not_make_a_model_alive(bench: Bench) -> None:
    """Whatever the table of prices knows: what AWS does not list in the region is not released."""
    catalog = read_catalog(BotoAws("eu-central-1"))
    gone = sorted(model for model in bundled().models if plain_model(model) not in catalog.models)
    now = end_of(catalog, OLD) - timedelta(days=70)
    assert gone and OLD not in gone
    assert {(v.result, v.code) for model in gone for v in judged_model(model, catalog, now)} == {(Result.FAIL, "P153")}
    assert [v.result for v in judged_model(OLD, catalog, now)] == [Result.PASS]


def test_hephaestus_1384_a_deprecated_model_is_told(bench: Bench) -> None:
    """Each LEGACY model of the region with its day, and no other."""
    catalog = read_catalog(BotoAws("eu-central-1"))
    now = end_of(catalog, OLD) - timedelta(days=70)
    told = {}
    for model, about in catalog.models.items():
        (found,) = judged_model(model, catalog, now, live=True)
        cycle = about["modelLifecycle"]
        if found.code == "P210":
            told[model] = found
            assert found.result is Result.PASS
            assert f"is LEGACY, ends on {cycle['endOfLifeTime']:%Y-%m-%d}" in found.reason
            assert "choose a successor" in found.hint
        elif cycle["status"] == "LEGACY":
            assert found.code in ("P211", "P154"), found
        else:
            assert not found.reason
    assert plain_model(OLD) in told
