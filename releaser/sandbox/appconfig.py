"""What AppConfig's operations share: things by their ids, errors, ARNs, pages.

Sources: AppConfig's service model (2019-10-09) and user guide. The API is asked by id everywhere; only AppConfigData
takes names as well.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Any

from releaser.sandbox import tags
from releaser.sandbox.call import Call
from releaser.sandbox.errors import AwsError
from releaser.sandbox.paging import Key, page
from releaser.sandbox.store import Doc

APPLICATION, ENVIRONMENT, PROFILE = "appconfig-application", "appconfig-environment", "appconfig-profile"
VERSION, STRATEGY, DEPLOYMENT = "appconfig-version", "appconfig-strategy", "appconfig-deployment"
SETTINGS = "appconfig-settings"
NOUNS = {APPLICATION: "Application", ENVIRONMENT: "Environment", PROFILE: "ConfigurationProfile"}
_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
_MOST = 50


def new_id(call: Call, kind: str) -> str:
    """An id of seven characters that nothing of this kind has."""
    while True:
        id = "".join(secrets.choice(_ALPHABET) for _ in range(7))
        if call.row(kind, id) is None:
            return id


def bad_request(message: str, **members: Any) -> AwsError:
    """A BadRequestException."""
    error = AwsError("BadRequestException", message)
    error.members = members
    return error


def not_there(noun: str, id: object) -> AwsError:
    """A ResourceNotFoundException."""
    error = AwsError("ResourceNotFoundException", f"Could not find {noun} for {id}")
    error.members = {"ResourceName": noun}
    return error


def exceeded(noun: str, most: int) -> AwsError:
    """A ServiceQuotaExceededException (HTTP 402 here)."""
    return AwsError("ServiceQuotaExceededException", f"The number of {noun} exceeds the quota of {most}")


def find(call: Call, kind: str, id: str) -> Doc:
    """An application by its id."""
    doc = call.row(kind, id)
    if doc is None:
        raise not_there(NOUNS[kind], id)
    return doc


def inside(call: Call, kind: str, id: str, application: str | None = None) -> Doc:
    """An environment or a profile by its id, in the request's application."""
    of = call.params["ApplicationId"] if application is None else application
    find(call, APPLICATION, of)
    doc = call.row(kind, id)
    if doc is None or doc["ApplicationId"] != of:
        raise not_there(NOUNS[kind], id)
    return doc


def under(call: Call, kind: str, member: str, id: str) -> list[Doc]:
    """All of a kind that belong to something."""
    return [doc for doc in call.rows(kind).values() if doc[member] == id]


def shown(doc: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """The named members, as far as they are there."""
    return {name: doc[name] for name in names if doc.get(name) is not None}


def items(call: Call, rows: list[tuple[Key, Any]], *question: object) -> dict[str, Any]:
    """A page of a list; 50 at most, and unless asked."""
    size, token = call.params.get("MaxResults", _MOST), call.params.get("NextToken")
    bad = bad_request("The provided NextToken is invalid")
    found, more = page(call, rows, size=size, token=token, question=question, bad_token=bad)
    return {"Items": found, "NextToken": more}


def arn(call: Call, resource: str) -> str:
    """The ARN of something in AppConfig."""
    return call.arn("appconfig", resource)


def path_of(kind: str, doc: Mapping[str, Any]) -> str:
    """The resource part of an ARN."""
    match kind:
        case "appconfig-environment":
            return f"application/{doc['ApplicationId']}/environment/{doc['Id']}"
        case "appconfig-profile":
            return f"application/{doc['ApplicationId']}/configurationprofile/{doc['Id']}"
        case "appconfig-strategy":
            return f"deploymentstrategy/{doc['Id']}"
        case "appconfig-deployment":
            within = f"application/{doc['ApplicationId']}/environment/{doc['EnvironmentId']}"
            return f"{within}/deployment/{doc['DeploymentNumber']}"
        case _:
            return f"application/{doc['Id']}"


def key_arn(call: Call, identifier: str | None) -> str | None:
    """The ARN of a KMS key by id, ARN or alias; keys need not exist."""
    if not identifier:
        return None
    if identifier.startswith("arn:"):
        return identifier
    return call.arn("kms", identifier if identifier.startswith("alias/") else f"key/{identifier}")


def tag(call: Call, kind: str, doc: Doc) -> None:
    """Tags what a request creates."""
    found = arn(call, path_of(kind, doc))
    as_bad_request(lambda: tags.attach(call, found, call.params.get("Tags", {})))


def check_name(call: Call, others: list[Doc]) -> None:
    """Refuses a name that is taken, if names are unique here."""
    taken = any(other["Name"] == call.params["Name"] for other in others)
    if taken and call.settings.switch("appConfigNamesUnique"):
        raise bad_request(f"The name {call.params['Name']} is already in use")


def settings(call: Call) -> dict[str, Any]:
    """What is kept for the account."""
    kept = call.row(SETTINGS, "settings")
    protection = {"Enabled": False, "ProtectionPeriodInMinutes": 60}
    return dict(kept) if kept else {"DeletionProtection": protection, "VendedMetrics": {"Enabled": False}}


def protected(call: Call, doc: Doc) -> None:
    """Refuses to delete what AppConfigData was asked for lately, when that is protected."""
    wanted = call.params.get("DeletionProtectionCheck", "ACCOUNT_DEFAULT")
    protection = settings(call)["DeletionProtection"]
    if wanted == "BYPASS" or (wanted == "ACCOUNT_DEFAULT" and not protection["Enabled"]):
        return
    now = call.clock.now()
    if wanted == "ACCOUNT_DEFAULT" and now - doc["createdAt"] < 3600:
        return
    if now - doc.get("readAt", 0.0) < protection["ProtectionPeriodInMinutes"] * 60:
        text = f"{doc['Id']} was used within {protection['ProtectionPeriodInMinutes']} minutes and cannot be deleted"
        raise bad_request(text)


def as_bad_request(act: Callable[[], None]) -> None:
    """What another part of the sandbox refuses, in AppConfig's words."""
    try:
        act()
    except AwsError as error:
        raise bad_request(error.message) from error
