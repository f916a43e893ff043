"""``releaser notes``: between tags, and as the records of an environment have it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from benchmarks import history
from releaser.cli.app import run
from releaser.render.html import escape


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three use cases, twelve releases in three environments."""
    root = tmp_path_factory.mktemp("history") / "repository"
    history.write(root, 3, 12)
    return root


@pytest.fixture(autouse=True)
def isolated(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith(("GIT_", "CI_", "GITLAB_", "RELEASER_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)


def printed(capsys: pytest.CaptureFixture[str], repository: Path, *words: str) -> str:
    assert run(["notes", *words, "--root", str(repository)]) == 0
    return capsys.readouterr().out


def test_the_newest_release_against_the_one_before(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = printed(capsys, repository, "policy-assistant")
    assert said.startswith("# policy-assistant r12\n\nReplaces r11. What changes:")
    assert "{+13+}" in said
    assert "Not evaluated" in said and "## The run" not in said


def test_any_two_releases(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = printed(capsys, repository, "policy-assistant", "r9", "--against", "r2")
    assert "# policy-assistant r9\n\nReplaces r2." in said
    first = printed(capsys, repository, "policy-assistant", "r1")
    assert "First release." in first and "Replaces" not in first


def test_confidential_texts_stay_in_git(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The third use case is confidential."""
    for output in ("markdown", "html", "json"):
        said = printed(capsys, repository, "motor-assistant", "r7", "--output", output)
        assert "Rewrite" not in said and "Name the document" not in said
        assert "sha256" in said


def test_an_environment_adds_what_its_record_has(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = printed(capsys, repository, "policy-assistant", "r12", "-e", "prod")
    assert said.startswith("# policy-assistant r12 in prod\n\nReplaces r11.")
    for fact in ("**Risk: ", "Merge request", "Approved by", "Separation of duties", "quality/tokenF1", "## Way back"):
        assert fact in said
    assert "| `prompt/answer` | `12` |" in said
    found = json.loads(printed(capsys, repository, "policy-assistant", "r12", "-e", "prod", "--output", "json"))
    assert found["format"] == "releaser.notes/v1"
    assert (found["run"]["outcome"], found["run"]["change"]["mergeRequest"]) == ("released", "genai/releases!1201")
    assert found["wayBack"]["release"] == "r11"
    assert found["scores"][0]["metric"] == "tokenF1"


def test_what_is_no_longer_live_has_no_way_back(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "Way back" not in printed(capsys, repository, "policy-assistant", "r3", "-e", "prod")


def test_html_is_a_page_of_its_own(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = printed(capsys, repository, "policy-assistant", "r12", "-e", "prod", "--output", "html")
    assert said.startswith("<!doctype html>") and escape("policy-assistant r12 in prod") in said
    assert "<ins>" in said and "<script" not in said and "src=" not in said


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["nobody"], "P102"),
        (["policy-assistant", "r99"], "P342"),
        (["policy-assistant", "r99", "-e", "prod"], "P350"),
        (["policy-assistant", "-e", "moon"], "P104"),
        (["nobody", "-e", "prod"], "P102"),
    ],
)
def test_what_is_not_there_is_named(
    words: list[str], code: str, repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["notes", *words, "--root", str(repository)]) == 64
    complaint = capsys.readouterr().err
    assert f"error[{code}]" in complaint and "hint:" in complaint
