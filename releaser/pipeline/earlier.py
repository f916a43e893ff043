"""What earlier evidence of the same thing knows: what was answered is not asked again, wherever it was asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from releaser.core.errors import ReleaserError
from releaser.core.evaluation.case import Case
from releaser.core.evaluation.evidence import Agreement, Evidence, Observation, Subject
from releaser.gates.evaluation.asker import key_of
from releaser.gates.evaluation.checkpoint import Checkpoint, Entry
from releaser.gates.evaluation.ports import Refusal, Target
from releaser.gates.evaluation.runner import Ran
from releaser.pipeline.suites import SuitePlan


def is_whole(evidence: Evidence, repeats: int) -> bool:
    """Whether every case was answered as often as asked, and every answer has its scores."""
    answered = {(o.case, o.repeat) for o in evidence.observations if o.response and not o.unscored}
    if any(a.trouble for rows in evidence.calibrations.values() for a in rows):
        return False
    return evidence.run.complete and all((c.id, r) in answered for c in evidence.cases for r in range(1, repeats + 1))


def is_like(evidence: Evidence, plan: SuitePlan) -> bool:
    """Whether it was asked and judged in the same way. Judges that compare do it with another release each time."""
    return _way(evidence.subject) == _way(plan.subject)


def _way(subject: Subject) -> tuple[Any, ...]:
    pairs = {metric for metric, judge in subject.judges.items() if judge.compares}
    alone = ({m: v for m, v in found.items() if m not in pairs} for found in (subject.evaluators, subject.judges))
    return (subject.dataset, *alone)


def answered(earlier: Iterable[Evidence]) -> dict[tuple[str, int], Observation]:
    found: dict[tuple[str, int], Observation] = {}
    for evidence in earlier:
        for one in evidence.observations:
            if one.response:
                found.setdefault((one.case, one.repeat), one)
    return found


def agreed(earlier: Iterable[Evidence], metric: str) -> dict[str, Agreement]:
    """Labelled answer -> what the judge said of it: it is not asked until it agrees."""
    found: dict[str, Agreement] = {}
    for evidence in earlier:
        for one in evidence.calibrations.get(metric, ()):
            if not one.trouble:
                found.setdefault(one.case, one)
    return found


def together(ran: Ran, earlier: Iterable[Evidence], repeats: int) -> tuple[Observation, ...]:
    """Those of this run, and every other answer that an earlier run had to the same question."""
    found = {(o.case, o.repeat, o.run): o for o in ran.observations}
    for evidence in earlier:
        for one in evidence.observations:
            if one.response and not one.unscored and one.repeat <= repeats:
                found.setdefault((one.case, one.repeat, one.run), one)
    return tuple(found[key] for key in sorted(found))


def checkpoint_at(path: Path, key: str) -> Checkpoint:
    try:
        return Checkpoint(path, key)
    except (ValueError, OSError) as error:
        raise ReleaserError(
            f"the evaluation cannot note what it has done: {error}",
            code="P229",
            hint="wait for the other run in this clone; or free the disk; a broken file may be deleted",
        ) from None


class Earlier:
    """A log that also knows what earlier evidence has: the same question, asked of the same thing, is answered."""

    def __init__(
        self,
        log: Checkpoint,
        known: Mapping[tuple[str, int], Observation],
        target: Target,
        cases: Mapping[str, Case],
    ) -> None:
        self._log, self._known, self._target, self._cases = log, known, target, cases

    def known(self, case: str, repeat: int) -> Entry | None:
        found = self._known.get((case, repeat))
        if found is None:
            return self._log.known(case, repeat)
        try:
            key = key_of(self._target.request(self._cases[case]), repeat)
        except (Refusal, TypeError, ValueError):
            return self._log.known(case, repeat)
        return Entry(key, found)

    def write(self, entry: Entry) -> None:
        self._log.write(entry)
