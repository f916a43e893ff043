"""AppConfig application: holds the runtime configuration of one use case, so that no use case waits for another.

Facts: nothing about an application tells when it changed; replies hold no ARN; names need not be unique, so what is
ours is told by its tags; it is deleted last.
"""

from __future__ import annotations

from collections.abc import Iterator

from releaser.core.delivery import APPCONFIG, store
from releaser.core.kind import APPCONFIG_TAGS, Calls, Draft, Fields, Identity, Kind, View
from releaser.core.values import EMPTY

NAME = "runtime"


def _declare(view: View) -> Iterator[Draft]:
    if store(view.spec) == APPCONFIG:
        yield Draft(NAME, EMPTY)


KIND = Kind(
    name="appconfig-application",
    service="appconfig",
    on_demand=True,
    declare=_declare,
    place=lambda _name, _path: "delivery",
    physical_name=lambda address: f"releaser-{address.use_case}",
    calls=Calls(
        create="CreateApplication",
        get="GetApplication",
        update="UpdateApplication",
        delete="DeleteApplication",
        list="ListApplications",
        list_root="Items",
        page_size=50,
        page_size_in="MaxResults",
        page_token_in="NextToken",
        id_in="ApplicationId",
    ),
    identity=Identity(
        id="Id",
        arn="",
        arn_path="application/{0}",
        name="Name",
        row_id="Id",
        row_arn="",
        row_name="Name",
        revision="Name",
    ),
    fields=Fields(omitted=frozenset({"Name", "Description", "Tags"})),
    tagging=APPCONFIG_TAGS,
)
