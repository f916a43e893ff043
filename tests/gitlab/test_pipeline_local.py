"""The same files by gitlab-ci-local, somebody else's reading of them. ``make pipeline`` brings it and runs this.

It has no identity tokens, resource groups or merge requests of its own: those are told by variables, or left out.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ci import door, pipeline
from stub import Gitlab
from world.desk import Desk
from world.manifest import text, use_case
from world.process import Zygote
from world.repository import LETTER

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = shutil.which("gitlab-ci-local") or ""
FILE = {"include": [{"local": "templates/releaser.yml", "inputs": {"environments": ["dev"], "install": "true"}}]}
PUSH = {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "main"}
NIGHT = {"CI_PIPELINE_SOURCE": "schedule", "CI_COMMIT_BRANCH": "main"}
MERGE_REQUEST = {
    "CI_PIPELINE_SOURCE": "merge_request_event",
    "CI_COMMIT_BRANCH": "",
    "CI_MERGE_REQUEST_PROJECT_PATH": "bank/releases",
    "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": "bank/releases",
}

pytestmark = pytest.mark.skipif(not PROGRAM, reason="gitlab-ci-local is not installed: make pipeline")


class Local:
    """A clone in which pipelines run."""

    def __init__(self, desk: Desk, gitlab: Gitlab, opened: door.Door) -> None:
        self.desk, self.gitlab, self.door = desk, gitlab, opened

    def run(self, ok: int = 0, **variables: str) -> str:
        """A pipeline of the commit that is checked out."""
        found = self._call("--shell-isolation", "--force-shell-executor", "--no-color", **variables)
        assert found.returncode == ok, found.stdout + found.stderr
        return found.stdout + found.stderr

    def jobs(self, **variables: str) -> dict[str, str]:
        """Name -> when, of the jobs of a pipeline."""
        found = self._call("--list-json", **variables)
        assert found.returncode == 0, found.stdout + found.stderr
        listed = found.stdout[found.stdout.index("\n[\n") :]
        return {row["name"]: row["when"] for row in json.loads(listed) if row["when"] != "never"}

    def _call(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        repo = self.desk.repo
        known = {
            "CI_DEFAULT_BRANCH": "main",
            "CI_JOB_TOKEN": "job-1",
            "CI_API_V4_URL": self.gitlab.api,
            "CI_SERVER_URL": self.gitlab.url,
            "CI_PROJECT_ID": "12",
            "GITLAB_USER_ID": "1",
            "CI_PROJECT_URL": str(repo.server).removesuffix(".git"),
            **{k: v for k, v in self.desk.box.env(self.desk.account).items() if k.startswith("AWS_")},
            **variables,
        }
        given = [word for key, value in known.items() for word in ("--variable", f"{key}={value}")]
        env = repo.env | {"PATH": f"{self.door.bin}:{os.environ['PATH']}"}
        return subprocess.run([PROGRAM, *words, *given], cwd=repo.root, env=env, capture_output=True, text=True)


@pytest.fixture
def local(new_desk: Callable[..., Desk], zygote: Zygote, gitlab: Gitlab, tmp_path: Path) -> Iterator[Local]:
    desk = new_desk(server=True)
    desk.repo.write(".gitlab-ci.yml", text(FILE))
    desk.repo.write(".gitignore", ".gitlab-ci-local/\n")
    desk.repo.write("templates/releaser.yml", (ROOT / "templates/releaser.yml").read_text(encoding="utf-8"))
    desk.repo.declare(use_case())
    desk.repo.commit("first")
    desk.repo.git("remote", "set-url", "origin", str(desk.repo.server))
    desk.repo.git("fetch", "-q", "origin")
    gitlab.state.tags |= {"mail/r1", "mail/r2"}  # as soon as they are pushed
    with door.opened(zygote, tmp_path / "runner") as opened:
        yield Local(desk, gitlab, opened)


@pytest.mark.parametrize("variables", [PUSH, NIGHT, MERGE_REQUEST], ids=["push", "night", "merge-request"])
def test_both_readings_agree(local: Local, variables: dict[str, str]) -> None:
    ours = pipeline.jobs(pipeline.merged(local.desk.repo.root), {**variables, "CI_DEFAULT_BRANCH": "main"})
    assert local.jobs(**variables) == {job.name: job.when for job in ours}


def test_a_change_is_planned_merged_released_and_looked_after(local: Local) -> None:
    local.run(**PUSH)
    assert local.desk.repo.tags() == ["mail/r1"]
    repo = local.desk.repo
    base = repo.git("rev-parse", "HEAD")
    repo.git("switch", "-q", "-c", "shorter")
    repo.declare(use_case(), {"answer": LETTER.replace("three", "two")})
    repo.git("commit", "-q", "-a", "-m", "shorter")
    mark = local.desk.mark()
    said = local.run(**MERGE_REQUEST, CI_MERGE_REQUEST_DIFF_BASE_SHA=base)
    assert "mail: touched" in said and local.desk.effects(mark) == []
    repo.git("switch", "-q", "main")
    repo.git("merge", "-q", "shorter")
    repo.git("push", "-q", "origin", "main")
    local.run(**PUSH)
    assert repo.tags() == ["mail/r1", "mail/r2"]
    mark = local.desk.mark()
    local.run(**NIGHT)
    assert local.desk.effects(mark) == []
    local.desk.settled()
