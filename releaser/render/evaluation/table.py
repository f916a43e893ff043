"""A judgement for a terminal: the verdict first, then what stands in the way, then what passed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from releaser.core.evaluation.judgement import Compared, Judgement, MetricVerdict, SuiteVerdict
from releaser.core.gate import Result
from releaser.render.evaluation.words import (
    Texts,
    asked,
    blocks,
    costs,
    difference,
    headline,
    interval,
    no_texts,
    reply,
    shown_result,
    told,
    value,
    worst_first,
)
from releaser.render.line import Line, Piece, coloured_text, line, plain_text

_STYLES = {
    Result.PASS: "green",
    Result.FAIL: "bold red",
    Result.ERROR: "bold magenta",
    Result.INCONCLUSIVE: "yellow",
    Result.PENDING: "cyan",
}
_SHOWN = 3


def judgement_text(found: Judgement, texts: Texts = no_texts, *, colour: bool = False) -> str:
    """``texts`` looks replies up by their digest."""
    lines = list(_lines(found, texts))
    return coloured_text(lines) if colour else plain_text(lines)


def comparison_text(
    rows: Sequence[Compared], before: str, after: str, texts: Texts = no_texts, *, colour: bool = False
) -> str:
    """Two releases side by side."""
    lines = list(_comparison(rows, before, after, texts))
    return coloured_text(lines) if colour else plain_text(lines)


def _lines(found: Judgement, texts: Texts) -> Iterator[Line]:
    yield line(Piece(headline(found), _STYLES[found.result]))
    for suite in found.suites:
        yield line(
            "  ", Piece(suite.suite, "bold"), "  ", Piece(suite.result, _STYLES[suite.result]), f"  {suite.reason}"
        )
    rows = worst_first(found.suites)
    against = [(s, m) for s, m in rows if blocks(m)]
    rest = [(s, m) for s, m in rows if not blocks(m)]
    if against:
        yield line()
        yield line(Piece("What stands in the way", "bold"))
    for suite, metric in against:
        yield from _metric(suite, metric, texts)
    if rest:
        yield line()
    yield from _rest(rest)
    cost = costs(found.suites)
    if cost:
        yield line()
        yield line(f"Evaluating cost {cost}.")


def _metric(suite: SuiteVerdict, found: MetricVerdict, texts: Texts) -> Iterator[Line]:
    name = f"{suite.suite}/{found.threshold.metric}"
    yield line("  ", Piece(found.result, _STYLES[found.result]), "  ", Piece(name, "bold"), f"  {found.threshold.tier}")
    for sentence in told(found):
        yield line(f"    {sentence}")
    if found.comparison is not None:
        said = difference(found.comparison, found.threshold.unit)
        yield line(f"    against {found.comparison.release}: {said}")
    for sample in found.worst[:_SHOWN]:
        before = "" if sample.before is None else f", before {value(sample.before, found.threshold.unit)}"
        mark = " (critical)" if sample.critical else ""
        yield line(f"    case {sample.case}{mark}: {value(sample.score, found.threshold.unit)}{before}")
        text = reply(sample.response, texts)
        if text is not None:
            yield line("      ", Piece(text, "dim"))


def _rest(rows: Sequence[tuple[SuiteVerdict, MetricVerdict]]) -> Iterator[Line]:
    """What does not stand in the way, in columns."""
    cells = [
        (shown_result(m), f"{s.suite}/{m.threshold.metric}", interval(m), asked(m.threshold), f"n {m.n}{_shows(m)}")
        for s, m in rows
    ]
    widths = [max(len(row[i]) for row in cells) for i in range(4)] if cells else []
    for (_, metric), row in zip(rows, cells, strict=True):
        first, *others = (cell.ljust(width) for cell, width in zip(row[:4], widths, strict=True))
        yield line("  ", Piece(first, _STYLES[metric.result]), "  ", "  ".join((*others, row[4])))
        if metric.waived is not None:
            yield line(f"    waived by {metric.waived.by} until {metric.waived.until}: {metric.waived.reason}")
        elif metric.result is not Result.PASS:
            yield line(f"    {metric.reason}")


def _shows(found: MetricVerdict) -> str:
    """What these cases could have shown: a pass is worth as much."""
    if found.comparison is None or found.threshold.max_regression is None:
        return ""
    if found.comparison.detectable is None:
        return ", would show no loss"
    return f", would show a loss of {value(found.comparison.detectable, found.threshold.unit)}"


def _comparison(rows: Sequence[Compared], before: str, after: str, texts: Texts) -> Iterator[Line]:
    yield line(Piece(f"{before} against {after}", "bold"), "  no verdict, a comparison by case")
    for row in rows:
        yield line(
            "  ",
            Piece(f"{row.suite}/{row.metric}", "bold"),
            f"  {value(row.before, row.unit)}",
            " to ",
            value(row.after, row.unit),
        )
        if row.comparison is None:
            yield line(f"    not comparable: {row.obstacle}")
            continue
        yield line(f"    {difference(row.comparison, row.unit)}, over {row.comparison.n} cases")
        if row.comparison.detectable is not None:
            yield line(f"    these cases show a difference of {value(row.comparison.detectable, row.unit)} or more")
        for word, cases in (("better", row.better), ("worse", row.worse)):
            if cases:
                yield line(f"    {word}: {', '.join(cases)}")
        for sample in row.worst[:_SHOWN] if row.worse else ():
            text = reply(sample.response, texts)
            if text is not None:
                yield line(f"    {sample.case}: ", Piece(text, "dim"))
