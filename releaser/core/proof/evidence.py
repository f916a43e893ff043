"""Evidence beside a record: named by its digest, kept as a file or elsewhere, or erased with a tombstone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from releaser.core.proof.files import parsed, pretty, sha256

EVIDENCE_FOLDER = "evidence"
ERASED = ".erased.json"
TOMBSTONE = "releaser.erasure/v1"
EVIDENCE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_EVIDENCE_FILE = re.compile(r"[^/]+/[^/]+/[^/]+/" + EVIDENCE_FOLDER + r"/[0-9a-f]{64}-[^/]+")

_NAMES_EVIDENCE = re.compile(r"[^/]+/[^/]+/[^/]+/(closed|staged|staged-[0-9]+)\.json")


class NamedEvidence(NamedTuple):
    """A piece of evidence as an entry of a record names it. ``uri`` is a path on the branch, or has ``://`` in it."""

    entry: str
    name: str
    uri: str
    sha256: str
    size: int

    @property
    def path(self) -> str:
        """Where it is kept on the branch, or would be: its tombstone stands beside that."""
        return evidence_path(self.entry.rpartition("/")[0], self.sha256, self.name)

    @property
    def is_here(self) -> bool:
        return "://" not in self.uri


def evidence_path(folder: str, digest: str, name: str) -> str:
    """Where a record's evidence is kept on the branch."""
    return f"{folder}/{EVIDENCE_FOLDER}/{digest}-{name}"


def is_evidence(path: str) -> bool:
    """Whether a file is evidence, or the tombstone of evidence."""
    return _EVIDENCE_FILE.fullmatch(path) is not None


def tombstone_of(path: str) -> str:
    """The file that stands where this one was erased; empty for a path that is no evidence."""
    return path + ERASED if is_evidence(path) and not path.endswith(ERASED) else ""


def names_evidence(path: str) -> bool:
    """Whether a file is an entry that names evidence: of what ended, or of what waits."""
    return _NAMES_EVIDENCE.fullmatch(path) is not None


def named_evidence(entry: str, closed: Mapping[str, Any]) -> list[NamedEvidence]:
    """What an entry names. Raises ValueError for what is not of the format."""
    refs: Any = closed.get("evidence", {})
    if not isinstance(refs, dict) or not all(_is_named(name, ref) for name, ref in refs.items()):
        raise ValueError("the evidence is not named as a record names it")
    return [NamedEvidence(entry, name, r["uri"], r["sha256"], r["size"]) for name, r in refs.items()]


def _is_named(name: str, ref: Any) -> bool:
    texts = isinstance(ref, dict) and all(isinstance(ref.get(key), str) for key in ("uri", "sha256"))
    return texts and isinstance(ref.get("size"), int) and EVIDENCE_NAME.fullmatch(name) is not None


def evidence_problems(
    files: Mapping[str, bytes], closings: Mapping[str, Mapping[str, Any]]
) -> Iterator[tuple[str, str]]:
    """What is wrong with the evidence of one sequence: (path, reason).

    ``closings``: path of each entry that names evidence -> its data. Evidence that is kept elsewhere is not looked at
    here, only its tombstone.
    """
    named: dict[str, NamedEvidence] = {}
    for entry, closed in closings.items():
        try:
            named.update((one.path, one) for one in named_evidence(entry, closed))
        except ValueError as error:
            yield entry, str(error)
    here = {path: raw for path, raw in files.items() if is_evidence(path)}
    stones = {path for path in here if path.endswith(ERASED)}
    for path in sorted(here.keys() - stones - named.keys()):
        yield path, "no entry names this file"
    for path in sorted(stones):
        one = named.get(path[: -len(ERASED)])
        if one is None or not is_tombstone(here[path], one):
            yield path, "the tombstone is not that of evidence which an entry names"
    for path, one in sorted(named.items()):
        yield from _kept_evidence(path, one, here, stones)


def _kept_evidence(
    path: str, one: NamedEvidence, here: Mapping[str, bytes], stones: set[str]
) -> Iterator[tuple[str, str]]:
    raw = here.get(path)
    if one.is_here and one.uri != path:
        yield one.entry, f"it names evidence in another place than its own: {one.uri}"
    elif raw is None:
        if one.is_here and tombstone_of(path) not in stones:
            yield path, "the evidence is missing"
    elif sha256(raw) != one.sha256 or len(raw) != one.size:
        yield path, "the evidence is not what the record names"


def is_tombstone(raw: bytes, of: NamedEvidence) -> bool:
    """Whether these bytes are the tombstone of that evidence: whole, and laid out as we write it."""
    data = parsed(raw, TOMBSTONE)
    texts = all(isinstance(data.get(key), str) and data[key] for key in ("uri", "sha256", "by", "why", "at"))
    return bool(data) and texts and (data["uri"], data["sha256"]) == (of.uri, of.sha256) and pretty(data) == raw


def erased_digests(files: Iterable[str]) -> dict[str, str]:
    """Path of evidence that was erased -> the sha256 that it had, which its name says."""
    stones = (path[: -len(ERASED)] for path in files if is_evidence(path) and path.endswith(ERASED))
    return {path: path.rpartition("/")[2][:64] for path in stones}
