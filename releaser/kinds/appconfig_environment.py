"""AppConfig environment: what readers are served from, the alarms that take a release back, and what is live in it.

The runtime document is delivered to it by deployments: that moves its readers, little by little, and comes last, in the
PROMOTE wave. One environment in each application, so that no deployment waits for another use case's.

Facts: one deployment at a time; a deployment that is rolled back leaves its readers what they had; an update leaves
alone what it does not name, so the monitors are always named; AppConfig rolls back on ALARM and on INSUFFICIENT_DATA.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from releaser.core.address import Ref
from releaser.core.delivery import APPCONFIG, monitors, rollout, store
from releaser.core.kind import (
    APPCONFIG_TAGS,
    Calls,
    Delivery,
    Draft,
    Fields,
    Identity,
    Kind,
    Remark,
    Status,
    View,
)
from releaser.core.runtime_document import (
    GUARDS,
    LABELS,
    SHOWN,
    decode,
    describe,
    document,
    place,
    plain,
    version_label,
)
from releaser.core.values import FrozenMap, freeze

NAME = "live"
LIMIT = 2 * 1024 * 1024
"""AppConfig's quota for a hosted configuration, "Configuration size limit"."""


def _declare(view: View) -> Iterator[Draft]:
    if store(view.spec) == APPCONFIG:
        body: Mapping[str, Any] = {
            "ApplicationId": Ref(view.address("appconfig-application", "runtime"), "id"),
            "Monitors": freeze(list(monitors(view.spec))),
            "ConfigurationProfileId": Ref(view.address("appconfig-profile", "runtime"), "ownId"),
            "document": document(view),
        }
        yield Draft(NAME, FrozenMap(body), rollout=rollout(view.spec))


def _write(body: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"Monitors": (), **body}


def _decode(content: bytes) -> Mapping[str, Any]:
    text = content.decode(errors="replace")
    return decode(text) or {"unreadable": text[:64]}


def _describe(before: FrozenMap | None, after: FrozenMap | None) -> Iterator[Remark]:
    yield from describe(before, after)
    if before is None or after is None:
        return
    was, now = (frozenset(m.get("AlarmArn") for m in body.get("Monitors", ())) for body in (before, after))
    if was - now:
        yield Remark(f"{len(was - now)} of {len(was)} alarms no longer take a release back", "weaker", "Monitors")
    if now - was:
        yield Remark(f"{len(now - was)} more alarms take a release back", "stronger", "Monitors")


def _place(name: str, path: str) -> str:
    return place(name, path) or "delivery"


KIND = Kind(
    name="appconfig-environment",
    service="appconfig",
    on_demand=True,
    declare=_declare,
    describe=_describe,
    write=_write,
    parent="appconfig-application",
    place=_place,
    physical_name=lambda _address: NAME,
    calls=Calls(
        create="CreateEnvironment",
        get="GetEnvironment",
        update="UpdateEnvironment",
        delete="DeleteEnvironment",
        list="ListEnvironments",
        list_root="Items",
        page_size=50,
        page_size_in="MaxResults",
        page_token_in="NextToken",
        id_in="EnvironmentId",
        parent_in="ApplicationId",
    ),
    identity=Identity(
        id="Id",
        arn="",
        arn_path="application/{0}/environment/{1}",
        name="Name",
        row_id="Id",
        row_arn="",
        row_name="Name",
        revision="Name,Monitors",
    ),
    fields=Fields(
        omitted=frozenset({"Name", "Description", "Tags"}),
        unordered={"Monitors": "AlarmArn"},
        labels=LABELS,
        opaque=frozenset({"document"}),
        guards=GUARDS,
        shown=SHOWN,
    ),
    delivery=Delivery(
        member="document",
        holder_in="ConfigurationProfileId",
        encode=lambda found: plain(found).encode(),
        decode=_decode,
        label=version_label,
        content_type="application/json",
        limit=LIMIT,
        store="CreateHostedConfigurationVersion",
        read="GetHostedConfigurationVersion",
        list="ListHostedConfigurationVersions",
        list_root="Items",
        start="StartDeployment",
        stop="StopDeployment",
        get="GetDeployment",
        jobs="ListDeployments",
        jobs_root="Items",
        strategies="ListDeploymentStrategies",
        strategies_root="Items",
        make_strategy="CreateDeploymentStrategy",
        place_in="EnvironmentId",
        job="DeploymentNumber",
        status=Status(
            member="State",
            ready=frozenset({"COMPLETE"}),
            pending=frozenset({"VALIDATING", "DEPLOYING", "BAKING", "ROLLING_BACK"}),
            failed=frozenset({"ROLLED_BACK", "REVERTED"}),
        ),
    ),
    tagging=APPCONFIG_TAGS,
)
