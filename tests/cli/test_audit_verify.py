"""``releaser audit verify`` as people and pipelines call it."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from world.repository import Repository, git_environment

from releaser.cli.app import run
from releaser.render.audit import proof_schema

SEEDED = "Entries: sha256:" + "0" * 64


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in git_environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    repo = Repository(tmp_path / "work")
    repo.root.mkdir()
    repo.git("init", "-q", "-b", "main")
    repo.write("manifests/.keep", "")
    repo.git("add", ".")
    repo.git("commit", "-q", "-m", "first")
    monkeypatch.chdir(repo.root)
    return repo.root


def test_without_records_there_is_nothing_to_prove(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", "verify"]) == 0
    assert "there is no branch of records here" in capsys.readouterr().out


def test_what_is_wrong_is_named_and_ends_with_1(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    repo = Repository(root)
    repo.git("checkout", "-q", "--orphan", "releases")
    repo.git("reset", "-q", "--hard")
    repo.write("dev/mail/0001-r1/opened.json", "{}\n")
    repo.git("add", ".")
    repo.git("commit", "-q", "-m", f"dev: open\n\n{SEEDED}")
    repo.git("checkout", "-q", "main")
    assert run(["audit", "verify", "--output", "json"]) == 1
    said = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator(proof_schema()).validate(said)
    assert (said["format"], said["ok"]) == ("releaser.audit/v1", False)
    assert "dev/mail/0001-r1/opened.json" in {p["path"] for p in said["problems"]}
    assert run(["audit", "verify"]) == 1
    assert "WRONG  dev/mail/0001-r1/opened.json" in capsys.readouterr().out
    assert run(["audit", "verify", "--output", "markdown"]) == 1
    assert "| wrong | " in capsys.readouterr().out
