"""What is live answers a case, for judges that compare with it: as it did when it was evaluated, or asked again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from releaser.core.evaluation.case import Case
from releaser.core.evaluation.evidence import Evidence
from releaser.core.evaluation.response import Response
from releaser.gates.evaluation.asker import Calls
from releaser.gates.evaluation.pairs import Before
from releaser.gates.evaluation.ports import Refusal, Target
from releaser.gates.evaluation.unscorable import Unscorable


def digests_of(cases: Iterable[Case], evidence: Iterable[Evidence]) -> dict[str, str]:
    """Case -> the digest of the first answer that evidence has to exactly this case."""
    asked = {c.id: c.digest for c in cases}
    found: dict[str, str] = {}
    for one in evidence:
        same = {c.id for c in one.cases if asked.get(c.id) == c.digest}
        for seen in sorted(one.observations, key=lambda o: o.repeat):
            if seen.response and seen.case in same:
                found.setdefault(seen.case, seen.response)
    return found


def answers_before(target: Target, said: Mapping[str, str], calls: Calls) -> Before:
    """Answers by their digests where this clone has them; others are asked, within the limits and the budget of the
    run, and kept. ``said``: case -> digest."""
    asker = calls.asker(target.ask)

    def answer(case: Case) -> Response:
        kept = calls.responses.read(said[case.id]) if case.id in said else None
        if kept is not None:
            return kept
        try:
            return asker.ask(target.request(case), 1).response
        except Refusal as refusal:
            if refusal.failure.trouble == "budget":
                raise
            raise Unscorable(f"what is live gave no answer ({refusal.failure.trouble})") from None

    return answer


def nothing_before(_: Case) -> Response:
    """Nothing is live."""
    raise Unscorable("nothing is approved yet to compare with")
