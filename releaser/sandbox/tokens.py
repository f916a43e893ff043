"""Idempotency tokens.

AWS: "If this token matches a previous request, Amazon Bedrock ignores the request, but does not return an error", with
a link to EC2's "Ensuring idempotency", where the same token with other parameters is an error. Bedrock's operations
list no such error, so it is a ConflictException here. How long a token is remembered is not documented; a user saw
minutes, after which the retry met "name already exists". Both are switches.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from releaser.sandbox.call import Call
from releaser.sandbox.errors import conflict
from releaser.sandbox.settings import Value

SWITCHES: dict[str, tuple[Value, ...]] = {
    "tokenRetentionSeconds": (600,),
    "tokenMismatch": ("conflict", "ignore"),
}


def once(call: Call, create: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The reply to the first request with this token; ``create`` runs for a token not seen (or forgotten)."""
    member = call.operation.token_member
    token = call.params.get(member) if member else None
    if not token:
        return create()
    print_ = _fingerprint({k: v for k, v in call.params.items() if k != member})
    kept = call.row("token", f"{call.operation.key}:{token}")
    retention = float(call.settings.switch("tokenRetentionSeconds"))
    if kept is not None and call.clock.now() - kept["at"] < retention:
        if kept["fingerprint"] != print_ and call.settings.switch("tokenMismatch") == "conflict":
            raise conflict("The idempotency token was used before with different parameters.")
        return dict(kept["reply"])
    reply = create()
    doc = {"at": call.clock.now(), "fingerprint": print_, "reply": reply}
    call.put("token", f"{call.operation.key}:{token}", doc)
    return reply


def _fingerprint(params: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(params, sort_keys=True).encode()).hexdigest()
