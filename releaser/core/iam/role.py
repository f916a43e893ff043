"""The roles of a pipeline. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from releaser.core.iam.actions import Access, Action


class Role(StrEnum):
    """Whom a job acts as."""

    PLAN = "plan"
    """Reads: any branch may have it."""
    EVALUATE = "evaluate"
    """Reads, and calls models: it costs money and changes nothing."""
    APPLY = "apply"
    """Writes: only the branch that is released from."""


def role_of(actions: Iterable[Action]) -> Role:
    """The least role that is allowed such actions."""
    access = {a.access for a in actions}
    if Access.WRITE in access:
        return Role.APPLY
    return Role.EVALUATE if Access.INVOKE in access else Role.PLAN
