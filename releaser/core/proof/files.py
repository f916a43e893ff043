"""The files of a record: what they are called, and how their bytes are laid out."""

from __future__ import annotations

import hashlib
import json
import re
from functools import lru_cache
from typing import Any

FORMAT = "releaser.record/v1"
UNRELEASED = "unreleased"

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
"""What a use case or an environment may be called: it becomes a path and part of a ref name."""
RELEASE = re.compile(r"r[1-9][0-9]{0,8}|" + UNRELEASED)
FOLDER = re.compile(r"([0-9]{4,9})-(" + RELEASE.pattern + r")")
ENTRY_FILE = re.compile(r"([a-z]+(?:-[a-z]+)*(?:-[1-9][0-9]*)?)\.json")
NOTES_FILE = "notes.md"


def sha256(raw: bytes) -> str:
    """What ``previous`` and ``notesDigest`` hold."""
    return hashlib.sha256(raw).hexdigest()


def kind_of(file: str) -> str | None:
    """``renewed-2.json`` -> ``renewed``; None for a file that is no entry."""
    match = ENTRY_FILE.fullmatch(file)
    return match[1].rstrip("0123456789").rstrip("-") if match else None


def pretty(data: Any) -> bytes:
    """The one way in which the record's JSON is laid out."""
    return (json.dumps(data, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n").encode()


def compact(data: Any) -> bytes:
    """The bytes that a digest of plain JSON is taken over: sorted keys, no blanks, UTF-8."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def read_json(raw: bytes) -> Any:
    """The data in these bytes. Raises ValueError, RecursionError: also for what Python reads beyond JSON in UTF-8 (NaN,
    half a surrogate pair), which could not be written again."""
    data = json.loads(raw.decode("utf-8"), parse_constant=_refused)
    if b"\\u" in raw:
        json.dumps(data, ensure_ascii=False).encode()
    return data


def _refused(text: str) -> None:
    raise ValueError(f"{text} is no JSON")


@lru_cache(maxsize=8192)
def parsed(raw: bytes, of: str = FORMAT) -> dict[str, Any]:
    """The JSON object of an entry (or of another format); empty for bytes that are none. Not to be changed: who asks
    again for the same bytes, as every rule does, is given the same object."""
    try:
        data = read_json(raw)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) and data.get("format") == of else {}
