"""What of a body may be shown to anyone: enums, numbers, identifiers. Every other text becomes a digest and a length.

Derived from the kind and AWS's own input shape. A text is hidden unless something says that it is no free text: an
enum, a shape that is an identifier and not marked sensitive, or the kind's ``fields.shown``.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from releaser.core.address import Bound, Ref
from releaser.core.diff import FieldChange
from releaser.core.kind import Kind
from releaser.core.normal import sort_key
from releaser.core.shapes import Shape

LONGEST = 64
"""A tag's value longer than this is shown only when it is an identifier."""

_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9:/._+=@,-]{0,2047}")
_ENUM = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_ARN = re.compile(r"arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:([0-9]{12})?:[a-z-]+/[A-Za-z0-9:/._-]+")
_IDENTIFIER_SHAPE = re.compile(r"(Arn|ARN|Id|Identifier|Version)$")
_STEP = re.compile(r"\[\]|[^.\[\]]+")


@dataclass(frozen=True, slots=True)
class Hidden:
    """A text that is not shown: enough to tell two apart."""

    sha256: str
    length: int

    def __str__(self) -> str:
        return f"(hidden: {self.length} characters, sha256 {self.sha256})"


def hide(text: str) -> Hidden:
    """12 digits of the digest, and how many characters."""
    return Hidden(hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12], len(text))


@dataclass(frozen=True, slots=True)
class Redaction:
    """What may be shown of one kind's bodies. ``body`` is the input shape of its create call."""

    kind: Kind
    body: Shape | None = None

    def field(self, change: FieldChange) -> FieldChange:
        """The same change with nothing in it that must not be shown, its path included."""
        pattern = change.pattern or (change.path if "[" not in change.path else "")
        return FieldChange(
            self.path(change.path, change.pattern),
            self.value(pattern, change.before),
            self.value(pattern, change.after),
            change.origin,
            change.pattern,
        )

    def value(self, pattern: str, value: Any) -> Any:
        """``value`` at a place like ``a.list[].b``: what must not be shown is a ``Hidden``."""
        if isinstance(value, Bound):
            value = value.value
        if isinstance(value, str):
            return value if self._is_open(pattern, value) else hide(value)
        if isinstance(value, Mapping):
            if value and not self._is_known(pattern):
                return hide(sort_key(value).decode())
            return {k: self.value(f"{pattern}.{k}" if pattern else k, v) for k, v in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(f"{pattern}[]", v) for v in value]
        return value

    def path(self, path: str, pattern: str = "") -> str:
        """The path, with private keys of list items told by digest, and nothing of what is inside a document."""
        keys = _keys(path, pattern or ("" if "[" in path else path))
        if keys is None:
            return path[: path.index("[")] + f"[#{hide(path).sha256}]"
        shown = at = ""
        for literal, key in keys:
            known = self._known_part(at, literal)
            at += literal
            shown += known
            if known != literal:
                return f"{shown}.#{hide(path).sha256}"
            if key is not None:
                shown += f"[{key if self._is_open_key(at, key) else '#' + hide(key).sha256}]"
                at += "[]"
        return shown

    def _known_part(self, at: str, literal: str) -> str:
        """The members of ``literal`` that stand in structures of known members; the others' names may be content."""
        known = ""
        for index, member in enumerate(literal.split(".")):
            holder = at + known
            if holder and member and not holder.startswith("tags") and not self._is_known(holder):
                return known
            known += f".{member}" if index else member
        return known

    def _is_open_key(self, pattern: str, key: str) -> bool:
        if pattern not in self.kind.fields.unordered:
            return key.isdigit()
        member = self.kind.fields.unordered[pattern]
        if member is not None and member.startswith("#"):
            return True  # a digest already
        return self._is_open(f"{pattern}[].{member}" if member else f"{pattern}[]", key.rstrip("'"))

    def _is_open(self, pattern: str, text: str) -> bool:
        if pattern == self.kind.identity.name:
            return True  # bodies hold no name: it is that of the resource, which every plan shows
        if pattern.startswith("tags."):
            return len(text) <= LONGEST or bool(_IDENTIFIER.fullmatch(text))
        if not text or self._is_declared(pattern):
            return not text or bool(_IDENTIFIER.fullmatch(text))
        shape = self._shape(pattern)
        if shape is None:
            return bool(_ARN.fullmatch(text))
        if shape.enum:
            return bool(_ENUM.fullmatch(text))
        if shape.is_sensitive or not _IDENTIFIER_SHAPE.search(shape.name):
            return False
        return bool(_IDENTIFIER.fullmatch(text))

    def _is_known(self, pattern: str) -> bool:
        """Whether the members below are of a known structure, so that their names say nothing."""
        if not pattern or self._is_declared(pattern) or _covers(_prefixes(self.kind.fields.shown), pattern):
            return True
        shape = self._shape(pattern)
        return shape is not None and shape.type == "structure" and not shape.is_document

    def _is_declared(self, pattern: str) -> bool:
        return _covers(_below(self.kind.fields.shown), pattern)

    def _shape(self, pattern: str) -> Shape | None:
        shape = self.body
        for step in _STEP.findall(pattern):
            if shape is None or shape.is_document:
                return None
            if step == "[]":
                shape = shape.member if shape.type == "list" else None
            elif shape.type == "structure":
                shape = shape.members.get(step)
            else:
                shape = shape.value if shape.type == "map" else None
        return shape


def _covers(regex: re.Pattern[str] | None, pattern: str) -> bool:
    return regex is not None and regex.fullmatch(pattern) is not None


@lru_cache(maxsize=64)
def _below(shown: frozenset[str]) -> re.Pattern[str] | None:
    """Matches every place that the declaration covers."""
    return re.compile("|".join(rf"{_wild(p)}(?:[.\[].*)?" for p in sorted(shown))) if shown else None


@lru_cache(maxsize=64)
def _prefixes(shown: frozenset[str]) -> re.Pattern[str] | None:
    """Matches every container on the way to such a place."""
    found = {p[: step.start()].rstrip(".") for p in shown for step in _STEP.finditer(p) if step.start()}
    return re.compile("|".join(_wild(p) for p in sorted(found))) if found else None


def _wild(pattern: str) -> str:
    return re.escape(pattern).replace(r"\*", r"[^.\[\]]+")


def _keys(path: str, pattern: str) -> list[tuple[str, str | None]] | None:
    """The literal parts of a path, each with the key after it. None: path and pattern do not fit."""
    if not pattern and path:
        return None
    literals = pattern.split("[]")
    found = re.fullmatch(r"\[(.*)\]".join(re.escape(part) for part in literals), path, re.DOTALL)
    if found is None:
        return None
    return list(zip(literals, [*found.groups(), None], strict=True))


def plain(value: Any) -> Any:
    """A redacted value as JSON: what is hidden as ``{"sha256", "length"}``, a reference as its text."""
    if isinstance(value, Hidden):
        return {"sha256": value.sha256, "length": value.length}
    if isinstance(value, Mapping):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, Ref | Bound):
        return str(value)
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return None  # MISSING: bodies hold no nulls, so null is absent
