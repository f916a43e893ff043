"""Observe, diff, plan: from a compiled graph to a Plan with its digest. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from releaser.core.address import Address
from releaser.core.allowance import allowances, judge
from releaser.core.diagnostic import Diagnostic
from releaser.core.graph import physical_name
from releaser.core.kind import RETAIN, Kind, Verb
from releaser.core.lost_delivery import LostDelivery, lost_delivery
from releaser.core.moved import followed
from releaser.core.ours import OBSERVE
from releaser.core.plan import Action, Known, Plan, UseCasePlan, plan_digest
from releaser.core.planner import Question, plan_use_case
from releaser.core.quotas import Room, rooms
from releaser.core.record import Outcome, Witness
from releaser.core.snapshot import Snapshot
from releaser.engine.compile import Compiled, ReleaseName
from releaser.engine.observe import Observer, Rows, snapshot_digest


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan with what it was made from."""

    plan: Plan
    snapshot: Snapshot
    compiled: Compiled
    known: Mapping[str, Known] = field(default_factory=dict)
    witnesses: Mapping[str, Witness] = field(default_factory=dict)
    lost: Mapping[str, LostDelivery] = field(default_factory=dict)
    """By use case: a delivery that was lost back since; nothing is planned until that is recorded."""


@dataclass(frozen=True, slots=True)
class Planning:
    """Makes plans for one environment's target."""

    observer: Observer
    kinds: Mapping[str, Kind]
    now: datetime
    rollback_window: timedelta
    commit: str

    def plan(
        self,
        compiled: Compiled,
        witnesses: Mapping[str, Witness],
        releases: Mapping[str, ReleaseName],
        *,
        deep: bool,
        full: bool = False,
        declared: Iterable[str] = (),
        diagnostics: Iterable[Diagnostic] = (),
        rows: Mapping[str, Rows] | None = None,
        editable: bool = True,
    ) -> Planned:
        """The plan of every compiled use case. ``deep`` reads every resource instead of trusting list rows.
        ``declared``: every use case that has a manifest, also those that are not planned now. ``editable``: whether
        somebody can still take out of the content what is no use in it; of a release nobody can.
        """
        known = {name: followed(known_of(w, self.kinds), compiled.graph.of(name)) for name, w in witnesses.items()}
        unfinished = [name for name, w in witnesses.items() if w.open is not None]
        snapshot = self.observer.observe(
            compiled.graph, known, deep=deep, full=full, strangers=unfinished, rows=rows, emptied=compiled.retired
        )
        named = [*compiled.views, *sorted(compiled.retired)]
        parts = [self._part(name, compiled, snapshot, known.get(name, Known()), releases[name]) for name in named]
        lost = {n: t for n in named if (t := self._lost(n, compiled, witnesses, snapshot)) is not None}
        parts = [_without_steps(p, lost[p.use_case]) if p.use_case in lost else p for p in parts]
        read = self.observer.quotas(needs_of(parts))
        parts, room = _within_account(parts, snapshot, self.kinds, read)
        plan = Plan(
            environment=self.observer.environment,
            account=self.observer.account,
            region=self.observer.region,
            commit=self.commit,
            use_cases=tuple(parts),
            snapshot_digest=snapshot_digest(snapshot),
            diagnostics=(
                *diagnostics,
                *compiled.diagnostics,
                *_orphans(witnesses, {*declared, *compiled.files, *compiled.retired}),
                *(d for part in parts if editable for d in _no_use(part, compiled, self.now.date())),
            ),
            assumed=snapshot.assumed,
            read=snapshot.read,
            room=room,
        )
        return Planned(replace(plan, digest=plan_digest(plan)), snapshot, compiled, known, witnesses, lost)

    def _lost(
        self, name: str, compiled: Compiled, witnesses: Mapping[str, Witness], snapshot: Snapshot
    ) -> LostDelivery | None:
        return lost_delivery(name, witnesses.get(name), compiled.graph.of(name), snapshot, self.kinds)

    def _part(
        self, name: str, compiled: Compiled, snapshot: Snapshot, known: Known, release: ReleaseName
    ) -> UseCasePlan:
        return plan_use_case(
            Question(
                use_case=name,
                nodes=compiled.graph.of(name),
                snapshot=snapshot,
                known=known,
                kinds=self.kinds,
                now=self.now,
                rollback_window=self.rollback_window,
                release=release.name,
                release_digest=release.digest,
                spec=compiled.spec(name),
                retain=name in compiled.views and compiled.views[name].on_remove.get("") == RETAIN,
                observed=name in compiled.views and compiled.views[name].spec.get("mode") == OBSERVE,
                retires=name in compiled.retired,
            )
        )


def _without_steps(part: UseCasePlan, lost: LostDelivery) -> UseCasePlan:
    """Nothing is computed against what was lost back behind the records."""
    return replace(part, steps=(), blocked=(lost.problem,))


def known_of(witness: Witness, kinds: Mapping[str, Kind]) -> Known:
    """What the planner needs of a witness: bindings, what is retired, and names that unfinished runs may have used."""
    released = witness.released
    bindings = dict(released.bindings) if released else {}
    latest = witness.latest
    retired = dict(latest.retired) if latest else {}
    attempted: set[tuple[Address, str]] = set()
    if latest is not None and latest.outcome is not Outcome.RELEASED:
        attempted |= {(a, b.name) for a, b in latest.bindings.items()}
    if latest is not None:
        attempted |= {(a, name) for a, names in latest.attempted.items() for name in names}
    approved: set[tuple[Address, str]] = set()
    if latest is not None:
        approved |= {(a, stamp) for a, stamps in latest.allowed.items() for stamp in stamps}
    if witness.open is not None:
        for step in witness.open.opened.steps:
            if step.verb == Verb.UPDATE:
                approved.add((step.address, step.stamp))
            kind = kinds.get(step.address.kind)
            if kind is not None and step.verb in (Verb.CREATE, Verb.REPOINT):
                attempted.add((step.address, step.name or physical_name(step.address, kind, step.stamp)))
    return Known(
        bindings=bindings,
        retired=retired,
        attempted=tuple(sorted((a, n) for a, n in attempted if a.kind in kinds)),
        release=released.record.release if released else "",
        release_digest=released.record.release_digest if released else "",
        approved=frozenset(approved),
        facts=released.facts if released else None,
    )


def _within_account(
    parts: list[UseCasePlan], snapshot: Snapshot, kinds: Mapping[str, Kind], read: Mapping[str, int]
) -> tuple[list[UseCasePlan], tuple[Room, ...]]:
    """Refuse, before the first write, what the account has no room for; use cases take room in their order."""
    used = dict(snapshot.totals)
    quotas = {name: kind.account_quota for name, kind in kinds.items()}
    judged = []
    for part in parts:
        needed = needs_of([part])
        full = [
            Diagnostic(
                "P121",
                f"{room.used} of {room.limit} {room.kind}s exist (by {room.source}); "
                f"{part.use_case} needs {room.needs} more",
                f"manifests/{part.use_case}/manifest.yaml",
                hint="share one between use cases, ask AWS for more where it gives more, or use another account",
            )
            for room in rooms(quotas, used, needed, read)
            if not room.is_enough
        ]
        if full:
            part = replace(part, blocked=(*part.blocked, *full), steps=())
        else:
            used |= {name: used.get(name, 0) + n for name, n in needed.items()}
        judged.append(part)
    return judged, tuple(rooms(quotas, snapshot.totals, needs_of(parts), read))


def needs_of(parts: Iterable[UseCasePlan]) -> dict[str, int]:
    """Kind -> how many new ones are to be made."""
    needed: dict[str, int] = {}
    for change in (c for part in parts for c in part.changes):
        if change.action in (Action.CREATE, Action.REPLACE):
            needed[change.address.kind] = needed.get(change.address.kind, 0) + 1
    return needed


def _no_use(part: UseCasePlan, compiled: Compiled, today: date) -> list[Diagnostic]:
    """Allowances that have expired, or that this plan does not need."""
    if part.retires:
        return []
    document = compiled.files[part.use_case].document
    found = judge(part, allowances(compiled.files[part.use_case].spec), (), today)
    said = [(i, "P158", f"the allowance of {a.change} at {a.at} ended on {a.until}") for i, a in found.expired]
    said += [(i, "P159", f"nothing here needs the allowance of {a.change} at {a.at}") for i, a in found.unused]
    return [
        document.problem(code, message, ("spec", "allow", index), hint="remove it", severity="warning")
        for index, code, message in sorted(said)
    ]


def _orphans(witnesses: Mapping[str, Witness], declared: set[str]) -> list[Diagnostic]:
    """An absent folder never deletes: say so instead."""
    return [
        Diagnostic(
            "P103",
            f"{name} is live and has no manifest: nothing is deleted because a folder is gone",
            f"manifests/{name}/manifest.yaml",
            hint="restore the folder, or remove its resources by hand",
            severity="warning",
        )
        for name, w in sorted(witnesses.items())
        if w.released is not None and w.released.bindings and name not in declared
    ]
