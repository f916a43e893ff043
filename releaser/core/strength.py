"""Protections compared: whether a list of filters, rules or thresholds became stronger or weaker, and how, in words.

A kind declares what protects and how much; the comparison is the same for all. It is antisymmetric by construction:
every effect is the sign of a difference of levels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from releaser.core.kind import Effect, Remark

Item = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Measure:
    """One way in which an item protects. A higher level is stronger; 0 does nothing."""

    name: str
    level: Callable[[Item], float]
    words: Callable[[Item], str]
    acts: bool = True
    """False: a trait that protects nothing by itself."""


@dataclass(frozen=True, slots=True)
class Protection:
    """A list of protections: where it stands, what tells its items apart, and how each protects."""

    path: str
    key: str
    noun: str
    """With ``{}`` for the key: ``topic {}``."""
    measures: tuple[Measure, ...]
    measured: frozenset[str]
    """Members that the measures read, the key included."""
    private: bool = False
    """The key is free text."""
    worded: frozenset[str] = frozenset()
    """Members whose text is shown word by word when it changes."""


def effect_of(before: float, after: float) -> Effect:
    """The sign of the difference."""
    return "stronger" if after > before else "weaker" if after < before else "changed"


def compare(protection: Protection, before: Item, after: Item) -> Iterator[Remark]:
    """What became of each item between two bodies."""
    old, new = _items(protection, before), _items(protection, after)
    for key in sorted({*old, *new}):
        yield from _compare_item(protection, key, old.get(key), new.get(key))


def count(protection: Protection, body: Item) -> int:
    """How many items do anything."""
    return sum(_total(protection, item) > 0 for item in _items(protection, body).values())


def _items(protection: Protection, body: Item) -> dict[str, Item]:
    found: Any = body
    for part in protection.path.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    if not isinstance(found, list | tuple):
        return {}
    return {str(i.get(protection.key)): i for i in found if isinstance(i, Mapping)}


def _compare_item(protection: Protection, key: str, old: Item | None, new: Item | None) -> Iterator[Remark]:
    if old is None and new is not None:
        did = ": " + _all_words(protection, new)
        yield _remark(protection, key, "is new" + did, effect_of(0, _total(protection, new)))
    elif new is None and old is not None:
        did = " (it did: " + _all_words(protection, old) + ")"
        yield _remark(protection, key, "is removed" + did, effect_of(_total(protection, old), 0))
    elif old is not None and new is not None:
        yield from _measured(protection, key, old, new)
        yield from _others(protection, key, old, new)


def _measured(protection: Protection, key: str, old: Item, new: Item) -> Iterator[Remark]:
    """One remark for each step up or down; sides that take the same step share one."""
    steps: dict[tuple[str, str, Effect], list[str]] = {}
    for measure in protection.measures:
        before, after = measure.level(old), measure.level(new)
        if before != after:
            step = (measure.words(old), measure.words(new), effect_of(before, after))
            steps.setdefault(step, []).append(measure.name)
    for (was, now, effect), names in steps.items():
        yield _remark(protection, key, f"{was} -> {now}{_where(names)}", effect)


def _others(protection: Protection, key: str, old: Item, new: Item) -> Iterator[Remark]:
    for member in sorted({*old, *new} - protection.measured):
        before, after = old.get(member), new.get(member)
        if before == after:
            continue
        shown = member in protection.worded
        texts = (_text(before), _text(after)) if shown else None
        yield _remark(protection, key, f"{member} changed", "changed", texts)


def _remark(
    protection: Protection, key: str, text: str, effect: Effect, texts: tuple[str, str] | None = None
) -> Remark:
    noun = protection.noun if protection.private else protection.noun.replace("{}", key)
    private = key if protection.private else ""
    return Remark(f"{noun} {text}", effect, protection.path, private, texts)


def _total(protection: Protection, item: Item) -> float:
    return sum(m.level(item) for m in protection.measures if m.acts)


def _all_words(protection: Protection, item: Item) -> str:
    said: dict[str, list[str]] = {}
    for measure in protection.measures:
        if measure.acts:
            said.setdefault(measure.words(item), []).append(measure.name)
    return ", ".join(f"{words}{_where(names)}" for words, names in said.items())


def _where(names: list[str]) -> str:
    named = " and ".join(n for n in names if n)
    return f" ({named})" if named else ""


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return "\n".join(str(v) for v in value)
    return "" if value is None else str(value)
