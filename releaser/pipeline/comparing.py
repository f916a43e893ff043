"""Two releases side by side, from the evidence that the records keep. Nothing is asked."""

from __future__ import annotations

from collections.abc import Sequence

from releaser import wiring
from releaser.core.errors import ReleaserError
from releaser.core.evaluation.evidence import Evidence
from releaser.gates.evaluation.comparing import compare
from releaser.pipeline.archive import Archive
from releaser.pipeline.recorded import fetched
from releaser.pipeline.rejudging import texts_of


def compared(repo: wiring.Repository, environment: str, use_case: str, before: str, after: str, output: str) -> str:
    """The rows of every suite that both were evaluated with. Raises ReleaserError when there is no such evidence."""
    chosen = wiring.choose_environment(wiring.environments(repo.on_disk()), environment)
    records = fetched(repo).records(chosen)
    archive = Archive(records, _NoAws())
    was, now = (_of(archive, environment, use_case, release) for release in (before, after))
    suites = sorted(was.keys() & now.keys())
    if not suites:
        raise ReleaserError(
            f"there is no evidence of a suite that both {before} and {after} were evaluated with in {environment}",
            code="G-evidence",
            hint=f"{before}: {', '.join(was) or 'none'}; {after}: {', '.join(now) or 'none'}",
        )
    rows = [row for s in suites for row in compare(was[s], now[s], release=before)]
    texts = texts_of(repo)
    if output == "json":
        from releaser.render.evaluation.data import compared_json

        return compared_json(rows, before, after)
    if output == "markdown":
        from releaser.render.evaluation.comment import comparison_markdown

        return comparison_markdown(rows, before, after, texts)
    from releaser.render.evaluation.table import comparison_text

    return comparison_text(rows, before, after, texts)


def _of(archive: Archive, environment: str, use_case: str, release: str) -> dict[str, Sequence[Evidence]]:
    found: dict[str, list[Evidence]] = {}
    for name, evidence in archive.everything(environment, use_case):
        if name == release:
            found.setdefault(evidence.subject.suite, []).append(evidence)
    return {s: [e for e in es if e.key == es[0].key] for s, es in found.items()}


class _NoAws:
    """Evidence in S3 is not fetched for a comparison."""

    def call(self, service: str, operation: str, params: object) -> dict[str, object]:
        raise ReleaserError(
            "this evidence is kept in S3", code="G-evidence", hint="download it, and use `gate --evidence --baseline`"
        )
