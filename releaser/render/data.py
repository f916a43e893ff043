"""The plan as data, ``releaser.plan/v1``: what ``--output json`` prints and ``-o FILE`` saves. Safe to share."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from releaser.core.address import Address
from releaser.core.diagnostic import Diagnostic
from releaser.core.diff import MISSING
from releaser.core.errors import ReleaserError
from releaser.core.kind import Verb
from releaser.core.plan import FORMAT, SUMMARY_KEYS, Step, StepKey, Wave, change_digest
from releaser.core.redact import plain
from releaser.render.view import DriftRow, FieldRow, PlanView, ResourceRow, UseCaseRow


def plan_data(view: PlanView) -> dict[str, Any]:
    """The plan as JSON values. ``view`` must have been built without ``show_values``."""
    plan = view.plan
    return {
        "format": FORMAT,
        "digest": plan.digest,
        "environment": plan.environment,
        "account": plan.account,
        "region": plan.region,
        "commit": plan.commit,
        "summary": dict(view.totals),
        "observed": {"assumed": plan.assumed, "read": plan.read},
        "room": [
            {"kind": r.kind, "used": r.used, "limit": r.limit, "needs": r.needs, "source": r.source} for r in plan.room
        ],
        "useCases": [_use_case(row) for row in view.use_cases],
        "drift": [drift_data(row) for row in view.drift],
        "changes": [_change(row) for u in view.use_cases for row in u.told],
        "steps": [_step(step) for u in view.use_cases for step in u.steps],
        "diagnostics": [diagnostic_data(d) for d in plan.diagnostics],
    }


def plan_json(view: PlanView) -> str:
    """The same as text: two spaces, members in the order of the schema, one final newline."""
    return to_json(plan_data(view))


def to_json(data: Any) -> str:
    """How every command prints JSON. ASCII, so that nothing in it acts on a terminal."""
    return json.dumps(data, indent=2, allow_nan=False) + "\n"


def _use_case(row: UseCaseRow) -> dict[str, Any]:
    return {
        "useCase": row.use_case,
        "release": row.release,
        "releaseDigest": row.release_digest,
        "changeDigest": row.change_digest,
        "risk": row.risk.value,
        "concerns": [{"at": c.at, "change": c.change, "risk": c.risk.value, "text": c.text} for c in row.concerns],
        "processing": {through: list(regions) for through, regions in sorted(row.processing.items())},
        "steps": len(row.steps),
        "blocked": [diagnostic_data(d) for d in row.blocked],
    }


def _change(row: ResourceRow) -> dict[str, Any]:
    change = row.change
    return {
        "address": str(change.address),
        "kind": change.address.kind,
        "name": change.name,
        "action": change.action.value,
        "risk": change.risk.value,
        "reason": change.reason,
        "publishes": change.publishes,
        "version": change.version,
        "quota": change.quota,
        "remarks": [{"effect": r.effect, "text": r.text, "path": r.path} for r in row.remarks],
        "fields": [_field(f) for f in row.fields],
    }


def _field(row: FieldRow) -> dict[str, Any]:
    return {
        "path": row.path,
        "before": _value(row.before),
        "after": _value(row.after),
        "origin": row.origin.value,
    }


def drift_data(row: DriftRow) -> dict[str, Any]:
    """One place that changed behind git's back."""
    return {
        "address": row.address,
        "path": row.path,
        "before": _value(row.before),
        "after": _value(row.after),
        "reason": row.reason,
    }


def _value(value: Any) -> Any:
    return None if value is MISSING else plain(value)


def _step(step: Step) -> dict[str, Any]:
    return {
        "address": str(step.address),
        "verb": step.verb.value,
        "target": step.key.target,
        "wave": step.wave.value,
        "stamp": step.stamp,
        "bodyDigest": step.body_digest,
        "before": step.before,
        "rewrite": step.rewrite,
        "retag": step.retag,
        "needs": [str(need) for need in step.needs],
    }


def diagnostic_data(found: Diagnostic) -> dict[str, Any]:
    """A diagnostic as every JSON output has it."""
    return {
        "code": found.code,
        "severity": found.severity,
        "path": found.path,
        "line": found.line,
        "column": found.column,
        "message": found.message,
        "hint": found.hint,
    }


@dataclass(frozen=True, slots=True)
class SavedUseCase:
    """What was reviewed of one use case."""

    use_case: str
    release: str
    release_digest: str
    change_digest: str
    steps: tuple[Step, ...]
    """Without revisions and needs: enough to see that a new plan does no more."""


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """A plan file. ``digest`` proves nothing by itself: planning again must give the same."""

    digest: str
    environment: str
    account: str
    region: str
    commit: str
    use_cases: tuple[SavedUseCase, ...]
    summary: Mapping[str, int]

    @property
    def approved(self) -> tuple[tuple[str, str, str], ...]:
        """(address, verb, stamp) of every step, as ``core.plan.is_within`` takes them."""
        return tuple((str(s.address), s.verb.value, s.stamp) for u in self.use_cases for s in u.steps)


LARGEST = 64 * 1024 * 1024
"""Bytes of a plan file that are read."""


def read_plan(raw: bytes) -> SavedPlan:
    """A saved plan. Raises ReleaserError P162 for what is none, P163 for another format, P164 when it is damaged."""
    if len(raw) > LARGEST:
        raise ReleaserError("the plan file is too large to be one", code="P162")
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError):
        raise ReleaserError(
            "the plan file is not JSON", code="P162", hint="write one with: releaser plan -o FILE"
        ) from None
    found = data.get("format") if isinstance(data, dict) else None
    if found != FORMAT:
        shown = found if isinstance(found, str) and len(found) < 50 else "nothing known"
        raise ReleaserError(
            f"the plan file says it is {shown!r}; this version reads {FORMAT}",
            code="P163",
            hint="plan again with this version: releaser plan -o FILE",
        )
    try:
        return _saved(data)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ReleaserError(
            f"the plan file is damaged: {type(error).__name__} at {error}",
            code="P164",
            hint="plan again: releaser plan -o FILE",
        ) from None


def _saved(data: Mapping[str, Any]) -> SavedPlan:
    digest, commit = _text(data, "digest"), _text(data, "commit")
    environment, account, region = (_text(data, k) for k in ("environment", "account", "region"))
    steps: dict[str, list[Step]] = {}
    for row in data["steps"]:
        step = _saved_step(row)
        steps.setdefault(step.address.use_case, []).append(step)
    use_cases: dict[str, SavedUseCase] = {}
    for row in data["useCases"]:
        name = _text(row, "useCase")
        kept = tuple(steps.pop(name, ()))
        release, release_digest, changes = (_text(row, k) for k in ("release", "releaseDigest", "changeDigest"))
        if name in use_cases or changes != change_digest(environment, account, region, kept):
            raise ValueError(f"useCases.{name}: its steps are not those of its change digest")
        use_cases[name] = SavedUseCase(name, release, release_digest, changes, kept)
    if steps:
        raise ValueError("steps of a use case that is not listed")
    totals = {key: int(data["summary"].get(key, 0)) for key in SUMMARY_KEYS}
    return SavedPlan(digest, environment, account, region, commit, tuple(use_cases.values()), totals)


def _saved_step(row: Mapping[str, Any]) -> Step:
    key = StepKey(Address.parse(_text(row, "address")), Verb(_text(row, "verb")), _text(row, "target"))
    return Step(
        key=key,
        wave=Wave(_text(row, "wave")),
        stamp=_text(row, "stamp"),
        body_digest=_text(row, "bodyDigest"),
        before=_text(row, "before"),
        rewrite=row["rewrite"] is True,
        retag=row["retag"] is True,
    )


def _text(row: Mapping[str, Any], key: str) -> str:
    value = row[key]
    if not isinstance(value, str):
        raise TypeError(key)
    return value
