"""Interprets a Kind: the only code that turns a kind's declaration into calls.

Nothing here decides what should happen; nothing here knows a kind by name.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from releaser.core.errors import AwsError, Failure, ReleaserError
from releaser.core.kind import Kind, Pin, Site
from releaser.core.values import EMPTY, FrozenMap, thaw
from releaser.engine.buckets import Buckets
from releaser.engine.deliver import Delivered, Deliverer, Order, Watch
from releaser.engine.ingest import Ingester
from releaser.engine.minting import Minting
from releaser.engine.paging import pages, promised
from releaser.engine.parts import Parts
from releaser.engine.ports import Aws, Clock
from releaser.engine.reading import Reading, Row, child_id, reading, row, split_id
from releaser.engine.waiting import Patience, Waiting

DRAFT = "DRAFT"


class Driver:
    """The calls of every kind, over one ``Aws`` port. ``data``: AWS where documents are kept, if that is elsewhere."""

    def __init__(
        self,
        aws: Aws,
        clock: Clock,
        patience: Patience | None = None,
        data: Callable[[], Aws] | None = None,
        site: Site | None = None,
    ) -> None:
        """``site``: where ``aws`` is, for kinds whose replies tell no ARN."""
        self._aws = aws
        self._site = site or Site("", "", "")
        self._clock = clock
        self._patience = patience or Patience()
        self._parts = Parts(aws, clock, self._patience.limit)
        self._minting = Minting(aws, clock, self._patience.limit)
        waits = self._patience
        buckets = Buckets(data or (lambda: aws))
        self._ingester = Ingester(aws, clock, buckets, limit=waits.job, first=waits.first, longest=waits.job_longest)
        self._deliverer = Deliverer(aws, clock, first=waits.first, longest=waits.longest)

    # -- reading

    def rows(self, kind: Kind, parent: str = "") -> list[Row]:
        """Every resource of the kind in the account and region; of a kind that lives in others, all of one parent."""
        params = {**thaw(kind.calls.list_params), **_parent(kind, parent)}
        listed = pages(self._aws, kind, kind.calls.list, kind.calls.list_root, params)
        return [self._whole_row(kind, row(kind, r, parent)) for r in listed]

    def _whole_row(self, kind: Kind, found: Row) -> Row:
        """With what AWS does not say in the row: its ARN, and the newest job that delivers to it."""
        if kind.identity.arn_path:
            found = replace(found, arn=self._arn(kind, found.id))
        return replace(found, revision=self._with_mark(kind, found.id, found.revision))

    def _arn(self, kind: Kind, id_: str) -> str:
        path = kind.identity.arn_path.format(*(part for part in split_id(kind, id_) if part))
        site = self._site
        return f"arn:{site.partition}:{kind.service}:{site.region}:{site.account}:{path}"

    def _with_mark(self, kind: Kind, id_: str, revision: str) -> str:
        return f"{revision} {self._deliverer.mark(kind, id_)}" if kind.delivery else revision

    def versions(self, kind: Kind, id_: str) -> list[Row]:
        """The published versions of one resource, without its draft."""
        if not kind.versioned:
            return []
        own = kind.versions
        operation, root = (own.list, own.list_root) if own else (kind.calls.list, kind.calls.list_root)
        found = [row(kind, r) for r in pages(self._aws, kind, operation, root, {kind.calls.id_in: id_})]
        return [r for r in found if r.version and r.version != DRAFT]

    def read(self, kind: Kind, id_: str, version: str | None = None) -> Reading | None:
        """The draft, or one version, with its parts; None when AWS says that it is not there."""
        found = self._get(kind, id_, version)
        if found is None:
            return None
        try:
            parts = self._parts.read(kind, id_, version) if kind.parts else None
        except AwsError as error:
            if error.failure is Failure.NOT_FOUND:
                return None
            raise
        seen = reading(kind, found, split_id(kind, id_)[0], parts)
        arn = self._arn(kind, id_) if kind.identity.arn_path else seen.arn
        return replace(seen, arn=arn, revision=self._with_mark(kind, id_, seen.revision))

    def _get(self, kind: Kind, id_: str, version: str | None) -> Mapping[str, Any] | None:
        own = kind.versions if version is not None else None
        operation, root = (own.get, own.root) if own else (kind.calls.get, kind.calls.root)
        request = _named(kind, id_)
        member = own.version_in if own else kind.calls.version_in
        if version is not None and member:
            request[member] = version
        try:
            reply = self._aws.call(kind.service, operation, request)
        except AwsError as error:
            if error.failure is Failure.NOT_FOUND:
                return None
            raise
        resource: Mapping[str, Any] = reply.get(root, {}) if root else reply
        promised(kind, operation, resource, kind.identity.id)
        return resource

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
            for entry in reply.get("ResourceTagMappingList", ()):
                found[entry["ResourceARN"]] = FrozenMap({t["Key"]: t["Value"] for t in entry["Tags"]})
            if not reply.get("PaginationToken"):
                return found
            request["PaginationToken"] = reply["PaginationToken"]

    def quota(self, service: str, code: str) -> int:
        """The account's own value of a quota, by Service Quotas."""
        reply = self._aws.call("service-quotas", "GetServiceQuota", {"ServiceCode": service, "QuotaCode": code})
        return int(reply["Quota"]["Value"])

    def tags(self, kind: Kind, arn: str, name: str) -> FrozenMap:
        """The tags of a resource."""
        tagging = kind.tagging
        request = {**thaw(tagging.params), tagging.id_in: arn if tagging.by == "arn" else name}
        found = self._aws.call(kind.service, tagging.list, request).get(tagging.tags_out) or ()
        if tagging.form == "map":
            return FrozenMap(dict(found))
        key, value = ("key", "value") if tagging.form == "list" else ("Key", "Value")
        return FrozenMap({t[key]: t[value] for t in found})

    def tags_of(self, kind: Kind, found: Row) -> FrozenMap:
        """The tags of what a list row shows; some rows show no ARN."""
        if found.arn or kind.tagging.by == "name":
            return self.tags(kind, found.arn, found.name)
        seen = self._get(kind, found.id, None)
        return self.tags(kind, str(seen.get(kind.identity.arn, "")), found.name) if seen is not None else EMPTY

    def settle(self, kind: Kind, id_: str, version: str | None = None, *, repairing: bool = False) -> Reading:
        """Wait until the draft or version is in a final state, and give it. Raises when it failed or never settles.

        ``repairing``: a draft that failed is about to be written again, where its kind allows that.
        """

        def look() -> Reading | None:
            return self.read(kind, id_, version)

        accepted = {"ready", "idle"}
        if repairing and kind.status is not None and kind.status.repairable:
            accepted.add("failed")
        return self._wait(kind, id_, version, look, frozenset(accepted))

    def settle_owner(self, kind: Kind, id_: str) -> Reading:
        """As ``settle``, without reading the parts."""

        def look() -> Reading | None:
            found = self._get(kind, id_, None)
            return reading(kind, found) if found is not None else None

        repairable = kind.status is not None and kind.status.repairable
        return self._wait(kind, id_, None, look, frozenset({"ready", "idle", *(["failed"] if repairable else [])}))

    def _wait(
        self,
        kind: Kind,
        id_: str,
        version: str | None,
        look: Callable[[], Reading | None],
        accepted: frozenset[str],
    ) -> Reading:
        waiting = self._waiting()
        what = f"{kind.name} {id_}" + (f" version {version}" if version else "")
        while True:
            seen = look()
            if seen is not None and seen.status in accepted:
                return seen
            if seen is not None and seen.status == "failed":
                raise ReleaserError(
                    f"{what} failed: {seen.reason or 'AWS gives no reason'}",
                    code="A-failed",
                    hint="see the reason; the next run tries again",
                )
            if seen is None and waiting.lasts(self._patience.appear):
                raise ReleaserError(
                    f"{what} is not there, {self._patience.appear:.0f} s after AWS named it",
                    code="A-gone",
                    hint="somebody deleted it; run again, with --supersede when it was made by an interrupted run",
                )
            waiting.pause(f"{what} did not settle in {waiting.limit:.0f} s")

    def _waiting(self) -> Waiting:
        waits = self._patience
        return Waiting(self._clock, waits.limit, first=waits.first, longest=waits.longest)

    def content(self, kind: Kind, id_: str, items: Collection[str]) -> FrozenMap:
        """Item -> what was ingested into it; without items nothing is asked."""
        return self._ingester.held(kind, id_, items) if items else EMPTY

    def delivered(self, kind: Kind, id_: str) -> FrozenMap:
        """What jobs have delivered to it."""
        return self._deliverer.held(kind, id_)

    @property
    def deliverer(self) -> Deliverer:
        """The jobs that deliver, for whoever asks for one of them."""
        return self._deliverer

    # -- writing

    def create(self, kind: Kind, name: str, body: FrozenMap, tags: Mapping[str, str], token: str) -> str:
        """Create a draft, without its parts; returns its id. With the same token a repeat returns the same one."""
        request = self._request(kind, name, _without(body, kind.fields.update_only))
        request |= {kind.tagging.tags_in: _tag_list(kind, tags)}
        if kind.calls.token:
            request[kind.calls.token] = token
        reply = self._aws.call(kind.service, kind.calls.create, request)
        made = reply.get(kind.calls.root, {}) if kind.calls.root else reply
        parent = str(body.get(kind.calls.parent_in, "")) if kind.calls.parent_in else ""
        return child_id(parent, str(made.get(kind.identity.id) or name))

    def update(self, kind: Kind, id_: str, name: str, body: FrozenMap) -> None:
        """Replace the whole draft but its parts: Bedrock clears what an update omits."""
        if kind.calls.update is None:
            raise TypeError(f"{kind.name} has no update")
        if kind.fixed is None:
            body = _without(body, kind.fields.immutable)
        request = self._request(kind, name, body) | _named(kind, id_) | thaw(kind.calls.update_params)
        self._aws.call(kind.service, kind.calls.update, request)

    def write_parts(self, kind: Kind, id_: str, body: FrozenMap, token: str) -> None:
        """Make the parts of a settled draft what the body says. May be repeated."""
        if kind.parts:
            self._parts.converge(kind, id_, body, token, lambda: self.settle_owner(kind, id_))

    def ingest(self, kind: Kind, id_: str, pins: Collection[Pin], token: str) -> str:
        """Bring in pinned content, and wait until it is there. May be repeated; returns the statistics."""
        return self._ingester.ingest(kind, id_, pins, token)

    def deliver(self, kind: Kind, id_: str, order: Order, watch: Watch, expect: Callable[[], bool]) -> Delivered:
        """Bring content to its readers by a job. May be repeated."""
        return self._deliverer.deliver(kind, id_, order, watch, expect)

    def prepare(self, kind: Kind, id_: str) -> Reading:
        """Make the draft ready to be published, and wait until it is. Preparing twice does no harm."""
        if kind.calls.prepare is None:
            raise TypeError(f"{kind.name} is not prepared")
        for again in (True, False):
            try:
                self._aws.call(kind.service, kind.calls.prepare, _named(kind, id_))
                break
            except AwsError as error:
                if error.failure not in (Failure.CONFLICT, Failure.AMBIGUOUS) or not again:
                    raise
                self.settle_owner(kind, id_)
        return self._wait(kind, id_, None, lambda: self.read(kind, id_), frozenset({"ready"}))

    def publish(self, kind: Kind, id_: str, label: str, token: str) -> str:
        """Cut an immutable version of the settled draft; returns its number."""
        if kind.mint is not None:
            return self._minting.mint(kind, kind.mint, id_, token)
        if kind.calls.publish is None or kind.calls.token is None:
            raise TypeError(f"{kind.name} has no versions")
        request = {kind.calls.id_in: id_, "description": label, kind.calls.token: token}
        return str(self._aws.call(kind.service, kind.calls.publish, request)["version"])

    def delete(self, kind: Kind, id_: str) -> None:
        """Delete the resource with everything below it. Gone already is fine. Raises when AWS tells that it failed."""
        if kind.mint is not None:
            self._minting.forget(kind, kind.mint, id_)
        self._parts.clear(kind, id_, lambda: self.settle_owner(kind, id_))
        self._empty(kind, id_)
        self._delete(kind, id_)
        if kind.status is not None and (kind.status.leaving & kind.status.pending):
            # What it stands in, and what it uses, cannot be deleted until it is gone.
            self._await_end(kind, id_)

    def _empty(self, kind: Kind, id_: str) -> None:
        """Delete what is stored in it. What is gone, or is going, is fine."""
        how = kind.stored
        if how is None:
            return
        try:
            for found in list(pages(self._aws, kind, how.list, how.list_root, _named(kind, id_))):
                self._aws.call(kind.service, how.delete, {**_named(kind, id_), how.number: found[how.number]})
        except AwsError as error:
            if error.failure is not Failure.NOT_FOUND:
                raise

    def _delete(self, kind: Kind, id_: str) -> None:
        for again in (True, False):
            try:
                self._aws.call(kind.service, kind.calls.delete, _named(kind, id_))
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

    def _await_end(self, kind: Kind, id_: str) -> None:
        """Wait until a resource is gone, as AWS deletes it in its own time and may fail."""
        waiting = self._waiting()
        while (found := self._get(kind, id_, None)) is not None:
            seen = reading(kind, found)
            if kind.status is not None and found.get(kind.status.member) in kind.status.undeleted:
                raise ReleaserError(
                    f"{kind.name} {id_} was not deleted: {seen.reason or 'AWS gives no reason'}",
                    code="A-undeleted",
                    hint="mend what the reason names; the next run tries again",
                )
            waiting.pause(f"{kind.name} {id_} is still being deleted after {waiting.limit:.0f} s")

    def delete_version(self, kind: Kind, id_: str, version: str) -> None:
        """Delete one version. Gone already is fine. Raises when its resource is not there afterwards.

        AWS's delete without a version takes the resource with everything in it: a number is always given.
        """
        own = kind.versions
        operation, member = (own.delete, own.version_in) if own else (kind.calls.delete, kind.calls.version_in)
        if member is None or not version.isdigit():
            raise TypeError(f"{kind.name} {id_}: {version!r} is not a version that can be deleted")
        try:
            self._aws.call(kind.service, operation, {**_named(kind, id_), member: version})
        except AwsError as error:
            if error.failure is Failure.AMBIGUOUS and self._get(kind, id_, version) is not None:
                self._aws.call(kind.service, operation, {**_named(kind, id_), member: version})
            elif error.failure not in (Failure.NOT_FOUND, Failure.AMBIGUOUS):
                raise
        if self._get(kind, id_, None) is None:
            raise ReleaserError(
                f"{kind.name} {id_} is gone after its version {version} was deleted",
                code="A-gone",
                hint="stop here: look at what happened in AWS CloudTrail; the next reconcile makes it anew",
            )

    def enforced_guardrails(self) -> list[Mapping[str, Any]]:
        """What the account enforces on every inference (ListEnforcedGuardrailsConfiguration)."""
        found: list[Mapping[str, Any]] = []
        request: dict[str, Any] = {}
        while True:
            reply = self._aws.call("bedrock", "ListEnforcedGuardrailsConfiguration", request)
            found += reply.get("guardrailsConfig", ())
            if not reply.get("nextToken"):
                return found
            request = {"nextToken": reply["nextToken"]}

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
        brought = kind.delivery.members if kind.delivery else frozenset[str]()
        own = _without(body, frozenset(p.member for p in kind.parts) | brought)
        return {**thaw(kind.write(own)), kind.identity.name: name}


def _named(kind: Kind, id_: str) -> dict[str, Any]:
    """The request members that name a resource."""
    parent, own = split_id(kind, id_)
    return {**_parent(kind, parent), kind.calls.id_in: own}


def _parent(kind: Kind, parent: str) -> dict[str, Any]:
    return {kind.calls.parent_in: parent} if kind.calls.parent_in else {}


def _without(body: FrozenMap, members: frozenset[str]) -> FrozenMap:
    return FrozenMap({k: v for k, v in body.items() if k not in members}) if members else body


def _tag_list(kind: Kind, tags: Mapping[str, str]) -> Any:
    match kind.tagging.form:
        case "map":
            return dict(tags)
        case "list":
            return [{"key": k, "value": v} for k, v in tags.items()]
        case "List":
            return [{"Key": k, "Value": v} for k, v in tags.items()]
