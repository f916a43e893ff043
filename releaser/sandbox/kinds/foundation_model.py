"""Foundation models: the catalogue with lifecycle dates. ListFoundationModels has no paging."""

from __future__ import annotations

from typing import Any

from releaser.sandbox import models
from releaser.sandbox.call import Call
from releaser.sandbox.errors import not_found
from releaser.sandbox.kind import Kind

KIND = Kind(
    "foundation-model",
    # Model ids, parted by commas: those without an agreement, entitlement or authorization, or not in the region.
    switches={
        "modelsWithoutAgreement": ("",),
        "modelsWithoutEntitlement": ("",),
        "modelsNotAuthorized": ("",),
        "modelsNotInRegion": ("",),
    },
)


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


@KIND.operation("bedrock", "GetFoundationModelAvailability")
def get_foundation_model_availability(call: Call) -> dict[str, Any]:
    """Whether the account may call a model: agreement, authorization, entitlement, region. All granted, unless a switch
    says otherwise: agreements are accepted by people, so nothing here grants one."""
    asked = call.params["modelId"]
    if asked not in {model.id for model in models.available(call)}:
        raise not_found(f"The foundation model {asked} was not found.")

    def lacks(switch: str) -> bool:
        return asked in str(call.settings.switch(switch)).split(",")

    return {
        "modelId": asked,
        "agreementAvailability": {"status": "NOT_AVAILABLE" if lacks("modelsWithoutAgreement") else "AVAILABLE"},
        "authorizationStatus": "NOT_AUTHORIZED" if lacks("modelsNotAuthorized") else "AUTHORIZED",
        "entitlementAvailability": "NOT_AVAILABLE" if lacks("modelsWithoutEntitlement") else "AVAILABLE",
        "regionAvailability": "NOT_AVAILABLE" if lacks("modelsNotInRegion") else "AVAILABLE",
    }
