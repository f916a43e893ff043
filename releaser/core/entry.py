"""The entries of a record as bytes, and how an entry comes to be. Pure."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import datetime
from typing import Any

from releaser.core.errors import ReleaserError
from releaser.core.proof.files import FORMAT, NAME, RELEASE, pretty, sha256
from releaser.core.record import KINDS, Closed, Conclusion, Entry, Holder, Intent, Opened, RecordRef
from releaser.core.shape import plain, schema, typed
from releaser.core.values import digest

_NAMES = {kind: name for name, kind in KINDS.items()}


class RecordUnreadable(ReleaserError):
    """Bytes on the records branch that are not an entry of the format we know."""


def entry_name(entry: Entry) -> str:
    """``opened``, ``renewed``, ... : the value of the member ``entry``."""
    return _NAMES[type(entry)]


def encode(entry: Entry) -> bytes:
    """The bytes of an entry: pretty JSON, keys sorted, one final newline."""
    data = {"format": FORMAT, "entry": entry_name(entry), **plain(entry)}
    return pretty(data)


LONG = ("steps", "outcomes", "bindings", "retired")
"""Members that take most of the time to read, and that no list of records shows."""


def decode(raw: bytes, path: str = "", *, brief: bool = False) -> Entry:
    """The entry in these bytes; ``brief``: its ``LONG`` members unread and empty. Raises RecordUnreadable, naming the
    path and the member."""
    data = document(raw, path)
    if brief:
        data |= {member: type(data[member])() for member in LONG if isinstance(data.get(member), list | dict)}
    kind = KINDS.get(str(data.get("entry")))
    if kind is None:
        raise _unreadable(path, f"unknown entry {data.get('entry')!r}")
    try:
        found: Entry = typed(kind, data)
        _ = (found.ref if isinstance(found, Opened) else found.record).folder
    except ValueError as error:
        raise _unreadable(path, str(error).lstrip(".")) from None
    return found


def document(raw: bytes, path: str = "") -> dict[str, Any]:
    """The JSON object of an entry of any kind, also of one that only a later version knows."""
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise _unreadable(path, f"not JSON: {error}") from None
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise _unreadable(path, f"the format is not {FORMAT}")
    return data


def _unreadable(path: str, why: str) -> RecordUnreadable:
    return RecordUnreadable(
        f"{path or 'a record entry'}: {why}",
        code="G-record-unreadable",
        hint="it was written by a newer releaser, or by hand; records are never edited",
    )


def identify(intent: Intent, *, seq: int, previous: str, holder: Holder, opened_at: datetime) -> str:
    """The unique id of a record; it seeds every idempotency token of its run."""
    return digest(
        {
            "environment": intent.environment,
            "useCase": intent.use_case,
            "seq": seq,
            "release": intent.release,
            "commit": intent.commit,
            "previous": previous,
            **plain({"openedAt": opened_at, "holder": holder}),
        }
    )


def open_entry(intent: Intent, *, seq: int, previous: str, holder: Holder, now: datetime, expires: datetime) -> Opened:
    """The first entry of a new record."""
    known = {f.name: getattr(intent, f.name) for f in fields(Intent)}
    name = identify(intent, seq=seq, previous=previous, holder=holder, opened_at=now)
    return Opened(**known, id=name, seq=seq, previous=previous, holder=holder, opened_at=now, lease_expires=expires)


def close_entry(
    conclusion: Conclusion, *, record: RecordRef, previous: str, notes: bytes | None, now: datetime
) -> Closed:
    """The last entry of a record."""
    known = {f.name: getattr(conclusion, f.name) for f in fields(Conclusion)}
    notes_digest = sha256(notes) if notes is not None else ""
    return Closed(**known, record=record, previous=previous, notes_digest=notes_digest, closed_at=now)


def record_schema() -> dict[str, Any]:
    """``schemas/record.v1.json``: the JSON Schema of every entry."""
    definitions: dict[str, Any] = {}
    for name, kind in KINDS.items():
        schema(kind, definitions)
        entry = definitions[kind.__name__]
        entry["properties"] = {"format": {"const": FORMAT}, "entry": {"const": name}, **entry["properties"]}
        entry["required"] = ["format", "entry", *entry["required"]]
    for target in ("Intent", "RecordRef", "Opened"):
        for member, rule in (("environment", NAME), ("useCase", NAME), ("release", RELEASE)):
            if member in definitions.get(target, {}).get("properties", {}):
                definitions[target]["properties"][member]["pattern"] = f"^({rule.pattern})$"
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://releaser.dev/schemas/record.v1.json",
        "title": "An entry of a release record",
        "type": "object",
        "oneOf": [{"$ref": f"#/$defs/{kind.__name__}"} for kind in KINDS.values()],
        "$defs": definitions,
    }
