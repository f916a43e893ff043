"""Runs a suite: every case is asked as often as it must be, each answer is kept, scored and noted.

An answer is never asked for again: not after a FAIL, not after a crash. Only what had a trouble is asked again by the
next run of the same thing.
"""

from __future__ import annotations

import hashlib
import math
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from releaser.core.evaluation.case import Case
from releaser.core.evaluation.evidence import Observation, RunFacts
from releaser.core.evaluation.response import Response, Timing
from releaser.core.events import Evaluating
from releaser.engine.ports import Sink
from releaser.gates.evaluation.asker import Asker, Calls, key_of
from releaser.gates.evaluation.checkpoint import Entry, Forgetful, Log
from releaser.gates.evaluation.ports import Refusal, Request, Target
from releaser.gates.evaluation.unscorable import Unscorable

Scorer = Callable[[Case, Response], float | tuple[str, str]]
"""A number, or what was expected and what was said. Raises Unscorable; Refusal where a judge gave no answer."""

_TICK = 0.5
"""Seconds between two events of progress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """What is run. ``run``: the id that observations carry."""

    suite: str
    run: str
    cases: Sequence[Case]
    repeats: int = 1
    scorers: Mapping[str, Scorer] = field(default_factory=dict)
    """By metric."""
    counts: Callable[[Case], Collection[str]] | None = None
    """The metrics that count a case; None: all. Others are not scored, so that no judge is paid for nothing."""
    sample: int = 0
    """How many of the cases; 0: all."""
    seed: int = 0
    want_timing: bool = False
    budgeted: bool = True
    """Whether its answers count for a budget of cases."""
    warm_up: int | None = None
    """The first answers of each lane whose times do not count. None: as many as may run at once, but at most a tenth
    of all, and at least 2."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What came of it, by case and repeat. The counts are of all runs that share the ``Calls``."""

    observations: tuple[Observation, ...]
    cases: tuple[Case, ...]
    """Those of the sample, by id."""
    complete: bool
    started_at: datetime
    ended_at: datetime
    calls: int
    reused: int
    """Answers from the store and from the checkpoint."""
    throttles: int
    retries: int
    cost: float | None

    def facts(self, *, actor: str, trigger: str, currency: str = "") -> RunFacts:
        """For evidence."""
        return RunFacts(
            started_at=self.started_at,
            ended_at=self.ended_at,
            actor=actor,
            trigger=trigger,
            calls=self.calls,
            reused=self.reused,
            throttles=self.throttles,
            retries=self.retries,
            cost=self.cost,
            currency=currency if self.cost is not None else "",
            complete=self.complete,
        )


def sample_of(cases: Iterable[Case], size: int, seed: int) -> tuple[Case, ...]:
    """The cases by id; of them ``size`` when it is not 0. A larger sample with the same seed contains the smaller."""
    found = sorted(cases, key=lambda c: c.id)
    twice = [i for i, n in Counter(c.id for c in found).items() if n > 1]
    if twice:
        raise ValueError(f"case {twice[0]} is there twice")
    if not 0 < size < len(found):
        return tuple(found)
    drawn = sorted(found, key=lambda c: (hashlib.sha256(f"{seed}:{c.id}".encode()).digest(), c.id))
    return tuple(sorted(drawn[:size], key=lambda c: c.id))


def run_suite(spec: Spec, target: Target, calls: Calls, *, log: Log | None = None, sink: Sink | None = None) -> Ran:
    """Asks, scores and notes all that is not known yet. Raises what a target or a scorer raises against its contract,
    after the calls that run have ended and are kept.

    An interrupt (Ctrl-C) is as setting ``calls.stop``: it ends cleanly and what was not asked has the trouble
    ``budget``. A second one ends at once.
    """
    return _Run(spec, target, calls, log or Forgetful(), sink).run()


class _Run:
    """One run while it lasts."""

    def __init__(self, spec: Spec, target: Target, calls: Calls, log: Log, sink: Sink | None) -> None:
        self._spec, self._target, self._calls, self._log, self._sink = spec, target, calls, log, sink
        self._asker = Asker(calls, target.ask, cases=spec.budgeted)
        self._cases = sample_of(spec.cases, spec.sample, spec.seed)
        self._todo = iter([(case, repeat) for repeat in range(1, spec.repeats + 1) for case in self._cases])
        self._total = len(self._cases) * spec.repeats
        self._done: dict[tuple[str, int], Observation] = {}
        self._errors = self._kept = 0
        self._cold: dict[str, int] = {}
        self._lock = threading.Lock()
        self._finished = threading.Event()
        self._error: BaseException | None = None

    def run(self) -> Ran:
        started_at, began = self._calls.clock.now(), self._calls.clock.monotonic()
        self._calls.cut_short = False
        count = min(self._calls.limiter.ceiling, self._total)
        workers = [threading.Thread(target=self._work, name=f"ask-{i}", daemon=True) for i in range(count)]
        if self._total:
            self._tell(began)
        for worker in workers:
            worker.start()
        try:
            self._attend(workers, began)
        except KeyboardInterrupt:
            self._calls.stop.set()
            self._attend(workers, began)
        self._tell(began)
        if self._error is not None:
            raise self._error
        tally = self._calls.tally
        return Ran(
            observations=tuple(self._done[key] for key in sorted(self._done)),
            cases=self._cases,
            complete=not self._calls.cut_short,
            started_at=started_at,
            ended_at=self._calls.clock.now(),
            calls=tally.calls,
            reused=tally.reused + self._kept,
            throttles=tally.throttles,
            retries=tally.retries,
            cost=self._calls.cost,
        )

    def _attend(self, workers: list[threading.Thread], began: float) -> None:
        while any(w.is_alive() for w in workers):
            if self._finished.wait(_TICK):
                for worker in workers:
                    worker.join()
            elif len(self._done) < self._total:
                self._tell(began)

    def _tell(self, began: float) -> None:
        if self._sink is None:
            return
        seconds = self._calls.clock.monotonic() - began
        with self._lock:
            done, errors, fresh = len(self._done), self._errors, len(self._done) - self._kept
        cost = self._calls.cost
        rate = fresh / seconds if seconds > 0 else 0.0
        self._sink.emit(Evaluating(self._spec.suite, done, self._total, rate, errors, cost))

    def _work(self) -> None:
        try:
            while self._error is None:
                with self._lock:
                    one = next(self._todo, None)
                if one is None:
                    return
                found = self._one(*one)
                with self._lock:
                    self._done[found.case, found.repeat] = found
                    self._errors += found.trouble is not None
                    if len(self._done) == self._total:
                        self._finished.set()
        except BaseException as error:  # noqa: BLE001 - raised again by the thread that waits
            with self._lock:
                self._error = self._error or error
            self._calls.abort()
            self._finished.set()

    def _one(self, case: Case, repeat: int) -> Observation:
        try:
            request = self._target.request(case)
            key = _key(request, repeat)
        except Refusal as refusal:
            return self._troubled("", case, repeat, refusal)
        known, before = self._log.known(case.id, repeat), None
        if known is not None and known.key == key and known.observation.response:
            kept = self._kept_one(case, known)
            if kept is not None:
                return kept
            before = known.observation
        try:
            if self._calls.stopped():
                self._calls.refuse()
            asked = self._asker.fetch(request, repeat)
        except Refusal as refusal:
            return self._troubled(key, case, repeat, refusal)
        found = Observation(
            case=case.id,
            repeat=repeat,
            run=self._spec.run,
            response=asked.sha256,
            usage=asked.response.usage,
            timing=self._timing(request.lane, asked.timing),
        )
        if before is not None:
            # Its text is gone and a score is still to come. What was scored and timed is final: no second throw.
            found = replace(found, scores=before.scores, timing=before.timing or found.timing)
        missing = self._missing(case, found)
        self._log.write(Entry(key, found))
        return self._scored(case, key, found, asked.response, missing) if missing else found

    def _kept_one(self, case: Case, known: Entry) -> Observation | None:
        """What an earlier run noted; None when a score is still to come and the response is gone: asked anew."""
        found = known.observation
        missing = self._missing(case, found)
        if missing and not self._calls.stopped():
            response = self._calls.responses.read(found.response)
            if response is None:
                return None
            found = self._scored(case, known.key, found, response, missing)
        with self._lock:
            self._kept += 1
        return self._complete(case, found)

    def _complete(self, case: Case, found: Observation) -> Observation:
        """Metrics that were not come to, since the run was stopped, are said to be without a score."""
        never = [m for m in self._missing(case, found) if m not in found.unscored]
        if not never:
            return found
        self._calls.cut_short = True
        return replace(found, unscored={**found.unscored, **dict.fromkeys(never, "the run was stopped")})

    def _troubled(self, key: str, case: Case, repeat: int, refusal: Refusal) -> Observation:
        failure = refusal.failure
        found = Observation(
            case=case.id, repeat=repeat, run=self._spec.run, trouble=failure.trouble, message=failure.message
        )
        if failure.trouble != "budget":
            self._log.write(Entry(key, found))
        return found

    def _timing(self, lane: str, timing: Timing | None) -> Timing | None:
        if timing is None or not self._spec.want_timing:
            return None
        with self._lock:
            left = self._cold.get(lane, self._warm_up())
            self._cold[lane] = max(0, left - 1)
        return replace(timing, warm_up=left > 0)

    def _warm_up(self) -> int:
        if self._spec.warm_up is not None:
            return self._spec.warm_up
        return min(self._calls.limiter.ceiling, max(2, self._total // 10))

    def _missing(self, case: Case, found: Observation) -> list[str]:
        counted = self._spec.scorers if self._spec.counts is None else self._spec.counts(case)
        return sorted(m for m in self._spec.scorers if m in counted and m not in found.scores)

    def _scored(self, case: Case, key: str, found: Observation, response: Response, missing: list[str]) -> Observation:
        """With the scores that were missing. What a judge was not asked is not noted: the next run asks it."""
        scores, unscored = dict(found.scores), {m: w for m, w in found.unscored.items() if m not in missing}
        unasked: dict[str, str] = {}
        for metric in missing:
            try:
                value = _checked(self._spec.scorers[metric](case, response))
            except Unscorable as error:
                unscored[metric] = str(error) or "no reason given"
            except Refusal as refusal:
                why = f"the judge gave no answer ({refusal.failure.trouble})"
                (unasked if refusal.failure.trouble == "budget" else unscored)[metric] = why
            else:
                scores[metric] = value
        done = replace(found, scores=scores, unscored=unscored)
        if done != found:
            self._log.write(Entry(key, done))
        return replace(done, unscored=unscored | unasked)


def _key(request: Request, repeat: int) -> str:
    try:
        return key_of(request, repeat)
    except (TypeError, ValueError):
        return ""


def _checked(value: Any) -> float | tuple[str, str]:
    if isinstance(value, list | tuple) and len(value) == 2:
        return str(value[0]), str(value[1])
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise Unscorable(f"the scorer gave {'nothing' if value is None else 'no number'}")
    return float(value)
