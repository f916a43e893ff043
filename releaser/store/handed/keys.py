"""Signatures of commits and tags, judged by ssh-keygen where it is installed."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from pathlib import Path
from typing import NamedTuple

from releaser.core.proof.objects import split_signature, text_of
from releaser.core.proof.sequence import Break

_SECONDS = 30
_WHEN = re.compile(r"> (\d{1,11}) [+-]\d{4}$")


class Signatures(NamedTuple):
    """What the signatures are worth. ``unsigned``: places without one; ``note``: why none could be judged."""

    good: tuple[str, ...]
    unsigned: tuple[str, ...]
    bad: tuple[Break, ...]
    note: str


def judge(objects: Mapping[str, bytes], allowed: bytes) -> Signatures:
    """``objects``: place -> the bytes of a commit or tag; ``allowed``: who may sign, in OpenSSH's format."""
    unsigned = tuple(sorted(place for place, raw in objects.items() if not split_signature(raw).signature))
    signed = sorted(set(objects) - set(unsigned))
    program = shutil.which("ssh-keygen")
    if signed and (program is None or not allowed.strip()):
        why = "ssh-keygen is not installed" if program is None else "there is no list of who may sign"
        return Signatures((), unsigned, (), f"{len(signed)} signatures were not judged: {why}")
    with tempfile.TemporaryDirectory() as place, ThreadPoolExecutor(4) as pool:
        folder = Path(place)
        (folder / "allowed").write_bytes(allowed)
        rows = pool.map(lambda i: _judged(program or "", folder, i, signed[i], objects[signed[i]]), range(len(signed)))
        bad = tuple(problem for problem in rows if problem is not None)
    wrong = {problem.path for problem in bad}
    return Signatures(tuple(place for place in signed if place not in wrong), unsigned, bad, "")


def _judged(program: str, folder: Path, number: int, place: str, raw: bytes) -> Break | None:
    payload, signature = split_signature(raw)
    file = folder / str(number)
    file.write_bytes(signature)
    here = ["-f", str(folder / "allowed"), "-s", str(file), *_when(raw)]
    found = _run([program, "-Y", "find-principals", *here], b"")
    if found is None:
        return Break(place, "its signature is by a key that may not sign")
    who = found.decode("utf-8", "replace").split("\n", 1)[0].strip()
    if _run([program, "-Y", "verify", "-n", "git", "-I", who, *here], payload) is None:
        return Break(place, "its signature does not hold")
    return None


def _when(raw: bytes) -> Iterator[str]:
    """A key may be good for some time only: judged by when the object says it was made, as git does."""
    text = text_of(raw)
    found = _WHEN.search(text.one("committer") or text.one("tagger"))
    if found:
        yield f"-Overify-time={datetime.fromtimestamp(int(found[1]), timezone.utc):%Y%m%d%H%M%SZ}"


def _run(command: list[str], send: bytes) -> bytes | None:
    """What it printed; None when it failed."""
    try:
        done = subprocess.run(command, input=send, capture_output=True, timeout=_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
