"""AppConfig applications, AppConfig's tags, and what it keeps for the account.

Sources: the service model; user guide, quotas (100 applications, 10 requests a second for control plane writes and
lists, 100 for gets) and "Configuring deletion protection" (off by default, 60 minutes). A name need not be unique:
neither model nor guide asks for it (switch).
"""

from __future__ import annotations

from typing import Any

from releaser.sandbox import appconfig, tags
from releaser.sandbox.appconfig import APPLICATION, DEPLOYMENT, ENVIRONMENT, PROFILE, STRATEGY
from releaser.sandbox.buckets import Rate
from releaser.sandbox.call import Call
from releaser.sandbox.errors import AwsError
from releaser.sandbox.kind import Kind, Taggable

_GETS = (
    "GetApplication", "GetEnvironment", "GetConfigurationProfile", "GetHostedConfigurationVersion", "GetDeployment",
    "GetDeploymentStrategy", "GetAccountSettings",
)  # fmt: skip
_OTHERS = (
    "CreateApplication", "UpdateApplication", "DeleteApplication", "ListApplications",
    "CreateEnvironment", "UpdateEnvironment", "DeleteEnvironment", "ListEnvironments",
    "CreateConfigurationProfile", "UpdateConfigurationProfile", "DeleteConfigurationProfile",
    "ListConfigurationProfiles", "ValidateConfiguration", "CreateHostedConfigurationVersion",
    "DeleteHostedConfigurationVersion", "ListHostedConfigurationVersions",
    "CreateDeploymentStrategy", "UpdateDeploymentStrategy", "DeleteDeploymentStrategy", "ListDeploymentStrategies",
    "StartDeployment", "StopDeployment", "ListDeployments", "TagResource", "UntagResource", "ListTagsForResource",
    "UpdateAccountSettings",
)  # fmt: skip
_SHOWN = ("Id", "Name", "Description")


def _exists(call: Call, resource: str) -> bool:
    """``application/a``, ``application/a/environment/e`` and so on, ``deploymentstrategy/s``."""
    parts = resource.split("/")
    match parts:
        case ["application", id]:
            return call.row(APPLICATION, id) is not None
        case ["application", id, ("environment" | "configurationprofile") as noun, part]:
            doc = call.row(ENVIRONMENT if noun == "environment" else PROFILE, part)
            return doc is not None and doc["ApplicationId"] == id
        case ["application", _, "environment", environment, "deployment", number]:
            return call.row(DEPLOYMENT, f"{environment}/{number}") is not None
        case ["deploymentstrategy", id]:
            return call.row(STRATEGY, id) is not None
        case _:
            return False


def _taggable(prefix: str, group_type: str | None, below: str = "") -> Taggable:
    return Taggable("appconfig", prefix, _exists, group_type, arn_service="appconfig", below=below)


KIND = Kind(
    "appconfig-application",
    quotas={"appConfigApplications": 100},
    switches={"appConfigNamesUnique": (False, True)},
    rates={
        **{f"appconfig.{name}": Rate(100) for name in _GETS},
        **{f"appconfig.{name}": Rate(10) for name in _OTHERS},
    },
    taggables=(
        _taggable("application/", "appconfig:application"),
        _taggable("application/", "appconfig:environment", "/environment/"),
        _taggable("application/", "appconfig:configurationprofile", "/configurationprofile/"),
        _taggable("application/", "appconfig:deployment", "/deployment/"),
        _taggable("deploymentstrategy/", "appconfig:deploymentstrategy"),
    ),
)


@KIND.operation("appconfig", "CreateApplication")
def create_application(call: Call) -> dict[str, Any]:
    """A folder for environments and profiles."""
    most = call.settings.quota("appConfigApplications")
    if len(call.rows(APPLICATION)) >= most:
        raise appconfig.exceeded("applications", most)
    appconfig.check_name(call, list(call.rows(APPLICATION).values()))
    doc = {"Id": appconfig.new_id(call, APPLICATION), **appconfig.shown(call.params, "Name", "Description")}
    call.put(APPLICATION, doc["Id"], doc)
    appconfig.tag(call, APPLICATION, doc)
    return appconfig.shown(doc, *_SHOWN)


@KIND.operation("appconfig", "GetApplication")
def get_application(call: Call) -> dict[str, Any]:
    """An application by id."""
    return appconfig.shown(appconfig.find(call, APPLICATION, call.params["ApplicationId"]), *_SHOWN)


@KIND.operation("appconfig", "UpdateApplication")
def update_application(call: Call) -> dict[str, Any]:
    """Changes what is given."""
    doc = appconfig.find(call, APPLICATION, call.params["ApplicationId"])
    doc = {**doc, **appconfig.shown(call.params, "Name", "Description")}
    call.put(APPLICATION, doc["Id"], doc)
    return appconfig.shown(doc, *_SHOWN)


@KIND.operation("appconfig", "DeleteApplication")
def delete_application(call: Call) -> dict[str, Any]:
    """Only an empty one."""
    doc = appconfig.find(call, APPLICATION, call.params["ApplicationId"])
    for kind, noun in ((ENVIRONMENT, "environments"), (PROFILE, "configuration profiles")):
        if appconfig.under(call, kind, "ApplicationId", doc["Id"]):
            text = f"Cannot delete application {doc['Id']} because there are still {noun} existing under it."
            raise appconfig.bad_request(text)
    call.delete(APPLICATION, doc["Id"])
    tags.forget(call, appconfig.arn(call, appconfig.path_of(APPLICATION, doc)))
    return {}


@KIND.operation("appconfig", "ListApplications")
def list_applications(call: Call) -> dict[str, Any]:
    """All applications."""
    rows = [((doc["Name"], id), appconfig.shown(doc, *_SHOWN)) for id, doc in call.rows(APPLICATION).items()]
    return appconfig.items(call, rows)


@KIND.operation("appconfig", "GetAccountSettings")
def get_account_settings(call: Call) -> dict[str, Any]:
    """Deletion protection."""
    return appconfig.settings(call)


@KIND.operation("appconfig", "UpdateAccountSettings")
def update_account_settings(call: Call) -> dict[str, Any]:
    """Changes what is given."""
    now = appconfig.settings(call)
    given = {name: {**now[name], **call.params[name]} for name in now if name in call.params}
    call.put(appconfig.SETTINGS, "settings", {**now, **given})
    return appconfig.settings(call)


@KIND.operation("appconfig", "TagResource")
def tag_resource(call: Call) -> dict[str, Any]:
    """Adds tags."""
    found = _tagged(call)
    appconfig.as_bad_request(lambda: tags.attach(call, found, call.params["Tags"]))
    return {}


@KIND.operation("appconfig", "UntagResource")
def untag_resource(call: Call) -> dict[str, Any]:
    """Removes tags by key."""
    tags.detach(call, _tagged(call), call.params["TagKeys"])
    return {}


@KIND.operation("appconfig", "ListTagsForResource")
def list_tags(call: Call) -> dict[str, Any]:
    """The tags as a map."""
    return {"Tags": tags.read(call, _tagged(call))}


def _tagged(call: Call) -> str:
    try:
        return tags.require(call, "appconfig", call.params["ResourceArn"])
    except AwsError as error:
        if error.code != "ValidationException":
            raise
        raise appconfig.bad_request(error.message) from error
