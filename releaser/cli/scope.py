"""What the paths on a command line stand for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from releaser.core.errors import WrongUsage


@dataclass(frozen=True, slots=True)
class Scope:
    """Names of use cases and environments; None: all of them."""

    use_cases: tuple[str, ...] | None = None
    environments: tuple[str, ...] | None = None


def scope(root: Path, paths: Iterable[Path]) -> Scope:
    """The use cases and environments that hold the paths. WrongUsage for what is not there or belongs to
    none."""
    use_cases: set[str] = set()
    environments: set[str] = set()
    every: set[str] = set()
    top = root.resolve()
    given = list(paths)
    for path in given:
        parts = _inside(top, path)
        if not parts or parts[0] not in ("manifests", "environments"):
            every |= {"manifests", "environments"} if not parts else set()
            if parts:
                raise WrongUsage(f"{path} is in neither manifests/ nor environments/ of {root}")
        elif len(parts) == 1:
            every.add(parts[0])
        else:
            (use_cases if parts[0] == "manifests" else environments).add(parts[1])
    if not given:
        return Scope()
    return Scope(
        None if "manifests" in every else tuple(sorted(use_cases)),
        None if "environments" in every else tuple(sorted(environments)),
    )


def _inside(top: Path, path: Path) -> tuple[str, ...]:
    whole = path if path.is_absolute() else Path.cwd() / path
    if not whole.exists():
        whole = top / path
    if not whole.exists():
        raise WrongUsage(f"there is no {path}", hint="name a manifest, an environment, or a folder of them")
    try:
        return whole.resolve().relative_to(top).parts
    except ValueError:
        raise WrongUsage(f"{path} is not inside {top}", hint="say where the repository is with --root") from None
