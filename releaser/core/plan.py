"""Changes for people, steps for the machine, and the digests that bind a review to an application.

The plan digest binds a saved file. The change digest, one per use case, is what a review approves: environment,
account, region, steps, stamps and the content seen before; no commit, id or time, so that a squash merge or another
use case's change is no divergence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from releaser.core.address import Address
from releaser.core.diagnostic import Diagnostic
from releaser.core.diff import FieldChange, Origin
from releaser.core.kind import REMOVAL, Remark, Verb
from releaser.core.manifest import Allowed
from releaser.core.quotas import Room
from releaser.core.record import Binding, Facts
from releaser.core.values import digest

FORMAT = "releaser.plan/v1"


class Wave(StrEnum):
    """STAGE is invisible to callers; PROMOTE moves what they follow."""

    STAGE = "stage"
    PROMOTE = "promote"


@dataclass(frozen=True, slots=True, order=True)
class StepKey:
    """Identity of a step: what is done to what. ``target`` is a live id for what is no longer declared."""

    address: Address
    verb: Verb
    target: str = ""

    def __str__(self) -> str:
        return f"{self.verb} {self.address}" + (f" ({self.target})" if self.target else "")


@dataclass(frozen=True, slots=True)
class Step:
    """One write, with what must hold before it. ``before``: digest of the content seen, '' when absent."""

    key: StepKey
    wave: Wave
    stamp: str
    body_digest: str
    before: str = ""
    revision: str = ""
    needs: tuple[StepKey, ...] = ()
    retag: bool = False
    """The tags differ, too or only."""
    rewrite: bool = True
    """The body differs; False when only the tags do."""
    late: bool = False
    """Puts a draft or tags in order after the pointers have moved: nothing that callers follow waits for it."""
    pieces: Mapping[str, str] = field(default_factory=dict)
    """For what is written in several calls: the digests of its pieces as seen, see ``content.pieces``."""

    @property
    def removes(self) -> bool:
        """Takes away what is no longer declared: no part of what is released."""
        return self.key.verb in REMOVAL

    @property
    def address(self) -> Address:
        return self.key.address

    @property
    def verb(self) -> Verb:
        return self.key.verb


class Risk(StrEnum):
    """What a change may do to those who rely on it; later ones are worse. The rules: ``core/risk.py``."""

    NONE = "none"
    COSMETIC = "cosmetic"
    BEHAVIOURAL = "behavioural"
    WEAKENING = "safety-weakening"
    DESTRUCTIVE = "destructive"


def worst(risks: Iterable[Risk]) -> Risk:
    """The worst of them; NONE of nothing."""
    order = list(Risk)
    return max(risks, key=order.index, default=Risk.NONE)


@dataclass(frozen=True, slots=True)
class Concern:
    """Something that an environment may let pass only with an allowance."""

    change: Allowed
    risk: Risk
    places: tuple[str, ...]
    """Under ``spec``: an allowance for any of them is one for this. The first is the one to propose."""
    text: str
    """``{}`` stands for ``private``."""
    private: str = ""
    always: bool = False
    """Needs an allowance whatever the environment says."""

    @property
    def at(self) -> str:
        return self.places[0]


class Action(StrEnum):
    """What happens to a resource, in a word for people."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    REPOINT = "repoint"
    RETIRE = "retire"
    DELETE = "delete"
    DISOWN = "disown"
    ADOPT = "adopt"
    """Nothing but our tags: it is there as asked, and nobody's."""
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Change:
    """One resource's change. ``publishes`` when a new version is cut; ``reason`` is a code, not prose."""

    address: Address
    action: Action
    fields: tuple[FieldChange, ...] = ()
    reason: str = ""
    publishes: bool = False
    version: str = ""
    """The version in use before this plan."""
    quota: str = ""
    """For example ``7 of 10 versions used, this needs 1``."""
    name: str = ""
    remarks: tuple[Remark, ...] = ()
    """What it means, in the kind's words: what becomes stronger or weaker."""
    risk: Risk = Risk.NONE
    concerns: tuple[Concern, ...] = ()

    @property
    def drift(self) -> bool:
        return self.reason in ("deleted-live", "version-gone") or any(f.origin is Origin.DRIFT for f in self.fields)


@dataclass(frozen=True, slots=True)
class UseCasePlan:
    """The part of a plan that concerns one use case: what is reviewed, applied and recorded together."""

    use_case: str
    release: str
    release_digest: str
    changes: tuple[Change, ...]
    steps: tuple[Step, ...]
    change_digest: str
    versions: Mapping[Address, str] = field(default_factory=dict)
    """Published versions that are reused."""
    blocked: tuple[Diagnostic, ...] = ()
    lowered: tuple[Concern, ...] = ()
    """What is asked of a release that became less, against the last one: thresholds, governance."""
    observed: bool = False
    """The manifest says ``mode: observe``: what would be done is shown, and nothing of it is ever cleared."""
    retires: bool = False
    """A tombstone: everything that it has here is taken away."""
    processing: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Model or guardrail profile that it names -> the Regions that may process what is sent to it."""

    @property
    def processed_in(self) -> tuple[str, ...]:
        """Every Region that may see data of the use case."""
        return tuple(sorted({region for regions in self.processing.values() for region in regions}))

    @property
    def is_empty(self) -> bool:
        return not self.steps

    @property
    def concerns(self) -> tuple[Concern, ...]:
        """All that may need an allowance."""
        return (*self.lowered, *(c for change in self.changes for c in change.concerns))

    @property
    def risk(self) -> Risk:
        """The worst class of its changes."""
        return worst([*(c.risk for c in self.lowered), *(c.risk for c in self.changes)])


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that would be done in one environment's account and region, and why."""

    environment: str
    account: str
    region: str
    commit: str
    use_cases: tuple[UseCasePlan, ...]
    snapshot_digest: str
    diagnostics: tuple[Diagnostic, ...] = ()
    assumed: int = 0
    read: int = 0
    room: tuple[Room, ...] = ()
    """Of the kinds that it adds to: what the account has and may have."""
    digest: str = ""

    @property
    def steps(self) -> tuple[Step, ...]:
        return tuple(s for u in self.use_cases for s in u.steps)

    @property
    def changes(self) -> tuple[Change, ...]:
        return tuple(c for u in self.use_cases for c in u.changes)

    @property
    def is_empty(self) -> bool:
        return not self.steps

    def of(self, use_case: str) -> UseCasePlan | None:
        return next((u for u in self.use_cases if u.use_case == use_case), None)


def change_digest(environment: str, account: str, region: str, steps: Iterable[Step]) -> str:
    """What a review approves, for one use case."""
    return digest(
        {
            "environment": environment,
            "account": account,
            "region": region,
            "steps": [
                [str(s.address), s.verb, s.stamp, s.before, s.rewrite, s.retag, bool(s.key.target)]
                for s in sorted(steps, key=lambda s: s.key)
            ],
        }
    )


def plan_digest(plan: Plan) -> str:
    """What a saved plan file is bound by."""
    return digest(
        {
            "format": FORMAT,
            "environment": plan.environment,
            "account": plan.account,
            "region": plan.region,
            "commit": plan.commit,
            "snapshot": plan.snapshot_digest,
            "useCases": [
                {
                    "useCase": u.use_case,
                    "releaseDigest": u.release_digest,
                    "changes": u.change_digest,
                    "steps": [[str(s.key), s.body_digest, s.before, s.revision] for s in u.steps],
                }
                for u in plan.use_cases
            ],
        }
    )


SUMMARY_KEYS = ("create", "update", "replace", "publish", "repoint", "ingest", "delete", "retire", "disown", "adopt")


def summary(plan: Plan) -> dict[str, int]:
    """How many of each; a replacement counts once, under ``replace``."""
    counts = dict.fromkeys(SUMMARY_KEYS, 0)
    for change in plan.changes:
        if change.action is not Action.NONE:
            counts[change.action.value] += 1
        counts["publish"] += change.publishes
    counts["ingest"] = sum(s.verb is Verb.INGEST for s in plan.steps)
    return counts


@dataclass(frozen=True, slots=True)
class Known:
    """What git's records know of a use case: bindings, and what was retired and is still to be deleted."""

    bindings: Mapping[Address, Binding] = field(default_factory=dict)
    retired: Mapping[Address, tuple[Binding, ...]] = field(default_factory=dict)
    attempted: tuple[tuple[Address, str], ...] = ()
    """Names under which an unfinished run may have created something."""
    release: str = ""
    release_digest: str = ""
    approved: frozenset[tuple[Address, str]] = frozenset()
    """Resource and stamp of updates that an unfinished run was cleared for, and may have made."""
    facts: Facts | None = None
    """What the last release asked for; None where there is none."""


def is_within(steps: Iterable[Step], approved: Iterable[tuple[str, str, str]]) -> list[StepKey]:
    """The steps that were not approved: resuming may do less than was reviewed, never more."""
    allowed = set(approved)
    # What was made and not completed is continued by an update.
    allowed |= {(a, Verb.UPDATE.value, s) for a, v, s in allowed if v == Verb.CREATE.value}
    return [s.key for s in steps if (str(s.address), s.verb.value, s.stamp) not in allowed]
