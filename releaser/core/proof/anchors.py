"""Whether the branch agrees with an anchor: the head as it was at a moment, kept elsewhere."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from releaser.core.proof.files import parsed, sha256
from releaser.core.proof.sequence import Break

ANCHOR = "releaser.anchor/v1"
SIGNED_ANCHOR = "releaser.signed-anchor/v1"
ANCHORS_FOLDER = ".anchors"
"""On the branch, where signed anchors stand; no environment can have that name."""


def sequences(environment: str, files: Mapping[str, bytes]) -> dict[str, dict[str, bytes]]:
    """``<env>/<use-case>`` -> its files."""
    found: dict[str, dict[str, bytes]] = {}
    for path, raw in files.items():
        parts = path.split("/")
        if parts[0] == environment and len(parts) == 4:
            found.setdefault("/".join(parts[:2]), {})[path] = raw
    return found


def anchor_problems(
    place: str,
    raw: bytes,
    environment: str,
    ancestry: Collection[str],
    files: Mapping[str, bytes],
    only: Collection[str] | None = None,
) -> Iterator[Break]:
    """What of the branch does not agree with an anchor. ``ancestry``: every commit of the branch; ``only``: the
    sequences that are at hand, when not all are."""
    data = parsed(raw, ANCHOR)
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
        if only is not None and name not in only:
            continue
        if head not in {sha256(entry) for entry in mine.get(name, {}).values()}:
            yield Break(name, f"the entry that was its newest when {place} was written is gone or changed")


def _is_whole(data: Mapping[str, Any]) -> bool:
    texts = all(isinstance(data.get(key), str) for key in ("commit", "at"))
    heads = data.get("heads")
    return texts and isinstance(heads, dict) and all(isinstance(h, str) for h in heads.values())
