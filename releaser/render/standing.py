"""How an environment stands: ``status`` and ``drift``, from a plan that nobody means to apply."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from releaser.core.record import Witness
from releaser.core.serving import delivering_data
from releaser.core.values import EMPTY
from releaser.render.data import diagnostic_data, drift_data
from releaser.render.line import Line, Piece, coloured_text, line, plain_text
from releaser.render.text import apply_command, drift_lines
from releaser.render.view import PlanView, UseCaseRow
from releaser.render.words import DRIFT_SYMBOL, REASONS, counted, short

DRIFT_FORMAT = "releaser.drift/v1"
STATUS_FORMAT = "releaser.status/v1"

STYLES = {
    "in-sync": "green",
    "pending": "yellow",
    "held": "bold red",
    "drift": "bold yellow",
    "open": "cyan",
    "delivering": "cyan",
    "blocked": "bold red",
}


@dataclass(frozen=True, slots=True)
class StatusRow:
    """One use case. ``state``: in-sync, pending (git is ahead), held (git is ahead with what was taken back), drift,
    open (a run is under way), delivering (a roll-out is), blocked."""

    use_case: str
    state: str
    live: str
    """The release that callers get, as the last record says; '' when there was none."""
    live_digest: str
    since: str
    wanted: str
    steps: int
    drift: int
    last: str
    """How the last record ended."""
    holder: str
    message: str
    """Why it is blocked or held."""
    delivering: Mapping[str, Any] | None = None
    """The roll-out on its way, as the records tell."""


def status_rows(view: PlanView, known: Mapping[str, Witness], held: Mapping[str, str] = EMPTY) -> tuple[StatusRow, ...]:
    """A row for each use case of the plan. ``held``: why what git asks for is kept out, by use case."""
    return tuple(_status(r, known.get(r.use_case), view, held.get(r.use_case, "")) for r in view.use_cases)


def _status(row: UseCaseRow, witness: Witness | None, view: PlanView, held: str) -> StatusRow:
    prefix = f"{row.use_case}/"
    drift = sum(d.address.startswith(prefix) for d in view.drift)
    released = witness.released if witness else None
    opened = witness.open if witness else None
    state = "in-sync"
    if row.blocked:
        state = "blocked"
    elif opened:
        state = "delivering" if opened.delivering is not None and opened.free else "open"
    elif held:
        state = "held"
    elif drift:
        state = "drift"
    elif row.steps:
        state = "pending"
    return StatusRow(
        use_case=row.use_case,
        state=state,
        live=released.record.release if released else "",
        live_digest=released.record.release_digest if released else "",
        since=released.closed_at.isoformat() if released else "",
        wanted=row.release,
        steps=len(row.steps),
        drift=drift,
        last=witness.latest.outcome.value if witness and witness.latest else "",
        holder=opened.holder.name if opened else "",
        message=row.blocked[0].message if row.blocked else held,
        delivering=delivering_data(opened),
    )


def status_data(view: PlanView, rows: tuple[StatusRow, ...]) -> dict[str, Any]:
    """``releaser.status/v1``."""
    plan = view.plan
    return {
        "format": STATUS_FORMAT,
        "environment": plan.environment,
        "account": plan.account,
        "region": plan.region,
        "observed": {"assumed": plan.assumed, "read": plan.read},
        "useCases": [
            {
                "useCase": r.use_case,
                "state": r.state,
                "live": r.live,
                "liveDigest": r.live_digest,
                "since": r.since,
                "wanted": r.wanted,
                "steps": r.steps,
                "drift": r.drift,
                "lastOutcome": r.last,
                "holder": r.holder,
                "message": r.message,
                "delivering": r.delivering,
            }
            for r in rows
        ],
        "diagnostics": [diagnostic_data(d) for d in plan.diagnostics],
    }


def status_text(view: PlanView, rows: tuple[StatusRow, ...], *, colour: bool = False) -> str:
    """One line for each use case."""
    lines = _status_lines(view, rows)
    return coloured_text(lines) if colour else plain_text(lines)


def _status_lines(view: PlanView, rows: tuple[StatusRow, ...]) -> Iterator[Line]:
    plan = view.plan
    yield line(Piece(f"Status of {plan.environment}", "bold"), f"  account {plan.account}  region {plan.region}")
    width = max((len(r.use_case) for r in rows), default=0)
    wide = max((8, *(len(r.state) for r in rows)))
    for row in rows:
        live = f"{row.live or ('retired' if row.last == 'retired' else 'never released'):<14}"
        digest = short(row.live_digest) if row.live else ""
        yield line(
            f"  {row.use_case:<{width}}  ",
            Piece(f"{row.state:<{wide}}", STYLES[row.state]),
            f"  {live}  {digest:<12}  {row.since[:16].replace('T', ' ')}  ",
            Piece(_remark(row), "dim"),
        )
    yield from _what_to_do(view)


def _what_to_do(view: PlanView) -> Iterator[Line]:
    """What unblocks use cases, each advice once."""
    for hint in dict.fromkeys(d.hint for row in view.blocked for d in row.blocked if d.hint):
        yield line("  ", Piece(hint, "italic"))


def _remark(row: StatusRow) -> str:
    match row.state:
        case "blocked" | "held":
            return row.message
        case "delivering" if row.delivering is not None:
            return f"delivering {row.delivering['release']}, {row.delivering['percentage']} % when it was last recorded"
        case "open":
            return f"a run of {row.holder} is under way or was cut off"
        case "drift":
            return f"{counted(row.drift, 'place')} changed outside git"
        case "pending":
            ahead = f"{row.wanted} waits: " if row.wanted and row.wanted != row.live else ""
            return f"{ahead}{counted(row.steps, 'step')} to do"
        case _:
            return f"last record: {row.last}" if row.last not in ("", "released") else ""


def drift_report(view: PlanView) -> dict[str, Any]:
    """``releaser.drift/v1``: every place that changed behind git's back."""
    plan = view.plan
    return {
        "format": DRIFT_FORMAT,
        "environment": plan.environment,
        "account": plan.account,
        "region": plan.region,
        "observed": {"assumed": plan.assumed, "read": plan.read},
        "drift": [drift_data(row) for row in view.drift],
        "blocked": [diagnostic_data(d) for row in view.blocked for d in row.blocked],
        "diagnostics": [diagnostic_data(d) for d in plan.diagnostics],
    }


def drift_text(view: PlanView, *, colour: bool = False, named: Sequence[str] = ()) -> str:
    """The same for people, with what is live and what git says."""
    lines = _drift_lines(view, named)
    return coloured_text(lines) if colour else plain_text(lines)


def _drift_lines(view: PlanView, named: Sequence[str]) -> Iterator[Line]:
    plan = view.plan
    yield line(Piece(f"Drift in {plan.environment}", "bold"), f"  account {plan.account}  region {plan.region}")
    last = ""
    for row in sorted(view.drift, key=lambda d: (d.address, d.path)):
        if row.address != last:
            said = REASONS.get(row.reason, row.reason)
            yield line("  ", Piece(DRIFT_SYMBOL, "bold yellow"), f" {row.address}  ", Piece(said, "yellow"))
            last = row.address
        if row.path:
            yield from drift_lines(row)
    for use_case in view.blocked:
        for found in use_case.blocked:
            yield line("  ", Piece("not known ", "bold red"), f"{use_case.use_case}: {found.message}")
    yield from _what_to_do(view)
    looked = f"{plan.read:,} read, {plan.assumed:,} assumed unchanged since the last record"
    if view.drift:
        yield line(f"{counted(len(view.drift), 'place')} changed outside git ({looked}).")
        yield line("Put it back with: ", Piece(apply_command(plan.environment, named), "bold"))
    elif not view.blocked:
        yield line(f"No drift ({looked}).")
