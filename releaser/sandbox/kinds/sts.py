"""STS: who am I, and sessions of roles, by a caller's keys or by a token of an OIDC provider.

An account without a role in IAM is without IAM: any role of it can be assumed, and its sessions may do everything.
With its first role the account's roles are the only ones, and bound by their policies.
"""

from __future__ import annotations

import secrets
import string
from typing import Any

from releaser.sandbox.buckets import Rate
from releaser.sandbox.call import Call
from releaser.sandbox.errors import AwsError, not_in_the_sandbox
from releaser.sandbox.iam import providers, roles, trust, web_identity
from releaser.sandbox.iam.policy import read
from releaser.sandbox.kind import Kind
from releaser.sandbox.store import Doc

_UPPER = string.ascii_uppercase + "234567"
_DEFAULT_SECONDS = 3600
_CHAINED_SECONDS = 3600
_UNPLAYED = ("PolicyArns", "Tags", "TransitiveTagKeys", "SerialNumber", "TokenCode", "ProvidedContexts")

KIND = Kind(
    "sts",
    rates={
        f"sts.{name}": Rate(100, "sts") for name in ("GetCallerIdentity", "AssumeRole", "AssumeRoleWithWebIdentity")
    },
)


@KIND.operation("sts", "GetCallerIdentity")
def get_caller_identity(call: Call) -> dict[str, Any]:
    """The account and ARN behind the access key."""
    return {"UserId": call.caller.user_id, "Account": call.account, "Arn": call.caller.arn}


@KIND.operation("sts", "AssumeRole")
def assume_role(call: Call) -> dict[str, Any]:
    """Keys whose calls land in the role's account until they expire; the session survives a restart."""
    account, name = _role_name(call)
    role = roles.find(call.store, account, name)
    if role is not None or roles.everyone(call.store, account):
        role = role if role is not None and role["Arn"] == call.params["RoleArn"] else None
        trust.require_caller(call, role)
        _require_played(call)
    chained = call.caller.arn.startswith("arn:aws:sts:") and role is not None
    if chained and call.params.get("DurationSeconds", 0) > _CHAINED_SECONDS:
        text = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining"
        raise AwsError("ValidationError", text, 400)
    result = _session(call, account, name, role)
    if "SourceIdentity" in call.params:
        result["SourceIdentity"] = call.params["SourceIdentity"]
    return result


@KIND.operation("sts", "AssumeRoleWithWebIdentity")
def assume_role_with_web_identity(call: Call) -> dict[str, Any]:
    """The same for whoever has a token that the account's provider issued and the role trusts. It is not signed."""
    account, name = _role_name(call)
    identity = web_identity.verify(call.store, account, call.params["WebIdentityToken"], call.clock.now())
    role = roles.find(call.store, account, name)
    role = role if role is not None and role["Arn"] == call.params["RoleArn"] else None
    trust.require_web_identity(call, role, identity)
    _require_played(call)
    return {
        **_session(call, account, name, role),
        "SubjectFromWebIdentityToken": identity.subject,
        "Provider": providers.arn_of(account, identity.issuer),
        "Audience": identity.audiences[0],
    }


def _role_name(call: Call) -> tuple[str, str]:
    found = roles.split(call.params["RoleArn"])
    if found is None:
        raise AwsError("ValidationError", f"{call.params['RoleArn']} is invalid", 400)
    return found


def _require_played(call: Call) -> None:
    """Refuses loudly what a session of IAM would have to obey."""
    for name in _UNPLAYED:
        if call.params.get(name):
            raise not_in_the_sandbox(f"{call.operation.key} with {name}", "query")


def _session(call: Call, account: str, name: str, role: Doc | None) -> dict[str, Any]:
    seconds, session_name = call.params.get("DurationSeconds", _DEFAULT_SECONDS), call.params["RoleSessionName"]
    if role is not None and seconds > role["MaxSessionDuration"]:
        text = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        raise AwsError("ValidationError", text, 400)
    role_id = role["RoleId"] if role is not None else roles.unique_id(call.params["RoleArn"])
    arn = f"arn:aws:sts::{account}:assumed-role/{name}/{session_name}"
    key = "ASIA" + "".join(secrets.choice(_UPPER) for _ in range(16))
    token = secrets.token_urlsafe(96)
    expires = float(int(call.clock.now()) + seconds)
    session = {
        "account": account,
        "arn": arn,
        "userId": f"{role_id}:{session_name}",
        "token": token,
        "expires": expires,
    }
    if role is not None:
        session |= {"role": name, "roleId": role_id, "policy": _session_policy(call)}
    call.global_put("session", key, session)
    credentials = {"AccessKeyId": key, "SecretAccessKey": secrets.token_urlsafe(30), "SessionToken": token}
    return {
        "Credentials": {**credentials, "Expiration": expires},
        "AssumedRoleUser": {"AssumedRoleId": f"{role_id}:{session_name}", "Arn": arn},
    }


def _session_policy(call: Call) -> str:
    """The policy that narrows this session, read once to refuse what is malformed."""
    text: str = call.params.get("Policy", "")
    if text:
        read(text)
    return text
