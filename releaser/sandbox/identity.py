"""Who calls: the account behind an access key. Signatures are not checked, the credential scope is read.

A 12-digit access key is that account's root; ``ASIA...`` keys come from AssumeRole and land in the role's
account.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from releaser.sandbox.call import Caller
from releaser.sandbox.clock import Clock
from releaser.sandbox.errors import AwsError
from releaser.sandbox.store import GLOBAL, Store

_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request")
_UNKNOWN_KEY = {"sts": "InvalidClientTokenId", "s3": "InvalidAccessKeyId"}
_INVALID = "The security token included in the request is invalid."


@dataclass(frozen=True, slots=True)
class Scope:
    """The credential scope of a signature: access key, region, signing name."""

    access_key: str
    region: str
    signing_name: str


def read_scope(headers: Mapping[str, str]) -> Scope:
    """The SigV4 (or SigV4a) credential scope."""
    found = _CREDENTIAL.search(headers.get("authorization", ""))
    if found is None:
        raise AwsError("MissingAuthenticationTokenException", "Missing Authentication Token", 403)
    return Scope(found[1], found[3], found[4])


def identify(scope: Scope, headers: Mapping[str, str], store: Store, clock: Clock) -> Caller:
    """The caller, or the error AWS gives to an unknown or expired key."""
    key = scope.access_key
    if len(key) == 12 and key.isdigit():
        return Caller(key, f"arn:aws:iam::{key}:root", key)
    session = store.get(GLOBAL, GLOBAL, "session", key) if key.startswith("ASIA") else None
    if session is None or headers.get("x-amz-security-token") != session["token"]:
        raise AwsError(_UNKNOWN_KEY.get(scope.signing_name, "UnrecognizedClientException"), _INVALID, 403)
    if clock.now() >= session["expires"]:
        raise AwsError("ExpiredTokenException", "The security token included in the request is expired", 403)
    return Caller(session["account"], session["arn"], session["userId"])
