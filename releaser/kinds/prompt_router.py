"""Prompt router: one ARN in front of two models of a family; each request goes to the one that answers well enough.

Facts: there is no update; everything is fixed at creation, so changed content is a new router with a new ARN
(replacement). Models stand in a manifest by id, or as a reference to the use case's own inference profile; the site
makes ARNs of ids. What the router's criterion does is in the user guide, "Prompt router criteria and fallback model".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from releaser.core.address import Bound, Ref
from releaser.core.diagnostic import undocumented
from releaser.core.geography import plain_model
from releaser.core.kind import (
    BEDROCK_TAGS,
    Calls,
    Draft,
    Entry,
    Fields,
    Identity,
    Kind,
    Problem,
    Remark,
    Status,
    View,
)
from releaser.core.model_arn import model_arn
from releaser.core.quotas import Quota
from releaser.core.values import EMPTY, FrozenMap

_FAMILY = re.compile(r"[a-z0-9]+\.[a-z]+")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RouterModel(_Part):
    modelArn: str = Field(
        min_length=1,
        description="A foundation model or system inference profile by id, or `${inference-profile/NAME.arn}`.",
    )


class RoutingCriteria(_Part):
    responseQualityDifference: Annotated[float, Field(strict=True, ge=0, le=100)] = Field(
        description="By how many percent the other model must answer better to be taken instead of the fallback."
    )


class PromptRouterEntry(_Part):
    """AWS's own members; a model's id may stand for its ARN."""

    models: tuple[RouterModel, ...] = Field(description="Exactly two models of one family.")
    fallbackModel: RouterModel = Field(description="The one of the two that answers unless the other is better.")
    routingCriteria: RoutingCriteria
    description: str | None = Field(None, min_length=1, max_length=200, pattern=r"^([0-9a-zA-Z:.][ _-]?)+$")


def _declare(view: View) -> Iterator[Draft]:
    for name, entry in view.section("promptRouters").items():
        models = [_target(m, view) for m in entry["models"]]
        yield Draft(
            name, FrozenMap({**entry, "models": models, "fallbackModel": _target(entry["fallbackModel"], view)})
        )


def _target(model: Mapping[str, Any], view: View) -> dict[str, Any]:
    arn = model["modelArn"]
    if isinstance(arn, Bound):
        return {"modelArn": Bound(arn.template, str(model_arn(arn.value, view.site)))}
    return {"modelArn": model_arn(arn, view.site) if isinstance(arn, str) else arn}


def _exports(view: View) -> Mapping[str, Mapping[str, Any]]:
    routers = view.section("promptRouters")
    return {"promptRouters": {name: {"arn": Ref(view.address("prompt-router", name), "arn")} for name in routers}}


def _arn(target: Any) -> Any:
    return target.get("modelArn") if isinstance(target, Mapping) else None


def _check(entry: Entry) -> Iterable[Problem]:
    listed = entry.data.get("models")
    arns = [_arn(m) for m in listed] if isinstance(listed, list | tuple) else []
    names = [_name(arn, entry.spec) for arn in arns]
    fallback = _arn(entry.data.get("fallbackModel"))
    # User guide, "How to use intelligent prompt routing": "You must choose exactly two models within the same family."
    # Its command line lists the fallback apart from the other model, in a form that the AWS CLI does not accept; who
    # was seen to call AWS lists both (terraform-provider-aws #45124, acceptance tests).
    if len(names) != 2 or len(set(names)) != 2:
        said = f"{names[0]} twice" if len(names) == 2 else str(len(names))
        yield Problem("E516", f"a router chooses between exactly two models, not {said}", ("models",))
    elif fallback is not None and _name(fallback, entry.spec) not in names:
        at = ("fallbackModel", "modelArn")
        yield Problem("E517", f"the fallback must be one of the two models: {' or '.join(names)}", at)
    families = {m[0] for name in names if (m := _FAMILY.match(name))}
    if len(families) > 1:
        yield Problem("E518", f"the models are of different families: {', '.join(sorted(families))}", ("models",))
    yield from _check_step(entry.data)


def _check_step(data: Mapping[str, Any]) -> Iterator[Problem]:
    # AWS's model says 0 to 100 and no more, its guide has an example with 0.5. terraform-provider-aws #45124 says of
    # what AWS takes: "must be a multiple of 5". A share where percent are meant is the likelier reading of 0.5.
    criteria = data.get("routingCriteria")
    value = criteria.get("responseQualityDifference") if isinstance(criteria, Mapping) else None
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 100 and value % 5:
        yield Problem(
            "E519",
            f"a response quality difference is in percent, in steps of 5, not {value:g}",
            ("routingCriteria", "responseQualityDifference"),
            "10 means: ten percent better",
        )


def _name(arn: Any, spec: Mapping[str, Any]) -> str:
    """The model's id without ARN and geography; that of the model under a profile of the use case's own."""
    if isinstance(arn, Ref) and arn.address.kind == "inference-profile":
        models = spec.get("models")
        declared = models.get(arn.address.name) if isinstance(models, Mapping) else None
        if isinstance(declared, Mapping) and "modelId" in declared:
            return plain_model(str(declared["modelId"]))
    return str(arn) if isinstance(arn, Ref) else plain_model(str(arn))


_TEMPLATE = re.compile(r"\$\{model\.(.*)\}")


def _shown(target: Any) -> str:
    """A model in words: its id, whether the body is a plan's (ARNs) or the notes' (as in git)."""
    arn = _arn(target)
    if isinstance(arn, Ref):
        return f"{arn.address.kind.replace('-', ' ')} {arn.address.name}"
    text = arn.value if isinstance(arn, Bound) else str(arn)
    return plain_model(_TEMPLATE.sub(r"\1", text))


def _chosen(body: FrozenMap) -> tuple[str, str, float]:
    """The fallback, the other model, and by how many percent it must be better."""
    fallback = _shown(body.get("fallbackModel"))
    others = [n for n in (_shown(m) for m in body.get("models", ())) if n != fallback]
    return fallback, " or ".join(others), body.get("routingCriteria", EMPTY).get("responseQualityDifference", 0)


def _rule(body: FrozenMap) -> str:
    fallback, other, percent = _chosen(body)
    return f"{fallback} answers, unless {other} is predicted to be at least {percent:g}% better"


def _describe(before: FrozenMap | None, after: FrozenMap | None) -> Iterator[Remark]:
    """Which models may answer, and when the other one does."""
    if before is None or after is None:
        yield Remark(f"is new: {_rule(after)}" if after is not None else "is removed: callers name a model themselves")
    elif before != after:
        path, said = _difference(before, after)
        yield Remark(f"is replaced by a new one under a new ARN: {said}", "changed", path)


def _difference(before: FrozenMap, after: FrozenMap) -> tuple[str, str]:
    """Where the two differ first, and what that means."""
    (*was, old), (*now, new) = _chosen(before), _chosen(after)
    if was != now:
        return "models", _rule(after)
    if old != new:
        moves, often = ("rises", "more often") if new > old else ("falls", "less often")
        said = f"the quality difference {moves} from {old:g}% to {new:g}%: {now[0]}, the fallback, answers {often}"
        return "routingCriteria.responseQualityDifference", said
    if any(before.get(m) != after.get(m) for m in ("models", "fallbackModel")):
        return "models", "the same models are called in another way"
    return "description", "its description changed"


KIND = Kind(
    name="prompt-router",
    service="bedrock",
    section="promptRouters",
    declare=_declare,
    exports=_exports,
    check=_check,
    codes=(
        undocumented(
            "E516", "a router of other than two models", "A router chooses between exactly two models, both listed."
        ),
        undocumented(
            "E517", "the fallback is a third model", "The fallback is the one of the two that answers by default."
        ),
        undocumented(
            "E518", "models of different families", "A router chooses within one family, such as Nova or Claude."
        ),
        undocumented(
            "E519",
            "a response quality difference between the steps",
            "It is in percent, from 0 to 100 in steps of 5; 0.5 would be half a percent.",
            "routingCriteria: {responseQualityDifference: 0.5}",
        ),
    ),
    describe=_describe,
    entry=PromptRouterEntry,
    is_short=lambda _: True,
    calls=Calls(
        create="CreatePromptRouter",
        get="GetPromptRouter",
        delete="DeletePromptRouter",
        list="ListPromptRouters",
        list_root="promptRouterSummaries",
        list_params=FrozenMap({"type": "custom"}),
        list_is_full=True,
        id_in="promptRouterArn",
        token="clientRequestToken",
    ),
    identity=Identity(
        id="promptRouterArn",
        arn="promptRouterArn",
        name="promptRouterName",
        row_id="promptRouterArn",
        row_arn="promptRouterArn",
        row_name="promptRouterName",
        stamped_name=True,
    ),
    status=Status(member="status", ready=frozenset({"AVAILABLE"})),
    fields=Fields(
        omitted=frozenset({"clientRequestToken", "tags", "promptRouterName"}),
        unordered={"models": "modelArn"},
    ),
    tagging=BEDROCK_TAGS,
    account_quota=Quota(500),
)
