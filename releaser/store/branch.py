"""The orphan branch ``releases``: files are added by compare-and-swap, never changed, and never removed but for
evidence that a tombstone replaces."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from releaser.core.proof.branch import SEAL, seal
from releaser.core.proof.files import sha256
from releaser.store.git import ABSENT, Git, GitError
from releaser.store.remote import RELEASES, Contended, HistoryRewritten, RefUpdate, Remote
from releaser.store.signing import sign_commit

_LOST_ATTEMPTS = 2
Compose = Callable[[str | None], Mapping[str, bytes]]
_PAUSES = (0.0, 0.02, 0.05, 0.1, 0.2, 0.4, *(0.8 for _ in range(30)))


class RewriteRefused(GitError):
    """An entry that exists already would have been written again."""


class ReleasesBranch:
    """The tip of the records, and the one way to add to them."""

    def __init__(
        self,
        git: Git,
        remote: Remote | None,
        now: Callable[[], datetime],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.git = git
        self.remote = remote
        self._now = now
        self._sleep = sleep
        self._lost = 0

    def tip(self) -> str | None:
        """The newest commit of the branch that is known here, without asking the remote; None: there is none."""
        known = self.git.tips(RELEASES, *([self.remote.tracking] if self.remote else ()))
        local = known.get(RELEASES)
        if self.remote is None:
            return local
        seen = known.get(self.remote.tracking)
        if local is None or seen is None or local == seen:
            return seen or local
        if self.git.is_ancestor(seen, local):
            return local
        if self.git.is_ancestor(local, seen):
            return seen
        raise HistoryRewritten(
            f"the local branch `releases` has records that {self.remote.name!r} lacks, and the reverse",
            code="G-history-diverged",
            hint="records were written while there was no remote; keep one: "
            "`git branch -m releases releases-local` sets the local ones aside",
        )

    def append(self, compose: Compose, message: str, removed: Sequence[str] = ()) -> str | None:
        """Add what ``compose(tip)`` returns to the branch, or nothing if that is empty; returns the new tip.

        ``removed``: evidence that a tombstone among the added files replaces. When another writer was faster,
        ``compose`` is asked again with the new tip: nothing is lost.
        """
        if self.remote is not None:
            _ = self.remote.refs
        answer: str | None = ""
        self._lost = 0
        for pause in _PAUSES:
            self._sleep(pause)
            tip = self.tip()
            files = compose(tip)
            if not files:
                return tip
            self._refuse_rewrite(tip, files)
            text = f"{message}\n\n{SEAL}: sha256:{seal({p: sha256(raw) for p, raw in files.items()})}"
            durable = self.remote is None
            commit = add_files(self.git, tip, files, text, self._now(), durable, removed)
            commit = sign_commit(self.git, commit, durable=durable)
            answer = self._publish(tip, commit)
            if answer is None:
                return commit
        raise Contended(
            f"the branch `releases` could not be added to in {len(_PAUSES)} attempts; the last answer: {answer}",
            code="G-contended",
            hint="many pipelines write at once, or a lock file was left on the git server; run the same command again",
        )

    def _refuse_rewrite(self, tip: str | None, files: Mapping[str, bytes]) -> None:
        if tip is None:
            return
        for path, found in zip(files, self.git.objects([f"{tip}:{path}" for path in files]), strict=True):
            if found is not None:
                raise RewriteRefused(
                    f"{path} exists already; a record is never rewritten",
                    code="G-rewrite",
                    hint="please report this: the engine tried to write one entry twice",
                )

    def _publish(self, tip: str | None, commit: str) -> str | None:
        """Make the commit the tip if the tip is still what we built on; None, or why not."""
        if self.remote is None:
            moved = self.git.update_refs([(RELEASES, commit, tip or ABSENT)], "releaser: record")
            return None if moved else "another process was faster"
        expected = self.remote.refs.get(RELEASES, "")
        report = self.remote.push([RefUpdate(RELEASES, commit, expected)])
        if RELEASES not in report.accepted:
            # Someone was faster, or the answer was lost. The remote knows.
            there = self.remote.sync().get(RELEASES, "")
            if not there or not (there == commit or self.git.is_ancestor(commit, there)):
                if report.declined(RELEASES) and there == expected:
                    raise self.remote.declined(report, RELEASES)
                if report.lost and there == expected:
                    self._lost += 1
                    if self._lost > _LOST_ATTEMPTS:
                        raise self.remote.unreachable(report.lost)
                return report.rejected.get(RELEASES) or report.lost
        self._follow(commit)
        return None

    def _follow(self, commit: str) -> None:
        """Remember what the remote has. ``git push`` does so itself only under the usual fetch refspec."""
        assert self.remote is not None
        seen = self.git.tips(self.remote.tracking).get(self.remote.tracking)
        if seen is None or (seen != commit and self.git.is_ancestor(seen, commit)):
            self.git.update_refs([(self.remote.tracking, commit, seen or ABSENT)], "releaser: record")


def add_files(
    git: Git,
    parent: str | None,
    files: Mapping[str, bytes],
    message: str,
    now: datetime,
    durable: bool = True,
    removed: Sequence[str] = (),
) -> str:
    """A commit that adds ``files`` to ``parent``'s tree. No ref moves: it is invisible until one does.

    One ``fast-import`` writes all objects; the final ``reset`` makes it forget its scratch ref.
    """
    who = git.identity().line(now)
    text = message.encode()
    ref = b"refs/releaser/scratch"
    stream = [b"commit %s\nmark :1\nauthor %s\ncommitter %s\n" % (ref, who.encode(), who.encode())]
    stream.append(b"data %d\n%s\n" % (len(text), text))
    if parent:
        stream.append(b"from %s\n" % parent.encode())
    stream += [b"D %s\n" % path.encode() for path in removed]
    for path, content in sorted(files.items()):
        stream.append(b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(content), content))
    stream.append(b"\nget-mark :1\nreset %s\n\ndone\n" % ref)
    reply = git.run("fast-import", "--quiet", "--done", send=b"".join(stream), durable=durable)
    return reply.text
