"""Desired graph + records -> Snapshot, with as few calls as honesty allows.

Every kind is listed once. A resource whose row matches its last record is assumed; everything else is read. A whole
use case is read when anything of it is not as recorded, since one moved reference changes what others should hold.
No row tells what was ingested: it is asked for also where the rest is assumed, in two calls for a knowledge base and
one more for each further data source.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

from releaser.core.address import Address, Ref
from releaser.core.content import resolve_body, version_digest
from releaser.core.diff import differences
from releaser.core.errors import AwsError, Failure, ReleaserError
from releaser.core.graph import (
    ENVIRONMENT_TAG,
    OWNER_TAG,
    RETIRED_TAG,
    DesiredGraph,
    Node,
    is_owned,
    labels_digest,
    read_label,
)
from releaser.core.ingested import judged
from releaser.core.kind import Draft, Kind
from releaser.core.normal import comparable
from releaser.core.ours import External
from releaser.core.plan import Known
from releaser.core.quotas import SERVICE
from releaser.core.record import Binding, Retired
from releaser.core.snapshot import (
    Absent,
    Depth,
    Foreign,
    Observation,
    Seen,
    Snapshot,
    Unreadable,
    Version,
)
from releaser.core.values import EMPTY, FrozenMap, digest
from releaser.engine.driver import Driver
from releaser.engine.pinned import look
from releaser.engine.reading import Reading, Row, reading, split_id

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of one kind by id and by name, or why they could not be had."""

    by_id: Mapping[str, Row]
    by_name: Mapping[str, tuple[Row, ...]]
    failure: str = ""


_NEWEST = 10
"""How many versions are read to find one of a content, where rows do not tell."""

_MANY = 20
"""From so many resources on, batches and the tag index cost fewer calls than asking for each."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """What was read many at a time. The tag index lags behind, so it may confirm and never accuse."""

    bodies: Mapping[str, Reading] = field(default_factory=dict)
    tags: Mapping[str, FrozenMap] = field(default_factory=dict)
    full: bool = False

    def tags_of(self, kind: Kind, node: Node, binding: Binding) -> FrozenMap | None:
        """The tags of a recorded resource, when they are as they should be; None: ask for them."""
        if kind.tag_index is None:
            return None if self.full else node.tags
        found = self.tags.get(binding.arn)
        if found is None or RETIRED_TAG in found or any(found.get(k) != v for k, v in node.tags.items()):
            return None
        return found


@dataclass(frozen=True, slots=True)
class Observer:
    """Looks at one account and region. ``known`` is what the records say, by use case."""

    driver: Driver
    kinds: Mapping[str, Kind]
    environment: str
    account: str
    region: str
    workers: int = 16

    def observe(
        self,
        graph: DesiredGraph,
        known: Mapping[str, Known],
        *,
        deep: bool,
        full: bool = False,
        strangers: Iterable[str] = (),
        rows: Mapping[str, Rows] | None = None,
        emptied: Iterable[str] = (),
    ) -> Snapshot:
        """The live state of every node, of what was retired, and how much of each kind there is.

        ``deep`` reads every body and lists every version. ``full`` asks for the tags of everything too, also where
        the record vouches for ownership and no index lists them (prompts).
        ``strangers``: use cases to read even when their rows match.
        ``rows``: what ``list_all`` gave, when somebody has listed already.
        ``emptied``: use cases without a node, all of whose resources are declared no longer.
        """
        rows = dict(rows if rows is not None else self.list_all())
        with ThreadPoolExecutor(max_workers=self.workers, thread_name_prefix="observe") as pool:
            rows |= self._list_on_demand(pool, graph, known, rows)
            rows |= self._list_inside(pool, known, rows)
            to_read = set(strangers) if not deep else {n.address.use_case for n in graph.nodes}
            assumed = {} if deep else self._assume(graph, known, rows, to_read)
            assumed = self._without_other_content(pool, graph, assumed)
            rest = [n for n in graph.nodes if n.address not in assumed]
            ahead = self._ahead(pool, rest, known, full=full)
            observations: dict[Address, Observation] = dict(assumed)
            for alone in (True, False):
                nodes = [n for n in rest if (self.kinds[n.kind].parent is None) is alone]
                found = _each(pool, lambda n: self._look(n, _binding(known, n), rows, ahead, observations), nodes)
                observations.update({n.address: o for n, o in zip(nodes, found, strict=True)})
        observations |= self._under_base_name(graph, rows, observations)
        retired, unreadable = self._retired(graph, known, rows, observations, emptied)
        observations.update(unreadable)
        taken = {o.id for o in observations.values() if isinstance(o, Seen)}
        taken |= {b.id for bs in retired.values() for b in bs}
        for address, strays in self._strays(known, rows, taken).items():
            retired[address] = (*retired.get(address, ()), *strays)
        return Snapshot(
            environment=self.environment,
            account=self.account,
            region=self.region,
            observations=observations,
            retired=retired,
            totals={k: len(r.by_id) for k, r in rows.items() if not r.failure},
        )

    def list_all(self) -> dict[str, Rows]:
        """The rows of every kind, all kinds at once: needs no desired graph, so it can run while one is made.

        Kinds that exist only inside others are listed for each parent, when the parents are known.
        """
        alone = {name: kind for name, kind in self.kinds.items() if kind.parent is None and not kind.on_demand}
        with ThreadPoolExecutor(max_workers=len(alone), thread_name_prefix="list") as pool:
            return dict(zip(alone, pool.map(self._list, alone.values()), strict=True))

    def quotas(self, kinds: Iterable[str]) -> dict[str, int]:
        """Code -> the account's own limit, for the kinds of which AWS raises it. Empty where it may not be asked."""
        codes = {q.code for k in kinds if (q := self.kinds[k].account_quota) is not None and q.code}
        found = {}
        for code in sorted(codes):
            try:
                found[code] = self.driver.quota(SERVICE, code)
            except AwsError:
                continue
        return found

    def _list_on_demand(
        self, pool: ThreadPoolExecutor, graph: DesiredGraph, known: Mapping[str, Known], rows: Mapping[str, Rows]
    ) -> dict[str, Rows]:
        """The rows of kinds that few use: none is asked for where nothing is declared, recorded or attempted."""
        used = {n.kind for n in graph.nodes}
        for mine in known.values():
            used |= {a.kind for a in (*mine.bindings, *mine.retired, *(a for a, _ in mine.attempted))}
        seldom = {n: k for n, k in self.kinds.items() if k.parent is None and k.on_demand and n not in rows}
        wanted = [k for n, k in seldom.items() if n in used]
        listed = dict(zip((k.name for k in wanted), _each(pool, self._list, wanted), strict=True))
        return {n: listed.get(n, Rows({}, {})) for n in seldom}

    def _list_inside(
        self, pool: ThreadPoolExecutor, known: Mapping[str, Known], rows: Mapping[str, Rows]
    ) -> dict[str, Rows]:
        """The rows of what exists inside recorded resources, and inside what an unfinished run may have made."""
        found: dict[str, Rows] = {}
        for name, kind in self.kinds.items():
            if kind.parent is None:
                continue
            outer = rows[kind.parent]
            parents = {p for mine in known.values() for p in _parents(kind, mine, outer)} & outer.by_id.keys()
            listed = _each(pool, partial(self._list, kind), sorted(parents))
            found[name] = _joined(listed, outer.failure)
        return found

    def _list(self, kind: Kind, parent: str = "") -> Rows:
        try:
            rows = self.driver.rows(kind, parent)
        except AwsError as error:
            return Rows({}, {}, "" if parent and error.failure is Failure.NOT_FOUND else str(error))
        names: dict[str, list[Row]] = {}
        for row in rows:
            names.setdefault(row.name, []).append(row)
        return Rows({r.id: r for r in rows}, {k: tuple(v) for k, v in names.items()})

    def _assume(
        self,
        graph: DesiredGraph,
        known: Mapping[str, Known],
        rows: Mapping[str, Rows],
        to_read: set[str],
    ) -> dict[Address, Seen]:
        found: dict[str, dict[Address, Seen]] = {}
        for node in graph.nodes:
            use_case = node.address.use_case
            if use_case in to_read or node.external is not None:
                continue
            seen = _as_recorded(self.kinds[node.kind], node, _binding(known, node), rows[node.kind])
            if seen is None:
                to_read.add(use_case)
                found.pop(use_case, None)
            else:
                found.setdefault(use_case, {})[node.address] = seen
        return {a: s for seens in found.values() for a, s in seens.items()}

    def _without_other_content(
        self, pool: ThreadPoolExecutor, graph: DesiredGraph, assumed: Mapping[Address, Seen]
    ) -> dict[Address, Seen]:
        """What is assumed, less the use cases where something does not hold what is pinned: no row tells of a job."""
        pinned = [n for n in graph.nodes if n.pins and n.address in assumed]
        kept = _each(pool, lambda n: self._holds_pinned(n, assumed[n.address].id), pinned)
        others = {n.address.use_case for n, is_kept in zip(pinned, kept, strict=True) if not is_kept}
        return {a: s for a, s in assumed.items() if a.use_case not in others}

    def _holds_pinned(self, node: Node, id_: str) -> bool:
        """Whether it is known to hold what is pinned; what cannot be asked is read, and said there."""
        try:
            return self._content(self.kinds[node.kind], node, id_) == {p.item: p.digest for p in node.pins}
        except (AwsError, ReleaserError):
            return False

    def _ahead(self, pool: ThreadPoolExecutor, nodes: list[Node], known: Mapping[str, Known], *, full: bool) -> Ahead:
        """Bodies and tags that can be had many at a time, when there are many."""
        if len(nodes) < _MANY:
            return Ahead(full=True)
        batches: dict[str, list[str]] = {}
        for node in nodes:
            binding = _binding(known, node)
            if binding is not None and self.kinds[node.kind].calls.batch is not None:
                batches.setdefault(node.kind, []).append(binding.id)
        types = sorted({t for n in nodes if (t := self.kinds[n.kind].tag_index) is not None})
        tagged = [pool.submit(self._index, t) for t in types]
        read = [
            pool.submit(self._batch, self.kinds[name], ids[i : i + size])
            for name, ids in batches.items()
            for size in (self.kinds[name].calls.batch_size,)
            for i in range(0, len(ids), size)
        ]
        bodies = {r.id: r for f in read for r in f.result()}
        tags = {arn: found for f in tagged for arn, found in f.result().items()}
        return Ahead(bodies, tags, full)

    def _index(self, resource_type: str) -> dict[str, FrozenMap]:
        """What the tagging API has; nothing when it may not be asked: then each resource is."""
        try:
            return self.driver.tag_index([resource_type], ENVIRONMENT_TAG, self.environment)
        except AwsError:
            return {}

    def _batch(self, kind: Kind, ids: list[str]) -> list[Reading]:
        try:
            return list(self.driver.read_many(kind, ids).values())
        except AwsError:
            return []

    def _look(
        self,
        node: Node,
        binding: Binding | None,
        listed: Mapping[str, Rows],
        ahead: Ahead,
        around: Mapping[Address, Observation],
    ) -> Observation:
        kind = self.kinds[node.kind]
        if node.external is not None:
            return self._look_at_external(kind, node.external)
        rows = listed[node.kind]
        if rows.failure:
            return Unreadable(rows.failure)
        try:
            if kind.parent is not None:
                match _parent_of(kind, node, around):
                    case Seen(id=parent):
                        rows = self._list(kind, parent)
                        if rows.failure:
                            return Unreadable(rows.failure)
                    case Absent():
                        return Absent()
                    case _:
                        return Unreadable(f"the {kind.parent} that it belongs to could not be read")
            found = self._find(kind, node, binding, rows, ahead)
            return replace(found, siblings=_counted(kind, rows)) if isinstance(found, Absent) else found
        except (AwsError, ReleaserError) as error:
            return Unreadable(str(error))

    def _look_at_external(self, kind: Kind, pin: External) -> Observation:
        try:
            return look(self.driver, self.kinds, kind, pin.id, pin.version)
        except (AwsError, ReleaserError) as error:
            return Unreadable(str(error))

    def _find(self, kind: Kind, node: Node, binding: Binding | None, rows: Rows, ahead: Ahead) -> Observation:
        """Ownership: the record's id first, then the tag on what has our name; a name alone is never ownership."""
        binding = binding if binding is not None and _may_be(binding, node, kind) else None
        if binding is not None and binding.id in rows.by_id:
            # Without labels only reading tells what a version holds: enough that the recorded one is as it was.
            trusted = kind.labels_versions or binding.stamp == node.stamp
            proven = {binding.version: binding.body_digest} if binding.version and trusted else {}
            row = rows.by_id[binding.id]
            seen = self._read(kind, node, row, proven, ahead.tags_of(kind, node, binding), ahead.bodies.get(row.id))
            if isinstance(seen, Seen):
                return _unless_taken(self._with_marks(kind, seen, binding), node)
        elif binding is not None:
            missed = self.driver.read(kind, binding.id)  # lists lag: what they lack may well be there
            if missed is not None and missed.id and missed.name in (node.name, binding.name):
                settled = self.driver.settle(kind, binding.id) if missed.status == "pending" else missed
                return _unless_taken(self._seen(kind, node, settled, {}, None), node)
        stranger: Foreign | None = None
        free: list[tuple[Row, FrozenMap]] = []
        for row in (r for name in _names(node) for r in rows.by_name.get(name, ())):
            tags = self.driver.tags_of(kind, row)
            if any(is_owned(tags, a, self.environment) for a in (node.address, *node.former)):
                seen = self._read(kind, node, row, {}, tags)
                if isinstance(seen, Seen):
                    return seen
            elif row.name == node.name:
                stranger = stranger or Foreign(row.id, row.name, tags.get(OWNER_TAG, ""))
            if row.name == node.name and OWNER_TAG not in tags:
                free.append((row, tags))
        if node.adopts and free:
            return self._adopted(kind, node, free)
        return stranger or Absent(was=binding.id if binding is not None else "")

    def _with_marks(self, kind: Kind, seen: Seen, binding: Binding) -> Seen:
        """A pointer that moved and no record knows of it, with its tags as they are now: one may say that it was moved
        while git could not be told, and the index lags."""
        if not kind.is_followed:
            return seen
        delivered = kind.delivery is None or version_digest(kind, seen.body or EMPTY) == binding.body_digest
        if delivered and seen.revision == binding.revision:
            return seen
        return replace(seen, tags=self.driver.tags(kind, seen.arn, seen.name))

    def _under_base_name(
        self, graph: DesiredGraph, rows: Mapping[str, Rows], observations: Mapping[Address, Observation]
    ) -> dict[Address, Observation]:
        """What stands under the plain name that the manifest gives, where it holds what is asked. References are
        known by now."""
        found: dict[Address, Observation] = {}
        for node in graph.nodes:
            around = {**observations, **found}
            if not node.base or isinstance(around[node.address], Seen | Unreadable):
                continue
            kind = self.kinds[node.kind]
            try:
                seen = self._find(kind, replace(node, name=node.base), None, rows[node.kind], Ahead(full=True))
            except (AwsError, ReleaserError) as error:
                seen = Unreadable(str(error))
            if isinstance(seen, Unreadable) or (isinstance(seen, Seen) and _holds(kind, node, seen, around)):
                found[node.address] = seen
        return found

    def _adopted(self, kind: Kind, node: Node, free: list[tuple[Row, FrozenMap]]) -> Observation:
        """What has the name and nobody's tag, when there is one of it."""
        if len(free) > 1:
            ids = ", ".join(row.id for row, _ in free)
            return Unreadable(f"{len(free)} of that name have no owner ({ids}): rename all but one")
        row, tags = free[0]
        seen = self._read(kind, node, row, {}, tags)
        return replace(seen, is_adopted=True) if isinstance(seen, Seen) else seen

    def _read(
        self,
        kind: Kind,
        node: Node,
        row: Row,
        proven: Mapping[str, str],
        tags: FrozenMap | None = None,
        found: Reading | None = None,
    ) -> Observation:
        if found is None:
            found = reading(kind, row.reply) if kind.calls.list_is_full else self.driver.read(kind, row.id)
        if found is None or not found.id:
            return Absent(was=row.id)
        if found.status == "pending":
            found = self.driver.settle(kind, row.id)
        return self._seen(kind, node, found, proven, tags)

    def reread(
        self, nodes: Iterable[Node], ids: Mapping[Address, str], proven: Mapping[Address, Mapping[str, str]]
    ) -> Snapshot:
        """The nodes as they are now, each asked for by its id, without a list call: for one use case after a run."""
        found: dict[Address, Observation] = {}
        for node in nodes:
            kind = self.kinds[node.kind]
            if node.external is not None:
                found[node.address] = self._look_at_external(kind, node.external)
                continue
            read = self.driver.read(kind, ids[node.address]) if node.address in ids else None
            seen = self._seen(kind, node, read, proven.get(node.address, {}), None) if read else Absent()
            found[node.address] = seen
        return Snapshot(self.environment, self.account, self.region, found)

    def _seen(self, kind: Kind, node: Node, found: Reading, proven: Mapping[str, str], tags: FrozenMap | None) -> Seen:
        return Seen(
            id=found.id,
            arn=found.arn,
            name=found.name,
            revision=found.revision,
            depth=Depth.READ,
            body=self._with_content(kind, node, found),
            tags=tags if tags is not None else self.driver.tags(kind, found.arn, found.name),
            versions=self._versions(kind, node, found, proven),
            status=found.status,
            reason=found.reason,
        )

    def _with_content(self, kind: Kind, node: Node, found: Reading) -> FrozenMap:
        """The body with what jobs brought: what was delivered; what was ingested, where something is pinned."""
        if kind.delivery is not None:
            return FrozenMap({**found.body, **comparable(kind, self.driver.delivered(kind, found.id))})
        if kind.ingestion is None or not node.pins:
            return found.body
        content = self._content(kind, node, found.id)
        return FrozenMap({**found.body, kind.ingestion.member: content}) if content else found.body

    def _content(self, kind: Kind, node: Node, id_: str) -> FrozenMap:
        """Item -> what it holds, of those that the node pins."""
        return judged(node.pins, self.driver.content(kind, id_, {p.item for p in node.pins}))

    def _versions(self, kind: Kind, node: Node, draft: Reading, proven: Mapping[str, str]) -> tuple[Version, ...]:
        """Published versions; those that may hold the node's content are read, for a hash proves and a label hints.

        A digest from a record spares the reading while the draft has it too: taken under older rules (before a server
        default was learned, say) it would compare with nothing, and the content would be published again. Where rows
        show no label, only the newest are read: an agent has any number of versions, each several calls, and content
        of long ago is at worst published once more.
        """
        id_, now = draft.id, version_digest(kind, draft.body)
        listed = []
        rows = sorted(self.driver.versions(kind, id_), key=_newest_first)
        known = not kind.labels_versions and any(proven.get(r.version) == now for r in rows)
        for rank, row in enumerate(rows):
            stamp = read_label(row.description) if kind.labels_versions else None
            body = proven.get(row.version)
            asked = not known and (kind.labels_versions or rank < _NEWEST)
            if asked and body != now and (stamp is None or stamp == node.stamp[:16]):
                body = version_digest(kind, self.driver.settle(kind, id_, row.version).body)
            listed.append(Version(row.version, stamp, body))
        for version in sorted(proven.keys() - {v.version for v in listed}):
            missed = self.driver.read(kind, id_, version)  # lists lag; without it, its content would be published again
            if missed is not None and missed.version == version:
                listed.append(Version(version, read_label(missed.description), version_digest(kind, missed.body)))
        return tuple(listed)

    def _retired(
        self,
        graph: DesiredGraph,
        known: Mapping[str, Known],
        rows: Mapping[str, Rows],
        observations: Mapping[Address, Observation],
        emptied: Iterable[str],
    ) -> tuple[dict[Address, tuple[Binding, ...]], dict[Address, Unreadable]]:
        """Recorded resources that are still live and no longer declared, or declared under another name by now.

        And those of which it could not be told: forgetting one would leave it in the account for ever.
        """
        found: dict[Address, list[Binding]] = {}
        unreadable: dict[Address, Unreadable] = {}
        nodes = {n.address: n for n in graph.nodes}
        present = {*(n.address.use_case for n in graph.nodes), *emptied}
        in_use = {o.id for o in observations.values() if isinstance(o, Seen)}
        for use_case in sorted(present & known.keys()):
            mine = known[use_case]
            listed = [(a, b) for a, b in mine.bindings.items() if a not in nodes or self._leaves(b, nodes[a])]
            listed += [(a, b) for a, bs in mine.retired.items() for b in bs]
            for address, binding in listed:
                if binding.id in in_use:
                    continue
                try:
                    if self._is_live(binding, rows[binding.kind]):
                        found.setdefault(address, []).append(binding)
                except ReleaserError as error:
                    unreadable[address] = Unreadable(str(error))
        return {a: tuple(_once(bs)) for a, bs in found.items()}, unreadable

    def _leaves(self, binding: Binding, node: Node) -> bool:
        """Whether what the record knows gives way to another one. What can be renamed never does, unless somebody
        else's takes its place in the manifest."""
        return binding.name != node.name and (node.external is not None or not self.kinds[node.kind].is_renamable)

    def _is_live(self, binding: Binding, rows: Rows) -> bool:
        """By the list, or, since lists lag, by its id. Raises when neither can be read."""
        if rows.failure:
            raise ReleaserError(rows.failure)
        row = rows.by_id.get(binding.id)
        if row is not None:
            return row.name == binding.name
        seen = self.driver.read(self.kinds[binding.kind], binding.id)
        return seen is not None and bool(seen.id) and seen.name == binding.name

    def _strays(
        self,
        known: Mapping[str, Known],
        rows: Mapping[str, Rows],
        taken: set[str],
    ) -> dict[Address, tuple[Binding, ...]]:
        """What an unfinished run may have created under names that nothing declares any more."""
        found: dict[Address, list[Binding]] = {}
        for mine in known.values():
            for address, name in mine.attempted:
                kind = self.kinds[address.kind]
                for row in rows[kind.name].by_name.get(name, ()):
                    if row.id in taken:
                        continue
                    tags = self.driver.tags_of(kind, row)
                    if is_owned(tags, address, self.environment):
                        found.setdefault(address, []).append(_stray(kind, row))
        return {a: tuple(bs) for a, bs in found.items()}


def _parents(kind: Kind, mine: Known, outer: Rows) -> Iterator[str]:
    """Ids of what may hold something of a kind that exists inside others."""
    bindings = [*mine.bindings.items(), *((a, b) for a, bs in mine.retired.items() for b in bs)]
    yield from (b.id.partition("/")[0] for a, b in bindings if a.kind == kind.name)
    for address, name in mine.attempted:
        if address.kind == kind.parent:
            yield from (row.id for row in outer.by_name.get(name, ()))


def _counted(kind: Kind, rows: Rows) -> int:
    """How many there are inside one parent, without what AWS made by itself."""
    return sum(split_id(kind, id_)[1] not in kind.identity.given for id_ in rows.by_id) if kind.parent else 0


def _joined(listed: Iterable[Rows], failure: str) -> Rows:
    """Rows listed one by one as one; one failure is the failure of all."""
    by_id: dict[str, Row] = {}
    by_name: dict[str, tuple[Row, ...]] = {}
    for rows in listed:
        by_id |= rows.by_id
        by_name |= {name: (*by_name.get(name, ()), *found) for name, found in rows.by_name.items()}
        failure = failure or rows.failure
    return Rows(by_id, by_name, failure)


def _parent_of(kind: Kind, node: Node, around: Mapping[Address, Observation]) -> Observation:
    """What was seen of the resource that a node exists inside."""
    held = node.body.get(kind.calls.parent_in) if kind.calls.parent_in else None
    if not isinstance(held, Ref):
        return Unreadable("it does not say what it belongs to")
    return around.get(held.address, Unreadable("it was not looked at"))


def _newest_first(row: Row) -> tuple[int, str]:
    return (-int(row.version) if row.version.isdigit() else 0, row.version)


def _stray(kind: Kind, row: Row) -> Binding:
    return Binding(
        kind=kind.name,
        id=row.id,
        arn=row.arn,
        name=row.name,
        revision=row.revision,
        version=None,
        stamp="",
        behaviour="",
        body_digest="",
    )


def _unless_taken(seen: Seen, node: Node) -> Seen | Foreign:
    """What the record knows, unless somebody else's tag is on it by now: then it was made or taken over anew."""
    owner = seen.tags.get(OWNER_TAG, str(node.address))
    return seen if owner in {str(a) for a in (node.address, *node.former)} else Foreign(seen.id, seen.name, owner)


def _holds(kind: Kind, node: Node, seen: Seen, around: Mapping[Address, Observation]) -> bool:
    """Whether a resource has the content that is asked, as far as references are known."""

    def output(ref: Ref) -> str | None:
        to = around.get(ref.address)
        return {"id": to.id, "arn": to.arn}.get(ref.output) if isinstance(to, Seen) else None

    def fixed(body: FrozenMap) -> FrozenMap:
        return comparable(kind, kind.fixed(Draft(node.address.name, body)) if kind.fixed is not None else body)

    desired = resolve_body(node, output)
    return seen.body is not None and not any(differences(fixed(seen.body), fixed(desired), kind.fields.unordered))


def _may_be(binding: Binding, node: Node, kind: Kind) -> bool:
    """Whether what the record knows is what is declared: what can be renamed is, whatever its name; of what is named
    after its content another name is fine while the content is as asked."""
    if kind.is_renamable or binding.name == node.name:
        return True
    return kind.is_named_by_content and binding.stamp == node.stamp


def _names(node: Node) -> tuple[str, ...]:
    """Every name under which a node may be found, its old ones last."""
    return (node.name, *node.former_names)


def _each(pool: ThreadPoolExecutor, look: Callable[[Item], Result], items: list[Item]) -> list[Result]:
    return list(pool.map(look, items))


def _binding(known: Mapping[str, Known], node: Node) -> Binding | None:
    mine = known.get(node.address.use_case)
    return mine.bindings.get(node.address) if mine else None


def _as_recorded(kind: Kind, node: Node, binding: Binding | None, rows: Rows) -> Seen | None:
    """The node as the record knows it, when nothing in git or in the list row says otherwise."""
    if binding is None or binding.stamp != node.stamp or not _may_be(binding, node, kind):
        return None
    if kind.is_renamable and binding.name != node.name:
        return None
    if binding.labels_digest != labels_digest(node):
        return None
    row = rows.by_id.get(binding.id)
    if row is None or row.revision != binding.revision or row.name != binding.name or row.status != "ready":
        return None
    return Seen(binding.id, binding.arn, binding.name, binding.revision, Depth.ASSUMED)


def _once(bindings: list[Binding]) -> list[Binding]:
    """One per id; what is marked already wins."""
    unique: dict[str, Binding] = {}
    for binding in bindings:
        if binding.id not in unique or isinstance(binding, Retired):
            unique[binding.id] = binding
    return list(unique.values())


def snapshot_digest(snapshot: Snapshot) -> str:
    """What was seen, for the plan's digest: ids, revisions, contents; not how deep we looked."""
    return digest(
        {
            str(address): [o.id, o.revision] if isinstance(o, Seen) else type(o).__name__
            for address, o in sorted(snapshot.observations.items())
        }
    )
