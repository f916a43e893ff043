"""What differs between two releases, in words, by subject: models, parameters, every kind, data, thresholds,
governance."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from releaser.core import declared
from releaser.core.address import Address, Bound, Ref
from releaser.core.diff import MISSING, differences
from releaser.core.ingested import content_remarks
from releaser.core.kind import Effect, Kind, Remark
from releaser.core.normal import comparable, replace_leaves
from releaser.core.redact import Hidden, Redaction, plain
from releaser.core.release_content import Content, ReleaseContent
from releaser.core.values import EMPTY, FrozenMap, references

MODELS, PARAMETERS = "Models", "Parameters"


@dataclass(frozen=True, slots=True)
class Note:
    """One remark and what it is about."""

    subject: str
    remark: Remark


@dataclass(frozen=True, slots=True)
class Section:
    """Remarks that belong together, weaker ones first."""

    title: str
    notes: tuple[Note, ...]


def sections(previous: ReleaseContent | None, current: ReleaseContent, kinds: Mapping[str, Kind]) -> Iterator[Section]:
    """What ``current`` changes; of a first release what it consists of."""
    yield from _changed(previous, current, kinds) if previous is not None else _all_new(current, kinds)


def _changed(old: ReleaseContent, new: ReleaseContent, kinds: Mapping[str, Kind]) -> Iterator[Section]:
    said: set[str] = set()
    files = {p: (old.files.get(p, ""), new.files.get(p, "")) for p in {*old.files, *new.files}}
    yield from _section(MODELS, declared.models(old.spec, new.spec), said)
    yield from _section(PARAMETERS, declared.parameters(old.spec, new.spec), said)
    for name, kind in kinds.items():
        yield from _section(_title(kind), _resources(name, kind, old, new), said)
    yield from _section("Data sets", declared.datasets(old.spec, new.spec), said)
    yield from _section("Quality thresholds", declared.thresholds(old.spec, new.spec), said)
    yield from _section("Governance", declared.governance(old.spec, new.spec, files), said)


def _all_new(content: ReleaseContent, kinds: Mapping[str, Kind]) -> Iterator[Section]:
    """What a first release consists of; there is nothing to be stronger or weaker than."""
    nothing = replace(content, bodies={})
    for name, kind in kinds.items():
        found = _resources(name, kind, nothing, content)
        yield from _section(_title(kind), ((s, replace(r, effect="neutral")) for s, r in found), set())


_ORDER: Mapping[Effect, int] = {"weaker": 0, "stronger": 1, "changed": 2, "neutral": 3}


def _section(title: str, found: Iterable[tuple[str, Remark]], said: set[str]) -> Iterator[Section]:
    """A section, when there is anything to say. What was said of a model is not said of its prompts again."""
    notes = [Note(subject, remark) for subject, remark in found if remark.text not in said or remark.private]
    if title in (MODELS, PARAMETERS):
        said |= {n.remark.text for n in notes}
    if notes:
        yield Section(title, tuple(sorted(notes, key=lambda n: (_ORDER[n.remark.effect], n.subject))))


def _title(kind: Kind) -> str:
    words = re.sub(r"([a-z])([A-Z])", r"\1 \2", kind.section or kind.name.replace("-", " "))
    return words[0].upper() + words[1:].lower()


def _resources(name: str, kind: Kind, old: ReleaseContent, new: ReleaseContent) -> Iterator[tuple[str, Remark]]:
    addresses = {a for c in (old, new) for a, content in c.bodies.items() if content.kind == name}
    for address in sorted(addresses):
        was, now = old.bodies.get(address), new.bodies.get(address)
        yield from ((address.name, remark) for remark in _of_one(kind, was, now, old, new, address))


def _of_one(
    kind: Kind, was: Content | None, now: Content | None, old: ReleaseContent, new: ReleaseContent, address: Address
) -> Iterator[Remark]:
    is_same = was is not None and now is not None and was.body == now.body
    before, after = (None, None) if is_same else (_body(kind, was), _body(kind, now))
    if before == after:
        yield from _followed(kind, old, new, address)
        return
    yield from kind.describe(before, after) if kind.describe else _listed(kind, before, after)
    yield from content_remarks(was.pins if was else (), now.pins if now else ())


def _followed(kind: Kind, old: ReleaseContent, new: ReleaseContent, address: Address) -> Iterator[Remark]:
    """What the next version of an unchanged body takes over from what it refers to."""
    if not kind.versioned or address not in old.bodies or address not in new.bodies:
        return
    needs = {ref.address for ref in references(new.bodies[address].body)}
    both = sorted(a for a in needs if a in old.bodies and a in new.bodies)
    changed = [f"{a.kind} {a.name}" for a in both if old.bodies[a].stamp != new.bodies[a].stamp]
    if changed:
        yield Remark(f"takes over what changed in {' and '.join(changed)}", "changed")


def _body(kind: Kind, content: Content | None) -> FrozenMap | None:
    """The body in comparable form, bindings and references as they are written."""
    if content is None:
        return None
    body = comparable(kind, content.body)
    found = replace_leaves(body, lambda v: v.template if isinstance(v, Bound) else v)
    return found if isinstance(found, FrozenMap) else EMPTY


def _listed(kind: Kind, before: FrozenMap | None, after: FrozenMap | None) -> Iterator[Remark]:
    """For kinds without words of their own: the fields, with what may be shown."""
    if before is None or after is None:
        yield Remark("is new" if before is None else "is removed", "changed")
        return
    redaction = Redaction(kind)
    for change in differences(before, after, kind.fields.unordered):
        shown = redaction.field(change)
        yield Remark(f"{shown.path}: {_shown(shown.before)} -> {_shown(shown.after)}", "changed", shown.path)


def _shown(value: Any) -> str:
    if value is MISSING:
        return "none"
    if isinstance(value, Hidden):
        return f"{value.length} characters"
    if isinstance(value, Ref):
        return str(value)
    if isinstance(value, Mapping | list | tuple):
        return f"{len(value)} entries"
    return str(plain(value))
