"""STS: who am I, and roles. Any role can be assumed: trust policies are not in the sandbox."""

from __future__ import annotations

import hashlib
import re
import secrets
import string
from typing import Any

from releaser.sandbox.buckets import Rate
from releaser.sandbox.call import Call
from releaser.sandbox.errors import AwsError
from releaser.sandbox.kind import Kind

_ROLE_ARN = re.compile(r"arn:aws(?:-[a-z-]+)?:iam::(\d{12}):role/(?:[\w+=,.@/-]*/)?([\w+=,.@-]{1,64})")
_UPPER = string.ascii_uppercase + "234567"
_DEFAULT_SECONDS = 3600

KIND = Kind("sts", rates={"sts.GetCallerIdentity": Rate(100, "sts"), "sts.AssumeRole": Rate(100, "sts")})


@KIND.operation("sts", "GetCallerIdentity")
def get_caller_identity(call: Call) -> dict[str, Any]:
    """The account and ARN behind the access key."""
    return {"UserId": call.caller.user_id, "Account": call.account, "Arn": call.caller.arn}


@KIND.operation("sts", "AssumeRole")
def assume_role(call: Call) -> dict[str, Any]:
    """Keys whose calls land in the role's account until they expire; the session survives a restart."""
    found = _ROLE_ARN.fullmatch(call.params["RoleArn"])
    if found is None:
        raise AwsError("ValidationError", f"{call.params['RoleArn']} is invalid", 400)
    account, role, name = found[1], found[2], call.params["RoleSessionName"]
    role_id = "AROA" + _letters(call.params["RoleArn"])
    arn = f"arn:aws:sts::{account}:assumed-role/{role}/{name}"
    key = "ASIA" + "".join(secrets.choice(_UPPER) for _ in range(16))
    token = secrets.token_urlsafe(96)
    expires = float(int(call.clock.now()) + call.params.get("DurationSeconds", _DEFAULT_SECONDS))
    session = {
        "account": account,
        "arn": arn,
        "userId": f"{role_id}:{name}",
        "token": token,
        "expires": expires,
    }
    call.global_put("session", key, session)
    credentials = {"AccessKeyId": key, "SecretAccessKey": secrets.token_urlsafe(30), "SessionToken": token}
    result: dict[str, Any] = {
        "Credentials": {**credentials, "Expiration": expires},
        "AssumedRoleUser": {"AssumedRoleId": f"{role_id}:{name}", "Arn": arn},
    }
    if "SourceIdentity" in call.params:
        result["SourceIdentity"] = call.params["SourceIdentity"]
    return result


def _letters(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return "".join(_UPPER[byte % len(_UPPER)] for byte in digest[:17])
