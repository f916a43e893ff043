"""The class of a change: what it may do to those who rely on it. Judged by what the plan does to what is live.

* COSMETIC: labels, descriptions and tags; nothing that anybody is served differs.
* BEHAVIOURAL: everything else that has no rule below. A replacement is behavioural: the new resource stands beside
  the old one before a pointer moves, and the old one, whose address lives on, is only kept from filling the account.
  So is letting go of a resource that is retained: it stays, and nobody who calls it notices.
* WEAKENING: something protects or checks less than now. A kind's words say so (``describe``); where a kind protects, a
  field or a value that no rule knows says so too, since nobody ranked it; and so do a guardrail that no longer
  stands where one stood, another one in its place, and a threshold or a risk tier that asks for less than the last
  release. Putting back what somebody made stronger by hand weakens what is live, and is told so.
* DESTRUCTIVE: something goes that is declared no more. Its allowance is asked for when it is marked, not again when
  the rollback window has passed.

A change made of both is of the worse class. What comes into being weakens nothing that is there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from releaser.core import declared
from releaser.core.diff import MISSING, FieldChange, field_digests, leaf_changes, veil
from releaser.core.kind import Fields, Kind, Remark
from releaser.core.plan import Action, Change, Concern, Risk, worst
from releaser.core.record import Facts
from releaser.core.slots import is_second
from releaser.core.values import EMPTY

_NEW = (Action.CREATE, Action.REPLACE)
_GONE = (Action.RETIRE, Action.DELETE)


def judged(change: Change, kind: Kind, hidden: Iterable[str] = ()) -> Change:
    """The change with its class and with all that may need an allowance. ``hidden``: what ``unseen`` found."""
    text = "{} is live in the draft already, and not in what was released: nobody compared the two"
    found = [_concern(change, kind, path, text.format(path)) for path in hidden if change.action not in _GONE]
    concerns = (*_concerns(change, kind), *found)
    return replace(change, risk=worst([_plain_class(change, kind), *(c.risk for c in concerns)]), concerns=concerns)


def _plain_class(change: Change, kind: Kind) -> Risk:
    """The class as far as the kind of change and the touched members tell."""
    if change.action in _GONE:
        return Risk.BEHAVIOURAL if change.reason == "replaced" else Risk.DESTRUCTIVE
    if change.action in (*_NEW, Action.DISOWN) or change.publishes:
        return Risk.BEHAVIOURAL
    if not change.fields:
        return Risk.NONE
    labels = all(is_label(f, kind.fields) for f in change.fields)
    return Risk.COSMETIC if labels else Risk.BEHAVIOURAL


def is_label(change: FieldChange, fields: Fields) -> bool:
    """Whether a change is one of labels, descriptions or tags (which have a path and no pattern)."""
    if not change.pattern:
        return change.path.startswith("tags.")
    return any(change.pattern == p or change.pattern.startswith((f"{p}.", f"{p}[")) for p in fields.labels)


def _concerns(change: Change, kind: Kind) -> Iterator[Concern]:
    if change.action is Action.RETIRE and change.reason != "replaced":
        yield _concern(change, kind, "", "is no longer declared", delete=True)
    if change.action in (*_NEW, *_GONE, Action.DISOWN):
        return
    weaker = [remark for remark in change.remarks if remark.effect == "weaker"]
    told = set()
    for path, text, is_gone in _unguarded(change.fields, kind.fields):
        yield _concern(change, kind, path, _in_words(path, text, change.remarks), detach=is_gone)
        told.add(path)
    for remark in weaker:
        if remark.path not in told:
            yield _concern(change, kind, remark.path, remark.text, private=remark.private)
    for path in _unranked(change.fields, kind.fields):
        yield _concern(change, kind, path, f"{veil(path)} changed, and no rule says whether it protects less")


def _in_words(path: str, text: str, remarks: Iterable[Remark]) -> str:
    """What the kind says of the place, or of the nearest one around it; else the place itself."""
    near = [r for r in remarks if r.path and not r.private and (path == r.path or path.startswith(f"{r.path}."))]
    nearest = max(near, key=lambda r: len(r.path), default=None)
    if nearest is None:
        return f"{veil(path)} {text}"
    return nearest.text if nearest.effect == "weaker" and nearest.path == path else f"{nearest.text}: it {text}"


def _concern(
    change: Change, kind: Kind, path: str, text: str, *, detach: bool = False, delete: bool = False, private: str = ""
) -> Concern:
    name = change.address.name
    return Concern(
        change="delete" if delete else "detach-guardrail" if detach else "weaken",
        risk=Risk.DESTRUCTIVE if delete else Risk.WEAKENING,
        places=_places(kind, name, path) or (f"{change.address.kind}.{name}",),
        text=text,
        private=private,
        # The second of two aliases goes when the roll-out does: its callers were given the first.
        always=detach or (delete and kind.needs_allowance_to_remove and not is_second(change.address)),
    )


def _places(kind: Kind, name: str, path: str) -> tuple[str, ...]:
    """The resource's own place, the place in it, or, for a document made from many entries, the entry."""
    whole, exact = kind.place_of(name), kind.place_of(name, veil(path)) if path else ""
    entry = "" if whole else ".".join(exact.split(".")[:2])
    return tuple(dict.fromkeys(p for p in (whole, entry, exact) if p))


# Guardrails that no longer stand where one stood.

_Found = tuple[str, str, bool]
"""Path, what happened in words, whether nothing is attached any more."""


def _unguarded(changes: Iterable[FieldChange], fields: Fields) -> Iterator[_Found]:
    for guard in sorted(fields.guards):
        parts = [_part(p) for p in guard.split(".")]
        gone: list[str] = []
        bare: list[str] = []
        for change in changes:
            if _covers(change.pattern, parts):
                yield from _moved(change, is_whole=bool(parts[-1].fullmatch(change.pattern.split(".")[-1])))
                continue
            below = _left(change.pattern, parts)
            gone += [at for at, guarded in _holders(change.before, below, change.path) if guarded]
            bare += [at for at, guarded in _holders(change.after, below, change.path) if not guarded]
        if gone:
            # A holder under another name without the guardrail is how one would be taken off unseen.
            yield from ((at, "stands in place of what had a guardrail, and has none", True) for at in bare)


_ANYWHERE = re.compile(r"\*\*")


def _part(step: str) -> re.Pattern[str]:
    return _ANYWHERE if step == "**" else re.compile(re.escape(step).replace(r"\*", r"[^.]+"))


def _covers(pattern: str, parts: list[re.Pattern[str]]) -> bool:
    """Whether a place is a guard, or stands in one."""
    steps = pattern.split(".")
    if parts[0] is _ANYWHERE:
        return any(_covers(".".join(steps[i:]), parts[1:]) for i in range(len(steps)))
    return len(steps) >= len(parts) and all(p.fullmatch(s) for p, s in zip(parts, steps, strict=False))


def _left(pattern: str, parts: list[re.Pattern[str]]) -> list[re.Pattern[str]]:
    """What of a guard is still to be found below a place; nothing when it does not lead there."""
    steps = pattern.split(".") if pattern else []
    if parts[0] is _ANYWHERE:
        # Whatever of the place fits: ``a.prompt`` is where ``**.prompt.guard`` begins, and ``a`` may lead there.
        tails = [_left(".".join(steps[i:]), parts[1:]) for i in range(len(steps))]
        return next((t for t in tails if t), parts)
    if not steps or len(steps) >= len(parts) or not all(p.fullmatch(s) for p, s in zip(parts, steps, strict=False)):
        return []
    return parts[len(steps) :]


def _moved(change: FieldChange, *, is_whole: bool) -> Iterator[_Found]:
    if change.before is MISSING:
        return
    if change.after is MISSING:
        yield change.path, "has no guardrail any more", True
    elif is_whole or not change.pattern.endswith("Version"):
        # guardrailIdentifier and guardrailVersion: another version is told where that version is made.
        yield change.path, "has another guardrail, and nobody compared the two", False


def _holders(value: Any, parts: list[re.Pattern[str]], at: str) -> Iterator[tuple[str, bool]]:
    """Everything in a value that can hold the guard, with whether it does."""
    if not parts or not isinstance(value, Mapping):
        return
    if len(parts) == 1:
        name = parts[0].pattern.replace("\\", "")
        yield f"{at}.{name}", bool(value.get(name))
        return
    anywhere, wanted = parts[0] is _ANYWHERE, parts[1:] if parts[0] is _ANYWHERE else parts
    for key, item in value.items():
        is_list = isinstance(item, list | tuple)
        for found in item if is_list else (item,):
            label = found.get("name", "") if is_list and isinstance(found, Mapping) else ""
            here = f"{at}.{key}[{label}]" if is_list else f"{at}.{key}"
            if wanted[0].fullmatch(f"{key}[]" if is_list else key):
                yield from _holders(found, wanted[1:], here)
            if anywhere:
                yield from _holders(found, parts, here)


# What no rule knows, in kinds that protect.


def _unranked(changes: Iterable[FieldChange], fields: Fields) -> Iterator[str]:
    if fields.ranked is None:
        return
    for change in changes:
        for leaf in leaf_changes(change, fields.unordered):
            if leaf.pattern and not is_label(leaf, fields) and not _is_ranked(leaf, fields.ranked):
                yield leaf.path


def _is_ranked(leaf: FieldChange, ranked: Mapping[str, frozenset[str] | None]) -> bool:
    if leaf.pattern not in ranked:
        return _is_empty(leaf.before) and _is_empty(leaf.after)
    values = ranked[leaf.pattern]
    if values is None:
        return True
    sides = [str(v) for v in (leaf.before, leaf.after) if v is not MISSING]
    return all(v in values for v in sides) if values else len(sides) < 2


def _is_empty(value: Any) -> bool:
    return value is MISSING or value is None or (isinstance(value, Mapping | tuple) and not value)


def unseen(
    changes: Iterable[FieldChange], released: Mapping[str, str], desired: Mapping[str, Any], fields: Fields
) -> tuple[str, ...]:
    """Fields of a protection that differ from the last release and not from the live draft.

    Somebody wrote them into the draft by hand before they came to git. The record has digests, so it is known that they
    differ and not in which direction. ``released``: path -> digest, as the record keeps them.
    """
    if fields.ranked is None or not released:
        return ()
    wanted = field_digests(desired, fields.unordered)
    told = {veil(leaf.path) for change in changes for leaf in leaf_changes(change, fields.unordered)}
    moved = (path for path, value in released.items() if wanted.get(path) != value)
    return tuple(p for p in moved if p not in told and p.split(".")[0].split("[")[0] not in fields.labels)


# What is asked of a release.


@dataclass(frozen=True, slots=True)
class _Asked:
    """Remarks and where under ``spec`` each belongs."""

    subject: str
    remark: Remark
    place: str


def lowered(before: Facts, spec: Mapping[str, Any]) -> tuple[Concern, ...]:
    """What a release must pass that became less: thresholds easier or gone, data sets gone, governance lower."""
    return tuple(
        Concern("weaken", Risk.WEAKENING, (a.place,), f"{a.subject} {a.remark.text}", a.remark.private)
        for a in _asked(before, spec)
        if a.remark.effect == "weaker"
    )


def _asked(before: Facts, spec: Mapping[str, Any]) -> Iterator[_Asked]:
    then = {
        "datasets": before.datasets,
        "evaluation": {"suites": {name: {"metrics": metrics} for name, metrics in before.thresholds.items()}},
        "governance": _governance(before.governance),
    }
    for subject, remark in declared.thresholds(then, spec):
        suite, _, metric = subject.partition("/")
        yield _Asked(subject, remark, ".".join(("evaluation.suites", suite, *(("metrics", metric) if metric else ()))))
    for subject, remark in declared.datasets(then, spec):
        yield _Asked(f"data set {subject}", remark, f"datasets.{subject}")
    # Records do not hold waivers: those of the manifest would all look new.
    now = {"governance": spec.get("governance") or EMPTY}
    for subject, remark in declared.governance(then, now, {}):
        place = f"governance.{remark.path}" if remark.path else f"governance.documents.{subject}"
        yield _Asked(subject, remark, place)


def _governance(kept: Mapping[str, Any]) -> dict[str, Any]:
    """A record's governance in the manifest's shape: documents by path."""
    found = dict(kept)
    documents = found.get("documents")
    if isinstance(documents, Mapping):
        found["documents"] = {k: v.get("path") if isinstance(v, Mapping) else v for k, v in documents.items()}
    return found
