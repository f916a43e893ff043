"""What answers cost and how long they take: cache tokens, prices that nobody knows, judges, times."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from gates.evidence_maker import evidence
from hypothesis import given
from hypothesis import strategies as st

from complaints.asking import JUDGE, MODEL, Bench, benched, questions
from complaints.suites import kept
from releaser import sandbox
from releaser.core.evaluation.case import Case
from releaser.core.evaluation.judgement import SuiteVerdict, Threshold
from releaser.core.evaluation.response import Response, Usage
from releaser.core.gate import Result
from releaser.core.metrics import METRICS
from releaser.gates.evaluation.asker import Budget
from releaser.gates.evaluation.metrics import metric
from releaser.gates.evaluation.prices import bundled
from releaser.gates.evaluation.runner import Ran
from releaser.gates.evaluation.targets.prompt import spoken
from releaser.gates.evaluation.verdict import judge_suite

SONNET = "eu.anthropic.claude-sonnet-4-5-20250929-v1:0"
PRICES = bundled().models[SONNET]
PRICED = Budget(cost_of=bundled().of)


@pytest.fixture
def slow(paced_box: sandbox.SandboxProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """The first token comes after 40 ms, each of the others 2.5 ms later."""
    paced_box.admin.set_model_pace(4, 4)
    with benched(paced_box, tmp_path, monkeypatch) as found:
        yield found
    paced_box.admin.set_model_pace(0, 0)


def judged(ran: Ran, name: str, **limit: float) -> SuiteVerdict:
    """What the gate says of one metric that is advisory."""
    unit = METRICS[name].unit
    threshold = Threshold(suite="quality", metric=name, tier="advisory", unit=unit, **limit)  # type: ignore[arg-type]
    return judge_suite([kept(ran, name)], [threshold], None, "")


# -- cache tokens stand outside inputTokens


class Cached:
    """A model that says ``yes`` and has a cache, which the sandbox's models have not."""

    def __init__(self, **usage: int) -> None:
        self._usage = usage

    def call(self, service: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        raise AssertionError(operation)

    def stream(
        self, service: str, operation: str, params: Mapping[str, Any], member: str
    ) -> Iterator[tuple[float, dict[str, Any]]]:
        yield 1e9, {"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"text": "yes"}}}
        yield 1e9, {"messageStop": {"stopReason": "end_turn"}}
        yield 1e9, {"metadata": {"usage": self._usage, "metrics": {"latencyMs": 1}}}


def cost(**usage: int) -> float:
    """Of one answer of Sonnet, from what the service says to money."""
    return bundled().cost(spoken(Cached(**usage), {}, SONNET).response.usage, SONNET)


def test_langsmith_sdk_1858_no_cache_makes_a_cost_negative() -> None:
    """As a reply that reads nearly everything from the cache says it."""
    found = cost(inputTokens=3, outputTokens=10, totalTokens=20_013, cacheReadInputTokens=20_000)
    assert found == pytest.approx((3 * PRICES["input"] + 10 * PRICES["output"] + 20_000 * PRICES["cacheRead"]) / 1000)
    assert found > 0


def test_openinference_2381_what_was_read_from_the_cache_is_not_paid_as_input() -> None:
    """The same tokens from the cache cost a tenth."""
    fresh = cost(inputTokens=20_000, outputTokens=0, totalTokens=20_000)
    read = cost(inputTokens=0, outputTokens=0, totalTokens=20_000, cacheReadInputTokens=20_000)
    assert fresh / read == pytest.approx(PRICES["input"] / PRICES["cacheRead"]) == pytest.approx(10)


TOKENS = st.integers(0, 10**7)


@given(TOKENS, TOKENS, TOKENS, TOKENS)
def test_litellm_15270_each_token_is_counted_once(fresh: int, said: int, read: int, written: int) -> None:
    """All that the service counts in all is what we count, and each at its own price."""
    total = fresh + said + read + written + 1
    counted = {"inputTokens": fresh + 1, "outputTokens": said, "totalTokens": total}
    cache = {"cacheReadInputTokens": read, "cacheWriteInputTokens": written}
    usage = spoken(Cached(**counted, **cache), {}, SONNET).response.usage
    ours = (usage.input_tokens, usage.output_tokens, usage.cache_read_tokens, usage.cache_write_tokens)
    assert sum(ours) == total
    kinds = ("input", "output", "cacheRead", "cacheWrite")
    expected = math.fsum(n * PRICES[kind] for n, kind in zip(ours, kinds, strict=True)) / 1000
    assert cost(**counted, **cache) == pytest.approx(expected)


def test_langfuse_14249_what_is_written_to_the_cache_is_paid() -> None:
    usage = {"inputTokens": 10, "outputTokens": 10, "totalTokens": 5020}
    more = cost(**usage, cacheWriteInputTokens=5000) - cost(**usage)
    assert more == pytest.approx(5 * PRICES["cacheWrite"])


# -- what is not known, what is not paid twice, what is hidden


def test_langfuse_4072_a_model_without_a_price_is_not_free(bench: Bench) -> None:
    """The geography is part of the id; a model that nobody priced makes the whole cost unknown, not 0."""
    usage = Usage(input_tokens=1000, output_tokens=1000)
    assert bundled().of(Response(text="", model=SONNET, usage=usage)) == pytest.approx(0.0198)
    assert bundled().of(Response(text="", model="eu.no.such-model-v1:0", usage=usage)) is None
    assert bench.run(questions(3), bench.calls(budget=PRICED)).cost
    unknown = Budget(cost_of=lambda reply: bundled().of(Response(text="", model="no.such", usage=reply.usage)))
    ran = bench.run(questions(5), bench.calls(budget=unknown))
    assert (ran.calls, ran.cost, ran.facts(actor="ci", trigger="t", currency="USD").currency) == (2, None, "")


def test_langfuse_2112_what_was_there_already_is_not_paid_again(bench: Bench) -> None:
    first = bench.run(questions(4), bench.calls(budget=PRICED))
    again = bench.run(questions(4), bench.calls(budget=PRICED))
    assert first.cost and (again.calls, again.reused, again.cost) == (0, 4, 0.0)


def test_deepeval_641_a_run_tells_what_it_cost(bench: Bench) -> None:
    """All answers of one run; of several runs of a suite, what they cost together."""
    ran = bench.run(questions(4), bench.calls(budget=PRICED))
    usages = [o.usage for o in ran.observations if o.usage]
    assert ran.cost == pytest.approx(math.fsum(bundled().cost(u, MODEL) for u in usages)) and len(usages) == 4
    scores = {f"c{i:03}": [1.0] for i in range(40)}
    runs = [evidence(scores, run=run, cost=money) for run, money in (("run-1", 0.25), ("run-2", 0.5))]
    found = judge_suite(runs, [Threshold(suite="quality", metric="exactMatch", floor=0.5)], None, "")
    assert found.cost == {"USD": 0.75}


def test_sample_strands_agentcore_starter_32_judges_are_a_part_of_the_cost(bench: Bench) -> None:
    bench.run(questions(4), bench.calls(budget=PRICED))
    calls = bench.calls(budget=PRICED)
    ran = bench.run(questions(4), calls, scorers={"correctness": bench.judge(calls)})
    assert (ran.reused, ran.calls) == (4, 4), "only the judge was asked"
    assert ran.cost and ran.cost > bundled().cost(Usage(input_tokens=400), JUDGE), "it reads more than its task"


# -- measured, and stopping nothing


def test_promptfoo_1848_an_average_cost_is_told_and_stops_nothing(bench: Bench) -> None:
    def score(case: Case, reply: Response) -> Any:
        return metric("costPerThousandRequests").score(case, reply, {})

    ran = bench.run(questions(20), bench.calls(budget=PRICED), scorers={"costPerThousandRequests": score})
    suite = judged(ran, "costPerThousandRequests", ceiling=1e-9)
    (found,) = suite.metrics
    assert ran.cost and found.value == pytest.approx(1000 * ran.cost / 20)
    assert (found.result, suite.result) == (Result.FAIL, Result.PASS)


TALE = "Card {0} costs " + ", ".join(f"{n} EUR in year {n}" for n in range(1, 7)) + "."


def long_answers(count: int) -> tuple[Case, ...]:
    """Cases whose answers have some thirty tokens."""
    return tuple(
        replace(one, input=f"Context: {TALE.format(n)}\n\nQuestion: What does card {n} cost?")
        for n, one in enumerate(questions(count))
    )


def test_promptfoo_5680_the_time_to_the_first_token_is_told(slow: Bench) -> None:
    ran = slow.run(long_answers(40), want_timing=True)
    first, last = (judged(ran, f"timeTo{which}TokenP50", ceiling=5000).metrics[0] for which in ("First", "Last"))
    assert first.result is last.result is Result.PASS
    assert first.value and last.value
    assert 40 <= first.value <= last.value - 40


def test_promptfoo_312_throughput_is_told(slow: Bench) -> None:
    """Tokens of the answer by the time in which they came, 400 a second here; of answers that were not measured, as
    the first ones, none."""
    ran = slow.run(long_answers(40), want_timing=True)
    assert any(o.timing and o.timing.warm_up for o in ran.observations)
    found = judged(ran, "tokensPerSecond", floor=1).metrics[0]
    assert found.result is Result.PASS
    assert found.value and 40 < found.value < 600
