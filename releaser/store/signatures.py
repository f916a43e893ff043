"""Whether signatures on commits and tags are by those who may sign: many at once, each good one looked at once.

Who may sign stands in ``.releaser/allowed_signers`` of the commit that is looked at (OpenSSH's format), or in the file
that ``gpg.ssh.allowedSignersFile`` names. ssh-keygen judges; a good signature is remembered in the git folder by the
sha256 of the object and of the list of signers, so that the next verification of a long history is quick.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import re
import subprocess
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from releaser.core.proof.objects import split_signature, text_of
from releaser.store.git import Git
from releaser.store.signing import ALLOWED_SIGNERS, NAMESPACE, Settings, run_keygen, settings_of

_KEY = re.compile(r"(?:^|\s)((?:sk-)?(?:ssh|ecdsa)-\S+)\s+([A-Za-z0-9+/]+=*)")
_WHEN = re.compile(r"> (\d+) [+-]\d{4}$")
_MAGIC = b"SSHSIG\x00\x00\x00\x01"
_AT_ONCE = 4

Standing = Literal["good", "unsigned", "bad"]


@dataclass(frozen=True, slots=True)
class Judged:
    """What a signature is worth."""

    standing: Standing
    by: str = ""
    """The principal, as the list of signers names it."""
    why: str = ""


def allowed_signers(git: Git, commit: str) -> bytes:
    """The list of who may sign; empty when there is none."""
    found = git.objects([f"{commit}:{git.prefix}{ALLOWED_SIGNERS}"])[0]
    if found is not None:
        return found[1]
    path = settings_of(git).allowed
    with contextlib.suppress(OSError):
        return Path(path).expanduser().read_bytes() if path else b""
    return b""


@dataclass
class Verifier:
    """Judges signatures by one list of signers."""

    git: Git
    allowed: bytes
    _known: dict[str, str] = field(default_factory=dict)

    def judge(self, objects: Mapping[str, bytes]) -> dict[str, Judged]:
        """What each object's signature is worth; ``objects``: id -> the bytes of a commit or a tag."""
        self._known = self._remembered()
        wanted = {oid: raw for oid, raw in objects.items() if self._name(raw) not in self._known}
        settings = settings_of(self.git)
        with tempfile.TemporaryDirectory(prefix="releaser-") as place:
            folder = Path(place)
            list_ = folder / "allowed_signers"
            list_.write_bytes(self.allowed)
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                rows = pool.map(lambda item: _judge(settings, list_, self.allowed, folder, *item), wanted.items())
                found = dict(zip(wanted, rows, strict=True))
        self._remember({self._name(objects[oid]): j.by for oid, j in found.items() if j.standing == "good"})
        return {oid: found.get(oid) or Judged("good", self._known[self._name(raw)]) for oid, raw in objects.items()}

    def _name(self, raw: bytes) -> str:
        return hashlib.sha256(hashlib.sha256(self.allowed).digest() + raw).hexdigest()

    @property
    def _file(self) -> Path:
        return self.git.git_dir / "releaser" / "good-signatures"

    def _remembered(self) -> dict[str, str]:
        with contextlib.suppress(OSError):
            rows = (row.partition(" ") for row in self._file.read_text("utf-8", "replace").splitlines())
            return {name: by for name, _, by in rows if len(name) == 64 and by}
        return {}

    def _remember(self, names: Mapping[str, str]) -> None:
        """Best effort: where the git folder cannot be written, the next verification takes as long as this one."""
        if not names:
            return
        with contextlib.suppress(OSError):
            self._file.parent.mkdir(exist_ok=True)
            rows = "".join(f"{name} {by}\n" for name, by in sorted({**self._known, **names}.items()))
            fresh = self._file.with_name(f"good-signatures.{os.getpid()}")
            fresh.write_text(rows, "utf-8")
            fresh.replace(self._file)


def _judge(settings: Settings, signers: Path, allowed: bytes, folder: Path, oid: str, raw: bytes) -> Judged:
    payload, signature = split_signature(raw)
    if not signature:
        return Judged("unsigned", why="it is not signed")
    file = folder / f"{oid}.sig"
    file.write_bytes(signature)
    when = _time(raw)
    try:
        by = _principal(allowed, signature) or _asked(settings, signers, file, when)
        if not by:
            return Judged("bad", why="it is signed by a key that may not sign")
        verify = ["-Y", "verify", "-f", str(signers), "-I", by, "-n", NAMESPACE, "-s", str(file), *when]
        done = run_keygen(settings, verify, payload)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Judged("bad", why=f"the signature could not be looked at: {error}")
    return Judged("good", by) if done.returncode == 0 else Judged("bad", by, "the signature does not hold")


def _time(raw: bytes) -> list[str]:
    """A key may be good for some time only: judged by when the object says it was made, as git does."""
    text = text_of(raw)
    found = _WHEN.search(text.one("committer") or text.one("tagger"))
    try:
        moment = datetime.fromtimestamp(int(found[1]), UTC) if found else None
    except (OverflowError, OSError, ValueError):
        moment = None
    return [f"-Overify-time={moment:%Y%m%d%H%M%S}"] if moment else []  # in local time: run_keygen's is UTC


def _asked(settings: Settings, signers: Path, signature: Path, when: list[str]) -> str:
    """Whose key ssh-keygen finds: certificates are not listed by their own key."""
    done = run_keygen(settings, ["-Y", "find-principals", "-f", str(signers), "-s", str(signature), *when])
    return done.stdout.decode("utf-8", "replace").split("\n", 1)[0].strip() if done.returncode == 0 else ""


def _principal(allowed: bytes, signature: bytes) -> str:
    """Who the key of a signature is listed for, without a process; empty when that is not plain to see."""
    key = _key_of(signature)
    for line in allowed.decode("utf-8", "replace").splitlines():
        found = _KEY.search(line)
        if found and found[2] == key and not line.lstrip().startswith(("#", '"', "!")):
            return "" if "cert-authority" in line else line.split(None, 1)[0].split(",")[0]
    return ""


def _key_of(signature: bytes) -> str:
    """The public key in a signature (PROTOCOL.sshsig), as a list of signers writes it."""
    armor = b"".join(line for line in signature.split(b"\n") if not line.startswith(b"-----"))
    with contextlib.suppress(ValueError):
        blob = base64.b64decode(armor, validate=False)
        size = int.from_bytes(blob[len(_MAGIC) : len(_MAGIC) + 4], "big")
        if blob.startswith(_MAGIC):
            return base64.b64encode(blob[len(_MAGIC) + 4 : len(_MAGIC) + 4 + size]).decode()
    return ""
