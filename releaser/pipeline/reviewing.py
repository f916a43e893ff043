"""Sheets for people: the answers that wait for a review. Filled in, a sheet is a file of reviews."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from releaser.core.errors import ReleaserError, WrongUsage
from releaser.core.evaluation.case import Case
from releaser.core.evaluation.evidence import Evidence
from releaser.core.evaluation.judgement import Judgement
from releaser.core.values import thaw
from releaser.engine.ports import Aws
from releaser.gates.evaluation.datasets import LfsObjects, load
from releaser.gates.evaluation.human import reviewed
from releaser.pipeline.telling import say

CasesOf = Callable[[str], Mapping[str, Case]]
"""Suite -> its cases by id, as far as they can be read here."""
Texts = Callable[[str], str | None]


def sheets_of(spec: Mapping[str, Any], suites: Iterable[str], path: Path) -> dict[str, Path]:
    """Name under ``humanReviews`` -> its sheet: the path itself; with several, each has its name before the ending.
    Raises WrongUsage where nobody reviews anything, and for a file that is there: it may hold somebody's work."""
    names = sorted({name for suite in suites for name in _reviewed_by(spec, suite).values()})
    if not names:
        raise WrongUsage(
            "people score no metric of these suites", code="P225", hint="a metric names its reviews as `human`"
        )
    found = {n: path if len(names) == 1 else path.with_name(f"{path.stem}-{n}{path.suffix}") for n in names}
    for sheet in found.values():
        if sheet.exists():
            raise WrongUsage(f"{sheet} is there already, perhaps filled in", hint="name another file")
    return found


def own(judgement: Judgement, evidence: Iterable[Evidence]) -> dict[str, list[Evidence]]:
    """Suite -> the evidence that was judged; what it was compared with is nobody's to review."""
    found: dict[str, list[Evidence]] = {s.suite: [] for s in judgement.suites}
    keys = {s.key for s in judgement.suites}
    for one in evidence:
        if one.key in keys:
            found[one.subject.suite].append(one)
    return found


def reader_of(spec: Mapping[str, Any], files: Mapping[str, bytes], aws: Aws | None, objects: LfsObjects) -> CasesOf:
    """Reads data sets. What cannot be read here is said, and its inputs are left out."""

    def cases_of(suite: str) -> Mapping[str, Case]:
        name = str(spec["evaluation"]["suites"][suite].get("dataset") or "")
        declared = (spec.get("datasets") or {}).get(name)
        try:
            return {c.id: c for c in load(name, declared, files, aws, objects).cases} if declared else {}
        except ReleaserError as error:
            say(f"{suite}: the sheet shows no input: {error}")
            return {}

    return cases_of


def write(
    sheets: Mapping[str, Path],
    spec: Mapping[str, Any],
    evidence: Mapping[str, Sequence[Evidence]],
    reviews: Mapping[str, bytes],
    cases_of: CasesOf,
    texts: Texts,
) -> None:
    """Each sheet with the answers that nobody reviewed yet; none where there is no such answer. ``evidence``: by suite;
    ``reviews``: path -> what was written so far. Raises ReleaserError."""
    for name, sheet in sheets.items():
        place = str(spec["evaluation"]["humanReviews"][name]["path"])
        rows: dict[tuple[str, str], dict[str, Any]] = {}
        for suite, found in evidence.items():
            metrics = [metric for metric, by in _reviewed_by(spec, suite).items() if by == name]
            cases = cases_of(suite) if metrics else {}
            for metric in metrics:
                for row in waiting(found, metric, reviews.get(place, b""), cases, texts):
                    rows.setdefault((row["case"], row["response"]), row)
        if not rows:
            say(f"to review for {name}: nothing")
            continue
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows.values())
        try:
            with sheet.open("x", encoding="utf-8") as file:
                file.write(lines)
        except OSError as error:
            hint = "choose another place, or free the disk"
            raise ReleaserError(f"{sheet}: {error.strerror}", code="R001", hint=hint) from None
        say(f"to review for {name}: {sheet} (answers: {len(rows)}); filled in, its lines belong into {place}")


def waiting(
    evidence: Sequence[Evidence], metric: str, reviews: bytes, cases: Mapping[str, Case], texts: Texts
) -> Iterator[dict[str, Any]]:
    """One row for every case that waits for a review, of its first answer. A case without an answer has none."""
    counted = {c.id: c.digest for e in evidence for c in e.cases}
    first: dict[str, str] = {}
    for seen in sorted((o for e in evidence for o in e.observations if o.response), key=lambda o: o.repeat):
        first.setdefault(seen.case, seen.response)
    for case in reviewed(evidence, metric, reviews)[1].missing:
        if case not in first:
            continue
        row: dict[str, Any] = {"case": case}
        if case in cases and cases[case].digest == counted[case]:
            row["input"] = thaw(cases[case].input)
        answer = texts(first[case])
        if answer is not None:
            row["answer"] = answer
        yield {**row, "response": first[case], "by": "", "score": None}


def _reviewed_by(spec: Mapping[str, Any], suite: str) -> dict[str, str]:
    """Metric -> the name of its reviews."""
    evaluation = spec.get("evaluation") or {}
    metrics = ((evaluation.get("suites") or {}).get(suite) or {}).get("metrics") or {}
    declared = evaluation.get("humanReviews") or {}
    return {metric: str(m["human"]) for metric, m in metrics.items() if m.get("human") in declared}
