"""Bodies made from AWS's service model, so that no test lists the fields by hand.

``everything``: values with every optional member set; together they make every choice of every union.
``strategy``: any value that the model allows, for hypothesis. What AWS asks beyond its model is in ``rules.py``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from hypothesis import strategies as st

from releaser.core.normal import float32
from releaser.core.patterns import translate
from releaser.core.shapes import Shape

_ACCOUNT = "111111111111"
# Tried in order; the first that satisfies the shape is taken. {n} tells list items apart.
_TEXTS = (
    "{name} says {n}, {{{{it}}}} and \u201cmore\u201d",
    "{name} {n}",
    "{name}-{n}",
    "{name}{n}",
    "key{n}",
    "1{n}",
    "ABCDEFGH{n:02}",
    "{name} {n}: what is asked for here is a text of some length",
    "arn:aws:lambda:eu-central-1:" + _ACCOUNT + ":function:{name}:{n}",
    "arn:aws:bedrock:eu-central-1:" + _ACCOUNT + ":automated-reasoning-policy/abcdefghij{n:02}:1",
    "arn:aws:bedrock:eu-central-1:" + _ACCOUNT + ":agent-alias/ABCDEFGH{n:02}/ABCDEFGH{n:02}",
    "arn:aws:bedrock:eu-central-1::foundation-model/amazon.nova-lite-v{n}:0",
    "arn:aws:kms:eu-central-1:" + _ACCOUNT + ":key/12345678-1234-1234-1234-1234567890{n:02}",
    "12345678-1234-1234-1234-1234567890{n:02}",
    "1111111111{n:02}",
    "https://example.com/{n}",
    "s3://bucket-{n}/",
    "catalog.schema.table{n}",
    "arn:aws:s3:::bucket-{n}",
    "arn:aws:aoss:eu-central-1:" + _ACCOUNT + ":collection/vectors-{n}",
    "arn:aws:es:eu-central-1:" + _ACCOUNT + ":domain/vectors-{n}",
    "arn:aws:rds:eu-central-1:" + _ACCOUNT + ":cluster:vectors-{n}",
    "arn:aws:neptune-graph:eu-central-1:" + _ACCOUNT + ":graph/g-abcdefgh{n:02}",
    "arn:aws:kendra:eu-central-1:" + _ACCOUNT + ":index/12345678-1234-1234-1234-1234567890{n:02}",
    "arn:aws:secretsmanager:eu-central-1:" + _ACCOUNT + ":secret:vectors-{n}",
    "arn:aws:lambda:eu-central-1:" + _ACCOUNT + ":function:cut-{n}",
    "arn:aws:redshift-serverless:eu-central-1:" + _ACCOUNT + ":workgroup/12345678-1234-1234-1234-1234567890{n:02}",
)


Way = tuple[str, ...]
"""The structures around a value, by the names of their shapes."""

AGAIN = 2
"""How often a shape is made within itself, where AWS's model sets no end (a loop of a flow holds a definition)."""


def finite(shape: Shape, way: Way, again: int = AGAIN) -> list[tuple[str, Shape]]:
    """The members of a structure, less those that lead into what is already around them often enough."""

    def ends(member: Shape) -> bool:
        around = [member.name, *(m.name for k, m in member.members.items() if k in member.required)]
        return all(way.count(name) < again for name in around)

    return [(k, m) for k, m in shape.members.items() if ends(m)]


@dataclass(frozen=True)
class Choice:
    """One way to fill a structure whose members depend on each other, though AWS's model does not say so.

    ``says``: what goes with it, word for word. ``has`` must be there then, ``may`` can. What no choice names is free.
    """

    says: Mapping[str, str] = field(default_factory=dict)
    has: frozenset[str] = frozenset()
    may: frozenset[str] = frozenset()

    @property
    def named(self) -> frozenset[str]:
        """The members it speaks of."""
        return self.says.keys() | self.has | self.may


Choices = Mapping[str, tuple[Choice, ...]]
"""Shape -> the ways to fill it."""


Member = TypeVar("Member")


def allowed(members: Mapping[str, Member], choice: Choice, choices: Iterable[Choice]) -> dict[str, Member]:
    """The members that may stand beside what the choice says."""
    others = frozenset[str]().union(*(c.named for c in choices)) - choice.has - choice.may
    return {k: m for k, m in members.items() if k not in others}


@dataclass(frozen=True)
class Synthesis:
    """Makes bodies of one kind. ``known``: shape name -> a text that exists where the body is sent.

    ``keys``: list pattern -> the member that tells its items apart. ``length``: how many items a list gets.
    ``bare``: only what AWS requires. ``most``: list shape -> how many items a body takes, where AWS's model says more.
    ``choices``: structures that are a union in all but name.
    """

    keys: Mapping[str, str | None] = field(default_factory=dict)
    known: Mapping[str, str] = field(default_factory=dict)
    length: int = 3
    bare: bool = False
    most: Mapping[str, int] = field(default_factory=dict)
    choices: Choices = field(default_factory=dict)
    _counts: dict[tuple[str, Way], int] = field(default_factory=dict, repr=False)

    def everything(self, shape: Shape) -> list[Any]:
        """As few values as make every choice of every union, each with every optional member set."""
        return [self._value(shape, "", "", 0, (), i) for i in range(self._count(shape, ()))]

    def _count(self, shape: Shape, way: Way) -> int:
        """How many values make every choice."""
        known = (shape.name, way)
        if known not in self._counts:
            self._counts[known] = self._counted(shape, way)
        return self._counts[known]

    def _counted(self, shape: Shape, way: Way) -> int:
        if shape.is_document or shape.type not in ("structure", "list"):
            return 1
        if shape.type == "list":
            return -(-self._total(shape, way) // self._high(shape))
        below = (*way, shape.name)
        if shape.name in self.choices:
            return sum(self._most(self._chosen(shape, below, c), below) for c in self.choices[shape.name])
        members = self._members(shape, below)
        return sum(self._count(m, below) for m in members.values()) if shape.is_union else self._most(members, below)

    def _most(self, members: Mapping[str, Shape], way: Way) -> int:
        return max((self._count(m, way) for m in members.values()), default=1)

    def _members(self, shape: Shape, way: Way) -> dict[str, Shape]:
        return {k: m for k, m in finite(shape, way) if not self.bare or shape.is_union or k in shape.required}

    def _chosen(self, shape: Shape, way: Way, choice: Choice) -> dict[str, Shape]:
        members = allowed(dict(finite(shape, way)), choice, self.choices[shape.name])
        return {k: m for k, m in members.items() if not self.bare or k in shape.required or k in choice.has}

    def _high(self, shape: Shape) -> int:
        return self.most.get(shape.name, int(shape.raw.get("max", 10_000)))

    def _total(self, shape: Shape, way: Way) -> int:
        low = int(shape.raw.get("min", 0))
        return max(self._count(shape.member, way), min(self.length, self._high(shape)), low)

    def _value(self, shape: Shape, name: str, at: str, n: int, way: Way, i: int) -> Any:
        """The ``i``-th of the values that make every choice; ``n`` tells what is alike apart."""
        if shape.is_document:
            return document(n)
        match shape.type:
            case "structure":
                return self._structure(shape, at, n, (*way, shape.name), i)
            case "list":
                return self._list(shape, name, at, n, way, i)
            case "map":
                keys = [text(shape.key, name, n + k, self.known) for k in range(self.length)]
                if shape.value.type == "string":
                    return {key: f"value {k}" for k, key in enumerate(keys)}
                return {key: self._value(shape.value, name, f"{at}.*", n + k, way, 0) for k, key in enumerate(keys)}
            case "string":
                return text(shape, name, n, self.known)
            case "boolean":
                return n % 2 == 0
            case _:
                return number(shape, n)

    def _structure(self, shape: Shape, at: str, n: int, way: Way, i: int) -> dict[str, Any]:
        prefix = f"{at}." if at else ""
        for choice in self.choices.get(shape.name, ()):
            members = self._chosen(shape, way, choice)
            if i < (count := self._most(members, way)):
                return {**choice.says, **self._all(members, prefix, n, way, i)}
            i -= count
        members = self._members(shape, way)
        if not shape.is_union:
            return self._all(members, prefix, n, way, i)
        for k, m in members.items():
            count = self._count(m, way)
            if i < count:
                return {k: self._value(m, k, prefix + k, n, way, i)}
            i -= count
        raise ValueError(f"{shape.name} has no choice left that ends")

    def _all(self, members: Mapping[str, Shape], prefix: str, n: int, way: Way, i: int) -> dict[str, Any]:
        return {k: self._value(m, k, prefix + k, n, way, i % max(1, self._count(m, way))) for k, m in members.items()}

    def _list(self, shape: Shape, name: str, at: str, n: int, way: Way, i: int) -> list[Any]:
        high, choices = self._high(shape), self._count(shape.member, way)
        mine = range(i * high, min((i + 1) * high, self._total(shape, way)))
        items = [self._value(shape.member, name, f"{at}[]", n + j, way, j % choices) for j in mine]
        return distinct(items, self.keys[at]) if at in self.keys else items


def distinct(items: list[Any], key: str | None) -> list[Any]:
    """The items with the first of each key; ``key`` as in ``Fields.unordered``."""
    member = (key or "").removeprefix("#")
    found = {str(item.get(member)) if member else str(item): item for item in reversed(items)}
    return [item for item in items if any(item is kept for kept in found.values())]


def document(n: int) -> dict[str, Any]:
    """A JSON document with all that JSON has, empties and long fractions included."""
    return {"number": n, "exact": 0.1234567890123, "nothing": None, "no": False, "empty": {}, "deep": [1, {"a": []}]}


def number(shape: Shape, n: int) -> int | float:
    """A number within the shape's bounds, a different one for each ``n`` below nine."""
    if shape.is_float:
        return (n % 9 + 1) / 10
    low, high = int(shape.raw.get("min", 0)), int(shape.raw.get("max", 10_000_000))
    return low + 100 + n if low + 100 + n <= high else low + n % (high - low + 1)


def text(shape: Shape, name: str, n: int, known: Mapping[str, str]) -> str:
    """A text that the shape allows, a different one for each ``n``. ValueError: extend the samples."""
    if shape.enum:
        return shape.enum[n % len(shape.enum)]
    for template in (None, *_TEXTS):
        sample = known.get(shape.name) if template is None else template.format(name=name, n=n)
        if sample is None:
            continue
        if fits(shape, sample):
            return sample
    raise ValueError(f"no sample fits {shape.name}: {shape.raw}")


def fits(shape: Shape, sample: str) -> bool:
    """Whether the model allows the text."""
    if not shape.raw.get("min", 0) <= len(sample) <= shape.raw.get("max", 100_000):
        return False
    pattern = translate(shape.pattern) if shape.pattern else None
    return pattern is None or pattern.fullmatch(sample) is not None


def strategy(shape: Shape, made: Synthesis, name: str = "", at: str = "", way: Way = ()) -> st.SearchStrategy[Any]:
    """Any value that the model allows; list items differ in their key."""
    if shape.is_document:
        return DOCUMENTS
    match shape.type:
        case "structure":
            return _structures(shape, made, at, (*way, shape.name))
        case "list":
            return _lists(shape, made, name, at, way)
        case "map":
            keys, values = (_texts(shape.key, name, made), strategy(shape.value, made, name, f"{at}.*", way))
            return st.dictionaries(keys, values, max_size=3)
        case "string":
            return _texts(shape, name, made)
        case "boolean":
            return st.booleans()
        case _:
            return _numbers(shape)


_PLAIN = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=30)
DOCUMENTS = st.dictionaries(
    st.text("abcdef", min_size=1, max_size=3),
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**31), 2**31) | st.floats(-1e6, 1e6) | _PLAIN,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=2), inner, max_size=3),
        max_leaves=6,
    ),
    min_size=1,
    max_size=3,
)


def _structures(shape: Shape, made: Synthesis, at: str, way: Way) -> st.SearchStrategy[Any]:
    prefix = f"{at}." if at else ""
    members = {k: strategy(m, made, k, prefix + k, way) for k, m in finite(shape, way)}
    if shape.is_union:
        return st.one_of([st.fixed_dictionaries({k: inner}) for k, inner in members.items()])
    choices = made.choices.get(shape.name, ())
    if not choices:
        return _dictionaries(members, shape.required)
    return st.one_of(
        [
            st.builds(dict, _dictionaries(allowed(members, c, choices), {*shape.required, *c.has}), **_said(c))
            for c in choices
        ]
    )


def _said(choice: Choice) -> dict[str, st.SearchStrategy[str]]:
    return {k: st.just(v) for k, v in choice.says.items()}


def _dictionaries(
    members: Mapping[str, st.SearchStrategy[Any]], required: Collection[str]
) -> st.SearchStrategy[dict[str, Any]]:
    needed = {k: inner for k, inner in members.items() if k in required}
    return st.fixed_dictionaries(needed, optional={k: v for k, v in members.items() if k not in needed})


def _lists(shape: Shape, made: Synthesis, name: str, at: str, way: Way) -> st.SearchStrategy[Any]:
    low, high = shape.raw.get("min", 0), min(shape.raw.get("max", 4), 4)
    inner = strategy(shape.member, made, name, f"{at}[]", way)
    listed = st.lists(inner, min_size=low, max_size=high)
    return listed.map(lambda items: distinct(items, made.keys[at])) if at in made.keys else listed


def _texts(shape: Shape, name: str, made: Synthesis) -> st.SearchStrategy[str]:
    if shape.enum:
        return st.sampled_from(shape.enum)
    if shape.name in made.known or (shape.pattern and ":" in shape.pattern and "arn" in shape.pattern):
        return st.just(text(shape, name, 0, made.known))
    pattern = translate(shape.pattern) if shape.pattern else None
    if pattern is not None:
        plain = re.compile(pattern.pattern, pattern.flags)
        return st.from_regex(plain, fullmatch=True).filter(lambda t: fits(shape, t))
    return _PLAIN.filter(lambda t: fits(shape, t))


def _numbers(shape: Shape) -> st.SearchStrategy[Any]:
    low, high = shape.raw.get("min", 0), shape.raw.get("max", 1 if shape.is_float else 100_000)
    if not shape.is_float:
        return st.integers(int(low), int(high))
    return st.floats(low, high, exclude_max=True, width=32).map(float32) | st.sampled_from((0.2, 0.7, 0, 0.999))
