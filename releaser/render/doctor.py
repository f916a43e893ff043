"""What ``doctor`` looked at: a line for each check, and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from releaser.core.checkup import Check, is_ready
from releaser.render.data import to_json
from releaser.render.escape import safe
from releaser.render.words import counted

FORMAT = "releaser.doctor/v1"
_WORDS = {"ok": "OK", "problem": "PROBLEM", "unknown": "unknown"}


def shown(environment: str, checks: Sequence[Check], output: str) -> str:
    """In one of the formats of ``--output``."""
    if output == "json":
        return to_json(_data(environment, checks))
    lines = list(_lines(environment, checks))
    if output == "markdown":
        return "\n".join(["```text", *lines, "```"]) + "\n"
    return "\n".join(lines) + "\n"


def _data(environment: str, checks: Sequence[Check]) -> dict[str, Any]:
    rows = [{"area": c.area, "state": c.state, "said": c.said, "todo": c.todo, "facts": dict(c.facts)} for c in checks]
    return {"format": FORMAT, "environment": environment, "ready": is_ready(checks), "checks": rows}


def _lines(environment: str, checks: Sequence[Check]) -> Iterator[str]:
    yield f"{environment}: what would stop a run"
    for check in checks:
        yield f"  {_WORDS[check.state]:<8} {check.area}: {safe(check.said)}"
        for name, value in check.facts.items():
            if check.area == "token":
                yield f"             {name}: {safe(value)}"
        if check.todo:
            yield f"           -> {safe(check.todo)}"
    problems = sum(c.state == "problem" for c in checks)
    unknown = sum(c.state == "unknown" for c in checks)
    told = f"{counted(problems, 'problem')}." if problems else "Nothing is known that would stop a run."
    yield told + (f" {counted(unknown, 'thing')} could not be told." if unknown else "")
