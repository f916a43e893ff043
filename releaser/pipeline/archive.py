"""The evidence of evaluations that the records keep: found by use case, suite and key, whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from releaser.core.errors import ReleaserError
from releaser.core.evaluation.evidence import Evidence, Subject, read_evidence
from releaser.core.evaluation.judgement import Judgement
from releaser.core.evidence_ref import EvidenceRef
from releaser.core.proof.files import compact, sha256
from releaser.core.record import OpenRecord
from releaser.core.shape import ShapeError, plain
from releaser.core.timeline import Account
from releaser.engine.ports import Aws
from releaser.store.evidence import read
from releaser.store.records import Records

PREFIX = "evaluation"
BEFORE = "-before.json"
"""Ends the name of evidence of what was live: a release was compared with it, and it is not the release's own."""


def name_of(found: Evidence, ending: str = ".json") -> str:
    """What a piece of evidence is called beside its record: found by its name, without being read."""
    return f"{PREFIX}-{found.subject.suite}-{found.key[:16]}{ending}"


def bytes_of(found: Evidence) -> bytes:
    """As it is kept."""
    return compact(plain(found)) + b"\n"


def files_of(judgement: Judgement, evidence: Iterable[Evidence]) -> dict[str, bytes]:
    """All that a judgement was made from, as it is kept: name -> bytes."""
    own = {s.key for s in judgement.suites}
    found: dict[str, bytes] = {}
    for one in sorted(evidence, key=lambda e: e.digest):
        ending = ".json" if one.key in own else BEFORE
        name = name_of(one, ending)
        # Several runs of the same thing all count: each is kept.
        found[name_of(one, f"-{one.digest[:8]}{ending}") if name in found else name] = bytes_of(one)
    return found


def is_same(one: Subject, other: Subject) -> bool:
    """Whether two subjects behave the same."""
    return dict(one.behaviour) == dict(other.behaviour) and dict(one.models) == dict(other.models)


@dataclass
class Archive:
    """What the records of some environments say was evaluated. Records are read once for each use case."""

    records: Records
    aws: Aws
    open_: Callable[[str, str], OpenRecord | None] = lambda _environment, _use_case: None
    """(environment, use case) -> the record that is open: what it found so far counts too."""
    _accounts: dict[tuple[str, str], list[Account]] = field(default_factory=dict)

    def under(self, environment: str, use_case: str, suite: str, key: str) -> tuple[Evidence, ...]:
        """All evidence under a key, newest first: every run of the same thing counts, whatever became of it."""
        found = (e for _, e in self._named(environment, use_case, f"{PREFIX}-{suite}-{key[:16]}"))
        return tuple({e.digest: e for e in found if e.key == key}.values())

    def of_same(self, environment: str, subject: Subject) -> tuple[tuple[str, Evidence], ...]:
        """(release, evidence) of the same suite for exactly this behaviour and these models, newest first."""
        rows = self._named(environment, subject.use_case, f"{PREFIX}-{subject.suite}-")
        return tuple((r, e) for r, e in rows if e.subject.suite == subject.suite and is_same(e.subject, subject))

    def everything(self, environment: str, use_case: str) -> Iterator[tuple[str, Evidence]]:
        """(release, its own evidence) of all that was evaluated, newest first."""
        return self._named(environment, use_case, f"{PREFIX}-", is_own=True)

    def _named(
        self, environment: str, use_case: str, start: str, *, is_own: bool = False
    ) -> Iterator[tuple[str, Evidence]]:
        def wanted(found: Mapping[str, EvidenceRef]) -> list[EvidenceRef]:
            names = (n for n in sorted(found) if n.startswith(start))
            return [found[n] for n in names if not (is_own and n.endswith(BEFORE))]

        waiting = self.open_(environment, use_case)
        if waiting:
            for ref in wanted(waiting.evidence):
                yield waiting.opened.release, self._read(ref)
        for account in self._of(environment, use_case):
            for ref in wanted(account.closed.evidence if account.closed else {}):
                yield account.opened.release, self._read(ref)

    def _of(self, environment: str, use_case: str) -> list[Account]:
        place = environment, use_case
        if place not in self._accounts:
            self._accounts[place] = self.records.accounts([use_case], [environment])
        return self._accounts[place]

    def _read(self, ref: EvidenceRef) -> Evidence:
        raw = read(self.records.git, self.records.branch.tip(), self.aws, ref)
        if sha256(raw) != ref.sha256:
            raise ReleaserError(
                f"the evidence {ref.uri} is not what its record names",
                code="G-evidence",
                hint="`releaser audit verify` says what was changed; nothing is judged from it",
            )
        return parsed(raw, ref.uri)


def parsed(raw: bytes, where: str) -> Evidence:
    """Evidence from a file's bytes. Raises ReleaserError for what is not evidence of this format."""
    try:
        return read_evidence(json.loads(raw))
    except (ShapeError, ValueError, RecursionError) as error:
        raise ReleaserError(
            f"{where}: this is no evidence: {str(error)[:300]}",
            code="G-evidence",
            hint="name a file that `evaluate` wrote",
        ) from None
