"""What every kind must keep, with botocore's own service model as the oracle. Knows no kind by name.

Each rule yields sentences about what is wrong; nothing for a kind that is right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

import botocore.session
from botocore.model import OperationModel, ServiceModel
from botocore.model import Shape as Modelled

from kinds.cases import everything, is_document
from kinds.live_changes import pattern_of
from kinds.synthesis import AGAIN, finite
from releaser.core.body_shape import body_shape, part_shape
from releaser.core.kind import Kind, Part, Status
from releaser.core.normal import Sibling, comparable, stated
from releaser.core.shapes import check
from releaser.core.values import FrozenMap, leaves, thaw
from releaser.engine.reading import body_of
from releaser.kinds.models import model

Rule = Callable[[Kind], Iterator[str]]


@cache
def service(name: str) -> ServiceModel:
    """botocore's model of a service."""
    return botocore.session.get_session().get_service_model(name)


def operation(kind: Kind, name: str) -> OperationModel:
    return service(kind.service).operation_model(name)


def requested(kind: Kind, name: str) -> Mapping[str, Any]:
    """Members of an operation's request."""
    shape = operation(kind, name).input_shape
    return shape.members if shape is not None else {}


def replied(kind: Kind, name: str) -> Mapping[str, Any]:
    """Members of an operation's reply."""
    shape = operation(kind, name).output_shape
    return shape.members if shape is not None else {}


def resource(kind: Kind) -> Mapping[str, Any]:
    """Members of the resource in the get reply."""
    members = replied(kind, kind.calls.get)
    found: Mapping[str, Any] = members[kind.calls.root].members if kind.calls.root else members
    return found


def version(kind: Kind) -> Mapping[str, Any]:
    """Members of a version, where versions have operations of their own."""
    assert kind.versions is not None
    members = replied(kind, kind.versions.get)
    found: Mapping[str, Any] = members[kind.versions.root].members if kind.versions.root else members
    return found


def listed(kind: Kind, operation_name: str, root: str) -> Mapping[str, Any]:
    """Members of a row of any list reply; none where the reply has no such list."""
    rows = replied(kind, operation_name).get(root)
    found: Mapping[str, Any] = rows.member.members if rows is not None else {}
    return found


def row(kind: Kind) -> Mapping[str, Any]:
    """Members of a row of the list reply."""
    return listed(kind, kind.calls.list, kind.calls.list_root)


def _lacks(members: Mapping[str, Any], where: str, *names: str | None) -> Iterator[str]:
    yield from (f"{where} has no {name}" for name in names if name is not None and name not in members)


def operations_exist(kind: Kind) -> Iterator[str]:
    calls, tagging = kind.calls, kind.tagging
    known = set(service(kind.service).operation_names)
    names = [calls.create, calls.get, calls.list, calls.delete, calls.update, calls.publish, calls.prepare]
    if kind.versions is not None:
        names += [kind.versions.get, kind.versions.list, kind.versions.delete]
    if kind.mint is not None:
        names += [kind.mint.create, kind.mint.update, kind.mint.get, kind.mint.list, kind.mint.delete]
    for part in kind.parts:
        names += [part.create, part.update, part.delete, part.list, part.get]
    for name in names:
        if name is not None and name not in known:
            yield f"{kind.service} has no {name}"
    yield from (f"{kind.service} has no {n}" for n in (tagging.tag, tagging.untag, tagging.list) if n not in known)


def requests_take_identity(kind: Kind) -> Iterator[str]:
    calls, name = kind.calls, kind.identity.name
    for one in (calls.get, calls.delete, calls.update, calls.publish, calls.prepare):
        if one is not None:
            yield from _lacks(requested(kind, one), one, calls.id_in, calls.parent_in)
    for one in (calls.create, calls.list):
        yield from _lacks(requested(kind, one), one, calls.parent_in)
    for one in (calls.create, calls.update):
        if one is not None:
            yield from _lacks(requested(kind, one), one, name)
    if kind.versioned:
        one = kind.versions.list if kind.versions else calls.list
        yield from _lacks(requested(kind, one), one, calls.id_in)
    if calls.update is not None:
        yield from _lacks(requested(kind, calls.update), calls.update, *calls.update_params)


def versions_are_selected(kind: Kind) -> Iterator[str]:
    calls, own = kind.calls, kind.versions
    if (kind.versioned and own is None) != (calls.version_in is not None):
        yield "version_in stands for kinds that publish without operations of their own, and for those only"
    if own is not None:
        for one in (own.get, own.delete):
            yield from _lacks(requested(kind, one), one, own.version_in, calls.id_in)
    for one in (calls.get, calls.delete):
        yield from _lacks(requested(kind, one), one, calls.version_in)
    if (kind.parent is None) != (calls.parent_in is None):
        yield "a parent has a kind and a member"


def pages_are_asked_for(kind: Kind) -> Iterator[str]:
    calls = kind.calls
    asked = requested(kind, calls.list)
    yield from _lacks(asked, calls.list, calls.page_size_in, calls.page_token_in, *calls.list_params)
    yield from _lacks(replied(kind, calls.list), f"the reply of {calls.list}", calls.page_token_in, calls.list_root)
    most = asked[calls.page_size_in].metadata.get("max") if calls.page_size_in in asked else None
    if most is not None and calls.page_size > most:
        yield f"{calls.list} gives at most {most} a page, not {calls.page_size}"
    for name, value in calls.list_params.items():
        enum = getattr(asked.get(name), "enum", None)
        if enum and value not in enum:
            yield f"{calls.list}: {name} is one of {enum}, not {value}"


def batches_are_read(kind: Kind) -> Iterator[str]:
    calls = kind.calls
    if calls.batch is None:
        return
    if calls.batch not in service(kind.service).operation_names:
        yield f"{kind.service} has no {calls.batch}"
        return
    asked, given = requested(kind, calls.batch), replied(kind, calls.batch)
    yield from _lacks(asked, calls.batch, calls.batch_in)
    yield from _lacks(given, f"the reply of {calls.batch}", calls.batch_root)
    if calls.batch_in in asked:
        most = asked[calls.batch_in].metadata.get("max")
        if most is not None and calls.batch_size > most:
            yield f"{calls.batch} takes at most {most}, not {calls.batch_size}"
    if calls.batch_root in given and set(given[calls.batch_root].member.members) != set(resource(kind)):
        yield f"{calls.batch} tells other things than {calls.get}"


def replies_tell_identity(kind: Kind) -> Iterator[str]:
    ident = kind.identity
    told = [ident.arn] if ident.arn else []
    yield from _lacks(resource(kind), kind.calls.get, ident.id, *told, ident.name, *ident.revision.split(","))
    if bool(ident.arn) == bool(ident.arn_path):
        yield "an ARN is told by the reply, or made from a path: one of both"
    if not ident.arn and any(m.lower() == "arn" for m in resource(kind)):
        yield f"{kind.calls.get} tells an ARN, and the kind makes one"
    yield from _lacks(
        row(kind), kind.calls.list, ident.row_id, ident.row_arn or None, ident.row_name, *ident.revision.split(",")
    )
    if not ident.row_arn and any(isinstance(m, str) and m.lower().endswith("arn") for m in row(kind)):
        yield f"a row of {kind.calls.list} has an ARN, and the kind does not read it"
    if ident.id != ident.name:
        made = replied(kind, kind.calls.create)
        made = made[kind.calls.root].members if kind.calls.root else made
        yield from _lacks(made, kind.calls.create, ident.id)


def versions_are_told(kind: Kind) -> Iterator[str]:
    yield from _versions_of_their_own(kind) if kind.versions else ()
    publish = kind.calls.publish
    if publish is None:
        return
    yield from _lacks(requested(kind, publish), publish, "description")
    yield from _lacks(replied(kind, publish), f"the reply of {publish}", "version")
    yield from () if kind.versions else _lacks(row(kind), kind.calls.list, "version")
    if kind.calls.token is None:
        yield f"{publish} needs a token: a repeat would cut a second version"


def _versions_of_their_own(kind: Kind) -> Iterator[str]:
    own = kind.versions
    assert own is not None
    yield from _lacks(version(kind), own.get, "version", kind.identity.id)
    yield from _lacks(listed(kind, own.list, own.list_root), own.list, own.row_version)
    members = {p.split(".")[0].split("[")[0] for p in create_paths(kind)} - {p.member for p in kind.parts}
    hidden = {m for m in members if m in resource(kind) and m not in version(kind)}
    if hidden != own.hidden:
        yield f"{own.get} hides {sorted(hidden)}, not {sorted(own.hidden)}"


def versions_are_minted(kind: Kind) -> Iterator[str]:
    """Through an alias without a target, whose reply names the version."""
    mint = kind.mint
    if mint is None:
        return
    if kind.calls.publish is not None or kind.versions is None:
        yield "what is minted is not published, and is read by operations of its own"
    for one in (mint.create, mint.update, mint.get, mint.list, mint.delete):
        yield from _lacks(requested(kind, one), one, kind.calls.id_in)
    for one in (mint.update, mint.get, mint.delete):
        yield from _lacks(requested(kind, one), one, mint.id_in)
    yield from _lacks(requested(kind, mint.create), mint.create, mint.name, mint.token, mint.target)
    yield from _lacks(requested(kind, mint.update), mint.update, mint.name, mint.target)
    yield from _lacks(listed(kind, mint.list, mint.list_root), mint.list, mint.id, mint.name)
    for one in (mint.create, mint.update, mint.get):
        shape = operation(kind, one).input_shape
        if shape is not None and mint.target in shape.required_members:
            yield f"{one} requires {mint.target}"
    for one in (mint.create, mint.get):
        yield from _lacks(replied(kind, one), f"the reply of {one}", mint.root)
        told = replied(kind, one).get(mint.root)
        alias = told.members if told is not None else {}
        yield from _lacks(alias, one, mint.id, mint.target, mint.status.member)
        if mint.target in alias:
            yield from _lacks(alias[mint.target].member.members, f"{one} {mint.target}", mint.version)


def parts_are_whole(kind: Kind) -> Iterator[str]:
    """What a part needs to be looked at, made, changed and taken away."""
    for part in kind.parts:
        writes = [one for one in (part.create, part.update, part.delete) if one is not None]
        for one in (*writes, part.list, *((part.get,) if part.get else ())):
            yield from _lacks(requested(kind, one), one, part.owner_in, part.version_in)
        for one in (part.update, part.delete, part.get):
            if one is not None:
                yield from _lacks(requested(kind, one), one, part.id_in)
        yield from _lacks(requested(kind, part.delete), part.delete, *part.delete_params)
        yield from _lacks(requested(kind, part.create), part.create, part.key, *part.omitted)
        yield from _lacks(replied(kind, part.list), f"the reply of {part.list}", part.list_root)
        yield from _lacks(listed(kind, part.list, part.list_root), part.list, part.id)
        yield from _lacks(_item(kind, part), part.get or part.list, part.id)
        if kind.fields.unordered.get(part.member) != part.key:
            yield f"{part.member} is a set by {part.key}"
        yield from _part_updates(kind, part)


def _part_updates(kind: Kind, part: Part) -> Iterator[str]:
    made = set(requested(kind, part.create)) - part.outside
    changed = set(requested(kind, part.update)) if part.update else set()
    if part.update is not None:
        yield from (f"{part.update} cannot carry {m}: it is fixed" for m in sorted(made - changed - part.fixed))
        extra = changed - made - part.outside - {part.id_in}
        yield from (f"{part.update} takes {m}, and {part.create} does not" for m in sorted(extra))


def _item(kind: Kind, part: Part) -> Mapping[str, Any]:
    """Members of an item as it is read."""
    if part.get is None:
        return listed(kind, part.list, part.list_root)
    members = replied(kind, part.get)
    found: Mapping[str, Any] = members[part.root].members if part.root else members
    return found


def deliveries_are_whole(kind: Kind) -> Iterator[str]:
    """Versions that can be stored and read, jobs that can be started, found again and told apart."""
    how = kind.delivery
    if how is None:
        return
    known = set(service(kind.service).operation_names)
    names = (how.store, how.read, how.list, how.start, how.stop, how.get, how.jobs, how.strategies, how.make_strategy)
    missing = [name for name in names if name not in known]
    yield from (f"{kind.service} has no {name}" for name in missing)
    if missing:
        return
    parent = kind.calls.parent_in
    asked: Mapping[str, tuple[str | None, ...]] = {
        how.store: (parent, how.holder_in, "Content", "ContentType", "Description", "VersionLabel"),
        how.read: (parent, how.holder_in, "VersionNumber"),
        how.list: (parent, how.holder_in, "VersionLabel"),
        how.start: (
            *(parent, how.place_in, how.holder_in, "ConfigurationVersion"),
            *("DeploymentStrategyId", "Description", "LatestDeploymentNumber"),
        ),
        how.get: (parent, how.place_in, how.job),
        how.stop: (parent, how.place_in, how.job, "AllowRevert"),
        how.jobs: (parent, how.place_in, kind.calls.page_size_in),
        how.make_strategy: (
            "Name",
            "DeploymentDurationInMinutes",
            "FinalBakeTimeInMinutes",
            "GrowthFactor",
            "GrowthType",
        ),
    }
    for one, members in asked.items():
        yield from _lacks(requested(kind, one), one, *members)
    row = ("ConfigurationVersion", "VersionLabel", how.holder_in, how.job, how.status.member, "PercentageComplete")
    yield from _lacks(listed(kind, how.jobs, how.jobs_root), how.jobs, *row)
    yield from _lacks(replied(kind, how.get), how.get, *row, "Description", "EventLog", "StartedAt")
    yield from _lacks(replied(kind, how.start), how.start, how.job, how.status.member)
    yield from _lacks(listed(kind, how.list, how.list_root), how.list, "VersionNumber", "VersionLabel", "Description")
    yield from _lacks(replied(kind, how.read), how.read, "Content")
    yield from _lacks(replied(kind, how.store), how.store, "VersionNumber")
    yield from _classified(how.status, replied(kind, how.get), how.get, listed(kind, how.jobs, how.jobs_root))


def tokens_are_declared(kind: Kind) -> Iterator[str]:
    taken = [(one, kind.calls.token) for one in (kind.calls.create, kind.calls.publish)]
    taken += [(part.create, part.token) for part in kind.parts]
    taken += [(kind.mint.create, kind.mint.token)] if kind.mint else []
    for one, token in taken:
        if one is None:
            continue
        marked = {k for k, s in requested(kind, one).items() if s.metadata.get("idempotencyToken")}
        declared = {token} if token else set()
        if marked != declared:
            yield f"{one}: the token is {marked or 'none'}, not {declared or 'none'}"


def statuses_are_classified(kind: Kind) -> Iterator[str]:
    yield from _classified(kind.status, resource(kind), kind.calls.get, row(kind))
    for part in kind.parts:
        yield from _classified(part.status, _item(kind, part), part.get or part.list, {})
    if kind.mint is not None:
        alias = replied(kind, kind.mint.get)[kind.mint.root].members
        yield from _classified(kind.mint.status, alias, kind.mint.get, {})
    if kind.status is not None and bool(kind.status.idle) != (kind.calls.prepare is not None):
        yield "what is prepared is idle before, and nothing else is"


def _classified(
    status: Status | None, members: Mapping[str, Any], where: str, rows: Mapping[str, Any]
) -> Iterator[str]:
    if status is None:
        if any(name == "status" or name.endswith("Status") for name in members):
            yield f"{where} has a status, and the kind has none"
        return
    yield from _lacks(members, where, status.member, status.reasons)
    yield from _lacks(rows, "the list", status.member) if rows else ()
    if status.member not in members:
        return
    classes = (status.ready, status.idle, status.pending, status.failed)
    values = set(members[status.member].enum)
    for value in sorted(values | frozenset().union(*classes)):
        times = sum(value in one for one in classes)
        if value not in values:
            yield f"{status.member} is never {value}"
        elif times != 1:
            yield f"{status.member} {value} is classified {times} times"


def create_is_modelled(kind: Kind) -> Iterator[str]:
    """Every member of create stands in bodies, or is said to stand in none; what AWS requires is given."""
    members = requested(kind, kind.calls.create)
    ours = {kind.identity.name, kind.tagging.tags_in} | ({kind.calls.token} if kind.calls.token else set())
    yield from _lacks(members, kind.calls.create, *kind.fields.omitted)
    yield from (f"{name} is the driver's to fill in: omit it from bodies" for name in ours - kind.fields.omitted)
    sent = set(members) - kind.fields.omitted
    elsewhere = kind.fields.update_only | {part.member for part in kind.parts}
    elsewhere |= kind.delivery.members if kind.delivery else set()
    told: set[str] = set()
    for body in everything(kind):
        written = set(kind.write(FrozenMap({k: v for k, v in body.items() if k not in elsewhere})))
        told |= written
        yield from (f"{kind.calls.create} takes no {name}" for name in written - set(members))
        shape = operation(kind, kind.calls.create).input_shape
        required = set(shape.required_members) if shape else set()
        yield from (f"{kind.calls.create} requires {name}" for name in required - written - ours)
    yield from (f"{name} stands neither in bodies nor in omitted" for name in sent - told)


def update_carries_create(kind: Kind) -> Iterator[str]:
    calls = kind.calls
    if calls.update is None:
        return
    made, changed = requested(kind, calls.create), requested(kind, calls.update)
    fixed = kind.fields.omitted | (kind.fields.immutable if kind.fixed is None else frozenset())
    for name in sorted(set(made) - fixed - set(changed)):
        yield f"{calls.update} cannot carry {name}: it is immutable"
    # A kind that is fixed in part may have to send, unchanged, what it cannot change.
    for name in sorted(kind.fields.immutable & set(changed) if kind.fixed is None else ()):
        yield f"{calls.update} carries {name}: it is not immutable"
    ours = {calls.id_in, kind.identity.name, *calls.update_params, *kind.fields.update_only}
    yield from (f"{calls.create} takes {name}, too" for name in sorted(kind.fields.update_only & set(made)))
    yield from _lacks(changed, calls.update, *kind.fields.update_only)
    for name in sorted(set(changed) - set(made) - ours):
        yield f"{calls.update} takes {name}, and {calls.create} does not"
    for name in sorted((set(made) & set(changed)) - fixed):
        if outline(made[name]) != outline(changed[name]):
            yield f"{name} has one shape in {calls.create} and another in {calls.update}"
    shape = operation(kind, calls.update).input_shape
    required = set(shape.required_members) if shape else set()
    given = set(made) - fixed | ours
    yield from (f"{calls.update} requires {name}" for name in sorted(required - given))


def outline(shape: Modelled, seen: tuple[str, ...] = ()) -> Any:
    """A shape without names and documentation, to compare."""
    if shape.name in seen:
        return shape.name
    below = (*seen, shape.name)
    match shape.type_name:
        case "structure":
            return {k: outline(m, below) for k, m in shape.members.items()}
        case "list":
            return [outline(shape.member, below)]
        case "map":
            return {"*": outline(shape.value, below)}
        case _:
            return shape.type_name, tuple(getattr(shape, "enum", ()))


def read_gives_the_body(kind: Kind) -> Iterator[str]:
    """A reply with everything set reads as a body with everything set: nothing more, nothing less."""
    reply = {k: skeleton(s) for k, s in resource(kind).items()}
    parts = {p.member: (_read_item(kind, p),) for p in kind.parts}
    read = patterns(kind, FrozenMap({**body_of(kind, reply, parts), **_delivered(kind)}))
    bodies: set[str] = set()
    for body in everything(kind):
        bodies |= patterns(kind, comparable(kind, FrozenMap(body)))
    accepted = bodies | set(create_paths(kind))
    yield from (f"{path} is read, and create takes no such member" for path in sorted(read - accepted))
    yield from (f"{path} is written and never read" for path in sorted(bodies - read))


def _delivered(kind: Kind) -> Mapping[str, Any]:
    """What a job leaves, with everything set."""
    if kind.delivery is None:
        return {}
    whole = everything(kind)[0]
    return {
        m: kind.delivery.decode(kind.delivery.encode(whole[m])) if m == kind.delivery.member else whole[m]
        for m in kind.delivery.members
    }


def _read_item(kind: Kind, part: Part) -> Mapping[str, Any]:
    reply = {k: skeleton(s) for k, s in _item(kind, part).items()}
    found = part.read(reply)
    allowed = part_shape(part, model(kind.service)).members
    return {k: v for k, v in reply.items() if k in allowed} if found is reply else found


def skeleton(shape: Modelled, way: tuple[str, ...] = ()) -> Any:
    """A value of the shape with every member set."""
    if getattr(shape, "is_document_type", False):
        return {"any": "thing"}
    below = (*way, shape.name)
    match shape.type_name:
        case "structure":
            return {k: skeleton(m, below) for k, m in shape.members.items() if below.count(m.name) < AGAIN}
        case "list":
            return [skeleton(shape.member, below)]
        case "map":
            return {"key": skeleton(shape.value, below)}
        case "string":
            return next(reversed(shape.enum), "text")  # the first is what AWS says of what nobody asked for
        case "boolean":
            return True
        case "timestamp":
            return datetime(2026, 1, 1, tzinfo=UTC)
        case _:
            return 1


def patterns(kind: Kind, body: Mapping[str, Any]) -> set[str]:
    """Every leaf's path without list positions and keys of maps; a document is one leaf."""
    found = set()
    known = create_paths(kind)
    for at, _ in leaves(body):
        path = ""
        for step in at:
            here = pattern_of((step,)) if isinstance(step, int) else f".{step}" if path else str(step)
            path = f"{path}.*" if f"{path}.*" in known and not isinstance(step, int) else path + here
        inside = [o for o in kind.fields.opaque if path == o or path.startswith((f"{o}.", f"{o}["))]
        found.add(inside[0] if inside else path)
    return found


def create_paths(kind: Kind) -> Mapping[str, Any]:
    """Path pattern -> shape, for all that a body may hold. ``*`` is any key of a map."""
    known = _PATHS.get(kind.name)
    if known is None or known[0] is not kind:
        known = _PATHS[kind.name] = (kind, _paths_of(kind))
    return known[1]


_DEEP = 3
"""How often a shape that holds itself is told apart: a definition, a loop in it, a loop in that."""
_PATHS: dict[str, tuple[Kind, Mapping[str, Any]]] = {}


def _paths_of(kind: Kind) -> Mapping[str, Any]:
    found: dict[str, Any] = {}

    def walk(shape: Any, at: str, way: tuple[str, ...]) -> None:
        if at:
            found[at] = shape
        if shape.is_document:
            return
        below = (*way, shape.name)
        if shape.type == "structure":
            for member, inner in finite(shape, below, _DEEP):
                walk(inner, f"{at}.{member}" if at else member, below)
        elif shape.type == "list":
            walk(shape.member, f"{at}[]", below)
        elif shape.type == "map":
            walk(shape.value, f"{at}.*", below)

    walk(body_shape(kind, model(kind.service)), "", ())
    return found


def paths_resolve(kind: Kind) -> Iterator[str]:
    fields = kind.fields
    known = set(create_paths(kind)) | ({kind.ingestion.member} if kind.ingestion else set())
    for body in everything(kind):
        # Not the comparable form: filling in defaults would prove every default.
        for pattern in patterns(kind, stated(kind, FrozenMap(body))):
            parts = pattern.split(".")
            known |= {".".join(parts[:n]) for n in range(1, len(parts) + 1)}
    named = {*fields.defaults, *fields.unordered, *fields.labels, *fields.opaque, *fields.markers, *fields.immutable}
    for path in sorted(named | fields.shown):
        within = any(path.startswith(f"{o}.") for o in fields.opaque)
        if path not in known and not within:
            yield f"no body has {path}"


def sets_have_their_keys(kind: Kind) -> Iterator[str]:
    for path, key in kind.fields.unordered.items():
        shape = create_paths(kind).get(path)
        if shape is None:
            continue
        member = (key or "").removeprefix("#")
        if shape.type != "list":
            yield f"{path} is no list"
        elif member and member not in shape.member.members:
            yield f"items of {path} have no {member}"
        elif not member and shape.member.type == "structure":
            yield f"items of {path} need a key"


def defaults_are_values(kind: Kind) -> Iterator[str]:
    for path, value in kind.fields.defaults.items():
        shape = create_paths(kind).get(path)
        if shape is None:
            continue
        if isinstance(value, Sibling):
            other = create_paths(kind).get(f"{path.rpartition('.')[0]}.{value.member}")
            if other is None or other.name != shape.name:
                yield f"{path} cannot repeat {value.member}"
        else:
            yield from (f"{path}: {v.message}" for v in check(shape, thaw(value)))


def documents_are_opaque(kind: Kind) -> Iterator[str]:
    documents = {p.removesuffix(".*") for p, s in create_paths(kind).items() if s.is_document}
    delivered = {kind.delivery.member} if kind.delivery else set()
    if not is_document(kind) and documents != kind.fields.opaque - delivered:
        yield f"JSON documents are {sorted(documents)}, not {sorted(kind.fields.opaque)}"


def empty_choices_are_markers(kind: Kind) -> Iterator[str]:
    paths = create_paths(kind)
    choices = {
        path
        for path, shape in paths.items()
        if shape.type == "structure"
        and not shape.members
        and not shape.is_document
        and (owner := paths.get(path.rpartition(".")[0])) is not None
        and owner.is_union
    }
    if choices != kind.fields.markers:
        yield f"choices without members are {sorted(choices)}, not {sorted(kind.fields.markers)}"


def tags_have_their_form(kind: Kind) -> Iterator[str]:
    tagging = kind.tagging
    for one in (tagging.tag, tagging.untag, tagging.list):
        yield from _lacks(requested(kind, one), one, tagging.id_in, *tagging.params)
    yield from _lacks(requested(kind, tagging.untag), tagging.untag, tagging.keys_in)
    for where, members, name in (
        (kind.calls.create, requested(kind, kind.calls.create), tagging.tags_in),
        (tagging.tag, requested(kind, tagging.tag), tagging.tags_in),
        (tagging.list, replied(kind, tagging.list), tagging.tags_out),
    ):
        if name not in members:
            yield f"{where} has no {name}"
        elif _form(members[name]) != tagging.form:
            yield f"{where}: tags have the form {_form(members[name])!r}, not {tagging.form!r}"


def _form(shape: Modelled) -> str:
    if shape.type_name == "map":
        return "map"
    members = set(shape.member.members) if shape.type_name == "list" else set()
    return "list" if members == {"key", "value"} else "List" if members == {"Key", "Value"} else "?"


RULES: tuple[Rule, ...] = (
    operations_exist,
    requests_take_identity,
    versions_are_selected,
    pages_are_asked_for,
    batches_are_read,
    replies_tell_identity,
    versions_are_told,
    versions_are_minted,
    parts_are_whole,
    deliveries_are_whole,
    tokens_are_declared,
    statuses_are_classified,
    create_is_modelled,
    update_carries_create,
    read_gives_the_body,
    paths_resolve,
    sets_have_their_keys,
    defaults_are_values,
    documents_are_opaque,
    empty_choices_are_markers,
    tags_have_their_form,
)
