"""Interprets a Kind: the only code that turns a kind's declaration into calls.

Nothing here decides what should happen; nothing here knows a kind by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from releaser.core.body_shape import body_shape
from releaser.core.errors import AwsError, Failure, ReleaserError
from releaser.core.kind import Kind
from releaser.core.normal import comparable
from releaser.core.values import FrozenMap, freeze, thaw
from releaser.engine.ports import Aws, Clock
from releaser.kinds.models import model

DRAFT = "DRAFT"


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


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for a resource to settle, in seconds, and how often to look."""

    limit: float = 300.0
    appear: float = 30.0
    """How long something that was just made may stay unseen."""
    first: float = 0.25
    longest: float = 5.0


class Driver:
    """The calls of every kind, over one ``Aws`` port."""

    def __init__(self, aws: Aws, clock: Clock, patience: Patience | None = None) -> None:
        self._aws = aws
        self._clock = clock
        self._patience = patience or Patience()

    # -- reading

    def rows(self, kind: Kind) -> list[Row]:
        """Every resource of the kind in the account and region."""
        return [_row(kind, r) for r in self._pages(kind, kind.calls.list_params)]

    def versions(self, kind: Kind, id_: str) -> list[Row]:
        """The published versions of one resource, without its draft."""
        if kind.calls.publish is None:
            return []
        found = [_row(kind, r) for r in self._pages(kind, {kind.calls.id_in: id_})]
        return [r for r in found if r.version and r.version != DRAFT]

    def _pages(self, kind: Kind, params: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        calls = kind.calls
        request = {**thaw(params), calls.page_size_in: calls.page_size}
        while True:
            reply = self._aws.call(kind.service, calls.list, request)
            if calls.list_root not in reply:
                raise _cut_off(kind, calls.list, calls.list_root)
            yield from reply[calls.list_root]
            token = reply.get(calls.page_token_in)
            if not token:
                return
            request = {**request, calls.page_token_in: token}

    def read(self, kind: Kind, id_: str, version: str | None = None) -> Reading | None:
        """The draft, or one version; None when AWS says that it is not there."""
        request: dict[str, Any] = {kind.calls.id_in: id_}
        if version is not None and kind.calls.version_in:
            request[kind.calls.version_in] = version
        try:
            reply = self._aws.call(kind.service, kind.calls.get, request)
        except AwsError as error:
            if error.failure is Failure.NOT_FOUND:
                return None
            raise
        resource = reply.get(kind.calls.root, {}) if kind.calls.root else reply
        if kind.identity.id not in resource:
            raise _cut_off(kind, kind.calls.get, kind.identity.id)
        return reading(kind, resource)

    def read_many(self, kind: Kind, ids: Sequence[str]) -> dict[str, Reading]:
        """Several drafts in one call; those that are not there are left out. Only for kinds with a batch operation."""
        calls = kind.calls
        if calls.batch is None:
            raise TypeError(f"{kind.name} cannot be read in batches")
        reply = self._aws.call(kind.service, calls.batch, {calls.batch_in: list(ids)})
        found = [reading(kind, item) for item in reply.get(calls.batch_root, ())]
        return {r.id: r for r in found}

    def tag_index(self, resource_types: Sequence[str], key: str, value: str) -> dict[str, FrozenMap]:
        """ARN -> tags of everything that carries a tag. The tagging API pages by 100 and is eventually consistent."""
        request: dict[str, Any] = {
            "ResourceTypeFilters": list(resource_types),
            "TagFilters": [{"Key": key, "Values": [value]}],
            "ResourcesPerPage": 100,
        }
        found: dict[str, FrozenMap] = {}
        while True:
            reply = self._aws.call("resourcegroupstaggingapi", "GetResources", request)
            for row in reply.get("ResourceTagMappingList", ()):
                found[row["ResourceARN"]] = FrozenMap({t["Key"]: t["Value"] for t in row["Tags"]})
            if not reply.get("PaginationToken"):
                return found
            request["PaginationToken"] = reply["PaginationToken"]

    def tags(self, kind: Kind, arn: str, name: str) -> FrozenMap:
        """The tags of a resource."""
        tagging = kind.tagging
        request = {**thaw(tagging.params), tagging.id_in: arn if tagging.by == "arn" else name}
        found = self._aws.call(kind.service, tagging.list, request).get(tagging.tags_out) or ()
        if tagging.form == "map":
            return FrozenMap(dict(found))
        key, value = ("key", "value") if tagging.form == "list" else ("Key", "Value")
        return FrozenMap({t[key]: t[value] for t in found})

    def settle(self, kind: Kind, id_: str, version: str | None = None) -> Reading:
        """Wait until the draft or version is in a final state, and give it. Raises when it failed or never settles."""
        begun = self._clock.monotonic()
        deadline = begun + self._patience.limit
        pause = self._patience.first
        while True:
            seen = self.read(kind, id_, version)
            if seen is not None and seen.status == "ready":
                return seen
            what = f"{kind.name} {id_}" + (f" version {version}" if version else "")
            if seen is not None and seen.status == "failed":
                raise ReleaserError(
                    f"{what} failed: {seen.reason or 'AWS gives no reason'}",
                    code="A-failed",
                    hint="see the reason; the next run tries again",
                )
            if seen is None and self._clock.monotonic() >= begun + self._patience.appear:
                raise ReleaserError(
                    f"{what} is not there, {self._patience.appear:.0f} s after AWS named it",
                    code="A-gone",
                    hint="somebody deleted it; run again, with --supersede when it was made by an interrupted run",
                )
            if self._clock.monotonic() >= deadline:
                raise ReleaserError(
                    f"{what} did not settle in {self._patience.limit:.0f} s",
                    code="A-unsettled",
                    hint="run the same command again: it continues from what it finds",
                )
            self._clock.sleep(pause)
            pause = min(self._patience.longest, pause * 1.5)

    # -- writing

    def create(self, kind: Kind, name: str, body: FrozenMap, tags: Mapping[str, str], token: str) -> str:
        """Create a draft; returns its id. With the same token a repeat returns the same resource."""
        request = self._request(kind, name, body)
        request |= {kind.tagging.tags_in: _tag_list(kind, tags)}
        if kind.calls.token:
            request[kind.calls.token] = token
        reply = self._aws.call(kind.service, kind.calls.create, request)
        return str(reply.get(kind.identity.id) or name)

    def update(self, kind: Kind, id_: str, name: str, body: FrozenMap) -> None:
        """Replace the whole draft: Bedrock clears what an update omits."""
        if kind.calls.update is None:
            raise TypeError(f"{kind.name} has no update")
        request = self._request(kind, name, body) | {kind.calls.id_in: id_} | thaw(kind.calls.update_params)
        self._aws.call(kind.service, kind.calls.update, request)

    def publish(self, kind: Kind, id_: str, label: str, token: str) -> str:
        """Cut an immutable version of the settled draft; returns its number."""
        if kind.calls.publish is None or kind.calls.token is None:
            raise TypeError(f"{kind.name} has no versions")
        request = {kind.calls.id_in: id_, "description": label, kind.calls.token: token}
        return str(self._aws.call(kind.service, kind.calls.publish, request)["version"])

    def delete(self, kind: Kind, id_: str) -> None:
        """Delete the resource with everything below it. Gone already is fine."""
        for again in (True, False):
            try:
                self._aws.call(kind.service, kind.calls.delete, {kind.calls.id_in: id_})
            except AwsError as error:
                if error.failure is Failure.NOT_FOUND:
                    return
                if error.failure is Failure.AMBIGUOUS and again:
                    seen = self.read(kind, id_)
                    if seen is not None and seen.status != "pending":
                        continue
                    return
                raise
            return

    def retag(self, kind: Kind, arn: str, name: str, put: Mapping[str, str], drop: tuple[str, ...] = ()) -> None:
        """Set some tags and remove others; both may be repeated."""
        tagging = kind.tagging
        ident = {**thaw(tagging.params), tagging.id_in: arn if tagging.by == "arn" else name}
        if put:
            self._aws.call(kind.service, tagging.tag, {**ident, tagging.tags_in: _tag_list(kind, put)})
        if drop:
            self._aws.call(kind.service, tagging.untag, {**ident, tagging.keys_in: list(drop)})

    @staticmethod
    def _request(kind: Kind, name: str, body: FrozenMap) -> dict[str, Any]:
        return {**thaw(kind.write(body)), kind.identity.name: name}


def _cut_off(kind: Kind, operation: str, member: str) -> AwsError:
    """A reply without what it is about says nothing: neither that there is none, nor that it is gone."""
    return AwsError(
        f"{kind.service} {operation}: the reply lacks {member}: it was cut off",
        failure=Failure.AMBIGUOUS,
        service=kind.service,
        operation=operation,
    )


def _tag_list(kind: Kind, tags: Mapping[str, str]) -> Any:
    match kind.tagging.form:
        case "map":
            return dict(tags)
        case "list":
            return [{"key": k, "value": v} for k, v in tags.items()]
        case "List":
            return [{"Key": k, "Value": v} for k, v in tags.items()]


def _row(kind: Kind, reply: Mapping[str, Any]) -> Row:
    ident = kind.identity
    return Row(
        id=str(reply.get(ident.row_id, "")),
        arn=str(reply.get(ident.row_arn, "")),
        name=str(reply.get(ident.row_name, "")),
        revision=_revision(kind, reply),
        version=str(reply.get("version", "")),
        status=_status(kind, reply),
        reason=_reason(kind, reply),
        description=str(reply.get("description", "")),
        reply=reply,
    )


def reading(kind: Kind, reply: Mapping[str, Any]) -> Reading:
    """A get reply (or a full list row) in comparable form."""
    ident = kind.identity
    return Reading(
        id=str(reply.get(ident.id, "")),
        arn=str(reply.get(ident.arn, "")),
        name=str(reply.get(ident.name, "")),
        revision=_revision(kind, reply),
        status=_status(kind, reply),
        reason=_reason(kind, reply),
        description=str(reply.get("description", "")),
        body=body_of(kind, reply),
        version=str(reply.get("version", "")),
    )


def body_of(kind: Kind, reply: Mapping[str, Any]) -> FrozenMap:
    """What ``read`` makes of a reply, less members that no create accepts, in comparable form."""
    seen = kind.read(reply)
    if seen is reply:
        allowed = body_shape(kind, model(kind.service))
        seen = {k: v for k, v in reply.items() if k in allowed.members}
    return comparable(replace(kind, comparable=lambda body: body), freeze(seen))


def _revision(kind: Kind, reply: Mapping[str, Any]) -> str:
    """What moves with every change. A version number alone starts anew when somebody deletes and makes again."""
    return " ".join(_text(reply.get(member, "")) for member in kind.identity.revision.split(","))


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)


def _status(kind: Kind, reply: Mapping[str, Any]) -> str:
    """``ready``, ``pending`` or ``failed``. A value that the kind does not classify is never taken for ready."""
    status = kind.status
    if status is None:
        return "ready"
    value = reply.get(status.member)
    if value in status.ready:
        return "ready"
    return "failed" if value in status.failed else "pending"


def _reason(kind: Kind, reply: Mapping[str, Any]) -> str:
    if kind.status is None or kind.status.reasons is None:
        return ""
    return "; ".join(str(r) for r in reply.get(kind.status.reasons, ()))
