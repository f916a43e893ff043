"""AppConfig deployment strategies: the four that are there, and one's own.

Source: user guide, "Using predefined deployment strategies": Linear20PercentEvery6Minutes 30 + 30 minutes,
Canary10Percent20Minutes exponential 20 + 10, AllAtOnce 0 + 10, Linear50PercentEvery30Seconds 1 + 1. Quota: 20 of one's
own. Predefined ones can neither be changed nor deleted ("Cannot delete predefined Deployment Strategy ...").
"""

from __future__ import annotations

from typing import Any

from releaser.sandbox import appconfig, rollout, tags
from releaser.sandbox.appconfig import STRATEGY
from releaser.sandbox.call import Call
from releaser.sandbox.kind import Kind
from releaser.sandbox.store import Doc

_TIMING = ("DeploymentDurationInMinutes", "GrowthType", "GrowthFactor", "FinalBakeTimeInMinutes")
_SHOWN = ("Id", "Name", "Description", *_TIMING, "ReplicateTo")


def _predefined(name: str, minutes: int, growth: str, factor: float, bake: int) -> dict[str, Any]:
    id = f"AppConfig.{name}"
    timing = dict(zip(_TIMING, (minutes, growth, factor, bake), strict=True))
    return {"Id": id, "Name": id, "Description": name, **timing, "ReplicateTo": "NONE"}


PREDEFINED: dict[str, Doc] = {
    doc["Id"]: doc
    for doc in (
        _predefined("AllAtOnce", 0, "LINEAR", 100.0, 10),
        _predefined("Linear50PercentEvery30Seconds", 1, "LINEAR", 50.0, 1),
        _predefined("Canary10Percent20Minutes", 20, "EXPONENTIAL", 10.0, 10),
        _predefined("Linear20PercentEvery6Minutes", 30, "LINEAR", 20.0, 30),
    )
}

KIND = Kind("appconfig-strategy", quotas={"appConfigStrategies": 20})


@KIND.operation("appconfig", "CreateDeploymentStrategy")
def create_strategy(call: Call) -> dict[str, Any]:
    """One's own strategy. Saving it as an SSM document is accepted and not played."""
    most = call.settings.quota("appConfigStrategies")
    if len(call.rows(STRATEGY)) >= most:
        raise appconfig.exceeded("deployment strategies", most)
    if call.params["Name"].startswith("AppConfig."):
        raise appconfig.bad_request("Names that begin with AppConfig. are reserved")
    defaults = {"GrowthType": "LINEAR", "FinalBakeTimeInMinutes": 0, "ReplicateTo": "NONE"}
    doc = {"Id": appconfig.new_id(call, STRATEGY), **defaults, **appconfig.shown(call.params, *_SHOWN)}
    call.put(STRATEGY, doc["Id"], doc)
    appconfig.tag(call, STRATEGY, doc)
    return appconfig.shown(doc, *_SHOWN)


@KIND.operation("appconfig", "GetDeploymentStrategy")
def get_strategy(call: Call) -> dict[str, Any]:
    """A strategy by id."""
    return appconfig.shown(strategy(call, call.params["DeploymentStrategyId"]), *_SHOWN)


@KIND.operation("appconfig", "UpdateDeploymentStrategy")
def update_strategy(call: Call) -> dict[str, Any]:
    """Changes what is given; deployments that run keep what they began with."""
    doc = {**_own(call, "update"), **appconfig.shown(call.params, "Description", *_TIMING)}
    call.put(STRATEGY, doc["Id"], doc)
    return appconfig.shown(doc, *_SHOWN)


@KIND.operation("appconfig", "DeleteDeploymentStrategy")
def delete_strategy(call: Call) -> dict[str, Any]:
    """Not while a deployment that runs was started with it."""
    doc = _own(call, "delete")
    if any(one["DeploymentStrategyId"] == doc["Id"] for one in rollout.all_running(call)):
        raise appconfig.bad_request(f"Deployment strategy {doc['Id']} is in use by a deployment in progress")
    call.delete(STRATEGY, doc["Id"])
    tags.forget(call, appconfig.arn(call, appconfig.path_of(STRATEGY, doc)))
    return {}


@KIND.operation("appconfig", "ListDeploymentStrategies")
def list_strategies(call: Call) -> dict[str, Any]:
    """The predefined ones and one's own."""
    every = [*PREDEFINED.values(), *call.rows(STRATEGY).values()]
    return appconfig.items(call, [((doc["Name"], doc["Id"]), appconfig.shown(doc, *_SHOWN)) for doc in every])


def strategy(call: Call, id: str) -> Doc:
    """A strategy by id, or ResourceNotFoundException."""
    doc = PREDEFINED.get(id) or call.row(STRATEGY, id)
    if doc is None:
        raise appconfig.not_there("DeploymentStrategy", id)
    return doc


def _own(call: Call, verb: str) -> Doc:
    doc = strategy(call, call.params["DeploymentStrategyId"])
    if doc["Id"] in PREDEFINED:
        raise appconfig.bad_request(f"Cannot {verb} predefined Deployment Strategy {doc['Id']}.")
    return doc
