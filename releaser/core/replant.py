"""The account of a run, put behind other entries than those it was written behind. Pure.

While the git server is away a record is written without knowing what others write meanwhile. When it is handed in,
its number and the digests that chain it are given anew; what happened, when, and by whom stays as it was written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from releaser.core.entry import decode, encode, identify
from releaser.core.proof.files import NOTES_FILE, sha256
from releaser.core.record import Closed, Entry, Opened, RecordRef
from releaser.core.sequence import in_order


def replanted(files: Mapping[str, bytes], seq: int, previous: str, path: str = "") -> tuple[Opened, dict[str, bytes]]:
    """One record (file name -> bytes) as number ``seq`` behind the entry with the digest ``previous``: its first entry
    and its files. The same bytes when that is where it stood. Raises RecordUnreadable.

    With another place comes another id. The idempotency tokens of its run were made of the id it had: only what is
    finished is handed in.
    """
    entries = {name: raw for name, raw in files.items() if name != NOTES_FILE}
    written: dict[str, bytes] = {}
    opened: Opened | None = None
    for name in in_order(path, entries):
        entry = decode(entries[name], f"{path}/{name}")
        if isinstance(entry, Opened):
            opened = _opened(entry, seq, previous)
            entry = opened
        elif opened is not None:
            entry = _following(entry, opened.ref, previous)
        written[name] = encode(entry)
        previous = sha256(written[name])
    assert opened is not None  # in_order begins with opened.json
    notes = {NOTES_FILE: files[NOTES_FILE]} if NOTES_FILE in files else {}
    return opened, {**written, **notes}


def _opened(entry: Opened, seq: int, previous: str) -> Opened:
    moved = replace(entry, seq=seq, previous=previous)
    return replace(
        moved, id=identify(moved, seq=seq, previous=previous, holder=moved.holder, opened_at=moved.opened_at)
    )


def _following(entry: Entry, ref: RecordRef, previous: str) -> Entry:
    return entry if isinstance(entry, Opened) else replace(entry, record=ref, previous=previous)


def closing_of(files: Mapping[str, bytes], path: str = "") -> Closed | None:
    """The last entry of a record; None while it is open."""
    raw = files.get("closed.json")
    found = decode(raw, f"{path}/closed.json") if raw is not None else None
    return found if isinstance(found, Closed) else None
