"""The account's enforced guardrail configuration: at most one an account and region.

Sources: the bedrock service model; user guide, "Enforce guardrails across an account": Put is an idempotent replace,
only numbered versions may be enforced.
"""

from __future__ import annotations

import secrets
import string
from typing import Any

from releaser.sandbox.call import Call
from releaser.sandbox.errors import conflict, not_found
from releaser.sandbox.kind import Kind
from releaser.sandbox.paging import page

_ALPHABET = string.ascii_lowercase + string.digits
_KEPT = ("selectiveContentGuarding", "modelEnforcement", "guardrailVersion")

KIND = Kind("enforced-guardrail")


@KIND.operation("bedrock", "PutEnforcedGuardrailConfiguration")
def put(call: Call) -> dict[str, Any]:
    """Makes the configuration, or replaces it."""
    wanted = call.params["guardrailInferenceConfig"]
    id = wanted["guardrailIdentifier"].rsplit("/", 1)[-1]
    if call.row(f"guardrail-version/{id}", wanted["guardrailVersion"]) is None:
        raise not_found(f"Version {wanted['guardrailVersion']} of guardrail {id} was not found.")
    present = dict(call.rows("enforced-guardrail"))
    config_id = call.params.get("configId")
    if config_id is not None and config_id not in present:
        raise not_found(f"The configuration {config_id} was not found.")
    if config_id is None and present:
        raise conflict("This account already has an enforced guardrail configuration. Update it instead.")
    config_id = config_id or "".join(secrets.choice(_ALPHABET) for _ in range(12))
    now = call.clock.stamp()
    old = present.get(config_id)
    call.put(
        "enforced-guardrail",
        config_id,
        {
            **{name: wanted[name] for name in _KEPT if name in wanted},
            "configId": config_id,
            "guardrailId": id,
            "guardrailArn": call.arn("bedrock", f"guardrail/{id}"),
            "createdAt": old["createdAt"] if old else now,
            "createdBy": old["createdBy"] if old else call.caller.arn,
            "updatedAt": now,
            "updatedBy": call.caller.arn,
            "owner": "ACCOUNT",
        },
    )
    return {"configId": config_id, "updatedAt": now, "updatedBy": call.caller.arn}


@KIND.operation("bedrock", "ListEnforcedGuardrailsConfiguration")
def list_configurations(call: Call) -> dict[str, Any]:
    """The whole configuration of each."""
    rows = [((id,), dict(doc)) for id, doc in call.rows("enforced-guardrail").items()]
    found, more = page(call, rows, size=100, token=call.params.get("nextToken"), question=[])
    return {"guardrailsConfig": found, "nextToken": more} if more else {"guardrailsConfig": found}


@KIND.operation("bedrock", "DeleteEnforcedGuardrailConfiguration")
def delete(call: Call) -> dict[str, Any]:
    """Gone at once."""
    if call.row("enforced-guardrail", call.params["configId"]) is None:
        raise not_found(f"The configuration {call.params['configId']} was not found.")
    call.delete("enforced-guardrail", call.params["configId"])
    return {}
