"""Data and prices that are not in the use case's folder: objects of Git LFS, a table of prices of one's own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from world import manifest
from world.desk import Desk

from releaser.gates.evaluation.prices import bundled

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize {}\n"


@pytest.fixture
def gated(new_desk: Callable[..., Desk]) -> Desk:
    return new_desk(gates={"required": ["quality"]})


def write(desk: Desk, metrics: dict[str, Any]) -> bytes:
    """A use case whose data set is a pointer; the bytes that it stands for."""
    content = "".join(json.dumps({"id": f"c{i:03}", "input": {"letter": f"letter {i}"}}) + "\n" for i in range(60))
    digest = hashlib.sha256(content.encode()).hexdigest()
    datasets = {"golden": {"path": "data/golden.jsonl", "sha256": digest}}
    suite = {"target": {"prompt": "answer"}, "dataset": "golden", "metrics": metrics}
    document = manifest.use_case(datasets=datasets, evaluation={"suites": {"quality": suite}})
    document["spec"]["governance"]["riskTier"] = "limited"
    desk.repo.write("manifests/mail/manifest.yaml", manifest.text(document))
    desk.repo.write("manifests/mail/prompts/answer.md", "Answer the letter.\n\n{{letter}}\n")
    desk.repo.write("manifests/mail/data/golden.jsonl", POINTER.format(digest, len(content)))
    desk.repo.commit()
    return content.encode()


def test_a_pointer_of_git_lfs_is_followed_and_never_taken_for_data(gated: Desk) -> None:
    content = write(gated, {"refusalRate": {"floor": 0.5}})
    missing = gated.reconcile(ok=3)
    assert "git lfs pull" in missing.said
    digest = hashlib.sha256(content).hexdigest()
    place = gated.repo.root / ".git/lfs/objects" / digest[:2] / digest[2:4] / digest
    place.parent.mkdir(parents=True)
    place.write_bytes(content + b"\n")
    assert "P228" in gated.reconcile(ok=3).said, "an object that is not what the pointer says is not used"
    place.write_bytes(content)
    gated.reconcile()


def test_a_table_of_prices_of_ones_own_is_another_evaluator(gated: Desk, tmp_path: Path) -> None:
    write_own = json.dumps(
        {
            "format": "releaser.prices/v1",
            "date": "2026-11-01",
            "currency": "EUR",
            "source": "our contract",
            "models": {manifest.SONNET: {"input": 1.0, "output": 1.0}},
            "guardrails": {},
        }
    )
    own = tmp_path / "prices.json"
    own.write_text(write_own)
    content = write(gated, {"costPerThousandRequests": {"ceiling": 1_000_000}})
    digest = hashlib.sha256(content).hexdigest()
    place = gated.repo.root / ".git/lfs/objects" / digest[:2] / digest[2:4] / digest
    place.parent.mkdir(parents=True)
    place.write_bytes(content)
    gated.env["RELEASER_PRICES"] = str(own)
    gated.reconcile()
    (raw,) = (raw for path, raw in gated.repo.records().items() if "evaluation-" in path)
    found = json.loads(raw)
    assert found["prices"].startswith("2026-11-01 ")
    assert found["run"]["currency"] == "EUR"
    assert found["prices"] != bundled().identity
    own.write_text("{}")
    gated.repo.write("manifests/mail/prompts/answer.md", "Answer the letter briefly.\n\n{{letter}}\n")
    gated.repo.commit()
    assert "RELEASER_PRICES" in gated.reconcile(ok=3).said
