"""Who calls: the account behind an access key. Signatures are not checked, the credential scope is read.

A 12-digit access key is that account's root; ``ASIA...`` keys come from AssumeRole and AssumeRoleWithWebIdentity and
land in the role's account. AssumeRoleWithWebIdentity itself is not signed: the token is all there is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from releaser.sandbox.call import Caller
from releaser.sandbox.clock import Clock
from releaser.sandbox.errors import AwsError
from releaser.sandbox.iam import roles
from releaser.sandbox.request import Request
from releaser.sandbox.store import GLOBAL, Doc, Store

_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request")
_QUERY = ("sts", "iam", "monitoring")
"""Signing names of services that have the codes of the query protocol."""
_UNKNOWN_KEY = {**dict.fromkeys(_QUERY, "InvalidClientTokenId"), "s3": "InvalidAccessKeyId"}
_UNSIGNED = re.compile(rb"(?:^|&)Action=AssumeRoleWithWebIdentity(?:&|$)")
_INVALID = "The security token included in the request is invalid."


@dataclass(frozen=True, slots=True)
class Scope:
    """The credential scope of a signature: access key (empty: not signed), region, signing name."""

    access_key: str
    region: str
    signing_name: str


def read_scope(request: Request) -> Scope:
    """The SigV4 (or SigV4a) credential scope."""
    found = _CREDENTIAL.search(request.headers.get("authorization", ""))
    if found is None and _UNSIGNED.search(request.body):
        return Scope("", "aws-global", "sts")
    if found is None:
        raise AwsError("MissingAuthenticationTokenException", "Missing Authentication Token", 403)
    return Scope(found[1], found[3], found[4])


def unsigned(role_arn: object) -> Caller:
    """Nobody yet, in the account of the role that they ask for."""
    found = roles.split(role_arn) if isinstance(role_arn, str) else None
    return Caller(found[0] if found else "", "", "")


def identify(scope: Scope, headers: Mapping[str, str], store: Store, clock: Clock) -> Caller:
    """The caller, or the error AWS gives to an unknown or expired key, or to one of a role that is gone."""
    key = scope.access_key
    if len(key) == 12 and key.isdigit():
        return Caller(key, f"arn:aws:iam::{key}:root", key)
    session = store.get(GLOBAL, GLOBAL, "session", key) if key.startswith("ASIA") else None
    known = session is not None and headers.get("x-amz-security-token") == session["token"]
    if session is None or not known or not _has_role(session, store):
        raise AwsError(_UNKNOWN_KEY.get(scope.signing_name, "UnrecognizedClientException"), _INVALID, 403)
    if clock.now() >= session["expires"]:
        raise _expired(scope.signing_name)
    bounds = session.get("role", ""), session.get("policy", "")
    return Caller(session["account"], session["arn"], session["userId"], *bounds)


def _expired(signing_name: str) -> AwsError:
    if signing_name == "s3":
        return AwsError("ExpiredToken", "The provided token has expired.", 400)
    code = "ExpiredToken" if signing_name in _QUERY else "ExpiredTokenException"
    return AwsError(code, "The security token included in the request is expired", 403)


def _has_role(session: Doc, store: Store) -> bool:
    """Whether the role of a session is still the one that was assumed: a new one of its name has another id."""
    if "role" not in session:
        return True
    role = roles.find(store, session["account"], session["role"])
    return role is not None and role["RoleId"] == session["roleId"]
