"""What AWS would say to the bodies of a manifest, in its resolved form."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from graphlib import CycleError, TopologicalSorter
from typing import Any

from releaser.core.address import Address, Bound, Ref
from releaser.core.body_shape import body_shape
from releaser.core.checks import part, parts
from releaser.core.conform import conform
from releaser.core.graph import physical_name, told
from releaser.core.kind import Draft, Entry, Kind, Problem, View
from releaser.core.manifest import Pin, VersionPin
from releaser.core.ours import ALIAS, NAME, Ours, is_external, pointer_to, take_apart, versioned, without_ours
from releaser.core.shapes import Rule, ServiceModel, Shape, Violation, check
from releaser.core.suggest import did_you_mean
from releaser.core.values import Path, leaves, references, show_path, transform

Models = Callable[[str], ServiceModel]

CODE: Mapping[Rule, str] = {
    "type": "E401",
    "required": "E402",
    "unknown": "E403",
    "union": "E404",
    "enum": "E405",
    "pattern": "E406",
    "min": "E407",
    "max": "E408",
}
_BROKEN = frozenset({"E203", "E401"})
"""Errors after which a kind's own rules may stumble."""


def _problem(violation: Violation, at: Path) -> Problem:
    hint = ""
    if violation.rule in ("enum", "unknown", "union"):
        word = str(violation.path[-1]) if violation.rule == "unknown" else violation.message.split("'")[1:2]
        hint = did_you_mean(word if isinstance(word, str) else "".join(word), violation.allowed)
        hint = hint if hint.startswith("did") else ""
    return Problem(CODE[violation.rule], violation.message, (*at, *violation.path), hint)


def check_entries(view: View, kinds: Mapping[str, Kind], models: Models) -> Iterator[Problem]:
    """Every entry of every kind's section: our short form, or AWS's own body; then the kind's own rules."""
    for kind in kinds.values():
        for name, entry in parts(view.spec, kind.section or ""):
            at = ("spec", kind.section or "", name)
            if is_external(entry):
                yield from _check_external(kind, entry, at)
                continue
            yield from _check_given_name(kind, entry, at, models)
            yield from _check_alias_name(pointer_to(kind, kinds), entry, (*at, ALIAS), models)
            entry = without_ours(entry)
            found = list(_check_entry(kind, entry, at, models))
            yield from found
            broken = any(p.code in _BROKEN for p in found)
            yield from _own_rules(kind, Entry(name, entry, view.spec, view.files), at, broken)
    for name, model in parts(view.spec, "models"):
        inference = model.get("inference")
        if isinstance(inference, Mapping):
            shape = models("bedrock-agent").shape("PromptModelInferenceConfiguration")
            yield from (_problem(v, ("spec", "models", name, "inference")) for v in check(shape, inference))


def _check_external(kind: Kind, entry: Mapping[str, Any], at: Path) -> Iterator[Problem]:
    """A pin of what another team owns: nothing of it may be left open."""
    yield from conform(VersionPin if versioned(kind) else Pin, _texts(entry), at)
    if str(entry.get("version")) == "DRAFT":
        yield Problem("E320", "a DRAFT is no version: it changes under its name", (*at, "version"), "pin a number")
    digest = _text(entry.get("sha256"))
    if digest and "${env." not in digest and not _SHA256.fullmatch(digest):
        hint = f"`releaser pin -e ENV {kind.name} ID` prints it"
        yield Problem("E320", "the digest of what is pinned has 64 hex digits", (*at, "sha256"), hint)


_SHA256 = re.compile("[0-9a-f]{64}")


def _text(value: Any) -> str:
    return value.value if isinstance(value, Bound) else value if isinstance(value, str) else ""


def _check_alias_name(pointer: Kind | None, entry: Mapping[str, Any], at: Path, models: Models) -> Iterator[Problem]:
    """The name in AWS that an entry gives to the alias that callers follow."""
    said = entry.get(ALIAS)
    if pointer is not None and isinstance(said, Mapping) and NAME in said:
        yield from _is_name_of(pointer, said[NAME], (*at, NAME), models)


def _check_given_name(kind: Kind, entry: Mapping[str, Any], at: Path, models: Models) -> Iterator[Problem]:
    """The name in AWS that an entry gives to its resource."""
    name = entry.get(NAME)
    if name is None and NAME not in entry:
        return
    if kind.physical_name is not None:
        yield Problem("E321", f"the name of a {kind.name} cannot be chosen", (*at, NAME), "remove it")
        return
    yield from _is_name_of(kind, name, (*at, NAME), models)


def _is_name_of(kind: Kind, name: Any, at: Path, models: Models) -> Iterator[Problem]:
    shape = models(kind.service).input(kind.calls.create).members.get(kind.identity.name)
    value = name.value if isinstance(name, Bound) else name
    if shape is not None and not (isinstance(value, str) and "${env." in value):
        yield from (_problem(v, at) for v in check(shape, value))


def _own_rules(kind: Kind, entry: Entry, at: Path, broken: bool) -> Iterator[Problem]:
    """The kind's own rules. Over values of the wrong type, which are reported already, they may stumble."""
    try:
        yield from [replace(problem, path=(*at, *problem.path)) for problem in kind.check(entry)]
    except (TypeError, ValueError, AttributeError, LookupError):
        if not broken:
            raise


def check_bound(
    view: View, kinds: Mapping[str, Kind], models: Models, bound: Mapping[Path, Bound]
) -> Iterator[Problem]:
    """The same for bindings alone, in a further environment: nothing else differs there."""
    sections = {kind.section: kind for kind in kinds.values() if kind.section}
    for path, value in bound.items():
        kind = sections.get(str(path[0]))
        entry = part(view.spec, *(str(p) for p in path[:2])) if kind else {}
        if kind is None or len(path) < 3 or is_external(entry) or path[2] in kind.extra:
            continue
        if path[2] == NAME:
            yield from _check_given_name(kind, {NAME: value}, ("spec", *path[:2]), models)
            continue
        if kind.entry and kind.is_short(entry):
            continue
        shape = _leaf(body_shape(kind, models(kind.service)), path[2:])
        yield from (_problem(v, ("spec", *path)) for v in check(shape, value)) if shape else ()


def _leaf(shape: Shape, path: Path) -> Shape | None:
    """The shape at a place of a body; None where AWS knows nothing."""
    for step in path:
        if shape.type == "structure" and not shape.is_document and step in shape.members:
            shape = shape.members[str(step)]
        elif shape.type == "list":
            shape = shape.member
        elif shape.type == "map":
            shape = shape.value
        else:
            return None
    return shape


def _check_entry(kind: Kind, entry: Mapping[str, Any], at: Path, models: Models) -> Iterator[Problem]:
    if kind.entry is not None and kind.is_short(entry):
        yield from conform(kind.entry, _texts(entry), at)
        return
    body = {k: v for k, v in entry.items() if k not in kind.extra}
    if kind.ours is not None:
        yield from conform(kind.ours, _texts({k: v for k, v in entry.items() if k in kind.extra}), at)
    yield from (_problem(v, at) for v in check(body_shape(kind, models(kind.service)), body))


def _texts(entry: Mapping[str, Any]) -> Any:
    """References and bindings as texts: the models of short forms know no other leaves."""
    return transform(entry, lambda leaf: str(leaf) if isinstance(leaf, Ref | Bound) else leaf)


@dataclass(frozen=True, slots=True)
class Declared:
    """The resources that a use case asks for."""

    drafts: tuple[tuple[Kind, Draft], ...]
    view: View
    ours: Ours
    external: Mapping[Address, Kind] = field(default_factory=dict)

    @property
    def addresses(self) -> dict[Address, Kind]:
        own = {self.view.address(kind.name, draft.name): kind for kind, draft in self.drafts}
        return {**own, **self.external}

    def count(self) -> dict[str, int]:
        counts: dict[str, int] = {}
        for kind, _ in self.drafts:
            counts[kind.name] = counts.get(kind.name, 0) + 1
        return counts


def declare(view: View, kinds: Mapping[str, Kind]) -> Declared:
    """Every draft of every kind. Only for a manifest of the right shape."""
    ours = take_apart(view.spec, kinds)
    inner = told(view, ours, kinds)
    drafts = tuple((kind, draft) for kind in kinds.values() for draft in kind.declare(inner))
    external = {view.address(kind, name): kinds[kind] for kind, name in ours.externals}
    return Declared(drafts, view, ours, external)


def check_declared(declared: Declared, models: Models) -> Iterator[Problem]:
    """Bodies as they would be sent, names as they would be given, references, cycles, the size on the
    wire."""
    for kind, draft in declared.drafts:
        at = _origin(kind, draft, declared.view.spec)
        written = at[1:2] == (kind.section,) and not _short(kind, declared.view.spec, draft.name)
        if not kind.pointer and not kind.delivery and not written:
            for violation in check(body_shape(kind, models(kind.service)), draft.body):
                where = show_path(violation.path)
                yield Problem(CODE[violation.rule], f"{where}: {violation.message}", at)
        given = declared.ours.names.get((kind.name, draft.name), "")
        yield from _check_name(kind, declared.view.address(kind.name, draft.name), given, at, models)
        if kind.runtime_limit or kind.delivery:
            yield from _check_size(kind, draft, at)


def _origin(kind: Kind, draft: Draft, spec: Mapping[str, Any]) -> Path:
    """The entry that a draft comes from, as well as it can be told."""
    for section in (kind.section, "models"):
        if section and draft.name in part(spec, section):
            return ("spec", section, draft.name)
    return ("spec",)


def _short(kind: Kind, spec: Mapping[str, Any], name: str) -> bool:
    return kind.entry is not None and kind.is_short(part(spec, kind.section or "", name))


def _check_name(kind: Kind, address: Address, given: str, at: Path, models: Models) -> Iterator[Problem]:
    if kind.physical_name is not None:
        return
    shape = models(kind.service).input(kind.calls.create).members.get(kind.identity.name)
    most = min(int(shape.raw.get("max", 50)) if shape else 50, 50)
    if given and shape is not None:
        most = max(int(shape.raw.get("max", 50)), 50)
    name = physical_name(address, kind, "0" * 64, given)
    if len(name) > most:
        shown = given or f"{address.use_case}_{address.name}"
        yield Problem("E522", f"{shown} has {len(name)} characters in AWS; at most {most}", at, "a shorter name")


_TYPICAL = "arn:aws:bedrock:eu-central-1:000000000000:application-inference-profile/000000000000"


def _check_size(kind: Kind, draft: Draft, at: Path) -> Iterator[Problem]:
    most = kind.delivery.limit if kind.delivery else kind.runtime_limit or 0
    if len(repr(draft.body)) * 2 < most:
        return
    body = transform(draft.body, lambda leaf: _TYPICAL if isinstance(leaf, Ref) else _value(leaf))
    how = kind.delivery
    size = len(how.encode(body[how.member]) if how else str(kind.write(body).get("Value", "")).encode())
    if size > most:
        what = "the runtime configuration" if how else kind.name
        yield Problem("E523", f"{what} would have about {size:,} bytes; AWS allows {most:,}", at)


def _value(leaf: Any) -> Any:
    return leaf.value if isinstance(leaf, Bound) else leaf


def check_references(declared: Declared) -> Iterator[Problem]:
    """Every reference leads to a declared resource and one of its outputs, and none in a circle."""
    spec, addresses = declared.view.spec, declared.addresses
    for path, leaf in leaves(spec):
        if not isinstance(leaf, Ref):
            continue
        at = ("spec", *path)
        kind = addresses.get(leaf.address)
        if kind is None:
            known = [f"{a.kind}/{a.name}" for a in addresses]
            hint = did_you_mean(f"{leaf.address.kind}/{leaf.address.name}", known)
            yield Problem("E303", f"{leaf} refers to nothing in this use case", at, hint)
        elif leaf.output not in outputs(kind):
            message = f"a {kind.name} has no output {leaf.output!r}"
            yield Problem("E304", message, at, did_you_mean(leaf.output, outputs(kind)))
    yield from _check_cycle(declared)


def outputs(kind: Kind) -> tuple[str, ...]:
    """What a reference may ask of a kind."""
    found = ["id", "arn"]
    if kind.calls.parent_in is not None:
        found.append("ownId")
    if kind.versioned:
        found.append("version")
    if kind.identity.version_arn:
        found.append("versionArn")
    return tuple(found)


def _check_cycle(declared: Declared) -> Iterator[Problem]:
    needs = {
        declared.view.address(kind.name, draft.name): {r.address for r in references(draft.body)}
        for kind, draft in declared.drafts
    }
    try:
        TopologicalSorter({a: sorted(n) for a, n in sorted(needs.items())}).prepare()
    except CycleError as error:
        circle = " -> ".join(f"{a.kind}/{a.name}" for a in error.args[1])
        yield Problem("E310", f"references form a cycle: {circle}", ("spec",))
