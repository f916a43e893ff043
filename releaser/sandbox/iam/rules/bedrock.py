"""Bedrock's control plane: guardrails, inference profiles, prompt routers, models.

Source: Service Authorization Reference, Amazon Bedrock; user guide, "Permissions for using cross-Region inference with
Amazon Bedrock Guardrails" (the guardrail profile is one more resource).
"""

from __future__ import annotations

from releaser.sandbox.call import Call
from releaser.sandbox.iam.demands import Rule, also, arn, named, needs, tags_on
from releaser.sandbox.iam.evaluation import Demand
from releaser.sandbox.models import model_arn


def tagging(resource: str) -> Rule:
    """Tags given at creation take bedrock:TagResource on what will be created."""
    return tags_on("bedrock:TagResource", "bedrock", resource)


def _guardrail(call: Call) -> list[Demand]:
    """A create or update, with the guardrail profile that it names."""
    action, params = f"bedrock:{call.operation.name}", call.params
    own = arn(call, "bedrock", "guardrail/{guardrailIdentifier}") if "guardrailIdentifier" in params else "*"
    across = params.get("crossRegionConfig")
    more = [arn(call, "bedrock", "guardrail-profile/{guardrailProfileIdentifier}", across)] if across else []
    return [Demand(action, resource) for resource in (own, *more)]


def one_or_all(template: str, member: str) -> Rule:
    """A list that may be of one resource only."""

    def rule(call: Call) -> list[Demand]:
        resource = arn(call, "bedrock", template) if member in call.params else "*"
        return [Demand(f"bedrock:{call.operation.name}", resource)]

    return rule


def _new_profile(call: Call) -> list[Demand]:
    """The profile that will be, and what it copies."""
    new, source = call.arn("bedrock", "application-inference-profile/*"), call.params["modelSource"]["copyFrom"]
    return [Demand("bedrock:CreateInferenceProfile", resource) for resource in (new, source)]


def _profile(call: Call) -> list[Demand]:
    """Ids of system-defined profiles have dots in them, those of application profiles have none."""
    kind = "inference-profile" if "." in call.params["inferenceProfileIdentifier"] else "application-inference-profile"
    resource = arn(call, "bedrock", f"{kind}/{{inferenceProfileIdentifier}}")
    return [Demand(f"bedrock:{call.operation.name}", resource)]


def _new_router(call: Call) -> list[Demand]:
    """Every model that it may lead to."""
    targets = [one["modelArn"] for one in (*call.params["models"], call.params["fallbackModel"])]
    return [Demand("bedrock:CreatePromptRouter", target) for target in dict.fromkeys(targets)]


def _model(call: Call) -> list[Demand]:
    wanted = call.params["modelIdentifier"]
    return [Demand("bedrock:GetFoundationModel", wanted if wanted[:4] == "arn:" else model_arn(call.region, wanted))]


RULES: dict[str, dict[str, Rule]] = {
    "bedrock": {
        **named(
            needs("bedrock", "guardrail/{guardrailIdentifier}"), "CreateGuardrailVersion DeleteGuardrail GetGuardrail"
        ),
        **named(needs("bedrock", "{promptRouterArn}"), "DeletePromptRouter GetPromptRouter"),
        **named(needs("bedrock", "{resourceARN}"), "ListTagsForResource TagResource UntagResource"),
        **named(
            needs("bedrock"),
            "DeleteEnforcedGuardrailConfiguration GetFoundationModelAvailability ListEnforcedGuardrailsConfiguration "
            "ListFoundationModels ListInferenceProfiles ListPromptRouters PutEnforcedGuardrailConfiguration",
        ),
        **named(_profile, "DeleteInferenceProfile GetInferenceProfile"),
        "CreateGuardrail": also(_guardrail, tagging("guardrail/*")),
        "UpdateGuardrail": _guardrail,
        "ListGuardrails": one_or_all("guardrail/{guardrailIdentifier}", "guardrailIdentifier"),
        "CreateInferenceProfile": also(_new_profile, tagging("application-inference-profile/*")),
        "CreatePromptRouter": also(_new_router, tagging("prompt-router/*")),
        "GetFoundationModel": _model,
    }
}
