"""A plan as rows, built once; text, Markdown and JSON only print them.

Rows hold what may be shown to anyone. With ``show_values`` the words of changed texts are kept too: for a terminal,
never for a file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from releaser.core.body_shape import body_shape as core_body_shape
from releaser.core.diagnostic import Diagnostic
from releaser.core.diff import MISSING, FieldChange, Origin, leaf_changes
from releaser.core.kind import Effect, Kind, Remark
from releaser.core.plan import Action, Change, Concern, Plan, Risk, Step, UseCasePlan, summary
from releaser.core.redact import Redaction, hide
from releaser.core.shapes import Shape
from releaser.kinds import models


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One field. ``before`` is live, ``after`` is what git says; MISSING where there is none."""

    path: str
    before: Any
    after: Any
    origin: Origin
    leaves: tuple[FieldRow, ...] = ()
    """The same leaf by leaf, when a whole member comes or goes; else empty."""

    @property
    def each(self) -> tuple[FieldRow, ...]:
        """The leaves, or the row itself."""
        return self.leaves or (self,)


@dataclass(frozen=True, slots=True)
class RemarkRow:
    """What a change means. The text holds private words only when values are shown."""

    effect: Effect
    text: str
    path: str


@dataclass(frozen=True, slots=True)
class ResourceRow:
    """One resource's change."""

    change: Change
    fields: tuple[FieldRow, ...]
    remarks: tuple[RemarkRow, ...] = ()
    reuses: str = ""
    """The published version that holds the wanted content already."""

    @property
    def weaker(self) -> tuple[RemarkRow, ...]:
        return tuple(r for r in self.remarks if r.effect == "weaker")

    @property
    def intent(self) -> tuple[FieldRow, ...]:
        return tuple(f for f in self.fields if f.origin is Origin.INTENT)

    @property
    def drift(self) -> tuple[FieldRow, ...]:
        return tuple(f for f in self.fields if f.origin is Origin.DRIFT)

    @property
    def is_quiet(self) -> bool:
        """Nothing to say: it stays as it is."""
        change = self.change
        return change.action is Action.NONE and not change.publishes and not self.fields


@dataclass(frozen=True, slots=True)
class ConcernRow:
    """Something that may need an allowance, and the allowance's ``at`` and ``change``."""

    at: str
    change: str
    risk: Risk
    text: str


@dataclass(frozen=True, slots=True)
class UseCaseRow:
    """One use case's part."""

    use_case: str
    release: str
    release_digest: str
    change_digest: str
    resources: tuple[ResourceRow, ...]
    steps: tuple[Step, ...]
    blocked: tuple[Diagnostic, ...]
    risk: Risk = Risk.NONE
    concerns: tuple[ConcernRow, ...] = ()
    processing: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    processed_in: tuple[str, ...] = ()
    """Regions that may see data of the use case."""

    @property
    def further(self) -> tuple[ConcernRow, ...]:
        """What else protects or checks less, beside what the remarks on resources say."""
        said = {r.text for row in self.resources for r in row.remarks}
        return tuple(c for c in self.concerns if c.risk is Risk.WEAKENING and c.text not in said)

    @property
    def told(self) -> tuple[ResourceRow, ...]:
        """What will happen: nothing, when the use case is blocked."""
        return () if self.blocked else tuple(r for r in self.resources if not r.is_quiet)

    @property
    def is_quiet(self) -> bool:
        return not self.steps and not self.blocked and not self.told


@dataclass(frozen=True, slots=True)
class DriftRow:
    """What changed behind git's back: ``before`` is live, ``after`` is what git says. No path: all of it."""

    address: str
    path: str
    before: Any
    after: Any
    reason: str


@dataclass(frozen=True, slots=True)
class PlanView:
    """Everything that a printer needs."""

    plan: Plan
    use_cases: tuple[UseCaseRow, ...]
    totals: Mapping[str, int]
    drift: tuple[DriftRow, ...]

    @property
    def told(self) -> tuple[UseCaseRow, ...]:
        return tuple(u for u in self.use_cases if not u.is_quiet)

    @property
    def unchanged(self) -> int:
        return len(self.use_cases) - len(self.told)

    @property
    def blocked(self) -> tuple[UseCaseRow, ...]:
        return tuple(u for u in self.use_cases if u.blocked)

    @property
    def weaker(self) -> tuple[tuple[str, str], ...]:
        """Everything that this plan makes protect or check less: what it is about, and how."""
        told = [(str(r.change.address), w.text) for u in self.told for r in u.told for w in r.weaker]
        return (*told, *((f"{u.use_case} {c.at}", c.text) for u in self.told for c in u.further if u.steps))


def plan_view(plan: Plan, kinds: Mapping[str, Kind], *, show_values: bool = False) -> PlanView:
    """The rows of a plan."""
    redactions = {name: Redaction(kind, body_shape(kind)) for name, kind in kinds.items()}
    rows = tuple(_use_case(part, redactions, show_values) for part in plan.use_cases)
    drift = tuple(d for row in rows for r in row.resources for d in _drift(r))
    doable = replace(plan, use_cases=tuple(u for u in plan.use_cases if not u.blocked))
    return PlanView(plan, rows, summary(doable), drift)


def body_shape(kind: Kind) -> Shape | None:
    """The shape of a kind's bodies; None where the SDK's tables do not know it."""
    try:
        return core_body_shape(kind, models.model(kind.service))
    except KeyError:
        return None


def _use_case(part: UseCasePlan, redactions: Mapping[str, Redaction], show_values: bool) -> UseCaseRow:
    return UseCaseRow(
        part.use_case,
        part.release,
        part.release_digest,
        part.change_digest,
        tuple(
            _resource(c, redactions[c.address.kind], show_values, part.versions.get(c.address, ""))
            for c in part.changes
        ),
        part.steps,
        part.blocked,
        part.risk,
        tuple(_concern(c, show_values) for c in part.concerns),
        part.processing,
        part.processed_in,
    )


def _concern(concern: Concern, show_values: bool) -> ConcernRow:
    return ConcernRow(concern.at, concern.change, concern.risk, _told(concern.text, concern.private, show_values))


def _resource(change: Change, redaction: Redaction, show_values: bool, version: str) -> ResourceRow:
    fields = tuple(_field(f, redaction, show_values) for f in change.fields)
    remarks = tuple(_remark(r, show_values) for r in change.remarks)
    moves = change.action is Action.UPDATE and any(f.origin is Origin.INTENT for f in change.fields)
    return ResourceRow(change, fields, remarks, "" if change.publishes or not moves else version)


def _remark(remark: Remark, show_values: bool) -> RemarkRow:
    return RemarkRow(remark.effect, _told(remark.text, remark.private, show_values), remark.path)


def _told(text: str, private: str, show_values: bool) -> str:
    shown = f"“{private}”" if show_values else f"(sha256 {hide(private).sha256})"
    return text.replace("{}", shown, 1) if private else text


def _field(change: FieldChange, redaction: Redaction, show_values: bool) -> FieldRow:
    shown = change if show_values else redaction.field(change)
    leaves: tuple[FieldRow, ...] = ()
    if isinstance(change.after if change.before is MISSING else change.before, Mapping | tuple):
        parts = leaf_changes(change, redaction.kind.fields.unordered)
        leaves = tuple(_row(p if show_values else redaction.field(p)) for p in parts)
    return _row(shown, leaves)


def _row(change: FieldChange, leaves: tuple[FieldRow, ...] = ()) -> FieldRow:
    return FieldRow(change.path, change.before, change.after, change.origin, leaves)


def _drift(row: ResourceRow) -> Iterator[DriftRow]:
    address = str(row.change.address)
    if row.change.reason == "deleted-live":
        yield DriftRow(address, "", MISSING, MISSING, "deleted-live")
    for f in row.drift:
        yield DriftRow(address, f.path, f.before, f.after, "changed-live")
