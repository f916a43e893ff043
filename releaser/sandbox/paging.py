"""Pages of a list. Tokens are opaque, belong to one question, and do not depend on the page size."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from typing import Any

from releaser.sandbox.call import Call
from releaser.sandbox.errors import AwsError, validation

Key = tuple[Any, ...]


def page(
    call: Call,
    rows: Sequence[tuple[Key, Any]],
    *,
    size: int,
    token: str | None,
    question: Sequence[object] = (),
    bad_token: AwsError | None = None,
) -> tuple[list[Any], str | None]:
    """The rows after ``token`` in key order, at most ``size``, and the token of the next page.

    A token holds the last key given, not an offset: rows added or deleted between pages neither repeat
    nor hide others. ``question`` is what else must stay the same from page to page.
    """
    mark = hashlib.sha256(json.dumps([call.operation.key, call.account, call.region, *question]).encode())
    tag = mark.hexdigest()[:12]
    ordered = sorted(rows, key=lambda row: row[0])
    if token:
        after = _read(token, tag)
        if after is None:
            raise bad_token or validation("The provided nextToken is invalid.")
        ordered = [row for row in ordered if row[0] > after]
    chosen = ordered[:size]
    more = len(ordered) > size
    return [value for _, value in chosen], _write(chosen[-1][0], tag) if more else None


def _write(key: Key, tag: str) -> str:
    raw = json.dumps([tag, key], separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _read(token: str, tag: str) -> Key | None:
    try:
        raw = base64.urlsafe_b64decode(token.encode() + b"=" * (-len(token) % 4))
        found, key = json.loads(raw)
        return tuple(key) if found == tag and isinstance(key, list) else None
    except ValueError:
        return None
