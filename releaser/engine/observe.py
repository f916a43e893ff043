"""Desired graph + records -> Snapshot, with as few calls as honesty allows.

Every kind is listed once. A resource whose row matches its last record is assumed; everything else is read. A whole
use case is read when anything of it is not as recorded, since one moved reference changes what others should hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from releaser.core.address import Address
from releaser.core.errors import AwsError, ReleaserError
from releaser.core.graph import ENVIRONMENT_TAG, OWNER_TAG, DesiredGraph, Node, read_label
from releaser.core.kind import Kind
from releaser.core.plan import Known
from releaser.core.planner import version_digest
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
from releaser.core.values import FrozenMap, digest
from releaser.core.witness import labels_digest
from releaser.engine.driver import Driver, Reading, Row, reading

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of one kind by id and by name, or why they could not be had."""

    by_id: Mapping[str, Row]
    by_name: Mapping[str, tuple[Row, ...]]
    failure: str = ""


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
        self, graph: DesiredGraph, known: Mapping[str, Known], *, deep: bool, strangers: Iterable[str] = ()
    ) -> Snapshot:
        """The live state of every node, of what was retired, and how much of each kind there is.

        ``deep`` reads everything. ``strangers``: use cases to read even when their rows match.
        """
        wanted = sorted({n.kind for n in graph.nodes} | _kinds_in(known))
        with ThreadPoolExecutor(max_workers=self.workers, thread_name_prefix="observe") as pool:
            rows = dict(zip(wanted, pool.map(lambda k: self._list(self.kinds[k]), wanted), strict=True))
            to_read = set(strangers) if not deep else {n.address.use_case for n in graph.nodes}
            assumed = {} if deep else self._assume(graph, known, rows, to_read)
            rest = [n for n in graph.nodes if n.address not in assumed]
            found = _each(pool, lambda n: self._look(n, _binding(known, n), rows[n.kind]), rest)
        observations: dict[Address, Observation] = dict(assumed)
        observations.update({n.address: o for n, o in zip(rest, found, strict=True)})
        return Snapshot(
            environment=self.environment,
            account=self.account,
            region=self.region,
            observations=observations,
            retired=_retired(graph, known, rows, observations),
            totals={k: len(r.by_id) for k, r in rows.items() if not r.failure},
        )

    def _list(self, kind: Kind) -> _Rows:
        try:
            rows = self.driver.rows(kind)
        except AwsError as error:
            return _Rows({}, {}, str(error))
        names: dict[str, list[Row]] = {}
        for row in rows:
            names.setdefault(row.name, []).append(row)
        return _Rows({r.id: r for r in rows}, {k: tuple(v) for k, v in names.items()})

    def _assume(
        self,
        graph: DesiredGraph,
        known: Mapping[str, Known],
        rows: Mapping[str, _Rows],
        to_read: set[str],
    ) -> dict[Address, Seen]:
        found: dict[str, dict[Address, Seen]] = {}
        for node in graph.nodes:
            use_case = node.address.use_case
            if use_case in to_read:
                continue
            seen = _as_recorded(self.kinds[node.kind], node, _binding(known, node), rows[node.kind])
            if seen is None:
                to_read.add(use_case)
                found.pop(use_case, None)
            else:
                found.setdefault(use_case, {})[node.address] = seen
        return {a: s for seens in found.values() for a, s in seens.items()}

    def _look(self, node: Node, binding: Binding | None, rows: _Rows) -> Observation:
        if rows.failure:
            return Unreadable(rows.failure)
        kind = self.kinds[node.kind]
        try:
            return self._find(kind, node, binding, rows)
        except (AwsError, ReleaserError) as error:
            return Unreadable(str(error))

    def _find(self, kind: Kind, node: Node, binding: Binding | None, rows: _Rows) -> Observation:
        """Ownership: the record's id first, then the tag on what has our name; a name alone is never ownership."""
        stranger: Foreign | None = None
        if binding is not None and binding.name == node.name and binding.id in rows.by_id:
            row = rows.by_id[binding.id]
            seen = self._read(kind, node, binding, row)
            if isinstance(seen, Seen):
                return seen
        for row in rows.by_name.get(node.name, ()):
            tags = self.driver.tags(kind, row.arn, row.name)
            if tags.get(OWNER_TAG) == str(node.address) and tags.get(ENVIRONMENT_TAG) == self.environment:
                seen = self._read(kind, node, None, row, tags)
                if isinstance(seen, Seen):
                    return seen
            else:
                stranger = stranger or Foreign(row.id, row.name, tags.get(OWNER_TAG, ""))
        if stranger is not None and _taken(kind):
            return stranger
        return Absent(was=binding.id if binding is not None and binding.name == node.name else "")

    def _read(
        self, kind: Kind, node: Node, binding: Binding | None, row: Row, tags: FrozenMap | None = None
    ) -> Observation:
        found = reading(kind, row.reply) if kind.calls.list_is_full else self.driver.read(kind, row.id)
        if found is None or not found.id:
            return Absent(was=row.id)
        if found.status == "pending":
            found = self.driver.settle(kind, row.id)
        return Seen(
            id=found.id,
            arn=found.arn or row.arn,
            name=found.name,
            revision=found.revision,
            depth=Depth.READ,
            body=found.body,
            tags=tags if tags is not None else self.driver.tags(kind, found.arn or row.arn, found.name),
            versions=self._versions(kind, node, binding, found),
            status=found.status,
            reason=found.reason,
        )

    def _versions(
        self, kind: Kind, node: Node, binding: Binding | None, found: Reading
    ) -> tuple[Version, ...]:
        """Published versions; those that may hold the node's content are read, for a hash proves and a label hints."""
        if kind.calls.publish is None:
            return ()
        listed = []
        for row in self.driver.versions(kind, found.id):
            stamp = read_label(row.description)
            body = ""
            if binding is not None and binding.version == row.version and binding.id == found.id:
                body = binding.body_digest
            elif stamp is None or stamp == node.stamp[:16]:
                read = self.driver.settle(kind, found.id, row.version)
                body = version_digest(kind, _plain(read))
            listed.append(Version(row.version, stamp, body or None))
        return tuple(listed)


def _plain(read: Reading) -> FrozenMap:
    return read.body


def _taken(kind: Kind) -> bool:
    """Whether a stranger under our name stands in the way. Always: two of one name confuse people even where AWS
    allows it."""
    return kind.calls.create != ""


def _each(pool: ThreadPoolExecutor, look: Callable[[Item], Result], items: list[Item]) -> list[Result]:
    return list(pool.map(look, items))


def _binding(known: Mapping[str, Known], node: Node) -> Binding | None:
    mine = known.get(node.address.use_case)
    return mine.bindings.get(node.address) if mine else None


def _kinds_in(known: Mapping[str, Known]) -> set[str]:
    return {b.kind for k in known.values() for b in k.bindings.values()} | {
        b.kind for k in known.values() for listed in k.retired.values() for b in listed
    }


def _as_recorded(kind: Kind, node: Node, binding: Binding | None, rows: _Rows) -> Seen | None:
    """The node as the record knows it, when nothing in git or in the list row says otherwise."""
    if binding is None or binding.stamp != node.stamp or binding.name != node.name:
        return None
    if binding.labels_digest != labels_digest(kind, node):
        return None
    row = rows.by_id.get(binding.id)
    if row is None or row.revision != binding.revision or row.name != binding.name or row.status != "ready":
        return None
    return Seen(binding.id, binding.arn, binding.name, binding.revision, Depth.ASSUMED)


def _retired(
    graph: DesiredGraph,
    known: Mapping[str, Known],
    rows: Mapping[str, _Rows],
    observations: Mapping[Address, Observation],
) -> dict[Address, tuple[Binding, ...]]:
    """Recorded resources that are still live and no longer declared, or declared under another name by now."""
    found: dict[Address, list[Binding]] = {}
    names = {n.address: n.name for n in graph.nodes}
    present = {n.address.use_case for n in graph.nodes}
    in_use = {o.id for o in observations.values() if isinstance(o, Seen)}
    for use_case in sorted(present & known.keys()):
        mine = known[use_case]
        listed: list[tuple[Address, Binding]] = [
            (a, b) for a, b in mine.bindings.items() if names.get(a) != b.name
        ]
        listed += [(a, b) for a, bs in mine.retired.items() for b in bs]
        for address, binding in listed:
            live = rows[binding.kind].by_id.get(binding.id)
            if live is not None and live.name == binding.name and binding.id not in in_use:
                found.setdefault(address, []).append(binding)
    return {a: tuple(_once(bs)) for a, bs in found.items()}


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
