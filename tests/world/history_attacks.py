"""A small true history, and what an attacker can do to it: rewrite the branch, make tags anew, exchange bytes."""

from __future__ import annotations

import hashlib
import subprocess
import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path

from releaser.core.proof.branch import SEAL, seal
from releaser.core.proof.files import sha256
from releaser.core.record import Holder, Outcome
from releaser.core.verification import Proof, Viewer
from releaser.store.git import Git
from releaser.store.holder import holder_here
from releaser.store.proving import prove
from releaser.store.remote import RELEASES
from releaser.store.signatures import allowed_signers
from releaser.store.tags import Cut
from releaser.store.trees import TreeReader
from releaser.store.workspace import load_use_case
from world.git_actors import NOON, Actor, actor, conclusion, git, intent

Flip = Callable[[bytes], bytes]


def manifest(use_case: str, number: int) -> str:
    return (
        "apiVersion: releaser.dev/v1\nkind: UseCase\n"
        f"metadata: {{name: {use_case}, owner: team@example.com}}\n"
        f"spec:\n  description: The {number}. answer.\n  prompts:\n    answer: {{file: answer.md, model: answer}}\n"
    )


def declare(root: Path, use_case: str, number: int) -> None:
    folder = root / "manifests" / use_case
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.yaml").write_text(manifest(use_case, number))
    (folder / "answer.md").write_text(f"Answer {number} times.\n")
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", f"{use_case} {number}")


def release(run: Actor, use_case: str, outcome: Outcome = Outcome.RELEASED, environment: str = "dev") -> None:
    """Cut, open, close: as reconcile does, with true digests."""
    head = run.git.head()
    content = load_use_case(TreeReaderPort(run.git, head), use_case)
    tag = run.tags.cut([Cut(use_case, content.digest, "What changes.", head)])[use_case]  # type: ignore[union-attr]
    told = replace(intent(use_case, tag, environment), tree=git(run.git.root, "rev-parse", f"{head}^{{tree}}"))
    told = replace(told, commit=head)
    record = run.records.open([told]).opened[use_case]
    kept = run.records.evidence.put(record.ref, "plan.json", b'{"steps": []}\n')
    evidence = {"plan.json": kept}
    ended = replace(conclusion(use_case, outcome), evidence=evidence)
    run.records.close([(record, ended, f"# {use_case}\n\nWhat changed.\n")])


class TreeReaderPort:
    def __init__(self, door: Git, commit: str) -> None:
        self._tree = TreeReader(door, commit)

    def read(self, path: str) -> bytes | None:
        return self._tree.read(path)

    def list(self, prefix: str) -> tuple[str, ...]:
        return tuple(self._tree.paths(prefix))


def history(root: Path) -> Actor:
    """Two use cases, two environments, five records."""
    run = actor(root)
    for use_case, number in (("mail", 1), ("claims", 1), ("mail", 2)):
        declare(root, use_case, number)
        release(run, use_case)
    release(run, "mail", Outcome.FAILED)
    release(run, "mail", environment="prod")
    return run


def proven(root: Path, tip: str = RELEASES, viewer: Holder | None = None, hours: float = 0) -> Proof:
    """The proof by somebody, some hours after the history. Under another ref than its own, as in another's clone:
    nothing is known of where the branch was before."""
    door = Git.open(root)
    seen_by = Viewer(viewer or holder_here(), NOON + timedelta(hours=hours), allowed_signers(door, "HEAD"))
    return prove(door, {tip: git(root, "rev-parse", tip)}, seen_by)


def files_of(root: Path, tip: str = "releases") -> dict[str, bytes]:
    door = Git.open(root)
    paths = git(root, "ls-tree", "-r", "--name-only", tip).splitlines()
    return {p: f[1] for p, f in zip(paths, door.objects([f"{tip}:{p}" for p in paths]), strict=True) if f}


def rewrite(root: Path, changed: Mapping[str, bytes | None], *, seals: bool, drop: int = 0) -> str:
    """The whole branch made anew with other files (None: never there), under another ref; the last ``drop`` commits
    left out. With ``seals`` every commit names the digest of what it now adds: git and the commits are consistent."""
    steps = _steps(root, git(root, "rev-parse", "releases"))
    stream = []
    for raw, files in steps[: len(steps) - drop]:
        added = {p: changed.get(p, true) for p, true in files.items() if changed.get(p, true) is not None}
        message = raw.partition(b"\n\n")[2].decode()
        if seals:
            digest = seal({p: sha256(raw) for p, raw in added.items()})
            message = message.split(f"\n{SEAL}:")[0] + f"\n{SEAL}: sha256:{digest}\n"
        who = next(line for line in raw.split(b"\n") if line.startswith(b"author ")).removeprefix(b"author ")
        stream.append(b"commit refs/heads/forged\nauthor %s\ncommitter %s\n" % (who, who))
        stream.append(b"data %d\n%s\n" % (len(message.encode()), message.encode()))
        stream += [b"M 100644 inline %s\ndata %d\n%s\n" % (p.encode(), len(r), r) for p, r in added.items()]
    subprocess.run(["git", "update-ref", "-d", "refs/heads/forged"], cwd=root, check=True)
    subprocess.run(["git", "fast-import", "--quiet", "--force"], input=b"".join(stream), cwd=root, check=True)
    return "refs/heads/forged"


@cache
def _steps(root: Path, tip: str) -> list[tuple[bytes, dict[str, bytes]]]:
    """Every commit of the branch, oldest first: its bytes, and what it added."""
    known: set[str] = set()
    found = []
    for commit in git(root, "rev-list", "--reverse", tip).splitlines():
        files = {p: raw for p, raw in files_of(root, commit).items() if p not in known}
        known |= set(files)
        raw = subprocess.run(["git", "cat-file", "commit", commit], cwd=root, capture_output=True, check=True).stdout
        found.append((raw, files))
    return found


def exchange(root: Path, oid: str, flip: Flip) -> Callable[[], None]:
    """Other bytes under the same id, whole as a file; returns what puts the true ones back."""
    path = root / ".git" / "objects" / oid[:2] / oid[2:]
    true = path.read_bytes()
    head, _, content = zlib.decompress(true).partition(b"\0")
    path.chmod(0o644)
    path.write_bytes(zlib.compress(head + b"\0" + flip(content)))
    return lambda: path.write_bytes(true) and None


def flipped(at: int, by: int) -> Flip:
    def flip(raw: bytes) -> bytes:
        changed = bytearray(raw)
        changed[at % len(raw)] ^= by
        return bytes(changed)

    return flip


def place_in(seed: str, size: int) -> int:
    """Some place in so many bytes, always the same for a seed."""
    return int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8], "big") % max(size, 1)
