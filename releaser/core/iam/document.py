"""IAM policies as data: statements, their JSON, and documents within IAM's limits. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

LIMIT = 6144
"""Characters of a managed policy, white space apart (IAM user guide, "IAM and AWS STS quotas")."""
VERSION = "2012-10-17"
Conditions = Mapping[str, Mapping[str, tuple[str, ...]]]
"""Operator -> context key -> values."""


@dataclass(frozen=True, slots=True)
class Statement:
    """Allows some actions on some resources. ``sid`` says why, in IAM's letters and digits."""

    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: Conditions = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """As it stands in a policy."""
        said: dict[str, Any] = {
            "Sid": self.sid,
            "Effect": "Allow",
            "Action": sorted(self.actions),
            "Resource": _one_or_all(sorted(self.resources)),
        }
        if self.conditions:
            said["Condition"] = {
                operator: {key: _one_or_all(values) for key, values in sorted(keys.items())}
                for operator, keys in sorted(self.conditions.items())
            }
        return said


def _one_or_all(values: Sequence[str]) -> Any:
    return values[0] if len(values) == 1 else list(values)


def policy(statements: Iterable[Statement]) -> dict[str, Any]:
    """The document."""
    return {"Version": VERSION, "Statement": [s.as_json() for s in statements]}


def size(statements: Iterable[Statement]) -> int:
    """Characters of the document, as IAM counts them."""
    return len("".join(json.dumps(policy(statements), separators=(",", ":")).split()))


def within_limit(statements: Sequence[Statement], limit: int = LIMIT) -> tuple[tuple[Statement, ...], ...]:
    """The same permissions in as few documents as fit, in their order; what is too long alone is parted."""
    documents: list[tuple[Statement, ...]] = []
    for statement in (part for s in statements for part in _parted(s, limit)):
        if documents and size((*documents[-1], statement)) <= limit:
            documents[-1] = (*documents[-1], statement)
        else:
            documents.append((statement,))
    return tuple(documents)


def _parted(statement: Statement, limit: int) -> Iterator[Statement]:
    """By resources, then by actions. A part that cannot be made smaller is left as it is."""
    pending, made = [statement], []
    while pending:
        one = pending.pop()
        member = "resources" if len(one.resources) > 1 else "actions"
        values = getattr(one, member)
        # The number that is put behind the Sid takes at most three characters.
        if size((one,)) <= limit - 3 or len(values) == 1:
            made.append(one)
            continue
        half = len(values) // 2
        pending += [replace(one, **{member: values[half:]}), replace(one, **{member: values[:half]})]
    if len(made) == 1:
        return iter(made)
    return (replace(one, sid=f"{one.sid}{number}") for number, one in enumerate(made, 1))
