"""The three roles of a pipeline, and the one in the account that holds documents. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from releaser.core.iam.document import Statement
from releaser.core.iam.invoking import invoking
from releaser.core.iam.reading import reading
from releaser.core.iam.role import Role
from releaser.core.iam.scene import Scene
from releaser.core.iam.writing import writing


@dataclass(frozen=True, slots=True)
class Permissions:
    """What is to be allowed in one account. ``role``: its ARN where the environment names it."""

    account: str
    role: str
    statements: tuple[Statement, ...]


def permissions(role: Role, scene: Scene) -> tuple[Permissions, ...]:
    """What a role needs in the target's account, and in that of the documents where it is another one."""
    target = scene.target
    elsewhere = scene.environment.spec.accounts.data
    statements = list(reading(scene))
    if role is Role.EVALUATE or (role is Role.APPLY and scene.environment.spec.gates.required):
        statements += invoking(scene)
    documents: tuple[Statement, ...] = ()
    if role is Role.APPLY:
        statements += writing(scene)
        documents = tuple(_documents(scene))
    if elsewhere is None or elsewhere.account == target.account or not documents:
        return (Permissions(target.account, _own(role, scene), (*statements, *documents)),)
    if elsewhere.role:
        statements.append(Statement("ReachDocuments", ("sts:AssumeRole",), (elsewhere.role,)))
    return (
        Permissions(target.account, _own(role, scene), tuple(statements)),
        Permissions(elsewhere.account, elsewhere.role or "", documents),
    )


def _own(role: Role, scene: Scene) -> str:
    """The environment names the role that writes, and no other."""
    return (scene.target.role or "") if role is Role.APPLY else ""


def _documents(scene: Scene) -> Iterator[Statement]:
    """The buckets that are compared with pinned source manifests before and after a job reads them."""
    prefixes: dict[str, list[str]] = {}
    for bucket, prefix in scene.named.documents:
        prefixes.setdefault(bucket, []).append(prefix)
    for number, (bucket, found) in enumerate(sorted(prefixes.items()), 1):
        below = {} if "" in found else {"StringEquals": {"s3:prefix": tuple(found)}}
        many = str(number) if len(prefixes) > 1 else ""
        yield Statement(f"ListDocuments{many}", ("s3:ListBucketVersions",), (scene.arn(f"s3:::{bucket}"),), below)
    objects = tuple(scene.arn(f"s3:::{bucket}/{prefix}*") for bucket, prefix in scene.named.documents)
    if objects:
        yield Statement("ProveDocuments", ("s3:GetObject", "s3:GetObjectVersion"), objects)
