"""IAM documents on stdout: JSON that can be attached as it is; what belongs where is said on stderr."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from releaser.core.iam.document import LIMIT, policy, size, within_limit
from releaser.core.iam.role import Role
from releaser.core.iam.roles import Permissions
from releaser.render.data import to_json
from releaser.render.words import counted

FORMAT = "releaser.iam-policy/v1"


def policies_json(role: Role, environment: str, found: Iterable[Permissions]) -> str:
    """Every document with its account and role."""
    rows = [
        {"account": one.account, "role": one.role or None, "characters": size(part), "policy": policy(part)}
        for one in found
        for part in within_limit(one.statements)
    ]
    return to_json({"format": FORMAT, "environment": environment, "role": role.value, "policies": rows})


def policies_text(found: Iterable[Permissions]) -> str:
    """The documents one after the other, as IAM takes them."""
    documents = (policy(part) for one in found for part in within_limit(one.statements))
    return "".join(document_text(document) for document in documents)


def document_text(document: Mapping[str, Any]) -> str:
    """One document."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def where_they_belong(role: Role, environment: str, found: Sequence[Permissions]) -> Iterator[str]:
    """What to do with them, in lines."""
    for one in found:
        parts = within_limit(one.statements)
        whom = one.role or f"the role that {environment}'s {role.value} jobs assume"
        sizes = ", ".join(f"{size(part):,}" for part in parts)
        yield (
            f"account {one.account}: {counted(len(parts), 'policy document')} for {whom} "
            f"({sizes} of {LIMIT:,} characters)"
        )
