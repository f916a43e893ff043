"""The suites of one use case on the content of the files here; nothing is published, nothing managed is changed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from releaser import wiring
from releaser.core.errors import ReleaserError, WrongUsage
from releaser.core.evaluation.judgement import Judgement
from releaser.core.suggest import did_you_mean
from releaser.pipeline import work
from releaser.pipeline.archive import files_of
from releaser.pipeline.around import around
from releaser.pipeline.chosen import ContentFrom
from releaser.pipeline.evaluating import evaluator
from releaser.pipeline.subjects import inline
from releaser.pipeline.telling import say


def evaluate(
    repo: wiring.Repository,
    environment: str,
    target: str | None,
    use_case: str,
    suites: Sequence[str],
    out: Path | None,
    *,
    cases: int | None,
    sample: int,
) -> Judgement:
    """The judgement; evidence goes to ``out`` when that is given. Raises WrongUsage for a suite that is not there."""
    from releaser.render.console import console

    desk = work.desk(repo, environment, target, [use_case], offline=True, origin=ContentFrom.files)
    planned, _ = work.make_plan(desk, deep=False)
    spec = planned.compiled.spec(use_case)
    declared = (spec.get("evaluation") or {}).get("suites") or {}
    for suite in suites:
        if suite not in declared:
            hint = did_you_mean(suite, declared) or f"there are: {', '.join(declared) or 'none'}"
            raise WrongUsage(f"{use_case} has no suite {suite}", code="P225", hint=hint)
    if not declared:
        raise WrongUsage(f"{use_case} declares no suite", code="P225", hint="add one under evaluation.suites")
    witness = desk.witnesses().get(use_case)
    with around(desk, witness, makes_aliases=False) as shared, console(repo.environ) as sink:
        subjects = inline(planned, use_case, shared)
        found = evaluator(desk, sink, lambda: False, cases=cases, sample=sample).judged(
            subjects, list(suites) or list(declared)
        )
    if found.broken and not found.evidence:
        raise next(iter(found.broken.values()))
    if out is not None:
        _write(out, files_of(found.judgement, found.evidence))
    return found.judgement


def _write(folder: Path, files: dict[str, bytes]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, raw in files.items():
            work.write_whole(folder / name, raw.decode())
            say(f"evidence: {folder / name}")
    except OSError as error:
        raise ReleaserError(f"{folder}: {error.strerror}", code="R001", hint="choose another folder") from None
