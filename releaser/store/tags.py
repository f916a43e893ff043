"""Release tags ``<use-case>/rN``. Pushing the tag is the compare-and-swap that numbers a release."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from releaser.core.proof.files import NAME
from releaser.core.proof.objects import Text
from releaser.store.git import ABSENT, Git, GitError
from releaser.store.remote import TAGS, Contended, Pushed, RefUpdate, Remote
from releaser.store.signing import signer_for

_TAG = re.compile(rf"refs/tags/({NAME.pattern})/r([1-9][0-9]{{0,8}})")
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")
_ATTEMPTS = 20


@dataclass(frozen=True, slots=True, order=True)
class ReleaseTag:
    """One release: its number, what it contains, and the tag object that says so."""

    use_case: str
    number: int
    digest: str
    """Release digest in hex; empty for a tag that is not ours: it only takes the number."""
    commit: str
    object_id: str

    @property
    def release(self) -> str:
        return f"r{self.number}"

    @property
    def ref(self) -> str:
        return f"refs/tags/{self.use_case}/r{self.number}"


@dataclass(frozen=True, slots=True)
class Cut:
    """A release to be cut: a use case, its release digest (64 hex digits), the tag's message, the commit, and the
    sha256 of the manifest's bytes there (empty: not said)."""

    use_case: str
    digest: str
    message: str
    commit: str
    manifest: str = ""


class Tags:
    """The release tags of one repository."""

    def __init__(self, git: Git, remote: Remote | None, now: Callable[[], datetime]) -> None:
        self.git = git
        self.remote = remote
        self._now = now

    def known(self, use_cases: Collection[str] | None = None) -> dict[str, list[ReleaseTag]]:
        """As ``known_tags``; only of the named use cases when some are named."""
        return known_tags(self.git, None if use_cases is None else [f"refs/tags/{name}/" for name in use_cases])

    def cut(self, requests: Sequence[Cut]) -> dict[str, ReleaseTag]:
        """The release tag of each request. The newest tag is reused when its digest is the same, else the next
        number is cut. With a remote a tag counts once the remote has it; who pushes a number first has it.
        """
        _check(requests)
        if self.remote is not None:
            _ = self.remote.refs
        done: dict[str, ReleaseTag] = {}
        for _ in range(_ATTEMPTS):
            left = [r for r in requests if r.use_case not in done]
            wanted = self._next(left, done) if left else []
            if not wanted:
                return done
            if self.remote is None:
                self._keep(wanted)
            else:
                done |= _whole(left, wanted, self._push(self.remote, wanted))
        raise Contended(
            "release tags were cut by others in every attempt",
            code="G-contended",
            hint="many pipelines cut releases at once; run the same command again",
        )

    def _next(self, requests: Sequence[Cut], done: dict[str, ReleaseTag]) -> list[ReleaseTag]:
        """Move what exists already to ``done``; make tag objects for the rest; add those never pushed."""
        known = self.known({r.use_case for r in requests})
        there = None if self.remote is None else self.remote.refs
        wanted: list[ReleaseTag] = []
        fresh: list[tuple[Cut, int]] = []
        for request in requests:
            tags = known.get(request.use_case, [])
            pending = [] if there is None else _unpushed(tags, there)
            wanted += pending
            if tags and tags[0].digest == request.digest:
                if not pending:
                    done[request.use_case] = tags[0]
            else:
                fresh.append((request, tags[0].number + 1 if tags else 1))
        return wanted + self._objects(fresh)

    def _objects(self, fresh: Sequence[tuple[Cut, int]]) -> list[ReleaseTag]:
        """Write the tag objects; no ref yet. One git call for all."""
        if not fresh:
            return []
        who = self.git.identity().line(self._now())
        objects = [_content(request, number, who).encode() for request, number in fresh]
        signer = signer_for(self.git)
        if signer is not None:
            objects = signer.signed_tags(objects)
        with tempfile.TemporaryDirectory(prefix="releaser-") as folder:
            paths = []
            for i, raw in enumerate(objects):
                path = Path(folder, str(i))
                path.write_bytes(raw)
                paths.append(str(path))
            send = ("\n".join(paths) + "\n").encode()
            reply = self.git.run(
                "hash-object", "-t", "tag", "-w", "--stdin-paths", send=send, durable=self.remote is None
            )
        return [
            ReleaseTag(request.use_case, number, request.digest, request.commit, oid)
            for (request, number), oid in zip(fresh, reply.text.split(), strict=True)
        ]

    def _keep(self, tags: Sequence[ReleaseTag]) -> bool:
        """Make the tags visible here, unless one of the names was taken meanwhile."""
        return not tags or self.git.update_refs([(t.ref, t.object_id, ABSENT) for t in tags], "releaser: cut")

    def _push(self, remote: Remote, tags: Sequence[ReleaseTag]) -> frozenset[str]:
        """Push; returns the refs that the remote took as they are."""
        report = remote.push([RefUpdate(t.ref, t.object_id, "") for t in tags])
        here = remote.git.tips(*(t.ref for t in tags))
        self._keep([t for t in tags if t.ref in report.accepted and t.ref not in here])
        if len(report.accepted) < len(tags):
            there = remote.sync()  # brings what others cut meanwhile, and ours whose answer was lost
            self._refuse_declined(remote, report, [t for t in tags if t.ref not in there])
        return report.accepted

    def _refuse_declined(self, remote: Remote, report: Pushed, missing: Sequence[ReleaseTag]) -> None:
        for tag in missing:
            if report.declined(tag.ref):
                raise remote.declined(report, tag.ref)
            if report.lost:
                raise remote.unreachable(report.lost)


def _whole(requests: Sequence[Cut], pushed: Sequence[ReleaseTag], taken: Collection[str]) -> dict[str, ReleaseTag]:
    """The newest tag of each request of which all that was pushed arrived, when that is what was asked for."""
    found = {}
    for request in requests:
        tags = [t for t in pushed if t.use_case == request.use_case]
        newest = max(tags, key=lambda t: t.number, default=None)
        if newest and newest.digest == request.digest and all(t.ref in taken for t in tags):
            found[request.use_case] = newest
    return found


def known_tags(git: Git, only: Sequence[str] | None = None) -> dict[str, list[ReleaseTag]]:
    """Every release tag known here, by use case, newest first; one git call. ``only``: refs, or folders of refs, to
    look at: a repository has many more releases than are pinned."""
    if only is not None and not only:
        return {}
    layout = "%00".join(
        (
            "%(refname)",
            "%(objectname)",
            "%(*objectname)",
            "%(contents:body)",  # git's own contents:trailers takes a signature for the last paragraph
        )
    )
    out = git.run("for-each-ref", f"--format={layout}%00%00", *(only or [TAGS])).out.decode("utf-8", "replace")
    found: dict[str, list[ReleaseTag]] = {}
    for row in out.split("\0\0\n"):
        tag = _parse(row.split("\0"))
        if tag is not None:
            found.setdefault(tag.use_case, []).append(tag)
    for tags in found.values():
        tags.sort(key=lambda t: t.number, reverse=True)
    return found


def _unpushed(tags: Iterable[ReleaseTag], there: Mapping[str, str]) -> list[ReleaseTag]:
    """Tags above the remote's highest number that it has not, oldest first."""
    missing = []
    for tag in tags:
        if tag.ref in there:
            break
        missing.append(tag)
    return missing[::-1]


def _content(request: Cut, number: int, who: str) -> str:
    title = f"{request.use_case} r{number}"
    body = f"\n{request.message.strip()}\n" if request.message.strip() else ""
    manifest = f"Manifest-Digest: sha256:{request.manifest}\n" if request.manifest else ""
    return (
        f"object {request.commit}\ntype commit\ntag {request.use_case}/r{number}\ntagger {who}\n\n"
        f"{title}\n{body}\nUse-Case: {request.use_case}\nRelease: r{number}\n{manifest}"
        f"Release-Digest: sha256:{request.digest}\nManifest-Commit: {request.commit}\n"
    )


def _parse(parts: Sequence[str]) -> ReleaseTag | None:
    match = _TAG.fullmatch(parts[0])
    if match is None or len(parts) != 4:
        return None
    digest = _DIGEST.fullmatch(Text((), parts[3]).trailer("Release-Digest"))
    return ReleaseTag(match[1], int(match[2]), digest[1] if digest else "", parts[2] or parts[1], parts[1])


def _check(requests: Sequence[Cut]) -> None:
    for request in requests:
        if not NAME.fullmatch(request.use_case):
            raise GitError(
                f"{request.use_case!r} cannot become the name of a tag",
                code="G-name",
                hint="a use case's name has lower-case letters, digits and hyphens",
            )
        if not re.fullmatch(r"[0-9a-f]{64}", request.digest) or not re.fullmatch(r"[0-9a-f]{40}", request.commit):
            raise ValueError(f"a cut needs a digest and a commit id in hex: {request}")
