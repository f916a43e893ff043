"""Release notes: what a release changes, said for people who read no JSON. Never a list of commits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from releaser.core.address import Address
from releaser.core.cost_inputs import cost_inputs
from releaser.core.deployed import Deployed, deployed
from releaser.core.kind import Effect, Kind
from releaser.core.manifest import Allowance
from releaser.core.note_facts import NoteFacts, note_facts
from releaser.core.note_sections import Note, Section, sections
from releaser.core.plan import Risk
from releaser.core.record import Binding
from releaser.core.release_content import ReleaseContent
from releaser.core.run_facts import RunFacts
from releaser.core.scores import Score
from releaser.core.way_back import Lifecycle, WayBack


@dataclass(frozen=True, slots=True)
class Happened:
    """What is known of a run beside the content that it releases; every part may be missing."""

    environment: str = ""
    bindings: Mapping[Address, Binding] = field(default_factory=dict)
    before: Mapping[Address, Binding] | None = None
    """The bindings of what was live before; None where nobody knows them."""
    verbs: Mapping[Address, frozenset[str]] = field(default_factory=dict)
    """What was done to each resource."""
    lives: Mapping[str, Lifecycle] | None = None
    """Model id -> its life, as AWS says; None where AWS was not asked."""
    processed_in: Iterable[str] = ()
    """Every Region that may see data of the use case."""
    risk: Risk = Risk.NONE
    """The class of what was cleared; NONE where it is not known."""
    allowed: Iterable[Allowance] = ()
    """Allowances that it needed."""
    scores: tuple[Score, ...] = ()
    run: RunFacts | None = None
    back: WayBack | None = None


@dataclass(frozen=True, slots=True)
class Notes:
    """The notes of one release."""

    use_case: str
    release: str
    digest: str
    environment: str
    description: str
    facts: NoteFacts
    previous: str
    previous_digest: str
    """Empty, with ``previous``, for a first release."""
    goes_back_to: str
    """The earlier release whose content this is; empty when there is none."""
    sections: tuple[Section, ...]
    cost: tuple[Note, ...]
    """Inputs of cost that changed."""
    deployed: tuple[Deployed, ...]
    withholds_texts: bool
    risk: Risk = Risk.NONE
    allowed: tuple[Allowance, ...] = ()
    scores: tuple[Score, ...] = ()
    """Empty: it was not evaluated."""
    run: RunFacts | None = None
    back: WayBack | None = None

    @property
    def is_first(self) -> bool:
        return not self.previous_digest

    @property
    def only_pointers_move(self) -> bool:
        return bool(self.deployed) and not any(d.fresh for d in self.deployed)

    def of_effect(self, effect: Effect) -> tuple[Note, ...]:
        """All notes of one effect, across sections."""
        return tuple(n for s in self.sections for n in s.notes if n.remark.effect == effect)


def release_notes(
    previous: ReleaseContent | None,
    current: ReleaseContent,
    *,
    kinds: Mapping[str, Kind],
    history: Mapping[str, str] | None = None,
    happened: Happened | None = None,
) -> Notes:
    """The notes of ``current``. ``history``: earlier release -> its digest; ``happened``: what its run adds."""
    told = tuple(sections(previous, current, kinds))
    what = happened or Happened()
    return Notes(
        use_case=current.use_case,
        release=current.release,
        digest=current.digest,
        environment=what.environment,
        description=str(current.spec.get("description") or ""),
        facts=note_facts(current, what.lives or {}, what.processed_in),
        previous=previous.release if previous else "",
        previous_digest=previous.digest if previous else "",
        goes_back_to=_same_as(previous, current, history or {}),
        sections=told,
        cost=tuple(cost_inputs(previous, current, told)) if previous else (),
        deployed=deployed(what.bindings, what.before, what.verbs),
        withholds_texts=current.is_confidential or (previous is not None and previous.is_confidential),
        risk=what.risk,
        allowed=tuple(what.allowed),
        scores=what.scores,
        run=what.run,
        back=what.back,
    )


def _same_as(previous: ReleaseContent | None, current: ReleaseContent, history: Mapping[str, str]) -> str:
    """The newest earlier release with this very content, when what is replaced has another."""
    if previous is None or previous.digest == current.digest:
        return ""
    same = [r for r, digest in history.items() if digest == current.digest and r != current.release]
    return max(same, key=_number, default="")


def _number(release: str) -> int:
    digits = re.sub(r"\D", "", release)
    return int(digits) if digits else 0
