"""Web identity tokens (JWTs) verified as STS does: form, issuer, signature, times, audience.

Sources: STS API reference, AssumeRoleWithWebIdentity; IAM user guide, "Create an OpenID Connect identity provider"
(claims ``iss``, ``aud``, ``sub``, ``exp``, ``iat`` must be there). Messages as STS was seen to give them, where it was.
RS256, RS384 and RS512 are played; ES256 and its like are refused.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from releaser.sandbox import rsa
from releaser.sandbox.errors import AwsError
from releaser.sandbox.iam import providers
from releaser.sandbox.iam.matching import Context
from releaser.sandbox.store import Store

_HASHES = {"RS256": "sha256", "RS384": "sha384", "RS512": "sha512"}
_REQUIRED = ("iss", "aud", "sub", "exp", "iat")
_SMALLEST_KEY = 2048


@dataclass(frozen=True, slots=True)
class WebIdentity:
    """Whom a verified token speaks of. ``provider``: the ARN of the account's provider."""

    provider: str
    issuer: str
    subject: str
    audiences: tuple[str, ...]

    def context(self) -> Context:
        """The condition keys of a trust policy: of all claims only these exist on AWS for any issuer."""
        keys = {f"{self.issuer}:sub": (self.subject,), f"{self.issuer}:aud": self.audiences}
        return {key.lower(): value for key, value in keys.items()} | {"aws:federatedprovider": (self.provider,)}


def verify(store: Store, account: str, token: str, now: float) -> WebIdentity:
    """The identity, or InvalidIdentityToken or ExpiredTokenException."""
    header, claims, signed, signature = _read(token)
    missing = [name for name in _REQUIRED if name not in claims]
    if missing:
        raise _invalid(f"Missing a required claim: {missing[0]}")
    issuer, subject = claims["iss"], claims["sub"]
    if not isinstance(issuer, str) or not isinstance(subject, str):
        raise _not_a_token()
    name = providers.name_of(issuer)
    provider = providers.find(store, account, name) if issuer.startswith("https://") else None
    if provider is None:
        raise _invalid(f"No OpenIDConnect provider found in your account for {issuer}")
    keys = providers.published(store, issuer)
    if not keys:
        raise _invalid("Couldn't retrieve verification key from your identity provider")
    if not _is_signed(keys, header, signed, signature):
        raise _invalid("The web identity token that was passed could not be validated: its signature is not valid")
    _check_times(claims, now)
    audiences = _audiences(claims["aud"])
    if not set(audiences) & set(provider["ClientIDList"]):
        raise _invalid("Incorrect token audience")
    return WebIdentity(providers.arn_of(account, name), name, subject, audiences)


def check_key(key: Mapping[str, Any]) -> None:
    """Refuses what is no public RSA key of a JWKS (RFC 7517), with a ValueError."""
    if key.get("kty") != "RSA" or "d" in key:
        raise ValueError('a key is public and of the kind {"kty": "RSA", "kid": ..., "n": ..., "e": ...}')
    if _integer(key["n"]).bit_length() < _SMALLEST_KEY or _integer(key["e"]) < 3:
        raise ValueError(f"an RSA key has at least {_SMALLEST_KEY} bits and an exponent of at least 3")


def _check_times(claims: Mapping[str, Any], now: float) -> None:
    times = {name: claims[name] for name in ("exp", "iat", "nbf") if name in claims}
    if not all(isinstance(value, int | float) and not isinstance(value, bool) for value in times.values()):
        raise _not_a_token()
    if now >= times["exp"]:
        text = (
            f"Token expired: current date/time {int(now)} must be before the expiration date/time {int(times['exp'])}"
        )
        raise AwsError("ExpiredTokenException", text)
    if now < times.get("nbf", now):
        raise _invalid("The web identity token that was passed is not valid yet")


def _is_signed(keys: Sequence[Mapping[str, Any]], header: Mapping[str, Any], signed: bytes, signature: bytes) -> bool:
    """Whether a published key signed it: the one that the header names, or any when it names none."""
    hash_name = _HASHES.get(str(header.get("alg")))
    if hash_name is None:
        return False
    digest, wanted = hashlib.new(hash_name, signed).digest(), header.get("kid")
    fitting = [key for key in keys if wanted is None or key.get("kid") == wanted]
    return any(rsa.verify_public(_integer(k["n"]), _integer(k["e"]), hash_name, digest, signature) for k in fitting)


def _read(token: str) -> tuple[dict[str, Any], dict[str, Any], bytes, bytes]:
    """Header, claims, the bytes that are signed, and the signature."""
    parts = token.split(".")
    if len(parts) != 3:
        raise _not_a_token()
    try:
        header, claims = json.loads(_bytes(parts[0])), json.loads(_bytes(parts[1]))
        signature = _bytes(parts[2])
    except ValueError:
        raise _not_a_token() from None
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise _not_a_token()
    return header, claims, f"{parts[0]}.{parts[1]}".encode(), signature


def _audiences(given: object) -> tuple[str, ...]:
    listed = given if isinstance(given, list) else [given]
    return tuple(one for one in listed if isinstance(one, str))


def _integer(text: str) -> int:
    return int.from_bytes(_bytes(text), "big")


def _bytes(text: str) -> bytes:
    """base64url without padding, and nothing else."""
    if not text.isascii() or set(text) & set("+/="):
        raise ValueError("not base64url")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from error


def _not_a_token() -> AwsError:
    return _invalid("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidIdentityTokenException", message)
