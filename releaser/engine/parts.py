"""What a resource holds that AWS gives operations of their own, such as an agent's action groups.

Written by looking first: the difference between what is there and what is asked for is worked off, and after a
conflict or a lost answer it is taken anew. So any of it may be killed and run again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from releaser.core.body_shape import part_shape
from releaser.core.diff import MISSING, FieldChange, differences, is_below
from releaser.core.errors import AwsError, Failure, ReleaserError
from releaser.core.kind import Kind, Part
from releaser.core.normal import comparable
from releaser.core.values import FrozenMap, freeze, thaw
from releaser.engine.paging import pages, promised
from releaser.engine.ports import Aws, Clock
from releaser.engine.reading import reason_of, status_of
from releaser.engine.waiting import Waiting
from releaser.kinds.models import model

DRAFT = "DRAFT"
_ATTEMPTS = 6


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a part as AWS has it. ``body`` is in write shape, not yet comparable."""

    id: str
    key: str
    body: Mapping[str, Any]
    status: str
    reason: str
    is_leaving: bool = False


@dataclass(frozen=True, slots=True)
class _Todo:
    part: Part
    item: Item | None
    """What is there; None: it is to be made."""
    wanted: FrozenMap | None
    """What is asked for; None: it is to go."""

    @property
    def key(self) -> tuple[str, str]:
        found = self.wanted[self.part.key] if self.wanted is not None else self.item.key if self.item else ""
        return self.part.member, str(found)


class Parts:
    """Reads and writes the parts of resources."""

    def __init__(self, aws: Aws, clock: Clock, patience: float) -> None:
        self._aws = aws
        self._clock = clock
        self._patience = patience

    def read(self, kind: Kind, id_: str, version: str | None = None) -> dict[str, tuple[Mapping[str, Any], ...]]:
        """Member -> items, of the draft or of one version."""
        return {
            p.member: tuple(i.body for i in self._items(kind, p, id_, version) if not i.is_leaving) for p in kind.parts
        }

    def converge(
        self, kind: Kind, id_: str, desired: Mapping[str, Any], token: str, settle: Callable[[], object]
    ) -> None:
        """Make the draft's parts what ``desired`` (a body) says.

        ``settle`` waits for the owner: AWS refuses a change while it is busy with the last one. Raises when the
        parts are still not as asked for after several looks.
        """
        done: set[tuple[str, str]] = set()
        for attempt in range(1, _ATTEMPTS + 1):
            todo = list(self._todo(kind, id_, desired, done))
            if not todo:
                return
            try:
                for one in todo:
                    self._do(kind, id_, one, token)
                    done.add(one.key)
                    settle()
            except AwsError as error:
                if error.failure not in (Failure.CONFLICT, Failure.AMBIGUOUS) or attempt == _ATTEMPTS:
                    raise
                self._clock.sleep(min(4.0, 0.5 * 2**attempt))
                settle()
        left = ", ".join(sorted({t.part.member for t in self._todo(kind, id_, desired, done)}))
        if left:
            raise ReleaserError(
                f"{kind.name} {id_}: {left} are not as they were written",
                code="P131",
                hint="somebody may be changing them at the same moment; run the same command again",
            )

    def clear(self, kind: Kind, id_: str, settle: Callable[[], object]) -> None:
        """Take away what goes before its owner. Raises when AWS could not delete it."""
        first = tuple(p for p in kind.parts if p.goes_first)
        if first:
            self.converge(replace(kind, parts=first), id_, {}, "", settle)

    def _todo(
        self, kind: Kind, id_: str, desired: Mapping[str, Any], done: Collection[tuple[str, str]]
    ) -> Iterator[_Todo]:
        """What goes first: AWS counts what is there, and names are taken until then.

        ``done``: what was written already. Members that it has beyond what we wrote are the server's defaults.
        """
        come: list[_Todo] = []
        for part in kind.parts:
            asked = {str(w[part.key]): w for w in desired.get(part.member, ())}
            written = [key for member, key in done if member == part.member]
            there = {i.key: i for i in self._settled(kind, part, id_, written)}
            yield from (_Todo(part, i, None) for k, i in there.items() if k not in asked)
            for key, wanted in asked.items():
                item = there.get(key)
                one = _Todo(part, item, wanted)
                if (
                    item is None
                    or item.status == "failed"
                    or not _same(kind, part, item, wanted, is_written=one.key in done)
                ):
                    come.append(one)
        yield from come

    def _settled(self, kind: Kind, part: Part, id_: str, judged: Collection[str]) -> list[Item]:
        """The items when none of them is changing. Raises for a failed one, if it is among the judged keys."""
        waiting = Waiting(self._clock, self._patience)
        while True:
            items = self._items(kind, part, id_, None)
            failed = next((i for i in items if i.status == "failed" and i.key in judged), None)
            if failed is not None and part.status is not None and part.status.repairable is False:
                raise ReleaserError(
                    f"{kind.name} {id_}: {part.member} {failed.key} failed: {failed.reason or 'AWS gives no reason'}",
                    code="A-failed",
                    hint="see the reason; the next run tries again",
                )
            if all(i.status != "pending" for i in items):
                return items
            waiting.pause(f"{kind.name} {id_}: {part.member} did not settle in {waiting.limit:.0f} s")

    def _items(self, kind: Kind, part: Part, id_: str, version: str | None) -> list[Item]:
        owner = self._owner(part, id_, version)
        listed = pages(self._aws, kind, part.list, part.list_root, owner)
        found = (self._item(kind, part, owner, row) for row in listed)
        return [item for item in found if item is not None]

    def _item(self, kind: Kind, part: Part, owner: Mapping[str, Any], row: Mapping[str, Any]) -> Item | None:
        """None for one that is gone: lists lag, and that says nothing of the owner."""
        full = row
        if part.get is not None:
            try:
                reply = self._aws.call(kind.service, part.get, {**owner, part.id_in: row[part.id]})
            except AwsError as error:
                if error.failure is Failure.NOT_FOUND:
                    return None
                raise
            full = promised(kind, part.get, reply, part.root) if part.root else reply
        body = part.read(full)
        if body is full:
            allowed = part_shape(part, model(kind.service)).members
            body = {k: v for k, v in full.items() if k in allowed}
        return Item(
            id=str(row[part.id]),
            key=str(body.get(part.key, row.get(part.key, ""))),
            body=body,
            status=status_of(part.status, full),
            reason=reason_of(part.status, full),
            is_leaving=part.status is not None and full.get(part.status.member) in part.status.leaving,
        )

    @staticmethod
    def _owner(part: Part, id_: str, version: str | None) -> dict[str, Any]:
        owner: dict[str, Any] = {part.owner_in: id_}
        if part.version_in is not None:
            owner[part.version_in] = version or DRAFT
        return owner

    def _do(self, kind: Kind, id_: str, todo: _Todo, token: str) -> None:
        part, item, wanted = todo.part, todo.item, todo.wanted
        owner = self._owner(part, id_, None)
        if item is not None:
            if wanted is not None and self._is_updated(kind, part, item, wanted, owner):
                return
            self._take_away(kind, part, item, owner)
        if wanted is None:
            return
        request = {**thaw(part.write(wanted)), **owner}
        if part.token:
            request[part.token] = _token(token, part, str(wanted[part.key]), "again" if item is not None else "")
        self._aws.call(kind.service, part.create, request)
        self._settled(kind, part, owner[part.owner_in], [str(wanted[part.key])])

    def _is_updated(self, kind: Kind, part: Part, item: Item, wanted: FrozenMap, owner: Mapping[str, Any]) -> bool:
        """Whether an update did it; False: it is to be made anew. Nothing else helps what AWS gave up on."""
        if (
            part.update is None
            or item.status == "failed"
            or _is_fixed(part, _asked(_differences(kind, part, item, wanted)))
        ):
            return False
        request = {**thaw(part.write(wanted)), **owner, part.id_in: item.id}
        is_updated = True
        try:
            self._aws.call(kind.service, part.update, request)
        except AwsError as error:
            # What we are silent about may be a default of the server's, or a setting that was taken back: AWS knows.
            if error.failure is not Failure.INVALID or not _is_fixed(part, _differences(kind, part, item, wanted)):
                raise
            # Only when it takes all the rest is the silence what it refused: nothing is deleted for another mistake.
            kept = {m: thaw(item.body[m]) for m in part.fixed if m in item.body}
            self._aws.call(kind.service, part.update, {**request, **kept})
            is_updated = False
        self._settled(kind, part, owner[part.owner_in], [str(wanted[part.key])])
        return is_updated

    def _take_away(self, kind: Kind, part: Part, item: Item, owner: Mapping[str, Any]) -> None:
        request = {**owner, part.id_in: item.id, **thaw(part.delete_params)}
        try:
            self._aws.call(kind.service, part.delete, request)
        except AwsError as error:
            if error.failure is not Failure.NOT_FOUND:
                raise
        self._settled(kind, part, owner[part.owner_in], [item.key])


def _token(step: str, part: Part, key: str, again: str) -> str:
    """One for each item of a step: what is made anew within a step is another thing than what it replaces."""
    return hashlib.sha256("\0".join((step, part.member, key, again)).encode()).hexdigest()


def _same(kind: Kind, part: Part, item: Item, wanted: FrozenMap, *, is_written: bool) -> bool:
    changes = _differences(kind, part, item, wanted)
    return not any(c.after is not MISSING or not is_written for c in changes)


def _asked(changes: Iterable[FieldChange]) -> Iterator[FieldChange]:
    """Without what the server added where we are silent: made anew, the item would have it again."""
    return (c for c in changes if c.after is not MISSING)


def _is_fixed(part: Part, changes: Iterable[FieldChange]) -> bool:
    """Whether one of the changes is none that an update can make."""
    inside = f"{part.member}[]."
    return any(is_below(c.pattern.removeprefix(inside), part.fixed) for c in changes)


def _differences(kind: Kind, part: Part, item: Item, wanted: FrozenMap) -> Iterator[FieldChange]:
    """As the whole body would be compared: rules of a kind's fields name its parts with it."""
    there = comparable(kind, freeze({part.member: (item.body,)}))
    asked = comparable(kind, FrozenMap({part.member: (wanted,)}))
    mine = [FrozenMap({part.member: body.get(part.member, ())}) for body in (there, asked)]
    return differences(mine[0], mine[1], kind.fields.unordered)
