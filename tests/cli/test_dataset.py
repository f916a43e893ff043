"""``releaser dataset``: hash, check and stats."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from releaser.cli.app import run

MANIFEST = """\
apiVersion: releaser.dev/v1
kind: UseCase
metadata: {name: complaint-triage, owner: desk@example.com}
spec:
  datasets:
    golden:  # by the service desk
      path: data/golden.jsonl
      sha256: "SHA"
  evaluation:
    suites:
      quality:
        target: {prompt: classify}
        dataset: golden
        metrics:
          jsonValid: {floor: 0.9}
          tokenF1: {floor: 0.5}
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("RELEASER_ROOT", raising=False)
    cases = [{"id": f"c{i:02}", "input": "x", "expected": "y", "category": "ab"[i % 2]} for i in range(26)]
    content = "".join(json.dumps(c) + "\n" for c in cases).encode()
    golden(tmp_path).parent.mkdir(parents=True)
    golden(tmp_path).write_bytes(content)
    manifest(tmp_path).write_text(MANIFEST.replace("SHA", hashlib.sha256(content).hexdigest()))
    return tmp_path


def golden(root: Path) -> Path:
    return root / "manifests" / "complaint-triage" / "data" / "golden.jsonl"


def manifest(root: Path) -> Path:
    return root / "manifests" / "complaint-triage" / "manifest.yaml"


def said(capsys: pytest.CaptureFixture[str], root: Path, *words: str, code: int = 0) -> str:
    assert run(["dataset", *words, "--root", str(root)]) == code
    return capsys.readouterr().out


def data(capsys: pytest.CaptureFixture[str], root: Path, *words: str, code: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(said(capsys, root, *words, "--output", "json", code=code))
    return found


def test_hash_prints_what_the_manifest_wants(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sha = hashlib.sha256(golden(root).read_bytes()).hexdigest()
    assert said(capsys, root, "hash", "complaint-triage") == f"{sha}  data/golden.jsonl\n"


def test_hash_writes_the_digest_and_nothing_else(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = manifest(root).read_text()
    old = hashlib.sha256(golden(root).read_bytes()).hexdigest()
    golden(root).write_bytes(golden(root).read_bytes() + b"\n")
    assert "has the sha256" in said(capsys, root, "check", "complaint-triage", code=1)
    row = data(capsys, root, "hash", "complaint-triage", "golden", "--write")["datasets"][0]
    assert row["declared"] == old != row["sha256"]
    assert manifest(root).read_text() == before.replace(old, row["sha256"])
    assert said(capsys, root, "check", "complaint-triage") == "golden: 26 cases\n"


def test_check_tells_every_line(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = golden(root).read_bytes().split(b"\n")
    golden(root).write_bytes(b"\n".join([lines[0], b"{", lines[0], *lines[1:]]))
    (row,) = data(capsys, root, "check", "complaint-triage", code=1)["datasets"]
    assert [(p["line"], p["code"]) for p in row["problems"]] == [(1, "P228"), (2, "E702"), (3, "E703")]
    assert row["cases"] == 26


def test_stats_says_what_can_be_proved(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (row,) = data(capsys, root, "stats", "complaint-triage")["datasets"]
    assert row["cases"] == 26 and row["category"] == {"a": 13, "b": 13}
    assert row["provable"] == {"jsonValid": {"cases": 26, "floor": 0.905, "ceiling": 0.095}}
    assert "floor 0.905" in said(capsys, root, "stats", "complaint-triage")


def test_wrong_names_have_a_hint(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["dataset", "check", "complaint-triaje", "--root", str(root)]) == 64
    assert "did you mean complaint-triage?" in capsys.readouterr().err
    assert run(["dataset", "stats", "complaint-triage", "goldn", "--root", str(root)]) == 64
    assert "did you mean golden?" in capsys.readouterr().err
