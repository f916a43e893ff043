"""Where roles act: one place, its environment, what is named there; and the ARNs of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from releaser.core.environment import Environment, Target
from releaser.core.graph import ENVIRONMENT_TAG
from releaser.core.iam.actions import RESOURCES
from releaser.core.iam.document import Conditions
from releaser.core.iam.named import Named
from releaser.core.kind import Kind, Site

RESOURCE_TAG = f"aws:ResourceTag/{ENVIRONMENT_TAG}"
REQUEST_TAG = f"aws:RequestTag/{ENVIRONMENT_TAG}"


@dataclass(frozen=True, slots=True)
class Scene:
    """What policies of one environment's target are made from."""

    site: Site
    environment: Environment
    target: Target
    named: Named
    kinds: Mapping[str, Kind]
    """Those that are looked at here: kinds that are listed on demand only where use cases have one."""
    evidence: tuple[str, ...] = ()
    """``s3://bucket/prefix`` of the evidence that may be read here."""

    def arns(self, types: Iterable[str]) -> tuple[str, ...]:
        """Patterns of resource types; those that another one covers are left out."""
        found = {self.arn(RESOURCES[t]) for t in types}
        return tuple(sorted(p for p in found if not any(_covers(other, p) for other in found - {p})))

    def arn(self, rest: str) -> str:
        """``rest``: what follows the partition; it may name region and account."""
        return f"arn:{self.site.partition}:" + rest.format(region=self.site.region, account=self.site.account)

    def endpoint(self, service: str) -> str:
        """As ``kms:ViaService`` names a service."""
        return f"{service}.{self.site.region}.amazonaws.com"

    @property
    def here(self) -> Conditions:
        """For what has no ARN to restrict: calls to this region alone."""
        return {"StringEquals": {"aws:RequestedRegion": (self.site.region,)}}

    @property
    def ours(self) -> Conditions:
        """The resource carries this environment's tag."""
        return {"StringEquals": {RESOURCE_TAG: (self.site.environment,)}}

    @property
    def not_others(self) -> Conditions:
        """The resource carries no other environment's tag: for what is, or may be, made without tags."""
        return {"StringEqualsIfExists": {RESOURCE_TAG: (self.site.environment,)}}

    @property
    def made_ours(self) -> Conditions:
        """The request gives this environment's tag."""
        return {"StringEquals": {REQUEST_TAG: (self.site.environment,)}}


def _covers(wide: str, narrow: str) -> bool:
    """A star stands for any characters, also for those that part an ARN (IAM user guide, "Resource")."""
    return wide.endswith("*") and narrow.startswith(wide[:-1])


def joined(*conditions: Conditions) -> Conditions:
    """All of them at once."""
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for one in conditions:
        for operator, keys in one.items():
            found.setdefault(operator, {}).update(keys)
    return found
