"""What would stop a run in an environment, looked at without writing anything."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from releaser import wiring
from releaser.core.checkup import Check
from releaser.core.errors import ReleaserError, WrongUsage
from releaser.core.iam.role import Role
from releaser.core.iam.scene import Scene
from releaser.pipeline import examining_access, examining_git, examining_gitlab, examining_token
from releaser.pipeline.permitting import Place, place, scene_of


def examine(
    root: Path | None, environment: str, target: str | None, *, role: Role | None, trust: Path | None
) -> tuple[Place, tuple[Check, ...]]:
    """Everything, in the order in which a run would meet it. Raises WrongUsage for an environment that is not there."""
    at = place(root, environment, target)
    return at, tuple(_checks(at, role, trust))


def _checks(at: Place, role: Role | None, trust: Path | None) -> Iterator[Check]:
    yield Check("environment", "ok", f"{at.environment.name} is account {at.target.account}, region {at.target.region}")
    scene: Scene | None = None
    try:
        scene = scene_of(at)
        yield Check("manifests", "ok", "they compile for this environment")
    except WrongUsage:
        raise
    except ReleaserError as error:
        yield Check("manifests", "problem", str(error), error.hint)
    yield from examining_git.checks(at.repo)
    yield from examining_gitlab.checks(at)
    try:
        connection = wiring.connection(at.environment, at.target, at.repo.environ, read_only=True)
    except ReleaserError as error:
        yield from examining_token.checks(at, role or Role.PLAN, trust)
        yield Check("identity", "problem", str(error), error.hint)
        return
    acting = role or examining_access.acting_as(connection.caller, at.target.role)
    yield from examining_token.checks(at, acting, trust)
    yield examining_access.identity(connection.caller, at.target.role, acting)
    if scene is not None:
        yield from examining_access.checks(connection.aws, connection.caller, scene, acting)
