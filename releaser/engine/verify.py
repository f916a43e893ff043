"""After a run: look again, at everything. Only what needs no further step was applied."""

from __future__ import annotations

from datetime import datetime, timedelta

from releaser.core.content import resolve_body
from releaser.core.diff import field_digests
from releaser.core.errors import ReleaserError
from releaser.core.graph import Node
from releaser.core.kind import Kind
from releaser.core.normal import comparable
from releaser.core.plan import Known, UseCasePlan
from releaser.core.planner import Question, plan_use_case
from releaser.core.record import Binding
from releaser.core.snapshot import Seen
from releaser.core.values import EMPTY
from releaser.core.witness import bind
from releaser.engine.observe import Observer
from releaser.engine.perform import Workspace
from releaser.engine.planning import Planned


def verify(
    observer: Observer, planned: Planned, part: UseCasePlan, work: Workspace, now: datetime, window: timedelta
) -> None:
    """Look again, at everything: a new plan must be empty. Leaves the bindings for the record."""
    nodes = planned.compiled.graph.of(part.use_case)
    known = planned.known.get(part.use_case, Known())
    ids = {a: o["id"] for a, o in work.outputs.items() if "id" in o}
    proven = {a: {b.version: b.body_digest} for a, b in known.bindings.items() if b.version} | work.proven
    snapshot = observer.reread(nodes, ids, proven)
    draft = {n.address: _expected(n, known.bindings.get(n.address), work, observer.kinds[n.kind]) for n in nodes}
    question = Question(
        use_case=part.use_case,
        nodes=nodes,
        snapshot=snapshot,
        known=Known(bindings={a: b for a, b in draft.items() if b is not None}),
        kinds=observer.kinds,
        now=now,
        rollback_window=window,
    )
    again = plan_use_case(question)
    if again.blocked or again.steps:
        left = ", ".join([d.message for d in again.blocked] + [str(s.key) for s in again.steps])
        raise ReleaserError(
            f"{part.use_case} was applied and does not hold: {left}",
            code="P140",
            hint=again.blocked[0].hint
            if again.blocked
            else "somebody may be changing it; `releaser plan --deep` shows the difference",
        )
    for node in nodes:
        seen = snapshot.observations[node.address]
        version = again.versions.get(node.address)
        if isinstance(seen, Seen) and node.external is None:
            if version:
                work.learn(node.address, version=version)
            kind = observer.kinds[node.kind]
            desired = comparable(kind, resolve_body(node, work.value))
            desired = seen.body if node.kept and seen.body is not None else desired
            work.bindings[node.address] = bind(kind, node, seen, version, desired)


def _expected(node: Node, binding: Binding | None, work: Workspace, kind: Kind) -> Binding | None:
    """What the record knows, with the version that was cut and the server's additions that were met in this run."""
    extras = work.extras.get(node.address)
    if extras is None:
        return binding
    version, fields = (binding.version, binding.fields) if binding else (None, EMPTY)
    for cut in work.proven.get(node.address, ()):
        version = cut
        fields = field_digests(comparable(kind, resolve_body(node, work.value)), kind.fields.unordered)
    return Binding(
        kind=binding.kind if binding else "",
        id=binding.id if binding else "",
        arn=binding.arn if binding else "",
        name=binding.name if binding else "",
        revision="",
        version=version,
        stamp="",
        behaviour="",
        body_digest="",
        fields=fields,
        server_defaults=extras,
    )
