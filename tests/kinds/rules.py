"""What AWS asks of a body beyond its service model, so that a synthesised body is one that AWS takes.

A kind without an entry here has no such rule.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

KNOWN = {
    "GuardrailCrossRegionGuardrailProfileIdentifier": "eu.guardrail.v1:0",
    "KmsKeyId": "arn:aws:kms:eu-central-1:111111111111:key/12345678-1234-1234-1234-123456789012",
    "InferenceProfileModelSourceArn": "arn:aws:bedrock:eu-central-1::foundation-model/amazon.nova-lite-v1:0",
}
"""Shape -> a text that exists where the body is sent."""

Body = dict[str, Any]


def acceptable(kind: str, body: Body) -> Body:
    """The body, mended in place where it breaks a rule that the model does not tell."""
    _MENDERS.get(kind, lambda _: None)(body)
    return body


def _guardrail(body: Body) -> None:
    for item in body.get("contentPolicyConfig", {}).get("filtersConfig", ()):
        if item["type"] == "PROMPT_ATTACK":
            item["outputStrength"] = "NONE"
    for item in body.get("sensitiveInformationPolicyConfig", {}).get("regexesConfig", ()):
        item["pattern"] = re.escape(item["pattern"])[:500].rstrip("\\") or "x"
    for item in body.get("contextualGroundingPolicyConfig", {}).get("filtersConfig", ()):
        item["threshold"] = min(item["threshold"], 0.99)
    policies = {k for k in body if k.endswith("PolicyConfig")}
    if not policies:
        body["contextualGroundingPolicyConfig"] = {"filtersConfig": [{"type": "GROUNDING", "threshold": 0.5}]}
    standard = any(body[p].get("tierConfig", {}).get("tierName") == "STANDARD" for p in policies)
    if standard or "automatedReasoningPolicyConfig" in body:
        body["crossRegionConfig"] = {
            "guardrailProfileIdentifier": KNOWN["GuardrailCrossRegionGuardrailProfileIdentifier"]
        }


def _prompt(body: Body) -> None:
    for variant in body.get("variants", ()):
        variant["templateType"] = "CHAT" if "chat" in variant["templateConfiguration"] else "TEXT"
    if "defaultVariant" in body and body.get("variants"):
        body["defaultVariant"] = body["variants"][0]["name"]
    elif "defaultVariant" in body:
        del body["defaultVariant"]


def _prompt_router(body: Body) -> None:
    lite, pro = (f"arn:aws:bedrock:eu-central-1::foundation-model/amazon.nova-{m}-v1:0" for m in ("lite", "pro"))
    body["models"] = [{"modelArn": pro}, {"modelArn": lite}]
    body["fallbackModel"] = {"modelArn": lite}
    difference = body["routingCriteria"]["responseQualityDifference"]
    body["routingCriteria"] = {"responseQualityDifference": 5 * round(difference / 5)}


_MENDERS: Mapping[str, Callable[[Body], None]] = {
    "guardrail": _guardrail,
    "prompt": _prompt,
    "prompt-router": _prompt_router,
}
