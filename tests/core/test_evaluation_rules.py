"""What a manifest says of evaluation: options, rubrics, reviews, waivers, and thresholds that cannot be proved."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from releaser.core.workspace import UseCaseFiles
from releaser.store import yaml_write
from releaser.store.reader import MemoryReader
from releaser.store.validation import validate
from releaser.store.workspace import load_use_case

FOLDER = "manifests/triage"
CASES = b"".join(json.dumps({"id": f"c{i}", "input": "x"}).encode() + b"\n" for i in range(30))


def repository(evaluation: dict[str, Any], **files: bytes) -> MemoryReader:
    data = {
        "apiVersion": "releaser.dev/v1",
        "kind": "UseCase",
        "metadata": {"name": "triage", "owner": "desk@example.com"},
        "spec": {
            "governance": {"riskTier": "minimal"},
            "models": {"judge": {"modelId": "eu.amazon.nova-pro-v1:0"}},
            "datasets": {"golden": {"path": "data/golden.jsonl", "sha256": hashlib.sha256(CASES).hexdigest()}},
            "evaluation": evaluation,
        },
    }
    named = {f"{FOLDER}/{name}.jsonl": content for name, content in files.items()}
    text = yaml_write.dump(data).encode()
    return MemoryReader({f"{FOLDER}/manifest.yaml": text, f"{FOLDER}/data/golden.jsonl": CASES, **named})


def suite(metrics: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {"suites": {"quality": {"target": {"model": "judge"}, "dataset": "golden", "metrics": metrics, **members}}}


def found(evaluation: dict[str, Any], **files: bytes) -> list[tuple[str, str]]:
    report = validate(repository(evaluation, **files), workers=1)
    return [(d.code, d.severity) for d in report.diagnostics]


FINE: tuple[dict[str, Any], ...] = (
    {"regex": {"floor": 0.9, "pattern": "^x"}},
    {"jsonSchema": {"floor": 0.9, "schema": {"type": "object"}}},
    {"numeric": {"floor": 0.9, "tolerance": 0.5, "field": "sum"}},
    {"recallAtK": {"floor": 0.9, "k": 3}},
    {"correctness": {"floor": 0.9, "judge": "judge"}},
    {"jsonValid": {"floor": 0.99, "tier": "advisory"}},
)


@pytest.mark.parametrize("metrics", FINE, ids=lambda m: next(iter(m)))
def test_options_that_fit(metrics: dict[str, Any]) -> None:
    assert found(suite(metrics)) == []


WRONG: tuple[tuple[dict[str, Any], str], ...] = (
    ({"regex": {"floor": 0.9}}, "E712"),
    ({"jsonSchema": {"floor": 0.9}}, "E712"),
    ({"tokenF1": {"floor": 0.9, "pattern": "x"}}, "E712"),
    ({"mrr": {"floor": 0.9, "k": 3}}, "E712"),
    ({"tone": {"floor": 0.9, "judge": "judge"}}, "E713"),
    ({"tone": {"floor": 0.9, "human": "desk"}}, "E306"),
    ({"correctness": {"floor": 0.9, "judge": "judge", "human": "desk"}}, "E711"),
    ({"recallAtK": {"floor": 0.9, "k": 0}}, "E205"),
    ({"jsonValid": {"floor": 0.9, "pairwise": True}}, "E715"),
    ({"correctness": {"floor": 0.45, "judge": "judge", "pairwise": True}}, "E715"),  # of a model that is no prompt
)


@pytest.mark.parametrize(("metrics", "code"), WRONG)
def test_options_that_do_not(metrics: dict[str, Any], code: str) -> None:
    assert (code, "error") in found(suite(metrics))


def test_what_is_compared_in_pairs_with_what_is_live_has_no_other_comparison() -> None:
    def asked(**more: Any) -> set[tuple[str, str]]:
        metric = {"floor": 0.45, "judge": "judge", "pairwise": True, **more}
        return set(found(suite({"correctness": metric}, target={"guardrail": "main"})))

    assert asked(maxRegression=0.1) - asked() == {("E715", "error")}


def test_a_threshold_that_no_reply_could_keep_is_warned_of() -> None:
    assert found(suite({"jsonValid": {"floor": 0.91}})) == []
    assert found(suite({"jsonValid": {"floor": 0.92}})) == [("E714", "warning")]
    assert found(suite({"jsonValid": {"floor": 1.0}})) == [("E714", "warning")]
    assert found(suite({"refusalRate": {"ceiling": 0.05}})) == [("E714", "warning")]
    assert found(suite({"jsonValid": {"floor": 0.8}}, sample={"size": 9, "seed": 1})) == [("E714", "warning")]


TONE = {"text": "Is it kind?", "anchors": {"0": "no", "1": "yes"}}


def test_rubrics() -> None:
    judged = suite({"tone": {"floor": 0.8, "judge": "judge"}})
    calibrated = {**TONE, "calibration": {"dataset": "golden", "floor": 0.6}}
    assert found({**judged, "rubrics": {"tone": calibrated}}) == []
    assert ("E306", "error") in found(
        {**judged, "rubrics": {"tone": {**calibrated, "calibration": {"dataset": "x", "floor": 0}}}}
    )
    assert ("E713", "error") in found({**judged, "rubrics": {"tone": {**TONE, "anchors": {"1": "a", "1.0": "b"}}}})
    assert found({**judged, "rubrics": {"tone": {**TONE, "anchors": {"good": "a", "bad": "b"}}}})


def test_reviews_are_no_part_of_the_release() -> None:
    evaluation = {
        **suite({"tone": {"floor": 0.8, "human": "desk"}}),
        "humanReviews": {"desk": {"path": "reviews.jsonl"}},
    }
    assert found(evaluation, reviews=b"") == []
    assert found(evaluation) == [], "people write them once there are answers"
    digests = set()
    for reviews in (b"", b'{"case": "c0", "by": "eva", "score": 1}\n'):
        files = load_use_case(repository(evaluation, reviews=reviews), "triage")
        assert isinstance(files, UseCaseFiles) and files.cases["reviews.jsonl"] == reviews
        digests.add(files.digest)
    assert len(digests) == 1


def waiver(**members: Any) -> dict[str, Any]:
    given = {"at": "quality.tokenF1", "verdicts": ["INCONCLUSIVE"], "by": "eva", "reason": "too few cases yet"}
    return {**suite({"tokenF1": {"floor": 0.5}}), "waivers": [{**given, "until": "2026-12-24", **members}]}


def test_waivers_of_metrics() -> None:
    assert found(waiver()) == []
    assert ("E306", "error") in found(waiver(at="quality.tokenF2"))
    for wrong in ({"verdicts": ["ERROR"]}, {"verdicts": []}, {"reason": "no"}, {"until": "soon"}, {"at": "quality"}):
        assert found(waiver(**wrong)), wrong


def test_applications() -> None:
    asked = suite({"tokenF1": {"floor": 0.5}}, target={"application": "desk"})
    for url in ("https://desk.example.com/answer", "http://127.0.0.1:8080/"):
        assert found({**asked, "applications": {"desk": {"url": url}}}) == []
    assert found({**asked, "applications": {"desk": {"url": "http://desk.example.com"}}})
    assert ("E306", "error") in found(asked)


def test_a_pointer_of_git_lfs_stands_for_its_file() -> None:
    sha = hashlib.sha256(CASES).hexdigest()
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha}\nsize {len(CASES)}\n".encode()
    content = dict(repository(suite({"jsonValid": {"floor": 0.99}})).files)
    content[f"{FOLDER}/data/golden.jsonl"] = pointer
    assert validate(MemoryReader(content), workers=1).diagnostics == ()
    content[f"{FOLDER}/data/golden.jsonl"] = pointer.replace(sha.encode(), b"0" * 64)
    assert [d.code for d in validate(MemoryReader(content), workers=1).diagnostics] == ["E701"]
