"""How often the regression gate is wrong, and what it says that it could have shown. Seeded, and broken on purpose."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy
import pytest
from evidence_maker import evidence
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.gate_bootstrap import Array, normal, rare, sample
from releaser.core.evaluation.judgement import Comparison, Threshold
from releaser.core.gate import Result
from releaser.gates.evaluation import statistics
from releaser.gates.evaluation.bounds import mean_difference, unseen, with_room
from releaser.gates.evaluation.detecting import detectable_loss, detectable_rate_loss, least_mean_loss
from releaser.gates.evaluation.statistics import Bound, paired_rate_bound
from releaser.gates.evaluation.verdict import judge, judge_suite
from releaser.render.evaluation.table import judgement_text

RUNS = 2_000
STATED = 0.05
BY_CHANCE = 3 * math.sqrt(STATED * (1 - STATED) / RUNS)


@pytest.fixture
def twice_as_often_wrong(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Bounds at 90 % instead of 95 %."""
    monkeypatch.setattr(statistics, "CONFIDENCE", 0.9)
    monkeypatch.setattr(statistics.tango, "__defaults__", (0.9,))
    monkeypatch.setattr(statistics.paired_rate_bound, "__defaults__", (0.9,))
    statistics._tail.cache_clear()
    yield
    statistics._tail.cache_clear()


def _failed_rates(n: int = 100, changed: float = 0.3) -> float:
    """Exactly: the chance of FAIL at a margin of 0, over all counts of cases that changed though nothing did."""
    found = []
    for moved in range(n + 1):
        likely = math.comb(n, moved) * changed**moved * (1 - changed) ** (n - moved)
        lost = range(moved // 2, moved + 1) if likely > 1e-6 else ()
        fewest = next((k for k in lost if paired_rate_bound(moved - k, k, n).upper < 0), moved + 1)
        found.append(likely * sum(math.comb(moved, k) for k in range(fewest, moved + 1)) / 2**moved)
    return math.fsum(found)


def _failed(uppers: Array, margin: float = 0.0) -> float:
    return float((uppers < -margin).mean())


def _failed_means() -> float:
    return _failed(sample(100, normal(0.25), RUNS, 1).judged[1])


def test_releases_that_are_equally_good_fail_as_rarely_as_is_stated() -> None:
    assert 0.02 < _failed_rates() <= STATED
    assert 0.02 < _failed_means() <= STATED + BY_CHANCE


@pytest.mark.usefixtures("twice_as_often_wrong")
def test_the_law_sees_bounds_that_are_too_narrow() -> None:
    assert _failed_rates() > STATED
    assert _failed_means() > STATED + BY_CHANCE


def test_rare_gains_that_make_up_for_all_losses_are_no_reason_to_fail() -> None:
    """One in 100 cases gains the whole scale: half of the samples of 50 have none, and show a loss everywhere."""
    found = sample(50, rare(0.5), RUNS, 1)
    assert _failed(found.upper) > 0.5
    assert _failed(found.judged[1]) == 0


def test_a_small_margin_costs_no_power_to_fail() -> None:
    """400 pairs, a deviation of six margins of 1 %, a drop of two: the whole room would hide it more often."""
    found = sample(400, normal(0.06), RUNS, 1).moved(-0.02)
    assert _failed(found.judged[1], 0.01) > 0.93
    assert _failed(found.room[1], 0.01) < 0.9


BOUNDS = st.tuples(*[st.floats(-1, 1)] * 3).map(sorted).map(lambda v: Bound(v[0], v[2], v[1]))


@given(found=BOUNDS, n=st.integers(1, 2000))
def test_room_widens_and_hides_no_loss_that_nothing_could_make_up_for(found: Bound, n: int) -> None:
    more, less = (with_room(found, n, 1.0, better) for better in ("more", "less"))
    assert more.lower == less.lower or more.lower <= less.lower <= found.lower
    assert found.upper <= more.upper <= max(found.upper, 0.0)
    assert min(found.lower, 0.0) <= less.lower <= found.lower
    assert more.lower <= found.estimate - (1 + found.estimate) * unseen(n)
    makes_up = found.estimate + (1 - found.estimate) * unseen(n) >= 0
    assert more.upper == (max(found.upper, 0.0) if makes_up else found.upper)


@given(found=BOUNDS, n=st.integers(1, 2000))
def test_where_less_is_better_all_is_upside_down(found: Bound, n: int) -> None:
    turned = with_room(Bound(-found.upper, -found.lower, -found.estimate), n, 1.0, "less")
    assert Bound(-turned.upper, -turned.lower, -turned.estimate) == with_room(found, n, 1.0, "more")


@given(same=st.floats(-1, 1), n=st.integers(2, 60))
def test_pairs_that_all_differ_alike_keep_the_whole_room(same: float, n: int) -> None:
    bound = mean_difference([same] * n, 0, 1.0, "more")
    assert bound.lower <= same <= bound.upper
    assert bound.upper - bound.lower == pytest.approx(2 * unseen(n))


def _caught(said: float, share: float, n: int, margin: float) -> float:
    dice = numpy.random.default_rng([n, round(1000 * said)])
    share = max(share, said)
    counts = dice.multinomial(n, [(share - said) / 2, (share + said) / 2, 1 - share], size=RUNS)
    return sum(1 for gained, lost, _ in counts.tolist() if paired_rate_bound(gained, lost, n).upper < -margin) / RUNS


@pytest.mark.parametrize(("changed", "n", "margin"), [(0, 30, 0.0), (5, 100, 0.02), (60, 300, 0.05)])
def test_a_rate_that_loses_what_can_be_detected_fails_four_times_in_five(changed: int, n: int, margin: float) -> None:
    said = detectable_rate_loss(changed, n, margin)
    assert said is not None
    assert said > margin
    assert 0.75 < _caught(said, changed / n, n, margin) < 0.9


@pytest.mark.parametrize(("n", "deviation"), [(50, 0.06), (100, 0.2), (400, 0.12)])
def test_a_mean_that_loses_what_can_be_detected_fails_four_times_in_five(n: int, deviation: float) -> None:
    said = detectable_loss(deviation / math.sqrt(n), 0.02, least_mean_loss(n, 1.0))
    assert 0.75 < _failed(sample(n, normal(deviation), RUNS, 1).moved(-said).judged[1], 0.02) < 0.9


@given(changed=st.integers(0, 40), n=st.integers(40, 200), margin=st.sampled_from([0.0, 0.01, 0.05]))
@settings(max_examples=20, deadline=None)
def test_more_changes_and_wider_margins_hide_larger_losses(changed: int, n: int, margin: float) -> None:
    said = detectable_rate_loss(changed, n, margin)
    wider, noisier = detectable_rate_loss(changed, n, margin + 0.05), detectable_rate_loss(n, n, margin)
    assert said is not None
    assert said <= (wider or 1.0) + 0.001
    assert said <= (noisier or 1.0) + 0.02


def test_three_cases_show_no_loss_at_all() -> None:
    assert detectable_rate_loss(0, 3, 0.0) is None


@pytest.mark.parametrize("wrong", [(-1.0, 0.0), (math.nan, 0.0), (0.1, -0.1), (0.1, math.nan)])
def test_what_is_no_number_detects_nothing(wrong: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="not below 0"):
        detectable_loss(*wrong)
    with pytest.raises(ValueError, match="not pairs"):
        detectable_rate_loss(5, 4, 0.0)


# --- what the gate prints ---


def _compared(before: Sequence[float], after: Sequence[float], metric: str, margin: float) -> tuple[Comparison, str]:
    threshold = Threshold(suite="quality", metric=metric, floor=0.0, max_regression=margin, unit="share")
    then, now = (
        evidence({f"c{i:03}": [v] for i, v in enumerate(values)}, metric=metric, behaviour=name)
        for values, name in ((before, "then"), (after, "now"))
    )
    suite = judge_suite([now], [threshold], [then], "r11")
    (metric_verdict,) = suite.metrics
    assert metric_verdict.comparison is not None
    return metric_verdict.comparison, judgement_text(judge("answers", "prod", "r12", [suite]))


def test_a_pass_says_what_it_would_have_shown() -> None:
    scores = [float(i % 10 > 0) for i in range(400)]
    found, text = _compared(scores, scores[1:] + scores[:1], "exactMatch", 0.06)
    assert found.detectable == detectable_rate_loss(80, 400, 0.06)
    assert "PASS" in text
    assert f"would show a loss of {found.detectable:.4g}" in text


def test_the_loss_of_a_mean_counts_from_no_change() -> None:
    before = [0.5 + 0.1 * (i % 3) for i in range(200)]
    after = before[1:] + before[:1]
    found, _ = _compared(before, after, "tokenF1", 0.02)
    deviation = float(numpy.std(numpy.subtract(after, before), ddof=1))
    assert found.detectable == pytest.approx(
        detectable_loss(deviation / math.sqrt(200), 0.02, least_mean_loss(200, 1.0))
    )


def test_few_pairs_say_that_they_show_nothing() -> None:
    result, text = Result.INCONCLUSIVE, _compared([1.0] * 3, [1.0, 1.0, 0.0], "exactMatch", 0.02)[1]
    assert result in text
