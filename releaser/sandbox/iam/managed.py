"""Managed policies as they are kept: by account and ARN, with their versions. AWS's own are not here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from releaser.sandbox.errors import AwsError, not_in_the_sandbox
from releaser.sandbox.iam import roles
from releaser.sandbox.iam.policy import Policy, read
from releaser.sandbox.store import GLOBAL, Doc, Store

POLICY = "iam-policy"
_AWS_OWN = ":iam::aws:policy/"


def find(store: Store, account: str, arn: str) -> Doc:
    """The policy, or NoSuchEntity."""
    if _AWS_OWN in arn:
        raise not_in_the_sandbox(f"the policy {arn} of AWS", "query")
    found = store.get(account, GLOBAL, POLICY, arn)
    if found is None:
        raise AwsError("NoSuchEntityException", f"Policy {arn} does not exist or is not attachable.")
    return found


def everyone(store: Store, account: str) -> Mapping[str, Doc]:
    """All policies of an account by ARN."""
    return store.rows(account, GLOBAL, POLICY)


def put(store: Store, account: str, doc: Doc) -> None:
    """Adds or replaces a policy."""
    store.put(account, GLOBAL, POLICY, doc["Arn"], doc)


def delete(store: Store, account: str, arn: str) -> None:
    """Removes a policy."""
    store.delete(account, GLOBAL, POLICY, arn)


def attachments(store: Store, account: str, arn: str) -> int:
    """How many roles have it attached."""
    return sum(arn in role["attached"] for role in roles.everyone(store, account).values())


def boundaries(store: Store, account: str, arn: str) -> int:
    """How many roles have it as their boundary."""
    return sum(role["boundary"] == arn for role in roles.everyone(store, account).values())


def in_force(policy: Doc) -> Policy:
    """What the default version says."""
    version: Mapping[str, Any] = policy["versions"][policy["default"]]
    return read(version["document"])


def of_role(store: Store, account: str, role: Doc) -> list[Policy]:
    """All that says what a role may do: its inline policies and those attached."""
    attached = [in_force(find(store, account, arn)) for arn in role["attached"]]
    return [*(read(text) for text in role["policies"].values()), *attached]


def boundary_of(store: Store, account: str, role: Doc) -> Policy | None:
    """The most that a role may do."""
    return in_force(find(store, account, role["boundary"])) if role["boundary"] else None
