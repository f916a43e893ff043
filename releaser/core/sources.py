"""Source manifests: which S3 objects, in which versions, make up the content of a data source.

JSON Lines in git, one object a line: ``{"key", "versionId", "sha256", "size"}``. ``versionId`` and ``size`` may be left
out: what is pinned is the bytes, and buckets of several environments number the same bytes differently. The file's own
sha256 stands in the manifest, so a review of one line is a review of the content.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from releaser.core.kind import Problem
from releaser.core.values import Path

UNVERSIONED = "null"
"""S3's version id of an object that was written while the bucket kept no versions."""

_SHA256 = re.compile(r"[0-9a-f]{64}")
_MEMBERS = frozenset({"key", "versionId", "sha256", "size"})
_MOST = 20
"""Wrong lines that are told; a file of another kind has thousands."""


@dataclass(frozen=True, slots=True)
class Source:
    """One object version."""

    key: str
    version: str
    sha256: str
    size: int | None = None


def sources(text: str) -> tuple[Source, ...]:
    """The objects of a source manifest that was found valid."""
    found = (json.loads(line) for line in text.split("\n") if line.strip())
    return tuple(Source(o["key"], o.get("versionId", UNVERSIONED), o["sha256"], o.get("size")) for o in found)


def written(found: Iterable[Source]) -> str:
    """The source manifest of these objects: by key, members in a fixed order, a final newline."""
    lines = []
    for one in sorted(found, key=lambda s: s.key):
        data: dict[str, str | int] = {"key": one.key, "versionId": one.version, "sha256": one.sha256}
        if one.size is not None:
            data["size"] = one.size
        lines.append(json.dumps(data, ensure_ascii=False, separators=(", ", ": ")))
    return "".join(f"{line}\n" for line in lines)


def check_sources(path: str, text: str, prefixes: Iterable[str], at: Path) -> Iterator[Problem]:
    """What is wrong with a source manifest, line by line. ``prefixes``: of the data source, none for all keys."""
    inside = tuple(prefixes)
    seen: dict[str, int] = {}
    told = 0
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        for code, message in _line(line, number, seen, inside):
            yield Problem(code, message, at, file=path, line=number, length=max(1, len(line)))
            told += 1
        if told >= _MOST:
            yield Problem("E542", "there are more lines like these", at, file=path, line=number)
            return
    if not seen and not told:
        yield Problem("E542", f"{path} names no object", at, "`releaser sources` writes one from a bucket")


def _line(line: str, number: int, seen: dict[str, int], prefixes: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    try:
        data = json.loads(line)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        yield "E542", "this line is not a JSON object"
        return
    wrong = [m for m in ("key", "sha256") if not isinstance(data.get(m), str) or not data[m]]
    if not isinstance(data.get("versionId", UNVERSIONED), str):
        wrong.append("versionId")
    size = data.get("size", 0)
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        wrong.append("size")
    elif not wrong and not _SHA256.fullmatch(data["sha256"]):
        wrong.append("sha256")
    unknown = [m for m in sorted(data) if m not in _MEMBERS]
    if wrong or unknown:
        said = f"{', '.join(wrong)} must be given" if wrong else "this line has members that mean nothing here"
        yield "E542", f"{said}: key, sha256 (64 hex digits), and versionId and size if known"
        return
    key = data["key"]
    if key in seen:
        yield "E543", f"the key of line {number} stands already in line {seen[key]}"
        return
    seen[key] = number
    if prefixes and not key.startswith(prefixes):
        yield "E544", "the key is outside the data source's inclusionPrefixes: it would never be ingested"
