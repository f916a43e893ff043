"""``rollback --now``: the content of an earlier release, applied at once and recorded as an emergency.

Pointers move first, drafts after; then everything is looked at again. The release that is taken back is held. Where
the git server gives no answer the record waits on this machine, and a mark on the account stands for the hold.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from releaser.core.errors import AwsError, Refused, ReleaserError
from releaser.core.gate import Result, Verdict
from releaser.core.going_back import said_by
from releaser.core.hold_mark import HELD_TAG, mark
from releaser.core.move import Look, Move, Moves, before, proof_of
from releaser.core.pin import Retire, written
from releaser.core.record import Emergency, Held, Opened
from releaser.core.snapshot import Seen
from releaser.engine.compile import ReleaseName
from releaser.engine.planning import Planned
from releaser.kinds import registry
from releaser.pipeline import pin_moves, proposing, running, work
from releaser.pipeline.content import Content
from releaser.pipeline.desk import Desk
from releaser.pipeline.pin_moves import Site
from releaser.pipeline.telling import say
from releaser.store.git import GitError
from releaser.store.pins import PinFile, PinnedContent, Pins
from releaser.store.queued import EmergencyLedger, QueuedLedger

SECONDS = 10.0
"""How long the git server may take over an answer before it counts as down."""
_DEAD = frozenset({"P153", "P154", "P212"})
"""A model that is not offered, has ended, or is closed to the account: every call would fail."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for."""

    use_case: str
    environment: str
    to: str | None
    reason: str
    take_over: bool
    push: bool


def take_back(wish: Wish, root: Path | None, show: Callable[[running.Finished], int]) -> int:
    """Go back at once; the exit code, which ``show`` finds when it prints the result. Raises Refused where going back
    would help nobody."""
    use_case = wish.use_case
    site = pin_moves.open_site(root, wish.environment, push=False, seconds=SECONDS)
    pin_moves.refuse_unknown(site, [use_case])
    release, digest = site.way_back(use_case, wish.to)
    if _is_live(site, use_case, digest):
        _tell_live(site, use_case, release)
        return 0
    held = _held(site, use_case, digest, wish.reason)
    file = site.edit(use_case, written(release, digest))
    content = site.content(file)
    desk = _desk(site, file, content)
    planned, verdicts = work.make_plan(desk, deep=False, releases={use_case: ReleaseName(release, digest)})
    _refuse_dead(use_case, release, verdicts)
    judged = [_let_through(v) for v in verdicts]
    _warn_of_open(site, use_case)
    ledger = _ledger(site, desk, planned, held)
    back = running.TakenBack(use_case, Emergency(kind="rollback", reason=wish.reason), held, ledger)
    options = running.Options(take_over=wish.take_over, taken_back=back)
    finished = running.execute(desk, planned, judged, {use_case: content.tag.object_id}, options)
    code = show(finished)
    if code == 0:
        _tell(site, ledger, use_case, held)
        _propose(site, wish, release, digest, push=wish.push and not ledger.is_queued)
    return code


def _is_live(site: Site, use_case: str, digest: str) -> bool:
    """Whether the release that one would go back to is live, and no way back is under way."""
    way, left = site.going_back(use_case), _left(site, use_case)
    if way is None or way.is_of_retirement or (left is not None and left.release_digest == digest):
        return False
    return way.taken.opened.release_digest == digest


def _tell_live(site: Site, use_case: str, release: str) -> None:
    say(f"{use_case} {release} is live in {site.name} already, and nothing is under way.")
    way = site.going_back(use_case)
    if way is not None and way.target is None and (gone := site.said_gone(way)):
        say(f"Every other release that was live there was taken back: {gone}. --to names one on purpose.")


def _held(site: Site, use_case: str, digest: str, reason: str) -> Held | None:
    """What is taken back; None after a retirement: then nothing is."""
    way, left = site.going_back(use_case), _left(site, use_case)
    if left is not None and left.release_digest == digest:
        return left.holds  # our own run, to be continued
    if way is None:
        said = f"nothing of {use_case} is live in {site.name}, and nothing was"
        raise Refused(said, code="P321", hint="`releaser history` shows what was")
    taken = way.taken.opened
    if way.is_of_retirement:
        say(f"{use_case} was retired in {site.name} {said_by(way.taken)}: this brings it back.")
        return None
    return Held(release=taken.release, release_digest=taken.release_digest, reason=reason)


def _left(site: Site, use_case: str) -> Opened | None:
    """A way back that was cut off."""
    witness = site.witnesses.get(use_case)
    opened = witness.open.opened if witness and witness.open else None
    return opened if opened is not None and opened.emergency and opened.emergency.kind == "rollback" else None


def _desk(site: Site, file: PinFile, content: PinnedContent) -> Desk:
    """A desk with one use case on it, as it is at the tag."""
    name, files = content.pin.use_case, content.files
    place = next((t for t in site.environment.spec.targets if t.takes(files.labels)), None)
    if place is None:
        raise ReleaserError(
            f"{site.name} has no target for {name} {content.pin.release}",
            code="P105",
            hint="its labels match no target of the environment any more: go back to another release with --to",
        )
    looking = work.look_in_background(site.repo, site.environment, place, read_only=False)
    made = Content({name: files}, pins=Pins({name: file}), pinned={name: content})
    desk = Desk(
        site.repo, site.environment, place, made, {name: files}, site.base.commit, looking, True, everything=False
    )
    desk._witnesses = {n: w for n, w in site.witnesses.items() if n == name}
    return desk


def _refuse_dead(use_case: str, release: str, verdicts: Sequence[Verdict]) -> None:
    dead = [v for v in verdicts if v.code in _DEAD and v.result is not Result.PASS]
    if dead:
        reasons = "; ".join(v.reason for v in dead)
        hint = f"every call would fail; go back further with --to, or forward; {dead[0].hint}"
        raise Refused(f"{use_case} {release} is not taken back to: {reasons}", code="P323", hint=hint)


def _let_through(verdict: Verdict) -> Verdict:
    """What would stand in the way of a release does not stand in the way of an emergency: it is said and recorded."""
    if verdict.result is Result.PASS:
        return verdict
    said = f"let through in an emergency: {verdict.reason}"
    return replace(verdict, result=Result.PASS, reason=said, code=verdict.code or "P200")


def _warn_of_open(site: Site, use_case: str) -> None:
    """Without the server nobody can be kept out: say who was at work when it was last seen."""
    witness = site.witnesses.get(use_case)
    if not site.base.is_fresh and witness is not None and witness.open is not None:
        holder = witness.open.holder.name
        say(f"warning: when the git server was last seen, {holder} was at work on {use_case}")


def _ledger(site: Site, desk: Desk, planned: Planned, held: Held | None) -> EmergencyLedger:
    records, now = site.repo.records(site.environment), site.repo.clock.now

    def opened(entry: Opened) -> None:
        if held is not None:
            _mark(desk, planned, mark(held.release_digest, entry.opened_at))

    def without(error: GitError) -> None:
        say(f"warning: {error}; the record waits on this machine: {site.repo.queue.folder}")

    queued = QueuedLedger(records, site.repo.queue, now, opened)
    return EmergencyLedger(records, queued, without, is_queued=not site.base.is_fresh)


def _mark(desk: Desk, planned: Planned, value: str) -> None:
    """Tell who plans here before git can: on every pointer that callers follow, before it moves."""
    kinds = registry()
    for address, seen in sorted(planned.snapshot.observations.items()):
        kind = kinds[address.kind]
        if not (kind.is_followed and isinstance(seen, Seen)):
            continue
        try:
            desk.look.observer.driver.retag(kind, seen.arn, seen.name, {HELD_TAG: value})
        except AwsError as error:
            said = f"warning: {seen.name} could not be marked: {error}; stop scheduled runs until the record is in git"
            say(said)


def _tell(site: Site, ledger: EmergencyLedger, use_case: str, held: Held | None) -> None:
    if held is not None:
        say(f"{use_case} {held.release} is held in {site.name} until {pin_moves.until(site)}.")
    elif isinstance(site.pin(use_case), Retire):
        say(f"warning: the pin of {use_case} in {site.name} still says retired: the next reconcile retires it again.")
        say("Stop scheduled runs until the merge request is merged.")
    if ledger.is_queued:
        say("The record waits for the git server: any command that reaches it hands it in.")


def _propose(site: Site, wish: Wish, release: str, digest: str, *, push: bool) -> None:
    """The merge request that makes git say what is live. What goes wrong here does not undo the rollback."""
    if site.environment.spec.track is not None:
        said = f"{site.name} follows {site.environment.spec.track}: revert the change there, or merge a fix"
        say(said)
        return
    use_case = wish.use_case
    release_before, digest_before = before(site.pin(use_case))
    if digest_before == digest:
        return
    move = Move(
        use_case=use_case,
        release_before=release_before,
        digest_before=digest_before,
        release=release,
        digest=digest,
        ground=f"it is live already: an emergency rollback ({wish.reason})",
        proof=proof_of(next((a for a in site.accounts(use_case) if a.opened.release_digest == digest), None)),
        looks=(Look(who="the owners of the use case", why="the pin must say what is live; until then it is held"),),
    )
    found = Moves(verb="rollback", environment=site.name, moves=(move,))
    try:
        report = proposing.propose(site, found, push=push)
    except ReleaserError as error:
        hint = f"releaser rollback {use_case} -e {site.name} --to {release}"
        say(f"warning: the merge request could not be made: {error}; make it with: {hint}")
        return
    where = report.url or report.branch
    if report.state != "local":
        say(f"Pushed, to be merged: {where}")
        return
    say(f"{report.branch} stands in this clone: git push origin {report.branch}{_when(site)}; then merge it")


def _when(site: Site) -> str:
    return "" if site.base.is_fresh else ", when the server is back"
