"""Hold: what was taken back stays out until the environment is to have other content."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import date

from releaser.core.gate import Result, Verdict
from releaser.core.hold import held_of
from releaser.core.hold_mark import HELD_TAG, is_marked
from releaser.core.pin import Pinned
from releaser.core.plan import Plan
from releaser.core.record import Witness
from releaser.core.snapshot import Seen, Snapshot


def judge(
    plan: Plan,
    witnesses: Mapping[str, Witness],
    snapshot: Snapshot,
    pins: Mapping[str, Pinned],
    today: date,
    spent: Collection[str] = (),
) -> list[Verdict]:
    """FAIL for each use case whose content is held here: exactly that digest, by whatever name. A waiver in the pin
    lets it in again, unless it is ``spent``: it stood there when the content was taken back."""
    found = [*_by_records(plan, witnesses, pins), *_by_marks(plan, witnesses, snapshot)]
    return [_waived(v, pins.get(v.use_case), today, v.use_case in spent) for v in found]


def _waived(verdict: Verdict, pin: Pinned | None, today: date, is_spent: bool) -> Verdict:
    if pin is None or pin.waiver is None or pin.waiver.until < today:
        return verdict
    if is_spent:
        said = f"the waiver of {pin.waiver.owner} is from before that: to bring it back on purpose it needs a new one"
        return replace(verdict, hint=f"{verdict.hint}; {said}")
    said = f"{verdict.reason}; let in again on the waiver of {pin.waiver.owner}: {pin.waiver.reason}"
    return Verdict("hold", Result.PASS, said, use_case=verdict.use_case, code=verdict.code)


def _by_marks(plan: Plan, witnesses: Mapping[str, Witness], snapshot: Snapshot) -> Iterator[Verdict]:
    """What was taken back while git could not be told."""
    marked: dict[str, list[Seen]] = {}
    for address, seen in snapshot.observations.items():
        if isinstance(seen, Seen) and HELD_TAG in seen.tags:
            marked.setdefault(address.use_case, []).append(seen)
    for part in plan.use_cases:
        seens, witness = marked.get(part.use_case, ()), witnesses.get(part.use_case)
        if part.steps and any(is_marked(o.tags, part.release_digest, witness) for o in seens):
            said = f"{part.use_case} was taken back in {plan.environment}, and the record of it has not arrived in git"
            hint = "`releaser records push` in the clone where it was taken back; or promote another release"
            yield Verdict("hold", Result.FAIL, said, hint, part.use_case, "P322")


def _by_records(plan: Plan, witnesses: Mapping[str, Witness], pins: Mapping[str, Pinned]) -> list[Verdict]:
    found = []
    for part in plan.use_cases:
        witness = witnesses.get(part.use_case)
        held = held_of(witness, part.release_digest)
        if held is not None and not part.retires:
            said = f"{part.use_case} {held.release} was taken back in {plan.environment} and is held: {held.reason}"
            hint = _way_out(plan.environment, part.use_case, is_pinned=part.use_case in pins)
            if witness and witness.open is not None and witness.open.opened.holds is not None:
                again = f"releaser rollback {part.use_case} -e {plan.environment} --now --reason TEXT"
                hint = f"the emergency rollback was cut off and wants to be finished: {again}"
            found.append(Verdict("hold", Result.FAIL, said, hint, part.use_case, "P312"))
    return found


def _way_out(environment: str, use_case: str, *, is_pinned: bool) -> str:
    """Where a branch is followed there is no pin to move."""
    if not is_pinned:
        return "merge a fix or a revert"
    branch = f"releaser/rollback-{environment}-{use_case}"
    return (
        f"merge {branch} (`releaser rollback {use_case} -e {environment}` makes it where there is none), "
        f"so that the pin says what is live; or promote a fix"
    )
