"""A comment with one text at every place where a text from elsewhere can stand."""

from __future__ import annotations

from releaser.core.evaluation.judgement import Judgement, MetricVerdict, Sample, SuiteVerdict, Threshold, Waived
from releaser.core.gate import Result
from releaser.core.kind import Remark
from releaser.core.note_facts import NoteFacts
from releaser.core.note_sections import Note, Section
from releaser.core.notes import Notes
from releaser.core.plan import Risk
from releaser.render.data import SavedPlan
from releaser.render.merge_request.facts import Asked, PlanFacts, ResourceFacts, Said, Situation, UseCaseFacts

ARTIFACTS = "https://gitlab.example.com/bank/releases/-/jobs/7/artifacts/browse/reports/dev"


def situation(text: str) -> Situation:
    """Everything that is said of ``dev`` is this text."""
    return Situation(
        environment="dev",
        head="b" * 40,
        touched={text: text},
        gone=(text,),
        plan=_plan(text),
        judgements=(_judgement(text),),
        samples={"d": text},
        notes=(_notes(text),),
        approvals=(Asked(text, text),),
        artifacts=ARTIFACTS,
        folder="reports/dev",
    )


def _plan(text: str) -> PlanFacts:
    said = Said(text, text, text)
    fields = ((text, text, None), (text, None, text), (text, {text: [text]}, {"sha256": text, "length": 1}))
    resource = ResourceFacts(f"mail/{text}", text, Risk.COSMETIC, True, text, (("weaker", text),), fields)
    part = UseCaseFacts(text, text, text, Risk.WEAKENING, 1, ((text, text),), (said,), (resource,))
    saved = SavedPlan("", "dev", "1" * 12, "eu-central-1", "c" * 40, (), {})
    return PlanFacts(saved, (part,), (said,), ((text, text),), ((text, 1, 2, 3, text),))


def _judgement(text: str) -> Judgement:
    metric = MetricVerdict(
        threshold=Threshold(suite=text, metric=text, floor=0.5),
        result=Result.FAIL,
        reason=text,
        hint=text,
        value=0.25,
        test=text,
        worst=(Sample(case=text, score=0.0, response="d", critical=True),),
    )
    waived = MetricVerdict(
        threshold=Threshold(suite=text, metric=text),
        result=Result.FAIL,
        reason=text,
        waived=Waived(by=text, reason=text, until=text),
    )
    suite = SuiteVerdict(
        suite=text,
        result=Result.FAIL,
        key=text,
        evidence=(text,),
        metrics=(metric, waived),
        reason=text,
        accepted_from=text,
        cost={text: 1.0},
    )
    return Judgement(use_case=text, environment=text, release=text, result=Result.FAIL, suites=(suite,))


def _notes(text: str) -> Notes:
    remarks = (
        Remark(text, "weaker"),
        Remark("word {}", "changed", private=text),
        Remark("the text changed", "changed", texts=("what it was", text)),
        Remark("the text changed", "changed", texts=(text, "what it is")),
        Remark("the text changed", "changed", texts=(f"{text}\nlast\n{text}", f"{text}\nlast one\n{text}")),
    )
    told = tuple(Note(text, remark) for remark in remarks)
    return Notes(
        use_case=text,
        release=text,
        digest=text,
        environment="dev",
        description=text,
        facts=NoteFacts((), (), (), "", (), ()),
        previous="base",
        previous_digest="x",
        goes_back_to="",
        sections=(Section(text, told),),
        cost=told,
        deployed=(),
        withholds_texts=False,
    )
