"""What a run keeps as evidence of each use case: the plan that was applied, and what its evaluation found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from releaser.core.errors import ReleaserError, advised
from releaser.core.evidence_ref import EvidenceRef
from releaser.core.proof.files import compact
from releaser.core.record import RecordRef
from releaser.engine.planning import Planned
from releaser.engine.ports import Ledger
from releaser.kinds import registry
from releaser.pipeline.desk import Desk
from releaser.pipeline.telling import say
from releaser.store.evidence import EvidenceStore, InS3
from releaser.store.queued import EmergencyLedger
from releaser.store.records import Records

PLAN = "plan.json"

Keep = Callable[[RecordRef], Mapping[str, EvidenceRef]]


def keeper(
    desk: Desk, planned: Planned, ledger: Ledger, evaluated: Callable[[str], Mapping[str, bytes]] = lambda _: {}
) -> Keep:
    """Keeps the evidence of a use case when it has ended. Evidence that cannot be stored is a warning: what was done
    is done, and its record must be closed. Records that wait on disk for the git server have none."""
    place = desk.environment.spec.evidenceStore

    def keep(record: RecordRef) -> Mapping[str, EvidenceRef]:
        store: EvidenceStore | None = ledger.evidence if isinstance(ledger, Records | EmergencyLedger) else None
        if place is not None and store is not None:
            store = InS3(desk.look.connection.aws, place)
        if store is None:
            return {}
        try:
            kept = {PLAN: _plan(planned, record.use_case), **evaluated(record.use_case)}
            return {name: store.put(record, name, raw) for name, raw in kept.items()}
        except ReleaserError as error:
            why = advised(error, error.hint)
            say(f"warning[G-evidence-lost]: the evidence of {record.folder} was not stored: {why}")
            return {}

    return keep


def _plan(planned: Planned, use_case: str) -> bytes:
    """One use case's part of the plan, as ``plan --output json`` prints it: values are shown as there, never texts."""
    from releaser.render.data import plan_data
    from releaser.render.view import plan_view

    parts = tuple(part for part in planned.plan.use_cases if part.use_case == use_case)
    return compact(plan_data(plan_view(replace(planned.plan, use_cases=parts, diagnostics=()), registry()))) + b"\n"
