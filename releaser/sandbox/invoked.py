"""What a ``modelId`` of an inference call leads to: a foundation model, through a profile or by itself.

Messages as AWS was seen to give them. Prompt routers, imported models and throughputs are not played.
"""

from __future__ import annotations

from releaser.sandbox import models
from releaser.sandbox.call import Call
from releaser.sandbox.errors import AwsError, not_found, not_in_the_sandbox, validation
from releaser.sandbox.models import Model
from releaser.sandbox.store import Doc

_NOT_PLAYED = ("prompt-router/", "provisioned-model/", "imported-model/", "custom-model", "endpoint/", "marketplace/")


def text_model(call: Call, identifier: str) -> Model:
    """The text model behind an id or ARN of a model or an inference profile; AWS's refusal when there is none."""
    if any(part in identifier for part in _NOT_PLAYED):
        raise not_in_the_sandbox(f"{call.operation.key} of {identifier}")
    profile = _profile(call, identifier)
    here = models.model_arn(call.region, "")
    if profile is None and identifier.startswith("arn:") and not identifier.startswith(here):
        raise _invalid()
    id = _model_id(identifier if profile is None else profile["models"][0]["modelArn"])
    model = next((one for one in models.catalogue() if one.id == id), None)
    if model is None:
        raise _invalid()
    if model not in models.available(call):
        raise not_found(
            "This model version has reached the end of its life. "
            "Please refer to the AWS documentation for more details."
        )
    if "TEXT" not in model.output:
        raise validation("This action doesn't support the model that you provided. Try again with a supported model.")
    if profile is None and "ON_DEMAND" not in model.inference:
        raise validation(
            f"Invocation of model ID {id} with on-demand throughput isn't supported. Retry your request with the ID or "
            "ARN of an inference profile that contains this model."
        )
    return model


def _model_id(identifier: str) -> str:
    """The id in a model's ARN."""
    return identifier.partition("::foundation-model/")[2] if identifier.startswith("arn:") else identifier


def _profile(call: Call, identifier: str) -> Doc | None:
    """An application profile by ARN, a system-defined one by id or ARN; one of an ended model too."""
    if identifier.startswith("arn:") and "inference-profile/" not in identifier:
        return None
    id = identifier.rpartition("/")[2]
    if "application-inference-profile/" in identifier:
        own = call.row("inference-profile", id)
        if own is None or own["inferenceProfileArn"] != identifier:
            raise _invalid()
        return own
    if identifier not in (id, call.arn("bedrock", f"inference-profile/{id}")):
        raise _invalid()
    place, _, model = id.partition(".")
    if place not in models.profile_places(call):
        return None
    known = any(one.id == model and place in one.profiles for one in models.catalogue())
    return {"models": [{"modelArn": models.model_arn(call.region, model)}]} if known else None


def _invalid() -> AwsError:
    return validation("The provided model identifier is invalid.")
