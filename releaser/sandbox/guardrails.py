"""A guardrail as inference finds it: by id or ARN and version, as it was settled last."""

from __future__ import annotations

from collections.abc import Mapping

from releaser.sandbox.call import Call
from releaser.sandbox.errors import AwsError, not_found, validation
from releaser.sandbox.store import Doc


def find(call: Call, identifier: str, version: str) -> Doc:
    """``id``, ``arn``, ``version`` and ``body`` of a guardrail's DRAFT or version; ResourceNotFoundException."""
    id = identifier.removeprefix(call.arn("bedrock", "guardrail/"))
    parent = call.row("guardrail", id)
    found = parent if version == "DRAFT" else call.row(f"guardrail-version/{id}", version)
    if parent is None or found is None or _gone(call, parent) or _gone(call, found):
        raise _unknown()
    busy = found["busy"] if call.clock.now() < found.get("busyUntil", 0) else ""
    body = found["settled"] if busy == "UPDATING" else found["body"]
    if busy == "CREATING" or body is None:
        raise validation(f"The guardrail {id} is {busy or 'not ready'}; it can be used when it is READY.")
    return {"id": id, "arn": parent["arn"], "version": version, "body": body}


def configured(call: Call, given: Mapping[str, str]) -> Doc:
    """The guardrail of a request's configuration: what is wrong with it is a ValidationException."""
    if "guardrailIdentifier" not in given or "guardrailVersion" not in given:
        raise validation("guardrailIdentifier and guardrailVersion must be given together.")
    try:
        return find(call, given["guardrailIdentifier"], given["guardrailVersion"])
    except AwsError as error:
        raise validation(error.message) from error


def _unknown() -> AwsError:
    return not_found("The guardrail identifier or version provided in the request does not exist.")


def _gone(call: Call, doc: Doc) -> bool:
    return bool(doc["busy"] == "DELETING") and call.clock.now() >= doc["busyUntil"]
