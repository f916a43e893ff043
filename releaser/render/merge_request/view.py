"""The comment as sections, in the order in which they are read; what must stay when there is not room for all."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from releaser.core.evaluation.judgement import Judgement, MetricVerdict, SuiteVerdict, worst
from releaser.core.gate import Result
from releaser.core.notes import Notes
from releaser.core.plan import Risk
from releaser.core.plan import worst as worst_risk
from releaser.render.document import Block, Bullet, Bullets, Callout, Inline, Paragraph, Table, code, strong
from releaser.render.evaluation.view import against, bindings, head, totals
from releaser.render.evaluation.words import asked, difference, interval, shown_result, worst_first
from releaser.render.merge_request.facts import PlanFacts, ResourceFacts, Said, Situation, UseCaseFacts
from releaser.render.notes_view import cost_view, sections_view
from releaser.render.words import RISKS, counted

LONGEST = 600
"""Characters of a message or a value that are shown."""
MOST = 25
"""Messages of one sort that are shown."""


@dataclass(frozen=True, slots=True)
class Section:
    """``title``: behind a fold, told by it; none: open. ``stays``: also where there is not room for all."""

    title: str
    blocks: tuple[Block, ...]
    stays: bool = False


def sections(found: Situation) -> Iterator[Section]:
    """The comment, but for its marks and links."""
    yield Section("", (Paragraph(verdict(found)),), stays=True)
    yield Section("", tuple(_in_the_way(found)), stays=True)
    yield Section("", tuple(_weaker(found.plan)), stays=True)
    yield Section("", tuple(_touched(found)))
    for notes in found.notes:
        yield Section(f"What changes for users of {notes.use_case}", tuple(_changes(notes)))
    for judgement in found.judgements:
        yield from _evaluation(judgement)
    yield Section("", tuple(_approvals(found)), stays=True)
    if found.plan is not None:
        for part in found.plan.use_cases:
            if part.resources:
                title = (
                    f"Plan of {part.name}: {counted(len(part.resources), 'resource')}, {counted(part.steps, 'step')}"
                )
                yield Section(title, tuple(_plan(part)))
        yield Section("Changed outside git", tuple(_drift(found.plan)))
        yield Section("Room in the account", tuple(_room(found.plan)))


def is_quiet(found: Situation) -> bool:
    """Whether there is nothing to say of the environment."""
    return not found.touched and not found.gone


def verdict(found: Situation) -> Inline:
    """The first line: what comes of it, in one sentence."""
    where = code(found.environment)
    if is_quiet(found):
        return (strong("Nothing changes"), " in ", where, ".")
    plan = found.plan
    if plan is None:
        return (strong("No plan"), " for ", where, ": its job failed before there was one; its log says why.")
    results = tuple(j.result for j in found.judgements)
    risk = worst_risk(u.risk for u in plan.use_cases)
    what = f"{counted(len(plan.use_cases), 'use case')}, {counted(sum(u.steps for u in plan.use_cases), 'step')}"
    if plan.refused or any(u.blocked for u in plan.use_cases):
        first = strong("Refused")
    elif results and worst(results) is not Result.PASS:
        first = strong({Result.PENDING: "Waits for evidence"}.get(worst(results), f"Does not pass: {worst(results)}"))
    elif not any(u.steps for u in plan.use_cases):
        return (strong("Nothing is done"), " in ", where, ": what is live is as asked.")
    else:
        first = strong("Passes" if results else "Can be released")
    return (first, " for ", where, f": {what}. Risk: ", strong(risk.value), f", {RISKS[risk]}.")


def _in_the_way(found: Situation) -> Iterator[Block]:
    plan = found.plan
    if plan is not None:
        rows = [(u.name, said) for u in plan.use_cases for said in u.blocked] + [("", said) for said in plan.refused]
        if rows:
            yield Callout("What stands in the way:", tuple(_shown(_finding(name, said) for name, said in rows)))
    for judgement in found.judgements:
        if judgement.result is not Result.PASS:
            yield from head(judgement)
            yield from against(judgement, found.samples.get)


def _finding(name: str, said: Said) -> Inline:
    subject: Inline = (code(name), ": ") if name else ()
    hint = f" {_cut(said.hint)}" if said.hint else ""
    return (*subject, f"{_cut(said.text)} (", code(said.code), f").{hint}")


def _weaker(plan: PlanFacts | None) -> Iterator[Block]:
    rows = [(u.name, at, text) for u in (plan.use_cases if plan else ()) for at, text in u.weaker]
    if rows:
        told = _shown((code(f"{name} {at}"), f": {_cut(text)}") for name, at, text in rows)
        yield Callout(f"This would protect or check less in {counted(len(rows), 'place')}:", tuple(told))


def _touched(found: Situation) -> Iterator[Block]:
    risks = {u.name: u.risk.value for u in found.plan.use_cases} if found.plan else {}
    if found.touched:
        head = ("use case", "why it is touched", "risk")
        rows = [((code(n),), (why,), (risks.get(n, "–"),)) for n, why in found.touched.items()]
        yield Table("What is touched", head, tuple(rows))
    if found.gone:
        yield Bullets(
            tuple(Bullet((code(n), ": its content is gone; nothing is deleted for that.")) for n in found.gone)
        )


def _changes(notes: Notes) -> Iterator[Block]:
    yield from sections_view(notes)
    yield from cost_view(notes)


def _evaluation(found: Judgement) -> Iterator[Section]:
    rows = worst_first(found.suites)
    blocks: list[Block] = [Paragraph(("Evaluation of ", code(found.use_case), ": ", strong(found.result)))]
    if rows:
        names = ("metric", "tier", "verdict", "value", "asked", "against the baseline", "n")
        blocks.append(Table(f"Metrics of {found.use_case}", names, tuple(_metric(s, m) for s, m in rows)))
    yield Section("", (*blocks, *totals(found)))
    yield Section(f"Evidence for {found.use_case}", tuple(bindings(found)))


def _metric(suite: SuiteVerdict, found: MetricVerdict) -> tuple[Inline, ...]:
    return (
        (code(f"{suite.suite}/{found.threshold.metric}"),),
        (found.threshold.tier,),
        (shown_result(found),),
        (interval(found),),
        (asked(found.threshold),),
        (difference(found.comparison, found.threshold.unit),),
        (str(found.n),),
    )


def _approvals(found: Situation) -> Iterator[Block]:
    if found.approvals:
        yield Paragraph((strong("Who must approve"),))
        yield Bullets(tuple(Bullet((f"{a.why}: ", code(a.who))) for a in found.approvals))


def _plan(part: UseCaseFacts) -> Iterator[Block]:
    rows = tuple(
        ((code(r.address.partition("/")[2]),), (_happens(r),), ("" if r.risk is Risk.NONE else r.risk.value,))
        for r in part.resources
    )
    yield Table(f"Plan of {part.name}", ("resource", "what happens", "risk"), rows)
    for resource in part.resources:
        if resource.fields:
            yield Paragraph(("Fields of ", code(resource.address.partition("/")[2])))
            fields = resource.fields[:MOST]
            yield Table(
                f"Fields of {resource.address}",
                ("field", "live", "in git"),
                tuple(((code(path),), _value(before), _value(after)) for path, before, after in fields),
            )
            if len(resource.fields) > MOST:
                yield Paragraph((f"and {len(resource.fields) - MOST} more",))


def _happens(found: ResourceFacts) -> str:
    quota = f" ({found.quota})" if found.quota else ""
    return (
        ", ".join([*([found.action] if found.action != "none" else []), *(["new version"] * found.publishes)]) + quota
    )


def _value(found: Any) -> Inline:
    if found is None:
        return ("–",)
    if isinstance(found, dict) and found.keys() == {"sha256", "length"}:
        return (f"{found['length']} characters, sha256 {found['sha256']}",)
    return (code(_cut(found if isinstance(found, str) else json.dumps(found, ensure_ascii=False))),)


def _drift(plan: PlanFacts) -> Iterator[Block]:
    if plan.drift:
        yield Bullets(tuple(Bullet(row) for row in _shown((code(f"{a} {path}".strip()),) for a, path in plan.drift)))


def _room(plan: PlanFacts) -> Iterator[Block]:
    if plan.room:
        rows = tuple(
            ((kind,), *((str(n),) for n in (used, needs, limit)), (source,))
            for kind, used, limit, needs, source in plan.room
        )
        yield Table("Room in the account", ("kind", "used", "this needs", "limit", "says"), rows)


def _shown(rows: Iterable[Inline]) -> Iterator[Inline]:
    found = list(rows)
    yield from found[:MOST]
    if len(found) > MOST:
        yield (f"and {len(found) - MOST} more",)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text)} characters)"
