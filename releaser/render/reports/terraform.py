"""GitLab's ``terraform`` report: how many resources a plan creates, updates, deletes. The widget of the merge request
shows these three numbers and nothing else (lib/gitlab/ci/parsers/terraform/tfplan.rb: numbers up to 999999).

A resource counts by what becomes of it in AWS, as Terraform counts: what is replaced is one created and one deleted.
Retiring counts as deleting: it goes once the rollback window is over. Everything else that touches what is there is an
update: a new version, a pointer that moves, content brought in, tags set or taken off. What is blocked, or only
observed, is not done and does not count.
"""

from __future__ import annotations

import json
from collections import Counter

from releaser.core.kind import Verb
from releaser.core.plan import Action, Change, Plan

LIMIT = 999_999
_COUNTS: dict[Action, tuple[str, ...]] = {
    Action.CREATE: ("create",),
    Action.UPDATE: ("update",),
    Action.REPLACE: ("create", "delete"),
    Action.REPOINT: ("update",),
    Action.RETIRE: ("delete",),
    Action.DELETE: ("delete",),
    Action.DISOWN: ("update",),
    Action.ADOPT: ("update",),
}


def terraform(plan: Plan) -> str:
    """The report."""
    counts: Counter[str] = Counter()
    for part in plan.use_cases:
        if part.blocked or part.observed:
            continue
        brought = {step.address for step in part.steps if step.verb is Verb.INGEST}
        for change in part.changes:
            counts.update(_counted(change, brings=change.address in brought))
    return counted(**counts)


def counted(create: int = 0, update: int = 0, delete: int = 0) -> str:
    """The report of so many changes."""
    counts = {"create": create, "update": update, "delete": delete}
    return json.dumps({key: min(number, LIMIT) for key, number in counts.items()}) + "\n"


def _counted(change: Change, *, brings: bool) -> tuple[str, ...]:
    if change.action is Action.NONE:
        return ("update",) if change.publishes or brings else ()
    return _COUNTS[change.action]
