"""The anchor: the head of the records as it was at a moment, kept where who may rewrite the branch may not write. Pure.

An anchor says which commit was the newest, and the digest of the newest entry of every sequence of an environment.
Whatever is cut off or rewritten of what stood before it no longer agrees with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from releaser.core.proof.anchors import ANCHOR
from releaser.core.proof.files import parsed, pretty
from releaser.core.shape import moment


def anchor_of(environment: str, commit: str, heads: Mapping[str, str], at: datetime) -> bytes:
    """The bytes to keep. ``heads``: sequence -> sha256 of its newest entry."""
    said = {"environment": environment, "commit": commit, "heads": dict(heads), "at": moment(at)}
    return pretty({"format": ANCHOR, **said})


def anchor_name(raw: bytes) -> str:
    """What the file of an anchor is called: names sort by time."""
    data = parsed(raw, ANCHOR)
    return f"{str(data['at']).replace(':', '').replace('-', '')}-{str(data['commit'])[:12]}.json"
