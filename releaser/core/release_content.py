"""What a release is: the bodies it asks for, the files it names. Pure; from git, never from an account."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from releaser.core.address import Address
from releaser.core.graph import Node
from releaser.core.kind import Pin
from releaser.core.model_ids import Use
from releaser.core.values import EMPTY, FrozenMap

CONFIDENTIAL = ("confidential", "restricted")
"""Data classifications whose texts never stand in notes: these are stored in git and shown in GitLab."""


@dataclass(frozen=True, slots=True)
class Content:
    """One resource of a release: its body in write shape, references and bindings in it."""

    kind: str
    body: FrozenMap
    stamp: str
    pins: tuple[Pin, ...] = ()


@dataclass(frozen=True, slots=True)
class ReleaseContent:
    """Everything that a release is. ``files``: path relative to the use case's folder -> sha256."""

    use_case: str
    release: str
    digest: str
    spec: Mapping[str, Any]
    bodies: Mapping[Address, Content]
    files: Mapping[str, str] = field(default_factory=dict)
    uses: tuple[Use, ...] = ()
    """Every model that it names, wherever: also those of agents, flows and knowledge bases."""

    @property
    def governance(self) -> Mapping[str, Any]:
        return mapping(self.spec.get("governance"))

    @property
    def is_confidential(self) -> bool:
        return self.governance.get("dataClassification") in CONFIDENTIAL


def content_of(
    use_case: str,
    release: str,
    digest: str,
    spec: Mapping[str, Any],
    nodes: Iterable[Node],
    files: Mapping[str, str] | None = None,
    uses: Iterable[Use] = (),
) -> ReleaseContent:
    """The content of a compiled use case."""
    bodies = {n.address: Content(n.kind, n.body, n.stamp, n.pins) for n in nodes if n.address.use_case == use_case}
    return ReleaseContent(use_case, release, digest, spec, bodies, files or {}, tuple(uses))


def mapping(value: Any) -> Mapping[str, Any]:
    """The value when it is a mapping, else an empty one: a manifest from git may hold anything."""
    return value if isinstance(value, Mapping) else EMPTY
