"""What AWS answers, as the engine keeps it: rows of list calls, and resources in comparable form. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from releaser.core.body_shape import body_shape
from releaser.core.kind import Kind, Status
from releaser.core.normal import comparable
from releaser.core.quotations import without_content
from releaser.core.values import EMPTY, FrozenMap, freeze
from releaser.kinds.models import model


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a list call."""

    id: str
    arn: str
    name: str
    revision: str
    version: str
    status: str
    reason: str
    description: str
    reply: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reading:
    """One resource or version as read now. ``body`` is comparable and keeps only what a create would accept."""

    id: str
    arn: str
    name: str
    revision: str
    status: str
    reason: str
    description: str
    body: FrozenMap
    version: str = ""


def row(kind: Kind, reply: Mapping[str, Any], parent: str = "") -> Row:
    """A row of the list call. ``parent``: the id of what it was listed in."""
    ident = kind.identity
    return Row(
        id=child_id(parent, str(reply.get(ident.row_id, ""))),
        arn=str(reply.get(ident.row_arn, "")),
        name=str(reply.get(ident.row_name, "")),
        revision=_revision(kind, reply),
        version=str(reply.get(kind.versions.row_version if kind.versions else "version", "")),
        status=status_of(kind.status, reply),
        reason=reason_of(kind.status, reply),
        description=str(reply.get("description", "")),
        reply=reply,
    )


def reading(
    kind: Kind,
    reply: Mapping[str, Any],
    parent: str = "",
    parts: Mapping[str, tuple[Mapping[str, Any], ...]] | None = None,
) -> Reading:
    """A get reply (or a full list row) in comparable form. ``parts``: member -> items, where a kind has parts."""
    ident = kind.identity
    return Reading(
        id=child_id(parent, str(reply.get(ident.id, ""))),
        arn=str(reply.get(ident.arn, "")),
        name=str(reply.get(ident.name, "")),
        revision=_revision(kind, reply),
        status=status_of(kind.status, reply),
        reason=reason_of(kind.status, reply),
        description=str(reply.get("description", "")),
        body=body_of(kind, reply, parts or {}),
        version=str(reply.get("version", "")),
    )


def body_of(
    kind: Kind, reply: Mapping[str, Any], parts: Mapping[str, tuple[Mapping[str, Any], ...]] = EMPTY
) -> FrozenMap:
    """What ``read`` makes of a reply, less members that no create accepts, with its parts, in comparable form."""
    seen = kind.read(reply)
    if seen is reply:
        allowed = body_shape(kind, model(kind.service))
        seen = {k: v for k, v in reply.items() if k in allowed.members}
    return comparable(replace(kind, comparable=lambda body: body), freeze({**seen, **parts}))


def child_id(parent: str, own: str) -> str:
    """The id of what exists only inside something else."""
    return f"{parent}/{own}" if parent and own else own


def split_id(kind: Kind, id_: str) -> tuple[str, str]:
    """The parent's id and the own one; no parent where the kind has none."""
    if kind.calls.parent_in is None:
        return "", id_
    parent, _, own = id_.partition("/")
    return parent, own


def _revision(kind: Kind, reply: Mapping[str, Any]) -> str:
    """What moves with every change. A version number alone starts anew when somebody deletes and makes again."""
    return " ".join(_text(reply.get(member, "")) for member in kind.identity.revision.split(","))


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)


def status_of(status: Status | None, reply: Mapping[str, Any]) -> str:
    """``ready``, ``idle``, ``pending`` or ``failed``. A value that is not classified is never taken for ready."""
    if status is None:
        return "ready"
    value = reply.get(status.member)
    if value in status.ready:
        return "ready"
    if value in status.idle:
        return "idle"
    return "failed" if value in status.failed else "pending"


def reason_of(status: Status | None, reply: Mapping[str, Any]) -> str:
    """AWS's own words on a state, where the kind says in which member they stand; long quotations left out."""
    if status is None or status.reasons is None:
        return ""
    found = reply.get(status.reasons, ())
    said = (str(r.get("message", "")) if isinstance(r, Mapping) else str(r) for r in found)
    return "; ".join(without_content(text) for text in said if text)
