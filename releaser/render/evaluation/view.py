"""The parts of a report as blocks, which Markdown and HTML print alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from releaser.core.evaluation.judgement import Compared, Judgement, MetricVerdict, Sample, SuiteVerdict
from releaser.render.document import Block, Bullet, Bullets, Callout, Heading, Inline, Paragraph, Table, code, strong
from releaser.render.evaluation.words import (
    Texts,
    asked,
    blocks,
    costs,
    difference,
    interval,
    reply,
    shown_result,
    told,
    value,
    worst_first,
)

MOST = 5
"""Metrics whose worst cases are shown before the fold."""


def head(found: Judgement) -> Iterator[Block]:
    """The verdict, and one line a suite."""
    release: Inline = (" of ", code(found.release)) if found.release else ()
    yield Paragraph((strong(found.result), ": ", code(found.use_case), *release, " for ", code(found.environment)))
    yield Bullets(
        tuple(Bullet((code(s.suite), " ", strong(s.result), f": {s.reason}"), "neutral") for s in found.suites)
    )


def against(found: Judgement, texts: Texts) -> Iterator[Block]:
    """What failed and why, with the cases to look at."""
    rows = [(s, m) for s, m in worst_first(found.suites) if blocks(m)]
    if not rows:
        return
    yield Heading(2, "What stands in the way")
    yield Table(
        "What stands in the way",
        ("metric", "verdict", "value", "asked", "against the baseline"),
        tuple(
            (
                (code(f"{s.suite}/{m.threshold.metric}"),),
                (strong(m.result),),
                (interval(m),),
                (asked(m.threshold),),
                (difference(m.comparison, m.threshold.unit),),
            )
            for s, m in rows
        ),
    )
    yield Bullets(tuple(_why(s, m) for s, m in rows))
    for suite, metric in rows[:MOST]:
        if metric.worst:
            name = f"{suite.suite}/{metric.threshold.metric}"
            yield from samples(name, metric.worst, metric.threshold.unit, texts)


def _why(suite: SuiteVerdict, metric: MetricVerdict) -> Bullet:
    first, *rest = told(metric)
    return Bullet((code(suite.suite), f" {first}"), below=("; ".join(rest),) if rest else ())


def samples(name: str, found: Sequence[Sample], unit: str, texts: Texts) -> Iterator[Block]:
    """The reply stands in code, where nothing in it acts."""
    yield Paragraph(("Worst cases of ", code(name)))
    head = ("case", "before", "now", "reply")
    yield Table(f"Worst cases of {name}", head, tuple(_sample(s, unit, texts) for s in found))


def _sample(found: Sample, unit: str, texts: Texts) -> tuple[Inline, ...]:
    text = reply(found.response, texts)
    name: Inline = (code(found.case), " (critical)") if found.critical else (code(found.case),)
    shown: Inline = ("–",) if text is None else (code(text),)
    return name, (value(found.before, unit),), (value(found.score, unit),), shown


def totals(found: Judgement) -> Iterator[Block]:
    """What people let pass, what it cost, and whose evidence it was."""
    waived = [(s, m) for s, m in worst_first(found.suites) if m.waived]
    if waived:
        yield Callout("Waived", tuple((code(s.suite), f" {m.result}: {'; '.join(told(m))}") for s, m in waived))
    cost = costs(found.suites)
    if cost:
        yield Paragraph((f"Evaluating cost {cost}.",))
    accepted = [s for s in found.suites if s.accepted_from]
    if accepted:
        yield Bullets(tuple(Bullet((code(s.suite), f": evidence of {s.accepted_from}")) for s in accepted))


def everything(found: Judgement) -> Iterator[Block]:
    """Every metric with all of its numbers."""
    yield Table(
        "All metrics",
        ("metric", "tier", "verdict", "value", "n", "asked", "baseline", "difference", "p", "test"),
        tuple(_whole(s, m) for s, m in worst_first(found.suites)),
    )


def _whole(suite: SuiteVerdict, found: MetricVerdict) -> tuple[Inline, ...]:
    unit, comparison = found.threshold.unit, found.comparison
    tests = [t for t in (found.test, comparison.test if comparison else "") if t]
    p = "–" if found.p is None else f"{found.p:.3g}"
    if found.p_adjusted is not None:
        p += f" (Holm {found.p_adjusted:.3g})"
    return (
        (code(f"{suite.suite}/{found.threshold.metric}"),),
        (found.threshold.tier,),
        (shown_result(found),),
        (interval(found),),
        (str(found.n),),
        (asked(found.threshold),),
        (value(comparison.baseline, unit) if comparison else "–",),
        (difference(comparison, unit),),
        (p,),
        ("; ".join(tests),),
    )


def bindings(found: Judgement) -> Iterator[Block]:
    """The evidence that every verdict goes back to."""
    rows = tuple(((code(s.suite),), (code(s.key or "–"),), _digests(s.evidence)) for s in found.suites)
    yield Table("Evidence", ("suite", "key", "evidence"), rows)


def _digests(found: Iterable[str]) -> Inline:
    return tuple(part for i, d in enumerate(found) for part in ((", ",) if i else ()) + (code(d[:12]),)) or ("–",)


def comparison(rows: Sequence[Compared], before: str, after: str, texts: Texts) -> Iterator[Block]:
    """Two releases side by side."""
    yield Paragraph((code(before), " against ", code(after), ": no verdict, a comparison by case."))
    yield Table(
        f"{before} against {after}",
        ("metric", before, after, "difference", "cases", "detectable"),
        tuple(_compared(r) for r in rows),
    )
    for row in rows:
        if row.worse or row.better:
            parts = ((f"better: {', '.join(row.better)}",) if row.better else ()) + (
                (f"worse: {', '.join(row.worse)}",) if row.worse else ()
            )
            yield Bullets(tuple(Bullet((code(f"{row.suite}/{row.metric}"), f" {part}")) for part in parts))
        if row.worse and row.worst:
            yield from samples(f"{row.suite}/{row.metric}", row.worst, row.unit, texts)


def _compared(found: Compared) -> tuple[Inline, ...]:
    comparison = found.comparison
    return (
        (code(f"{found.suite}/{found.metric}"),),
        (value(found.before, found.unit),),
        (value(found.after, found.unit),),
        (found.obstacle or difference(comparison, found.unit),),
        (str(comparison.n) if comparison else "–",),
        (value(comparison.detectable if comparison else None, found.unit),),
    )
