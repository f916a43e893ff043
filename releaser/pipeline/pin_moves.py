"""What a move of pins is made from: the branch that is merged into, its pins, the records, the tags."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from releaser import wiring
from releaser.core.diagnostic import Diagnostic
from releaser.core.document import Document
from releaser.core.environment import Environment
from releaser.core.errors import Refused, ReleaserError, WrongUsage
from releaser.core.going_back import GoingBack, going_back, said_by
from releaser.core.move import EmergencyWaiver
from releaser.core.pin import RETIRED, Pinned, Retire, pinned_of
from releaser.core.record import Witness
from releaser.core.suggest import did_you_mean
from releaser.core.timeline import Account
from releaser.pipeline import handing_in
from releaser.pipeline.desk import witnesses_of
from releaser.pipeline.telling import say
from releaser.store import yaml
from releaser.store.git import GitError
from releaser.store.pin_edit import path_of, repinned
from releaser.store.pins import PinFile, PinnedContent, Pins, load_pins, read_contents
from releaser.store.proposal import NAMESPACE, Base, Proposals
from releaser.store.reader import Reader
from releaser.store.tags import ReleaseTag


@dataclass
class Site:
    """One environment as the branch that is merged into has it."""

    repo: wiring.Repository
    proposals: Proposals
    base: Base
    reader: Reader
    environment: Environment
    environments: Mapping[str, Environment]
    edits: dict[str, str] = field(default_factory=dict)
    """Use case -> the text of its pin as it would be."""
    _accounts: dict[str, list[Account]] = field(default_factory=dict, repr=False)
    _contents: dict[Pinned, PinnedContent | Diagnostic] = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        return self.environment.name

    @cached_property
    def pins(self) -> Pins:
        return load_pins(self.reader, self.name)

    @cached_property
    def tags(self) -> dict[str, list[ReleaseTag]]:
        return self.repo.tags.known()

    def accounts(self, use_case: str) -> list[Account]:
        """Its records here and in the environment before, with those that wait for the git server."""
        if use_case not in self._accounts:
            self.preload([use_case])
        return self._accounts[use_case]

    def preload(self, use_cases: Sequence[str]) -> None:
        """Read the records of many use cases at once."""
        from releaser.core.replant import closing_of

        places = [self.name, *([self.environment.spec.promotesFrom] if self.environment.spec.promotesFrom else [])]
        found: dict[str, list[Account]] = {name: [] for name in use_cases}
        waiting = [Account(q.opened, closing_of(q.files)) for q in self.repo.queue.waiting()]
        read = self.repo.records(self.environment).accounts(use_cases, places)
        for account in (*waiting, *read):
            if account.opened.use_case in found and account.opened.environment in places:
                found[account.opened.use_case].append(account)
        self._accounts |= found

    @cached_property
    def witnesses(self) -> dict[str, Witness]:
        return witnesses_of(self.repo, self.environment)

    def pin(self, use_case: str) -> Pinned | Retire | None:
        """The pin as it is. Raises ReleaserError for one that cannot be read."""
        file = self.pins.files.get(use_case)
        if file is None:
            for wrong in self.pins.diagnostics:
                if wrong.path == path_of(self.name, use_case) and wrong.severity == "error":
                    raise _as_error(wrong)
        return file.pin if file else None

    def tag(self, use_case: str, release: str) -> ReleaseTag:
        """The tag of a release. Raises WrongUsage with those that there are."""
        known = self.tags.get(use_case, [])
        found = next((t for t in known if t.release == release and t.digest), None)
        if found is None:
            names = [t.release for t in known]
            hint = did_you_mean(release, names) or f"there are: {', '.join(names[:8]) or 'none'}"
            raise WrongUsage(f"there is no release {use_case} {release}", code="P303", hint=hint)
        return found

    def way_back(self, use_case: str, to: str | None) -> tuple[str, str]:
        """Release and digest to go back to: ``to``, or what was live before; what is live, where it is the way back
        from everything else. Raises Refused when there is none."""
        if to is not None:
            tag = self.tag(use_case, to)
            return tag.release, tag.digest
        way = self.going_back(use_case)
        found = (way.target or (way.taken if way.is_done else None)) if way else None
        if found is None:
            raise Refused(self._none_before(use_case, way), code="P321", hint="name a release with --to")
        return found.opened.release, found.opened.release_digest

    def going_back(self, use_case: str) -> GoingBack | None:
        """What a rollback would take back here, and to what."""
        return going_back(self.accounts(use_case), self.name, use_case)

    def _none_before(self, use_case: str, way: GoingBack | None) -> str:
        if way is not None and (gone := self.said_gone(way)):
            return f"every other release of {use_case} that was live in {self.name} was taken back there: {gone}"
        if way is None or way.is_of_retirement:
            return f"no release of {use_case} was live in {self.name} before"
        return f"no other release of {use_case} was live in {self.name} before {way.taken.opened.release}"

    def said_gone(self, way: GoingBack) -> str:
        """Which releases were taken back here, when and by which record."""
        accounts = self.accounts(way.taken.opened.use_case)
        names = {a.opened.release_digest: a.opened.release for a in accounts if a.opened.environment == self.name}
        return "; ".join(f"{names[c]} {said_by(by)}" for c, by in sorted(way.gone.items()) if c in names)

    def edit(self, use_case: str, pin: str, waiver: EmergencyWaiver | None = None) -> PinFile:
        """Edits the pin of a use case; what the new text says."""
        path = path_of(self.name, use_case)
        raw = self.reader.read(path)
        before = raw.decode("utf-8", "surrogateescape") if raw is not None else None
        said = {"owner": waiver.owner, "until": waiver.until, "reason": waiver.reason} if waiver else None
        text = repinned(before, self.name, use_case, pin, said)
        document = yaml.load(text, path)
        assert isinstance(document, Document)  # repinned reads what it wrote
        self.edits[use_case] = text
        return PinFile(self.name, document, pinned_of(document.data))

    def read(self, files: Iterable[PinFile]) -> None:
        """Read the content of many pins at once."""
        wanted = {f.pin: f for f in files if isinstance(f.pin, Pinned) and f.pin not in self._contents}
        found, wrong = read_contents(self.repo.git, wanted.values(), self.tags)
        self._contents |= {file.pin: content for file, content in found if isinstance(file.pin, Pinned)}
        by_path = {d.path: d for d in wrong}
        self._contents |= {pin: by_path[f.document.path] for pin, f in wanted.items() if pin not in self._contents}

    def content(self, file: PinFile) -> PinnedContent:
        """The content that a pin names, proven by its digest. Raises ReleaserError: it is gone, or not what it was."""
        found = self._content(file)
        if isinstance(found, Diagnostic):
            raise _as_error(found)
        return found

    def content_now(self, use_case: str) -> PinnedContent | None:
        """The content of the pin as it is; None where there is none, or where it can no longer be read."""
        file = self.pins.files.get(use_case)
        if file is None or not isinstance(file.pin, Pinned):
            return None
        found = self._content(file)
        return found if isinstance(found, PinnedContent) else None

    def _content(self, file: PinFile) -> PinnedContent | Diagnostic:
        assert isinstance(file.pin, Pinned)
        self.read([file])
        return self._contents[file.pin]


def open_site(root: Path | None, environment: str, *, push: bool, seconds: float | None = None) -> Site:
    """Bring the default branch, tags and records here. Without a push, what was fetched before is good enough.

    ``seconds``: how long the git server may take over an answer.
    """
    repo = wiring.repository(root)
    if repo.remote is not None and seconds is not None:
        repo.remote.seconds = seconds
    proposals = Proposals(repo.git, repo.remote, repo.clock.now)
    try:
        if repo.remote is not None:
            repo.remote.watch(f"{NAMESPACE}*")
            repo.remote.sync()
        base = proposals.base()
        if repo.remote is not None:
            handing_in.try_to(repo)
    except GitError as error:
        if push or error.code not in ("G-offline", "G-timeout"):
            raise
        say(f"warning: {error}; going by what was fetched before")
        base = proposals.base(ask=False)
    reader = repo.at(base.commit)
    found = wiring.environments(reader)
    chosen = wiring.choose_environment(found, environment)
    every = {name: file.environment for name, file in found.items() if file.environment is not None}
    return Site(repo, proposals, base, reader, chosen, every)


def until(site: Site) -> str:
    """What ends a hold there."""
    return "a fix or a revert is merged" if site.environment.spec.track else "its pin names other content"


def refuse_tracking(site: Site, what: str, instead: str) -> None:
    """An environment that follows a branch has no pins to move."""
    track = site.environment.spec.track
    if track is not None:
        raise Refused(f"{site.name} follows {track}: there is no pin to {what}", code="P319", hint=instead)


def refuse_unknown(site: Site, use_cases: Sequence[str]) -> None:
    """A misspelt name is no use case without releases."""
    known = {*site.tags, *site.pins.named}
    for name in use_cases:
        if name not in known:
            hint = did_you_mean(name, known) or f"there are: {', '.join(sorted(known)[:10]) or 'none'}"
            raise WrongUsage(f"no use case {name} was ever released", code="P102", hint=hint)


def _as_error(found: Diagnostic) -> ReleaserError:
    return ReleaserError(f"{found.path}:{found.line}: {found.message}", code=found.code, hint=found.hint)


__all__ = ["RETIRED", "Site", "open_site", "refuse_tracking", "refuse_unknown"]
