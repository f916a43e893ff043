"""AppConfig environments: where a configuration is deployed, and which alarms watch a deployment.

Sources: the service model; quotas: 20 environments an application. The state follows the newest deployment.
"""

from __future__ import annotations

from typing import Any

from releaser.sandbox import appconfig, rollout, tags
from releaser.sandbox.appconfig import APPLICATION, DEPLOYMENT, ENVIRONMENT
from releaser.sandbox.call import Call
from releaser.sandbox.errors import conflict
from releaser.sandbox.kind import Kind
from releaser.sandbox.store import Doc

_GIVEN = ("Name", "Description", "Monitors")

KIND = Kind("appconfig-environment", quotas={"appConfigEnvironments": 20})


@KIND.operation("appconfig", "CreateEnvironment")
def create_environment(call: Call) -> dict[str, Any]:
    """A target for deployments. Alarms need not exist."""
    application = appconfig.find(call, APPLICATION, call.params["ApplicationId"])
    others = appconfig.under(call, ENVIRONMENT, "ApplicationId", application["Id"])
    most = call.settings.quota("appConfigEnvironments")
    if len(others) >= most:
        raise appconfig.exceeded("environments", most)
    appconfig.check_name(call, others)
    identity = {"ApplicationId": application["Id"], "Id": appconfig.new_id(call, ENVIRONMENT)}
    doc = {**identity, "createdAt": call.clock.stamp(), **appconfig.shown(call.params, *_GIVEN)}
    call.put(ENVIRONMENT, doc["Id"], doc)
    appconfig.tag(call, ENVIRONMENT, doc)
    return _shown(call, doc)


@KIND.operation("appconfig", "GetEnvironment")
def get_environment(call: Call) -> dict[str, Any]:
    """An environment and its state."""
    return _shown(call, _find(call))


@KIND.operation("appconfig", "UpdateEnvironment")
def update_environment(call: Call) -> dict[str, Any]:
    """Changes what is given; a list of monitors replaces the list."""
    before = _find(call)
    rollout.settle(call, before)  # by the alarms that watched until now
    doc = {**before, **appconfig.shown(call.params, *_GIVEN)}
    call.put(ENVIRONMENT, doc["Id"], doc)
    return _shown(call, doc)


@KIND.operation("appconfig", "DeleteEnvironment")
def delete_environment(call: Call) -> dict[str, Any]:
    """Not while a deployment is on its way. Its deployments go with it."""
    doc = _find(call)
    appconfig.protected(call, doc)
    if rollout.running(call, doc) is not None:
        raise conflict(f"Cannot delete environment {doc['Id']} while a deployment is in progress")
    for deployment in rollout.deployments(call, doc["Id"]):
        call.delete(DEPLOYMENT, f"{doc['Id']}/{deployment['DeploymentNumber']}")
        tags.forget(call, appconfig.arn(call, appconfig.path_of(DEPLOYMENT, deployment)))
    call.delete(ENVIRONMENT, doc["Id"])
    tags.forget(call, appconfig.arn(call, appconfig.path_of(ENVIRONMENT, doc)))
    return {}


@KIND.operation("appconfig", "ListEnvironments")
def list_environments(call: Call) -> dict[str, Any]:
    """The environments of an application."""
    application = appconfig.find(call, APPLICATION, call.params["ApplicationId"])
    found = appconfig.under(call, ENVIRONMENT, "ApplicationId", application["Id"])
    return appconfig.items(call, [((doc["Name"], doc["Id"]), _shown(call, doc)) for doc in found], application["Id"])


def _find(call: Call) -> Doc:
    return appconfig.inside(call, ENVIRONMENT, call.params["EnvironmentId"])


def _shown(call: Call, doc: Doc) -> dict[str, Any]:
    return {**appconfig.shown(doc, "ApplicationId", "Id", *_GIVEN), "State": rollout.environment_state(call, doc)}
