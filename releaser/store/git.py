"""The one door to git: plumbing commands only. Never a checkout, never the user's index or work tree.

GitPython is imported on first use (0.15 s). Every command runs without a shell, without prompts, in a session
of its own (so that a timeout kills ssh and hooks too) and with a time limit. The user's hooks run as always.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from releaser.core.errors import ReleaserError
from releaser.store.cat_file import CatFile, Died, Found, TooSlow
from releaser.store.ref_files import read_refs

LOCAL_SECONDS = 120.0
ABSENT = "0" * 40
_PROMPTLESS = {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}
# git syncs neither refs nor loose objects unless told (core.fsync, git 2.36): records must survive a power cut.
_DURABLE = ("-c", "core.fsync=committed,loose-object,reference", "-c", "core.fsyncMethod=batch")
_SETTINGS = r"^(remote\.origin\.url|user\.(name|email|signingkey)|gpg\.(format|ssh\.(program|allowedsignersfile)))$"
_LOCK = re.compile(r"Unable to create '([^']+\.lock)': File exists")
_OURS = re.compile(r"/refs/(heads/releases|remotes/[^/]+/releases|tags/[^/]+/r[0-9]+)\.lock$")


class GitError(ReleaserError):
    """git failed. The message carries git's own last lines."""


class NotARepository(GitError):
    """The folder is in no git repository, or git refuses to open it."""


class HistoryMissing(GitError):
    """The commit is not in this clone; a shallow clone has only the last ones."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What one git command answered."""

    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        return self.out.decode("utf-8", "replace").strip()


@dataclass(frozen=True, slots=True)
class Identity:
    """Who commits."""

    name: str
    email: str

    def line(self, now: datetime) -> str:
        """As it stands in commits and tags."""
        return f"{self.name} <{self.email}> {int(now.timestamp())} +0000"


class Git:
    """One repository. Thread-safe: every call is a process of its own, or waits for its turn at the one that reads."""

    def __init__(self, root: Path, git_dir: Path, environ: Mapping[str, str], prefix: str = "") -> None:
        self.root = root
        self.prefix = prefix
        self.git_dir = git_dir
        self.environ = environ
        self.stale_lock_seconds = 10.0
        self._settings: Mapping[str, str] | None = None
        self._contents = self._cat_file("--batch", contents=True)
        self._headers = self._cat_file("--batch-check", contents=False)

    @classmethod
    def open(cls, root: Path, environ: Mapping[str, str] | None = None) -> Git:
        """The repository that holds ``root``. Paths are relative to ``root``, which may be a folder inside.

        Raises NotARepository, or GitError where there is no git.
        """
        environ = os.environ if environ is None else environ
        door = cls(root, root, environ)
        reply = door.run("rev-parse", "--show-toplevel", "--show-prefix", "--git-common-dir", ok=(0, 128))
        lines = reply.out.decode("utf-8", "surrogateescape").split("\n")
        if reply.code or len(lines) != 4:
            raise NotARepository(
                f"{root} is not in a git repository" if "not a git" in reply.err else reply.err,
                code="G-not-a-repository",
                hint="run `git init` and commit the manifests, or give --root",
            )
        common = Path(root, lines[2]).resolve()
        return cls(Path(lines[0]), common, environ, lines[1])

    def run(
        self,
        *args: str,
        send: bytes = b"",
        ok: Sequence[int] = (0,),
        seconds: float = LOCAL_SECONDS,
        durable: bool = False,
    ) -> Reply:
        """Run ``git <args>``. Raises GitError for an exit code that is not in ``ok``, or when time is up."""
        command = ["git", *(_DURABLE if durable else ()), "--literal-pathspecs", *args]
        reply = self._perform(command, send, seconds)
        if reply.code not in ok:
            raise _failed(_subcommand(args), reply.err)
        return reply

    def _perform(self, command: list[str], send: bytes, seconds: float) -> Reply:
        process = _start(self.root, command, self.environ)
        try:
            out, err = process.communicate(send, timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise _no_answer(_subcommand(command[1:]), seconds) from None
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)  # git removes its lock files on SIGTERM
            process.communicate()
            raise
        return Reply(process.returncode, out, err.decode("utf-8", "replace").strip())

    # --- reading ---

    def resolve(self, revision: str) -> str | None:
        """The commit id of a revision (or the id of what ``...^{tree}`` names), or None."""
        wanted = revision if revision.endswith("}") else f"{revision}^{{commit}}"
        with contextlib.suppress(GitError):  # rev-parse knows better what is wrong
            found = self.read([wanted])[0]
            return found.oid if found else None
        reply = self.run("rev-parse", "--verify", "--quiet", "--end-of-options", wanted, ok=(0, 1, 128))
        return reply.text if reply.code == 0 else None

    def head(self) -> str:
        """The commit that HEAD is. Raises GitError while there is none."""
        found = self.resolve("HEAD")
        if found is None:
            raise GitError("the repository has no commit yet", code="G-no-commit", hint="commit the manifests first")
        return found

    def branch(self) -> str | None:
        """The current branch; None when HEAD is detached, as in CI."""
        reply = self.run("symbolic-ref", "--quiet", "--short", "HEAD", ok=(0, 1))
        return reply.text or None

    def is_shallow(self) -> bool:
        """Whether the clone was made with a depth."""
        return (self.git_dir / "shallow").exists()

    def dirty(self, paths: Sequence[str] = ()) -> tuple[str, ...]:
        """Paths under ``paths`` that differ from HEAD: changed, staged, deleted, untracked."""
        places = [self.prefix + path for path in paths] or [self.prefix or "."]
        reply = self.run("status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames", "--", *places)
        rows = reply.out.decode("utf-8", "replace").split("\0")
        return tuple(sorted(row[3:].removeprefix(self.prefix) for row in rows if row))

    def objects(self, names: Sequence[str]) -> list[tuple[str, bytes] | None]:
        """Type and content of many objects, in order; None where it is missing."""
        return [(f.type, f.content) if f else None for f in self.read(names)]

    def read(self, names: Sequence[str]) -> list[Found | None]:
        """As ``objects``, with id and size."""
        return self._ask(self._contents, names)

    def headers(self, names: Sequence[str]) -> list[Found | None]:
        """Id, type and size of many objects, in order, without their content; None where it is missing."""
        return self._ask(self._headers, names)

    def _ask(self, process: CatFile, names: Sequence[str]) -> list[Found | None]:
        asked = [name.encode() for name in names]
        if any(b"\n" in name for name in asked):
            raise GitError("a name with a line end is no name of an object", code="G-git", hint="rename that file")
        try:
            return process.ask(asked) if asked else []
        except Died as died:
            raise _failed("cat-file", str(died)) from None
        except TooSlow:
            raise _no_answer("cat-file", LOCAL_SECONDS) from None

    def _cat_file(self, mode: str, *, contents: bool) -> CatFile:
        command = ["git", "--literal-pathspecs", "cat-file", mode]
        root, environ = self.root, self.environ
        return CatFile(lambda: _start(root, command, environ), contents=contents, seconds=LOCAL_SECONDS)

    def is_ancestor(self, older: str, newer: str) -> bool:
        """Whether ``newer`` contains ``older``."""
        return older == newer or self.run("merge-base", "--is-ancestor", older, newer, ok=(0, 1)).code == 0

    def settings(self) -> Mapping[str, str]:
        """What git's configuration says of the remote, who commits, and signatures; asked once. The last value of a
        name counts, as in git."""
        if self._settings is None:
            out = self.run("config", "-z", "--get-regexp", _SETTINGS, ok=(0, 1)).out.decode("utf-8", "replace")
            rows = (row.partition("\n") for row in out.split("\0") if row)
            self._settings = {key: value for key, _, value in rows}
        return self._settings

    def remote(self) -> str | None:
        """``origin`` if it is configured."""
        return "origin" if "remote.origin.url" in self.settings() else None

    def identity(self) -> Identity:
        """Who commits: GitLab's user in CI, else git's configuration, else a neutral name."""
        known = {"user.name": "releaser", "user.email": "releaser@localhost", **self.settings()}
        env = self.environ
        name = env.get("GITLAB_USER_NAME") or env.get("GIT_COMMITTER_NAME") or known["user.name"]
        email = env.get("GITLAB_USER_EMAIL") or env.get("GIT_COMMITTER_EMAIL") or known["user.email"]
        return Identity(_clean(name) or "releaser", _clean(email) or "releaser@localhost")

    def refs(self, *patterns: str) -> dict[str, str]:
        """Object ids of the refs that match the patterns (all when there are none)."""
        reply = self.run("for-each-ref", "--format=%(refname) %(objectname)", *patterns)
        rows = (line.partition(" ") for line in reply.text.splitlines())
        return {ref: oid for ref, _, oid in rows}

    def tips(self, *names: str) -> dict[str, str]:
        """Object ids of the refs with exactly these full names; what does not exist is left out."""
        found = read_refs(self.git_dir, names)
        if found is None:
            every = self.refs(*names) if names else {}
            found = {name: every[name] for name in names if name in every}
        return found

    # --- writing ---

    def update_refs(self, changes: Iterable[tuple[str, str, str]], reason: str) -> bool:
        """Move refs (name, new, expected old; ABSENT: must not exist), all or none. False: one was different.

        A git that was killed leaves a lock file for ever. Those of our own refs are removed once they are old.
        """
        script = "".join(f"update {ref}\0{new}\0{old}\0" for ref, new, old in changes).encode()
        deadline = time.monotonic() + 3 * self.stale_lock_seconds + 10
        while True:
            reply = self.run("update-ref", "-m", reason, "-z", "--stdin", send=script, ok=(0, 128), durable=True)
            if reply.code == 0:
                return True
            if (
                "but expected" in reply.err
                or "reference already exists" in reply.err
                or "unable to resolve" in reply.err
            ):
                return False
            if not self.await_lock(reply.err) or time.monotonic() > deadline:
                raise GitError(f"git update-ref failed: {_last(reply.err)}", code="G-git", hint=_hint(reply.err))

    def await_lock(self, err: str) -> bool:
        """Wait for, or remove when old, the lock file that an error names. False: it names none of ours."""
        match = _LOCK.search(err)
        if match is None:
            return False
        path = Path(match[1])
        try:
            age = time.time() - path.stat().st_mtime
        except FileNotFoundError:
            return True
        if not _OURS.search(match[1]):
            return False
        if age > self.stale_lock_seconds:
            path.unlink(missing_ok=True)
        else:
            time.sleep(0.05)
        return True


def history_missing(git: Git, commit: str) -> HistoryMissing:
    """The error for a commit, or content of it, that this clone lacks: it says which fetch brings it."""
    hint = "fetch it: git fetch origin " + commit
    if git.is_shallow():
        hint = "this clone is shallow: git fetch --unshallow (in GitLab CI: GIT_DEPTH: 0)"
    return HistoryMissing(f"the commit {commit} is not in this clone", code="G-history-missing", hint=hint)


def _start(root: Path, command: list[str], environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    try:
        from git.cmd import Git as Launcher
        from git.exc import GitCommandNotFound
    except ImportError as error:
        raise _no_git(error) from None
    env = {k: v for k, v in environ.items() if k.startswith("GIT_")} | _PROMPTLESS | _anchor(root, environ)
    try:
        wrapped = Launcher(str(root)).execute(
            command, istream=subprocess.PIPE, as_process=True, env=env, start_new_session=True
        )
    except GitCommandNotFound as error:
        raise _no_git(error) from None
    process = wrapped.proc
    wrapped.proc = None  # else the wrapper would kill the process as soon as it is collected
    assert process is not None
    return process


def _anchor(root: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Inside a hook git names its own repository by relative paths: name the one that holds ``root``."""
    if "GIT_DIR" not in environ and "GIT_DIR" not in os.environ:
        return {}
    top = next((p for p in (root, *root.parents) if (p / ".git").exists()), None)
    return {"GIT_DIR": str(top / ".git"), "GIT_WORK_TREE": str(top)} if top else {}


def _failed(subcommand: str, err: str) -> GitError:
    if "promisor remote" in err:
        return HistoryMissing(
            f"this clone is partial, and its server did not send what is missing: {_last(err)}",
            code="G-history-missing",
            hint="when the server answers: git fetch --refetch --no-filter origin, or clone without --filter",
        )
    return GitError(f"git {subcommand} failed: {_last(err)}", code="G-git", hint=_hint(err))


def _no_answer(subcommand: str, seconds: float) -> GitError:
    hint = "look at the network, the credentials (git never prompts here) and the hooks"
    return GitError(f"git {subcommand} gave no answer within {seconds:g} s", code="G-timeout", hint=hint)


def _no_git(error: Exception) -> GitError:
    return GitError(f"git cannot be run: {error}", code="G-no-git", hint="install git 2.34 or newer")


def _subcommand(args: Sequence[str]) -> str:
    return next((a for a in args if re.fullmatch(r"[a-z][a-z-]+", a)), "command")


def _last(err: str) -> str:
    return " / ".join(line.strip() for line in err.splitlines()[-4:]) or "it gave no reason"


def _hint(err: str) -> str:
    if "dubious ownership" in err:
        return "the repository belongs to another user: git config --global --add safe.directory <path>"
    if ".lock': File exists" in err:
        return "another git is running, or one was killed: when none runs, remove that lock file"
    return "the lines above are git's own"


def _clean(text: str) -> str:
    return re.sub(r"[<>\x00-\x1f\x7f]", "", text).strip(" .,:;\"'")
