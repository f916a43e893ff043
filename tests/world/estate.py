"""Three environments on one repository: dev follows main, preprod and prod have pins."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from world.desk import Desk
from world.process import Ended

STAGES = ("dev", "preprod", "prod")


@dataclass
class Estate:
    """A repository with an account for each environment."""

    desks: dict[str, Desk]

    @property
    def dev(self) -> Desk:
        return self.desks["dev"]

    def run(self, environment: str, *args: str, ok: int | None = 0) -> Ended:
        """A command with the credentials, and the name, of an environment."""
        return self.desks[environment].run(*args, "-e", environment, ok=ok)

    def plan(self, environment: str, *args: str) -> dict[str, Any]:
        """The plan as JSON."""
        ended = self.run(environment, "plan", "--output", "json", *args, ok=None)
        assert ended.out, f"exit {ended.code}: {ended.said}"
        found: dict[str, Any] = ended.json()
        return found

    def digest(self, release: str, use_case: str = "mail") -> str:
        """The release digest in a tag's message."""
        said = self.dev.repo.git("tag", "-l", "--format=%(contents)", f"{use_case}/{release}")
        return said.partition("Release-Digest: sha256:")[2][:64]

    def pin(self, environment: str, release: str, use_case: str = "mail", *, digest: str = "", **spec: Any) -> None:
        """Writes a pin and does not commit it."""
        digest = digest or (self.digest(release, use_case) if release != "retired" else "")
        what = release if release == "retired" else f"{release}@sha256:{digest}"
        document = {
            "apiVersion": "releaser.dev/v1",
            "kind": "Pin",
            "metadata": {"name": use_case},
            "spec": {"release": what, **spec},
        }
        path = f"environments/{environment}/releases/{use_case}.yaml"
        self.dev.repo.write(path, json.dumps(document, indent=2) + "\n")

    def promote(self, environment: str, release: str, **more: Any) -> Ended:
        """Pins, commits, reconciles."""
        self.pin(environment, release, **more)
        self.dev.repo.commit(f"{environment}: {release}")
        return self.run(environment, "reconcile")

    def live(self, environment: str, use_case: str = "mail") -> dict[str, Any]:
        """What applications read at run time."""
        content = self.desks[environment].content()
        found: dict[str, Any] = content[f"parameter /releaser/{use_case}/runtime"]["draft"]["Value"]
        return found


def create(new_desk: Callable[..., Desk], *, server: bool = False, **prod: Any) -> Estate:
    """An estate without use cases."""
    dev = new_desk(server=server)
    desks = {"dev": dev} | {name: replace(new_desk(), repo=dev.repo) for name in STAGES[1:]}
    dev.repo.environment("preprod", desks["preprod"].account, track=None)
    dev.repo.environment("prod", desks["prod"].account, track=None, promotesFrom="preprod", **prod)
    return Estate(desks)
