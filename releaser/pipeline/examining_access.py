"""Who we are in AWS, and what we may do there: reads are tried, the rest is asked of IAM's policy simulator."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from releaser.core.checkup import Check
from releaser.core.errors import AwsError, Failure
from releaser.core.iam.actions import actions_of
from releaser.core.iam.document import Statement
from releaser.core.iam.operations import ALARMS
from releaser.core.iam.reading import DELIVERS
from releaser.core.iam.role import Role
from releaser.core.iam.roles import permissions
from releaser.core.iam.scene import Scene
from releaser.core.iam.simulation import Refused, principal_of, questions, refused
from releaser.core.values import thaw
from releaser.engine.ports import Aws

_AT_A_TIME = 8
_Read = tuple[str, str, Mapping[str, Any]]


def acting_as(caller: str, role: str | None) -> Role:
    """The environment names the role that writes; any other one is taken for one that reads."""
    parts = caller.split("/")
    return Role.APPLY if role and len(parts) > 1 and role.rpartition("/")[2] == parts[1] else Role.PLAN


def identity(caller: str, role: str | None, acting: Role) -> Check:
    """Who we are. Another account than the environment's is refused before."""
    if acting is Role.APPLY and role and acting_as(caller, role) is not Role.APPLY:
        said = f"{caller}: the environment is written to by {role}"
        return Check("identity", "problem", said, "assume that role, or leave out --role apply", {"caller": caller})
    return Check("identity", "ok", f"{caller}, looked at as the role {acting}", facts={"caller": caller})


def checks(aws: Aws, caller: str, scene: Scene, role: Role) -> Iterator[Check]:
    """Every read of a plan, and what the role's policy has beside."""
    yield from _reads(aws, scene)
    mine = permissions(role, scene)[0].statements
    yield from _simulated(aws, caller, scene, mine)


# -- reads


def _reads(aws: Aws, scene: Scene) -> Iterator[Check]:
    wanted = tuple(_lists(scene))
    with ThreadPoolExecutor(max_workers=_AT_A_TIME, thread_name_prefix="doctor") as pool:
        replies = tuple(pool.map(lambda read: _tried(aws, read), wanted))
    allowed = 0
    for (service, operation, _), reply in zip(wanted, replies, strict=True):
        names = " and ".join(a.name for a in actions_of(service, operation))
        if not isinstance(reply, AwsError):
            allowed += 1
        elif reply.failure is Failure.DENIED:
            yield Check("reads", "problem", f"{names}: denied", reply.hint)
        else:
            yield Check("reads", "unknown", f"{names}: {reply}", reply.hint)
        if operation == "ListAgents" and isinstance(reply, Mapping):
            yield from _agents(reply, scene)
    yield Check("reads", "ok", f"{allowed} of {len(wanted)} reads that were tried are allowed in {scene.site.region}")


def _lists(scene: Scene) -> Iterator[_Read]:
    """One page of everything that stands for itself, and what is called by name."""
    for kind in scene.kinds.values():
        if kind.parent is None:
            yield kind.service, kind.calls.list, {**thaw(kind.calls.list_params), kind.calls.page_size_in: 1}
    yield "bedrock", "ListFoundationModels", {}
    yield "bedrock", "ListEnforcedGuardrailsConfiguration", {}
    yield "resourcegroupstaggingapi", "GetResources", {"ResourcesPerPage": 1}
    code = next((k.account_quota.code for k in scene.kinds.values() if k.account_quota and k.account_quota.code), "")
    if code:
        yield "service-quotas", "GetServiceQuota", {"ServiceCode": "bedrock", "QuotaCode": code}
    if any(k.service == DELIVERS for k in scene.kinds.values()):
        yield *ALARMS, {"MaxRecords": 1}


def _tried(aws: Aws, read: _Read) -> Mapping[str, Any] | AwsError:
    service, operation, params = read
    try:
        return aws.call(service, operation, params)
    except AwsError as error:
        return error


def _agents(reply: Mapping[str, Any], scene: Scene) -> Iterator[Check]:
    """AWS, July 30, 2026: agents (classic) are closed to accounts without recent use of them; that is a 403 too."""
    if "agent" in scene.named.kinds and not reply.get("agentSummaries"):
        said = "this account has no agent, and AWS takes no first agents (classic) any more"
        yield Check("agents", "unknown", said, "if CreateAgent is denied, no permission changes that: see A-closed")


# -- what cannot be tried


def _simulated(aws: Aws, caller: str, scene: Scene, statements: Iterable[Statement]) -> Iterator[Check]:
    principal = principal_of(caller, scene.target.role or "")
    if principal is None:
        yield Check("permissions", "unknown", f"the policies of {caller} cannot be asked for", "assume a role")
        return
    against: list[Refused] = []
    asked = 0
    try:
        for question in questions(statements):
            results = tuple(_answers(aws, {"PolicySourceArn": principal, **question}))
            asked += len(results)
            against += refused(results)
    except AwsError as error:
        said = f"what {principal} may write or call was not told: {error}"
        todo = "allow iam:SimulatePrincipalPolicy on the role itself, or let somebody ask who may"
        yield Check("permissions", "unknown", said, todo)
        return
    for action in sorted({one.action for one in against}):
        rows = [one for one in against if one.action == action]
        yield _missing(rows)
    if not against:
        yield Check("permissions", "ok", f"{asked} questions to IAM: everything that the role needs is allowed")


def _answers(aws: Aws, request: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    more: Mapping[str, Any] = {}
    while True:
        reply = aws.call("iam", "SimulatePrincipalPolicy", {**request, **more})
        yield from reply.get("EvaluationResults", ())
        if not reply.get("IsTruncated"):
            return
        more = {"Marker": reply["Marker"]}


def _missing(rows: list[Refused]) -> Check:
    first = rows[0]
    how = "explicitly denied" if any(r.is_denied for r in rows) else "not allowed"
    where = f"{first.resource}" + (f" and {len(rows) - 1} more" if len(rows) > 1 else "")
    if by := next((r.by for r in rows if r.by), ""):
        return Check("permissions", "problem", f"{first.action} on {where}: {how} by {by}", "ask who keeps that policy")
    todo = "`releaser iam policy` prints what the role needs; a wider pattern than in its policy is told as missing too"
    return Check("permissions", "problem", f"{first.action} on {where}: {how}", todo)
