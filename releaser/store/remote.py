"""The remote repository: what it has, bringing it here, and pushing as compare-and-swap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from releaser.store.git import Git, GitError

NETWORK_SECONDS = 180.0
RELEASES = "refs/heads/releases"
TAGS = "refs/tags/*/r*"
_BATCH = 500
# What git says when someone else was faster. Everything else that is rejected was declined on purpose.
_RACES = (
    "stale info",
    "fetch first",
    "non-fast-forward",
    "already exists",
    "failed to update ref",
    "cannot lock ref",
    "incorrect old value",
    "remote ref updated since checkout",
)


class RemoteUnreachable(GitError):
    """The git server gave no answer: we are offline. Reading goes on from what was fetched last."""


class PushDeclined(GitError):
    """The git server does not want this push: a protected branch or tag, or a hook."""


class HistoryRewritten(GitError):
    """The remote's branch of records no longer contains what this clone has seen of it."""


class Contended(GitError):
    """Others were faster, again and again."""


@dataclass(frozen=True, slots=True)
class RefUpdate:
    """Set ``ref`` to ``new`` if the remote has it at ``expected`` (empty: if the remote has no such ref)."""

    ref: str
    new: str
    expected: str


@dataclass(frozen=True, slots=True)
class Pushed:
    """What became of a push: ``lost`` is set when the answer did not arrive; then look before deciding."""

    accepted: frozenset[str]
    rejected: Mapping[str, str]
    lost: str
    said: str
    """What the server wrote to us."""

    def declined(self, ref: str) -> bool:
        """Whether the server said no for a reason that a retry will not change."""
        reason = self.rejected.get(ref, "")
        return bool(reason) and not any(race in reason for race in _RACES)


class Remote:
    """One remote of a repository."""

    def __init__(self, git: Git, name: str, seconds: float = NETWORK_SECONDS) -> None:
        self.git = git
        self.name = name
        self.tracking = f"refs/remotes/{name}/releases"
        self.seconds = seconds
        self._refs: dict[str, str] | None = None
        self._watched: set[str] = set()
        self._default = ""
        self._heads: dict[str, str] = {}

    @classmethod
    def of(cls, git: Git) -> Remote | None:
        """The remote ``origin``; None when the repository has none."""
        name = git.remote()
        return cls(git, name) if name else None

    @property
    def refs(self) -> Mapping[str, str]:
        """The remote's branch of records and release tags, as last seen; looks if it never did."""
        return self._refs if self._refs is not None else self.sync()

    def watch(self, branches: str) -> None:
        """Let every look at the remote take in a branch, or those that match a pattern, so that nobody asks again."""
        self._watched.add(f"refs/heads/{branches}")

    def sync(self) -> Mapping[str, str]:
        """Look at the remote and fetch what is missing here. Raises RemoteUnreachable, HistoryRewritten."""
        there = self._list()
        here = self.git.refs(self.tracking, TAGS)
        self._refuse_loss(there, here)
        wanted = [
            f"{'+' if ref in here else ''}{ref}:{ref}"
            for ref, oid in there.items()
            if ref != RELEASES and here.get(ref) != oid
        ]
        if RELEASES in there and here.get(self.tracking) != there[RELEASES]:
            wanted.append(f"{RELEASES}:{self.tracking}")
        if wanted:
            self._fetch(wanted)
            there = {ref: oid for ref, oid in there.items() if ref != RELEASES}
            there.update((RELEASES, oid) for oid in self.git.tips(self.tracking).values())
        self._refs = there
        return there

    def tip_of(self, branch: str) -> str | None:
        """The commit at the head of a branch on the remote, fetched; None when the remote has no such branch. As last
        seen, if it is watched or the default one."""
        ref = f"refs/heads/{branch}"
        if self._refs is None or not (ref in self._watched or branch == self._default):
            self.watch(branch)
            self._list()
        tip = self._heads.get(ref)
        if tip is not None and self.git.resolve(tip) is None:
            self._fetch([f"+{ref}:refs/remotes/{self.name}/{branch}"])
        return tip

    def default(self) -> str:
        """The name of the default branch, as last seen; empty: the remote has none."""
        if self._refs is None:
            self.sync()
        return self._default

    def heads(self, pattern: str, *, again: bool = False) -> tuple[str, dict[str, str]]:
        """The name of the default branch (empty: the remote has none), and the commits of it and of the branches that
        match a pattern, by full ref: as last seen if the pattern was watched, unless ``again``. Nothing is fetched."""
        if again or self._refs is None or f"refs/heads/{pattern}" not in self._watched:
            self.watch(pattern)
            self._list()
        return self._default, dict(self._heads)

    def bring(self, heads: Mapping[str, str]) -> None:
        """Fetch the branches (full ref -> commit) whose commits are missing here, as remote-tracking branches."""
        here = self.git.objects([f"{oid}^{{commit}}" for oid in heads.values()])
        missing = [ref for ref, found in zip(heads, here, strict=True) if found is None]
        if missing:
            place = f"refs/remotes/{self.name}/"
            self._fetch([f"+{ref}:{place}{ref.removeprefix('refs/heads/')}" for ref in missing])

    def push(self, updates: Sequence[RefUpdate], options: Sequence[str] = ()) -> Pushed:
        """Push every update whose expectation holds. Each ref is decided for itself; nothing is forced back.

        ``options``: what git hands to the server as push options; one that takes none loses the push, and says so.
        """
        accepted: set[str] = set()
        rejected: dict[str, str] = {}
        lost = said = ""
        for start in range(0, len(updates), _BATCH):
            batch = updates[start : start + _BATCH]
            leases = [f"--force-with-lease={u.ref}:{u.expected}" for u in batch]
            specs = [f"{u.new}:{u.ref}" for u in batch]
            reply = self.git.run(
                *("push", "--porcelain", "--no-follow-tags", *(f"--push-option={o}" for o in options)),
                *(*leases, "--", self.name, *specs),
                ok=range(256),
                seconds=self.seconds,
            )
            for flag, ref, summary in _rows(reply.text):
                if flag == "!":
                    rejected[ref] = summary
                else:
                    accepted.add(ref)
            said = "\n".join(row for row in reply.err.splitlines() if row.startswith("remote:")) or said
            lost = lost or ("" if reply.code in (0, 1) else reply.err or "the connection ended")
        for update in updates:
            if update.ref in accepted and self._refs is not None:
                self._refs[update.ref] = update.new
        return Pushed(frozenset(accepted), rejected, lost, said)

    def declined(self, report: Pushed, ref: str) -> PushDeclined:
        """The error for a push that the server does not want."""
        return PushDeclined(
            f"the git server declined {ref}: {report.rejected[ref]} {report.said}".rstrip(),
            code="G-declined",
            hint="the pipeline's token needs `write_repository`, and the right to push the protected branch "
            "`releases` and the protected tags `*/r*`",
        )

    def unreachable(self, why: str) -> RemoteUnreachable:
        """The error for a git server that does not answer."""
        return RemoteUnreachable(
            f"the git remote {self.name!r} cannot be reached: {' / '.join(why.splitlines()[-3:])}",
            code="G-offline",
            hint="check the network and the credentials (git never prompts here); run the same command again",
        )

    def _list(self) -> dict[str, str]:
        """One question for all that is watched: the default branch, the records, the tags, other branches."""
        watched = sorted({RELEASES, TAGS, *self._watched})
        reply = self.git.run(
            *("ls-remote", "--symref", "--", self.name, "HEAD", *watched), ok=range(256), seconds=self.seconds
        )
        if reply.code:
            raise self.unreachable(reply.err)
        default, found = "", {}
        for line in reply.text.splitlines():
            what, _, ref = line.partition("\t")
            if what.startswith("ref: refs/heads/") and ref == "HEAD":
                default = what.removeprefix("ref: refs/heads/")
            elif ref == "HEAD" and default:
                found[f"refs/heads/{default}"] = what
            elif ref.startswith(("refs/heads/", "refs/tags/")) and not ref.endswith("^{}"):
                found[ref] = what
        self._default = default
        self._heads = {ref: oid for ref, oid in found.items() if ref.startswith("refs/heads/")}
        return {ref: oid for ref, oid in found.items() if ref == RELEASES or ref.startswith("refs/tags/")}

    def _fetch(self, wanted: Sequence[str]) -> None:
        send = ("\n".join(wanted) + "\n").encode()
        for _ in range(200):
            reply = self.git.run(
                *("fetch", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance"),
                *("--no-recurse-submodules", "--stdin", "--", self.name),
                send=send,
                ok=range(256),
                seconds=self.seconds,
            )
            if reply.code == 0:
                return
            if not self.git.await_lock(reply.err):
                break
        if "non-fast-forward" in reply.err:
            raise self._rewritten("was rewritten")
        raise self.unreachable(reply.err)

    def _refuse_loss(self, there: Mapping[str, str], here: Mapping[str, str]) -> None:
        if self.tracking in here and RELEASES not in there:
            raise self._rewritten("is gone")

    def _rewritten(self, what: str) -> HistoryRewritten:
        return HistoryRewritten(
            f"the branch `releases` of {self.name!r} {what}: it lacks records that this clone has seen",
            code="G-history-rewritten",
            hint=f"{self.tracking} has them still: push them back, and protect the branch",
        )


def _rows(text: str) -> list[tuple[str, str, str]]:
    """The rows of ``push --porcelain``: flag, remote ref, summary."""
    rows = []
    for line in text.splitlines():
        parts = line.split("\t")
        if len(parts) == 3 and ":" in parts[1]:
            rows.append((parts[0], parts[1].split(":", 1)[1], parts[2]))
    return rows
