"""What tests of running suites share: a suite that asks models of the sandbox, in an account of its own."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from world.clock import Clock

from releaser import sandbox
from releaser.aws.client import BotoAws
from releaser.core.address import Address
from releaser.core.evaluation.case import Case
from releaser.core.rubrics import BUILT_IN
from releaser.gates.evaluation.asker import Calls
from releaser.gates.evaluation.judging import Judging, call_of, judging_of
from releaser.gates.evaluation.judging import scorer as judged_by
from releaser.gates.evaluation.limiter import Limiter
from releaser.gates.evaluation.metrics import metric
from releaser.gates.evaluation.ports import Answer, Request, Target
from releaser.gates.evaluation.runner import Ran, Scorer, Spec, run_suite
from releaser.gates.evaluation.targets import Live, Wanted, kind_of
from releaser.store.responses import ResponseFolder

MODEL = "eu.amazon.nova-pro-v1:0"
JUDGE = "eu.amazon.nova-lite-v1:0"
ASKED = "bedrock-runtime.ConverseStream"
_REGION = "eu-central-1"
_ACCOUNTS = itertools.count(1)

Call = Callable[[Request], Answer]


@dataclass(frozen=True)
class Through:
    """A target whose calls are watched, or worse."""

    target: Target
    ask: Call

    def request(self, case: Case) -> Request:
        return self.target.request(case)


def question(number: int) -> Case:
    """A case that the sandbox's model answers rightly."""
    text = f"Context: Card {number} costs {number} EUR.\n\nQuestion: What does card {number} cost?"
    return Case(id=f"c{number:03}", input=text, must_contain=(f"{number} EUR",), digest=f"{number:064x}")


def questions(count: int) -> tuple[Case, ...]:
    return tuple(map(question, range(1, count + 1)))


CONTAINS: Mapping[str, Scorer] = {"contains": lambda case, reply: metric("contains").score(case, reply, {})}


@dataclass(frozen=True)
class Bench:
    """An account of the sandbox, a folder for what it answers, and a clock."""

    box: sandbox.SandboxProcess
    account: str
    folder: Path
    clock: Clock = field(default_factory=Clock)

    @property
    def place(self) -> str:
        return f"{self.account}/{_REGION}"

    @property
    def lane(self) -> str:
        """Of the model that is asked."""
        return f"{self.place}/{MODEL}"

    @property
    def asked(self) -> int:
        """How often models were called, as the service counts."""
        return self.box.admin.calls(self.account).get(ASKED, 0)

    def fault(self, kind: str, **rule: Any) -> None:
        """One more fault of models, in this account."""
        self.box.admin.add_fault(kind, account=self.account, operation="ConverseStream", **rule)

    def client(self, service: str) -> Any:
        return self.box.client(service, self.account)

    def target(self, resources: Mapping[Address, Live] | None = None, **named: str) -> Target:
        """The model, or what is named, as a suite calls it."""
        wanted = Wanted(
            use_case="claims",
            target=named or {"model": "main"},
            runtime=BotoAws(_REGION),
            place=self.place,
            via="published",
            resources=resources or {},
            models={"main": {"modelId": MODEL}},
        )
        kind = kind_of(wanted.target)
        assert kind is not None
        return kind.build(wanted)

    def calls(self, limiter: Limiter | None = None, **settings: Any) -> Calls:
        """The door that all calls of a run go through."""
        return Calls(ResponseFolder(self.folder), limiter or Limiter(self.clock, ceiling=8), self.clock, **settings)

    def judging(self, rubric: str = "correctness", model: str = JUDGE) -> Judging:
        return judging_of(BUILT_IN[rubric], {"modelId": model}, self.place)

    def judge(self, calls: Calls, judging: Judging | None = None, call: Call | None = None) -> Scorer:
        """A judge that asks within the run's limits."""
        asker = calls.asker(call or call_of(BotoAws(_REGION)))
        return judged_by(judging or self.judging(), lambda request: asker.ask(request, 1))

    def run(
        self, cases: tuple[Case, ...], calls: Calls | None = None, target: Target | None = None, **settings: Any
    ) -> Ran:
        """Runs a suite of these cases."""
        log = settings.pop("log", None)
        spec = Spec(suite="quality", run="run-1", cases=cases, **{"scorers": CONTAINS, **settings})
        return run_suite(spec, target or self.target(), calls or self.calls(), log=log)


@contextmanager
def benched(box: sandbox.SandboxProcess, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """A bench in an account that nobody else uses; the door to AWS leads there."""
    account = f"8{os.getpid() % 100_000:05d}{next(_ACCOUNTS):06d}"
    for name, value in box.env(account, _REGION).items():
        monkeypatch.setenv(name, value)
    yield Bench(box, account, folder / "responses")
    box.admin.clear_faults()
