"""Foundation models: the catalogue with lifecycle dates. ListFoundationModels has no paging."""

from __future__ import annotations

from typing import Any

from releaser.sandbox import models
from releaser.sandbox.call import Call
from releaser.sandbox.errors import not_found
from releaser.sandbox.kind import Kind

KIND = Kind("foundation-model")


@KIND.operation("bedrock", "ListFoundationModels")
def list_foundation_models(call: Call) -> dict[str, Any]:
    """All models of the region, filtered."""
    shown = [models.describe(call, model) for model in models.available(call)]
    wanted = call.params
    if "byProvider" in wanted:
        shown = [one for one in shown if one["providerName"].lower() == wanted["byProvider"].lower()]
    for parameter, member in (
        ("byCustomizationType", "customizationsSupported"),
        ("byOutputModality", "outputModalities"),
        ("byInferenceType", "inferenceTypesSupported"),
    ):
        if parameter in wanted:
            shown = [one for one in shown if wanted[parameter] in one[member]]
    return {"modelSummaries": shown}


@KIND.operation("bedrock", "GetFoundationModel")
def get_foundation_model(call: Call) -> dict[str, Any]:
    """One model by id or ARN."""
    asked = call.params["modelIdentifier"]
    for model in models.available(call):
        if asked in (model.id, models.model_arn(call.region, model.id)):
            return {"modelDetails": models.describe(call, model)}
    raise not_found(f"The foundation model {asked} was not found.")
