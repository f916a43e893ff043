"""Calls of a run: found in the store, or made within the limit and the budget, again after a passing trouble."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NoReturn

from releaser.core.evaluation.response import RETRYABLE, Failure, Response, Timing, Usage
from releaser.core.shape import plain
from releaser.core.values import digest
from releaser.engine.ports import Clock
from releaser.gates.evaluation.limiter import Limiter, Outcome
from releaser.gates.evaluation.ports import Answer, Refusal, Request, Responses

TRIES = 6
_SLICE = 0.25


def key_of(request: Request, repeat: int) -> str:
    """The key of a stored response. Raises TypeError or ValueError for content that has no JSON."""
    return digest({"operation": request.operation, "content": request.content, "repeat": repeat})


def tokens_of(usage: Usage) -> int:
    """All tokens of a call, those from and to a cache too."""
    return usage.input_tokens + usage.output_tokens + usage.cache_read_tokens + usage.cache_write_tokens


def backoff(attempt: int) -> float:
    """Seconds before try ``attempt`` + 1: from half a second on, doubled each time, at most 20, with jitter."""
    return min(20.0, 0.5 * 2.0 ** (attempt - 1)) * (0.5 + random.random())


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What a run may use from now on; None: as much as it needs. What is in the store costs nothing.

    A call is made only if it fits with those that run, each taken for the dearest so far.
    """

    cases: int | None = None
    """Answers to cases, each repeat for itself."""
    tokens: int | None = None
    money: float | None = None
    cost_of: Callable[[Response], float | None] | None = None
    """None for a response without a price: then the whole run has no known cost, and a budget of money ends it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A response that is in the store. ``timing``: None when it was there before."""

    response: Response
    sha256: str
    timing: Timing | None


@dataclass(slots=True)
class Tally:
    """What a run has done so far."""

    calls: int = 0
    """Tries, as the service counts them."""
    reused: int = 0
    throttles: int = 0
    retries: int = 0
    tokens: int = 0
    cost: float = 0.0
    unpriced: str = ""
    """The model of an answer that has no price: the cost is not known."""
    cases: int = 0


@dataclass(slots=True)
class _Purse:
    """What is used, what runs, and the dearest call so far. Under one lock with the tally."""

    running: int = 0
    most_tokens: int | None = None
    most_cost: float = 0.0


@dataclass(slots=True)
class Calls:
    """What all calls of a run share: those to the target and those to judges."""

    responses: Responses
    limiter: Limiter
    clock: Clock
    budget: Budget = Budget()
    stop: threading.Event = field(default_factory=threading.Event)
    """Set by hand: calls that run are waited for, no other begins."""
    tries: int = TRIES
    backoff: Callable[[int], float] = backoff
    """Number of failed tries -> seconds to wait."""
    tally: Tally = field(default_factory=Tally)
    cut_short: bool = False
    """Something was not asked, since the budget was used up or the run was stopped."""
    why_cut_short: str = ""
    _aborted: bool = False
    _purse: _Purse = field(default_factory=_Purse)
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _flights: dict[str, threading.Event] = field(default_factory=dict)

    def asker(self, call: Callable[[Request], Answer], *, cases: bool = False) -> Asker:
        """An asker of one target. ``cases``: its answers count for the budget of cases."""
        return Asker(self, call, cases)

    def stopped(self) -> bool:
        """By hand, or by an error that no run goes on after."""
        return self._aborted or self.stop.is_set()

    def abort(self) -> None:
        """Lets every thread come to its end."""
        self._aborted = True

    def refuse(self, why: str = "the run was stopped") -> NoReturn:
        """What was not asked. Raises Refusal."""
        self.cut_short, self.why_cut_short = True, self.why_cut_short or why
        raise Refusal(Failure(trouble="budget", message=why))

    def pause(self, seconds: float) -> None:
        """Sleeps, unless the run is stopped."""
        end = self.clock.monotonic() + seconds
        while not self.stopped() and (left := end - self.clock.monotonic()) > 0:
            self.clock.sleep(min(left, _SLICE))

    def count(self, *, calls: int = 0, reused: int = 0, throttles: int = 0, retries: int = 0) -> None:
        """Adds to the tally."""
        with self._changed:
            self.tally.calls += calls
            self.tally.reused += reused
            self.tally.throttles += throttles
            self.tally.retries += retries

    def take_case(self) -> None:
        """One more case is asked. Raises Refusal."""
        with self._changed:
            if self.budget.cases is not None and self.tally.cases >= self.budget.cases:
                self.refuse(f"the budget of {self.budget.cases} cases is used up")
            self.tally.cases += 1

    def reserve(self) -> None:
        """Waits until the budget is known to have room for a call. Raises Refusal when it has none."""
        with self._changed:
            while not self._fits():
                if self._purse.running == 0:
                    self.refuse(self._why_not())
                self._changed.wait(_SLICE)
                if self.stopped():
                    self.refuse()
            self._purse.running += 1

    def settle(self, response: Response | None) -> None:
        """A call ended; None: without an answer."""
        with self._changed:
            self._purse.running -= 1
            if response is not None:
                tokens = tokens_of(response.usage)
                cost = self.budget.cost_of(response) if self.budget.cost_of else 0.0
                if cost is None:
                    self.tally.unpriced, cost = response.model or "what was called", 0.0
                self.tally.tokens += tokens
                self.tally.cost += cost
                self._purse.most_tokens = max(tokens, self._purse.most_tokens or 0)
                self._purse.most_cost = max(cost, self._purse.most_cost)
            self._changed.notify_all()

    @property
    def cost(self) -> float | None:
        """What all calls so far cost; None when that is not known."""
        return None if self.budget.cost_of is None or self.tally.unpriced else self.tally.cost

    def _why_not(self) -> str:
        if self.budget.money is not None and self.tally.unpriced:
            return f"the budget is in money, and the price of {self.tally.unpriced[:120]} is not known"
        return "the budget is used up"

    def _fits(self) -> bool:
        limits, purse = self.budget, self._purse
        if limits.money is not None and self.tally.unpriced:
            return False
        if limits.tokens is None and limits.money is None:
            return True
        if purse.most_tokens is None:
            return purse.running == 0 and limits.tokens != 0 and limits.money != 0
        ahead = purse.running + 1
        if limits.tokens is not None and self.tally.tokens + ahead * purse.most_tokens > limits.tokens:
            return False
        return limits.money is None or self.tally.cost + ahead * purse.most_cost <= limits.money * (1 + 1e-9)

    def enter(self, key: str) -> None:
        """Waits until nobody else asks for this key."""
        while True:
            with self._changed:
                other = self._flights.get(key)
                if other is None:
                    self._flights[key] = threading.Event()
                    return
            other.wait()

    def leave(self, key: str) -> None:
        """Lets the next one ask for it."""
        with self._changed:
            self._flights.pop(key).set()


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks one target; also what a judge asks with."""

    calls: Calls
    call: Callable[[Request], Answer]
    """One try, as ``Target.ask``."""
    cases: bool = False

    def ask(self, request: Request, repeat: int) -> Answer:
        """The answer, from the store where it is there (its times are 0 then). Raises Refusal when all tries failed,
        the budget is used up or the run was stopped."""
        asked = self.fetch(request, repeat)
        return Answer(asked.response, asked.timing or Timing(last_token=0.0))

    def fetch(self, request: Request, repeat: int) -> Asked:
        """As ``ask``; told apart from what was in the store, and with its digest."""
        try:
            key = key_of(request, repeat)
        except (TypeError, ValueError):
            raise Refusal(Failure(trouble="refused", message="the request has no JSON form")) from None
        self.calls.enter(key)
        try:
            found = self.calls.responses.get(key)
            if found is not None:
                self.calls.count(reused=1)
                return Asked(found, digest(plain(found)), None)
            if self.calls.stopped():
                self.calls.refuse()
            if self.cases:
                self.calls.take_case()
            return self._persist(key, request)
        finally:
            self.calls.leave(key)

    def _persist(self, key: str, request: Request) -> Asked:
        throttles = failures = 0
        while True:
            try:
                return self._try(key, request, throttles, failures)
            except Refusal as refusal:
                trouble = refusal.failure.trouble
                throttles += trouble == "throttled"
                failures += trouble != "throttled"
                if trouble not in RETRYABLE or throttles + failures >= self.calls.tries:
                    raise
            self.calls.pause(self.calls.backoff(throttles + failures))
            self.calls.count(retries=int(not self.calls.stopped()))

    def _try(self, key: str, request: Request, throttles: int, failures: int) -> Asked:
        lane = self.calls.limiter.lane(request.lane)
        permit = lane.start(self.calls.stopped)
        if permit is None:
            self.calls.refuse()
        outcome: Outcome = "neutral"
        retry_after, response = None, None
        try:
            self.calls.reserve()
            try:
                self.calls.count(calls=1)
                answer = self.call(request)
                outcome, response = "answered", answer.response
            except Refusal as refusal:
                outcome, retry_after = _outcome(refusal), refusal.retry_after
                self.calls.count(throttles=int(outcome == "throttled"))
                raise
            finally:
                self.calls.settle(response)
        finally:
            lane.end(permit, outcome, retry_after)
        try:
            sha256 = self.calls.responses.put(key, answer.response)
        except ValueError:  # text that is no Unicode, numbers that are none
            raise Refusal(Failure(trouble="unparsable", message="the response has no JSON form")) from None
        return Asked(answer.response, sha256, _with(answer.timing, throttles, failures))


def _outcome(refusal: Refusal) -> Outcome:
    trouble = refusal.failure.trouble
    if trouble == "throttled":
        return "throttled"
    return "failed" if trouble in ("timeout", "unavailable", "truncated") else "neutral"


def _with(timing: Timing, throttles: int, failures: int) -> Timing:
    return Timing(
        first_token=timing.first_token,
        last_token=timing.last_token,
        server=timing.server,
        throttles=throttles,
        failures=failures,
        warm_up=timing.warm_up,
    )
