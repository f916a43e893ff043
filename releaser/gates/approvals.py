"""Approvals: what a class of change needs here, and whether a merge request showed what would be done."""

from __future__ import annotations

from collections.abc import Iterable

from releaser.core.approvals import Asked, Lacking
from releaser.core.gate import Result, Verdict
from releaser.core.plan import UseCasePlan
from releaser.core.reviewed import Compared

_STEPS = 5


def judge(part: UseCasePlan, found: Iterable[Lacking], unread: str = "") -> list[Verdict]:
    """FAIL for each rule that is not met. ``unread``: why it is not known who agreed."""
    return [_missing(part, one, unread) for one in found]


def _missing(part: UseCasePlan, found: Lacking, unread: str) -> Verdict:
    asked = found.asked
    said = f"a change of class {part.risk.value} needs {asked.count} of {_people(asked)} to agree"
    agreed = [*found.by, *(f"{who} (made it, and does not count)" for who in found.own)]
    said += f"; agreed: {', '.join(agreed) or 'nobody'}; missing: {found.missing}"
    unchecked = [unread] if unread else [f"who is in {what} could not be read" for what in asked.unchecked]
    if unchecked:
        hint = "set RELEASER_GITLAB_TOKEN to a token with `read_api`; or list approvers, and approve with a signed tag"
        return _fail(part, f"{said}; {'; '.join(unchecked)}", hint, "P232")
    hint = "let them approve the deployment, or sign a tag over the reviewed head; then run this job again"
    return _fail(part, said, hint, "P231" if found.own and not found.by else "P230")


def _people(asked: Asked) -> str:
    if asked.people is None:
        return "those who did not make it"
    return ", ".join([*sorted(asked.people), *asked.unchecked])


def compared(part: UseCasePlan, found: Compared, *, accepts: bool) -> Verdict:
    """FAIL for another change than the one that was shown, unless somebody answers for it."""
    if found.state != "diverged":
        return Verdict("reviewed", Result.PASS, f"{found.state} {found.by}".strip(), use_case=part.use_case)
    steps = [f"{step.verb.value} {step.address}" for step in part.steps]
    more = f" and {len(steps) - _STEPS} more" if len(steps) > _STEPS else ""
    now = f"{', '.join(steps[:_STEPS])}{more}"
    said = f"{found.by} showed change {found.digest[:12]}, now it is {part.change_digest[:12]}: {now}"
    if accepts:
        return Verdict("reviewed", Result.PASS, f"{said}; accepted", use_case=part.use_case, code="P235")
    hint = "compare with the comment there; plan and merge again, or run the manual job with --accept-divergence"
    return _fail(part, said, hint, "P235")


def _fail(part: UseCasePlan, said: str, hint: str, code: str) -> Verdict:
    return Verdict("approvals" if code != "P235" else "reviewed", Result.FAIL, said, hint, part.use_case, code)
