"""Weighs one move of a pin: every check that can be made before the merge, and what people should know of it."""

from __future__ import annotations

from collections.abc import Iterator

from releaser.core.errors import Refused
from releaser.core.going_back import live_in, said_by
from releaser.core.hold import held_of
from releaser.core.move import EmergencyWaiver, Look, Move, before, proof_of
from releaser.core.notes import Notes, release_notes
from releaser.core.notes_summary import in_short
from releaser.core.pin import RETIRED, Pinned, Retire, written
from releaser.core.promotion import Denied, Ground, Passage, passage
from releaser.core.release_content import ReleaseContent, content_of
from releaser.core.way_back import way_back
from releaser.core.workspace import UseCaseFiles
from releaser.engine.compile import ReleaseName, compile_as_written
from releaser.gates import freeze
from releaser.kinds import registry
from releaser.pipeline.pin_moves import Site
from releaser.pipeline.prospects import Prospect, Prospects
from releaser.store.pins import PinnedContent


def weigh(
    site: Site, prospects: Prospects, use_case: str, release: str, digest: str, waiver: EmergencyWaiver | None = None
) -> Move:
    """The move of a pin to a release. Raises Refused or ReleaserError for one that may not be made."""
    was = site.pin(use_case)
    file = site.edit(use_case, written(release, digest), waiver)
    assert isinstance(file.pin, Pinned)
    ground = _let_in(site, file.pin)
    if waiver is None:
        _refuse_held(site, file.pin)
    content = site.content(file)
    live = live_in(site.accounts(use_case), site.name, use_case)
    models = live.closed.facts.model_ids if live and live.closed else frozenset()
    known = ground.ground in (Ground.BEFORE, Ground.LIVE)
    prospect = prospects.of(content.files, ReleaseName(release, digest), models, known=known)
    _refuse_dead(use_case, release, prospect)
    notes = _notes(site, content)
    release_before, digest_before = before(was)
    return Move(
        use_case=use_case,
        release_before=release_before,
        digest_before=digest_before,
        release=release,
        digest=digest,
        ground=ground.ground.value,
        proof=proof_of(ground.proof),
        changes=_changes(site, use_case, release, notes),
        models=prospect.said,
        way_back=_way_back(site, use_case, digest, prospect),
        looks=tuple(_looks(notes, content.files, waiver)),
        remarks=(*_taken_back(site, use_case, release, digest), *_remarks(site, was)),
        waiver=waiver,
    )


def retirement(site: Site, use_case: str) -> Move:
    """The move of a pin to the tombstone."""
    was = site.pin(use_case)
    site.edit(use_case, RETIRED)
    live = live_in(site.accounts(use_case), site.name, use_case)
    bindings = live.closed.bindings if live and live.closed else {}
    gone = tuple(f"- {a.kind} {a.name} is taken away" for a in sorted(bindings))
    release_before, digest_before = before(was)
    window = site.environment.spec.rollbackWindow
    return Move(
        use_case=use_case,
        release_before=release_before,
        digest_before=digest_before,
        release=RETIRED,
        digest="",
        ground="the tombstone itself allows it",
        proof=proof_of(live),
        changes=("Callers lose it first; what it has in AWS is deleted after the rollback window.", *gone),
        way_back=f"pin a release again; within {window} nothing is deleted",
        looks=(Look(who="the owners of what calls it", why=f"{use_case} stops answering in {site.name}"),),
        remarks=tuple(_remarks(site, was)),
    )


def _let_in(site: Site, pin: Pinned) -> Passage:
    found = passage(pin, site.environment, site.accounts(pin.use_case), site.repo.clock.now().date())
    if isinstance(found, Denied):
        raise Refused(found.reason, code=found.code, hint=found.hint)
    return found


def _refuse_held(site: Site, pin: Pinned) -> None:
    """What was taken back stays out until somebody answers for bringing it in again."""
    held = held_of(site.witnesses.get(pin.use_case), pin.digest)
    if held is not None:
        raise Refused(
            f"{pin.use_case} {pin.release} was taken back in {site.name} and is held: {held.reason}",
            code="P320",
            hint="release a fix under a new number and promote that; to bring this one back on purpose, promote it "
            "with --emergency, --waiver-owner, --until and --reason",
        )


def _refuse_dead(use_case: str, release: str, prospect: Prospect) -> None:
    if prospect.against:
        first, *more = prospect.against
        also = f" (and {len(more)} more: {'; '.join(v.reason for v in more[:3])})" if more else ""
        raise Refused(f"{use_case} {release}: {first.reason}{also}", code=first.code or "P200", hint=first.hint)


def _notes(site: Site, content: PinnedContent) -> Notes | None:
    """What changes against the pin as it is, as no environment changes it."""
    now = _described(content.files, ReleaseName(content.pin.release, content.pin.digest))
    if now is None:
        return None
    old = site.content_now(content.pin.use_case)
    previous = _described(old.files, ReleaseName(old.pin.release, old.pin.digest)) if old else None
    history = {t.release: t.digest for t in site.tags.get(content.pin.use_case, ()) if t.release != content.pin.release}
    return release_notes(previous, now, kinds=registry(), history=history)


def _changes(site: Site, use_case: str, release: str, notes: Notes | None) -> tuple[str, ...]:
    said = in_short(notes) if notes else ()
    way = site.going_back(use_case)
    if way is None or not way.is_of_retirement:
        return said
    first = f"Brings {release} back: {use_case} was retired in {site.name} {said_by(way.taken)}."
    return (first, *(said[1:] if notes and notes.is_first else said))


def _taken_back(site: Site, use_case: str, release: str, digest: str) -> Iterator[str]:
    way = site.going_back(use_case)
    if way is not None and (by := way.gone.get(digest)) is not None:
        yield f"{release} was taken back in {site.name} {said_by(by)}"


def _described(files: UseCaseFiles, release: ReleaseName) -> ReleaseContent | None:
    compiled = compile_as_written({files.name: files}, registry(), {files.name: release})
    if files.name not in compiled.views:
        return None
    nodes = compiled.graph.of(files.name)
    return content_of(files.name, release.name, release.digest, files.spec, nodes, files.digests)


def _way_back(site: Site, use_case: str, digest: str, prospect: Prospect) -> str:
    """What one would go back to after this."""
    live = live_in(site.accounts(use_case), site.name, use_case)
    way = site.going_back(use_case)
    if way is not None and way.is_of_retirement:
        return f"nothing is live here since it was retired {said_by(way.taken)}: retire it again"
    is_live = live is not None and live.opened.release_digest == digest
    target = (way.target if way else None) if is_live else live
    if is_live and way is not None and target is None and (gone := site.said_gone(way)):
        return f"none but by --to: what else was live here was taken back: {gone}"
    if is_live and target is None:
        return "no other release was live here before"
    if live is None or target is None or live.closed is None or target.closed is None:
        return "nothing was live here before"
    from releaser.core.environment import duration

    window = duration(site.environment.spec.rollbackWindow)
    found = way_back(live.closed, target.closed, site.repo.clock.now(), window, prospect.lives)
    why = f": {'; '.join(found.reasons[:3])}" if found.reasons else ""
    said = {
        "pointers": "only pointers would move",
        "rebuilt": "what is gone would be made again from git",
        "closed": "refused",
    }
    return f"to {found.release}, {said[found.way]}{why}"


def _looks(notes: Notes | None, files: UseCaseFiles, waiver: EmergencyWaiver | None) -> Iterator[Look]:
    if waiver is not None:
        yield Look(who=waiver.owner, why=f"answers until {waiver.until} for a release that was verified nowhere")
    weaker = notes.of_effect("weaker") if notes else ()
    if weaker:
        places = "1 place" if len(weaker) == 1 else f"{len(weaker)} places"
        yield Look(who="security, risk or legal", why=f"{files.name} protects or checks less in {places}")
    governance = files.spec.get("governance")
    tier = governance.get("riskTier") if isinstance(governance, dict) else None
    if tier == "high":
        yield Look(who="whoever approves releases of risk tier high", why=f"{files.name} is one")


def _remarks(site: Site, was: Pinned | Retire | None) -> Iterator[str]:
    verdict = freeze.judge(site.environment, site.repo.clock.now().date())
    if verdict.code:
        yield f"{verdict.reason}: the merge request may wait, and nothing is applied before"
    if was is not None and was.not_before is not None:
        yield f"the pin waited until {was.not_before:%Y-%m-%d %H:%M} UTC: that goes with the release it was said of"
    if isinstance(was, Pinned) and was.waiver is not None:
        yield f"the waiver of {was.waiver.owner} goes with the release it was given for"
