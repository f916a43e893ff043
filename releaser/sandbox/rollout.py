"""Deployments of AppConfig as they are now: what runs, what an alarm has rolled back, what is served.

Nothing happens in the background: whoever looks first settles what the time and the alarms have done meanwhile.
Source: user guide, "Monitoring deployments for automatic rollback" (ALARM or INSUFFICIENT_DATA during a deployment;
not when the alarm's actions are disabled).
"""

from __future__ import annotations

from collections.abc import Callable

from releaser.sandbox import alarms, growth
from releaser.sandbox.appconfig import DEPLOYMENT, ENVIRONMENT
from releaser.sandbox.call import Call
from releaser.sandbox.store import Doc

RUNNING = ("VALIDATING", "DEPLOYING", "BAKING", "ROLLING_BACK")
_ENVIRONMENT_STATES = {"ROLLING_BACK": "ROLLING_BACK", "ROLLED_BACK": "ROLLED_BACK", "REVERTED": "REVERTED"}


def deployments(call: Call, environment: str) -> list[Doc]:
    """The deployments of an environment, newest first, settled."""
    doc = call.row(ENVIRONMENT, environment)
    if doc is not None:
        settle(call, doc)
    return _stored(call, environment)


def running(call: Call, environment: Doc) -> Doc | None:
    """The deployment that is on its way there."""
    newest = next(iter(deployments(call, environment["Id"])), None)
    return newest if newest is not None and state(call, newest) in RUNNING else None


def all_running(call: Call) -> list[Doc]:
    """Every deployment that is on its way in this account and region."""
    found = [running(call, doc) for doc in list(call.rows(ENVIRONMENT).values())]
    return [one for one in found if one is not None]


def state(call: Call, deployment: Doc) -> str:
    """A deployment's state now."""
    return growth.state_at(deployment, call.clock.now())


def environment_state(call: Call, environment: Doc) -> str:
    """An environment's state follows its newest deployment."""
    newest = next(iter(deployments(call, environment["Id"])), None)
    if newest is None or state(call, newest) == "COMPLETE":
        return "READY_FOR_DEPLOYMENT"
    return _ENVIRONMENT_STATES.get(state(call, newest), "DEPLOYING")


def settle(call: Call, environment: Doc) -> None:
    """Rolls back what an alarm says must be rolled back, at the moment it said so."""
    for deployment in _stored(call, environment["Id"])[:1]:
        if deployment.get("stop") is not None or deployment.get("settled"):
            continue
        now = call.clock.now()
        over = now >= deployment["ends"]
        found = _breach(call, environment, deployment["began"], min(now, deployment["ends"]))
        if found is not None:
            why = f"CloudWatch alarm {found[1]} initiated a rollback"
            stop(call, deployment, found[0], by="CLOUDWATCH_ALARM", why=why)
        elif over:
            put(call, {**deployment, "settled": True})


def settle_all(call: Call) -> None:
    """Settles every environment here: called before an alarm is gone, and with it what it was at which moment."""
    for doc in list(call.rows(ENVIRONMENT).values()):
        settle(call, doc)


def stop(call: Call, deployment: Doc, at: float, *, by: str, why: str, revert: bool = False) -> Doc:
    """Takes a deployment back."""
    until = at if revert else at + call.delay("appConfigRollback")
    stopped = {**deployment, "stop": {"at": at, "until": until, "by": by, "why": why, "revert": revert}}
    put(call, stopped)
    return stopped


def put(call: Call, deployment: Doc) -> None:
    """Keeps a deployment."""
    call.put(DEPLOYMENT, f"{deployment['EnvironmentId']}/{deployment['DeploymentNumber']}", deployment)


def served(call: Call, environment: Doc, profile: str, place: Callable[[int], float]) -> Doc | None:
    """The deployment whose content a session gets. ``place``: deployment number to a number from 0 up to 100."""
    for deployment in deployments(call, environment["Id"]):
        if deployment["ConfigurationProfileId"] != profile:
            continue
        now_in = state(call, deployment)
        if now_in == "COMPLETE":
            return deployment
        share = growth.share_at(deployment, call.clock.now())
        if now_in in ("DEPLOYING", "BAKING") and place(deployment["DeploymentNumber"]) < share:
            return deployment
    return None


def _stored(call: Call, environment: str) -> list[Doc]:
    found = [doc for doc in call.rows(DEPLOYMENT).values() if doc["EnvironmentId"] == environment]
    return sorted(found, key=lambda doc: -int(doc["DeploymentNumber"]))


def _breach(call: Call, environment: Doc, since: float, until: float) -> tuple[float, str] | None:
    """The first moment within the deployment at which a monitor was in a state that rolls back, and which."""
    found = []
    for monitor in environment.get("Monitors", ()):
        at = alarms.first_breach(call, monitor["AlarmArn"], since, until)
        if at is not None:
            found.append((at, str(monitor["AlarmArn"])))
    return min(found, default=None)
