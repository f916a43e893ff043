"""Release notes: what a release changes, said for people who read no JSON. Never a list of commits."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from releaser.core import declared
from releaser.core.address import Address, Bound, Ref
from releaser.core.diff import MISSING, differences
from releaser.core.geography import plain_model
from releaser.core.graph import Node
from releaser.core.ingested import content_remarks
from releaser.core.kind import Effect, Kind, Pin, Remark
from releaser.core.manifest import Allowance
from releaser.core.normal import comparable, replace_leaves
from releaser.core.parameters import reach
from releaser.core.plan import Action, Risk, UseCasePlan
from releaser.core.record import Binding
from releaser.core.redact import Hidden, Redaction, plain
from releaser.core.values import EMPTY, FrozenMap, references

PROCESSED_IN = "Data may be processed in"

CONFIDENTIAL = ("confidential", "restricted")
"""Data classifications whose texts never stand in notes: these are stored in git and shown in GitLab."""


@dataclass(frozen=True, slots=True)
class Content:
    """One resource of a release: its body in write shape, references and bindings in it."""

    kind: str
    body: FrozenMap
    stamp: str
    pins: tuple[Pin, ...] = ()


@dataclass(frozen=True, slots=True)
class ReleaseContent:
    """Everything that a release is. ``files``: path relative to the use case's folder -> sha256."""

    use_case: str
    release: str
    digest: str
    spec: Mapping[str, Any]
    bodies: Mapping[Address, Content]
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """What AWS says of a model's life."""

    status: str
    ends: datetime | None = None


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


@dataclass(frozen=True, slots=True)
class Deployed:
    """What a resource became in AWS."""

    address: Address
    version: str
    stamp: str
    name: str
    fresh: bool
    """Created or published by this release, not reused."""


@dataclass(frozen=True, slots=True)
class Notes:
    """The notes of one release."""

    use_case: str
    release: str
    digest: str
    environment: str
    description: str
    facts: tuple[tuple[str, str], ...]
    """What it is, in pairs: risk tier, data, models and where they run."""
    previous: str
    previous_digest: str
    """Empty, with ``previous``, for a first release."""
    goes_back_to: str
    """The earlier release whose content this is; empty when there is none."""
    sections: tuple[Section, ...]
    deployed: tuple[Deployed, ...]
    withholds_texts: bool
    risk: Risk = Risk.NONE
    """The class of what was cleared; NONE where it is not known."""
    allowed: tuple[Allowance, ...] = ()
    """Allowances that it needed."""

    @property
    def is_first(self) -> bool:
        return not self.previous_digest

    @property
    def only_pointers_move(self) -> bool:
        return bool(self.deployed) and not any(d.fresh for d in self.deployed)

    def of_effect(self, effect: Effect) -> tuple[Note, ...]:
        """All notes of one effect, across sections."""
        return tuple(n for s in self.sections for n in s.notes if n.remark.effect == effect)


def content_of(
    use_case: str,
    release: str,
    digest: str,
    spec: Mapping[str, Any],
    nodes: Iterable[Node],
    files: Mapping[str, str] | None = None,
) -> ReleaseContent:
    """The content of a compiled use case."""
    bodies = {n.address: Content(n.kind, n.body, n.stamp, n.pins) for n in nodes if n.address.use_case == use_case}
    return ReleaseContent(use_case, release, digest, spec, bodies, files or {})


def fresh_of(part: UseCasePlan) -> frozenset[Address]:
    """What a plan creates or publishes: everything else is reused."""
    made = (Action.CREATE, Action.REPLACE)
    return frozenset(c.address for c in part.changes if c.publishes or c.action in made)


def release_notes(
    previous: ReleaseContent | None,
    current: ReleaseContent,
    *,
    kinds: Mapping[str, Kind],
    bindings: Mapping[Address, Binding] | None = None,
    fresh: Collection[Address] = (),
    history: Mapping[str, str] | None = None,
    lifecycle: Mapping[str, Lifecycle] | None = None,
    environment: str = "",
    risk: Risk = Risk.NONE,
    allowed: Iterable[Allowance] = (),
    processed_in: Collection[str] = (),
) -> Notes:
    """The notes of ``current``. ``history``: earlier release -> its digest; ``lifecycle``: model id -> its life;
    ``processed_in``: every Region that may see data of the use case.
    """
    sections = tuple(_sections(previous, current, kinds) if previous else _all_new(current, kinds))
    return Notes(
        use_case=current.use_case,
        release=current.release,
        digest=current.digest,
        environment=environment,
        description=str(current.spec.get("description") or ""),
        facts=tuple(_facts(current, lifecycle or {}, processed_in)),
        previous=previous.release if previous else "",
        previous_digest=previous.digest if previous else "",
        goes_back_to=_same_as(previous, current, history or {}),
        sections=sections,
        deployed=tuple(_deployed(a, b, fresh) for a, b in sorted((bindings or {}).items())),
        withholds_texts=_is_confidential(current) or (previous is not None and _is_confidential(previous)),
        risk=risk,
        allowed=tuple(allowed),
    )


def _is_confidential(content: ReleaseContent) -> bool:
    return _governance(content).get("dataClassification") in CONFIDENTIAL


def _governance(content: ReleaseContent) -> Mapping[str, Any]:
    found = content.spec.get("governance")
    return found if isinstance(found, Mapping) else EMPTY


def _same_as(previous: ReleaseContent | None, current: ReleaseContent, history: Mapping[str, str]) -> str:
    """The newest earlier release with this very content, when what is replaced has another."""
    if previous is None or previous.digest == current.digest:
        return ""
    same = [r for r, digest in history.items() if digest == current.digest and r != current.release]
    return max(same, key=_number, default="")


def _number(release: str) -> int:
    digits = re.sub(r"\D", "", release)
    return int(digits) if digits else 0


def _facts(
    content: ReleaseContent, lifecycle: Mapping[str, Lifecycle], processed_in: Collection[str]
) -> Iterator[tuple[str, str]]:
    governance = _governance(content)
    for member, title in (("riskTier", "Risk tier"), ("dataClassification", "Most sensitive data")):
        if governance.get(member):
            yield title, str(governance[member])
    if governance.get("intendedUse"):
        yield "Intended use", str(governance["intendedUse"])
    for name, model in _mapping(content.spec.get("models")).items():
        model_id = str(_mapping(model).get("modelId", ""))
        yield f"Model {name}", f"{model_id}, processed in {reach(model_id)}{_life(model_id, lifecycle)}"
    if processed_in:
        yield PROCESSED_IN, ", ".join(sorted(processed_in))
    suites = _mapping(_mapping(content.spec.get("evaluation")).get("suites"))
    metrics = sum(len(_mapping(_mapping(s).get("metrics"))) for s in suites.values())
    if metrics:
        yield "Quality", f"{metrics} threshold{'' if metrics == 1 else 's'} in {', '.join(sorted(suites))}"
    for name, dataset in _mapping(content.spec.get("datasets")).items():
        yield f"Data set {name}", f"sha256 {str(_mapping(dataset).get('sha256', ''))[:12]}"


def _life(model_id: str, lifecycle: Mapping[str, Lifecycle]) -> str:
    life = lifecycle.get(model_id) or lifecycle.get(plain_model(model_id))
    if life is None:
        return ""
    ends = f", ends on {life.ends:%Y-%m-%d}" if life.ends else ""
    return f"; {life.status.lower()}{ends}"


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else EMPTY


def _deployed(address: Address, binding: Binding, fresh: Collection[Address]) -> Deployed:
    return Deployed(address, binding.version or "", binding.stamp[:16], binding.name, address in fresh)


def _sections(old: ReleaseContent, new: ReleaseContent, kinds: Mapping[str, Kind]) -> Iterator[Section]:
    said: set[str] = set()
    files = {p: (old.files.get(p, ""), new.files.get(p, "")) for p in {*old.files, *new.files}}
    yield from _section("Models", declared.models(old.spec, new.spec), said)
    yield from _section("Parameters", declared.parameters(old.spec, new.spec), said)
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
    if title in ("Models", "Parameters"):
        said |= {n.remark.text for n in notes}
    if notes:
        yield Section(title, tuple(sorted(notes, key=lambda n: (_ORDER[n.remark.effect], n.subject))))


def _title(kind: Kind) -> str:
    words = re.sub(r"([a-z])([A-Z])", r"\1 \2", kind.section or kind.name.replace("-", " "))
    return words[0].upper() + words[1:].lower()


def _resources(name: str, kind: Kind, old: ReleaseContent, new: ReleaseContent) -> Iterator[tuple[str, Remark]]:
    addresses = {a for c in (old, new) for a, content in c.bodies.items() if content.kind == name}
    for address in sorted(addresses):
        before, after = (_body(kind, c.bodies.get(address)) for c in (old, new))
        if before == after:
            yield from ((address.name, r) for r in _followed(kind, old, new, address))
            continue
        describe = kind.describe
        remarks = describe(before, after) if describe else _listed(kind, before, after)
        for remark in remarks:
            yield address.name, remark
        was, now = (c.bodies[address].pins if address in c.bodies else () for c in (old, new))
        for remark in content_remarks(was, now):
            yield address.name, remark


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
