"""What a record says of where its content comes from, and who does it with what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from releaser import wiring
from releaser.core.change_facts import Approval, ChangeFacts
from releaser.core.gate import Verdict
from releaser.core.hold import held_of
from releaser.core.promotion import Passage
from releaser.core.proof.files import sha256
from releaser.core.record import Emergency
from releaser.core.values import EMPTY
from releaser.engine.run import Provenance, Source
from releaser.pipeline.desk import Desk
from releaser.store.change_history import changes_of


@dataclass(frozen=True, slots=True)
class Agreed:
    """What is known of the way to a run, by use case, and what speaks against it. ``approvals``: of the deployment."""

    changes: Mapping[str, ChangeFacts] = EMPTY
    approvals: tuple[Approval, ...] = ()
    verdicts: tuple[Verdict, ...] = ()


def provenance_of(desk: Desk, sources: Mapping[str, Source], agreed: Agreed | None = None) -> Provenance:
    """By use case where its content comes from; of the run, who, where and with what, and who agreed."""
    return Provenance(
        sources=sources,
        actor=desk.repo.actor(),
        trigger=desk.repo.trigger(),
        tool_version=wiring.version(),
        dirty=desk.dirty,
        environment_commit=desk.commit,
        emergencies=_emergencies(desk),
        changes=agreed.changes if agreed else changes_on(desk),
        environment_digest=_environment_digest(desk),
        session_name=wiring.session_name(desk.environment, desk.repo.environ),
        approvals=agreed.approvals if agreed else (),
    )


def changes_on(desk: Desk) -> dict[str, ChangeFacts]:
    """What git says of the change that brought each use case where it is."""
    return changes_of(desk.repo.git, desk.commit, desk.environment.name, {*desk.files, *desk.retired})


def _environment_digest(desk: Desk) -> str:
    reader = desk.repo.reader_of(None if desk.dirty else desk.commit)
    content = reader.read(f"environments/{desk.environment.name}/environment.yaml")
    return sha256(content) if content is not None else ""


def _emergencies(desk: Desk) -> dict[str, Emergency]:
    """Releases that nothing but a waiver lets in, or in again."""
    found = {}
    for name, passage in desk.passages().items():
        pin = desk.content.pinned[name].pin
        waiver = pin.waiver
        returns = held_of(desk.witnesses().get(name), pin.digest) is not None
        if waiver is not None and (returns or (isinstance(passage, Passage) and passage.is_emergency)):
            until = waiver.until.isoformat()
            found[name] = Emergency(kind="forward", reason=waiver.reason, owner=waiver.owner, until=until)
    return found


def sources_of(desk: Desk, tags: Mapping[str, str]) -> dict[str, Source]:
    """The commits that the content on the desk comes from. ``tags``: object ids of the release tags."""
    tree = desk.repo.tree_of(desk.commit)
    found = {n: Source(desk.commit, tree, tags.get(n)) for n in desk.files}
    found |= {n: Source(c.tag.commit, c.tree, c.tag.object_id) for n, c in desk.content.pinned.items()}
    return found | _last_sources(desk)


def _last_sources(desk: Desk) -> dict[str, Source]:
    """Of what is retired: where the release came from that was live last."""
    last = {n: record for n in desk.retired if (record := desk.last(n)) is not None}
    known = desk.repo.tags.known(last)
    found = {}
    for name, record in last.items():
        tags = {(t.release, t.digest): t.object_id for t in known.get(name, ())}
        tag = tags.get((record.release, record.release_digest))
        found[name] = Source(record.commit, desk.repo.tree_of(record.commit), tag)
    return found
