"""The catalogue of foundation models and of system-defined inference profiles.

``models.json`` holds real model ids with lifecycle dates as days from the day the sandbox began, so that
there is always a model in its Legacy period and one near its end, whenever the sandbox is used; advancing
the clock moves models on. A model past its end is gone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from releaser.sandbox.call import Call
from releaser.sandbox.regions import DESTINATIONS, geography
from releaser.sandbox.store import GLOBAL, Doc

_DAY = 86_400
_DATES = {"start": "startOfLifeTime", "legacy": "legacyTime", "extended": "publicExtendedAccessTime",
          "end": "endOfLifeTime"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Model:
    """One foundation model."""

    id: str
    name: str
    provider: str
    input: tuple[str, ...]
    output: tuple[str, ...]
    inference: tuple[str, ...]
    streaming: bool
    customizations: tuple[str, ...]
    days: Mapping[str, int]
    profiles: tuple[str, ...]


@cache
def catalogue() -> tuple[Model, ...]:
    """All models there are, in any region."""
    rows = json.loads((Path(__file__).parent / "models.json").read_text())["models"]
    return tuple(
        Model(
            row["id"], row["name"], row["provider"], tuple(row["input"]), tuple(row["output"]),
            tuple(row["inference"]), row.get("streaming", True), tuple(row.get("customizations", ())),
            row["days"], tuple(row.get("profiles", ())),
        )
        for row in rows
    )  # fmt: skip


def available(call: Call) -> list[Model]:
    """Models of the caller's region that are not past their end."""
    now = call.clock.now() - _epoch(call)
    return [m for m in catalogue() if "end" not in m.days or now < m.days["end"] * _DAY]


def model_arn(region: str, id: str) -> str:
    """A foundation model's ARN: no account."""
    return f"arn:aws:bedrock:{region}::foundation-model/{id}"


def describe(call: Call, model: Model) -> dict[str, Any]:
    """A model as the API shows it, its status by the clock."""
    epoch = _epoch(call)
    dates = {name: float(epoch + model.days[key] * _DAY) for key, name in _DATES.items() if key in model.days}
    legacy = "legacyTime" in dates and call.clock.now() >= dates["legacyTime"]
    return {
        "modelArn": model_arn(call.region, model.id),
        "modelId": model.id,
        "modelName": model.name,
        "providerName": model.provider,
        "inputModalities": list(model.input),
        "outputModalities": list(model.output),
        "responseStreamingSupported": model.streaming,
        "customizationsSupported": list(model.customizations),
        "inferenceTypesSupported": list(model.inference),
        "modelLifecycle": {"status": "LEGACY" if legacy else "ACTIVE", **dates},
    }


def system_profiles(call: Call) -> list[Doc]:
    """The system-defined profiles of the caller's region: its geography's and the global ones."""
    places = profile_places(call)
    return [
        _system_profile(call, model, prefix)
        for model in available(call)
        for prefix in model.profiles
        if prefix in places
    ]


def profile_places(call: Call) -> tuple[str, ...]:
    """The prefixes of the profiles that the caller's region has."""
    here = geography(call.region)
    return (here, "global") if here is not None and here in DESTINATIONS else ()


def _system_profile(call: Call, model: Model, prefix: str) -> Doc:
    id = f"{prefix}.{model.id}"
    # A global profile has two members: the model where it is called, and one whose ARN names no Region.
    regions = (call.region, "") if prefix == "global" else DESTINATIONS[prefix]
    where = "any commercial region" if prefix == "global" else ", ".join(regions)
    began = float(_epoch(call) + model.days["start"] * _DAY)
    return {
        "inferenceProfileId": id,
        "inferenceProfileName": " ".join(re.findall(r"\w+", f"{prefix.upper()} {model.provider} {model.name}")),
        "description": f"Routes requests to {model.provider} {model.name} in {where}.",
        "inferenceProfileArn": call.arn("bedrock", f"inference-profile/{id}"),
        "models": [{"modelArn": model_arn(region, model.id)} for region in regions],
        "status": "ACTIVE",
        "type": "SYSTEM_DEFINED",
        "createdAt": began,
        "updatedAt": began,
    }


def _epoch(call: Call) -> float:
    doc = call.store.get(GLOBAL, GLOBAL, "epoch", "epoch")
    assert doc is not None
    return float(doc["at"])
