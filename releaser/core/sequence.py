"""The sequence of one use case in one environment: where it stands, what each new entry makes of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from releaser.core.entry import RecordUnreadable, decode, document, encode, entry_name
from releaser.core.proof.files import kind_of, sha256
from releaser.core.record import (
    Between,
    Closed,
    Delivering,
    Entry,
    Opened,
    OpenRecord,
    Renewed,
    Resumed,
    Staged,
    Witness,
)


@dataclass(frozen=True, slots=True)
class State:
    """Where a sequence stands: what the next entry must follow."""

    seq: int
    tip: str
    """sha256 of the last entry; empty before the first."""
    open: OpenRecord | None
    latest: Closed | None

    def moved_on(self, witness: Witness | None) -> bool:
        """Whether a record was opened or closed since the witness was made."""
        if witness is None:
            return self.seq > 0
        if witness.open is not None:
            return (self.seq, self.open is None) != (witness.open.opened.seq, False)
        return (self.seq, self.open is None) != (witness.latest.record.seq if witness.latest else 0, True)


_UNNUMBERED = ("staged", "delivering")
_BETWEEN = ("renewed", "resumed", *_UNNUMBERED)
NOTHING_YET = State(0, "", None, None)


def started(opened: Opened) -> tuple[OpenRecord, dict[str, bytes]]:
    """A new record, and the file that makes it so."""
    raw = encode(opened)
    return _record(opened, sha256(raw)), {f"{opened.ref.folder}/opened.json": raw}


def followed(record: OpenRecord, entry: Between) -> tuple[OpenRecord, dict[str, bytes]]:
    """An open record with one more entry, and the file that makes it so."""
    raw = encode(entry)
    name = entry_name(entry)
    number = 1 + sum(kind_of(file) == name for file in record.entries)
    file = f"{name}.json" if name in _UNNUMBERED and number == 1 else f"{name}-{number}.json"
    after = replace(_after(record, entry), entries=(*record.entries, file), tip=sha256(raw))
    return after, {f"{record.ref.folder}/{file}": raw}


def assembled(path: str, entries: Mapping[str, bytes]) -> OpenRecord:
    """The open record that these entries (file name -> bytes) make up. Raises RecordUnreadable."""
    order = in_order(path, entries)
    first = decode(entries[order[0]], f"{path}/{order[0]}")
    if not isinstance(first, Opened):
        raise _broken(path, "does not begin with opened.json")
    record = _record(first, "")
    for name in order[1:]:
        if kind_of(name) in _BETWEEN:
            record = _after(record, decode(entries[name], f"{path}/{name}"))
    return replace(record, entries=tuple(order), tip=sha256(entries[order[-1]]))


def in_order(path: str, entries: Mapping[str, bytes]) -> list[str]:
    """The entries of one record in the order of their chain. Raises RecordUnreadable where it is broken."""
    if "opened.json" not in entries:
        raise _broken(path, "has no opened.json")
    if len(entries) == 1:
        return ["opened.json"]
    follows = {document(raw, f"{path}/{name}").get("previous"): name for name, raw in entries.items()}
    order = ["opened.json"]
    while (after := follows.get(sha256(entries[order[-1]]))) and after not in order:
        order.append(after)
    if len(order) != len(entries):
        raise _broken(path, "has entries that do not form one chain")
    return order


def _record(opened: Opened, tip: str) -> OpenRecord:
    return OpenRecord(
        opened=opened,
        holder=opened.holder,
        lease_expires=opened.lease_expires,
        entries=("opened.json",),
        tip=tip,
    )


def _after(record: OpenRecord, entry: Entry) -> OpenRecord:
    match entry:
        case Resumed():
            return replace(record, holder=entry.holder, lease_expires=entry.lease_expires, staged=None, free="")
        case Renewed():
            return replace(record, lease_expires=entry.lease_expires)
        case Staged():
            return replace(record, staged=entry, free="staged", evidence={**record.evidence, **entry.evidence})
        case Delivering():
            return replace(record, delivering=entry, free="delivering")
        case _:
            return record


def _broken(path: str, what: str) -> RecordUnreadable:
    return RecordUnreadable(f"{path} {what}", code="G-chain", hint="was the branch `releases` edited by hand?")
