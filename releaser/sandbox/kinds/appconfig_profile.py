"""AppConfig configuration profiles and hosted configuration versions.

Sources: the service model; quotas: 100 profiles an application, 2,048 KB a configuration. A profile with versions is
not deleted ("... because there are still hosted configuration versions existing under it").
Profiles of other stores are kept as they are given, and not deployed: their content is elsewhere.
"""

from __future__ import annotations

from typing import Any

from releaser.sandbox import appconfig, rollout, tags
from releaser.sandbox.appconfig import APPLICATION, PROFILE, VERSION
from releaser.sandbox.appconfig_validators import check_content, check_validators
from releaser.sandbox.call import Call
from releaser.sandbox.errors import AwsError, conflict, not_in_the_sandbox
from releaser.sandbox.kind import Kind
from releaser.sandbox.store import Doc

_GIVEN = ("Name", "Description", "LocationUri", "RetrievalRoleArn", "Validators", "Type", "KmsKeyIdentifier")
_SUMMARY = ("ApplicationId", "Id", "Name", "LocationUri", "Type")
_VERSION = ("ApplicationId", "ConfigurationProfileId", "VersionNumber", "Description", "ContentType", "VersionLabel")

KIND = Kind(
    "appconfig-profile",
    quotas={"appConfigProfiles": 100, "appConfigKilobytes": 2048},
    switches={
        "appConfigLabelTaken": ("ConflictException", "BadRequestException"),
        "appConfigValidatesVersions": (False, True),
    },
)


@KIND.operation("appconfig", "CreateConfigurationProfile")
def create_profile(call: Call) -> dict[str, Any]:
    """Where a configuration is, and what it must be like."""
    application = appconfig.find(call, APPLICATION, call.params["ApplicationId"])
    others = appconfig.under(call, PROFILE, "ApplicationId", application["Id"])
    most = call.settings.quota("appConfigProfiles")
    if len(others) >= most:
        raise appconfig.exceeded("configuration profiles", most)
    appconfig.check_name(call, others)
    uri = call.params["LocationUri"]
    if uri != "hosted" and not uri.startswith("codepipeline://") and "RetrievalRoleArn" not in call.params:
        raise appconfig.bad_request("RetrievalRoleArn is required for this LocationUri")
    if uri == "hosted" and "RetrievalRoleArn" in call.params:
        raise appconfig.bad_request("RetrievalRoleArn is not allowed for hosted configurations")
    check_validators(call.params.get("Validators", ()))
    identity = {"ApplicationId": application["Id"], "Id": appconfig.new_id(call, PROFILE), "Type": "AWS.Freeform"}
    doc = {**identity, "createdAt": call.clock.stamp(), "last": 0, **appconfig.shown(call.params, *_GIVEN)}
    call.put(PROFILE, doc["Id"], doc)
    appconfig.tag(call, PROFILE, doc)
    return _shown(call, doc)


@KIND.operation("appconfig", "GetConfigurationProfile")
def get_profile(call: Call) -> dict[str, Any]:
    """A profile by id."""
    return _shown(call, _find(call))


@KIND.operation("appconfig", "UpdateConfigurationProfile")
def update_profile(call: Call) -> dict[str, Any]:
    """Changes what is given; an empty key identifier takes the key away."""
    check_validators(call.params.get("Validators", ()))
    given = ("Name", "Description", "RetrievalRoleArn", "Validators", "KmsKeyIdentifier")
    doc = {**_find(call), **appconfig.shown(call.params, *given)}
    call.put(PROFILE, doc["Id"], doc)
    return _shown(call, doc)


@KIND.operation("appconfig", "DeleteConfigurationProfile")
def delete_profile(call: Call) -> dict[str, Any]:
    """Not while it has versions, and not while one is being deployed."""
    doc = _find(call)
    appconfig.protected(call, doc)
    if _versions(call, doc):
        why = "there are still hosted configuration versions existing under it."
        raise appconfig.bad_request(f"Cannot delete configuration profile {doc['Id']} because {why}")
    if any(one["ConfigurationProfileId"] == doc["Id"] for one in rollout.all_running(call)):
        raise conflict(f"Cannot delete configuration profile {doc['Id']} while a deployment is in progress")
    call.delete(PROFILE, doc["Id"])
    tags.forget(call, appconfig.arn(call, appconfig.path_of(PROFILE, doc)))
    return {}


@KIND.operation("appconfig", "ListConfigurationProfiles")
def list_profiles(call: Call) -> dict[str, Any]:
    """The profiles of an application, of one type if asked."""
    application = appconfig.find(call, APPLICATION, call.params["ApplicationId"])
    found = appconfig.under(call, PROFILE, "ApplicationId", application["Id"])
    wanted = call.params.get("Type")
    rows = [((doc["Name"], doc["Id"]), _summary(doc)) for doc in found if wanted in (None, doc["Type"])]
    return appconfig.items(call, rows, application["Id"], wanted)


@KIND.operation("appconfig", "ValidateConfiguration")
def validate_configuration(call: Call) -> dict[str, Any]:
    """Runs the validators; nothing to say means valid."""
    doc = _find(call)
    version = hosted_version(call, doc, call.params["ConfigurationVersion"])
    check_content(doc.get("Validators", ()), call.store.blobs.get(version["blob"]))
    return {}


@KIND.operation("appconfig", "CreateHostedConfigurationVersion")
def create_version(call: Call) -> dict[str, Any]:
    """A new version; validators are not asked yet, unless the switch says so."""
    doc, data, label = _find(call), call.params["Content"], call.params.get("VersionLabel")
    if doc["LocationUri"] != "hosted":
        raise appconfig.bad_request(f"Configuration profile {doc['Id']} is not a hosted one")
    most = call.settings.quota("appConfigKilobytes")
    if len(data) > most * 1024:
        error = AwsError("PayloadTooLargeException", f"The configuration is larger than {most} KB")
        error.members = {"Measure": "KILOBYTES", "Limit": float(most), "Size": len(data) / 1024}
        raise error
    if call.params.get("LatestVersionNumber", doc["last"]) != doc["last"]:
        raise conflict(f"The latest version is {doc['last']}, not {call.params['LatestVersionNumber']}")
    if label and any(one.get("VersionLabel") == label for one in _versions(call, doc)):
        code = str(call.settings.switch("appConfigLabelTaken"))
        raise AwsError(code, f"The version label {label} is already in use in configuration profile {doc['Id']}")
    if call.settings.switch("appConfigValidatesVersions"):
        check_content(doc.get("Validators", ()), data)
    version = {
        "ApplicationId": doc["ApplicationId"],
        "ConfigurationProfileId": doc["Id"],
        "VersionNumber": doc["last"] + 1,
        **appconfig.shown(call.params, "Description", "ContentType", "VersionLabel"),
        "KmsKeyArn": appconfig.key_arn(call, doc.get("KmsKeyIdentifier")),
        "blob": call.store.blobs.put(data),
    }
    call.put(VERSION, f"{doc['Id']}/{version['VersionNumber']}", version)
    call.put(PROFILE, doc["Id"], {**doc, "last": version["VersionNumber"]})
    return {**_shown_version(version), "Content": data}


@KIND.operation("appconfig", "GetHostedConfigurationVersion")
def get_version(call: Call) -> dict[str, Any]:
    """A version with its content."""
    version = _version(call)
    return {**_shown_version(version), "Content": call.store.blobs.get(version["blob"])}


@KIND.operation("appconfig", "DeleteHostedConfigurationVersion")
def delete_version(call: Call) -> dict[str, Any]:
    """Also one that is deployed: what AppConfigData serves was taken when the deployment started."""
    version = _version(call)
    call.delete(VERSION, f"{version['ConfigurationProfileId']}/{version['VersionNumber']}")
    return {}


@KIND.operation("appconfig", "ListHostedConfigurationVersions")
def list_versions(call: Call) -> dict[str, Any]:
    """Newest first; by label, or by a label's beginning with an asterisk after it."""
    doc, label = _find(call), call.params.get("VersionLabel", "*")
    rows = []
    for one in _versions(call, doc):
        mine = one.get("VersionLabel", "")
        if mine == label or (label.endswith("*") and mine.startswith(label[:-1])):
            rows.append(((-one["VersionNumber"],), _shown_version(one)))
    return appconfig.items(call, rows, doc["Id"], label)


def hosted_version(call: Call, profile: Doc, wanted: str) -> Doc:
    """A version by number or by label."""
    if profile["LocationUri"] != "hosted":
        raise not_in_the_sandbox(f"{call.operation.key} of a configuration in {profile['LocationUri']}")
    for one in _versions(call, profile):
        if wanted in (str(one["VersionNumber"]), one.get("VersionLabel")):
            return one
    raise appconfig.not_there("HostedConfigurationVersion", wanted)


def _find(call: Call) -> Doc:
    return appconfig.inside(call, PROFILE, call.params["ConfigurationProfileId"])


def _versions(call: Call, profile: Doc) -> list[Doc]:
    return appconfig.under(call, VERSION, "ConfigurationProfileId", profile["Id"])


def _version(call: Call) -> Doc:
    found = call.row(VERSION, f"{_find(call)['Id']}/{call.params['VersionNumber']}")
    if found is None:
        raise appconfig.not_there("HostedConfigurationVersion", call.params["VersionNumber"])
    return found


def _shown(call: Call, doc: Doc) -> dict[str, Any]:
    key = doc.get("KmsKeyIdentifier") or None
    found = {**appconfig.shown(doc, "ApplicationId", "Id", *_GIVEN), "KmsKeyIdentifier": key}
    return {**found, "KmsKeyArn": appconfig.key_arn(call, key)}


def _summary(doc: Doc) -> dict[str, Any]:
    types = [one["Type"] for one in doc.get("Validators", ())]
    return {**appconfig.shown(doc, *_SUMMARY), "ValidatorTypes": types}


def _shown_version(version: Doc) -> dict[str, Any]:
    return appconfig.shown(version, *_VERSION, "KmsKeyArn")
