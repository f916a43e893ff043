"""AppConfig configuration profile: where the versions of the runtime document are stored, and what keeps others out.

Facts: an inline validator is a JSON Schema of draft 4, checked before a deployment starts; a row of the list names the
sorts of validators and not their content; a profile goes when its stored versions are gone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from releaser.core.address import Ref
from releaser.core.delivery import APPCONFIG, store
from releaser.core.kind import APPCONFIG_TAGS, Calls, Draft, Fields, Identity, Kind, Stored, View
from releaser.core.runtime_document import schema
from releaser.core.values import FrozenMap, freeze

NAME = "runtime"


def _declare(view: View) -> Iterator[Draft]:
    if store(view.spec) == APPCONFIG:
        body: Mapping[str, Any] = {
            "ApplicationId": Ref(view.address("appconfig-application", NAME), "id"),
            "LocationUri": "hosted",
            "Type": "AWS.Freeform",
            "Validators": freeze([{"Type": "JSON_SCHEMA", "Content": schema(view.use_case)}]),
        }
        yield Draft(NAME, FrozenMap(body))


def _write(body: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"Validators": (), **body}


KIND = Kind(
    name="appconfig-profile",
    service="appconfig",
    on_demand=True,
    declare=_declare,
    write=_write,
    parent="appconfig-application",
    place=lambda _name, _path: "delivery",
    physical_name=lambda _address: NAME,
    calls=Calls(
        create="CreateConfigurationProfile",
        get="GetConfigurationProfile",
        update="UpdateConfigurationProfile",
        delete="DeleteConfigurationProfile",
        list="ListConfigurationProfiles",
        list_root="Items",
        page_size=50,
        page_size_in="MaxResults",
        page_token_in="NextToken",
        id_in="ConfigurationProfileId",
        parent_in="ApplicationId",
    ),
    identity=Identity(
        id="Id",
        arn="",
        arn_path="application/{0}/configurationprofile/{1}",
        name="Name",
        row_id="Id",
        row_arn="",
        row_name="Name",
        revision="Name,LocationUri,Type",
    ),
    fields=Fields(
        omitted=frozenset({"Name", "Description", "Tags", "RetrievalRoleArn", "KmsKeyIdentifier"}),
        unordered={"Validators": "Type"},
        defaults={"Type": "AWS.Freeform"},
        immutable=frozenset({"LocationUri", "Type"}),
    ),
    stored=Stored(
        list="ListHostedConfigurationVersions",
        list_root="Items",
        number="VersionNumber",
        delete="DeleteHostedConfigurationVersion",
    ),
    tagging=APPCONFIG_TAGS,
)
