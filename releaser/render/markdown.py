"""A plan in Markdown. What comes from manifests or AWS stands in code, where nothing acts."""

from __future__ import annotations

from collections.abc import Iterator

from releaser.core.diff import MISSING
from releaser.core.plan import Action, Change, Risk
from releaser.render.escape import block, code, html, prose
from releaser.render.view import DriftRow, FieldRow, PlanView, ResourceRow, UseCaseRow
from releaser.render.words import closing, counted, processed, sentence, short, value_text

MOST = 200
"""Lines of one use case's block."""
LARGEST = 900_000
"""Characters of a comment: GitLab takes 1,000,000."""


def plan_markdown(view: PlanView) -> str:
    """The whole comment."""
    text = "\n".join(_lines(view)) + "\n"
    if len(text) <= LARGEST:
        return text
    return "\n".join([*_head(view), "", "Too long to show here: run `releaser plan` to see it.", ""])


def fenced(text: str) -> str:
    """Plain output as a block."""
    return "\n".join(block(text.rstrip("\n").split("\n"), "text")) + "\n"


def _lines(view: PlanView) -> Iterator[str]:
    yield from _head(view)
    for row in view.blocked:
        for found in row.blocked:
            hint = f" {prose(found.hint)}" if found.hint else ""
            yield f"**Blocked: {code(row.use_case)}.** {prose(found.message)} ({code(found.code)}){hint}"
            yield ""
    if view.weaker:
        yield f"> ⚠ **This would protect less in {counted(len(view.weaker), 'place')}:**"
        yield ">"
        for subject, text in view.weaker:
            yield f"> - {code(subject)}: {prose(text)}"
        yield ""
    if view.drift:
        yield from _details(f"Changed outside git: {counted(len(view.drift), 'place')}", _drift(view), "diff")
    for row in view.told:
        if row.told:
            yield from _details(_title(row), _use_case(row), "diff", code(row.use_case))
    if view.plan.diagnostics:
        remarks = [f"{d.severity} {d.code} {d.path}:{d.line} {d.message}" for d in view.plan.diagnostics]
        yield from _details(counted(len(remarks), "remark"), remarks, "text")
    for text in closing(view):
        yield prose(text)
        yield ""
    yield f"<sub>plan {code(short(view.plan.digest))}</sub>"


def _head(view: PlanView) -> Iterator[str]:
    plan = view.plan
    yield f"### Plan for {prose(plan.environment)}"
    yield ""
    yield f"Account {code(plan.account)}, region {code(plan.region)}, commit {code(short(plan.commit) or 'none')}"
    yield ""
    yield f"| {' | '.join(view.totals)} |"
    yield "|" + "---:|" * len(view.totals)
    yield "| " + " | ".join(str(count) for count in view.totals.values()) + " |"
    yield ""
    if not view.told:
        return
    yield "| use case | release | what happens | risk | change |"
    yield "|---|---|---|---|---|"
    for row in view.told:
        happens = "**blocked**" if row.blocked else counted(len(row.steps), "step")
        release = code(row.release, cell=True) if row.release else ""
        said = f"{happens} | {_risk(row)} | {code(short(row.change_digest))}"
        yield f"| {code(row.use_case, cell=True)} | {release} | {said} |"
    yield ""


def _risk(row: UseCaseRow) -> str:
    said = row.risk.value
    return f"**{said}**" if row.risk in (Risk.WEAKENING, Risk.DESTRUCTIVE) else said


def _details(title: str, lines: list[str], language: str, name: str = "") -> Iterator[str]:
    shown = lines if len(lines) <= MOST else [*lines[:MOST], f"  and {len(lines) - MOST} more lines"]
    # <summary> takes HTML, and titles are ours; names of use cases follow a strict pattern and are escaped anyway.
    yield "<details>"
    yield f"<summary>{title}</summary>"
    yield ""
    if name:
        yield name
        yield ""
    yield from block(shown, language)
    yield ""
    yield "</details>"
    yield ""


def _title(row: UseCaseRow) -> str:
    return f"{html(row.use_case)}: {counted(len(row.told), 'resource')}, {counted(len(row.steps), 'step')}"


_SIGNS = {
    Action.CREATE: "+",
    Action.UPDATE: "!",
    Action.REPLACE: "!",
    Action.REPOINT: "!",
    Action.RETIRE: "-",
    Action.DELETE: "-",
    Action.DISOWN: "!",
    Action.ADOPT: "!",
    Action.NONE: " ",
}


def _use_case(row: UseCaseRow) -> list[str]:
    said = [f"  {processed(row)}"] if row.processed_in else []
    return [*said, *(text for resource in row.told for text in _resource(resource))]


def _resource(row: ResourceRow) -> Iterator[str]:
    change = row.change
    said = sentence(change, row.reuses)
    name = f"{change.address.kind}/{change.address.name}  {change.name}"
    yield f"{_sign(change)} {name}  ({change.risk.value}){'  ' if said else ''}{said}"
    for remark in row.remarks:
        yield f"# {'' if remark.effect in ('changed', 'neutral') else remark.effect + ': '}{remark.text}"
    for f in row.intent:
        for leaf in f.each:
            yield from _field(leaf)


def _sign(change: Change) -> str:
    return "!" if change.action is Action.NONE and change.publishes else _SIGNS[change.action]


def _field(row: FieldRow) -> Iterator[str]:
    if row.before is not MISSING:
        yield f"-     {row.path}: {value_text(row.before)}"
    if row.after is not MISSING:
        yield f"+     {row.path}: {value_text(row.after)}"


def _drift(view: PlanView) -> list[str]:
    return [text for row in view.drift for text in _drifted(row)]


def _drifted(row: DriftRow) -> Iterator[str]:
    if not row.path:
        yield f"- {row.address}: {row.reason}"
        return
    yield f"  {row.address} {row.path}"
    yield f"-     live: {value_text(row.before)}"
    yield f"+     git:  {value_text(row.after)}"
