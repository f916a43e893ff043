"""A plan for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from shlex import quote
from typing import Any

from releaser.core.diagnostic import Diagnostic
from releaser.core.diff import MISSING
from releaser.core.plan import Action, Risk
from releaser.core.word_diff import Piece as Words
from releaser.core.word_diff import word_diff
from releaser.render.line import Line, Piece, coloured_text, line, plain_text
from releaser.render.view import DriftRow, FieldRow, PlanView, ResourceRow, UseCaseRow
from releaser.render.words import DRIFT_SYMBOL, REASONS, RISKS, closing, processed, sentence, short, symbol, value_text

STYLES = {
    Action.CREATE: "green",
    Action.UPDATE: "yellow",
    Action.REPLACE: "magenta",
    Action.REPOINT: "cyan",
    Action.RETIRE: "red",
    Action.DELETE: "red",
    Action.DISOWN: "yellow",
    Action.ADOPT: "cyan",
    Action.NONE: "cyan",
}
REMARKS = {"weaker": ("weaker  ", "bold red"), "stronger": ("stronger", "green")}
_RISKS = {Risk.WEAKENING: "bold red", Risk.DESTRUCTIVE: "bold red"}
MOST_NEW = 16
"""Fields of a new resource that are shown; one with more is told in the kind's words."""
AROUND = 32
"""Characters of unchanged text around a changed word."""


def plan_text(
    view: PlanView, *, colour: bool = False, saved: str = "", named: Sequence[str] = (), all_fields: bool = False
) -> str:
    """The whole plan. ``saved``: the file it was written to, ``named``: the use cases that were asked for, both for the
    hint. ``all_fields``: nothing is shortened."""
    lines = plan_lines(view, saved=saved, named=named, all_fields=all_fields)
    return coloured_text(lines) if colour else plain_text(lines)


def plan_lines(
    view: PlanView, *, saved: str = "", named: Sequence[str] = (), all_fields: bool = False
) -> Iterator[Line]:
    """The same, line by line."""
    plan = view.plan
    yield line(
        Piece(f"Plan for {plan.environment}", "bold"),
        f"  account {plan.account}  region {plan.region}",
        f"  commit {short(plan.commit)}" if plan.commit else "",
    )
    yield line()
    for row in view.told:
        yield from _use_case(row, all_fields)
        yield line()
    if view.drift:
        yield from _drift(view)
        yield line()
    for found in plan.diagnostics:
        yield from _diagnostic(found)
    for text in closing(view):
        first, _, rest = text.partition(":")
        yield line(Piece(first, "bold"), f":{rest}") if rest else line(text)
    yield from _next(view, saved, named)


def _use_case(row: UseCaseRow, all_fields: bool) -> Iterator[Line]:
    release = f"  {row.release}" if row.release else ""
    yield line(
        Piece(row.use_case, "bold"),
        release,
        Piece(f"  content {short(row.release_digest)}  change {short(row.change_digest)}", "dim"),
    )
    for found in row.blocked:
        yield line("  ", Piece("blocked  ", "bold red"), f"{found.message}  ", Piece(f"[{found.code}]", "dim"))
        if found.hint:
            yield line("           ", Piece(found.hint, "italic"))
    if row.told:
        yield line(
            "  ", Piece(f"risk: {row.risk.value}", _RISKS.get(row.risk, "dim")), Piece(f"  {RISKS[row.risk]}", "dim")
        )
        word, style = REMARKS["weaker"]
        yield from (line("      ", Piece(word, style), f" {c.at}: {c.text}") for c in row.further)
    if row.told and row.processed_in:
        yield line("  ", Piece(processed(row), "dim"))
    for resource in row.told:
        yield from _resource(resource, all_fields)


def _resource(row: ResourceRow, all_fields: bool) -> Iterator[Line]:
    change = row.change
    style = STYLES[change.action]
    address = f"{change.address.kind}/{change.address.name}"
    name = f"  {change.name}" if change.name else ""
    risk = Piece(f"  {change.risk.value}", _RISKS.get(change.risk, "dim"))
    yield line("  ", Piece(symbol(change), f"bold {style}"), f" {address}", Piece(name, "dim"), risk)
    said = sentence(change, row.reuses)
    if said:
        yield line("      ", Piece(said, style))
    leaves = [leaf for f in row.intent for leaf in f.each]
    yield from _remarks(row, is_long=len(leaves) > MOST_NEW)
    is_new = change.action in (Action.CREATE, Action.REPLACE) and not all_fields
    if is_new and row.remarks and len(leaves) > MOST_NEW:
        return
    most = MOST_NEW if is_new else len(leaves)
    width = min(max((len(f.path) for f in leaves[:most]), default=0), 72)
    for leaf in leaves[:most]:
        yield from _field(leaf, width)
    if len(leaves) > most:
        yield line("        ", Piece(f"and {len(leaves) - most} more", "dim"))


def _remarks(row: ResourceRow, *, is_long: bool) -> Iterator[Line]:
    """What it means: of a new resource what it is, else what becomes weaker or stronger; of many fields, all."""
    is_new = row.change.action in (Action.CREATE, Action.REPLACE)
    for remark in row.remarks:
        if is_new:
            yield line("      ", remark.text.removeprefix("is new: "))
        elif remark.effect in REMARKS:
            word, style = REMARKS[remark.effect]
            yield line("      ", Piece(word, style), f" {remark.text}")
        elif is_long:
            yield line("      ", remark.text)


def _field(row: FieldRow, width: int) -> Iterator[Line]:
    at = f"        {row.path:<{width}}  "
    if row.before is MISSING:
        yield line(at, Piece(value_text(row.after), "green"))
    elif row.after is MISSING:
        yield line(at, Piece(value_text(row.before), "red"), " -> (none)")
    elif is_text(row.before) and is_text(row.after):
        yield line(f"        {row.path}")
        for found in diff_lines(word_diff(str(row.before), str(row.after))):
            yield line("          ", *found)
    else:
        yield line(at, Piece(value_text(row.before), "red"), " -> ", Piece(value_text(row.after), "green"))


def is_text(value: Any) -> bool:
    """Long enough that its words are worth comparing."""
    return isinstance(value, str) and (len(value) > 40 or "\n" in value) and len(value.split()) > 1


def diff_lines(pieces: tuple[Words, ...]) -> list[list[Piece]]:
    """Changed words as ``[-old-]{+new+}``, with a little of what stands around them, one list for each line."""
    lines: list[list[Piece]] = [[]]
    for index, piece in enumerate(pieces):
        if piece.change == "same":
            text = _around(piece.text, index > 0, index < len(pieces) - 1)
            for number, part in enumerate(text.split("\n")):
                if number:
                    lines.append([])
                lines[-1].append(Piece(part, "dim"))
        else:
            marks, style = (("[-", "-]"), "red") if piece.change == "removed" else (("{+", "+}"), "green")
            shown = piece.text.replace("\n", "⏎")
            lines[-1].append(Piece(f"{marks[0]}{shown}{marks[1]}", style))
    return [found for found in lines if any(p.text.strip() for p in found)]


def _around(text: str, after_change: bool, before_change: bool) -> str:
    """What stands next to a change, on its own line and in whole words."""
    if len(text) <= 2 * AROUND:
        return text
    head = _words(text[:AROUND].split("\n")[0], text[AROUND].isspace(), -1) if after_change else ""
    tail = _words(text[-AROUND:].split("\n")[-1], text[-AROUND - 1].isspace(), 0) if before_change else ""
    return f"{head} …\n… {tail}" if head and tail else f"{head} …" if head else f"… {tail}" if tail else "…"


def _words(text: str, is_whole: bool, cut: int) -> str:
    """Without the word that was cut at its end (-1) or its beginning (0)."""
    if is_whole or len(text) < AROUND or " " not in text:
        return text
    return text.rsplit(" ", 1)[0] if cut else text.split(" ", 1)[1]


def _drift(view: PlanView) -> Iterator[Line]:
    yield line(Piece("Changed outside git", "bold yellow"))
    rows = {(row.address, row.reason) for row in view.drift}
    for address, reason in sorted(rows):
        text = REASONS.get(reason, reason)
        yield line("  ", Piece(DRIFT_SYMBOL, "bold yellow"), f" {address}  ", Piece(text, "yellow"))
        for row in view.drift:
            if (row.address, row.reason) == (address, reason) and row.path:
                yield from drift_lines(row)


def drift_lines(row: DriftRow) -> Iterator[Line]:
    """One changed place: what is live, and what git says."""
    yield line(f"        {row.path}")
    yield line("          live ", Piece(value_text(row.before), "yellow"))
    yield line("          git  ", Piece(value_text(row.after), "green"))


def _diagnostic(found: Diagnostic) -> Iterator[Line]:
    style = "bold red" if found.severity == "error" else "bold yellow"
    where = f"{found.path}:{found.line}:{found.column} " if found.path else ""
    yield line(Piece(f"{found.severity} {found.code}", style), f"  {where}{found.message}")
    if found.hint:
        yield line("  ", Piece(found.hint, "italic"))


def apply_command(environment: str, named: Sequence[str] = ()) -> str:
    """What applies the use cases that were asked for, and no others."""
    return " ".join(["releaser apply -e", environment, *named])


def _next(view: PlanView, saved: str, named: Sequence[str]) -> Iterator[Line]:
    plan = view.plan
    if plan.is_empty or any(d.severity == "error" for d in plan.diagnostics):
        return  # what would be refused is no advice
    command = apply_command(plan.environment, named)
    if saved:
        command = f"{apply_command(plan.environment)} --plan {quote(saved)}"
    yield line()
    yield line("Next: ", Piece(command, "bold"), Piece(f"   (plan {short(plan.digest)})", "dim"))
