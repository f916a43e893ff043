"""What lies on the desk of a command: one environment's target, the content for it, and a look at the account."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from releaser import wiring
from releaser.core.address import Address
from releaser.core.diagnostic import Diagnostic, Severity
from releaser.core.environment import Environment, Target
from releaser.core.errors import ReleaserError
from releaser.core.gate import Verdict
from releaser.core.hold import gone_by
from releaser.core.pin import Pinned
from releaser.core.promotion import Denied, Ground, Passage, passage
from releaser.core.replant import closing_of
from releaser.core.timeline import Account
from releaser.core.turns import live_bindings
from releaser.core.workspace import UseCaseFiles
from releaser.engine.compile import Compiled, ReleaseName, compile_all
from releaser.kinds import registry
from releaser.pipeline.content import Content

if TYPE_CHECKING:
    from releaser.aws.session import Connection
    from releaser.core.model_life import Catalog
    from releaser.core.record import Binding, RecordRef, Witness
    from releaser.engine.observe import Observer, Rows


@dataclass(frozen=True, slots=True)
class Look:
    """A connection, and what one look at the account gave: the rows of every kind, and the model catalog."""

    connection: Connection
    observer: Observer
    rows: Mapping[str, Rows]
    catalog: Catalog


@dataclass
class Desk:
    """One environment's target with the content that is looked at."""

    repo: wiring.Repository
    environment: Environment
    target: Target
    content: Content
    files: dict[str, UseCaseFiles]
    """Of the content, what is placed in the target."""
    commit: str
    """Where the environment comes from, and without pins all content."""
    looking: Future[Look]
    from_commit: bool = False
    everything: bool = True
    """No use case was named: a manifest that cannot be read stops the run instead of being left out."""
    dirty: bool = False
    _witnesses: dict[str, Witness] | None = field(default=None, repr=False)
    _passages: dict[str, Passage | Denied] | None = field(default=None, repr=False)

    def compile(self, releases: Mapping[str, ReleaseName]) -> Compiled:
        def live(name: str) -> Mapping[Address, Binding]:
            return live_bindings(self.witnesses().get(name))

        compiled = compile_all(self.files, self.environment, self.target, registry(), releases, live)
        return replace(compiled, retired=self.retired)

    @property
    def look(self) -> Look:
        """Waits for the look at the account. Raises what went wrong there."""
        return self.looking.result()

    def connect(self) -> None:
        """Raises what went wrong with the account, before a tag is cut for a run that cannot begin."""
        self.looking.result()

    def witnesses(self) -> dict[str, Witness]:
        """What git knows of this environment, by use case."""
        if self._witnesses is None:
            self._witnesses = witnesses_of(self.repo, self.environment)
        return self._witnesses

    def named(self) -> dict[str, ReleaseName]:
        """What pinned content is called, and what is retired was."""
        last = {n: self.last(n) for n in self.retired}
        names = {n: ReleaseName(r.release, r.release_digest) for n, r in last.items() if r is not None}
        return names | {n: ReleaseName(p.release, p.digest) for n, p in self.pinned().items()}

    def last(self, use_case: str) -> RecordRef | None:
        """The release of a use case that was live last."""
        witness = self.witnesses()[use_case]
        closed = witness.released or witness.latest
        return closed.record if closed else witness.open.ref if witness.open else None

    def predicted(self) -> dict[str, ReleaseName]:
        """What content is called, or would be when it is cut next."""
        if self.content.pins is not None:
            return self.named()
        if not self.repo.has_git:
            return wiring.predicted(self.files, {}, dirty=False)
        return wiring.predicted(self.files, self.repo.tags.known(self.files), dirty=bool(self.repo.dirty()))

    def pinned(self) -> dict[str, Pinned]:
        """The pins of what is on the desk; none where a branch, or the files here, say everything."""
        return {n: c.pin for n, c in self.content.pinned.items() if n in self.files}

    def passages(self) -> dict[str, Passage | Denied]:
        """Whether each pinned release may come here, and why. Records are read of those alone that are not live."""
        if self._passages is None:
            pins = self.pinned()
            self._passages = passages_of(self.repo, self.environment, pins, self.witnesses()) if pins else {}
        return self._passages

    def spent(self) -> frozenset[str]:
        """Use cases whose waiver stood in the pin already when what it lets in was taken back: nobody answers for
        bringing that back."""
        waived = [pin for pin in self.pinned().values() if pin.waiver is not None]
        return frozenset(p.use_case for p in waived if _is_spent(self.repo, self.environment, p))

    @property
    def retired(self) -> frozenset[str]:
        """Use cases that are taken away, of those that have something in the target's account and region."""
        here = f":{self.target.region}:{self.target.account}:"
        found = {n: w for n, w in self.witnesses().items() if n in self.content.retired}
        return frozenset(n for n, w in found.items() if any(here in b.arn for b in _bindings(w)) or w.open is not None)

    @property
    def elsewhere(self) -> frozenset[str]:
        """Use cases that are live, and have nothing in the target's account and region."""
        here = f":{self.target.region}:{self.target.account}:"
        live = {n: live_bindings(w) for n, w in self.witnesses().items()}
        return frozenset(n for n, bound in live.items() if bound and not any(here in b.arn for b in bound.values()))

    def leave_out(self, use_case: str, why: Diagnostic) -> None:
        """Take a use case off the desk for a reason."""
        self.files.pop(use_case, None)
        self.content = self.content.without(use_case, why)

    def place_of(self, verdict: Verdict, severity: Severity) -> Diagnostic | None:
        """A verdict at the line that it is about: the roll-out in the manifest, or the release in the pin."""
        code, said, hint = verdict.code, verdict.reason, verdict.hint
        if verdict.gate == "alarms" and verdict.use_case in self.files:
            document = self.files[verdict.use_case].document
            return document.problem(code, said, ("spec", "delivery"), hint=hint, key=True, severity=severity)
        pin = self.content.pins.files.get(verdict.use_case) if self.content.pins is not None else None
        if pin is None or verdict.gate not in ("hold", "promotion"):
            return None
        return pin.problem(code, said, hint, warning=severity == "warning")

    @property
    def told(self) -> tuple[Diagnostic, ...]:
        """What the content says beside the plan: which pins cannot be followed, which wait."""
        return self.content.diagnostics if self.content.pins is not None else ()


def passages_of(
    repo: wiring.Repository, environment: Environment, pins: Mapping[str, Pinned], witnesses: Mapping[str, Witness]
) -> dict[str, Passage | Denied]:
    """Whether each pin's release may come to an environment, by the records."""
    live = {n: w.released.record.release_digest for n, w in witnesses.items() if w.released is not None}
    moved = [n for n, pin in pins.items() if live.get(n) != pin.digest]
    before = environment.spec.promotesFrom
    places = [environment.name, *([before] if before else [])]
    accounts = repo.records(environment).accounts(moved, places) if moved else []
    by_name: dict[str, list[Account]] = {n: [] for n in pins}
    for account in accounts:
        by_name[account.opened.use_case].append(account)
    today = repo.clock.now().date()
    asked = {n: passage(pins[n], environment, by_name[n], today) for n in moved}
    return {n: asked.get(n) or Passage(Ground.LIVE) for n in pins}


def _is_spent(repo: wiring.Repository, environment: Environment, pin: Pinned) -> bool:
    """A pin that cannot be read any more counts as one with the same waiver: content that was taken back stays out."""
    from releaser.store.pins import load_pins

    waiting = repo.queue.of(environment.name, pin.use_case)[::-1]
    rows = [(q.opened, closing_of(q.files)) for q in waiting]
    rows += [(a.opened, a.closed) for a in repo.records(environment).accounts([pin.use_case], [environment.name])]
    for commit in gone_by(rows, pin.digest):
        try:
            was = load_pins(repo.at(commit), environment.name, [pin.use_case]).files.get(pin.use_case)
        except ReleaserError:
            return True
        if was is not None and isinstance(was.pin, Pinned) and was.pin.waiver == pin.waiver:
            return True
    return False


def _bindings(witness: Witness) -> list[Binding]:
    """Everything that the records know of a use case."""
    live = list(witness.released.bindings.values()) if witness.released else []
    return [*live, *(b for bs in (witness.latest.retired if witness.latest else {}).values() for b in bs)]


def witnesses_of(repo: wiring.Repository, environment: Environment) -> dict[str, Witness]:
    """What git knows of an environment, by use case; nothing where there is no git."""
    if not repo.has_git:
        return {}
    found = repo.records(environment).witnesses(environment.name)
    waiting = repo.queue.waiting()
    if not waiting:
        return found
    from releaser.store.queued import with_waiting

    return with_waiting(found, waiting, environment.name)
