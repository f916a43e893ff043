"""What tests of evaluations share: a use case with a suite, its gate, and models that change their mind."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from gates.evidence_maker import evidence as made
from world import manifest
from world.repository import Repository

from releaser.aws.session import SystemClock
from releaser.cli.app import run
from releaser.core.evaluation.case import Case
from releaser.core.evaluation.evidence import Evidence
from releaser.core.evaluation.response import Response, Timing, Usage
from releaser.core.rubrics import BUILT_IN
from releaser.core.shape import plain
from releaser.gates.evaluation.asker import Calls
from releaser.gates.evaluation.judging import judging_of
from releaser.gates.evaluation.limiter import Limiter
from releaser.gates.evaluation.ports import Answer, Request
from releaser.gates.evaluation.runner import Ran
from releaser.store.responses import ResponseFolder

Metrics = Mapping[str, Mapping[str, Any]]
FLOOR: Metrics = {"exactMatch": {"floor": 0.9, "tier": "critical"}}
JUDGING = judging_of(BUILT_IN["correctness"], {"modelId": "eu.amazon.nova-pro-v1:0"}, "111111111111/eu-central-1")


@dataclass(frozen=True)
class Said:
    """The gate's exit code and its judgement."""

    code: int
    judgement: Mapping[str, Any]

    @property
    def verdict(self) -> str:
        return str(self.judgement["verdict"])

    @property
    def metric(self) -> Mapping[str, Any]:
        """Of a suite with one metric: its row."""
        (found,) = self.judgement["metrics"]
        return dict(found)

    @property
    def worst(self) -> list[str]:
        """The cases that are shown first."""
        return [s["case"] for s in self.judgement["suites"][0]["metrics"][0]["worst"]]


@dataclass(frozen=True)
class Office:
    """A folder with the use case ``answers``, and files of evidence."""

    root: Path
    capsys: pytest.CaptureFixture[str]

    def file(self, found: Evidence | str) -> Path:
        """Where a piece of evidence lies; as text it is written as it is."""
        text = found if isinstance(found, str) else json.dumps(plain(found))
        path = self.root / f"{hashlib.sha256(text.encode()).hexdigest()[:12]}.json"
        path.write_text(text)
        return path

    def gate(self, *found: Evidence | str, metrics: Metrics = FLOOR, baseline: Sequence[Evidence] = ()) -> Said:
        """``releaser gate`` under these metrics of the suite ``quality``."""
        suite = {"target": {"prompt": "answer"}, "metrics": dict(metrics)}
        document = manifest.use_case("answers", evaluation={"suites": {"quality": suite}})
        place = self.root / "manifests" / "answers" / "manifest.yaml"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(manifest.text(document))
        files = [("--evidence", e) for e in found] + [("--baseline", e) for e in baseline]
        words = [word for option, e in files for word in (option, str(self.file(e)))]
        code = run(["gate", *words, "--output", "json", "--root", str(self.root)])
        out = self.capsys.readouterr().out
        return Said(code, json.loads(out) if out else {})


class Moody:
    """A model that says something else each time, and counts how often it is asked."""

    def __init__(self, says: Callable[[int], str] = lambda nth: f"answer {nth}") -> None:
        self.asked = 0
        self._says, self._lock = says, threading.Lock()

    def request(self, case: Case) -> Request:
        return Request("1/eu/m", "Converse", {"text": case.input, "model": "m"})

    def ask(self, request: Request) -> Answer:
        with self._lock:
            self.asked += 1
            text = self._says(self.asked)
        usage = Usage(input_tokens=6, output_tokens=4)
        return Answer(Response(text=text, stop_reason="end_turn", usage=usage), Timing(last_token=500.0))


def verdict(score: float) -> str:
    """What a judge says, in the form that it was asked for."""
    return json.dumps({"score": score, "reason": "read it"})


def cases_of(count: int) -> tuple[Case, ...]:
    return tuple(Case(id=f"c{n:03d}", input=f"question {n}", digest=f"{n:064x}") for n in range(count))


def calls_of(folder: Path, *, at_once: int = 4, tries: int = 1) -> Calls:
    """The door to models, with its store of responses on the disk."""
    clock = SystemClock()
    return Calls(ResponseFolder(folder), Limiter(clock, ceiling=at_once), clock, tries=tries)


def kept(ran: Ran, metric: str) -> Evidence:
    """The evidence of a run that has one metric."""
    shell = made({c.id: [] for c in ran.cases}, metric=metric)
    facts = ran.facts(actor="ci", trigger="merge")
    return replace(shell, observations=ran.observations, run=facts)


def lines(rows: Iterable[Mapping[str, Any]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def bring(repo: Repository, wrong: Iterable[int] = (), *, text: str = "", count: int = 120) -> str:
    """Commits the use case ``mail``, whose suite judges results that were brought. Returns the data set's sha256."""
    bad = set(wrong)
    golden = ({"id": f"c{i:03}", "input": {"letter": f"letter {i}"}, "mustContain": ["yes"]} for i in range(count))
    said = ({"id": f"c{i:03}", "output": "no" if i in bad else "yes"} for i in range(count))
    files = {"golden": lines(golden), "said": lines(said)}
    sha = {name: hashlib.sha256(content.encode()).hexdigest() for name, content in files.items()}
    metrics = {"contains": {"floor": 0.9, "tier": "critical"}}
    suite = {"target": {"results": "said"}, "dataset": "golden", "metrics": metrics}
    datasets = {name: {"path": f"data/{name}.jsonl", "sha256": sha[name]} for name in files}
    document = manifest.use_case(datasets=datasets, evaluation={"suites": {"quality": suite}})
    document["spec"]["governance"]["riskTier"] = "limited"
    repo.declare(document, {"answer": f"Answer the letter. {text}\n\n{{{{letter}}}}\n"})
    for name, content in files.items():
        repo.write(f"manifests/mail/data/{name}.jsonl", content)
    repo.commit()
    return sha["golden"]
