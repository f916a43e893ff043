"""The hold as a mark on the account: for the time in which git cannot be told. Pure.

While the git server is away, an emergency rollback is recorded on one machine alone, and no pipeline knows of it. So
the pointer that callers follow carries a tag that names what was taken back, and when. It counts until git knows of a
release that ended later: from then on the records say what is held.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from releaser.core.record import Witness
from releaser.core.shape import moment

HELD_TAG = "releaser:held"
_MARK = re.compile(r"([0-9a-f]{16})@([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)")


def mark(release_digest: str, at: datetime) -> str:
    """The tag's value: the first 16 digits of what is held, and since when. Of characters that every service takes."""
    return f"{release_digest[:16]}@{moment(at.replace(microsecond=0))}"


def is_marked(tags: Mapping[str, str], release_digest: str, witness: Witness | None) -> bool:
    """Whether the account says that this content was taken back, and git does not know better."""
    found = _MARK.fullmatch(tags.get(HELD_TAG, ""))
    if found is None or not release_digest.startswith(found[1]):
        return False
    try:
        since = datetime.fromisoformat(found[2])
    except ValueError:
        return False
    released = witness.released if witness else None
    if released is None or released.closed_at != since:
        return released is None or released.closed_at < since
    return released.record.release_digest == release_digest  # in the same second: what is held came first
