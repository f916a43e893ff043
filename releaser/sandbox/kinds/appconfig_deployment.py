"""AppConfig deployments: one at a time in an environment, over the sandbox's clock.

Sources: the service model; user guide, "Reverting a configuration": StopDeployment on a deployment in progress ends in
ROLLED_BACK, on a completed one in BadRequestException, with AllowRevert in REVERTED for 72 hours; "Understanding
validators": a deployment of what the validators refuse is a BadRequestException.
"""

from __future__ import annotations

from typing import Any

from releaser.sandbox import appconfig, growth, rollout
from releaser.sandbox.appconfig import DEPLOYMENT, ENVIRONMENT, PROFILE
from releaser.sandbox.appconfig_validators import check_content
from releaser.sandbox.call import Call
from releaser.sandbox.errors import conflict
from releaser.sandbox.kind import Kind
from releaser.sandbox.kinds.appconfig_profile import hosted_version
from releaser.sandbox.kinds.appconfig_strategy import strategy
from releaser.sandbox.store import Doc

_SUMMARY = (
    "DeploymentNumber", "ConfigurationName", "ConfigurationVersion", "DeploymentDurationInMinutes", "GrowthType",
    "GrowthFactor", "FinalBakeTimeInMinutes", "VersionLabel", "ConfigurationProfileId",
)  # fmt: skip
_SHOWN = (
    *_SUMMARY, "ApplicationId", "EnvironmentId", "DeploymentStrategyId", "ConfigurationLocationUri", "Description",
    "KmsKeyArn", "KmsKeyIdentifier",
)  # fmt: skip
_REVERT_WITHIN = 72 * 3600

KIND = Kind(
    "appconfig-deployment",
    switches={
        "appConfigFirstStep": ("at-start", "after-interval"),
        "appConfigValidating": ("unseen", "seen"),
        "appConfigStopWhileBaking": ("allowed", "refused"),
    },
    delays={"appConfigMinute": 60, "appConfigRollback": 5, "appConfigValidation": 5},
)


@KIND.operation("appconfig", "StartDeployment")
def start_deployment(call: Call) -> dict[str, Any]:
    """Begins to give a version to more and more clients."""
    params = call.params
    environment = appconfig.inside(call, ENVIRONMENT, params["EnvironmentId"])
    profile = appconfig.inside(call, PROFILE, params["ConfigurationProfileId"])
    chosen = strategy(call, params["DeploymentStrategyId"])
    version = hosted_version(call, profile, params["ConfigurationVersion"])
    before = rollout.deployments(call, environment["Id"])
    newest = int(before[0]["DeploymentNumber"]) if before else 0
    if rollout.running(call, environment) is not None:
        raise conflict(f"Deployment number {newest} is in progress in environment {environment['Id']}")
    if params.get("LatestDeploymentNumber", newest) != newest:
        raise conflict(f"The latest deployment is number {newest}, not {params['LatestDeploymentNumber']}")
    check_content(profile.get("Validators", ()), call.store.blobs.get(version["blob"]))
    doc = {
        **_what(call, environment, profile, version),
        **_timing(call, chosen),
        "DeploymentNumber": newest + 1,
        **appconfig.shown(params, "Description", "KmsKeyIdentifier"),
        "KmsKeyArn": appconfig.key_arn(call, params.get("KmsKeyIdentifier")),
    }
    rollout.put(call, doc)
    appconfig.tag(call, DEPLOYMENT, doc)
    rollout.settle(call, environment)
    return _shown(call, call.row(DEPLOYMENT, f"{environment['Id']}/{newest + 1}") or doc)


@KIND.operation("appconfig", "GetDeployment")
def get_deployment(call: Call) -> dict[str, Any]:
    """A deployment with its event log."""
    return _shown(call, _find(call))


@KIND.operation("appconfig", "ListDeployments")
def list_deployments(call: Call) -> dict[str, Any]:
    """Newest first."""
    environment = appconfig.inside(call, ENVIRONMENT, call.params["EnvironmentId"])
    found = rollout.deployments(call, environment["Id"])
    if call.stale is not None:
        found = [doc for doc in call.rows(DEPLOYMENT).values() if doc["EnvironmentId"] == environment["Id"]]
    rows = [((-doc["DeploymentNumber"],), _summary(call, doc)) for doc in found]
    return appconfig.items(call, rows, environment["Id"])


@KIND.operation("appconfig", "StopDeployment")
def stop_deployment(call: Call) -> dict[str, Any]:
    """Rolls a running deployment back, or with AllowRevert a completed one."""
    doc, revert = _find(call), call.params.get("AllowRevert", False)
    state, number, now = rollout.state(call, doc), doc["DeploymentNumber"], call.clock.now()
    if state == "BAKING" and not revert and call.settings.switch("appConfigStopWhileBaking") == "refused":
        raise appconfig.bad_request(f"Deployment number {number} is BAKING: only a DEPLOYING one can be stopped")
    if state in ("VALIDATING", "DEPLOYING", "BAKING"):
        why = f"Deployment stopped by {call.caller.arn}"
        return _shown(call, rollout.stop(call, doc, now, by="USER", why=why))
    if state != "COMPLETE" or not revert:
        raise appconfig.bad_request(f"Deployment number {number} is {state} and cannot be stopped")
    if now - doc["ends"] > _REVERT_WITHIN:
        raise appconfig.bad_request(f"Deployment number {number} was completed more than 72 hours ago")
    if rollout.deployments(call, doc["EnvironmentId"])[0]["DeploymentNumber"] != number:
        raise appconfig.bad_request(f"Deployment number {number} is not the latest one")
    why = f"Deployment reverted by {call.caller.arn}"
    return _shown(call, rollout.stop(call, doc, now, by="USER", why=why, revert=True))


def _what(call: Call, environment: Doc, profile: Doc, version: Doc) -> dict[str, Any]:
    return {
        "ApplicationId": environment["ApplicationId"],
        "EnvironmentId": environment["Id"],
        "ConfigurationProfileId": profile["Id"],
        "ConfigurationName": profile["Name"],
        "ConfigurationLocationUri": profile["LocationUri"],
        "ConfigurationVersion": str(version["VersionNumber"]),
        "VersionLabel": version.get("VersionLabel"),
        "blob": version["blob"],
        "contentType": version["ContentType"],
    }


def _timing(call: Call, chosen: Doc) -> dict[str, Any]:
    began = call.clock.stamp()
    seen = call.settings.switch("appConfigValidating") == "seen"
    begins = began + (call.delay("appConfigValidation") if seen else 0.0)
    minute = call.delay("appConfigMinute")
    duration = chosen["DeploymentDurationInMinutes"] * minute
    at_once = call.settings.switch("appConfigFirstStep") == "at-start" or duration == 0
    bakes = begins + duration
    names = ("DeploymentDurationInMinutes", "GrowthType", "GrowthFactor", "FinalBakeTimeInMinutes")
    return {
        "DeploymentStrategyId": chosen["Id"],
        **{name: chosen[name] for name in names},
        "began": began,
        "begins": begins,
        "bakes": bakes,
        "ends": bakes + chosen["FinalBakeTimeInMinutes"] * minute,
        "steps": growth.steps(begins, duration, chosen["GrowthType"], chosen["GrowthFactor"], at_once=at_once),
    }


def _find(call: Call) -> Doc:
    environment = appconfig.inside(call, ENVIRONMENT, call.params["EnvironmentId"])
    rollout.settle(call, environment)
    found = call.row(DEPLOYMENT, f"{environment['Id']}/{call.params['DeploymentNumber']}")
    if found is None:
        raise appconfig.not_there("Deployment", call.params["DeploymentNumber"])
    return found


def _progress(call: Call, doc: Doc) -> dict[str, Any]:
    """State, share and times. What was taken back is with nobody."""
    now, state = call.clock.now(), rollout.state(call, doc)
    back = state in ("ROLLING_BACK", "ROLLED_BACK", "REVERTED")
    ended = {"COMPLETE": doc["ends"], "ROLLED_BACK": (doc.get("stop") or {}).get("until")}.get(state)
    ended = doc["ends"] if state == "REVERTED" else ended
    share = 0.0 if back else growth.share_at(doc, now)
    return {"State": state, "PercentageComplete": share, "StartedAt": doc["began"], "CompletedAt": ended}


def _shown(call: Call, doc: Doc) -> dict[str, Any]:
    events = growth.events_at(doc, call.clock.now())
    return {**appconfig.shown(doc, *_SHOWN), **_progress(call, doc), "EventLog": events, "AppliedExtensions": []}


def _summary(call: Call, doc: Doc) -> dict[str, Any]:
    return {**appconfig.shown(doc, *_SUMMARY), **_progress(call, doc), "Type": "USER"}
