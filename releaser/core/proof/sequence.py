"""A sequence of records over its raw bytes: every entry in its place, unchanged, none missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from releaser.core.proof.evidence import evidence_problems, is_evidence, names_evidence
from releaser.core.proof.files import FOLDER, NOTES_FILE, compact, kind_of, parsed, pretty, sha256

_NAMED = ("environment", "useCase", "seq", "release", "commit", "previous", "openedAt", "holder")
"""The members of ``opened.json`` whose digest is the record's id."""


class Break(NamedTuple):
    """Something that is not as it was written, and where."""

    path: str
    reason: str


def problems(files: Mapping[str, bytes], head: str = "") -> Iterator[Break]:
    """What is wrong with the sequence of one use case in one environment, in no order.

    ``files``: every file under ``<env>/<use-case>/``, by path from the root of the branch. ``head``: sha256 of the
    newest entry, known from elsewhere.
    """
    entries, others = split(files)
    order = walk(entries)
    for path in sorted(set(entries) - set(order)):
        yield Break(path, "no entry before it has the digest that it names as previous")
    if head and (not order or sha256(entries[order[-1]]) != head):
        yield Break(order[-1] if order else "", "the newest entry is not the one that was anchored")
    for path in order:
        yield from _form(path, entries[path], followed=path != order[-1])
    yield from _order(order)
    yield from _notes(entries, {path: raw for path, raw in others.items() if not is_evidence(path)})
    closings = {path: parsed(raw) for path, raw in entries.items() if names_evidence(path)}
    for path, reason in evidence_problems(others, closings):
        yield Break(path, reason)


def split(files: Mapping[str, bytes]) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """The entries, and what stands beside them."""
    entries: dict[str, bytes] = {}
    others: dict[str, bytes] = {}
    for path, raw in files.items():
        is_entry = path.count("/") == 3 and kind_of(path.rpartition("/")[2])
        (entries if is_entry else others)[path] = raw
    return entries, others


def walk(entries: Mapping[str, bytes]) -> list[str]:
    """Paths from the first entry on, each naming the digest of the one before; ends where that breaks."""
    follows: dict[str, str] = {}
    for path in sorted(entries):
        previous = parsed(entries[path]).get("previous")
        if isinstance(previous, str):
            follows.setdefault(previous, path)
    order: list[str] = []
    current = follows.get("")
    while current is not None and current not in order:
        order.append(current)
        current = follows.get(sha256(entries[current]))
    return order


def _form(path: str, raw: bytes, *, followed: bool) -> Iterator[Break]:
    """One entry by itself: laid out as we write it, in the folder that it names, with a true id. Of what is followed
    the next entry's digest holds every byte: only of the newest is the layout looked at, which costs most of the time.
    """
    data = parsed(raw)
    place, _, file = path.rpartition("/")
    if data.get("entry") != kind_of(file) or not (followed or _laid_out(data, raw)):
        yield Break(path, "the bytes are not those of such an entry")
        return
    named = data if data["entry"] == "opened" else data.get("record")
    if not isinstance(named, dict) or _folder(named) != place:
        yield Break(path, "it belongs to another folder")
    elif data["entry"] == "opened" and sha256(compact({k: data.get(k) for k in _NAMED})) != data.get("id"):
        yield Break(path, "the id is not the digest of what it names")


def _laid_out(data: Mapping[str, object], raw: bytes) -> bool:
    try:
        return pretty(data) == raw
    except (ValueError, RecursionError):
        return False  # NaN, half a surrogate pair: what JSON cannot carry in UTF-8


def _folder(named: Mapping[str, object]) -> str:
    seq = named.get("seq")
    number = f"{seq:04d}" if isinstance(seq, int) else ""
    return f"{named.get('environment')}/{named.get('useCase')}/{number}-{named.get('release')}"


def _order(order: list[str]) -> Iterator[Break]:
    """Folders count from 1; each begins with ``opened``, and only the last may lack ``closed``."""
    before = ""
    for i, path in enumerate(order):
        place, _, file = path.rpartition("/")
        match = FOLDER.fullmatch(place.rpartition("/")[2])
        if place != before:
            expected = 1 if not before else int(before.rpartition("/")[2].split("-")[0]) + 1
            if match is None or int(match[1]) != expected:
                yield Break(path, f"expected the record number {expected}")
                return
            if file != "opened.json":
                yield Break(path, "a record begins with opened.json")
        following = order[i + 1].rpartition("/")[0] if i + 1 < len(order) else None
        if (following is not None and following != place) != (file == "closed.json") and not (
            following is None and file == "closed.json"
        ):
            yield Break(path, "a record ends with closed.json, and only with it")
        before = place


def _notes(entries: Mapping[str, bytes], others: Mapping[str, bytes]) -> Iterator[Break]:
    expected: dict[str, str] = {}
    for path, raw in entries.items():
        if path.endswith("/closed.json"):
            notes = parsed(raw).get("notesDigest")
            if notes:
                expected[f"{path.rpartition('/')[0]}/{NOTES_FILE}"] = str(notes)
    for path in sorted(set(expected) | set(others)):
        if path not in others:
            yield Break(path, "the notes are missing")
        elif path not in expected:
            yield Break(path, "no entry names this file")
        elif sha256(others[path]) != expected[path]:
            yield Break(path, "the notes are not those that closed.json names")
