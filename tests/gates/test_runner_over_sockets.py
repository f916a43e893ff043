"""Suites are run over real sockets: killed at any moment, and with faults of the service.

What is promised: an answer that had arrived and was noted is never asked for again. A call that was under way when the
process was killed may be asked again, since nobody knows what came of it: at most as many as may run at once, a kill.
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest

from releaser import sandbox
from releaser.aws.client import BotoAws
from releaser.aws.runtime import SpeakingOnly
from releaser.aws.session import SystemClock
from releaser.core.address import Address
from releaser.core.evaluation.case import Case
from releaser.core.evaluation.evidence import FORMAT, CaseFacts, Evidence, Subject
from releaser.core.evaluation.judgement import SuiteVerdict, Threshold
from releaser.core.evaluation.response import Response
from releaser.core.gate import Result
from releaser.core.values import digest
from releaser.gates.evaluation.asker import TRIES, Calls, key_of
from releaser.gates.evaluation.checkpoint import Checkpoint
from releaser.gates.evaluation.limiter import Limiter
from releaser.gates.evaluation.ports import Target
from releaser.gates.evaluation.runner import Ran, Spec, run_suite
from releaser.gates.evaluation.targets import Live, Wanted, kind_of
from releaser.gates.evaluation.verdict import judge_suite
from releaser.store.responses import ResponseFolder

FULL = os.environ.get("RELEASER_LAWS") == "full"
REGION, MODEL = "eu-central-1", "amazon.nova-lite-v1:0"
TEXT = "Context:\nA card costs {{price}} EUR. The desk opens at nine.\n\nQuestion: {{question}}"
CASES, AT_ONCE = 60, 6
_ACCOUNTS = itertools.count(1)
PACE = 0.06
"""Seconds that a model takes: long against all else, so that a kill meets calls that are under way."""


@dataclass(frozen=True, slots=True)
class Place:
    """A published prompt of the sandbox, and where the answers of one life of a suite are kept."""

    account: str
    prompt: Live
    folder: Path

    def target(self) -> Target:
        """The prompt, called through boto3."""
        runtime = SpeakingOnly(BotoAws(REGION))
        resources = {Address("claims", "prompt", "x"): self.prompt}
        found = Wanted("claims", {"prompt": "x"}, runtime, f"{self.account}/{REGION}", "published", resources, {})
        kind = kind_of(found.target)
        assert kind is not None
        return kind.build(found)

    def run(self, cases: int = CASES, tries: int = TRIES) -> Ran:
        """The suite, or what is left of it."""
        clock, responses = SystemClock(), ResponseFolder(self.folder / "responses", pytest.fail)
        limiter = Limiter(clock, ceiling=AT_ONCE, start=AT_ONCE, cool_down=0.02)
        calls = Calls(responses, limiter, clock, tries=tries, backoff=lambda attempt: 0.01 * attempt)
        with Checkpoint(self.folder / "checkpoint.jsonl", "k") as log:
            return run_suite(spec_of(cases), self.target(), calls, log=log)

    def evidence(self, ran: Ran) -> Evidence:
        """Of a run, as it is kept."""
        subject = Subject(
            use_case="claims", suite="quality", region=REGION, via="published", target={"prompt": "x"},
            behaviour={}, models={}, dataset="d", evaluators={"exactMatch": "1"},
        )  # fmt: skip
        return Evidence(
            format=FORMAT,
            key=subject.key,
            subject=subject,
            tool_version="0",
            seed=0,
            cases=tuple(CaseFacts(id=c.id, digest=c.digest, metrics=("exactMatch",)) for c in ran.cases),
            observations=ran.observations,
            responses=ResponseFolder(self.folder / "responses").listing(),
            run=ran.facts(actor="a", trigger="t"),
        )


def spec_of(count: int) -> Spec:
    """Cases of which no two say the same, and a tenth of which the prompt gets wrong."""

    def case(number: int) -> Case:
        given = {"question": "What does a card cost?", "price": str(number)}
        expected = f"A card costs {number if number % 10 else 'nothing'} EUR."
        return Case(id=f"c{number:03}", input=given, expected=expected, digest=digest(given))

    def matches(case: Case, response: Response) -> float:
        return float(response.text == case.expected)

    return Spec(suite="quality", run="r", cases=[case(n) for n in range(count)], scorers={"exactMatch": matches})


@pytest.fixture(scope="module")
def box() -> Iterator[sandbox.SandboxProcess]:
    """A sandbox in a process of its own, at AWS's pace and without limits."""
    with sandbox.running(time_scale=1) as process:
        process.admin.set_rates({"*": None})
        yield process


@pytest.fixture
def place_in(box: sandbox.SandboxProcess, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path], Place]]:
    """Makes places in an account of its own, to which the door leads."""
    account = f"7272{next(_ACCOUNTS):08d}"
    box.admin.set_model_pace(0, 0)
    for name, value in box.env(account, REGION).items():
        monkeypatch.setenv(name, value)
    names = [{"name": "question"}, {"name": "price"}]
    template = {"text": {"text": TEXT, "inputVariables": names}}
    variant = {"name": "v", "templateType": "TEXT", "templateConfiguration": template, "modelId": MODEL}
    agents = box.client("bedrock-agent", account)
    made = agents.create_prompt(name="p", variants=[variant], defaultVariant="v")
    version = agents.create_prompt_version(promptIdentifier=made["id"])["version"]
    prompt = Live(made["id"], made["arn"], version, {"defaultVariant": "v", "variants": [variant]})
    yield lambda folder: Place(account, prompt, folder)
    box.admin.clear_faults()


# -- kills -------------------------------------------------------------------------------------------------------------


def paid(box: sandbox.SandboxProcess, account: str) -> list[str]:
    """The questions that the sandbox answered, in order: every one of them costs, whether its answer arrived or not."""
    rows = (r for r in box.admin.log(5000, account) if r["operation"] == "bedrock-runtime.ConverseStream")
    return [r["asked"] for r in rows if r["status"] == 200]


def live(place: Place, environment: dict[str, str]) -> None:
    """One life of the suite."""
    os.environ.update(environment)
    place.run()


def started(place: Place, environment: dict[str, str]) -> BaseProcess:
    """The suite in a process of its own, forked from one that never ran anything."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["boto3", "releaser.aws.client", "releaser.gates.evaluation.targets"])
    child = context.Process(target=live, args=(place, environment), daemon=True)
    child.start()
    return child


def kill_at(box: sandbox.SandboxProcess, place: Place, moment: int, stall: int) -> None:
    """SIGKILL as soon as so many more answers are kept; after ``stall`` calls nothing is answered any more, so that no
    suite is faster than its kill."""
    keys, deadline = place.folder / "responses" / "keys", time.monotonic() + 20

    def files() -> int:
        return len(list(keys.glob("??/*.json")))

    until = files() + moment
    box.admin.add_fault("hang-after", account=place.account, operation="ConverseStream", skip=stall, times=None)
    child = started(place, box.env(place.account, REGION))
    while files() < until:
        assert child.is_alive(), "it ended before it was killed"
        assert time.monotonic() < deadline, "it came to nothing"
        time.sleep(0.001)
    child.kill()
    child.join(10)
    time.sleep(3 * PACE)  # what was sent before it died has been answered then
    box.admin.clear_faults()


def kept(place: Place) -> int:
    """How many cases have an answer that is kept."""
    folder, target = ResponseFolder(place.folder / "responses", pytest.fail), place.target()
    return sum(folder.get(key_of(target.request(c), 1)) is not None for c in spec_of(CASES).cases)


@pytest.mark.parametrize("seed", range(12 if FULL else 2))
def test_a_killed_run_goes_on_and_pays_for_no_answer_twice(
    box: sandbox.SandboxProcess, place_in: Callable[[Path], Place], tmp_path: Path, seed: int
) -> None:
    whole = place_in(tmp_path / "whole")
    untouched = whole.evidence(whole.run())
    before = paid(box, whole.account)
    assert len(set(before)) == len(before) == CASES, "no two cases ask the same"

    box.admin.set_model_pace(PACE, 0)
    place, draw, kills = place_in(tmp_path / "killed"), random.Random(seed), list[tuple[int, int]]()
    for _ in range(4):
        stall = draw.randint(1, CASES // 5)
        kill_at(box, place, draw.randint(0, stall), stall)
        kills.append((len(paid(box, whole.account)), kept(place)))
    resumed = place.run()
    assert place.evidence(resumed).digest == untouched.digest
    assert resumed.calls == CASES - kills[-1][1]

    everything = paid(box, whole.account)
    for answered, known in kills:
        # What was not kept had to be asked, so the numbers are equal only if nothing that was kept was asked again.
        assert len(set(everything[answered:])) == CASES - known
    times = Counter(everything[CASES:])
    assert set(times) == set(before)
    again = sum(times.values()) - CASES
    assert again == sum(n - 1 for n in times.values()) <= len(kills) * AT_ONCE
    print(f"{again} calls that were under way at {len(kills)} kills were made again")


# -- faults ------------------------------------------------------------------------------------------------------------

SHARES: tuple[dict[str, Any], ...] = (
    {"kind": "throttle", "share": 0.1, "retryAfter": 0.02},
    {"kind": "error", "share": 0.01, "code": "ServiceUnavailableException"},
    {"kind": "error", "share": 0.01, "code": "InternalServerException"},
    {"kind": "truncate", "share": 0.004, "form": "short"},
    {"kind": "truncate", "share": 0.003, "form": "cut"},
    {"kind": "stream-exception", "share": 0.003, "code": "modelStreamErrorException"},
)
"""10 % throttles, 2 % errors of the service, 1 % streams that are cut: with and without a sign of it."""
FLOORS = (0.8, 0.95)
"""What a prompt that is wrong in a tenth of the cases keeps, and what it does not."""


def verdicts(evidence: Evidence) -> list[SuiteVerdict]:
    """By each floor; without the digest of what it was made from."""
    found = [
        judge_suite([evidence], [Threshold(suite="quality", metric="exactMatch", floor=floor)], None, "")
        for floor in FLOORS
    ]
    return [replace(one, evidence=()) for one in found]


def troubled(ran: Ran) -> int:
    """How many cases have no answer."""
    return sum(o.trouble is not None for o in ran.observations)


@pytest.mark.parametrize("worse", [1, 4] if FULL else [1])
@pytest.mark.parametrize("seed", range(12 if FULL else 2))
def test_faults_change_no_verdict_or_make_it_an_error(
    box: sandbox.SandboxProcess, place_in: Callable[[Path], Place], tmp_path: Path, seed: int, worse: int
) -> None:
    """``worse``: the shares times so much."""
    count = 160
    clean = place_in(tmp_path / "clean")
    untouched = clean.evidence(clean.run(count))
    assert [v.result for v in verdicts(untouched)] == [Result.PASS, Result.FAIL]

    def disturb() -> None:
        box.admin.clear_faults()
        for number, rule in enumerate(SHARES):
            more = {"share": rule["share"] * worse, "seed": seed * len(SHARES) + number}
            box.admin.add_fault(account=clean.account, operation="ConverseStream", **(rule | more))

    disturb()
    patient = place_in(tmp_path / "patient")
    ran = patient.run(count)
    hit, lost = {one["requestId"] for one in box.admin.fired()}, troubled(ran)
    assert worse == 1 or {"throttle", "error", "truncate"} <= {one["kind"] for one in box.admin.fired()}
    assert ran.calls == count - lost + len(hit), "a reply that was cut passed for a whole one"
    if lost:
        assert worse > 1 and [v.result for v in verdicts(patient.evidence(ran))] == [Result.ERROR] * 2
    else:
        assert patient.evidence(ran).digest == untouched.digest
        assert verdicts(patient.evidence(ran)) == verdicts(untouched)

    disturb()
    impatient = place_in(tmp_path / "impatient")
    ran = impatient.run(count, tries=1)
    hit = {one["requestId"] for one in box.admin.fired()}
    assert troubled(ran) == len(hit) > 5
    assert [v.result for v in verdicts(impatient.evidence(ran))] == [Result.ERROR] * 2
    box.admin.clear_faults()
    assert impatient.evidence(impatient.run(count)).digest == untouched.digest, "only what had a trouble is asked again"
