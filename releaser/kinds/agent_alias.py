"""Agent alias: what applications invoke. One for each agent, under the agent's name, always with an explicit target.

Facts: an alias that is created or updated without routing mints a version and moves to it at once (user guide,
"Deploy an agent"); routing has one target; ``aliasInvocationState`` is known to update alone. New content never
makes a new alias: its id is what applications were given (generative-ai-cdk-constructs #969).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from releaser.core.address import Ref
from releaser.core.kind import AGENT_TAGS, Calls, Draft, Fields, Identity, Kind, Remark, Status, View
from releaser.core.quotas import Quota
from releaser.core.values import EMPTY, FrozenMap

ACCEPTS, REJECTS = "ACCEPT_INVOCATIONS", "REJECT_INVOCATIONS"


def _is_on(view: View, entry: Mapping[str, Any]) -> bool:
    """The kill switch stands at the use case and at each agent."""
    return view.spec.get("enabled", True) is not False and entry.get("enabled", True) is not False


def _declare(view: View) -> Iterator[Draft]:
    for name, entry in view.section("agents").items():
        agent = view.address("agent", name)
        said = entry.get("alias") or EMPTY
        target = {"agentVersion": Ref(agent, "version")}
        if "provisionedThroughput" in said:
            target["provisionedThroughput"] = said["provisionedThroughput"]
        body: dict[str, Any] = {
            "agentId": Ref(agent, "id"),
            "routingConfiguration": [target],
            # Said always: what an update without it does is not documented.
            "aliasInvocationState": ACCEPTS if _is_on(view, entry) else REJECTS,
        }
        if "description" in said:
            body["description"] = said["description"]
        yield Draft(name, FrozenMap(body))


def _exports(view: View) -> Mapping[str, Mapping[str, Any]]:
    """What InvokeAgent takes. ``enabled`` stands only where the agent is switched off."""
    found = {}
    for name, entry in view.section("agents").items():
        found[name] = {
            "agentId": Ref(view.address("agent", name), "id"),
            "agentAliasId": Ref(view.address("agent-alias", name), "ownId"),
            **({} if _is_on(view, entry) else {"enabled": False}),
        }
    return {"agents": found}


def _target(body: FrozenMap) -> Mapping[str, Any]:
    listed = body.get("routingConfiguration") or (EMPTY,)
    return listed[0] if isinstance(listed[0], Mapping) else EMPTY


def _describe(before: FrozenMap | None, after: FrozenMap | None) -> Iterator[Remark]:
    if before is None or after is None:
        if after is not None:
            yield Remark("is new: applications invoke the agent through it")
        else:
            yield Remark("is removed: applications that invoke the agent through it fail")
        return
    if before.get("agentId") != after.get("agentId"):
        yield Remark("belongs to another agent: applications need its new id", "changed", "agentId")
    old, new = _target(before), _target(after)
    if old.get("agentVersion") != new.get("agentVersion"):
        yield Remark("moves to another version of the agent", "changed", "routingConfiguration")
    if old.get("provisionedThroughput") != new.get("provisionedThroughput"):
        at = "routingConfiguration[].provisionedThroughput"
        yield Remark("is served by another provisioned throughput, or by none", "changed", at)
    yield from _switched(before, after)


def _switched(before: FrozenMap, after: FrozenMap) -> Iterator[Remark]:
    was, now = (b.get("aliasInvocationState", ACCEPTS) for b in (before, after))
    if was != now:
        said = "is switched off: it rejects invocations" if now == REJECTS else "accepts invocations again"
        yield Remark(said, "changed", "aliasInvocationState")


def _place(name: str, path: str) -> str:
    own = {"aliasInvocationState": "enabled"}.get(path, "alias")
    return f"agents.{name}.{own}"


KIND = Kind(
    name="agent-alias",
    service="bedrock-agent",
    tag_index="bedrock:agent-alias",
    pointer=True,
    parent="agent",
    place=_place,
    needs_allowance_to_remove=True,
    declare=_declare,
    exports=_exports,
    describe=_describe,
    calls=Calls(
        create="CreateAgentAlias",
        get="GetAgentAlias",
        update="UpdateAgentAlias",
        delete="DeleteAgentAlias",
        list="ListAgentAliases",
        list_root="agentAliasSummaries",
        id_in="agentAliasId",
        root="agentAlias",
        token="clientToken",
        parent_in="agentId",
    ),
    identity=Identity(
        id="agentAliasId",
        arn="agentAliasArn",
        name="agentAliasName",
        row_id="agentAliasId",
        row_arn="",
        row_name="agentAliasName",
        given=frozenset({"TSTALIASID"}),
    ),
    status=Status(
        member="agentAliasStatus",
        ready=frozenset({"PREPARED"}),
        pending=frozenset({"CREATING", "UPDATING", "DELETING"}),
        failed=frozenset({"FAILED", "DISSOCIATED"}),
        reasons="failureReasons",
        repairable=True,
    ),
    fields=Fields(
        omitted=frozenset({"clientToken", "tags", "agentAliasName"}),
        labels=frozenset({"description"}),
        defaults={"aliasInvocationState": ACCEPTS},
        update_only=frozenset({"aliasInvocationState"}),
    ),
    tagging=AGENT_TAGS,
    sibling_quota=Quota(10),
)
