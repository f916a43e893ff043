"""OIDC providers of accounts, and the keys that issuers publish.

AWS reads an issuer's keys from its ``jwks_uri``. Nothing is fetched here: the admin API says what is published.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from releaser.sandbox.store import GLOBAL, Doc, Store

PROVIDER = "iam-oidc-provider"
_KEYS = "oidc-keys"


def name_of(url: str) -> str:
    """How a provider is called: its URL without the scheme."""
    return url.removeprefix("https://").rstrip("/")


def arn_of(account: str, name: str) -> str:
    """A provider's ARN."""
    return f"arn:aws:iam::{account}:oidc-provider/{name}"


def find(store: Store, account: str, name: str) -> Doc | None:
    """The provider of that name."""
    return store.get(account, GLOBAL, PROVIDER, name)


def everyone(store: Store, account: str) -> Mapping[str, Doc]:
    """All providers of an account, by name."""
    return store.rows(account, GLOBAL, PROVIDER)


def put(store: Store, account: str, name: str, doc: Doc) -> None:
    """Adds or replaces a provider."""
    store.put(account, GLOBAL, PROVIDER, name, doc)


def delete(store: Store, account: str, name: str) -> None:
    """Removes a provider."""
    store.delete(account, GLOBAL, PROVIDER, name)


def publish(store: Store, issuer: str, keys: list[dict[str, Any]]) -> None:
    """Replaces the keys (a JWKS's ``keys``) of an issuer."""
    store.put(GLOBAL, GLOBAL, _KEYS, name_of(issuer), {"keys": keys})


def published(store: Store, issuer: str) -> list[dict[str, Any]]:
    """The keys of an issuer, none when it published none."""
    doc = store.get(GLOBAL, GLOBAL, _KEYS, name_of(issuer))
    return list(doc["keys"]) if doc else []
