"""The examples as files in memory: what every mutation starts from."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from releaser.store.reader import MemoryReader
from releaser.store.validation import Report, validate

REPOSITORY = Path(__file__).parents[2]

ADVISOR = "manifests/policy-advisor/manifest.yaml"
CLAIMS = "manifests/claims-assistant/manifest.yaml"
TRIAGE = "manifests/complaint-triage/manifest.yaml"
SUMMARY = "manifests/policy-summary/manifest.yaml"
DEV = "environments/dev/environment.yaml"
PREPROD = "environments/preprod/environment.yaml"
PROD = "environments/prod/environment.yaml"


@cache
def _read() -> tuple[tuple[str, bytes], ...]:
    tops = (REPOSITORY / "manifests", REPOSITORY / "environments")
    paths = sorted(path for top in tops for path in top.rglob("*") if path.is_file())
    return tuple((path.relative_to(REPOSITORY).as_posix(), path.read_bytes()) for path in paths)


def files() -> dict[str, bytes]:
    """Every file of the examples."""
    return dict(_read())


def text(path: str) -> str:
    return files()[path].decode()


def judge(mutated: dict[str, bytes]) -> Report:
    """The verdict on everything; on the use cases whose files changed when no environment did."""
    before = files()
    changed = {path for path in before.keys() | mutated.keys() if before.get(path) != mutated.get(path)}
    touched = sorted({path.split("/")[1] for path in changed})
    alone = changed and all(path.startswith("manifests/") for path in changed)
    return validate(MemoryReader(mutated), use_cases=touched if alone else None, workers=1)
