"""One step, performed: look, write, wait until it settled, read back, compare by content.

Every function here may be killed at any line and run again: a create carries a token, an update first looks whether
it has already happened, a delete accepts that the thing is gone.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from releaser.core.address import Address, Ref
from releaser.core.content import content_digest, pieces, resolve_body, version_digest
from releaser.core.delivery import ALL_AT_ONCE
from releaser.core.diff import MISSING, FieldChange, differences, short_digest
from releaser.core.errors import AwsError, Failure, Refused, ReleaserError
from releaser.core.graph import OWNER_TAG, RETIRED_TAG, Node, is_owned, ownership_tags, version_label
from releaser.core.ingested import delivered_of, draft_of
from releaser.core.kind import Kind, Verb
from releaser.core.normal import comparable
from releaser.core.plan import Step
from releaser.core.record import Binding, Retired
from releaser.core.snapshot import Seen, Snapshot
from releaser.core.values import FrozenMap, references
from releaser.engine.deliver import Order, Watch
from releaser.engine.driver import Driver
from releaser.engine.reading import Reading

_UNTOKENED_ATTEMPTS = 4


def token(record_id: str, address: Address, verb: Verb, stamp: str) -> str:
    """The idempotency token: the same run repeated reuses it, a later recreate does not.

    64 hex digits fit both patterns (bedrock 1-256, bedrock-agent 33-256).
    """
    return hashlib.sha256("\0".join((record_id, str(address), verb.value, stamp)).encode()).hexdigest()


@dataclass
class Workspace:
    """What the steps of one use case share while they run: ids and versions as they become known."""

    use_case: str
    record_id: str
    environment: str
    nodes: Mapping[Address, Node]
    outputs: dict[Address, dict[str, str]]
    names: dict[Address, str] = field(default_factory=dict)
    extras: dict[Address, dict[str, str]] = field(default_factory=dict)
    """Path -> short digest of what the server added to what we wrote."""
    contents: dict[Address, str] = field(default_factory=dict)
    """Digest of the draft as it was read back, server's additions included: what a version must hold."""
    proven: dict[Address, dict[str, str]] = field(default_factory=dict)
    """Version -> digest of its body, where this run has read it."""
    settled: set[Address] = field(default_factory=set)
    bindings: dict[Address, Binding] = field(default_factory=dict)
    """What verification found: goes into the record."""
    removed: Mapping[tuple[Address, str], Binding] = field(default_factory=dict)
    at_once: bool = False
    """What is delivered goes to everybody at once, whatever the manifest says: a rollback."""
    delivery: Mapping[str, Any] = field(default_factory=dict)
    """How the runtime document reached its readers: goes into the record."""
    seeds: Mapping[tuple[Address, str], str] = field(default_factory=dict)
    """(address, name) -> token of a create that a superseded run may have sent. With other content AWS answers a
    conflict or the old resource, and the run stops clearly; a new token would make a second one behind a lagging list.
    """
    lock: threading.Lock = field(default_factory=threading.Lock)

    def token(self, step: Step) -> str:
        """The idempotency token of a step in this run."""
        sent = self.seeds.get((step.address, self.nodes[step.address].name)) if step.verb is Verb.CREATE else None
        return sent or token(self.record_id, step.address, step.verb, step.stamp)

    def parent_of(self, kind: Kind, node: Node) -> str:
        """The id of what a node exists inside; empty for what stands alone."""
        held = node.body.get(kind.calls.parent_in) if kind.calls.parent_in else None
        return (self.value(held) or "") if isinstance(held, Ref) else str(held or "")

    def value(self, ref: Ref) -> str | None:
        return self.outputs.get(ref.address, {}).get(ref.output)

    def learn(self, address: Address, **values: str) -> None:
        with self.lock:
            self.outputs[address] = {**self.outputs.get(address, {}), **values}


def workspace(
    use_case: str,
    record_id: str,
    nodes: tuple[Node, ...],
    snapshot: Snapshot,
    versions: Mapping[Address, str],
    kinds: Mapping[str, Kind],
) -> Workspace:
    """The starting point: what is live already, and the versions that the plan reuses."""
    outputs = {}
    for node in nodes:
        seen = snapshot.observations.get(node.address)
        if isinstance(seen, Seen):
            arn = kinds[node.kind].identity.version_arn
            outputs[node.address] = seen.outputs(versions.get(node.address), arn)
    removed = {(a, b.id): b for a, bs in snapshot.retired.items() for b in bs}
    by_address = {n.address: n for n in nodes}
    return Workspace(use_case, record_id, snapshot.environment, by_address, outputs, removed=removed)


@dataclass(frozen=True, slots=True)
class Performer:
    """Performs steps with a driver."""

    driver: Driver
    kinds: Mapping[str, Kind]
    now: Callable[[], datetime]
    is_over: Callable[[], bool] = lambda: False
    """Whether roll-outs are watched no longer: asked again and again while one goes on."""
    tell: Callable[[str], None] = lambda _said: None

    def perform(self, step: Step, work: Workspace) -> str:
        """Do the step. Returns a short account for people. Raises AwsError, Refused or ReleaserError."""
        match step.verb:
            case Verb.CREATE:
                return self._create(step, work)
            case Verb.UPDATE:
                return self._update(step, work)
            case Verb.PREPARE:
                return self._prepare(step, work)
            case Verb.PUBLISH:
                return self._publish(step, work)
            case Verb.REPOINT:
                return self._repoint(step, work)
            case Verb.RETIRE:
                return self._retire(step, work)
            case Verb.DELETE:
                return self._delete(step, work)
            case Verb.DISOWN:
                return self._disown(step, work)
            case Verb.ADOPT:
                return self._adopt(step, work)
            case Verb.INGEST:
                return self._ingest(step, work)
            case Verb.PRUNE:
                raise ReleaserError(f"{step.key}: only gc takes versions away, and no plan says so", code="P190")

    def _body(self, step: Step, work: Workspace) -> tuple[Node, Kind, FrozenMap]:
        """Node, kind, and the body without what jobs bring."""
        node, kind, body = self._whole(step, work)
        return node, kind, draft_of(kind, body)

    def _whole(self, step: Step, work: Workspace) -> tuple[Node, Kind, FrozenMap]:
        node = work.nodes[step.address]
        kind = self.kinds[node.kind]
        body = resolve_body(node, work.value)
        missing = references(body)
        if missing:
            raise ReleaserError(f"{step.address} still needs {', '.join(map(str, sorted(missing)))}", code="P191")
        return node, kind, body

    def _create(self, step: Step, work: Workspace) -> str:
        node, kind, body = self._body(step, work)
        key = work.token(step)
        try:
            id_ = self.driver.create(kind, node.name, body, node.tags, key)
        except AwsError as error:
            id_ = self._ours_after(error, kind, node, work)
        self._complete(kind, node, id_, body, key)
        seen = self.driver.settle(kind, id_)
        self._compare(kind, node, seen, body, work)
        self._learn(kind, node, seen, work)
        return f"{node.name} is {seen.id}"

    def _complete(self, kind: Kind, node: Node, id_: str, body: FrozenMap, key: str) -> None:
        """What a create cannot carry: parts, and members that only an update takes."""
        if not kind.parts and not kind.fields.update_only & body.keys():
            return
        seen = self.driver.settle_owner(kind, id_)
        self.driver.write_parts(kind, id_, body, key)
        later = kind.fields.update_only & body.keys()
        if any(seen.body.get(m) != body[m] for m in later):
            self.driver.update(kind, id_, node.name, body)

    def _ours_after(self, error: AwsError, kind: Kind, node: Node, work: Workspace) -> str:
        """A conflict or a lost answer may mean that an earlier try succeeded: what carries our tag is ours."""
        if error.failure not in (Failure.CONFLICT, Failure.AMBIGUOUS):
            raise error
        parent = work.parent_of(kind, node)
        for row in self.driver.rows(kind, parent):
            if row.name != node.name:
                continue
            if is_owned(self.driver.tags_of(kind, row), node.address, work.environment):
                return row.id
        raise error

    def _learn(self, kind: Kind, node: Node, seen: Reading, work: Workspace) -> None:
        work.learn(node.address, id=seen.id, arn=seen.arn)
        work.names[node.address] = seen.name
        work.settled.add(node.address)

    def _compare(self, kind: Kind, node: Node, seen: Reading, body: FrozenMap, work: Workspace) -> None:
        """What was written must be what is there; members that we did not send are the server's defaults."""
        changes = list(differences(seen.body, comparable(kind, body), kind.fields.unordered))
        wrong = [c for c in changes if c.after is not MISSING]
        if wrong:
            raise ReleaserError(
                f"{node.address} was written and reads back differently at {_paths(wrong)}",
                code="P131",
                hint="somebody may have changed it at the same moment; run the same command again",
            )
        work.extras[node.address] = {c.path: short_digest(c.before) for c in changes}
        work.contents[node.address] = version_digest(kind, seen.body)

    def _update(self, step: Step, work: Workspace) -> str:
        node, kind, body = self._body(step, work)
        id_ = work.outputs[node.address]["id"]
        seen = self._expect(step, kind, node, id_, body)
        if step.rewrite and not _is_written(kind, node, seen, body):
            seen = self._write(step, kind, node, id_, body, work.token(step))
        self._compare(kind, node, seen, body, work)
        if step.retag:
            self.driver.retag(kind, seen.arn or work.outputs[node.address]["arn"], seen.name, node.tags, (RETIRED_TAG,))
        self._learn(kind, node, seen, work)
        return f"{node.name} updated" if step.rewrite else f"{node.name} tagged"

    def _adopt(self, step: Step, work: Workspace) -> str:
        """Our tags on what is as asked and nobody's. What somebody marked meanwhile is theirs."""
        node, kind, body = self._body(step, work)
        seen = self._expect(step, kind, node, work.outputs[node.address]["id"], body)
        arn = seen.arn or work.outputs[node.address]["arn"]
        owner = self.driver.tags(kind, arn, seen.name).get(OWNER_TAG, str(node.address))
        if owner != str(node.address):
            raise Refused(
                f"{seen.name} belongs to {owner} by now", code="P130", hint="plan again, and decide whose it is"
            )
        self._compare(kind, node, seen, body, work)
        self.driver.retag(kind, arn, seen.name, node.tags)
        self._learn(kind, node, seen, work)
        return f"{seen.name} is ours"

    def _expect(self, step: Step, kind: Kind, node: Node, id_: str, body: FrozenMap) -> Reading:
        """The resource just before a write: as the plan saw it, or already as we want it."""
        seen = self.driver.settle(kind, id_, repairing=True)
        if content_digest(seen.body) == step.before or _same(kind, seen, body):
            return seen
        if kind.parts and _is_between(step, kind, seen, body):
            return seen  # an earlier try got so far
        changes = differences(seen.body, comparable(kind, body), kind.fields.unordered)
        raise Refused(
            f"{node.address} was changed after the plan was made; it now differs at {_paths(changes)}",
            code="P130",
            hint="plan again, look at the change, and decide",
        )

    def _write(self, step: Step, kind: Kind, node: Node, id_: str, body: FrozenMap, key: str) -> Reading:
        """The draft, then its parts."""
        if kind.parts:
            owner = self.driver.settle_owner(kind, id_)
            if not _same_but_parts(kind, owner, body) or owner.name not in node.names:
                self._write_own(step, kind, node, id_, body)
            self.driver.write_parts(kind, id_, body, key)
            return self.driver.settle(kind, id_)
        return self._write_own(step, kind, node, id_, body)

    def _with_unchanged(self, kind: Kind, id_: str, body: FrozenMap) -> FrozenMap:
        """The body with what cannot change as it is live, the server's defaults in it: AWS refuses it without them."""
        if kind.fixed is None:
            return body
        live = self.driver.settle_owner(kind, id_).body
        return FrozenMap({**body, **{m: live[m] for m in kind.fields.immutable if m in live}})

    def _write_own(self, step: Step, kind: Kind, node: Node, id_: str, body: FrozenMap) -> Reading:
        """An update has no token: after a lost answer look first, send again only when nothing has changed."""
        sent = self._with_unchanged(kind, id_, body)
        for attempt in range(1, _UNTOKENED_ATTEMPTS + 1):
            try:
                self.driver.update(kind, id_, node.name, sent)
            except AwsError as error:
                busy = error.failure is Failure.CONFLICT and kind.status is not None
                if attempt == _UNTOKENED_ATTEMPTS or not (error.failure is Failure.AMBIGUOUS or busy):
                    raise
                seen = self._expect(step, kind, node, id_, body)
                if _is_written(kind, node, seen, body):
                    return seen
                continue
            return self.driver.settle(kind, id_)
        raise AssertionError("unreachable")

    def _ingest(self, step: Step, work: Workspace) -> str:
        node, kind, _ = self._body(step, work)
        return self.driver.ingest(kind, work.outputs[node.address]["id"], node.pins, work.token(step))

    def _prepare(self, step: Step, work: Workspace) -> str:
        node, kind, body = self._body(step, work)
        seen = self.driver.prepare(kind, work.outputs[node.address]["id"])
        self._compare(kind, node, seen, body, work)
        self._learn(kind, node, seen, work)
        return f"{node.name} is prepared"

    def _publish(self, step: Step, work: Workspace) -> str:
        node, kind, body = self._body(step, work)
        id_ = work.outputs[node.address]["id"]
        if node.address not in work.settled:
            # A version cut before the draft settled keeps the old content (terraform-provider-awscc #2372).
            self._compare(kind, node, self.driver.settle(kind, id_), body, work)
        key = work.token(step)
        version = self.driver.publish(kind, id_, node.label, key)
        cut = self.driver.settle(kind, id_, version)
        wanted = {version_digest(kind, body), work.contents[node.address]}
        held = version_digest(kind, cut.body)
        if held not in wanted:
            raise ReleaserError(
                f"{node.address} version {version} does not hold what was published",
                code="P132",
                hint="nothing points at it; run the same command again to cut another",
            )
        work.proven[node.address] = {version: held}
        outputs = {"version": version}
        if kind.identity.version_arn:
            outputs["versionArn"] = f"{work.outputs[node.address]['arn']}:{version}"
        work.learn(node.address, **outputs)
        return f"{node.name} version {version}"

    def _deliver(self, step: Step, work: Workspace) -> str:
        """A pointer that a job moves, reader by reader."""
        node, kind, body = self._whole(step, work)
        id_ = work.outputs[node.address]["id"]
        wanted = delivered_of(kind, comparable(kind, body))
        rollout = ALL_AT_ONCE if work.at_once or node.rollout is None else node.rollout
        label = f"{version_label(work.token(step))} {_release_of(body)}"

        def expect() -> bool:
            held = delivered_of(kind, comparable(kind, self.driver.delivered(kind, id_)))
            if content_digest(held) != step.before and held != wanted and (held or step.before):
                changes = differences(held, wanted, kind.fields.unordered)
                raise Refused(
                    f"what {node.address} delivers was changed after the plan was made, at {_paths(changes)}",
                    code="P130",
                    hint="plan again, look at the change, and decide",
                )
            return held == wanted

        def tell(said: str) -> None:
            self.tell(f"{work.use_case}: {said}")

        order = Order(label, rollout, wanted, goes_back=work.at_once)
        done = self.driver.deliver(kind, id_, order, Watch(self.is_over, tell), expect)
        work.delivery = done.facts
        return done.said

    def _repoint(self, step: Step, work: Workspace) -> str:
        if self.kinds[work.nodes[step.address].kind].delivery is not None:
            return self._deliver(step, work)
        node, kind, body = self._body(step, work)
        known = work.outputs.get(node.address)
        if known:
            return self._update(step, work)
        try:
            self.driver.create(kind, node.name, body, node.tags, work.token(step))
        except AwsError as error:
            if error.failure not in (Failure.CONFLICT, Failure.AMBIGUOUS):
                raise
            self._settle_pointer(error, kind, node, body, work)
        seen = self.driver.settle(kind, node.name)
        self._compare(kind, node, seen, body, work)
        self._learn(kind, node, seen, work)
        return f"{node.name} points at {_release_of(body)}"

    def _settle_pointer(self, error: AwsError, kind: Kind, node: Node, body: FrozenMap, work: Workspace) -> None:
        """A pointer is addressed by its name: after a conflict or a lost answer it is ours when it carries our tag."""
        seen = self.driver.read(kind, node.name)
        if seen is None:
            if error.failure is Failure.AMBIGUOUS:
                self.driver.create(kind, node.name, body, node.tags, "")
                return
            raise error
        tags = self.driver.tags(kind, seen.arn, seen.name)
        if tags.get(OWNER_TAG) != str(node.address) or not _same(kind, seen, body):
            raise Refused(
                f"{node.name} was created by somebody else after the plan was made",
                code="P130",
                hint="plan again, look at it, and decide",
            )

    def _retire(self, step: Step, work: Workspace) -> str:
        binding = work.removed[step.address, step.key.target]
        kind = self.kinds[binding.kind]
        if RETIRED_TAG in self.driver.tags(kind, binding.arn, binding.name):
            return f"{binding.name} was marked already"  # by an earlier try, whose date holds
        when = self.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        self.driver.retag(kind, binding.arn, binding.name, {RETIRED_TAG: when})
        return f"{binding.name} marked, to be deleted after the rollback window"

    def _disown(self, step: Step, work: Workspace) -> str:
        """Our tags come off; what somebody else's are on by now is left as it is."""
        binding = work.removed[step.address, step.key.target]
        kind = self.kinds[binding.kind]
        owner = self.driver.tags(kind, binding.arn, binding.name).get(OWNER_TAG)
        if owner not in (None, str(step.address)):
            return f"{binding.name} belongs to {owner} already"
        ours = (*ownership_tags(step.address, work.environment), RETIRED_TAG)
        self.driver.retag(kind, binding.arn, binding.name, {}, ours)
        return f"{binding.name} stays, and is no longer ours"

    def _delete(self, step: Step, work: Workspace) -> str:
        binding = work.removed[step.address, step.key.target]
        kind = self.kinds[binding.kind]
        if self.driver.read(kind, binding.id) is None:
            return f"{binding.name} was gone already"
        tags = self.driver.tags(kind, binding.arn, binding.name)
        marked = RETIRED_TAG in tags or not isinstance(binding, Retired)  # a pointer goes without having been marked
        if tags.get(OWNER_TAG) != str(step.address) or not marked:
            raise Refused(
                f"{binding.name} ({binding.id}) no longer carries our mark: it is not deleted",
                code="P133",
                hint="somebody took it over; remove it from AWS by hand if it is not needed",
            )
        self.driver.delete(kind, binding.id)
        return f"{binding.name} deleted"


def _is_written(kind: Kind, node: Node, seen: Reading, body: FrozenMap) -> bool:
    return _same(kind, seen, body) and (seen.name in node.names or not kind.is_renamable)


def _same(kind: Kind, seen: Reading, body: FrozenMap) -> bool:
    return not any(differences(seen.body, comparable(kind, body), kind.fields.unordered))


def _same_but_parts(kind: Kind, seen: Reading, body: FrozenMap) -> bool:
    parts = {p.member for p in kind.parts}
    changes = differences(seen.body, comparable(kind, body), kind.fields.unordered)
    return all(c.pattern.partition("[")[0] in parts for c in changes)


def _is_between(step: Step, kind: Kind, seen: Reading, body: FrozenMap) -> bool:
    """Whether every member, and every item of a part, is as the plan saw it or as we want it."""
    now, wanted = pieces(kind, seen.body), pieces(kind, comparable(kind, body))
    return all(now.get(at) in (step.pieces.get(at), wanted.get(at)) for at in {*now, *step.pieces, *wanted})


def _paths(changes: object) -> str:
    found = [c.path for c in changes if isinstance(c, FieldChange)] if hasattr(changes, "__iter__") else []
    shown = ", ".join(found[:5])
    return shown + (f" and {len(found) - 5} more" if len(found) > 5 else "")


def _release_of(body: FrozenMap) -> str:
    document = body.get("document")
    return str(document.get("release", "")) if isinstance(document, Mapping) else ""
