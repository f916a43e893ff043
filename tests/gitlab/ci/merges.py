"""A project whose dev follows main, an engineer who merges into it, and pipelines that can be held and killed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from stub import Gitlab
from world.desk import Desk
from world.manifest import guardrail, text, use_case
from world.process import Zygote, until
from world.repository import LETTER

from ci import door
from ci.project import Pipeline, Project, Variable

ROOT = Path(__file__).resolve().parents[3]
ALLOW = [{"at": "guardrails.main", "change": "weaken", "reason": "Letters quote what customers wrote."}]
FILE = {
    "include": [
        {
            "component": "$CI_SERVER_FQDN/platform/releaser/releaser@0.1.0",
            "inputs": {"environments": ["dev"], "install": "true"},
        }
    ]
}


class Merges:
    """A project whose dev follows main, and an engineer who merges into it."""

    def __init__(self, desk: Desk, project: Project) -> None:
        self.desk, self.project = desk, project

    def merge(self, strength: str, sentences: str) -> Pipeline:
        """Another guardrail and another prompt: several writes in an order."""
        document = use_case(guardrails={"main": guardrail(strength)}, allow=ALLOW)
        self.desk.repo.declare(document, {"answer": LETTER.replace("three", sentences)})
        self.desk.repo.commit(f"{sentences} sentences")
        return self.project.pushed()

    @contextmanager
    def held(self, pipeline: Pipeline, operation: str) -> Iterator[threading.Thread]:
        """Runs a pipeline until its first call of an operation has had its effect, and holds it there."""
        admin = self.desk.admin
        admin.add_fault("hang-after", account=self.desk.account, operation=operation, times=1)
        thread = threading.Thread(target=pipeline.run)
        thread.start()
        until(admin.held, why=operation)
        yield thread
        admin.release()
        thread.join(60)

    def changed(self) -> list[str]:
        """Writes that only the second merge asks for."""
        return [name for name in self.desk.writes() if "Update" in name]

    def is_sound(self, *releases: str) -> None:
        """Everything is closed, nothing is left to do, and git has these releases."""
        found = self.desk.releases()
        assert {f"{folder.rpartition('-')[2]}" for folder in found} == set(releases), found
        assert all({"opened.json", "closed.json"} <= entries for entries in found.values()), found
        self.desk.repo.git("pull", "-q", "origin", "main")
        self.desk.settled()


@pytest.fixture
def merges(new_desk: Callable[..., Desk], zygote: Zygote, gitlab: Gitlab, tmp_path: Path) -> Iterator[Merges]:
    desk = new_desk(server=True)
    desk.repo.write(".gitlab-ci.yml", text(FILE))
    desk.repo.commit("pipeline")
    variables = [Variable(k, v) for k, v in desk.box.env(desk.account).items() if k.startswith("AWS_")]
    with door.opened(zygote, tmp_path / "runner") as opened:
        clone = desk.repo.clone(tmp_path / "gitlab")
        found = Project(clone, tmp_path / "runner", opened, gitlab, variables=variables)
        found.components["platform/releaser/releaser"] = ROOT / "templates/releaser.yml"
        yield Merges(desk, found)
