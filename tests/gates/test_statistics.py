"""The statistics against scipy, published figures and laws."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from releaser.core.gate import Result
from releaser.gates.evaluation import statistics as ours
from releaser.gates.evaluation.statistics import Bound

TWO_SIDED = 0.975
"""Published intervals are two-sided at 95 %: each of their sides is ours at 97.5 %."""
SHARES = st.lists(st.integers(0, 20).map(lambda k: k / 20), min_size=1, max_size=40)
DIFFERENCES = st.lists(st.integers(-20, 20).map(lambda k: k / 20), min_size=1, max_size=40)
QUICK = settings(max_examples=60, deadline=None)
NOTHING: list[Sequence[float]] = [(), (math.nan,), (0.5, math.nan), (math.inf, 0.5)]


# --- rates ---


@pytest.mark.parametrize(
    ("successes", "n", "lower", "upper"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_as_newcombe_1998_published(successes: int, n: int, lower: float, upper: float) -> None:
    bound = ours.wilson(successes, n, TWO_SIDED)
    assert (round(bound.lower, 4), round(bound.upper, 4)) == (lower, upper)


@given(n=st.integers(1, 500), share=st.floats(0, 1))
@QUICK
def test_wilson_as_scipy(n: int, share: float) -> None:
    successes = round(share * n)
    theirs = stats.binomtest(successes, n).proportion_ci(0.9, method="wilson")
    bound = ours.wilson(successes, n)
    assert bound.lower == pytest.approx(theirs.low, abs=1e-9)
    assert bound.upper == pytest.approx(theirs.high, abs=1e-9)


def test_none_of_fifty_bounds_a_rate_at_about_five_percent() -> None:
    assert round(ours.wilson(0, 50).upper, 3) == 0.051


@given(n=st.integers(1, 300), a=st.floats(0, 1), b=st.floats(0, 1))
@QUICK
def test_wilson_rises_with_successes(n: int, a: float, b: float) -> None:
    less, more = ours.wilson(min(a, b) * n, n), ours.wilson(max(a, b) * n, n)
    assert less.lower <= more.lower + 1e-12
    assert less.upper <= more.upper + 1e-12
    assert 0 <= less.lower <= less.estimate <= less.upper <= 1
    assert less.lower < less.upper


# --- paired rates ---


@pytest.mark.parametrize(
    ("gained", "lost", "n", "lower", "upper"),
    [
        (1, 7, 21, -0.517, -0.026),  # Fagerland, Lydersen and Laake 2014, airway hyper-responsiveness
        (0, 1, 44, -0.118, 0.059),  # Tango 1998, disinfection of contact lenses
    ],
)
def test_tango_as_published(gained: int, lost: int, n: int, lower: float, upper: float) -> None:
    bound = ours.tango(gained, lost, n, TWO_SIDED)
    assert (round(bound.lower, 3), round(bound.upper, 3)) == (lower, upper)


@pytest.mark.parametrize(("gained", "lost", "n"), [(1, 7, 21), (0, 1, 44), (40, 20, 160), (12, 2, 50), (0, 5, 12)])
def test_tango_bounds_are_where_the_likelihood_says(gained: int, lost: int, n: int) -> None:
    """The score at a bound is z, with the variance at the maximum of the constrained likelihood, found by search."""
    bound = ours.tango(gained, lost, n)
    for delta in (bound.lower, bound.upper):
        grid = numpy.linspace(max(0.0, -delta) + 1e-9, (1 - delta) / 2 - 1e-9, 400_001)
        chance = lost * numpy.log(grid) + gained * numpy.log(grid + delta)
        chance += (n - gained - lost) * numpy.log(numpy.maximum(1e-300, 1 - 2 * grid - delta))
        q = float(grid[numpy.argmax(chance)])
        score = (gained - lost - n * delta) / math.sqrt(n * (2 * q + delta * (1 - delta)))
        assert abs(score) == pytest.approx(ours.z_of(), abs=2e-3)


@given(n=st.integers(1, 300), data=st.data())
@QUICK
def test_tango_laws(n: int, data: st.DataObject) -> None:
    gained = data.draw(st.integers(0, n))
    lost = data.draw(st.integers(0, n - gained))
    bound, mirrored = ours.paired_rate_bound(gained, lost, n), ours.paired_rate_bound(lost, gained, n)
    assert -1 <= bound.lower <= bound.estimate <= bound.upper <= 1
    assert bound.lower < bound.upper
    assert bound.lower == pytest.approx(-mirrored.upper, abs=1e-7)
    if gained + lost < n:
        better = ours.paired_rate_bound(gained + 1, lost, n)
        assert better.lower >= bound.lower - 1e-9
        assert better.upper >= bound.upper - 1e-9


def test_no_changed_pair_still_leaves_a_doubt() -> None:
    bound = ours.paired_rate_bound(0, 0, 30)
    assert bound.upper == pytest.approx(ours.wilson(0, 30).upper)
    assert bound.lower == pytest.approx(-bound.upper)
    assert ours.against_margin(bound, 0) is Result.INCONCLUSIVE


@given(gained=st.integers(0, 30), lost=st.integers(0, 30))
@QUICK
def test_a_proven_change_of_rates_is_proven_exactly(gained: int, lost: int) -> None:
    bound, score = ours.paired_rate_bound(gained, lost, 80), ours.tango(gained, lost, 80)
    assert (bound.upper < 0) == (score.upper < 0 and ours.mcnemar_exact(lost, gained) < 0.05)
    assert (bound.lower > 0) == (score.lower > 0 and ours.mcnemar_exact(gained, lost) < 0.05)


def test_three_losses_may_be_chance() -> None:
    assert ours.tango(0, 3, 80).upper < 0
    assert ours.against_margin(ours.paired_rate_bound(0, 3, 80), 0) is Result.INCONCLUSIVE
    assert ours.against_margin(ours.paired_rate_bound(0, 5, 80), 0) is Result.FAIL


@given(worse=st.integers(0, 80), better=st.integers(0, 80))
@QUICK
def test_mcnemar_as_the_binomial_test(worse: int, better: int) -> None:
    assume(worse + better)
    one = stats.binomtest(worse, worse + better, alternative="greater").pvalue
    two = stats.binomtest(worse, worse + better).pvalue
    assert ours.mcnemar_exact(worse, better) == pytest.approx(one)
    assert ours.mcnemar_exact(worse, better, two_sided=True) == pytest.approx(two)


def test_mcnemar_of_known_and_of_many() -> None:
    """Fagerland, Lydersen and Laake 2013: 1 and 7 changed, two-sided 0.0703."""
    assert round(ours.mcnemar_exact(7, 1, two_sided=True), 4) == 0.0703
    assert ours.mcnemar_exact(0, 0) == ours.mcnemar_exact(0, 0, two_sided=True) == 1
    many = stats.binomtest(3000, 5900, alternative="greater").pvalue
    assert ours.mcnemar_exact(3000, 2900) == pytest.approx(many)


# --- means ---


BOOTSTRAPS: list[Callable[..., Bound]] = [ours.mean_bound, ours.paired_bootstrap]


@pytest.mark.parametrize("bound_of", BOOTSTRAPS)
@given(values=SHARES, seed=st.integers(0, 9), data=st.data())
@settings(max_examples=25, deadline=None)
def test_a_bootstrap_contains_its_estimate_in_any_order(
    bound_of: Callable[..., Bound], values: list[float], seed: int, data: st.DataObject
) -> None:
    bound = bound_of(values, seed, 300)
    assert bound.lower <= bound.estimate <= bound.upper
    assert bound.lower < bound.upper
    assert bound == bound_of(data.draw(st.permutations(values)), seed, 300)


@given(values=st.lists(st.integers(0, 20).map(lambda k: k / 20), min_size=2, max_size=20), seed=st.integers(0, 9))
@settings(max_examples=25, deadline=None)
def test_better_values_give_no_lower_bounds(values: list[float], seed: int) -> None:
    """The same draws of values that are each as good or better; what is all alike is bounded in another way."""
    more = [v + 0.5 for v in values]
    assume(min(values) < max(values))
    before, after = ours.mean_bound(values, seed, 300), ours.mean_bound(more, seed, 300)
    assert after.lower == pytest.approx(before.lower + 0.5)
    assert after.upper == pytest.approx(before.upper + 0.5)


def test_the_bootstrap_as_scipy() -> None:
    values = [k % 17 / 17 for k in range(150)]
    bound = ours.mean_bound(values, 1)
    theirs = stats.bootstrap(
        (numpy.array(values),),
        numpy.mean,
        confidence_level=0.9,
        method="percentile",
        n_resamples=10_000,
        rng=numpy.random.default_rng(1),
    ).confidence_interval
    width = theirs.high - theirs.low
    assert bound.lower == pytest.approx(theirs.low, abs=0.04 * width)
    assert bound.upper == pytest.approx(theirs.high, abs=0.04 * width)


@pytest.mark.parametrize("n", [20, 60])
def test_of_few_values_the_bootstrap_is_as_wide_as_student(n: int) -> None:
    values = [float(v) for v in stats.norm.ppf((numpy.arange(n) + 0.5) / n)]
    half = stats.t.ppf(0.95, n - 1) * numpy.std(values, ddof=1) / math.sqrt(n)
    bound = ours.mean_bound(values, 1)
    assert bound.upper == pytest.approx(half, rel=0.04)
    assert bound.lower == pytest.approx(-half, rel=0.04)


@pytest.mark.parametrize("freedom", [1, 2, 3, 8, 19, 20, 299, 300])
def test_student_as_scipy(freedom: int) -> None:
    for t in (-9.0, -1.7, 0.0, 0.4, 6.3):
        assert ours._student_cdf(t, freedom) == pytest.approx(stats.t.cdf(t, freedom), abs=1e-12)


def test_values_that_are_all_alike_have_a_width() -> None:
    assert ours.mean_bound([1.0] * 30, 0) == ours.wilson(30, 30)
    assert ours.mean_bound([0.7], 0) == ours.wilson(0.7, 1)
    assert ours.mean_bound([250.0] * 30, 0) == Bound(-math.inf, math.inf, 250.0)
    still = ours.paired_bootstrap([0.0] * 30, 0)
    assert still == Bound(-ours.wilson(0, 30).upper, ours.wilson(0, 30).upper, 0.0)
    assert ours.against_margin(still, 0) is Result.INCONCLUSIVE


@pytest.mark.parametrize("size", [(10_000, 100), (2_000, 2_000), (2_000, 9_000)])
def test_of_many_cases_fewer_resamples_are_taken(size: tuple[int, int]) -> None:
    rounds, n = size
    assert len(ours._resampled_means([k % 2 for k in range(n)], 1, 10_000)) == rounds


@pytest.mark.parametrize("q", [0.5, 0.95])
@pytest.mark.parametrize("n", [5, 30, 59, 100, 400])
def test_quantiles_by_order_statistics(n: int, q: float) -> None:
    bound = ours.quantile_bound(list(range(1, n + 1)), q, 0)
    lows = [k for k in range(1, n + 1) if stats.binom.sf(k - 1, n, q) >= 0.95]
    highs = [k for k in range(1, n + 1) if stats.binom.cdf(k - 1, n, q) >= 0.95]
    assert bound.lower == (max(lows) if lows else -math.inf)
    assert bound.upper == (min(highs) if highs else math.inf)
    assert bound.estimate == math.ceil(round(q * n, 9))


def test_a_quantile_that_so_few_values_cannot_bound_is_open() -> None:
    """The largest of 58 values is above p95 in less than 95 of 100 samples, of 59 in more."""
    assert ours.quantile_bound(list(range(58)), 0.95).upper == math.inf
    assert ours.quantile_bound(list(range(59)), 0.95).upper == 58


# --- ranks ---


@pytest.mark.parametrize(
    ("n", "critical"), [(5, 0), (6, 2), (7, 3), (8, 5), (9, 8), (10, 10), (12, 17), (15, 30), (20, 60), (25, 100)]
)
def test_wilcoxon_tables(n: int, critical: int) -> None:
    """The critical values at 5 %, one-sided."""
    assert ours.wilcoxon_signed_rank(_with_rank_sum(n, critical)) <= 0.05
    assert ours.wilcoxon_signed_rank(_with_rank_sum(n, critical + 1)) > 0.05


def _with_rank_sum(n: int, above: int) -> list[float]:
    signed = []
    for rank in range(n, 0, -1):
        is_above = rank <= above
        above -= rank if is_above else 0
        signed.append(float(rank if is_above else -rank))
    return signed


@given(differences=DIFFERENCES)
@QUICK
def test_wilcoxon_as_scipy(differences: list[float]) -> None:
    moved = [d for d in differences if d]
    assume(moved)
    is_exact = len(moved) == len(differences) <= 25 and len(set(map(abs, differences))) == len(differences)
    method = "exact" if is_exact else "approx"
    theirs = stats.wilcoxon(
        differences, zero_method="pratt", correction=False, alternative="less", method=method
    ).pvalue
    assert ours.wilcoxon_signed_rank(differences) == pytest.approx(theirs, abs=1e-9)
    assert ours.wilcoxon_signed_rank(differences[::-1]) == pytest.approx(theirs, abs=1e-9)


def test_wilcoxon_without_any_change() -> None:
    assert ours.wilcoxon_signed_rank([0.0] * 9) == 1


# --- agreement ---


FLEISS_1969 = ((106, 10, 4), (22, 28, 10), (2, 12, 6))
"""Two raters, 200 patients, three diagnoses (Fleiss, Cohen and Everitt 1969): kappa 0.429, standard error 0.054."""


def _pairs(table: Sequence[Sequence[int]]) -> list[tuple[str, str]]:
    return [(str(i), str(j)) for i, row in enumerate(table) for j, count in enumerate(row) for _ in range(count)]


def test_kappa_as_published() -> None:
    assert ours.cohens_kappa(_pairs(((20, 5), (10, 15)))).estimate == pytest.approx(0.4)
    bound = ours.cohens_kappa(_pairs(FLEISS_1969))
    assert round(bound.estimate, 3) == 0.429
    assert round((bound.upper - bound.estimate) / ours.z_of(), 3) == 0.054


@pytest.mark.parametrize("table", [((20, 5), (10, 15)), FLEISS_1969, ((9, 1, 0), (2, 7, 3), (0, 0, 8))])
def test_the_error_of_kappa_is_that_of_the_delta_method(table: Sequence[Sequence[int]]) -> None:
    counts = numpy.array(table, float)
    n, shares = counts.sum(), counts / counts.sum()

    def kappa(p: numpy.ndarray) -> float:
        chance = float((p.sum(0) * p.sum(1)).sum())
        return float((numpy.trace(p) - chance) / (1 - chance))

    slope = numpy.zeros_like(shares)
    for at in numpy.ndindex(*shares.shape):
        step = numpy.zeros_like(shares)
        step[at] = 1e-6
        slope[at] = (kappa(shares + step) - kappa(shares - step)) / 2e-6
    error = math.sqrt(((shares * slope**2).sum() - (shares * slope).sum() ** 2) / n)
    bound = ours.cohens_kappa(_pairs(table))
    assert (bound.upper - bound.lower) / 2 / ours.z_of() == pytest.approx(error, rel=1e-5)


@given(pairs=st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=1, max_size=60))
@QUICK
def test_kappa_laws(pairs: list[tuple[str, str]]) -> None:
    bound = ours.cohens_kappa(pairs)
    assert -1 <= bound.lower <= bound.estimate <= bound.upper <= 1
    assert bound == ours.cohens_kappa(pairs[::-1])
    assert bound.estimate == pytest.approx(ours.cohens_kappa([(b, a) for a, b in pairs]).estimate)


def test_one_label_shows_no_agreement() -> None:
    assert ours.cohens_kappa([("good", "good")] * 40).lower == -1
    few, many = (ours.cohens_kappa([("good", "good"), ("bad", "bad")] * n) for n in (3, 60))
    assert few.lower < 0.4 < 0.9 < many.lower < many.estimate == 1


# --- several tests, sizes, decisions ---


def test_holm_as_published() -> None:
    """Holm 1979: 0.01, 0.04, 0.03 and 0.005 become 0.03, 0.06, 0.06 and 0.02."""
    assert ours.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02))
    assert ours.holm(()) == ()


@given(chances=st.lists(st.floats(0, 1), max_size=12))
@QUICK
def test_holm_laws(chances: list[float]) -> None:
    adjusted = ours.holm(chances)
    assert all(p <= a <= min(1.0, p * len(chances)) + 1e-12 for p, a in zip(chances, adjusted, strict=True))
    by_chance = [a for _, a in sorted(zip(chances, adjusted, strict=True))]
    assert by_chance == sorted(by_chance)


def test_how_many_perfect_cases_a_limit_needs() -> None:
    assert ours.least_n(0.05, "ceiling") == 52
    assert ours.least_n(0.0, "ceiling") is ours.least_n(1.0, "floor") is None
    for floor in (0.5, 0.8, 0.9, 0.95, 0.99):
        n = ours.least_n(floor, "floor")
        assert n is not None
        assert ours.wilson(n, n).lower >= floor
        assert n == 1 or ours.wilson(n - 1, n - 1).lower < floor


@given(floor=st.floats(0.05, 0.95), rate=st.floats(0.05, 0.95))
@QUICK
def test_so_many_cases_decide_a_rate(floor: float, rate: float) -> None:
    assume(abs(floor - rate) > 0.01)
    n = ours.cases_to_decide(math.sqrt(floor * (1 - floor)), floor - rate)
    assert n is not None
    decided = ours.against_floor(ours.wilson(rate * n, n), floor)
    assert decided is (Result.PASS if rate > floor else Result.FAIL)
    if n > 1:
        assert ours.against_floor(ours.wilson(rate * (n - 1), n - 1), floor) is Result.INCONCLUSIVE


def test_so_many_cases_decide_a_mean() -> None:
    """Of a deviation of 0.3, 0.05 from the floor, about 98 cases."""
    n = ours.cases_to_decide(0.3, 0.05)
    assert n == 98
    values = [0.75 + 0.3 * (-1) ** k for k in range(2 * n)]
    assert ours.against_floor(ours.mean_bound(values, 0), 0.7) is Result.PASS
    assert ours.against_floor(ours.mean_bound(values[: n // 2], 0), 0.7) is Result.INCONCLUSIVE
    assert ours.cases_to_decide(0.3, 0) is None


@pytest.mark.parametrize(
    ("bound", "result"),
    [
        (Bound(0.9, 0.97, 0.95), Result.PASS),
        (Bound(0.8, 0.9, 0.85), Result.INCONCLUSIVE),
        (Bound(0.8, 0.95, 0.9), Result.INCONCLUSIVE),
        (Bound(0.8, 0.89, 0.85), Result.FAIL),
        (Bound(-math.inf, math.inf, 0.95), Result.INCONCLUSIVE),
    ],
)
def test_against_a_limit(bound: Bound, result: Result) -> None:
    mirrored = Bound(1 - bound.upper, 1 - bound.lower, 1 - bound.estimate)
    assert ours.against_floor(bound, 0.9) is result
    assert ours.against_ceiling(mirrored, 1 - 0.9) is result


@pytest.mark.parametrize(
    ("lower", "upper", "margin", "result"),
    [
        (-0.01, 0.03, 0.02, Result.PASS),
        (-0.02, 0.03, 0.02, Result.INCONCLUSIVE),
        (-0.05, -0.02, 0.02, Result.INCONCLUSIVE),
        (-0.05, -0.03, 0.02, Result.FAIL),
        (0.001, 0.03, 0, Result.PASS),
        (0.0, 0.0, 0, Result.INCONCLUSIVE),
    ],
)
def test_against_a_margin(lower: float, upper: float, margin: float, result: Result) -> None:
    middle = (lower + upper) / 2
    assert ours.against_margin(Bound(lower, upper, middle), margin) is result
    assert ours.against_margin(Bound(-upper, -lower, -middle), margin, "less") is result


@given(a=st.floats(-1, 1), b=st.floats(-1, 1), limit=st.floats(-1, 1), step=st.floats(0, 1))
@QUICK
def test_a_lower_floor_is_never_harder(a: float, b: float, limit: float, step: float) -> None:
    order = (Result.FAIL, Result.INCONCLUSIVE, Result.PASS)
    bound = Bound(min(a, b), max(a, b), (a + b) / 2)
    assert order.index(ours.against_floor(bound, limit - step)) >= order.index(ours.against_floor(bound, limit))


@pytest.mark.parametrize("values", NOTHING)
@pytest.mark.parametrize(
    "call",
    [
        lambda v: ours.mean_bound(v, 0),
        lambda v: ours.paired_bootstrap(v, 0),
        lambda v: ours.quantile_bound(v, 0.5),
        ours.wilcoxon_signed_rank,
    ],
)
def test_nothing_and_no_number_are_no_values(call: Callable[[Sequence[float]], object], values: list[float]) -> None:
    with pytest.raises(ValueError):
        call(values)


@pytest.mark.parametrize(
    "call",
    [
        lambda: ours.wilson(0, 0),
        lambda: ours.wilson(3, 2),
        lambda: ours.wilson(-1, 2),
        lambda: ours.wilson(math.nan, 2),
        lambda: ours.paired_rate_bound(0, 0, 0),
        lambda: ours.paired_rate_bound(2, 2, 3),
        lambda: ours.mcnemar_exact(-1, 2),
        lambda: ours.mean_bound([0.1, 0.2], 0, 0),
        lambda: ours.quantile_bound([0.1], 1.0),
        lambda: ours.cohens_kappa([]),
        lambda: ours.holm([0.1, math.nan]),
        lambda: ours.least_n(math.nan, "floor"),
        lambda: ours.cases_to_decide(math.nan, 1),
        lambda: ours.cases_to_decide(-1, 1),
        lambda: ours.cases_to_decide(1, math.nan),
        lambda: ours.against_floor(Bound(math.nan, 1, 1), 0.5),
        lambda: ours.against_floor(Bound(0, 1, 1), math.nan),
        lambda: ours.against_ceiling(Bound(0, math.nan, 0), 0.5),
        lambda: ours.against_margin(Bound(0, 1, math.nan), 0.5),
    ],
)
def test_what_is_no_number_decides_nothing(call: Callable[[], object]) -> None:
    with pytest.raises(ValueError):
        call()
