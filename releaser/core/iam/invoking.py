"""What evaluation calls: models by the ARNs that manifests name, and what is ours. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from releaser.core.geography import ANYWHERE, GEOGRAPHY, model_reach, name_of, plain_model, resource_type
from releaser.core.iam.actions import RESOURCES
from releaser.core.iam.document import Statement
from releaser.core.iam.reading import object_of
from releaser.core.iam.scene import Scene

INVOKE = ("bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream")
_OWN_PROFILES = "application-inference-profile"
_ROUTERS = ("prompt-router", "default-prompt-router")
_OF_OTHERS = {
    "agent-alias": ("InvokeOthersAgents", "bedrock:InvokeAgent"),
    "flow-alias": ("InvokeOthersFlows", "bedrock:InvokeFlow"),
    "guardrail": ("ApplyOthersGuardrails", "bedrock:ApplyGuardrail"),
    "knowledge-base": ("SearchOthersDocuments", "bedrock:Retrieve"),
}
"""What other teams own carries no tag of ours: it is allowed by its ARN."""


def invoking(scene: Scene) -> Iterator[Statement]:
    """Everything that a target of a suite may call here."""
    yield from _models(scene)
    yield from _guardrails(scene)
    yield from _resources(scene)
    objects = tuple(scene.arn(f"s3:::{object_of(uri)}") for uri in scene.named.datasets)
    if objects:
        yield Statement("ReadDataSets", ("s3:GetObject", "s3:GetObjectVersion"), objects)


def _models(scene: Scene) -> Iterator[Statement]:
    """A call through a profile is also one of each model that the profile may send it to, in that model's region
    (user guide, "Prerequisites for inference profiles")."""
    direct = [m for m in scene.named.called if not _leads_on(m)]
    if direct:
        yield Statement("InvokeModels", INVOKE, _sorted(_foundation(scene, m, scene.site.region) for m in direct))
    through = [m for m in scene.named.called if _leads_on(m)]
    own = "inference-profile" in scene.named.kinds
    profiles = _sorted(profile_arn(scene, m) for m in through)
    if profiles:
        yield Statement("InvokeProfiles", INVOKE, profiles)
    if own:
        yield Statement("InvokeOwnProfiles", INVOKE, scene.arns([_OWN_PROFILES]), scene.ours)
    routers = tuple(p for p in profiles if resource_type(p) in _ROUTERS)
    plain = tuple(p for p in profiles if p not in routers) + (scene.arns([_OWN_PROFILES]) if own else ())
    behind = _sorted(arn for m in scene.named.called for arn in behind_arns(scene, m))
    if plain and behind:
        yield Statement("InvokeBehindProfiles", INVOKE, behind, {"StringLike": {"bedrock:InferenceProfileArn": plain}})
    if "prompt-router" in scene.named.kinds:
        routers = (*routers, *scene.arns(["prompt-router"]))
        yield Statement("InvokeOwnRouters", INVOKE, scene.arns(["prompt-router"]), scene.ours)
    if routers and (behind or plain):
        said = {"StringLike": {"bedrock:PromptRouterArn": routers}}
        yield Statement("InvokeBehindRouters", INVOKE, _sorted((*behind, *plain)), said)


def _sorted(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(values)))


def _leads_on(model: str) -> bool:
    """Whether calls of it go on to other models: a profile or a router."""
    if model.startswith("arn:"):
        return resource_type(model) in ("inference-profile", _OWN_PROFILES, *_ROUTERS)
    return GEOGRAPHY.match(model) is not None


def profile_arn(scene: Scene, model: str) -> str:
    """The ARN of a profile that is named by id or ARN."""
    return model if model.startswith("arn:") else scene.arn("bedrock:{region}:{account}:inference-profile/") + model


def _foundation(scene: Scene, model: str, region: str) -> str:
    if model.startswith("arn:"):
        return model
    return scene.arn(f"bedrock:{region}::foundation-model/{model}")


def behind_arns(scene: Scene, model: str) -> tuple[str, ...]:
    """The foundation models that a call may reach. Where nobody knows the regions: every one."""
    if model.startswith("arn:") and resource_type(model) not in ("inference-profile", "foundation-model"):
        return (scene.arn("bedrock:*::foundation-model/*"),)
    reach = model_reach(model, scene.site.region, scene.environment.spec.policy.geographies)
    regions = {"" if r == ANYWHERE else r for r in reach.regions} if not reach.doubt else {"*"}
    return tuple(sorted(scene.arn(f"bedrock:{r}::foundation-model/{plain_model(name_of(model))}") for r in regions))


def _guardrails(scene: Scene) -> Iterator[Statement]:
    if "guardrail" in scene.named.kinds:
        yield Statement("ApplyOwnGuardrails", ("bedrock:ApplyGuardrail",), scene.arns(["guardrail"]), scene.ours)
    profiles = guardrail_profiles(scene)
    if profiles:
        yield Statement("ApplyAcrossRegions", ("bedrock:ApplyGuardrail",), profiles)


def guardrail_profiles(scene: Scene) -> tuple[str, ...]:
    """ARNs of the guardrail profiles that are named."""
    path = scene.arn("bedrock:{region}:{account}:guardrail-profile/")
    return tuple(p if p.startswith("arn:") else path + p for p in scene.named.guardrail_profiles)


def _resources(scene: Scene) -> Iterator[Statement]:
    """Versions of prompts, and the alias that makes an agent's versions, carry no tags."""
    kinds = scene.named.kinds
    if "prompt" in kinds or externals(scene, "prompt"):
        yield Statement("RenderPrompts", ("bedrock:RenderPrompt",), scene.arns(["prompt", "prompt-version"]))
    if "knowledge-base" in kinds:
        yield Statement("SearchOwnDocuments", ("bedrock:Retrieve",), scene.arns(["knowledge-base"]), scene.ours)
    if "knowledge-base" in kinds or externals(scene, "knowledge-base"):
        yield Statement("AnswerFromDocuments", ("bedrock:RetrieveAndGenerate",), ("*",), scene.here)
    if "flow-alias" in kinds:
        yield Statement("InvokeOwnFlows", ("bedrock:InvokeFlow",), scene.arns(["flow-alias"]), scene.ours)
    if "agent" in kinds:
        yield Statement("InvokeOwnAgents", ("bedrock:InvokeAgent",), scene.arns(["agent-alias"]), scene.not_others)
    for kind, (sid, action) in _OF_OTHERS.items():
        if pinned := externals(scene, kind):
            yield Statement(sid, (action,), pinned)


def externals(scene: Scene, kind: str) -> tuple[str, ...]:
    """ARNs of what other teams own and manifests pin, of one kind."""
    return tuple(scene.arn(_filled(RESOURCES[kind], id_)) for k, id_ in scene.named.externals if k == kind)


def _filled(path: str, id_: str) -> str:
    """A resource type's path with an id for its stars. The id of an alias is ``<parent's id>/<own id>``."""
    if id_.startswith("arn:"):
        return id_.split(":", 2)[2]
    for part in id_.split("/", 1) if path.count("*") == 2 else (id_,):
        path = path.replace("*", part, 1)
    return path
