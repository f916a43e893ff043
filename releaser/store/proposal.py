"""Proposals: commits on a branch of their own, made from the remote's default branch, pushed for a merge request.

The work tree, the index and HEAD are never touched. The same proposal again finds its branch; a branch that holds
somebody's own commits is never moved.

Facts of GitLab: push options create the merge request (``merge_request.create``, since 11.10) and are passed over
when nothing is pushed; git takes no newline in them, and GitLab reads ``\\n`` in a description as one
(app/services/merge_requests/push_options_handler_service.rb). A server that takes no options refuses the push.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from releaser.core.errors import Refused, ReleaserError
from releaser.store.branch import add_files
from releaser.store.git import ABSENT, Git, GitError
from releaser.store.remote import Contended, Pushed, RefUpdate, Remote, RemoteUnreachable

NAMESPACE = "releaser/"
"""Every branch of a proposal stands below it."""
_BRANCH = re.compile(r"releaser/[a-z0-9][a-z0-9-]{0,180}")
_TRAILER = "Releaser-Proposal"
_ATTEMPTS = 5
_DESCRIPTION = 15_000
"""Characters of a description that travel as a push option: git takes 65,516 bytes in one packet."""
_NO_OPTIONS = "does not support push options"
_REQUEST = re.compile(r"https?://[A-Za-z0-9._:/~-]+/-/merge_requests/[0-9]+(?![\w/])")

State = Literal["pushed", "found", "local"]


@dataclass(frozen=True, slots=True)
class Base:
    """The branch that is merged into, and its newest commit."""

    branch: str
    commit: str
    is_fresh: bool = True
    """False: the remote was not asked, or did not answer."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One commit: one file with new content, and why."""

    path: str
    """From the root of what is managed, with ``/``."""
    content: bytes
    message: str


@dataclass(frozen=True, slots=True)
class Request:
    """What the merge request says: a title of one line, a text in Markdown."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Proposed:
    """Where a proposal stands. ``found``: it was there already. ``url``: of the merge request, when the server said."""

    branch: str
    commit: str
    state: State
    url: str = ""


class Proposals:
    """Makes proposals in one repository."""

    def __init__(self, git: Git, remote: Remote | None, now: Callable[[], datetime]) -> None:
        self.git = git
        self.remote = remote
        self._now = now
        self._heads: Mapping[str, str] = {}

    def base(self, *, ask: bool = True) -> Base:
        """The remote's default branch, fetched; without a remote, or without asking it, as this clone knows it.

        Raises RemoteUnreachable; GitError when there is no such branch.
        """
        if self.remote is None or not ask:
            return self._known()
        name, heads = self.remote.heads(f"{NAMESPACE}*")
        ref = f"refs/heads/{name}"
        if ref not in heads:
            raise GitError(
                f"the git remote {self.remote.name!r} has no default branch",
                code="G-no-commit",
                hint="push the branch that is merged into first",
            )
        self._heads = heads
        self.remote.bring({ref: heads[ref]})
        return Base(name, heads[ref])

    def _known(self) -> Base:
        name = self.remote.name if self.remote else ""
        if name:
            reply = self.git.run("symbolic-ref", "--quiet", f"refs/remotes/{name}/HEAD", ok=(0, 1))
            places = [reply.text.removeprefix(f"refs/remotes/{name}/")] if reply.text else ["main", "master"]
            for branch in places:
                commit = self.git.resolve(f"refs/remotes/{name}/{branch}")
                if commit:
                    return Base(branch, commit, is_fresh=False)
        return Base(self.git.branch() or "HEAD", self.git.head(), is_fresh=self.remote is None)

    def rivals(self, branch: str, path: str, base: Base) -> tuple[str, ...]:
        """Other proposals on the remote that change the same file: one of them will not merge."""
        others = {r: oid for r, oid in self._heads.items() if r.startswith(f"refs/heads/{NAMESPACE}")}
        others.pop(f"refs/heads/{branch}", None)
        near = {r: oid for r, oid in others.items() if _BRANCH.fullmatch(r.removeprefix("refs/heads/"))}
        if self.remote is None or not near:
            return ()
        self.remote.bring(near)
        place = self.git.prefix + path
        names = [f"{c}:{place}" for c in (base.commit, *(self._fork(base, oid) for oid in near.values()))]
        found = self.git.objects([*names, *(f"{oid}:{place}" for oid in near.values())])
        forks, tips = found[1 : 1 + len(near)], found[1 + len(near) :]
        changed = [r for r, fork, tip in zip(near, forks, tips, strict=True) if tip != fork and tip != found[0]]
        return tuple(sorted(r.removeprefix("refs/heads/") for r in changed))

    def _fork(self, base: Base, oid: str) -> str:
        """Where a branch left the base."""
        return self.git.run("merge-base", base.commit, oid, ok=(0, 1)).text or base.commit

    def propose(
        self, branch: str, base: Base, edits: Sequence[Edit], request: Request | None, *, push: bool = True
    ) -> Proposed:
        """One commit for each edit on ``branch``, pushed unless ``push`` is False or there is no remote; with a merge
        request, unless the caller makes it. Raises Refused for a branch that is not ours to move, RemoteUnreachable,
        PushDeclined."""
        if not _BRANCH.fullmatch(branch):
            raise ValueError(f"not the branch of a proposal: {branch!r}")
        for _ in range(_ATTEMPTS):
            if self.remote is not None and push:
                done = self._push(self.remote, branch, base, edits, request)
            else:
                done = self._keep(branch, base, edits)
            if done is not None:
                return done
        raise Contended(
            f"{branch} was moved by others in every attempt", code="G-contended", hint="run the same command again"
        )

    def _keep(self, branch: str, base: Base, edits: Sequence[Edit]) -> Proposed | None:
        ref = f"refs/heads/{branch}"
        tip = self.git.refs(ref).get(ref)
        if tip and self._holds(base, tip, edits):
            return Proposed(branch, tip, "found")
        if tip:
            self._refuse_others(branch, base, tip)
            if self.git.run("for-each-ref", "--format=%(worktreepath)", ref).text:
                raise Refused(
                    f"{branch} is checked out: it is not moved under somebody's hands",
                    code="P317",
                    hint="switch to another branch and run the same command again",
                )
        commit = self._commits(branch, base, edits)
        moved = self.git.update_refs([(ref, commit, tip or ABSENT)], "releaser: propose")
        return Proposed(branch, commit, "local") if moved else None

    def _push(
        self, remote: Remote, branch: str, base: Base, edits: Sequence[Edit], request: Request | None
    ) -> Proposed | None:
        ref = f"refs/heads/{branch}"
        tip = self._heads.get(ref, "")
        if tip:
            remote.bring({ref: tip})
            if self._holds(base, tip, edits):
                return Proposed(branch, tip, "found")
            self._refuse_others(branch, base, tip)
        commit = self._commits(branch, base, edits)
        report = _send(remote, RefUpdate(ref, commit, tip), _options(base, request) if request else ())
        if ref in report.accepted:
            return Proposed(branch, commit, "pushed", _address(report.said))
        _, self._heads = remote.heads(f"{NAMESPACE}*", again=True)
        if self._heads.get(ref) == commit:
            return Proposed(branch, commit, "pushed", _address(report.said))  # the answer was lost, the push was not
        if report.lost:
            raise remote.unreachable(report.lost)
        if report.declined(ref):
            raise ReleaserError(
                f"the git server declined {branch}: {report.rejected[ref]} {report.said}".rstrip(),
                code="P318",
                hint="you need the right to push branches; or run with --no-push and hand the branch on",
            )
        return None

    def _holds(self, base: Base, tip: str, edits: Sequence[Edit]) -> bool:
        """Whether merging ``tip`` now would make every file as it is proposed.

        A branch that was merged and left there has the right files too, and would change nothing.
        """
        fork = self._fork(base, tip)
        paths = [self.git.prefix + e.path for e in edits]
        found = self.git.objects([f"{commit}:{path}" for commit in (tip, fork, base.commit) for path in paths])
        proposed, forked, there = (found[i : i + len(paths)] for i in range(0, 3 * len(paths), len(paths)))
        return forked == there and all(
            item is not None and item[1] == e.content for item, e in zip(proposed, edits, strict=True)
        )

    def _refuse_others(self, branch: str, base: Base, tip: str) -> None:
        """Refuse to replace commits that somebody made on the branch by hand."""
        layout = f"%H %(trailers:key={_TRAILER},valueonly,separator=%x2C)"
        reply = self.git.run("log", f"--format={layout}", f"{base.commit}..{tip}", "--")
        theirs = [row.split(" ")[0] for row in reply.text.splitlines() if row.partition(" ")[2].strip() != branch]
        if theirs:
            raise Refused(
                f"{branch} has a commit of somebody's own ({theirs[0][:12]}): it is not replaced",
                code="P316",
                hint="merge or delete that branch, then run the same command again",
            )

    def _commits(self, branch: str, base: Base, edits: Sequence[Edit]) -> str:
        parent = base.commit
        for edit in edits:
            message = f"{edit.message.strip()}\n\n{_TRAILER}: {branch}\n"
            files = {self.git.prefix + edit.path: edit.content}
            parent = add_files(self.git, parent, files, message, self._now(), durable=False)
        return parent


def _send(remote: Remote, update: RefUpdate, options: Sequence[str]) -> Pushed:
    """With options, and without where the server takes none."""
    report = remote.push([update], options)
    return remote.push([update]) if _NO_OPTIONS in report.lost else report


def _options(base: Base, request: Request) -> list[str]:
    return [
        "merge_request.create",
        f"merge_request.target={base.branch}",
        "merge_request.remove_source_branch",
        f"merge_request.title={_one_line(request.title)[:250]}",
        f"merge_request.description={option_text(request.text)}",
    ]


def option_text(text: str) -> str:
    """Markdown as a push option: one line, in which only our own line ends are read as such."""
    if len(text) > _DESCRIPTION:
        text = text[:_DESCRIPTION].rpartition("\n")[0] + "\n\n(cut here: the whole text is what the command prints)\n"
    return _one_line(text.replace("\r", "").replace("\\n", "&#92;n").replace("\n", "\\n"))


def _one_line(text: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f]", " ", text)


def _address(said: str) -> str:
    """The merge request that the server speaks of."""
    found = _REQUEST.search(said)
    return found.group() if found else ""


__all__ = ["NAMESPACE", "Base", "Edit", "Proposals", "Proposed", "RemoteUnreachable", "Request", "option_text"]
