"""Flow alias: the pointer that callers of a flow follow. One for each flow, and it points at one version.

Facts: an alias exists inside its flow and has no status; ``routingConfiguration`` holds exactly one version; its id is
AWS's, so nobody can call it before it is in the runtime configuration; AWS's own ``TSTALIASID`` is the draft.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from releaser.core.address import Ref
from releaser.core.kind import AGENT_TAGS, Calls, Draft, Fields, Identity, Kind, Remark, View
from releaser.core.quotas import Quota
from releaser.core.values import EMPTY, FrozenMap

NAME = "live"


def _declare(view: View) -> Iterator[Draft]:
    for name, entry in view.section("flows").items():
        flow = view.address("flow", name)
        said = entry.get("alias")
        own = said if isinstance(said, Mapping) else EMPTY
        routing = {"flowIdentifier": Ref(flow, "id"), "routingConfiguration": [{"flowVersion": Ref(flow, "version")}]}
        yield Draft(name, FrozenMap({**own, **routing}))


def _read(reply: Mapping[str, Any]) -> Mapping[str, Any]:
    kept = {m: reply[m] for m in ("description", "routingConfiguration", "concurrencyConfiguration") if m in reply}
    return {**kept, "flowIdentifier": reply.get("flowId")}


def _version(body: FrozenMap) -> Any:
    routing = body.get("routingConfiguration") or (EMPTY,)
    return routing[0].get("flowVersion")


def _describe(before: FrozenMap | None, after: FrozenMap | None) -> Iterator[Remark]:
    """Where callers get to, and how much of the flow runs at once."""
    if before is None or after is None:
        yield Remark("is new: callers can call the flow" if before is None else "is removed: nobody can call the flow")
        return
    if _version(before) != _version(after):
        yield Remark("callers get another version of the flow", "changed", "routingConfiguration")
    if before.get("concurrencyConfiguration") != after.get("concurrencyConfiguration"):
        yield Remark(_concurrency(after), "changed", "concurrencyConfiguration")


def _concurrency(body: FrozenMap) -> str:
    found = body.get("concurrencyConfiguration", EMPTY)
    most = f", at most {found['maxConcurrency']}" if "maxConcurrency" in found else ""
    match found.get("type"):
        case "Automatic":
            return f"nodes that do not need each other run at once{most}"
        case "Manual":
            return f"so many nodes run at once as the manifest says{most}"
        case _:
            return "how many nodes run at once is left to AWS"


KIND = Kind(
    name="flow-alias",
    service="bedrock-agent",
    tag_index="bedrock:flow-alias",
    declare=_declare,
    describe=_describe,
    read=_read,
    parent="flow",
    derived_from="flows",
    place=lambda name, path: f"flows.{name}.alias",
    needs_allowance_to_remove=True,
    pointer=True,
    physical_name=lambda _: NAME,
    calls=Calls(
        create="CreateFlowAlias",
        get="GetFlowAlias",
        update="UpdateFlowAlias",
        delete="DeleteFlowAlias",
        list="ListFlowAliases",
        list_root="flowAliasSummaries",
        id_in="aliasIdentifier",
        parent_in="flowIdentifier",
        token="clientToken",
    ),
    identity=Identity(
        id="id", arn="arn", name="name", row_id="id", row_arn="arn", row_name="name", given=frozenset({"TSTALIASID"})
    ),
    fields=Fields(
        omitted=frozenset({"clientToken", "tags", "name"}),
        labels=frozenset({"description"}),
    ),
    tagging=AGENT_TAGS,
    sibling_quota=Quota(10, "L-130570F3"),
)
