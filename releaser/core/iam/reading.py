"""What a plan has to read. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from releaser.core.environment import Anchor
from releaser.core.iam.actions import Access, Action, actions_of
from releaser.core.iam.document import Conditions, Statement
from releaser.core.iam.operations import ALARMS, LOOKING, operations_of
from releaser.core.iam.scene import Scene

DELIVERS = "appconfig"
_READS = {"bedrock": "ReadBedrock", "appconfig": "ReadRollouts", "ssm": "ReadRuntimeConfigurations"}


def looked_at(scene: Scene) -> frozenset[Action]:
    """Every read of kinds, and what any look calls."""
    wanted = {o for kind in scene.kinds.values() for o in operations_of(kind)} | LOOKING
    if any(k.service == DELIVERS for k in scene.kinds.values()):
        wanted |= {ALARMS}
    return frozenset(a for o in wanted for a in actions_of(*o) if a.access is Access.READ)


def reading(scene: Scene) -> Iterator[Statement]:
    """What is listed has no ARN. What is read is not restricted by tags: somebody else's must be seen as such."""
    actions = looked_at(scene)
    yield Statement("ListWhatIsThere", _names(a for a in actions if not a.on), ("*",), scene.here)
    for service, sid in _READS.items():
        found = [a for a in actions if a.on and a.service == service]
        if found:
            yield Statement(sid, _names(found), scene.arns(t for a in found for t in a.on))
    yield Statement("ReadQuotas", ("servicequotas:GetServiceQuota",), scene.arns(["quota"]))
    if scene.named.keys:
        via: Conditions = {"StringEquals": {"kms:ViaService": services(scene)}}
        yield Statement("DecryptWhatIsRead", ("kms:Decrypt",), scene.named.keys, via)
    yield from _evidence(scene)
    if scene.environment.spec.anchor is not None:
        yield from _anchors(scene, scene.environment.spec.anchor)


def services(scene: Scene) -> tuple[str, ...]:
    """Those that use keys for us."""
    found = {"appconfig"} if any(k.service == DELIVERS for k in scene.kinds.values()) else set()
    return tuple(scene.endpoint(service) for service in sorted({"bedrock", *found}))


def _names(actions: Iterable[Action]) -> tuple[str, ...]:
    return tuple(sorted(a.name for a in actions))


def _evidence(scene: Scene) -> Iterator[Statement]:
    if scene.evidence:
        places = tuple(scene.arn(f"s3:::{object_of(uri)}/*") for uri in scene.evidence)
        yield Statement("ReadEvidence", ("s3:GetObject", "s3:GetObjectVersion"), places)


def object_of(uri: str) -> str:
    """``bucket/key`` of an ``s3://`` address."""
    return uri.removeprefix("s3://").strip("/")


def anchor_place(scene: Scene, uri: str) -> str:
    """``bucket/prefix`` below which an environment's anchors stand."""
    return f"{object_of(uri)}/{scene.site.environment}"


def _anchors(scene: Scene, anchor: Anchor) -> Iterator[Statement]:
    if anchor.kms is not None:
        key, alias = key_of(scene, anchor.kms)
        yield Statement("ProveAnchors", ("kms:Verify",), (key,), alias)
        return
    bucket, _, prefix = anchor_place(scene, anchor.s3 or "").partition("/")
    below: Conditions = {"StringLike": {"s3:prefix": (f"{prefix}/*",)}}
    yield Statement("ListAnchors", ("s3:ListBucketVersions",), (scene.arn(f"s3:::{bucket}"),), below)
    # Without GetObjectRetention S3 leaves out of its reply whether, and until when, an object is locked.
    actions = ("s3:GetObject", "s3:GetObjectVersion", "s3:GetObjectRetention")
    yield Statement("ReadAnchors", actions, (scene.arn(f"s3:::{bucket}/{prefix}/*"),))


def key_of(scene: Scene, said: str) -> tuple[str, Conditions]:
    """ARN and condition of a KMS key by its id, ARN or alias. An alias is no resource of its own: the request's is
    asked for (KMS developer guide, "Use aliases to control access")."""
    alias = said.rpartition(":")[2]
    if alias.startswith("alias/"):
        parts = said.split(":")
        account = parts[4] if said.startswith("arn:") else scene.site.account
        any_key = scene.arn("kms:{region}:") + f"{account}:key/*"
        return any_key, {"StringEquals": {"kms:RequestAlias": (alias,)}}
    return said if said.startswith("arn:") else scene.arn("kms:{region}:{account}:key/") + said, {}
