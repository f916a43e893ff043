"""What a release writes: everything that kinds declare, on what carries this environment's tag. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from releaser.core.iam.actions import ACTIONS, UNTAGGED, Access, Action, actions_of
from releaser.core.iam.document import Conditions, Statement
from releaser.core.iam.invoking import behind_arns, externals, guardrail_profiles, profile_arn
from releaser.core.iam.operations import operations_of
from releaser.core.iam.reading import anchor_place, key_of, object_of, services
from releaser.core.iam.scene import Scene, joined

_PARAMETERS = "ssm"
_TAGGING = "TagResource"
_MADE_WITHOUT_TAGS = frozenset({"appconfig:CreateDeploymentStrategy"})
_MODELS = frozenset({"foundation-model", "inference-profile", "application-inference-profile"})


def written(scene: Scene) -> frozenset[Action]:
    """Every write of kinds."""
    wanted = {o for kind in scene.kinds.values() for o in operations_of(kind)}
    return frozenset(a for o in wanted for a in actions_of(*o) if a.access is Access.WRITE)


def writing(scene: Scene) -> Iterator[Statement]:
    """What ``apply`` needs beside what it reads."""
    actions = written(scene)
    others = [a for a in actions if a.service != _PARAMETERS]
    yield from _creating(scene, [a for a in others if not a.on])
    yield from _from_models(scene, [a for a in others if set(a.on) >= _MODELS])
    yield from _changing(scene, [a for a in others if a.on and not set(a.on) >= _MODELS])
    parameters = [a for a in actions if a.service == _PARAMETERS]
    if parameters:
        sid = "ChangeRuntimeConfigurations"
        yield Statement(sid, _names(parameters), scene.arns(["parameter"]), scene.not_others)
    yield from _passing(scene)
    yield from _encrypting(scene)
    yield from _keeping(scene)


def _names(actions: Iterable[Action]) -> tuple[str, ...]:
    return tuple(sorted(a.name for a in actions))


def _creating(scene: Scene, actions: list[Action]) -> Iterator[Statement]:
    """What is created has no ARN yet; that it is tagged as ours is asked for instead."""
    tagged = [a for a in actions if a.name not in _MADE_WITHOUT_TAGS]
    untagged = [a for a in actions if a.name in _MADE_WITHOUT_TAGS]
    yield Statement("CreateWithOurTag", _names(tagged), ("*",), joined(scene.made_ours, scene.here))
    if untagged:
        yield Statement("CreateShared", _names(untagged), ("*",), scene.here)
    if scene.named.secrets:
        said: Conditions = {
            "StringEquals": {"bedrock:ThirdPartyKnowledgeBaseCredentialsSecretArn": scene.named.secrets}
        }
        yield Statement("UseOutsideVectorStores", ("bedrock:AssociateThirdPartyKnowledgeBase",), ("*",), said)


def _from_models(scene: Scene, actions: list[Action]) -> Iterator[Statement]:
    """Profiles and routers are created on the models that they are made from: those that manifests name."""
    if not scene.named.kinds & {"inference-profile", "prompt-router"}:
        return
    models = {arn for m in scene.named.called for arn in behind_arns(scene, m)}
    profiles = {profile_arn(scene, m) for m in scene.named.called if "foundation-model" not in profile_arn(scene, m)}
    own = scene.arns(["application-inference-profile", "prompt-router"])
    yield Statement(
        "CreateFromNamedModels", _names(actions), tuple(sorted({*models, *profiles, *own})), scene.made_ours
    )


def _changing(scene: Scene, actions: list[Action]) -> Iterator[Statement]:
    """What is there is changed where it is ours; what AWS makes without tags stands inside of that."""
    types = {t for a in actions for t in a.on}
    minted = {n for kind in scene.kinds.values() if kind.mint for n in (kind.mint.update, kind.mint.delete)}
    cutting = [a for a in actions if a.name.partition(":")[2] in minted]
    yield Statement("ChangeOurs", _names(set(actions) - set(cutting)), scene.arns(types - UNTAGGED), scene.ours)
    inside = [a for a in actions if UNTAGGED & set(a.on)]
    if inside:
        yield Statement("ChangeInsideOurs", _names(inside), scene.arns(types & UNTAGGED), scene.not_others)
    marking = [a for a in actions if a.name.endswith(f":{_TAGGING}")]
    types = {t for a in marking for t in a.on}
    yield Statement("MarkAsOurs", _names(marking), scene.arns(types), joined(scene.made_ours, scene.not_others))
    if cutting:
        yield Statement("CutVersions", _names(cutting), scene.arns(t for a in cutting for t in a.on), scene.not_others)
    pinned = externals(scene, "knowledge-base")
    if pinned:
        using = [a for a in actions if {"agent", "knowledge-base"} <= set(a.on)]
        yield Statement("UseOthersKnowledgeBases", _names(using), pinned)
    if profiles := guardrail_profiles(scene):
        yield Statement("GuardAcrossRegions", ("bedrock:CreateGuardrail", "bedrock:UpdateGuardrail"), profiles)


def _passing(scene: Scene) -> Iterator[Statement]:
    by_service: dict[str, list[str]] = {}
    for role, service in scene.named.roles:
        by_service.setdefault(service, []).append(role)
    for service, roles in sorted(by_service.items()):
        said: Conditions = {"StringEquals": {"iam:PassedToService": (service,)}}
        sid = f"PassNamedRolesTo{service.partition('.')[0].capitalize()}"
        yield Statement(sid, (ACTIONS["iam:PassRole"].name,), tuple(roles), said)


def _encrypting(scene: Scene) -> Iterator[Statement]:
    """User guide, "Create a customer managed key for your guardrail", and the pages on encryption of flows, prompts and
    agents: what Bedrock does with a key it does with its caller's permissions."""
    if not scene.named.keys:
        return
    via: Conditions = {"StringEquals": {"kms:ViaService": services(scene)}}
    yield Statement("UseNamedKeys", ("kms:DescribeKey", "kms:GenerateDataKey"), scene.named.keys, via)
    for_aws: Conditions = {"Bool": {"kms:GrantIsForAWSResource": ("true",)}}
    yield Statement("GrantNamedKeys", ("kms:CreateGrant",), scene.named.keys, joined(via, for_aws))


def _keeping(scene: Scene) -> Iterator[Statement]:
    """Evidence and anchors are added; no role takes any away."""
    spec = scene.environment.spec
    if spec.evidenceStore is not None:
        place = scene.arn(f"s3:::{object_of(spec.evidenceStore)}/{scene.site.environment}/*")
        yield Statement("KeepEvidence", ("s3:PutObject",), (place,))
    if spec.anchor is not None and spec.anchor.s3 is not None:
        place = scene.arn(f"s3:::{anchor_place(scene, spec.anchor.s3)}/*")
        yield Statement("WriteAnchors", ("s3:PutObject",), (place,))
    if spec.anchor is not None and spec.anchor.kms is not None:
        key, alias = key_of(scene, spec.anchor.kms)
        yield Statement("SignAnchors", ("kms:GetPublicKey", "kms:Sign"), (key,), alias)
