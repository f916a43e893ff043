"""The anchor: the head of the records as it was at a moment, kept where who may rewrite the branch may not write. Pure.

An anchor says which commit was the newest, and the digest of the newest entry of every sequence of an environment.
Whatever is cut off or rewritten of what stood before it no longer agrees with it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from releaser.core.proof.files import parsed, pretty, sha256
from releaser.core.proof.sequence import Break
from releaser.core.shape import moment

FORMAT = "releaser.anchor/v1"
FOLDER = ".anchors"
"""On the branch, where signed anchors stand; no environment can have that name."""


def sequences(environment: str, files: Mapping[str, bytes]) -> dict[str, dict[str, bytes]]:
    """``<env>/<use-case>`` -> its files."""
    found: dict[str, dict[str, bytes]] = {}
    for path, raw in files.items():
        parts = path.split("/")
        if parts[0] == environment and len(parts) == 4:
            found.setdefault("/".join(parts[:2]), {})[path] = raw
    return found


def anchor_of(environment: str, commit: str, heads: Mapping[str, str], at: datetime) -> bytes:
    """The bytes to keep. ``heads``: sequence -> sha256 of its newest entry."""
    said = {"environment": environment, "commit": commit, "heads": dict(heads), "at": moment(at)}
    return pretty({"format": FORMAT, **said})


def anchor_name(raw: bytes) -> str:
    """What the file of an anchor is called: names sort by time."""
    data = parsed(raw, FORMAT)
    return f"{str(data['at']).replace(':', '').replace('-', '')}-{str(data['commit'])[:12]}.json"


def anchor_problems(
    place: str, raw: bytes, environment: str, ancestry: Collection[str], files: Mapping[str, bytes]
) -> Iterator[Break]:
    """What of the branch does not agree with an anchor. ``ancestry``: every commit of the branch."""
    data = parsed(raw, FORMAT)
    if data.get("environment") != environment or not _is_whole(data):
        yield Break(place, "it is no anchor of this environment")
        return
    if data["commit"] not in ancestry:
        yield Break(
            f"releases@{data['commit'][:12]}",
            f"it was the newest commit when {place} was written, and the branch no longer contains it",
        )
    mine = sequences(environment, files)
    for name, head in sorted(data["heads"].items()):
        if head not in {sha256(entry) for entry in mine.get(name, {}).values()}:
            yield Break(name, f"the entry that was its newest when {place} was written is gone or changed")


def _is_whole(data: Mapping[str, Any]) -> bool:
    texts = all(isinstance(data.get(key), str) for key in ("commit", "at"))
    heads = data.get("heads")
    return texts and isinstance(heads, dict) and all(isinstance(h, str) for h in heads.values())
