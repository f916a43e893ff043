"""What every report says in the same words: numbers with their unit, what was asked, replies cut short."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping

from releaser.core.evaluation.judgement import ORDER, Comparison, Judgement, MetricVerdict, SuiteVerdict, Threshold
from releaser.core.gate import Result

Texts = Callable[[str], str | None]
"""The digest of a stored response to its text; None where it is not at hand or not to be shown."""
LONGEST = 240
"""Characters of a reply that are shown."""


def no_texts(_: str) -> str | None:
    """Shows no reply."""
    return None


def value(found: float | None, unit: str) -> str:
    """Up to four significant digits; a dash where there is nothing."""
    if found is None:
        return "–"
    if not math.isfinite(found):
        return "no bound"
    shown = f"{found:.4g}" if abs(found) < 1e4 else f"{found:.0f}"
    shown = "0" if shown == "-0" else shown
    return f"{shown} ms" if unit == "time" else shown


def interval(found: MetricVerdict) -> str:
    """``0.94 (0.91 to 0.97)``."""
    unit = found.threshold.unit
    if found.value is None or found.lower is None or found.upper is None:
        return value(found.value, unit)
    return f"{value(found.value, unit)} ({value(found.lower, unit)} to {value(found.upper, unit)})"


def asked(threshold: Threshold) -> str:
    """``at least 0.9, loss at most 0.02``."""
    parts = []
    if threshold.floor is not None:
        parts.append(f"at least {value(threshold.floor, threshold.unit)}")
    if threshold.ceiling is not None:
        parts.append(f"at most {value(threshold.ceiling, threshold.unit)}")
    if threshold.max_regression is not None:
        loss = f"{threshold.max_regression * 100:.4g} %" if threshold.relative else ""
        parts.append(f"loss at most {loss or value(threshold.max_regression, threshold.unit)}")
    return ", ".join(parts)


def difference(found: Comparison | None, unit: str) -> str:
    """``-0.03 (-0.05 to -0.01), 2 better, 9 worse``."""
    if found is None:
        return "–"
    low, high = value(found.lower, unit), value(found.upper, unit)
    return f"{value(found.difference, unit)} ({low} to {high}), {found.better} better, {found.worse} worse"


def shown_result(found: MetricVerdict) -> str:
    """The verdict; one that people let pass stays visible."""
    return f"{found.result}, waived" if found.waived else str(found.result)


def worst_first(suites: Iterable[SuiteVerdict]) -> list[tuple[SuiteVerdict, MetricVerdict]]:
    """All metrics; what blocks comes before what does not, then the worse verdict."""
    rows = [(s, m) for s in suites for m in s.metrics]
    return sorted(rows, key=lambda row: (not blocks(row[1]), ORDER.index(row[1].result)))


def blocks(found: MetricVerdict) -> bool:
    """Whether it stands in the way by itself; the environment may allow an INCONCLUSIVE of a supporting metric."""
    return found.result is not Result.PASS and found.threshold.tier != "advisory" and found.waived is None


def reply(digest: str, texts: Texts) -> str | None:
    """A reply, cut short."""
    text = texts(digest) if digest else None
    if text is None:
        return None
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text)} characters)"


def costs(suites: Iterable[SuiteVerdict]) -> str:
    """``1.20 USD``; empty when nothing is known."""
    total: dict[str, float] = {}
    for suite in suites:
        _add(total, suite.cost)
    return ", ".join(f"{amount:.2f} {currency}".rstrip() for currency, amount in sorted(total.items()))


def _add(total: dict[str, float], cost: Mapping[str, float]) -> None:
    for currency, amount in cost.items():
        total[currency] = total.get(currency, 0.0) + amount


def headline(found: Judgement) -> str:
    """``FAIL: answers r12 for prod``."""
    return f"{found.result}: {found.use_case} {found.release} for {found.environment}".replace("  ", " ")


def told(found: MetricVerdict) -> Iterator[str]:
    """Reason, hint and waiver, as sentences."""
    yield found.reason
    if found.hint:
        yield found.hint
    if found.waived:
        yield f"waived by {found.waived.by} until {found.waived.until}: {found.waived.reason}"
