"""A judgement as one HTML page that needs nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from releaser.core.evaluation.judgement import Judgement
from releaser.render.document import Block
from releaser.render.document_html import html_of
from releaser.render.evaluation.distribution import STYLE as SPREAD
from releaser.render.evaluation.distribution import drawing
from releaser.render.evaluation.view import against, bindings, everything, head, totals
from releaser.render.evaluation.words import Texts, headline, no_texts, worst_first
from releaser.render.html import Markup, element, page
from releaser.render.page_style import STYLE


def judgement_page(found: Judgement, texts: Texts = no_texts) -> str:
    """``texts`` looks replies up by their digest; without it none is shown."""
    body = element(
        "main",
        element("h1", headline(found)),
        _of(head(found)),
        _of(against(found, texts)),
        _of(totals(found)),
        element("h2", "All metrics"),
        _of(everything(found)),
        *_spread(found),
        element("h2", "Evidence"),
        _of(bindings(found)),
        class_="page",
    )
    return page(f"Evaluation: {headline(found)}", body, style=f"{STYLE}{SPREAD}")


def _of(blocks: Iterable[Block]) -> Markup:
    return html_of(tuple(blocks))


def _spread(found: Judgement) -> Iterator[Markup]:
    drawn = [
        (f"{s.suite}/{m.threshold.metric}", drawing(m, f"{s.suite}/{m.threshold.metric}"))
        for s, m in worst_first(found.suites)
    ]
    if any(shape is not None for _, shape in drawn):
        yield element("h2", "Distributions")
    for name, shape in drawn:
        if shape is not None:
            yield element("h3", name)
            yield element("div", shape, class_="drawn", tabindex="0", role="region", aria_label=f"Scores of {name}")
