"""Data sets: the digest, and the form of every case."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from releaser.core.kind import Problem
from releaser.core.values import Path

CHECKED_BYTES = 8 << 20
"""Larger files are verified by their digest alone."""


def check_digest(name: str, dataset: Mapping[str, Any], actual: str | None) -> Iterator[Problem]:
    """The declared sha256 against that of the file's bytes."""
    declared = dataset.get("sha256")
    if actual is not None and isinstance(declared, str) and len(declared) == 64 and declared != actual:
        at = ("spec", "datasets", name, "sha256")
        yield Problem("E701", f"{dataset.get('path')} has another sha256", at, f"if the change is meant: {actual}")


def check_cases(path: str, content: bytes, variables: frozenset[str] | None, at: Path) -> Iterator[Problem]:
    """The form of the cases in a JSON Lines file; ``variables`` of the prompt that takes them, when known."""
    if not path.endswith(".jsonl") or len(content) > CHECKED_BYTES:
        return
    seen: dict[str, int] = {}
    for number, line in enumerate(content.splitlines(), 1):
        if not line.strip():
            continue
        for code, message in _case(line, number, seen, variables):
            yield Problem(code, message, at, file=path, line=number, length=1)


def _case(
    line: bytes, number: int, seen: dict[str, int], variables: frozenset[str] | None
) -> Iterator[tuple[str, str]]:
    try:
        case = json.loads(line)
    except (ValueError, RecursionError):
        yield "E702", "this line is not JSON"
        return
    if not isinstance(case, dict):
        yield "E702", "a case must be a JSON object"
        return
    name = case.get("id")
    if not isinstance(name, str) or not name:
        yield "E703", "the case has no id"
    elif name in seen:
        yield "E703", f"the id {name[:60]!r} stands already in line {seen[name]}"
    else:
        seen[name] = number
    given = case.get("input")
    if given is None:
        yield "E704", "the case has no input"
    elif variables is not None and (not isinstance(given, dict) or set(given) != variables):
        yield "E704", "input must hold exactly " + (", ".join(sorted(variables)) or "nothing")


def count_cases(content: bytes) -> int:
    """How many cases a JSON Lines file holds."""
    return sum(1 for line in content.splitlines() if line.strip())
