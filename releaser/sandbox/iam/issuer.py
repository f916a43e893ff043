"""An issuer of tokens for tests and demos, such as a GitLab: a key of its own, and tokens signed with it."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from releaser.sandbox import rsa


class Issuer:
    """An OIDC issuer. Its ``keys`` are what ``AdminClient.publish_keys`` takes."""

    def __init__(self, url: str, key_id: str = "one") -> None:
        self.url = url
        self.key_id = key_id
        self._key = rsa.new_key(2048)

    @property
    def keys(self) -> list[dict[str, str]]:
        """The public key as a JWKS lists it (RFC 7517)."""
        n, e = (_base64(number) for number in (int(self._key["n"], 16), rsa.EXPONENT))
        return [{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.key_id, "n": n, "e": e}]

    def token(self, **claims: Any) -> str:
        """A signed token of these claims; ``iss`` is the issuer unless given."""
        header = {"alg": "RS256", "typ": "JWT", "kid": self.key_id}
        signed = ".".join(_text(json.dumps(part).encode()) for part in (header, {"iss": self.url, **claims}))
        return f"{signed}.{_text(rsa.sign(self._key, 'sha256', hashlib.sha256(signed.encode()).digest()))}"


def _base64(number: int) -> str:
    return _text(number.to_bytes((number.bit_length() + 7) // 8, "big"))


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
