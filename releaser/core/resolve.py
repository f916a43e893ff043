"""References and bindings: text to typed leaves.

``${env.NAME}`` anywhere in a text becomes a ``Bound``. ``${kind/name.output}`` must be the whole text and
becomes a
``Ref`` within the same use case. ``$${`` is a literal ``${``. There is no other templating.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from releaser.core.address import Address, Bound, Ref
from releaser.core.kind import Problem
from releaser.core.suggest import did_you_mean
from releaser.core.values import EMPTY, FrozenMap, Path, freeze

_HOLE = re.compile(r"\$\$\{|\$\{([^{}]*)\}?")
_ENV = re.compile(r"env\.([a-zA-Z][a-zA-Z0-9]*)")
_USED = re.compile(r"\$\{env\.([a-zA-Z][a-zA-Z0-9]*)\}")
_REF = re.compile(r"([a-z][a-z-]*)/([a-zA-Z][a-zA-Z0-9-]*)\.([a-zA-Z]+)")


@dataclass(frozen=True, slots=True)
class Resolution:
    """The resolved value and what could not be resolved. Unresolved texts stay as they were."""

    value: FrozenMap
    problems: tuple[Problem, ...] = ()
    bound: Mapping[Path, Bound] = field(default_factory=dict)
    """Where bindings stand, by path."""


def resolve(
    data: Mapping[str, Any],
    bindings: Mapping[str, str] | None = None,
    *,
    use_case: str,
    environment: str = "",
) -> Resolution:
    """The data with every ``${...}`` replaced. Without ``bindings`` only references are judged, not names
    of bindings."""
    problems: list[Problem] = []

    bound: dict[Path, Bound] = {}

    def leaf(text: str, at: Path) -> Any:
        found = _text(text, at, bindings, use_case, environment, problems.append)
        if type(found) is Bound:
            bound[at] = found
        return found

    value = _walk(data, (), leaf)
    return Resolution(value if isinstance(value, FrozenMap) else EMPTY, tuple(problems), bound)


def bindings_used(text: str) -> frozenset[str]:
    """Names of the bindings that a text asks for; a quick scan, also over a whole file."""
    return frozenset(_USED.findall(text)) if "${" in text else frozenset()


def _walk(value: Any, at: Path, leaf: Callable[[str, Path], Any]) -> Any:
    if type(value) is str:
        return leaf(value, at) if "${" in value else value
    if isinstance(value, dict | FrozenMap):
        return FrozenMap({k: _walk(v, (*at, k), leaf) for k, v in value.items()})
    if isinstance(value, list | tuple):
        return tuple([_walk(v, (*at, i), leaf) for i, v in enumerate(value)])
    return freeze(value)


def _text(
    text: str,
    at: Path,
    bindings: Mapping[str, str] | None,
    use_case: str,
    environment: str,
    report: Callable[[Problem], None],
) -> Any:
    bound = False
    parts: list[str] = []
    end = 0
    for hole in _HOLE.finditer(text):
        parts.append(text[end : hole.start()])
        end = hole.end()
        if hole.group() == "$${":
            parts.append("${")
            continue
        inner = hole.group(1)
        closed = hole.group().endswith("}")
        if closed and (env := _ENV.fullmatch(inner)):
            bound = True
            parts.append(_binding(env[1], at, bindings, environment, report))
            continue
        if closed and (ref := _REF.fullmatch(inner)):
            if hole.group() == text:
                return Ref(Address(use_case, ref[1], ref[2]), ref[3])
            report(
                Problem(
                    "E305",
                    f"{hole.group()} must be the whole text",
                    at,
                    "a reference cannot be part of a text",
                )
            )
            return text
        report(_malformed(hole.group(), inner, at))
        return text
    parts.append(text[end:])
    value = "".join(parts)
    if not bound:
        return value
    return Bound(text, value) if bindings is not None else text


def _binding(
    name: str,
    at: Path,
    bindings: Mapping[str, str] | None,
    environment: str,
    report: Callable[[Problem], None],
) -> str:
    if bindings is None:
        return ""
    if name in bindings:
        return bindings[name]
    where = f"environment {environment} has no binding {name!r}" if environment else f"there is no binding {name!r}"
    report(Problem("E301", where, at, did_you_mean(name, bindings) or f"add {name} under spec.bindings"))
    return ""


def _malformed(hole: str, inner: str, at: Path) -> Problem:
    if inner.startswith("env."):
        hint = "a binding's name has letters and digits only"
    elif inner and "/" not in inner:
        hint = f"did you mean ${{env.{inner}}}? write $${{ for a literal ${{"
    else:
        hint = "${env.NAME} or ${kind/name.output}; write $${ for a literal ${"
    return Problem("E302", f"{hole[:60]} is neither a binding nor a reference", at, hint)
