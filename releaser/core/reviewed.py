"""What was reviewed, and whether it is what would be applied. Pure.

The comment of a merge request carries, hidden in its second line, the change digest of every use case that it shows.
Whoever may write with the token that made the comment can write another: it guards against what went another way than
people thought, not against them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

_START, _END = "<!-- releaser:reviewed ", " -->"
_LONGEST = 200_000
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}|")
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_DIGEST = re.compile(r"[0-9a-f]{64}")

State = Literal["same", "diverged", "unknown"]


@dataclass(frozen=True, slots=True)
class Reviewed:
    """``digests``: use case -> change digest, as the plan of the merge request had it."""

    head: str
    digests: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Compared:
    """``by``: the merge request that showed it, as ``!12``; empty where none did. ``digest``: what it showed."""

    state: State
    by: str = ""
    digest: str = ""


def marker(environment: str) -> str:
    """The first line of the comment."""
    return f"<!-- releaser:{environment} -->"


def line(found: Reviewed) -> str:
    """The second line. Nothing in it can end the HTML comment."""
    text = json.dumps({"head": found.head, "useCases": dict(found.digests)}, separators=(",", ":"))
    return _START + text.replace(">", "\\u003e").replace("--", "-\\u002d") + _END


def reviewed_in(body: str, environment: str) -> Reviewed | None:
    """What a comment says was reviewed for an environment; None where it says nothing, or nothing that is plain."""
    first, second, *_ = (*body.replace("\r\n", "\n").split("\n", 2), "", "")
    if first != marker(environment) or len(second) > _LONGEST:
        return None
    if not (second.startswith(_START) and second.endswith(_END)):
        return None
    try:
        data = json.loads(second[len(_START) : -len(_END)], object_pairs_hook=_once)
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict) or set(data) != {"head", "useCases"} or not isinstance(data["useCases"], dict):
        return None
    head, digests = data["head"], data["useCases"]
    if not (isinstance(head, str) and _COMMIT.fullmatch(head)):
        return None
    plain = all(_NAME.fullmatch(k) and isinstance(v, str) and _DIGEST.fullmatch(v) for k, v in digests.items())
    return Reviewed(head, digests) if plain else None


def _once(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError("a name stands twice")
        found[key] = value
    return found


def compare(digest: str, shown: Sequence[tuple[str, str]]) -> Compared:
    """The change of one use case against what merge requests showed of it, newest first: ``(!12, digest)``.

    That any of them showed exactly this change is enough: a change says what is there before and after.
    """
    same = next((by for by, seen in shown if seen == digest), None)
    if same is not None:
        return Compared("same", same, digest)
    return Compared("diverged", *shown[0]) if shown else Compared("unknown")
