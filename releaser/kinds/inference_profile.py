"""Application inference profile: a model under a name of its own, so that cost is told by use case.

Facts: there is no update; name, description and source are fixed at creation, so changed content is a new profile
with a new ARN (replacement). ``modelSource`` is never returned: the list gives the member models instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from releaser.core.address import Ref
from releaser.core.geography import GEOGRAPHY
from releaser.core.kind import BEDROCK_TAGS, Calls, Draft, Fields, Identity, Kind, Remark, Site, Status, View, Written
from releaser.core.model_arn import model_arn
from releaser.core.quotas import Quota
from releaser.core.values import FrozenMap


def _declare(view: View) -> Iterator[Draft]:
    for name, model in view.section("models").items():
        if model.get("profile"):
            source = model_arn(str(model["modelId"]), view.site)
            yield Draft(name, FrozenMap({"modelSource": {"copyFrom": source}}))


def _comparable(body: Mapping[str, Any]) -> Mapping[str, Any]:
    source = body.get("modelSource")
    copied = source.get("copyFrom") if isinstance(source, Mapping) else None
    if copied is None:
        return body
    model = str(copied).rsplit("/", 1)[-1]
    across = ":inference-profile/" in str(copied)
    kept = {k: v for k, v in body.items() if k != "modelSource"}
    return {**kept, "modelSource": {"model": GEOGRAPHY.sub("", model), "crossRegion": across}}


def _read(reply: Mapping[str, Any]) -> Mapping[str, Any]:
    body = {k: reply[k] for k in ("description",) if k in reply}
    models = [str(m.get("modelArn", "")) for m in reply.get("models", ())]
    names = sorted({m.rsplit("/", 1)[-1] for m in models})
    # A cross-Region source has a member in each Region it can route to; a foundation model is its own only member.
    body["modelSource"] = {"model": ",".join(names), "crossRegion": len(models) > 1}
    return body


def _written(entry: str, body: FrozenMap, models: FrozenMap, site: Site) -> Written | None:
    """AWS does not tell the source: a geography is that of the Region, which is what profiles are made for."""
    source = body.get("modelSource")
    model = source.get("model") if isinstance(source, Mapping) else None
    if not isinstance(model, str) or not isinstance(source, Mapping):
        return None
    geography = {"ap": "apac"}.get(site.region[:2], site.region[:2])
    model_id = f"{geography}.{model}" if source.get("crossRegion") else model
    return Written(None, {entry: {"modelId": model_id, "profile": True}})


def _exports(view: View) -> Mapping[str, Mapping[str, Any]]:
    found = {}
    for name, model in view.section("models").items():
        profile = Ref(view.address("inference-profile", name), "arn")
        shown: dict[str, Any] = {"modelId": profile if model.get("profile") else model.get("modelId")}
        if model.get("inference"):
            shown["inference"] = model["inference"]
        found[name] = shown
    return {"models": found}


def _describe(before: FrozenMap | None, after: FrozenMap | None) -> Iterator[Remark]:
    """Which model it calls is told with the models; here is what it means for cost and permissions."""
    if before is None:
        yield Remark("is new: its cost is told apart, and callers need permission for its ARN", "neutral")
    elif after is None:
        yield Remark("is removed: callers name the model itself", "neutral")
    elif before.get("modelSource") != after.get("modelSource"):
        yield Remark("is replaced by a new one under a new ARN", "neutral", "modelSource")


KIND = Kind(
    name="inference-profile",
    place=lambda name, path: f"models.{name}" + (f".{path}" if path else ""),
    service="bedrock",
    derived_from="models",
    tag_index="bedrock:application-inference-profile",
    declare=_declare,
    written=_written,
    describe=_describe,
    exports=_exports,
    read=_read,
    comparable=_comparable,
    calls=Calls(
        create="CreateInferenceProfile",
        get="GetInferenceProfile",
        delete="DeleteInferenceProfile",
        list="ListInferenceProfiles",
        list_root="inferenceProfileSummaries",
        list_params=FrozenMap({"typeEquals": "APPLICATION"}),
        list_is_full=True,
        id_in="inferenceProfileIdentifier",
        token="clientRequestToken",
    ),
    identity=Identity(
        id="inferenceProfileArn",
        arn="inferenceProfileArn",
        name="inferenceProfileName",
        row_id="inferenceProfileArn",
        row_arn="inferenceProfileArn",
        row_name="inferenceProfileName",
        stamped_name=True,
    ),
    status=Status(member="status", ready=frozenset({"ACTIVE"})),
    fields=Fields(
        omitted=frozenset({"clientRequestToken", "tags", "inferenceProfileName"}),
        shown=frozenset({"modelSource.model"}),
    ),
    tagging=BEDROCK_TAGS,
    account_quota=Quota(1000, "L-40EC9882"),
)
