"""Roles as they are kept: by account and name, in no region."""

from __future__ import annotations

import hashlib
import re
import string
from collections.abc import Mapping

from releaser.sandbox.call import Call
from releaser.sandbox.errors import AwsError
from releaser.sandbox.iam.policy import Policy, Use, read
from releaser.sandbox.store import GLOBAL, Doc, Store

ROLE = "iam-role"
_ARN = re.compile(r"arn:aws(?:-[a-z-]+)?:iam::(\d{12}):role/(?:[\w+=,.@/-]*/)?([\w+=,.@-]{1,64})", re.ASCII)
_LETTERS = string.ascii_uppercase + "234567"


def find(store: Store, account: str, name: str) -> Doc | None:
    """A role by name."""
    return store.get(account, GLOBAL, ROLE, name)


def require(call: Call) -> Doc:
    """The role that a request names, or NoSuchEntity."""
    name = call.params["RoleName"]
    found = find(call.store, call.account, name)
    if found is None:
        raise AwsError("NoSuchEntityException", f"The role with name {name} cannot be found.")
    return found


def everyone(store: Store, account: str) -> Mapping[str, Doc]:
    """All roles of an account; an account that has none is without IAM."""
    return store.rows(account, GLOBAL, ROLE)


def put(store: Store, account: str, doc: Doc) -> None:
    """Adds or replaces a role."""
    store.put(account, GLOBAL, ROLE, doc["RoleName"], doc)


def delete(store: Store, account: str, name: str) -> None:
    """Removes a role; what its sessions ask is refused from then on."""
    store.delete(account, GLOBAL, ROLE, name)


def split(arn: str) -> tuple[str, str] | None:
    """Account and name in a role's ARN."""
    found = _ARN.fullmatch(arn)
    return (found[1], found[2]) if found else None


def trust(role: Doc) -> Policy:
    """Who may assume the role."""
    return read(role["AssumeRolePolicyDocument"], Use.trust)


def unique_id(text: str) -> str:
    """A role's id in AWS's form, always the same of the same text."""
    digest = hashlib.sha256(text.encode()).digest()
    return "AROA" + "".join(_LETTERS[byte % len(_LETTERS)] for byte in digest[:17])
