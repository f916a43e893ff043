"""How a run ended, ``releaser.result/v1``: one row for each use case, for people and as data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from releaser.core.diagnostic import Diagnostic
from releaser.core.errors import ReleaserError
from releaser.core.outcome import ROLLED_BACK, UNDERWAY, Outcome, Status, UseCaseResult
from releaser.core.plan import Plan, UseCasePlan
from releaser.render.data import diagnostic_data
from releaser.render.line import Line, Piece, coloured_text, line, plain_text
from releaser.render.words import counted

FORMAT = "releaser.result/v1"

STATES = ("released", "retired", "nothing", "staged", "delivering", "failed", "rolled-back", "blocked", "refused")
BAD = ("failed", "rolled-back", "blocked", "refused")
STYLES = {"released": "green", "retired": "green", "nothing": "dim", "staged": "cyan", "delivering": "cyan"}


@dataclass(frozen=True, slots=True)
class ResultRow:
    """The end of one use case in one run. ``state`` is one of ``STATES``."""

    use_case: str
    release: str
    release_digest: str
    state: str
    code: str = ""
    message: str = ""
    hint: str = ""
    result: UseCaseResult | None = None

    @property
    def failures(self) -> tuple[Outcome, ...]:
        outcomes = self.result.outcomes if self.result else ()
        return tuple(o for o in outcomes if o.status in (Status.FAILED, Status.UNKNOWN))

    @property
    def duration_ms(self) -> int:
        """Time spent in steps; they may have run side by side."""
        return sum(o.duration_ms for o in self.result.outcomes) if self.result else 0


@dataclass(frozen=True, slots=True)
class RunView:
    """A run of apply or reconcile."""

    environment: str
    account: str
    region: str
    plan_digest: str
    rows: tuple[ResultRow, ...]
    duration_ms: int = 0
    notes: Mapping[str, str] = field(default_factory=dict)
    """Use case -> where its notes or record are, for the reader to open."""
    unrecorded: ReleaserError | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    """What else the plan has to say."""

    @property
    def failed(self) -> tuple[ResultRow, ...]:
        return tuple(r for r in self.rows if r.state in BAD)


def run_view(
    plan: Plan,
    results: Iterable[UseCaseResult],
    *,
    refused: Mapping[str, ReleaserError] | None = None,
    unrecorded: ReleaserError | None = None,
    staged: Iterable[str] = (),
    duration_ms: int = 0,
    notes: Mapping[str, str] | None = None,
) -> RunView:
    """The rows of a run: every use case of the plan, whether it was reached or not.

    ``refused``: not started, and why. ``unrecorded``: why the record could not be written. ``staged`` await evidence.
    """
    by_name = {r.use_case: r for r in results}
    waiting = frozenset(staged)
    errors = refused or {}
    rows = tuple(
        _refused(part, errors[part.use_case])
        if part.use_case in errors
        else _row(part, by_name.get(part.use_case), part.use_case in waiting)
        for part in plan.use_cases
    )
    site = (plan.environment, plan.account, plan.region, plan.digest)
    return RunView(*site, rows, duration_ms, notes or {}, unrecorded, plan.diagnostics)


def _refused(part: UseCasePlan, error: ReleaserError) -> ResultRow:
    state = "rolled-back" if error.code == ROLLED_BACK else "refused" if error.exit_code == 4 else "blocked"
    return ResultRow(part.use_case, part.release, part.release_digest, state, error.code, str(error), error.hint)


def _row(part: UseCasePlan, result: UseCaseResult | None, is_staged: bool) -> ResultRow:
    name, release, digest = part.use_case, part.release, part.release_digest
    if result is not None and result.is_underway and result.code != UNDERWAY:
        return ResultRow(name, release, digest, "staged", result.code, result.message, result=result)
    if result is not None and result.is_underway:
        return ResultRow(name, release, digest, "delivering", result.code, result.message, result=result)
    if part.blocked:
        first = part.blocked[0]
        return ResultRow(name, release, digest, "blocked", first.code, first.message, first.hint, result)
    if is_staged:
        return ResultRow(name, release, digest, "staged", result=result)
    if result is None:
        if part.is_empty:
            return ResultRow(name, release, digest, "nothing")
        return ResultRow(name, release, digest, "failed", "", "not reached", result=None)
    if result.succeeded:
        done = "retired" if part.retires else "released"
        return ResultRow(name, release, digest, done if result.outcomes else "nothing", result=result)
    first_failure = next((o for o in result.outcomes if o.status in (Status.FAILED, Status.UNKNOWN)), None)
    code = result.code or (first_failure.code if first_failure else "")
    message = result.message or (first_failure.message if first_failure else "was not verified afterwards")
    hint = result.hint or (first_failure.hint if first_failure else "")
    state = "rolled-back" if code == ROLLED_BACK else "failed"
    return ResultRow(name, release, digest, state, code, message, hint, result)


def run_data(view: RunView) -> dict[str, Any]:
    """``releaser.result/v1``."""
    counts: dict[str, int] = dict.fromkeys(STATES, 0)
    for row in view.rows:
        counts[row.state] += 1
    return {
        "format": FORMAT,
        "environment": view.environment,
        "account": view.account,
        "region": view.region,
        "planDigest": view.plan_digest,
        "durationMs": view.duration_ms,
        "summary": counts,
        "unrecorded": _error(view.unrecorded),
        "useCases": [_row_data(row, view.notes.get(row.use_case, "")) for row in view.rows],
        "diagnostics": [diagnostic_data(d) for d in view.diagnostics],
    }


def _error(error: ReleaserError | None) -> dict[str, str] | None:
    return None if error is None else {"code": error.code, "message": str(error), "hint": error.hint}


def _row_data(row: ResultRow, notes: str) -> dict[str, Any]:
    result = row.result
    bindings = sorted(result.bindings.items()) if result else []
    return {
        "useCase": row.use_case,
        "release": row.release,
        "releaseDigest": row.release_digest,
        "outcome": row.state,
        "verified": bool(result and result.verified),
        "code": row.code,
        "message": row.message,
        "hint": row.hint,
        "durationMs": row.duration_ms,
        "notes": notes,
        "resources": [
            {"address": str(a), "name": b.name, "id": b.id, "version": b.version, "stamp": b.stamp} for a, b in bindings
        ],
        "steps": [_outcome(o) for o in (result.outcomes if result else ())],
    }


def _outcome(found: Outcome) -> dict[str, Any]:
    return {
        "address": str(found.key.address),
        "verb": found.key.verb.value,
        "status": found.status.value,
        "code": found.code,
        "message": found.message,
        "hint": found.hint,
        "durationMs": found.duration_ms,
        "requestIds": list(found.request_ids),
    }


def run_text(view: RunView, *, colour: bool = False) -> str:
    """The end of a run for a terminal: unchanged use cases are only counted."""
    lines = _lines(view)
    return coloured_text(lines) if colour else plain_text(lines)


def _lines(view: RunView) -> Iterator[Line]:
    yield line(Piece(f"{view.environment}", "bold"), f"  account {view.account}  region {view.region}")
    told = [row for row in view.rows if row.state != "nothing"]
    width = max((len(row.use_case) for row in told), default=0)
    for row in told:
        yield from _row_lines(row, width, view.notes.get(row.use_case, ""))
    counts = [
        f"{sum(r.state == state for r in view.rows)} {state}"
        for state in STATES
        if state != "nothing" and any(r.state == state for r in view.rows)
    ]
    quiet = len(view.rows) - len(told)
    if quiet:
        counts.append(f"{quiet} unchanged")
    took = f" in {seconds(view.duration_ms)}" if view.duration_ms else ""
    if view.unrecorded is not None:
        yield line(Piece("not recorded  ", "bold red"), f"{view.unrecorded}  [{view.unrecorded.code}]")
        yield line("  ", Piece("what was done is done; the next run finds it and closes the record", "italic"))
    yield line(Piece("Result", "bold"), f": {', '.join(counts) or 'nothing to do'}{took}.")


def _row_lines(row: ResultRow, width: int, notes: str) -> Iterator[Line]:
    style = STYLES.get(row.state, "bold red")
    steps = counted(len(row.result.outcomes), "step") if row.result else ""
    took = f", {seconds(row.duration_ms)}" if row.duration_ms else ""
    yield line(
        f"  {row.use_case:<{width}}  ",
        Piece(f"{row.state:<8}", style),
        f"  {row.release:<6}",
        Piece(f"  {steps}{took}", "dim"),
    )
    if row.result and row.state == "released":
        versions = [f"{a.kind}/{a.name} {b.version}" for a, b in sorted(row.result.bindings.items()) if b.version]
        if versions:
            yield line("      versions  ", ", ".join(versions))
    if row.state in BAD:
        yield line("      ", Piece(row.message, "red"), Piece(f"  [{row.code}]" if row.code else "", "dim"))
        for found in row.failures:
            if found.message != row.message:
                yield line("      ", f"{found.key}: {found.message}", Piece(f"  [{found.code}]", "dim"))
        if row.hint:
            yield line("      ", Piece(row.hint, "italic"))
    if notes:
        yield line("      notes  ", Piece(notes, "dim"))


def seconds(milliseconds: int) -> str:
    """``0.4 s``, ``12 s``, ``3 min 05 s``."""
    if milliseconds < 10_000:
        return f"{milliseconds / 1000:.1f} s"
    whole = round(milliseconds / 1000)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60:02d} s"
