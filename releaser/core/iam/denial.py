"""What a denied call was denied for, in AWS's own words where it says so. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from releaser.core.iam.actions import ACTIONS, Access, actions_of
from releaser.core.iam.role import Role, role_of

# IAM user guide, "Troubleshoot access denied error messages".
_SAID = re.compile(r"is not authorized to perform: ([a-z0-9-]{1,40}:[A-Za-z0-9]{1,80})\b(.*)", re.DOTALL)
_BY = (
    "service control policy",
    "resource control policy",
    "permissions boundary",
    "session policy",
    "VPC endpoint policy",
    "resource-based policy",
)
"""What stands beside the policies of a role: none of those changes it."""
# STS says no more of a token that no statement of the role's trust policy takes.
_UNTRUSTED = re.compile(r"\bNot authorized to perform (sts:AssumeRoleWithWebIdentity)\b")
_TRUST = "trust policy"


@dataclass(frozen=True, slots=True)
class Denial:
    """The actions that were, or may have been, missing. ``by``: what denied them, when it is no policy of the role."""

    actions: tuple[str, ...]
    role: Role | None
    is_told: bool
    """AWS named the action; else it is that of the operation."""
    by: str = ""

    @property
    def hint(self) -> str:
        """What to do."""
        named = " or ".join(self.actions)
        if self.by == _TRUST:
            return (
                "the role does not trust this job: `releaser doctor -e ENV` shows the claim of its token that is "
                "refused, `releaser iam trust --role ROLE -e ENV` prints whom each role is to trust"
            )
        if self.by:
            return f"{named} is not allowed by a {self.by}: no policy of the role changes that, ask who keeps it"
        lacks = f"the role lacks the permission {named}" if self.is_told else f"the role may lack a permission: {named}"
        which = f"--role {self.role}" if self.role else "--role ROLE"
        return (
            f"{lacks}; `releaser iam policy {which} -e ENV` prints what it needs, `releaser doctor -e ENV` what it has"
        )


def denial(message: str, service: str, operation: str) -> Denial | None:
    """By AWS's message and the operation that was called; None where neither tells."""
    untrusted = _UNTRUSTED.search(message)
    if untrusted is not None:
        return Denial((untrusted[1],), None, is_told=True, by=_TRUST)
    found = _SAID.search(message)
    if found is not None:
        name = found[1]
        known = (ACTIONS[name],) if name in ACTIONS else ()
        by = next((b for b in _BY if b.lower() in found[2].lower()), "")
        return Denial((name,), role_of(known) if known else None, is_told=True, by=by)
    try:
        needed = actions_of(service, operation)
    except KeyError:
        return None
    if not needed:
        return None
    by_hand = any(a.access is Access.BY_HAND for a in needed)
    return Denial(tuple(a.name for a in needed), None if by_hand else role_of(needed), is_told=False)
