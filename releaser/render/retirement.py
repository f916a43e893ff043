"""The notes of a retirement: what nobody is led to any more, and what is deleted when."""

from __future__ import annotations

from collections.abc import Iterable

from releaser.core.plan import Action, Change, UseCasePlan
from releaser.render.escape import prose

_SAID = {
    Action.DELETE: "Deleted",
    Action.RETIRE: "Marked, and deleted when the rollback window is over",
    Action.DISOWN: "Stays in AWS, and is managed no longer",
}


def retirement_markdown(part: UseCasePlan, environment: str) -> str:
    """Markdown, as ``notes.md`` of the record that takes a use case away."""
    lines = [
        f"# {prose(part.use_case)} is retired in {prose(environment)}",
        "",
        f"{prose(part.release)} was live last. Its pin says `retired`: applications find no runtime configuration.",
    ]
    for action, title in _SAID.items():
        named = [c for c in part.changes if c.action is action]
        if named:
            lines += ["", f"## {title}", "", *_rows(named)]
    return "\n".join(lines) + "\n"


def _rows(changes: Iterable[Change]) -> list[str]:
    return [f"- {prose(str(c.address))} (`{prose(c.name)}`)" for c in changes]
