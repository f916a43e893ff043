"""The record: the append-only account of what happened to one use case in one environment. Format v1.

A record is a folder ``<env>/<use-case>/<seq>-<release>/`` on the branch ``releases``. Its entries are files
that are never rewritten: ``opened.json`` first, ``closed.json`` last, others between. Every entry carries, in
``previous``, the sha256 of the raw bytes of the entry before it in the (environment, use case) sequence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from releaser.core.address import Address
from releaser.core.change_facts import Approval, ChangeFacts
from releaser.core.evidence_ref import EvidenceRef
from releaser.core.geography import is_guardrail_profile
from releaser.core.proof.files import NAME, RELEASE
from releaser.core.shape import OPTIONAL

StepStatus = Literal["DONE", "FAILED", "SKIPPED", "UNKNOWN"]


class Outcome(StrEnum):
    """How a record ended."""

    RELEASED = "released"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    SUPERSEDED = "superseded"
    NOTHING = "nothing"
    PRUNED = "pruned"
    """Versions that nothing needs were deleted; what is live stayed as it was."""
    ROLLED_BACK = "rolled-back"
    """The delivery took it back on an alarm: what was live before is live."""
    RETIRED = "retired"
    """The use case is no longer live here; what it had is deleted after the rollback window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who holds a record open: a CI job, or a process on a machine. Enough to prove that it is gone."""

    kind: Literal["ci", "laptop"]
    name: str
    host: str = field(default="", metadata=OPTIONAL)
    boot: str = field(default="", metadata=OPTIONAL)
    """Boot id and pid namespace: a pid means nothing outside both."""
    pid: int = field(default=0, metadata=OPTIONAL)
    started: str = field(default="", metadata=OPTIONAL)
    """Start of the process in clock ticks since boot: a pid is reused, the pair is not."""
    project: str = field(default="", metadata=OPTIONAL)
    pipeline: str = field(default="", metadata=OPTIONAL)
    job: str = field(default="", metadata=OPTIONAL)
    """The job's name, which a retry keeps."""
    job_id: str = field(default="", metadata=OPTIONAL)
    url: str = field(default="", metadata=OPTIONAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovedStep:
    """One step of the cleared plan. ``before``: the content hash it expects to find, None for absent."""

    address: Address
    verb: str
    stamp: str
    before: str | None
    name: str = field(default="", metadata=OPTIONAL)
    """The name in AWS of what is created, where address and stamp do not tell it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Emergency:
    """Why a run did not take the usual way."""

    kind: Literal["rollback", "forward"]
    reason: str
    owner: str = field(default="", metadata=OPTIONAL)
    until: str = field(default="", metadata=OPTIONAL)
    """The day (2026-12-08) on which a waiver ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A release that is kept out of an environment until the pin names other content."""

    release: str
    release_digest: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """What a run means to do to one use case: the part of ``opened.json`` that the engine knows."""

    use_case: str
    environment: str
    account: str
    region: str
    release: str
    release_digest: str
    commit: str
    tree: str
    tag: str | None
    """Object id of the annotated tag; None for unreleased content."""
    plan_digest: str
    change_digest: str
    steps: tuple[ApprovedStep, ...]
    previous_release: str
    tool_version: str
    actor: str
    """CI user or git user: data, proves nothing."""
    trigger: str
    """URL of the pipeline, or ``laptop``."""
    dirty: bool
    risk: str = field(default="", metadata=OPTIONAL)
    """The worst class of what was cleared: cosmetic, behavioural, safety-weakening, destructive."""
    environment_commit: str = field(default="", metadata=OPTIONAL)
    """Where environment.yaml and the pin came from, when that is another commit than the content's."""
    environment_digest: str = field(default="", metadata=OPTIONAL)
    """sha256 of the bytes of environment.yaml."""
    manifest_digest: str = field(default="", metadata=OPTIONAL)
    """Digest over the effective stamp of every resource: the manifest with the environment's values."""
    emergency: Emergency | None = field(default=None, metadata=OPTIONAL)
    holds: Held | None = field(default=None, metadata=OPTIONAL)
    """What this run takes back: kept out until the pin names other content."""
    rollback_to: str = field(default="", metadata=OPTIONAL)
    """The release that was live before, if this run is taken back."""
    change: ChangeFacts | None = field(default=None, metadata=OPTIONAL)
    session_name: str = field(default="", metadata=OPTIONAL)
    """Names our calls in CloudTrail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened(Intent):
    """``opened.json``: written before the first write to AWS. While it is not closed it is the lock."""

    id: str
    seq: int
    previous: str
    holder: Holder
    opened_at: datetime
    lease_expires: datetime

    @property
    def ref(self) -> RecordRef:
        """How the other entries of this record name it."""
        return RecordRef(
            id=self.id,
            environment=self.environment,
            use_case=self.use_case,
            seq=self.seq,
            release=self.release,
            release_digest=self.release_digest,
            commit=self.commit,
            environment_commit=self.environment_commit,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRef:
    """Which record an entry belongs to, so that each entry can be read alone."""

    id: str
    environment: str
    use_case: str
    seq: int
    release: str
    release_digest: str
    commit: str
    environment_commit: str = field(default="", metadata=OPTIONAL)
    """Where environment.yaml and the pin came from, when that is another commit than the content's."""

    @property
    def judged_at(self) -> str:
        """The commit whose environment.yaml it went by."""
        return self.environment_commit or self.commit

    @property
    def folder(self) -> str:
        return folder(self.environment, self.use_case, self.seq, self.release)


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewed:
    """``renewed-N.json``: the holder lives on and extends its lease."""

    record: RecordRef
    previous: str
    renewed_at: datetime
    lease_expires: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed:
    """``resumed-N.json``: another process continues the record. Compare-and-swap: only one can."""

    record: RecordRef
    previous: str
    holder: Holder
    resumed_at: datetime
    lease_expires: datetime
    reason: Literal["holder-gone", "job-retried", "lease-expired", "staged", "delivering", "taken-over"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """What one resource became: identity, version and content in AWS."""

    kind: str
    id: str
    arn: str
    name: str
    revision: str
    """AWS's ``updatedAt`` as it was spelled."""
    version: str | None
    stamp: str
    behaviour: str
    body_digest: str
    fields: Mapping[str, str] = field(default_factory=dict, metadata=OPTIONAL)
    """Path -> first 12 digits of the value's digest: drift names the path without storing the value."""
    labels_digest: str = field(default="", metadata=OPTIONAL)
    """Digest of what the stamp leaves out: the body as declared, with descriptions, and the tags."""
    server_defaults: Mapping[str, Any] = field(default_factory=dict, metadata=OPTIONAL)
    needs: tuple[Address, ...] = field(default=(), metadata=OPTIONAL)
    """What it refers to: taken away after it."""
    on_remove: str = field(default="", metadata=OPTIONAL)
    """``retain``: when it is no longer declared it stays in AWS, and the record forgets it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retired(Binding):
    """A resource no longer declared; it stays until the rollback window has passed."""

    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StepOutcome:
    """What became of one step."""

    address: Address
    verb: str
    status: StepStatus
    message: str
    request_ids: tuple[str, ...]
    started_at: datetime | None
    duration_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the manifest said that an auditor asks for. Confidential content by digest only."""

    models: Mapping[str, Any] = field(default_factory=dict)
    prompts: Mapping[str, str] = field(default_factory=dict)
    guardrails: Mapping[str, Any] = field(default_factory=dict)
    datasets: Mapping[str, Any] = field(default_factory=dict)
    thresholds: Mapping[str, Any] = field(default_factory=dict)
    governance: Mapping[str, Any] = field(default_factory=dict)
    processing: Mapping[str, tuple[str, ...]] = field(default_factory=dict, metadata=OPTIONAL)
    """Every model and guardrail profile that it names -> the Regions that may process what is sent to it."""

    @property
    def model_ids(self) -> frozenset[str]:
        """Every model it names; of a record from before ``processing`` was kept, those of its section ``models``."""
        named = (m.get("modelId") for m in self.models.values() if isinstance(m, Mapping))
        return frozenset(v for v in self.processing if not is_guardrail_profile(v)) | frozenset(
            str(m) for m in named if m and not str(m).startswith("${")
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """``staged.json``: candidates exist, callers see nothing yet. The lock is free; a later run continues."""

    record: RecordRef
    previous: str
    staged_at: datetime
    bindings: Mapping[Address, Binding]
    awaiting: tuple[str, ...]
    evidence: Mapping[str, EvidenceRef] = field(default_factory=dict, metadata=OPTIONAL)
    """What was found so far: a later run goes on from there, wherever it runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A roll-out of the runtime configuration on its way, in AppConfig's own terms."""

    application: str
    environment: str
    deployment: int
    strategy: str
    percentage: int
    """How many of a hundred readers get the new configuration."""
    ends_about: datetime | None = field(default=None, metadata=OPTIONAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivering:
    """``delivering.json``: pointers are on their way to callers. The lock is free; a later run continues."""

    record: RecordRef
    previous: str
    at: datetime
    delivery: Delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """How a run ended: the part of ``closed.json`` that the engine knows."""

    outcome: Outcome
    outcomes: tuple[StepOutcome, ...] = ()
    bindings: Mapping[Address, Binding] = field(default_factory=dict)
    retired: Mapping[Address, tuple[Retired, ...]] = field(default_factory=dict)
    """Several under one address when a resource was replaced more than once within the rollback window."""
    verified: bool
    """A new plan was empty afterwards."""
    verdicts: tuple[Mapping[str, Any], ...] = ()
    facts: Facts = field(default_factory=Facts)
    duration_ms: int
    attempted: Mapping[Address, tuple[str, ...]] = field(default_factory=dict, metadata=OPTIONAL)
    """Names under which runs since the last release may have created something: looked for until all is retired."""
    allowed: Mapping[Address, tuple[str, ...]] = field(default_factory=dict, metadata=OPTIONAL)
    """Stamps that drafts may have got since the last release, by updates that a gate let pass: a later run that finds
    one of them there goes on, and takes it for nobody else's change."""
    delivery: Mapping[str, Any] = field(default_factory=dict, metadata=OPTIONAL)
    """How the runtime configuration reached callers: strategy, deployment, state, alarm that took it back."""
    evidence: Mapping[str, EvidenceRef] = field(default_factory=dict, metadata=OPTIONAL)
    approvals: tuple[Approval, ...] = field(default=(), metadata=OPTIONAL)
    """Of the deployment, beside those of the merge request."""
    cost: Mapping[str, Any] = field(default_factory=dict, metadata=OPTIONAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed(Conclusion):
    """``closed.json``: the last entry of a record; the lock is free."""

    record: RecordRef
    previous: str
    notes_digest: str
    """sha256 of ``notes.md`` beside it; empty when there is none."""
    closed_at: datetime


Entry = Opened | Renewed | Resumed | Staged | Delivering | Closed
Between = Renewed | Resumed | Staged | Delivering
"""What may stand between the first entry and the last."""
KINDS: Mapping[str, type[Entry]] = {
    "opened": Opened,
    "renewed": Renewed,
    "resumed": Resumed,
    "staged": Staged,
    "delivering": Delivering,
    "closed": Closed,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRecord:
    """A record that is not closed: who holds it now, until when, and which entries it has."""

    opened: Opened
    holder: Holder
    lease_expires: datetime
    entries: tuple[str, ...]
    tip: str
    """sha256 of its last entry."""
    staged: Staged | None = None
    evidence: Mapping[str, EvidenceRef] = field(default_factory=dict)
    """All that was found whenever it was staged: it counts also when a run that took over came to no end."""
    delivering: Delivering | None = None
    """The newest word on its delivery; stays when another run continues it."""
    free: Literal["", "staged", "delivering"] = ""
    """What it waits for while nobody holds it; empty while somebody does."""

    @property
    def id(self) -> str:
        return self.opened.id

    @property
    def ref(self) -> RecordRef:
        return self.opened.ref


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """What git knows of one use case in one environment."""

    use_case: str
    released: Closed | None
    """The last record that ended as released; None also when it was retired since."""
    latest: Closed | None
    """The last closed record, whatever its outcome."""
    open: OpenRecord | None
    holds: tuple[Held, ...] = ()
    """What is kept out, newest first; ask ``core.hold.held_of``."""


def folder(environment: str, use_case: str, seq: int, release: str) -> str:
    """The folder of one record. Raises ValueError for a name that must not become a path."""
    for name in (environment, use_case):
        if not NAME.fullmatch(name):
            raise ValueError(f"not a name that can become a path: {name!r}")
    if not RELEASE.fullmatch(release) or seq < 1:
        raise ValueError(f"not a release: {seq}, {release!r}")
    return f"{environment}/{use_case}/{seq:04d}-{release}"


def is_older(release: str, live: str) -> bool:
    """Whether a release comes before the one that is live: then it is a way back, and reaches everybody at once."""
    numbers = [int(r[1:]) if r[:1] == "r" and r[1:].isdecimal() else 0 for r in (release, live)]
    return 0 < numbers[0] < numbers[1]
