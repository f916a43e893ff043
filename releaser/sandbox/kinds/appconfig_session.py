"""AppConfigData: sessions, and the configuration that each of them gets.

Sources: the service model: a token is good for one call and 24 hours; an empty body says that the client has the
latest; ``RequiredMinimumPollIntervalInSeconds`` is held against the client. 60 seconds is what AppConfig answers when
nothing was asked. Quotas: 500 StartConfigurationSession and 1,000 GetLatestConfiguration a second.
Which sessions are first in a gradual deployment is drawn by lot on AWS. Here they are spread evenly: of any ten
sessions begun one after the other one gets a canary of 10 percent, and who has it keeps it.
"""

from __future__ import annotations

import secrets
from typing import Any

from releaser.sandbox import appconfig, rollout
from releaser.sandbox.appconfig import APPLICATION, ENVIRONMENT, PROFILE
from releaser.sandbox.buckets import Rate
from releaser.sandbox.call import Call
from releaser.sandbox.errors import AwsError
from releaser.sandbox.kind import Kind
from releaser.sandbox.store import Doc

_TOKEN_LIFE = 24 * 3600
_TOKENS, _COUNTERS = "appconfig-token", "appconfig-sessions"

KIND = Kind(
    "appconfig-session",
    switches={"appConfigNotDeployed": ("GetLatestConfiguration", "StartConfigurationSession")},
    rates={
        "appconfigdata.StartConfigurationSession": Rate(500),
        "appconfigdata.GetLatestConfiguration": Rate(1000),
    },
)


@KIND.operation("appconfigdata", "StartConfigurationSession")
def start_session(call: Call) -> dict[str, Any]:
    """A session, by names or ids."""
    application = _named(call, APPLICATION, call.params["ApplicationIdentifier"], "Application")
    environment = _named(call, ENVIRONMENT, call.params["EnvironmentIdentifier"], "Environment", application)
    identifier = call.params["ConfigurationProfileIdentifier"]
    profile = _named(call, PROFILE, identifier, "ConfigurationProfile", application)
    at_start = call.settings.switch("appConfigNotDeployed") == "StartConfigurationSession"
    if at_start and rollout.served(call, environment, profile["Id"], lambda number: 0.0) is None:
        raise _not_found("Deployment", "ConfigurationProfileIdentifier")
    where = f"{environment['Id']}/{profile['Id']}"
    count = int((call.row(_COUNTERS, where) or {"count": 0})["count"]) + 1
    call.put(_COUNTERS, where, {"count": count})
    interval = call.params.get("RequiredMinimumPollIntervalInSeconds")
    session = {"environment": environment["Id"], "profile": profile["Id"], "ordinal": count, "interval": interval}
    return {"InitialConfigurationToken": _issue(call, {**session, "has": None})}


@KIND.operation("appconfigdata", "GetLatestConfiguration")
def get_latest(call: Call) -> dict[str, Any]:
    """The configuration, or nothing when the session has it already; and the token for the next time."""
    session = _redeem(call)
    environment, profile = call.row(ENVIRONMENT, session["environment"]), call.row(PROFILE, session["profile"])
    if environment is None or profile is None:
        raise _not_found("Environment" if environment is None else "ConfigurationProfile")
    found = rollout.served(call, environment, profile["Id"], lambda number: _place(session["ordinal"], number))
    if found is None:
        raise _not_found("Deployment")
    now = call.clock.now()
    for kind, doc in ((ENVIRONMENT, environment), (PROFILE, profile)):
        call.put(kind, doc["Id"], {**doc, "readAt": now})
    has = f"{found['ConfigurationVersion']}/{found['blob']}"
    token = _issue(call, {**session, "has": has, "polledAt": now})
    reply = {"NextPollConfigurationToken": token, "NextPollIntervalInSeconds": session["interval"] or 60}
    if session["has"] == has:
        return {**reply, "ContentType": "application/octet-stream", "Configuration": b""}
    content = call.store.blobs.get(found["blob"])
    about = {"ContentType": found["contentType"], "VersionLabel": found.get("VersionLabel")}
    return {**reply, **about, "Configuration": content}


def _place(ordinal: int, number: int) -> float:
    """Where a session stands in a deployment, from 0 up to 100: ten in a row stand in ten different tenths."""
    return (ordinal * 7 + number * 3) % 10 * 10 + ordinal // 10 * 3 % 10 + 0.5


def _named(call: Call, kind: str, wanted: str, noun: str, application: Doc | None = None) -> Doc:
    for doc in call.rows(kind).values():
        if wanted in (doc["Id"], doc["Name"]) and (application is None or doc["ApplicationId"] == application["Id"]):
            return doc
    raise _not_found(noun, f"{noun}Identifier")


def _not_found(noun: str, by: str = "") -> AwsError:
    error = AwsError("ResourceNotFoundException", f"{noun} not found")
    error.members = {"ResourceType": noun, "ReferencedBy": {by: "identifier"} if by else {}}
    return error


def _issue(call: Call, session: dict[str, Any]) -> str:
    token = secrets.token_urlsafe(48)
    call.put(_TOKENS, token, {**session, "issuedAt": call.clock.now()})
    return token


def _redeem(call: Call) -> Doc:
    """The session of a token, which is used up by this."""
    token = call.params["ConfigurationToken"]
    session = call.row(_TOKENS, token)
    now = call.clock.now()
    if session is None:
        raise _bad_token("Corrupted", "The configuration token is not valid, or was used before")
    if now - session["issuedAt"] > _TOKEN_LIFE:
        raise _bad_token("Expired", "The configuration token has expired")
    if session["interval"] and now - session.get("polledAt", 0.0) < call.clock.delay(session["interval"]):
        raise _bad_token("PollIntervalNotSatisfied", "Request too early")
    call.delete(_TOKENS, token)
    return session


def _bad_token(problem: str, message: str) -> AwsError:
    details = {"InvalidParameters": {"ConfigurationToken": {"Problem": problem}}}
    return appconfig.bad_request(message, Reason="InvalidParameters", Details=details)
