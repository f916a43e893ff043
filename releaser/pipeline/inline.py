"""The suites of one use case on the content of the files here; nothing is published, nothing managed is changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from releaser import wiring
from releaser.core.errors import WrongUsage
from releaser.core.evaluation.judgement import Judgement, SuiteVerdict, worst
from releaser.core.record import is_older
from releaser.core.suggest import did_you_mean
from releaser.pipeline import gitlab_reports, rejudging, reviewing, touching, work
from releaser.pipeline.archive import files_of
from releaser.pipeline.around import around
from releaser.pipeline.chosen import ContentFrom
from releaser.pipeline.desk import Desk
from releaser.pipeline.evaluating import Evaluating, Found, evaluator
from releaser.pipeline.gatekeeping import missing_suite, suites_asked, was_live
from releaser.pipeline.reporting import Reports, write_files
from releaser.pipeline.subjects import inline
from releaser.pipeline.telling import say
from releaser.render.evaluation.data import gates_json, samples_json

if TYPE_CHECKING:
    from releaser.core.plan import UseCasePlan
    from releaser.engine.planning import Planned


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
    to_review: Path | None = None,
) -> Judgement:
    """The judgement; evidence goes to ``out`` when that is given, and what people have not reviewed yet to
    ``to_review``. Raises WrongUsage for a suite that is not there."""
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
    chosen = list(suites) or list(declared)
    sheets = reviewing.sheets_of(spec, chosen, to_review) if to_review else {}
    witness = desk.witnesses().get(use_case)
    with around(desk, witness, makes_aliases=False) as shared, console(repo.environ) as sink:
        subjects = inline(planned, use_case, shared)
        found = evaluator(desk, sink, lambda: False, cases=cases, sample=sample).judged(subjects, chosen)
    if found.broken and not found.evidence:
        raise next(iter(found.broken.values()))
    if out is not None:
        _write(out, files_of(found.judgement, found.evidence))
    if sheets:
        files = planned.compiled.files[use_case].cases
        cases_of = reviewing.reader_of(spec, files, desk.look.connection.aws, repo.lfs_object)
        own = reviewing.own(found.judgement, found.evidence)
        reviewing.write(sheets, spec, own, files, cases_of, rejudging.texts_of(repo))
    return found.judgement


def evaluate_affected(
    repo: wiring.Repository, environment: str, target: str | None, base: str, reports: Path
) -> tuple[Judgement, ...]:
    """The suites that the environment asks of every use case that the files here touch. Judgements, evidence and the
    samples worth looking at are kept in the reports."""
    from releaser.render.console import console

    names = touching.use_cases(repo, environment, base, reports)
    here, found = Reports.of(reports, environment), []
    evidence: dict[str, bytes] = {}
    if names:
        desk = work.desk(repo, environment, target, names, offline=True)
        planned, _ = work.make_plan(desk, deep=False)
        with console(repo.environ) as sink:
            evaluating = evaluator(desk, sink, lambda: False)
            for part in planned.plan.use_cases:
                judged = _of_change(desk, planned, part, evaluating)
                if judged is not None:
                    found.append(judged.judgement)
                    kept = files_of(judged.judgement, judged.evidence)
                    evidence |= {f"{part.use_case}-{name}": raw for name, raw in kept.items()}
    texts = rejudging.texts_of(repo)
    write_files({here.gate: gates_json(found), here.samples: samples_json(found, texts)})
    write_files({here.evidence / name: raw.decode() for name, raw in evidence.items()})
    gitlab_reports.of_judgements(reports, environment, found)
    return tuple(found)


def _of_change(desk: Desk, planned: Planned, part: UseCasePlan, evaluating: Evaluating) -> Found | None:
    """One use case's judgement; None where nothing is asked of its change."""
    if part.retires or part.use_case not in planned.compiled.views:
        return None
    witness = planned.witnesses.get(part.use_case)
    live = witness.released.record.release if witness and witness.released else ""
    goes_back = is_older(part.release, live) and was_live(desk, part)
    asked = suites_asked(planned, desk.environment, part, goes_back=goes_back)
    missing = tuple(missing_suite(s, desk.environment.name) for s in asked.missing)
    if not asked.suites and not missing:
        say(f"{part.use_case}: nothing is evaluated: {asked.why_none or 'no suite is declared that is asked for'}")
        return None
    if not asked.suites:
        return Found(_judgement(desk, part, missing), (), {})
    with around(desk, witness, makes_aliases=False) as shared:
        found = evaluating.judged(inline(planned, part.use_case, shared), asked.suites)
    return replace(found, judgement=_judgement(desk, part, (*found.judgement.suites, *missing)))


def _judgement(desk: Desk, part: UseCasePlan, suites: tuple[SuiteVerdict, ...]) -> Judgement:
    return Judgement(
        use_case=part.use_case,
        environment=desk.environment.name,
        release=part.release,
        result=worst(tuple(s.result for s in suites)),
        suites=suites,
    )


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, raw in files.items():
        write_files({folder / name: raw.decode()})
        say(f"evidence: {folder / name}")
