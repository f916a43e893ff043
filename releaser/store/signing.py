"""SSH signatures on what releaser writes to git: the commits of the branch ``releases``, and release tags.

Signatures are git's own: ``git verify-commit`` and ``git verify-tag`` accept them. A key that is configured and does
not sign stops the write: nothing unsigned slips in.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from releaser.store.git import Git, GitError

KEY_VARIABLE = "RELEASER_SIGNING_KEY"
ALLOWED_SIGNERS = ".releaser/allowed_signers"
"""Who may sign, in OpenSSH's format. From the commit that lists somebody on, everything is signed."""
NAMESPACE = "git"
"""What git passes to ``ssh-keygen -n``: a signature made for anything else does not count."""
_SECONDS = 30.0
_NEVER_ASK = {"SSH_ASKPASS_REQUIRE": "never", "SSH_ASKPASS": "", "DISPLAY": "", "LC_ALL": "C", "TZ": "UTC"}


@dataclass(frozen=True, slots=True)
class Settings:
    """What git and the environment say about signatures."""

    program: str
    key: str
    """Path of a key file, or a public key as text whose private half an agent has; empty: nothing is signed."""
    allowed: str
    """``gpg.ssh.allowedSignersFile``, empty when it is not set."""
    environ: Mapping[str, str]

    @property
    def signer(self) -> Signer | None:
        return Signer(self) if self.key else None


def settings_of(git: Git) -> Settings:
    """The settings of a repository: RELEASER_SIGNING_KEY wins over ``gpg.format=ssh`` with ``user.signingkey``."""
    known = git.settings()
    ours = git.environ.get(KEY_VARIABLE, "").strip()
    theirs = known.get("user.signingkey", "") if known.get("gpg.format") == "ssh" else ""
    return Settings(
        program=known.get("gpg.ssh.program") or "ssh-keygen",
        key=ours or theirs,
        allowed=known.get("gpg.ssh.allowedsignersfile", ""),
        environ=git.environ,
    )


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs with one key."""

    settings: Settings

    def sign(self, payloads: Sequence[bytes]) -> list[bytes]:
        """The signature of each, in ASCII armor, by one call of ssh-keygen. Raises GitError."""
        with tempfile.TemporaryDirectory(prefix="releaser-") as place:
            folder = Path(place)
            files = [folder / str(i) for i in range(len(payloads))]
            for file, payload in zip(files, payloads, strict=True):
                file.write_bytes(payload)
            with self._key(folder) as how:
                self._run(["-Y", "sign", "-n", NAMESPACE, *how, *map(str, files)])
            return [self._made(file) for file in files]

    def signed_commit(self, raw: bytes) -> bytes:
        """A commit object with its signature, as ``git commit -S`` writes it."""
        head, blank, message = raw.partition(b"\n\n")
        armor = self.sign([raw])[0].replace(b"\r", b"").rstrip(b"\n")
        return head + b"\ngpgsig " + armor.replace(b"\n", b"\n ") + blank + message

    def signed_tags(self, raws: Sequence[bytes]) -> list[bytes]:
        """Tag objects with their signatures, as ``git tag -s`` writes them."""
        return [raw + armor.replace(b"\r", b"") for raw, armor in zip(raws, self.sign(raws), strict=True)]

    @contextmanager
    def _key(self, folder: Path) -> Iterator[list[str]]:
        """How ssh-keygen is told of the key. CI gives key files that anybody may read, which it refuses: so a copy."""
        key = self.settings.key
        literal = key.removeprefix("key::")
        if literal != key or key.startswith("ssh-"):
            path = folder / "key.pub"
            path.write_text(literal + "\n")
            yield ["-U", "-f", str(path)]
            return
        path = Path(key).expanduser()
        try:
            open_to_all = not key.endswith(".pub") and path.stat().st_mode & 0o077
            content = path.read_bytes() if open_to_all else b""
        except OSError as error:
            raise self._failed(f"{key}: {error.strerror}") from None
        if open_to_all:
            path = folder / "key"
            path.touch(0o600)
            path.write_bytes(content.rstrip() + b"\n")
        yield ["-f", str(path)]

    def _run(self, arguments: list[str]) -> None:
        try:
            done = run_keygen(self.settings, arguments)
        except OSError as error:
            raise self._failed(f"{self.settings.program} cannot be run: {error.strerror}") from None
        except subprocess.TimeoutExpired:
            raise self._failed("ssh-keygen gave no answer: does the key ask for a passphrase?") from None
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").strip().splitlines()
            raise self._failed(said[-1] if said else "ssh-keygen gave no reason")

    def _made(self, file: Path) -> bytes:
        try:
            return file.with_name(file.name + ".sig").read_bytes()
        except OSError:
            raise self._failed("ssh-keygen wrote no signature") from None

    def _failed(self, why: str) -> GitError:
        return GitError(
            f"a signing key is configured and does not sign: {why}",
            code="G-sign",
            hint=f"see {KEY_VARIABLE}, or git's user.signingkey; a key with a passphrase needs an agent",
        )


def signer_for(git: Git) -> Signer | None:
    """Who signs what is written now; None where nothing is signed.

    Raises GitError where HEAD lists who may sign and no key is configured: what is once written without a signature
    stays wrong for every verification.
    """
    signer = settings_of(git).signer
    if signer is None:
        listed = git.objects([f"HEAD:{git.prefix}{ALLOWED_SIGNERS}"])[0]
        if listed is not None and listed[1].strip():
            raise GitError(
                f"{ALLOWED_SIGNERS} lists who may sign, and no signing key is configured here",
                code="G-unsigned",
                hint=f"{KEY_VARIABLE} names a key file; or set git's gpg.format=ssh and user.signingkey",
            )
    return signer


def sign_commit(git: Git, commit: str, *, durable: bool) -> str:
    """The same commit with a signature when a key is configured, else the commit itself. No ref moves. Raises GitError
    where one is needed and there is none."""
    signer = signer_for(git)
    if signer is None:
        return commit
    found = git.objects([commit])[0]
    assert found is not None, commit
    signed = signer.signed_commit(found[1])
    return git.run("hash-object", "-t", "commit", "-w", "--stdin", send=signed, durable=durable).text


def run_keygen(settings: Settings, arguments: Sequence[str], send: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """One call of ssh-keygen, in a session of its own so that it cannot prompt at a terminal."""
    env = {**os.environ, **settings.environ, **_NEVER_ASK}
    return subprocess.run(
        [settings.program, *arguments],
        input=send,
        capture_output=True,
        timeout=_SECONDS,
        env=env,
        start_new_session=True,
    )
