"""Runs of suites: throttles, timeouts, limits, ends."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from complaints.asking import CONTAINS, MODEL, Bench, Call, Through, question, questions
from complaints.suites import kept
from releaser.aws import client
from releaser.aws.client import BotoAws
from releaser.core.evaluation.case import Case
from releaser.core.evaluation.judgement import SuiteVerdict, Threshold
from releaser.core.evaluation.response import Response
from releaser.core.gate import Result
from releaser.gates.evaluation.asker import TRIES
from releaser.gates.evaluation.checkpoint import Checkpoint, Entry
from releaser.gates.evaluation.judging import call_of
from releaser.gates.evaluation.limiter import Limiter
from releaser.gates.evaluation.ports import Answer, Refusal, Request
from releaser.gates.evaluation.runner import Ran
from releaser.gates.evaluation.verdict import judge_suite


def judged(ran: Ran, metric: str, floor: float = 0.8) -> SuiteVerdict:
    """What the gate says of a run with one metric."""
    return judge_suite([kept(ran, metric)], [Threshold(suite="quality", metric=metric, floor=floor)], None, "")


def troubles(ran: Ran) -> Counter[str | None]:
    return Counter(o.trouble for o in ran.observations)


# -- throttled


def test_promptfoo_1508_a_throttled_judge_fails_no_case(bench: Bench) -> None:
    bench.fault("throttle", times=None, param={"modelId": bench.judging().model})
    calls = bench.calls()
    ran = bench.run(questions(8), calls, scorers={"correctness": bench.judge(calls)})
    found = judged(ran, "correctness")
    assert troubles(ran) == {None: 8}, "the target was not throttled"
    assert found.result is Result.ERROR
    assert "the judge gave no answer (throttled)" in found.reason, found.reason


def test_promptfoo_121_a_rate_limit_ends_no_run(bench: Bench) -> None:
    for skip in (5, 25):
        bench.fault("throttle", skip=skip, times=4)
    ran = bench.run(questions(40))
    assert (troubles(ran), ran.complete, ran.throttles) == ({None: 40}, True, 8)
    assert judged(ran, "contains").result is Result.PASS


def test_ragas_2061_nobody_calls_before_the_service_said_so(bench: Bench) -> None:
    """Without the word of the service it would be less than three seconds."""
    bench.fault("throttle", retryAfter=17)
    ran = bench.run(questions(4))
    assert troubles(ran) == {None: 4}
    assert 17 <= bench.clock.at < 21


def test_mlflow_18212_all_judges_of_a_model_share_its_limit(bench: Bench) -> None:
    """The lane of the model takes two calls: from the target and from three judges together."""
    calls = bench.calls(Limiter(bench.clock, ceiling=8, ceilings={bench.lane: 2}))
    running = most = 0
    lock = threading.Lock()

    def counted(call: Call) -> Call:
        def ask(request: Request) -> Answer:
            nonlocal running, most
            with lock:
                running += 1
                most = max(most, running)
            time.sleep(0.003)
            try:
                return call(request)
            finally:
                with lock:
                    running -= 1

        return ask

    target, judge = bench.target(), counted(call_of(BotoAws("eu-central-1")))
    judges = {name: bench.judge(calls, bench.judging(name, MODEL), judge) for name in RUBRICS}
    ran = bench.run(questions(16), calls, Through(target, counted(target.ask)), scorers=judges)
    assert ran.calls == bench.asked == 16 * (1 + len(RUBRICS))
    assert most == 2


RUBRICS = ("correctness", "faithfulness", "helpfulness")


def test_mlflow_24404_the_limiter_hears_every_throttle(bench: Bench) -> None:
    bench.fault("throttle", skip=3, times=4)
    ran = bench.run(questions(12))
    assert (ran.throttles, ran.calls, bench.asked) == (4, 16, 16)


def test_langfuse_5338_a_throttle_is_tried_again(bench: Bench) -> None:
    bench.fault("error", code="ThrottlingException", status=400)
    bench.fault("stream-exception", code="throttlingException", skip=1)
    ran = bench.run(questions(1))
    assert troubles(ran) == {None: 1}
    assert (ran.throttles, bench.asked) == (2, 3)


# -- no answer


def test_ragas_1519_a_case_that_times_out_is_not_left_out(bench: Bench) -> None:
    """The other 39 would have passed."""
    text = question(7).input
    bench.fault("error", times=None, code="ModelTimeoutException", param={"messages.0.content.0.text": text})
    ran = bench.run(questions(40))
    found = judged(ran, "contains")
    assert troubles(ran) == {None: 39, "timeout": 1}
    assert found.result is Result.ERROR
    assert "c007: no answer (timeout)" in found.reason, found.reason
    assert (
        judged(replace(ran, observations=ran.observations[7:], cases=ran.cases[7:]), "contains").result is Result.PASS
    )


def test_ragas_733_a_score_that_is_no_number_is_an_error_and_the_run_goes_on(bench: Bench, tmp_path: Path) -> None:
    def score(case: Case, reply: Response) -> float:
        return float("nan") if case.id == "c003" else 1.0

    with Checkpoint(tmp_path / "log", "key") as log:
        ran = bench.run(questions(20), scorers={"contains": score}, log=log)
    found = judged(ran, "contains")
    assert found.result is Result.ERROR
    assert "c003: contains has no score" in found.reason, found.reason
    assert kept(ran, "contains").digest


def test_fmbench_247_a_service_that_is_not_there_for_a_while_ends_no_run(bench: Bench) -> None:
    bench.fault("error", skip=4, times=5, code="ServiceUnavailableException")
    ran = bench.run(questions(20))
    assert (troubles(ran), ran.retries, ran.throttles) == ({None: 20}, 5, 0)


# -- the end


def test_deepeval_984_tries_are_counted(bench: Bench) -> None:
    bench.fault("throttle", times=10 * TRIES)
    ran = bench.run(questions(2))
    assert troubles(ran) == {"throttled": 2}
    assert (bench.asked, ran.complete) == (2 * TRIES, True)


def test_deepeval_2232_a_call_that_nobody_answers_ends_by_itself(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a minute without a byte; here sooner."""
    monkeypatch.setitem(client._PATIENCE, "bedrock-runtime", 0.2)
    bench.fault("hang-before", times=2)
    release = threading.Timer(3, bench.box.admin.release)
    release.start()
    ran = bench.run(questions(1), bench.calls(tries=2))
    release.cancel()
    bench.box.admin.release()
    assert troubles(ran) == {"timeout": 1}


def test_deepeval_2232_a_run_that_waits_can_be_stopped(bench: Bench) -> None:
    """The service says: not within the hour. Whoever stops the run does not wait for that."""
    bench.fault("throttle", retryAfter=3600)
    calls, target = bench.calls(Limiter(bench.clock, ceiling=1)), bench.target()

    def ask(request: Request) -> Answer:
        try:
            return target.ask(request)
        except Refusal:
            calls.stop.set()
            raise

    ran = bench.run(questions(5), calls, Through(target, ask))
    assert (troubles(ran), ran.complete) == ({"budget": 5}, False)
    assert bench.asked == 1 and bench.clock.at < 60


def test_langfuse_14525_what_a_dead_run_was_told_is_not_asked_again(bench: Bench) -> None:
    """It dies between the answer and the note of it."""

    class Dying:
        def known(self, case: str, repeat: int) -> Entry | None:
            return None

        def write(self, entry: Entry) -> None:
            raise OSError("no space left")

    with pytest.raises(OSError, match="no space"):
        bench.run(questions(6), log=Dying())
    before = bench.asked
    ran = bench.run(questions(6))
    assert 0 < before <= 6 and bench.asked == 6
    assert [(o.case, o.repeat) for o in ran.observations] == [(c.id, 1) for c in questions(6)]
    assert (ran.reused, CONTAINS.keys()) == (before, ran.observations[0].scores.keys())
