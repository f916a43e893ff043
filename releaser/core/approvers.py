"""``environments/<environment>/approvers.yaml``: who may agree by a signature, where GitLab has no rules. Pure."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from releaser.core.manifest import Part

_KEY = r"^(sk-)?(ssh|ecdsa)-[A-Za-z0-9@.-]+ [A-Za-z0-9+/]+=*$"


class Approver(Part):
    """Somebody with a key."""

    user: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}$")] = Field(
        description="The name in GitLab."
    )
    key: Annotated[str, StringConstraints(pattern=_KEY)] = Field(
        description="An SSH public key, `ssh-ed25519 AAAA...`, without a comment."
    )


class Approvers(Part):
    """The file: who may agree, by SSH keys."""

    approvers: tuple[Approver, ...] = Field(max_length=200)

    @property
    def signers(self) -> bytes:
        """As OpenSSH writes a list of signers."""
        return "".join(f'{one.user} namespaces="git" {one.key}\n' for one in self.approvers).encode()
