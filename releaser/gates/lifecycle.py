"""Model lifecycle: a pinned model id is a timer. AWS never migrates anybody; calls fail after the end of life.

Source: ListFoundationModels, ``modelLifecycle`` (status, legacyTime, endOfLifeTime).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from releaser.core.errors import AwsError
from releaser.core.gate import Result, Verdict
from releaser.engine.ports import Aws

NOTICE = timedelta(days=30)
"""A model that ends sooner than this is refused: a rollback to it would soon be a rollback to nothing."""

_GEOGRAPHY = re.compile(r"^(us|us-gov|eu|apac|jp|au|ca|global)\.")


@dataclass(frozen=True, slots=True)
class Catalog:
    """The foundation models of a region with their lifecycle; ``failure`` when it could not be read."""

    models: Mapping[str, Mapping[str, Any]]
    failure: str = ""


def read_catalog(aws: Aws) -> Catalog:
    """One call: the operation has no paging."""
    try:
        found = aws.call("bedrock", "ListFoundationModels", {})["modelSummaries"]
    except AwsError as error:
        return Catalog({}, str(error))
    return Catalog({m["modelId"]: m for m in found})


def judge(use_case: str, models: Mapping[str, Any], catalog: Catalog, now: datetime) -> list[Verdict]:
    """One verdict for each model of a use case."""
    if catalog.failure:
        reason = f"the lifecycle of models could not be read: {catalog.failure}"
        hint = "allow bedrock:ListFoundationModels"
        return [Verdict("lifecycle", Result.ERROR, reason, hint, use_case, "P152")]
    return [
        _verdict(use_case, name, str(model.get("modelId", "")), catalog, now)
        for name, model in models.items()
        if isinstance(model, Mapping)
    ]


def _verdict(use_case: str, name: str, model_id: str, catalog: Catalog, now: datetime) -> Verdict:
    plain = _GEOGRAPHY.sub("", model_id.rsplit("/", 1)[-1])
    found = catalog.models.get(plain)
    if found is None:
        if model_id.startswith("arn:") and ":foundation-model/" not in model_id:
            return Verdict("lifecycle", Result.PASS, f"{name}: not a foundation model", use_case=use_case)
        reason = f"models.{name}: {model_id} is not offered in this region"
        hint = "look at the model ids of the region; a model past its end of life disappears from the list"
        return Verdict("lifecycle", Result.FAIL, reason, hint, use_case, "P153")
    cycle = found.get("modelLifecycle", {})
    end = cycle.get("endOfLifeTime")
    if isinstance(end, datetime) and end - now < NOTICE:
        gone = "reached its end of life on" if end <= now else "reaches its end of life on"
        reason = f"models.{name}: {model_id} {gone} {end:%Y-%m-%d}"
        return Verdict("lifecycle", Result.FAIL, reason, "choose a successor and evaluate it", use_case, "P154")
    if cycle.get("status") == "LEGACY":
        until = f", ends {end:%Y-%m-%d}" if isinstance(end, datetime) else ""
        return Verdict("lifecycle", Result.PASS, f"models.{name}: {model_id} is LEGACY{until}", use_case=use_case)
    return Verdict("lifecycle", Result.PASS, use_case=use_case)
