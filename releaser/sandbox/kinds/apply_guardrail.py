"""ApplyGuardrail: a guardrail's verdict on texts, without a model.

Source: quota page: 25 requests a second in most regions.
"""

from __future__ import annotations

from typing import Any

from releaser.sandbox import guardrails
from releaser.sandbox.buckets import Rate
from releaser.sandbox.call import Call
from releaser.sandbox.errors import not_in_the_sandbox
from releaser.sandbox.guardrail_evaluation import Piece, judge
from releaser.sandbox.kind import Kind

KIND = Kind("apply-guardrail", rates={"bedrock-runtime.ApplyGuardrail": Rate(25)})


@KIND.operation("bedrock-runtime", "ApplyGuardrail")
def apply_guardrail(call: Call) -> dict[str, Any]:
    """What a guardrail finds in the content, and what it gives instead."""
    params = call.params
    guardrail = guardrails.find(call, params["guardrailIdentifier"], params["guardrailVersion"])
    found = judge(
        guardrail,
        params["source"],
        [_piece(block) for block in params["content"]],
        full=params.get("outputScope") == "FULL",
    )
    texts = [found.message] if found.blocked else found.texts if found.masked else []
    return {
        "usage": found.usage,
        "action": found.action,
        "actionReason": found.reason,
        "outputs": [{"text": text} for text in texts],
        "assessments": [found.assessment],
        "guardrailCoverage": found.coverage,
    }


def _piece(block: dict[str, Any]) -> Piece:
    if "text" not in block:
        raise not_in_the_sandbox("bedrock-runtime.ApplyGuardrail with images")
    return Piece(block["text"]["text"], tuple(block["text"].get("qualifiers", ())))
