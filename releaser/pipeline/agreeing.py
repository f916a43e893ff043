"""Who agreed to what a run applies, and whether it is what they saw: what the record says, what stops the run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from releaser.core.approvals import asked_of, lacking, rules_for
from releaser.core.change_facts import Approval, ChangeFacts, segregation_of
from releaser.core.errors import ReleaserError
from releaser.core.gate import Verdict
from releaser.core.plan import UseCasePlan, is_within
from releaser.core.record import Opened, Outcome
from releaser.core.reviewed import Compared, compare
from releaser.gates import approvals as gate
from releaser.gitlab.context import Context, read_context
from releaser.gitlab.merge_requests import MergeRequest
from releaser.pipeline.forge import Forge
from releaser.pipeline.provenance import Agreed, changes_on
from releaser.pipeline.telling import say
from releaser.render.escape import safe
from releaser.store.approvers import Proven, signed_approvals

if TYPE_CHECKING:
    from releaser.engine.planning import Planned
    from releaser.pipeline.desk import Desk

_BACK = 20
"""So many commits of the branch are looked through for the merge request that showed a change."""


def agreed(desk: Desk, planned: Planned, *, compares: bool = False, accepts: bool = False) -> Agreed:
    """What is known of the way to this plan, and what speaks against it.

    ``compares``: what merge requests showed is compared with the plan, in jobs of the default branch; ``accepts``:
    somebody answers for a difference. Outside of a job GitLab is asked only where the environment's policy asks for
    somebody. What cannot be read stops nothing, unless the policy asks for it.
    """
    changes = changes_on(desk)
    parts = [part for part in planned.plan.use_cases if part.steps and not part.observed]
    if not parts:
        return Agreed(changes)
    context = read_context(desk.repo.environ)
    asks = context.is_in_ci or bool(desk.environment.spec.policy.approvals)
    forge = Forge(context if asks else Context(), desk.repo.clock)
    deployed = forge.deployment_approvals()
    looks = compares and context.is_in_ci and context.branch == (context.default_branch or context.branch) != ""
    shown = forge.shown(parts, desk.environment.name, _commits(desk), _live(desk)) if looks else {}
    signed: dict[str, Proven | None] = {}
    verdicts: list[Verdict] = []
    for part in parts:
        told, request = forge.told(changes.get(part.use_case, ChangeFacts()))
        if told.merge_commit not in signed:
            signed[told.merge_commit] = _signed(desk, told.merge_commit)
        judged, told = _judge(desk, forge, part, told, request, signed[told.merge_commit], deployed)
        verdicts += judged
        if looks:
            found, was_accepted = _compared(desk, part, shown[part.use_case])
            told = replace(told, reviewed=found.state)
            verdicts.append(gate.compared(part, found, accepts=accepts or was_accepted))
        if told != ChangeFacts():
            changes[part.use_case] = told
    if looks:
        _tell(forge, [part.use_case for part in parts if not shown[part.use_case]])
    return Agreed(changes, deployed, tuple(verdicts))


def _judge(
    desk: Desk,
    forge: Forge,
    part: UseCasePlan,
    told: ChangeFacts,
    request: MergeRequest | None,
    proven: Proven | None,
    deployed: Sequence[Approval],
) -> tuple[list[Verdict], ChangeFacts]:
    """What the policy has against one use case's change, and the facts with everybody who agreed."""
    known = forge.approvals_of(request) if request else None
    signed = proven.by if proven else ()
    # A signed empty commit agrees, and changes nothing: whoever made it did not make the change.
    told = replace(told, committers=proven.made_by) if signed and proven else told
    names = {approval.by for approval in told.approvers}
    told = replace(told, approvers=(*told.approvers, *(one for one in signed if one.by not in names)))
    segregation = segregation_of(told.author, told.committers, (*told.approvers, *deployed))
    is_known = known is not None or proven is not None
    told = replace(told, segregation="unenforced" if is_known and segregation == "unknown" else segregation)
    rules = {str(name): rule for name, rule in desk.environment.spec.policy.approvals.items()}
    asked = [
        asked_of(
            risk,
            rule,
            {group: forge.members_of(group) for group in rule.groups},
            {name: forge.owners_of(request, name) if request else None for name in rule.codeowners},
        )
        for risk, rule in rules_for(rules, part.risk)
    ]
    given = [one.by for one in (*(known or ()), *signed, *deployed)]
    unread = "" if is_known else _unread(forge, request)
    unread = proven.why if proven and proven.why and known is None else unread
    return gate.judge(part, lacking(asked, given, {told.author, *told.committers} - {""}), unread), told


def _compared(desk: Desk, part: UseCasePlan, shown: Sequence[tuple[str, str]]) -> tuple[Compared, bool]:
    """The comparison, and whether a difference was accepted before. What is left of a change that a run began is that
    change: with fewer steps, never with others."""
    found = compare(part.change_digest, shown)
    before = _begun(desk, part) if found.state == "diverged" else None
    if before is None:
        return found, False
    accepted = before.change is not None and before.change.reviewed == "diverged"
    return compare(before.change_digest, shown), accepted


def _begun(desk: Desk, part: UseCasePlan) -> Opened | None:
    """How the run began that did not come to its end with this content, where it was cleared for all that is left."""
    witness = desk.witnesses().get(part.use_case)
    if witness is None:
        return None
    opened = witness.open.opened if witness.open else None
    last = witness.latest
    if opened is None and last is not None and last.outcome in (Outcome.FAILED, Outcome.INTERRUPTED):
        accounts = desk.repo.records(desk.environment).accounts([part.use_case], [desk.environment.name])
        opened = next((a.opened for a in accounts if a.opened.id == last.record.id), None)
    if opened is None or opened.release_digest != part.release_digest:
        return None
    cleared = [(str(s.address), s.verb, s.stamp) for s in opened.steps]
    return opened if not is_within(part.steps, cleared) else None


def _unread(forge: Forge, request: MergeRequest | None) -> str:
    if forge.why:
        return f"who agreed is not known: {forge.why}"
    return "" if request else "who agreed is not known: no merge request brought it"


def _signed(desk: Desk, merge: str) -> Proven | None:
    repo, name = desk.repo, desk.environment.name
    if not (repo.has_git and merge):
        return None
    try:
        return signed_approvals(repo.git, name, merge, repo.git.remote() or "")
    except ReleaserError as error:
        say(f"warning: signed approvals were not read: {safe(str(error))}")
        return Proven(why=f"{error}")


def _commits(desk: Desk) -> list[str]:
    """Of the branch's own line, newest first."""
    return desk.repo.git.run("rev-list", "--first-parent", f"-n{_BACK}", desk.commit).text.split()


def _live(desk: Desk) -> dict[str, str]:
    """By use case the commit whose content and settings are live."""
    return {n: w.released.record.judged_at for n, w in desk.witnesses().items() if w.released is not None}


def _tell(forge: Forge, names: Sequence[str]) -> None:
    """One line for what nobody could compare."""
    if names:
        why = f": {forge.why}" if forge.why else ""
        more = f" and {len(names) - 5} more" if len(names) > 5 else ""
        say(f"not compared with a review: {', '.join(names[:5])}{more}{safe(why)}")
