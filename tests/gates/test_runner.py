"""Suites are run: nothing is asked twice, nothing is lost, nothing is hidden."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from world.clock import Clock

from releaser.core.evaluation.case import Case
from releaser.core.evaluation.evidence import Observation
from releaser.core.evaluation.response import Failure, Response, Timing, Trouble, Usage
from releaser.core.events import Evaluating, Event
from releaser.core.shape import plain
from releaser.core.values import digest
from releaser.gates.evaluation.asker import Budget, Calls, key_of
from releaser.gates.evaluation.checkpoint import Checkpoint, Entry
from releaser.gates.evaluation.limiter import Limiter
from releaser.gates.evaluation.ports import Answer, Refusal, Request
from releaser.gates.evaluation.runner import Ran, Scorer, Spec, run_suite, sample_of
from releaser.gates.evaluation.unscorable import Unscorable
from releaser.store.responses import ResponseFolder


class Store:
    """Responses in memory."""

    def __init__(self) -> None:
        self.by_key: dict[str, Response] = {}
        self.objects: dict[str, Response] = {}

    def get(self, key: str) -> Response | None:
        return self.by_key.get(key)

    def put(self, key: str, response: Response) -> str:
        sha256 = digest(plain(response))
        self.objects[sha256] = self.by_key.setdefault(key, response)
        return sha256

    def read(self, sha256: str) -> Response | None:
        return self.objects.get(sha256)


class Log:
    """A checkpoint in memory."""

    def __init__(self) -> None:
        self.entries: dict[tuple[str, int], Entry] = {}

    def known(self, case: str, repeat: int) -> Entry | None:
        return self.entries.get((case, repeat))

    def write(self, entry: Entry) -> None:
        self.entries[entry.observation.case, entry.observation.repeat] = entry


class Target:
    """Answers with the text backwards and how often it was asked; ``before``: may raise instead."""

    def __init__(self, before: Callable[[Request, int], None] = lambda request, nth: None) -> None:
        self.answered: Counter[str] = Counter()
        self.tries: Counter[str] = Counter()
        self._before, self._lock = before, threading.Lock()

    def request(self, case: Case) -> Request:
        if case.input == "unfit":
            raise Refusal(Failure(trouble="refused", message="does not fit"))
        return Request("1/eu/m", "Converse", {"text": case.input, "model": "m"})

    def ask(self, request: Request) -> Answer:
        text = str(request.content["text"])
        with self._lock:
            self.tries[text] += 1
            nth = self.tries[text]
        self._before(request, nth)
        with self._lock:
            self.answered[text] += 1
        usage = Usage(input_tokens=6, output_tokens=4)
        return Answer(Response(text=text[::-1], usage=usage), Timing(last_token=5.0))


def cases_of(count: int) -> tuple[Case, ...]:
    return tuple(Case(id=f"c{n:03d}", input=f"text {n}", digest=f"{n:064x}") for n in range(count))


def calls_of(store: Store | ResponseFolder, ceiling: int = 8, **settings: Any) -> Calls:
    clock = settings.pop("clock", None) or Clock()
    return Calls(store, Limiter(clock, ceiling=ceiling), clock, backoff=lambda attempt: 0.5 * attempt, **settings)


SCORERS: Mapping[str, Scorer] = {
    "length": lambda case, response: len(response.text),
    "share": lambda case, response: 1 / 3,
    "label": lambda case, response: ("a", response.text[:1]),
}


def spec_of(count: int = 12, **settings: Any) -> Spec:
    return Spec(suite="s", run="r", cases=cases_of(count), **{"scorers": SCORERS, **settings})


def run(spec: Spec, target: Any = None, store: Any = None, log: Any = None, **settings: Any) -> Ran:
    return run_suite(spec, target or Target(), calls_of(store or Store(), **settings), log=log)


def proof(ran: Ran) -> str:
    return digest(plain(ran.observations))


def fault(trouble: Trouble, retry_after: float | None = None) -> Refusal:
    return Refusal(Failure(trouble=trouble, message="m"), retry_after)


def test_every_case_is_asked_as_often_as_it_must_be() -> None:
    target = Target()
    ran = run(spec_of(5, repeats=3), target)
    assert [(o.case, o.repeat) for o in ran.observations] == [(f"c{n:03d}", r) for n in range(5) for r in (1, 2, 3)]
    assert set(target.answered.values()) == {3}
    one = ran.observations[0]
    assert (one.scores, one.run, one.trouble) == ({"length": 6.0, "share": 1 / 3, "label": ("a", "0")}, "r", None)
    assert ran.complete and (ran.calls, ran.reused, ran.throttles) == (15, 0, 0)
    assert ran.facts(actor="a", trigger="t", currency="USD").currency == ""


def test_the_order_changes_nothing() -> None:
    assert proof(run(spec_of())) == proof(run(replace(spec_of(), cases=cases_of(12)[::-1]), ceiling=1))


def test_what_is_in_the_store_is_not_asked_and_has_no_time() -> None:
    store, target = Store(), Target()
    spec = spec_of(want_timing=True, warm_up=0)
    assert all(o.timing for o in run(spec, target, store).observations)
    again = run(spec, target, store)
    assert not any(o.timing for o in again.observations)
    assert (again.calls, again.reused) == (0, 12)
    assert set(target.answered.values()) == {1}


def test_what_is_finished_keeps_its_time() -> None:
    store, log = Store(), Log()
    spec = spec_of(want_timing=True)
    first = run(spec, None, store, log)
    assert proof(run(spec, None, store, log)) == proof(first)


def test_cases_that_say_the_same_share_one_call() -> None:
    target = Target(lambda request, nth: time.sleep(0.02))
    spec = replace(spec_of(), cases=tuple(replace(c, input="same") for c in cases_of(8)))
    assert len({o.response for o in run(spec, target).observations}) == 1
    assert target.answered == {"same": 1}


def test_a_case_that_is_there_twice_is_an_error() -> None:
    with pytest.raises(ValueError, match="c000 is there twice"):
        run(replace(spec_of(), cases=cases_of(2) + cases_of(1)))


class Killed(Exception):
    pass


POINTS = ("ask", "answered", "put", "kept", "write", "written", "score")


class _Dying:
    """Dies at the n-th passage of a point, in every thread that comes there later too, as a kill does."""

    def __init__(self, point: str, nth: int) -> None:
        self._point, self._left, self._lock = point, nth, threading.Lock()

    def at(self, point: str) -> None:
        if point == self._point:
            with self._lock:
                self._left -= 1
                if self._left < 0:
                    raise Killed


@settings(max_examples=60)
@given(st.sampled_from(POINTS), st.integers(0, 30), st.sampled_from([1, 4]), st.integers(1, 2))
def test_a_run_that_dies_anywhere_goes_on(point: str, nth: int, ceiling: int, repeats: int) -> None:
    spec = spec_of(8, repeats=repeats)
    store, log, target, dying = Store(), Log(), Target(), _Dying(point, nth)

    class Dying:
        request = staticmethod(target.request)
        get, read, known = staticmethod(store.get), staticmethod(store.read), staticmethod(log.known)

        def ask(self, request: Request) -> Answer:
            dying.at("ask")
            found = target.ask(request)
            if point == "answered":
                target.answered[str(request.content["text"])] -= 1
            dying.at("answered")
            if point == "answered":
                target.answered[str(request.content["text"])] += 1
            return found

        def put(self, key: str, response: Response) -> str:
            if point == "put":
                dying.at("put")
            found = store.put(key, response)
            dying.at("kept")
            return found

        def write(self, entry: Entry) -> None:
            dying.at("write")
            log.write(entry)
            dying.at("written")

    def score(case: Case, response: Response) -> float:
        dying.at("score")
        return 1.0

    mortal = replace(spec, scorers={**SCORERS, "share": score})
    healthy = replace(spec, scorers={**SCORERS, "share": lambda case, response: 1.0})
    world: Any = Dying()
    with contextlib.suppress(Killed):
        run(mortal, world, world, world, ceiling=ceiling)
    kept = set(store.by_key)
    answered_then = Counter(target.answered)
    resumed = run(healthy, target, store, log, ceiling=ceiling)
    assert proof(resumed) == proof(run(healthy))
    for case in spec.cases:
        keys = {key_of(target.request(case), r) for r in range(1, repeats + 1)}
        asked_again = target.answered[str(case.input)] - answered_then[str(case.input)]
        assert asked_again == len(keys - kept), "what was kept was asked again, or what was not was forgotten"
        if point not in ("put", "answered"):
            assert target.answered[str(case.input)] == repeats


@pytest.mark.parametrize("after", [0, 1, 5, 9])
def test_a_stop_ends_cleanly_and_the_next_run_goes_on(after: int) -> None:
    store, log = Store(), Log()
    calls = calls_of(store, ceiling=2)
    target = Target(lambda request, nth: calls.stop.set() if len(target.tries) > after else None)
    ran = run_suite(spec_of(), target, calls, log=log)
    assert len(ran.observations) == 12
    assert ran.complete is False
    assert {o.trouble for o in ran.observations} == {None, "budget"}
    assert proof(run(spec_of(), target, store, log)) == proof(run(spec_of()))
    assert set(target.answered.values()) == {1}


CHILD = """
import sys, os, time
from pathlib import Path
from tests.gates.test_runner import *
folder = Path(sys.argv[1])
def asked(request, nth):
    with (folder / "asked").open("a") as file:
        file.write(str(request.content["text"]) + "\\n")
    time.sleep(0.01)
with Checkpoint(folder / "log", "k") as log:
    run_suite(spec_of(60), Target(asked), calls_of(ResponseFolder(folder / "store"), ceiling=4), log=log)
"""


def test_kill_9_loses_no_answer(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    asked = tmp_path / "asked"
    stores: list[set[str]] = []
    target = Target()
    keys = {str(c.input): key_of(target.request(c), 1) for c in cases_of(60)}
    environ = {**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{root / 'tests'}"}
    for lines in (8, 30):
        child = subprocess.Popen([sys.executable, "-c", CHILD, str(tmp_path)], cwd=root, env=environ)
        deadline = time.monotonic() + 20
        while not (asked.exists() and len(asked.read_bytes().splitlines()) >= lines) and time.monotonic() < deadline:
            assert child.poll() is None, "it ended before it was killed"
            time.sleep(0.002)
        child.send_signal(signal.SIGKILL)
        child.wait(10)
        folder = ResponseFolder(tmp_path / "store", pytest.fail)
        stores.append({text for text, key in keys.items() if folder.get(key)})
    before = asked.read_text().splitlines()
    with Checkpoint(tmp_path / "log", "k") as log:
        resumed = run(spec_of(60), target, ResponseFolder(tmp_path / "store"), log)
    assert proof(resumed) == proof(run(spec_of(60)))
    assert 0 < len(stores[0]) < len(stores[1]) < 60
    assert set(target.answered) == set(keys) - stores[1]
    times = Counter(before)
    assert all(times[text] == 1 for text in stores[0]), "an answer that was kept was paid for again"
    assert all(n <= 2 for n in times.values())


def test_faults_change_no_result() -> None:
    shares: list[tuple[int, Trouble]] = [(10, "throttled"), (12, "unavailable"), (13, "truncated")]

    def faulty(request: Request, nth: int) -> None:
        drawn = hashlib.sha256(f"{request.content['text']}/{nth}".encode()).digest()[0] * 100 // 256
        for upto, trouble in shares:
            if drawn < upto:
                raise fault(trouble)

    target = Target(faulty)
    ran, clean = run(spec_of(300), target), run(spec_of(300))
    assert ran.throttles > 10 and ran.retries > ran.throttles
    for found, wanted in zip(ran.observations, clean.observations, strict=True):
        assert found == wanted or (found.trouble is not None and not found.scores)
    assert sum(o.trouble is not None for o in ran.observations) == 0
    assert set(target.answered.values()) == {1}


@pytest.mark.parametrize(
    ("trouble", "tries"),
    [("throttled", 6), ("timeout", 6), ("unavailable", 6), ("truncated", 6), ("refused", 1), ("unparsable", 1)],
)
def test_a_trouble_that_stays_is_told_and_asked_again_next_time(trouble: Trouble, tries: int) -> None:
    store, log = Store(), Log()

    def broken(request: Request, nth: int) -> None:
        raise fault(trouble)

    target = Target(broken)
    ran = run(spec_of(2), target, store, log)
    assert [o.trouble for o in ran.observations] == [trouble] * 2
    assert [o.message for o in ran.observations] == ["m"] * 2
    assert set(target.tries.values()) == {tries}
    assert ran.complete
    assert not store.by_key
    assert proof(run(spec_of(2), Target(), store, log)) == proof(run(spec_of(2)))


def test_how_often_it_failed_is_noted_with_the_time() -> None:
    def twice(request: Request, nth: int) -> None:
        if nth < 3:
            raise fault("throttled" if nth == 1 else "timeout")

    timing = run(spec_of(1, want_timing=True, warm_up=0), Target(twice)).observations[0].timing
    assert timing == Timing(last_token=5.0, throttles=1, failures=1)


def test_retry_after_is_kept_to() -> None:
    clock, starts = Clock(), list[float]()

    def once(request: Request, nth: int) -> None:
        starts.append(clock.at)
        if len(starts) == 3:
            raise fault("throttled", 30.0)

    run(spec_of(6), Target(once), ceiling=1, clock=clock)
    assert starts[3] - starts[2] >= 30


def test_a_case_that_does_not_fit_is_refused_without_a_call() -> None:
    target = Target()
    spec = replace(spec_of(), cases=(*cases_of(1), Case(id="x", input="unfit", digest="d")))
    assert [o.trouble for o in run(spec, target).observations] == [None, "refused"]
    odd = replace(spec, cases=(Case(id="x", input=float("nan"), digest="d"),))
    assert [o.trouble for o in run(odd, target).observations] == ["refused"]


def test_a_reply_without_a_json_form_is_unparsable() -> None:
    class Odd(Target):
        def ask(self, request: Request) -> Answer:
            return Answer(Response(text="\ud83d"), Timing(last_token=1.0))

    assert [o.trouble for o in run(spec_of(1), Odd()).observations] == ["unparsable"]


@pytest.mark.parametrize(
    "budget",
    [Budget(cases=5), Budget(tokens=50), Budget(money=0.5, cost_of=lambda u: 0.1), Budget(tokens=59, cases=9)],
)
def test_a_budget_stops_cleanly(budget: Budget) -> None:
    store, log, target = Store(), Log(), Target()
    ran = run(spec_of(), target, store, log, budget=budget)
    asked = [o for o in ran.observations if o.trouble is None]
    assert (len(asked), len(ran.observations), ran.calls) == (5, 12, 5)
    assert {o.trouble for o in ran.observations} == {None, "budget"}
    assert not ran.complete
    assert not any(e.observation.trouble for e in log.entries.values())
    assert ran.cost == (pytest.approx(0.5) if budget.cost_of else None)
    rest = run(spec_of(), target, store, log)
    assert rest.complete and proof(rest) == proof(run(spec_of()))
    assert set(target.answered.values()) == {1}


@pytest.mark.parametrize("budget", [Budget(cases=0), Budget(tokens=0), Budget(money=0, cost_of=lambda u: 0.1)])
def test_without_a_budget_nothing_is_asked(budget: Budget) -> None:
    target = Target()
    assert not run(spec_of(), target, budget=budget).complete
    assert not target.tries


def test_money_is_not_spent_where_its_amount_is_not_known() -> None:
    target = Target()
    ran = run(spec_of(), target, budget=Budget(money=100, cost_of=lambda _: None))
    assert (len(target.tries), ran.complete, ran.cost) == (1, False, None)
    assert "is not known" in next(o.message for o in ran.observations if o.trouble)
    assert run(spec_of(), budget=Budget(cost_of=lambda _: None)).cost is None


def test_what_is_in_the_store_needs_no_budget() -> None:
    store = Store()
    run(spec_of(), None, store)
    assert run(spec_of(), None, store, budget=Budget(cases=0, tokens=0)).complete


@given(st.integers(0, 40), st.integers(0, 40), st.integers())
def test_a_larger_sample_contains_the_smaller(one: int, other: int, seed: int) -> None:
    cases = cases_of(40)
    small, large = sorted((one or 1, other or 1))
    chosen = sample_of(cases[::-1], small, seed)
    assert set(chosen) <= set(sample_of(cases, large, seed))
    assert (len(chosen), chosen) == (small, tuple(sorted(chosen, key=lambda c: c.id)))
    assert sample_of(cases, 0, seed) == sample_of(cases, 99, seed) == cases


def test_the_first_times_of_a_lane_are_marked() -> None:
    timings = [o.timing for o in run(spec_of(40, want_timing=True)).observations]
    assert sum(t is not None and t.warm_up for t in timings) == 4
    assert all(timings)
    assert not any(o.timing for o in run(spec_of(40)).observations)


@pytest.mark.parametrize("value", [None, float("nan"), float("inf"), "0.5", ("a", "b", "c")])
def test_what_is_no_score_is_said(value: Any) -> None:
    found = run(spec_of(1, scorers={"m": lambda case, response: value})).observations[0]
    assert (found.scores, list(found.unscored)) == ({}, ["m"])


def test_an_unscorable_answer_is_said_and_others_count() -> None:
    def judge(case: Case, response: Response) -> float:
        raise Unscorable("said neither yes nor no")

    found = run(spec_of(1, scorers={**SCORERS, "judge": judge})).observations[0]
    assert found.unscored == {"judge": "said neither yes nor no"}
    assert sorted(found.scores) == sorted(SCORERS)


def test_cases_that_a_metric_does_not_count_are_not_scored() -> None:
    ran = run(spec_of(2, counts=lambda case: ("length",) if case.id == "c000" else ()))
    assert [list(o.scores) for o in ran.observations] == [["length"], []]


def test_an_error_of_a_scorer_ends_the_run_and_no_answer_is_lost() -> None:
    def broken(case: Case, response: Response) -> float:
        raise ZeroDivisionError

    store, target = Store(), Target()
    with pytest.raises(ZeroDivisionError):
        run(spec_of(scorers={"m": broken}), target, store)
    assert run(spec_of(), target, store).complete
    assert set(target.answered.values()) == {1}


def judged(calls: Calls, judge: Target) -> Spec:
    asker = calls.asker(judge.ask)

    def score(case: Case, response: Response) -> float:
        said = asker.ask(Request("1/eu/judge", "Converse", {"model": "j", "text": response.text}), 1)
        return float(len(said.response.text))

    return spec_of(scorers={"judge": score})


def test_judges_ask_within_the_same_budget_and_are_asked_once() -> None:
    store, log, target, judge = Store(), Log(), Target(), Target()
    short = calls_of(store, budget=Budget(tokens=150, cost_of=lambda u: 0.01))
    ran = run_suite(judged(short, judge), target, short, log=log)
    assert not ran.complete
    assert sum(target.answered.values()) + sum(judge.answered.values()) == ran.calls == 15
    assert ran.cost == pytest.approx(0.15)
    for found in ran.observations:
        assert bool(found.trouble) or bool(found.scores) != bool(found.unscored)
    enough = calls_of(store)
    rest = run_suite(judged(enough, judge), target, enough, log=log)
    assert rest.complete
    assert all(o.scores == {"judge": 6.0} or o.scores == {"judge": 7.0} for o in rest.observations)
    assert set(target.answered.values()) == set(judge.answered.values()) == {1}


def test_a_judge_without_an_answer_is_no_score_and_is_asked_next_time() -> None:
    def down(request: Request, nth: int) -> None:
        raise fault("unavailable")

    store, log, target = Store(), Log(), Target()
    calls = calls_of(store)
    ran = run_suite(judged(calls, Target(down)), target, calls, log=log)
    assert {o.unscored["judge"] for o in ran.observations} == {"the judge gave no answer (unavailable)"}
    calls = calls_of(store)
    ran = run_suite(judged(calls, Target()), target, calls, log=log)
    assert not any(o.unscored for o in ran.observations)
    assert set(target.answered.values()) == {1}


def test_a_changed_case_is_asked_anew() -> None:
    store, log, target = Store(), Log(), Target()
    run(spec_of(3), target, store, log)
    changed = replace(spec_of(3), cases=tuple(replace(c, input=f"{c.input}!") for c in cases_of(3)))
    assert [o.scores["length"] for o in run(changed, target, store, log).observations] == [7.0] * 3


def test_progress_is_told() -> None:
    heard: list[Event] = []

    class Sink:
        def emit(self, event: Event) -> None:
            heard.append(event)

    calls = calls_of(Store(), budget=Budget(cost_of=lambda usage: 0.5))
    run_suite(spec_of(), Target(), calls, sink=Sink())
    first, last = heard[0], heard[-1]
    assert isinstance(first, Evaluating) and isinstance(last, Evaluating)
    assert (first.done, first.total) == (0, 12)
    assert (last.suite, last.done, last.total, last.errors, last.cost) == ("s", 12, 12, 0, 6.0)


ENTRY = Entry("k", Observation(case="c", repeat=1, run="r", response="0" * 64, scores={"l": ("a", "b"), "n": 1.0}))


def test_a_torn_line_is_as_if_it_was_not_written(tmp_path: Path) -> None:
    path = tmp_path / "a" / "log"
    with Checkpoint(path, "key") as log:
        log.write(ENTRY)
        log.write(replace(ENTRY, observation=replace(ENTRY.observation, repeat=2)))
    whole = path.read_bytes()
    start = whole[:-1].rfind(b"\n") + 1
    for cut in sorted({*range(0, len(whole), 7), start - 1, start, len(whole) - 1, len(whole)}):
        path.write_bytes(whole[:cut])
        with Checkpoint(path, "key") as log:
            assert (log.known("c", 2) == replace(ENTRY, observation=replace(ENTRY.observation, repeat=2))) == (
                cut == len(whole)
            )
            assert (log.known("c", 1) == ENTRY) == (cut >= start)
            log.write(replace(ENTRY, key="new"))
        with Checkpoint(path, "key") as log:
            assert log.known("c", 1) == replace(ENTRY, key="new")


def test_lines_that_cannot_be_read_are_passed_over(tmp_path: Path) -> None:
    with Checkpoint(tmp_path / "log", "key") as log:
        log.write(ENTRY)
    with (tmp_path / "log").open("ab") as file:
        file.write(b'\xff\n[]\n{"key":"k","observation":{"case":1}}\n' + json.dumps({"key": 1}).encode() + b"\n")
    with Checkpoint(tmp_path / "log", "key") as log:
        assert log.known("c", 1) == ENTRY


def test_the_checkpoint_of_something_else_is_not_used(tmp_path: Path) -> None:
    with (
        Checkpoint(tmp_path / "log", "key"),
        pytest.raises(ValueError, match="another run writes log"),
    ):
        Checkpoint(tmp_path / "log", "key")
    with pytest.raises(ValueError, match="something else"):
        Checkpoint(tmp_path / "log", "other")
    (tmp_path / "log").write_text("{}\n")
    with pytest.raises(ValueError, match="no checkpoint"):
        Checkpoint(tmp_path / "log", "key")
