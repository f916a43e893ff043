"""Desired graph x snapshot -> the plan of one use case. Pure; order is only edges."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from releaser.core.address import Address, Ref
from releaser.core.as_written import as_written, names_in
from releaser.core.barriers import with_barriers
from releaser.core.changed import field_changes, name_changes, tag_changes, without_followers
from releaser.core.content import content_digest, pieces, resolve_body, version_digest
from releaser.core.diagnostic import Diagnostic
from releaser.core.diff import MISSING, FieldChange, Origin, differences, field_digests, is_below, short_digest
from releaser.core.external import against_pin
from releaser.core.graph import Node
from releaser.core.ingested import content_of, delivered_of, draft_of, is_delivered, is_ingested, needs_ingestion
from releaser.core.kind import Kind, Remark, Verb
from releaser.core.normal import comparable, replace_leaves, stated
from releaser.core.plan import Action, Change, Known, Step, StepKey, UseCasePlan, Wave, change_digest
from releaser.core.record import Binding
from releaser.core.removal import removals, retirement
from releaser.core.risk import judged, lowered, unseen
from releaser.core.snapshot import Absent, Depth, Foreign, Seen, Snapshot, Unreadable, Version
from releaser.core.values import EMPTY, FrozenMap, digest, references


@dataclass(frozen=True, slots=True)
class Question:
    """All that the plan of one use case is made from."""

    use_case: str
    nodes: tuple[Node, ...]
    snapshot: Snapshot
    known: Known
    kinds: Mapping[str, Kind]
    now: datetime
    rollback_window: timedelta
    release: str = ""
    release_digest: str = ""
    spec: Mapping[str, Any] = EMPTY
    """The manifest's, as written."""
    retain: bool = False
    """What goes now is retained, whatever the last release said of it."""
    observed: bool = False
    """The use case is only looked at."""
    retires: bool = False
    """The use case is taken away whole."""


@dataclass
class _Draft:
    """The plan while it is made."""

    question: Question
    changes: list[Change] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    outputs: dict[Address, dict[str, str]] = field(default_factory=dict)
    last: dict[Address, StepKey] = field(default_factory=dict)
    """The last step of the STAGE wave on an address."""
    moved: dict[Address, StepKey] = field(default_factory=dict)
    """The step that moves a pointer."""
    below: dict[Address, frozenset[StepKey]] = field(default_factory=dict)
    """The nearest moves of pointers among all that an address needs, at any distance."""
    put_back: dict[Address, list[tuple[StepKey, bool]]] = field(default_factory=dict)
    """The steps on an address in the PROMOTE wave, and whether they come after the pointers have moved."""
    versions: dict[Address, str] = field(default_factory=dict)
    blocked: list[Diagnostic] = field(default_factory=list)
    unseen: dict[Address, tuple[str, ...]] = field(default_factory=dict)
    names: Mapping[str, Ref] = field(default_factory=dict)
    """What the manifest calls the ids in live bodies."""


def plan_use_case(question: Question) -> UseCasePlan:
    """What must be done for one use case. Blocked (with reasons, without steps) when something could not be read."""
    site = question.snapshot
    draft = _Draft(question, names=names_in(question.use_case, question.known.bindings, site.observations))
    for node in question.nodes:
        _plan_node(draft, node)
    _refuse_unreadable(draft, {n.address for n in question.nodes})
    if not draft.blocked:
        for change, step in _removals(question):
            draft.changes.append(change)
            draft.steps.append(step)
    steps = () if draft.blocked else tuple(with_barriers(draft.steps))
    return UseCasePlan(
        use_case=question.use_case,
        release=question.release,
        release_digest=question.release_digest,
        changes=tuple(
            judged(c, question.kinds[c.address.kind], draft.unseen.get(c.address, ())) for c in draft.changes
        ),
        steps=steps,
        change_digest=change_digest(site.environment, site.account, site.region, steps),
        versions=draft.versions,
        blocked=tuple(draft.blocked),
        lowered=lowered(question.known.facts, question.spec) if question.known.facts and not question.retires else (),
        observed=question.observed,
        retires=question.retires,
    )


def _removals(q: Question) -> list[tuple[Change, Step]]:
    if not q.retires:
        return removals(q.use_case, q.snapshot, q.now, q.rollback_window, q.retain)
    pointers = frozenset(name for name, kind in q.kinds.items() if kind.pointer or kind.delivery is not None)
    return retirement(q.use_case, q.snapshot, q.now, q.rollback_window, pointers)


def _plan_node(draft: _Draft, node: Node) -> None:
    q = draft.question
    kind = q.kinds[node.kind]
    draft.below[node.address] = frozenset(k for a in node.needs for k in _moves_of(draft, a))
    if node.external is not None:
        _plan_external(draft, node, kind)
        return
    if node.kept:
        _plan_kept(draft, node)
        return
    match q.snapshot.observations.get(node.address, Unreadable("it was not looked at")):
        case Unreadable(reason):
            draft.blocked.append(_unreadable(node.address, reason))
        case Foreign(id=found, owner=owner):
            whose = f"belongs to {owner}" if owner else "carries no ownership tag"
            message = f"{kind.name} {node.name!r} ({found}) exists and {whose}"
            hint = "rename it in the manifest, or take the live one over with `releaser adopt`"
            draft.blocked.append(_diagnostic(node, "P101", message, hint))
        case Absent(was=was, siblings=siblings):
            _refuse_full(draft, node, kind, siblings)
            _plan_creation(draft, node, kind, was)
        case Seen() as seen:
            _plan_existing(draft, node, kind, seen)


def _plan_kept(draft: _Draft, node: Node) -> None:
    """What stays as it is, whatever it is by now."""
    match draft.question.snapshot.observations.get(node.address, Unreadable("it was not looked at")):
        case Unreadable(reason):
            draft.blocked.append(_unreadable(node.address, reason))
        case Seen() as seen:
            draft.outputs[node.address] = seen.outputs(None, version_arn=False)
            draft.changes.append(Change(node.address, Action.NONE, name=node.name))
        case _:
            return


def _moves_of(draft: _Draft, address: Address) -> frozenset[StepKey]:
    return frozenset({draft.moved[address]}) if address in draft.moved else draft.below.get(address, frozenset())


def _plan_external(draft: _Draft, node: Node, kind: Kind) -> None:
    """What another team owns is compared with its pin, and never written."""
    snapshot = draft.question.snapshot
    seen = snapshot.observations.get(node.address, Unreadable("it was not looked at"))
    wrong = against_pin(node, kind, seen, snapshot.environment)
    if wrong is not None:
        draft.blocked.append(wrong)
    elif isinstance(seen, Seen) and node.external is not None:
        version = node.external.version
        draft.outputs[node.address] = seen.outputs(version or None, kind.identity.version_arn)
        if version:
            draft.versions[node.address] = version
        draft.changes.append(Change(node.address, Action.NONE, version=version, name=node.name))


def _refuse_unreadable(draft: _Draft, declared: set[Address]) -> None:
    """What is no longer declared and cannot be read: neither kept nor taken away without a look."""
    q = draft.question
    for address, seen in sorted(q.snapshot.observations.items()):
        if isinstance(seen, Unreadable) and address.use_case == q.use_case and address not in declared:
            draft.blocked.append(_unreadable(address, seen.reason))


def _unreadable(address: Address, reason: str) -> Diagnostic:
    return Diagnostic(
        "P110",
        f"{address} could not be read: {reason}",
        path=f"manifests/{address.use_case}/manifest.yaml",
        hint="nothing is concluded from a failed read: allow it, as `releaser iam policy --role plan -e ENV` prints, "
        "or run the same command again",
    )


def _diagnostic(node: Node, code: str, message: str, hint: str = "") -> Diagnostic:
    return Diagnostic(code, message, path=f"manifests/{node.address.use_case}/manifest.yaml", hint=hint)


def _refuse_full(draft: _Draft, node: Node, kind: Kind, siblings: int) -> None:
    """One more inside the same parent must fit."""
    quota = kind.sibling_quota
    if quota is not None and siblings >= quota.limit:
        message = f"{node.address} needs 1 more {kind.name}, and its {kind.parent} holds {siblings} of {quota.limit}"
        hint = "AWS does not raise this quota: delete one that nobody calls"
        draft.blocked.append(_diagnostic(node, "P122", message, hint))


def _plan_creation(draft: _Draft, node: Node, kind: Kind, was: str) -> None:
    replaces = kind.is_named_by_content and bool(draft.question.snapshot.retired.get(node.address))
    if kind.pointer and kind.is_known_by_name:
        verb, wave, action = Verb.REPOINT, Wave.PROMOTE, Action.CREATE
    else:
        verb, wave, action = Verb.CREATE, Wave.STAGE, Action.REPLACE if replaces else Action.CREATE
    reason = "immutable-content" if replaces else "deleted-live" if was else "not-there"
    desired = _desired(draft, node, kind)
    _refuse_shared(draft, node, kind, desired)
    _add_step(draft, node, verb, wave, desired, retag=True)
    if node.pins:
        _add_step(draft, node, Verb.INGEST, Wave.STAGE, desired)
    publishes = kind.versioned
    if kind.calls.prepare is not None:
        _add_step(draft, node, Verb.PREPARE, Wave.STAGE, desired)
    if publishes:
        _add_step(draft, node, Verb.PUBLISH, Wave.STAGE, desired)
    if kind.delivery is not None:
        _add_step(draft, node, Verb.REPOINT, Wave.PROMOTE, desired)
    fields = tuple(differences(EMPTY, desired, kind.fields.unordered))
    quota = _version_quota(draft, node, kind, 0) if publishes else ""
    said = _remarks(draft, kind, None, desired)
    if replaces:
        said += tuple(_unlike(draft, node, kind, desired))
    draft.changes.append(
        Change(node.address, action, fields, reason, publishes, quota=quota, name=node.name, remarks=said)
    )


def _refuse_shared(draft: _Draft, node: Node, kind: Kind, desired: FrozenMap) -> None:
    """A new one beside the live one must not work in what the live one has for itself."""
    mine = kind.exclusive(desired) if kind.exclusive is not None else {}
    if not mine:
        return
    q = draft.question
    live = [(a, b) for a, b in q.known.bindings.items() if isinstance(q.snapshot.observations.get(a), Seen)]
    live += [(a, b) for a, bs in q.snapshot.retired.items() for b in bs]
    for _, binding in live:
        taken = all(binding.fields.get(path) == short_digest(value) for path, value in mine.items())
        if binding.kind == kind.name and binding.name != node.name and taken:
            message = f"{node.name} would work in the same place as {binding.name} ({binding.id}), which is in use"
            hint = f"give it another ({', '.join(sorted(mine))}), or allow in the manifest that it is changed in place"
            draft.blocked.append(_diagnostic(node, "P113", message, hint))
            return


_PATHS_TOLD = 4


def _unlike(draft: _Draft, node: Node, kind: Kind, desired: FrozenMap) -> Iterator[Remark]:
    """Where a new one differs from the one it replaces, as far as the record tells."""
    known = draft.question.known.bindings.get(node.address)
    if known is None or not known.fields:
        return
    now = field_digests(desired, kind.fields.unordered)
    paths = sorted(p for p in {*now, *known.fields} if now.get(p) != known.fields.get(p))
    if paths:
        more = f" and {len(paths) - _PATHS_TOLD} more" if len(paths) > _PATHS_TOLD else ""
        yield Remark(f"differs from {known.name} at {', '.join(paths[:_PATHS_TOLD])}{more}", "changed")


def _desired(draft: _Draft, node: Node, kind: Kind) -> FrozenMap:
    return comparable(kind, _resolved(draft, node))


def _resolved(draft: _Draft, node: Node) -> FrozenMap:
    return resolve_body(node, lambda ref: draft.outputs.get(ref.address, {}).get(ref.output))


def _plan_existing(draft: _Draft, node: Node, kind: Kind, seen: Seen) -> None:
    known = draft.question.known.bindings.get(node.address)
    if seen.depth is Depth.ASSUMED or seen.body is None:
        version = known.version if known else None
        draft.outputs[node.address] = seen.outputs(version, kind.identity.version_arn)
        if version:
            draft.versions[node.address] = version
        draft.changes.append(Change(node.address, Action.NONE, version=version or "", name=node.name))
        return
    if seen.status == "failed" and not (kind.status and kind.status.repairable):
        _refuse_failed(draft, node, seen)
        return
    desired = _desired(draft, node, kind)
    fields = field_changes(seen.body, desired, kind, known)
    fields = without_followers(fields, stated(kind, _resolved(draft, node)), desired, kind)
    if draft.question.observed and known is None:
        fields = [replace(f, origin=Origin.DRIFT) for f in fields]  # the manifest was written from what was live
    tags = tag_changes(node, seen, known) + name_changes(node, seen, kind)
    version = _matching_version(kind, seen, desired, known, is_as_desired=not fields)
    fields = [f for f in fields if not _is_given_at_creation(kind, f)]
    fixed = fields if kind.calls.update is None else [f for f in fields if is_below(f.pattern, kind.fields.immutable)]
    if fixed:
        _refuse_immutable(draft, node, kind, fixed)
        return
    if seen.status == "failed" and kind.calls.prepare is None and not fields:
        _refuse_failed(draft, node, seen)
        return
    publishes = kind.versioned and version is None
    drafted = [f for f in fields if not is_ingested(kind, f) and not is_delivered(kind, f)]
    _plan_update(draft, node, kind, seen, desired, drafted, tags, is_published=version is not None)
    if node.pins and needs_ingestion(kind, fields):
        wave = Wave.PROMOTE if _is_seen(draft, node, kind, seen, Verb.INGEST) else Wave.STAGE
        _add_step(draft, node, Verb.INGEST, wave, desired, seen)
    if kind.calls.prepare is not None and (fields or seen.status != "ready"):
        wave = Wave.STAGE if publishes else Wave.PROMOTE
        _add_step(draft, node, Verb.PREPARE, wave, desired, seen, late=not publishes)
    if publishes:
        _add_step(draft, node, Verb.PUBLISH, Wave.STAGE, desired, seen)
    if any(is_delivered(kind, f) for f in fields):
        _add_step(draft, node, Verb.REPOINT, Wave.PROMOTE, desired, seen)
    draft.outputs[node.address] = seen.outputs(version, kind.identity.version_arn)
    if version:
        draft.versions[node.address] = version
    if known is not None and (node.address, node.stamp) not in draft.question.known.approved:
        draft.unseen[node.address] = unseen(fields, known.fields, desired, kind.fields)
    said = _remarks(draft, kind, seen.body, desired) if fields else ()
    _describe(draft, node, kind, seen, tuple(fields + tags), publishes, said)


def _is_given_at_creation(kind: Kind, change: FieldChange) -> bool:
    """A member that the server added to what nobody can change since: it needs no record to be told from drift. To
    what a document holds it adds nothing."""
    added = kind.fixed is not None and change.after is MISSING and is_below(change.pattern, kind.fields.immutable)
    return added and not any(change.pattern.startswith((f"{o}.", f"{o}[")) for o in kind.fields.opaque)


def _refuse_failed(draft: _Draft, node: Node, seen: Seen) -> None:
    message = f"{node.address} is in a failed state: {seen.reason or 'AWS gives no reason'}"
    draft.blocked.append(_diagnostic(node, "P111", message, "delete it in AWS; the next run creates it anew"))


def _matching_version(
    kind: Kind, seen: Seen, desired: FrozenMap, known: Binding | None, *, is_as_desired: bool
) -> str | None:
    """The version whose body is proven equal; the stamp alone proves nothing once a reference has moved."""
    if not kind.versioned or references(desired):
        return None
    # The server may add members that no rule of ours knows: then the proof is a digest of what was asked with them,
    # as the draft has it now, or as the record has it of the same content.
    wanted = {version_digest(kind, desired)}
    if is_as_desired and seen.body is not None:
        wanted.add(version_digest(kind, seen.body))
    if known is not None and known.fields and known.fields == field_digests(desired, kind.fields.unordered):
        wanted.add(known.body_digest)
    fitting = [v for v in seen.versions if v.body_digest in wanted and _is_whole(kind, v, desired, known)]
    return max(fitting, key=_version_order).version if fitting else None


def _is_whole(kind: Kind, version: Version, desired: FrozenMap, known: Binding | None) -> bool:
    """Whether a version holds also what AWS does not show of it: the record says so of the one that it names.

    What nobody ever asked to be other than AWS's default is that in every version.
    """
    if kind.versions is None or not kind.versions.hidden:
        return True
    asked = _hidden(kind, field_digests(desired, kind.fields.unordered))
    plain = _hidden(kind, field_digests(comparable(kind, EMPTY), kind.fields.unordered))
    released = _hidden(kind, known.fields) if known is not None and known.fields else plain
    if asked == released == plain:
        return True
    return known is not None and known.version == version.version and asked == released


def _hidden(kind: Kind, fields: Mapping[str, str]) -> dict[str, str]:
    """Of the digests of a body's fields, those of members that versions do not show."""
    hidden = kind.versions.hidden if kind.versions else frozenset()
    return {path: value for path, value in fields.items() if path.partition(".")[0] in hidden}


def _version_order(version: Version) -> tuple[int, str]:
    return (int(version.version) if version.version.isdigit() else 0, version.version)


def _refuse_immutable(draft: _Draft, node: Node, kind: Kind, fields: list[FieldChange]) -> None:
    paths = ", ".join(f.path for f in fields)
    message = f"{node.address} differs from its own name at {paths}, and AWS changes that in no {kind.name}"
    draft.blocked.append(_diagnostic(node, "P112", message, "delete it in AWS; the next run creates it anew"))
    draft.changes.append(Change(node.address, Action.NONE, tuple(fields), "changed-live", name=node.name))


def _plan_update(
    draft: _Draft,
    node: Node,
    kind: Kind,
    seen: Seen,
    desired: FrozenMap,
    fields: list[FieldChange],
    tags: list[FieldChange],
    *,
    is_published: bool,
) -> None:
    """A draft whose content is published already is only put back, after the pointers have moved: a rollback moves
    pointers first. So are tags."""
    if not fields and not tags:
        return
    late = is_published or not fields
    rewrite = bool(fields) or seen.name not in node.names
    verb = Verb.REPOINT if kind.pointer else Verb.UPDATE
    if seen.is_adopted and not rewrite:
        verb = Verb.ADOPT
    wave = Wave.PROMOTE if late or _is_seen(draft, node, kind, seen, verb) else Wave.STAGE
    late = wave is Wave.PROMOTE and late and not kind.pointer
    _add_step(draft, node, verb, wave, desired, seen, retag=bool(tags), rewrite=rewrite, late=late)


def _is_seen(draft: _Draft, node: Node, kind: Kind, seen: Seen, verb: Verb) -> bool:
    """Whether callers see what the verb does: it is that sort of verb, and a release has shown them the resource."""
    known = draft.question.known.bindings.get(node.address)
    return verb in kind.visible and (kind.pointer or (known is not None and known.id == seen.id))


def _is_at_once(draft: _Draft, node: Node, kind: Kind) -> bool:
    """Whether callers see a change before any pointer moves."""
    early = [s for s in draft.steps if s.address == node.address and s.wave is Wave.PROMOTE and not s.late]
    return not kind.pointer and any(s.verb in kind.visible for s in early)


def _describe(
    draft: _Draft,
    node: Node,
    kind: Kind,
    seen: Seen,
    fields: tuple[FieldChange, ...],
    publishes: bool,
    said: tuple[Remark, ...],
) -> None:
    moves = kind.pointer or any(is_delivered(kind, f) for f in fields)
    changed = Action.REPOINT if moves else Action.UPDATE
    if seen.is_adopted and all(f.path.startswith("tags.") for f in fields):
        changed = Action.ADOPT
    action = changed if fields else Action.NONE
    before = draft.question.known.bindings.get(node.address)
    reason = _reason(draft, node, kind, fields, publishes)
    quota = _version_quota(draft, node, kind, len(seen.versions)) if publishes else ""
    version = (before.version if before else None) or draft.versions.get(node.address, "")
    draft.changes.append(Change(node.address, action, fields, reason, publishes, version, quota, node.name, said))


def _remarks(draft: _Draft, kind: Kind, before: FrozenMap | None, after: FrozenMap) -> tuple[Remark, ...]:
    """What the change means, in the kind's words and with the manifest's names."""
    if kind.describe is None:
        return ()
    was, now = (as_written(body, draft.names) for body in (before, after))
    return tuple(kind.describe(was, now))


def _reason(draft: _Draft, node: Node, kind: Kind, fields: tuple[FieldChange, ...], publishes: bool) -> str:
    if not fields:
        known = draft.question.known.bindings.get(node.address)
        gone = known is not None and known.version is not None and known.stamp == node.stamp
        return ("version-gone" if gone else "no-version-of-this-content") if publishes else ""
    if _is_at_once(draft, node, kind):
        return "at-once"
    return "draft" if kind.versioned and node.address in draft.versions else "content"


def _version_quota(draft: _Draft, node: Node, kind: Kind, used: int) -> str:
    if kind.version_quota is None:
        return ""
    most = kind.version_quota.limit
    if used >= most:
        message = f"{node.address} has {used} of {most} versions, and this change needs 1 more"
        hint = "AWS does not raise this quota: `releaser gc` deletes versions that nothing uses any more"
        draft.blocked.append(_diagnostic(node, "P120", message, hint))
    return f"{used} of {most} versions used, this needs 1"


def _concerned(kind: Kind, verb: Verb, body: FrozenMap) -> FrozenMap:
    """The part of a live body that a verb writes."""
    if verb is Verb.REPOINT and kind.delivery is not None:
        return delivered_of(kind, body)
    return content_of(kind, body) if verb is Verb.INGEST else draft_of(kind, body)


def _add_step(
    draft: _Draft,
    node: Node,
    verb: Verb,
    wave: Wave,
    desired: FrozenMap,
    seen: Seen | None = None,
    *,
    retag: bool = False,
    rewrite: bool = True,
    late: bool = False,
) -> None:
    key = StepKey(node.address, verb)
    around = {node.address, *node.needs}
    needs = {draft.last[a] for a in around if a in draft.last}
    if verb is Verb.REPOINT:
        # A supervisor's alias leads to a version that calls its collaborators' aliases: those move first.
        needs |= draft.below[node.address]
    elif wave is Wave.PROMOTE:
        # What waits for the pointers is waited for only by what does so too: barriers order the rest.
        needs |= {k for k, is_late in draft.put_back.get(node.address, ()) if late or not is_late}
    kind = draft.question.kinds[node.kind]
    live = _concerned(kind, verb, seen.body) if seen and seen.body is not None else None
    draft.steps.append(
        Step(
            key=key,
            wave=wave,
            stamp=node.stamp,
            body_digest=digest(replace_leaves(desired, str)),
            before=content_digest(live) if live is not None else "",
            revision=seen.revision if seen else "",
            needs=tuple(sorted(needs)),
            retag=retag,
            rewrite=rewrite,
            late=late,
            pieces=pieces(kind, live) if kind.parts and live is not None else {},
        )
    )
    if wave is Wave.STAGE:
        draft.last[node.address] = key
    elif verb is Verb.REPOINT:
        draft.moved[node.address] = key
    else:
        draft.put_back.setdefault(node.address, []).append((key, late))
