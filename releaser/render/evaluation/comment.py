"""A judgement for a merge request: the verdict, what stands in the way and why, and the rest behind a fold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from releaser.core.evaluation.judgement import Compared, Judgement
from releaser.render.document import Block
from releaser.render.document_markdown import markdown
from releaser.render.evaluation.view import against, bindings, comparison, everything, head, totals
from releaser.render.evaluation.words import Texts, no_texts


def judgement_markdown(found: Judgement, texts: Texts = no_texts) -> str:
    """``texts`` looks replies up by their digest; without it none is shown."""
    parts = ["### Evaluation\n", _of(head(found)), _of(against(found, texts)), _of(totals(found))]
    parts += [*_folded("All metrics", everything(found)), *_folded("Evidence", bindings(found))]
    return "\n".join(part.rstrip("\n") + "\n" for part in parts if part.strip())


def comparison_markdown(rows: Sequence[Compared], before: str, after: str, texts: Texts = no_texts) -> str:
    """Two releases side by side."""
    return _of(comparison(rows, before, after, texts))


def _of(blocks: Iterable[Block]) -> str:
    return markdown(tuple(blocks))


def _folded(title: str, blocks: Iterable[Block]) -> tuple[str, ...]:
    return (f"<details>\n<summary>{title}</summary>\n\n{_of(blocks)}\n</details>\n",)
