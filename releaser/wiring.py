"""The composition root: reads the process environment once, builds the adapters, hands them to the engine."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from releaser import __version__
from releaser.core.environment import Environment, Target, duration
from releaser.core.errors import Refused, ReleaserError, WrongUsage
from releaser.core.proof.files import UNRELEASED
from releaser.core.suggest import did_you_mean
from releaser.core.workspace import EnvironmentFile, UseCaseFiles, Workspace
from releaser.engine.compile import ReleaseName
from releaser.engine.ports import Aws, Clock
from releaser.store.reader import DiskReader, Reader
from releaser.store.workspace import find_root, load_environments, load_workspace

if TYPE_CHECKING:
    from releaser.aws.session import Connection
    from releaser.store.git import Git
    from releaser.store.queue import Queue
    from releaser.store.records import Records
    from releaser.store.remote import Remote
    from releaser.store.tags import ReleaseTag, Tags
    from releaser.store.trees import TreeReader


class CommitReader:
    """The files of a commit, as the loader reads them."""

    def __init__(self, tree: TreeReader) -> None:
        self._tree = tree

    def read(self, path: str) -> bytes | None:
        return self._tree.read(path)

    def list(self, prefix: str) -> tuple[str, ...]:
        return tuple(self._tree.paths(prefix))


@dataclass
class Repository:
    """The repository at a root: its files, and its git side when there is one."""

    root: Path
    clock: Clock
    environ: Mapping[str, str]
    _newest: tuple[str, Reader] | None = field(default=None, init=False, repr=False, compare=False)

    @cached_property
    def git(self) -> Git:
        """Raises ReleaserError when the root is no git repository."""
        from releaser.store.git import Git

        return Git.open(self.root, self.environ)

    @cached_property
    def remote(self) -> Remote | None:
        from releaser.store.remote import Remote

        return Remote.of(self.git)

    @cached_property
    def tags(self) -> Tags:
        from releaser.store.tags import Tags

        return Tags(self.git, self.remote, self.clock.now)

    @cached_property
    def queue(self) -> Queue:
        """Records that wait for the git server."""
        from releaser.store.queue import Queue

        return Queue(self.git.git_dir)

    @property
    def has_git(self) -> bool:
        return any((folder / ".git").exists() for folder in (self.root, *self.root.parents))

    def records(self, environment: Environment) -> Records:
        from releaser.store.holder import holder_here
        from releaser.store.records import Records

        lease = duration(environment.spec.lease)
        return Records(
            self.git,
            holder=holder_here(self.environ),
            clock=self.clock,
            remote=self.remote,
            lease=lease,
            sleep=self.clock.sleep,
        )

    def on_disk(self) -> Reader:
        return DiskReader(self.root)

    def at(self, commit: str) -> Reader:
        """The files of a commit, by its full id. What was read of it is kept until another one is asked for."""
        from releaser.store.trees import TreeReader

        if self._newest is None or self._newest[0] != commit:
            self._newest = commit, CommitReader(TreeReader(self.git, commit))
        return self._newest[1]

    def reader_of(self, commit: str | None) -> Reader:
        """The files of a commit, or of the working tree."""
        return self.at(commit) if commit else self.on_disk()

    def load(self, reader: Reader | None = None) -> Workspace:
        return load_workspace(reader or self.on_disk())

    def lfs_object(self, sha256: str) -> bytes | None:
        """The bytes of an object of Git LFS; None where this clone has not fetched it."""
        from releaser.store.lfs import lfs_object

        return lfs_object(self.git.git_dir, sha256) if self.has_git else None

    def dirty(self) -> tuple[str, ...]:
        return self.git.dirty(["manifests", "environments"])

    def tree_of(self, commit: str) -> str:
        return self.git.resolve(f"{commit}^{{tree}}") or ""

    def actor(self) -> str:
        """Who runs this, as data: the CI user, else git's user."""
        ci = self.environ.get("GITLAB_USER_LOGIN")
        return ci or self.git.identity().name

    def trigger(self) -> str:
        return self.environ.get("CI_PIPELINE_URL") or "laptop"


def repository(root: Path | None) -> Repository:
    """The repository that holds ``root`` or the current folder."""
    from releaser.aws.session import SystemClock

    return Repository((root or find_root()).resolve(), SystemClock(), dict(os.environ))


def environments(reader: Reader) -> dict[str, EnvironmentFile]:
    """Every environment, without the manifests."""
    return load_environments(reader, [])


def choose_environment(found: Mapping[str, EnvironmentFile], name: str) -> Environment:
    """The environment of that name. Raises ReleaserError with the names there are."""
    declared = {n: f.environment for n, f in found.items() if f.environment}
    if name in declared:
        return declared[name]
    if name in found:
        raise ReleaserError(f"environment {name} is not valid", code="P104", hint="`releaser validate` says why")
    hint = did_you_mean(name, declared) or f"there are: {', '.join(sorted(declared)) or 'none'}"
    raise WrongUsage(f"there is no environment {name}", code="P104", hint=hint)


def choose_target(environment: Environment, name: str | None) -> Target:
    """The environment's only target, or the one that is named."""
    targets = environment.spec.targets
    if name is None:
        if len(targets) == 1:
            return targets[0]
        names = ", ".join(t.name for t in targets)
        raise WrongUsage(f"{environment.name} has several targets", code="P105", hint=f"choose one: --target {names}")
    for target in targets:
        if target.name == name:
            return target
    names = ", ".join(t.name for t in targets)
    raise WrongUsage(f"{environment.name} has no target {name}", code="P105", hint=f"there are: {names}")


def connection(environment: Environment, target: Target, environ: Mapping[str, str], *, read_only: bool) -> Connection:
    """AWS for one target."""
    from releaser.aws.session import connect

    return connect(
        target.account,
        target.region,
        target.role,
        session_name=session_name(environment, environ),
        rates=environment.spec.rates,
        connections=max(48, environment.spec.workers),
        read_only=read_only,
    )


def data_account(environment: Environment, target: Target, environ: Mapping[str, str], aws: Aws) -> Callable[[], Aws]:
    """AWS in the account that holds documents, read-only, connected to when it is first asked for."""
    other = environment.spec.accounts.data
    if other is None or other.account == target.account:
        return lambda: aws
    lock = Lock()
    found: list[Aws] = []

    def reach() -> Aws:
        from releaser.aws.session import connect

        with lock:
            if not found:
                name = session_name(environment, environ)
                rates = environment.spec.rates
                found.append(
                    connect(
                        other.account, target.region, other.role, session_name=name, rates=rates, read_only=True
                    ).aws
                )
        return found[0]

    return reach


def session_name(environment: Environment, environ: Mapping[str, str]) -> str:
    """Names the CI job, or the environment, in AWS's logs."""
    job = environ.get("CI_JOB_ID")
    session = f"gl-{environ.get('CI_PROJECT_ID', '0')}-{job}" if job else f"releaser-{environment.name}"
    return re.sub(r"[^\w+=,.@-]", "-", session)[:64]


def predicted(
    files: Mapping[str, UseCaseFiles], tags: Mapping[str, list[ReleaseTag]], *, dirty: bool
) -> dict[str, ReleaseName]:
    """The release that each use case is, or would be when it is cut next; nothing is cut from a dirty tree."""
    found = {}
    for name, use_case in files.items():
        cut = tags.get(name, [])
        digest = use_case.digest
        if cut and cut[0].digest == digest:
            found[name] = ReleaseName(cut[0].release, digest)
        elif dirty:
            found[name] = ReleaseName(UNRELEASED, digest)
        else:
            found[name] = ReleaseName(f"r{cut[0].number + 1 if cut else 1}", digest)
    return found


def unreleased(files: Mapping[str, UseCaseFiles]) -> dict[str, ReleaseName]:
    """Content that no commit holds has no release."""
    return {name: ReleaseName(UNRELEASED, use_case.digest) for name, use_case in files.items()}


def refuse_dirty(repo: Repository, name: str, *, by_pins: bool = True) -> bool:
    """Whether the working tree is to be applied instead of HEAD, for it differs. Raises Refused unless the environment
    allows it. Where an environment goes by its pins it is never applied: other pins in it are refused."""
    declared = environments(repo.at(repo.git.head())).get(name) if by_pins else None
    if declared is not None and declared.environment is not None and declared.environment.spec.track is None:
        _refuse_dirty_pins(repo, name)
        return False
    environment = choose_environment(environments(repo.on_disk()), name)
    dirty = repo.dirty()
    if dirty and not environment.spec.allowDirty:
        shown = ", ".join(dirty[:5]) + (f" and {len(dirty) - 5} more" if len(dirty) > 5 else "")
        raise Refused(
            f"the working tree has changes that are not committed: {shown}",
            code="P142",
            hint="commit them, or set allowDirty: true in an environment that is only for trying things",
        )
    return bool(dirty)


def _refuse_dirty_pins(repo: Repository, name: str) -> None:
    dirty = repo.git.dirty([f"environments/{name}"])
    if dirty:
        raise Refused(
            f"{name} is what the commit says, and {', '.join(dirty[:5])} is not committed",
            code="P142",
            hint="commit the pins, or restore them; a change of manifests does not matter here",
        )


def version() -> str:
    return __version__
