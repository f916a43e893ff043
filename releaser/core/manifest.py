"""The manifest of a use case: says what, never where.

``use_case_model`` builds the model from the kinds that exist, so that a new kind's section is valid with no
other
edit. The bodies of those sections are AWS's own and are checked by ``shapes``, not here.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, create_model, model_validator
from pydantic_core import PydanticCustomError

from releaser.core.kind import Kind

API_VERSION = "releaser.dev/v1"

PLANNED_SECTIONS = frozenset({"monitoring"})
"""Sections that the manifest will have: refused until this version can act on them, never silently
ignored."""

Classification = Literal["public", "internal", "confidential", "restricted"]
Tier = Literal["minimal", "limited", "high"]

UseCaseName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=40)]
EntryName = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z][a-zA-Z0-9]*(-[a-zA-Z0-9]+)*$", max_length=40)]
Text = Annotated[str, StringConstraints(min_length=1)]
EntryPath = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z]+\.[a-zA-Z][a-zA-Z0-9]*(-[a-zA-Z0-9]+)*$")]
Flag = Annotated[bool, Field(strict=True)]
Whole = Annotated[int, Field(strict=True)]
Number = Annotated[float, Field(strict=True)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


def _not_reserved(name: str) -> str:
    if name.lower().startswith(("aws:", "releaser:")):
        raise PydanticCustomError("E205", "names that begin with aws: or releaser: are reserved")
    return name


# Bedrock's TagKey and TagValue: labels become tags.
LabelName = Annotated[
    str, StringConstraints(pattern=r"^[a-zA-Z0-9\s._:/=+@-]+$", max_length=128), AfterValidator(_not_reserved)
]
LabelText = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9\s._:/=+@-]*$", max_length=256)]


class Part(BaseModel):
    """Closed and frozen, with the member names that the documents use."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Metadata(Part):
    name: UseCaseName = Field(description="The same as the folder's name.")
    owner: Text = Field(description="Who answers for this use case: a mailbox or a team.")
    labels: dict[LabelName, LabelText] = Field(
        {}, description="Become tags on every resource; environments place by them."
    )
    annotations: dict[Text, str] = Field({}, description="Notes for people and other tools.")


class Governance(Part):
    riskTier: Tier = Field(description="Decides which of the other members, gates and approvals are needed.")
    dataClassification: Classification | None = Field(None, description="The most sensitive data it may see.")
    intendedUse: Text | None = Field(None, description="Who uses it, for what, and what it must not be used for.")
    documents: dict[EntryName, Text] = Field(
        {}, description="Files in this folder: `responsibleAI` and `dpia` are needed at tier high."
    )


REQUIRED_AT: dict[str, tuple[tuple[str, ...], ...]] = {
    "minimal": (),
    "limited": (("governance", "intendedUse"), ("governance", "dataClassification")),
    "high": (
        ("governance", "intendedUse"),
        ("governance", "dataClassification"),
        ("governance", "documents", "responsibleAI"),
        ("governance", "documents", "dpia"),
        ("datasets",),
        ("evaluation", "suites"),
    ),
}
"""What each risk tier must declare, as paths under ``spec``."""


class Pin(Part):
    """What another team owns: never written, looked at by every plan."""

    external: Text = Field(description="Its id or ARN; `<parent>/<id>` for an alias.")
    sha256: Text = Field(description="Digest of its content: `releaser pin` prints it.")


class VersionPin(Pin):
    """The same for what has versions."""

    version: Text = Field(description="A published version, quoted; never DRAFT.")
    alias: Text | None = Field(None, description="Id of the alias that is called: it must point at that version.")


class Moved(Part):
    """A renamed entry: its resource stays what it is."""

    from_: EntryPath = Field(alias="from", description="What it was called, as `guardrails.old`.")
    to: EntryPath = Field(description="What it is called now, as `guardrails.main`.")


class Inference(Part):
    """AWS's ``PromptModelInferenceConfiguration``; its limits are checked against the service model."""

    temperature: Number | None = None
    topP: Number | None = None
    maxTokens: Whole | None = None
    stopSequences: tuple[str, ...] | None = None


class Model(Part):
    modelId: Text = Field(description="A foundation model or system inference profile; `eu.` keeps data in the EU.")
    profile: Flag = Field(False, description="Own application inference profile: cost is told by use case.")
    name: Text | None = Field(None, description="The name of that profile in AWS; default: `<use case>_<entry>`.")
    inference: Inference | None = Field(None, description="Parameters of every prompt that uses this model.")


class Dataset(Part):
    """JSON Lines or CSV: a file in this folder (``path``) or an object version in S3 (``uri``)."""

    path: Text | None = Field(None, description="File, relative to this folder.")
    uri: Annotated[str, StringConstraints(pattern=r"^s3://")] | None = Field(None, description="S3 object.")
    versionId: Text | None = Field(None, description="S3 version of the object.")
    sha256: Sha256 = Field(description="Digest of the bytes: the data that was approved is the data that is used.")
    description: str | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Dataset:
        if (self.path is None) == (self.uri is None):
            raise PydanticCustomError("E709", "give either path or uri")
        return self


class Metric(Part):
    """A threshold. Direction and unit belong to the metric; see ``core/metrics.py``."""

    floor: Number | str | None = Field(None, description="The least that passes.")
    ceiling: Number | str | None = Field(None, description="The most that passes.")
    maxRegression: Number | str | None = Field(None, description="Against the approved baseline; `10%` is relative.")
    minN: Annotated[int, Field(ge=1, strict=True)] | None = Field(None, description="Fewer results are INCONCLUSIVE.")
    repeats: Annotated[int, Field(ge=1, le=100, strict=True)] | None = Field(None, description="Samples of each case.")
    tier: Literal["critical", "supporting", "advisory"] = "supporting"
    judge: EntryName | None = Field(None, description="A name under `models`: the model that judges.")
    pairwise: Flag = Field(
        False, description="The judge says which is better: this answer or that of what is live. 1, 0.5 or 0 a case."
    )
    human: EntryName | None = Field(None, description="A name under `evaluation.humanReviews`: people score.")
    custom: EntryName | None = Field(
        None, description="An entry point of the group `releaser.metrics`: an installed package scores."
    )
    pattern: Annotated[str, StringConstraints(min_length=1, max_length=500)] | None = Field(
        None, description="Of `regex`: a regular expression without lookaround and backreferences."
    )
    schema_: dict[str, Any] | None = Field(None, alias="schema", description="Of `jsonSchema`: draft 2020-12.")
    tolerance: Annotated[float, Field(ge=0, strict=True)] | None = Field(None, description="Of `numeric`.")
    k: Annotated[int, Field(ge=1, le=100, strict=True)] | None = Field(
        None, description="Of `recallAtK` and `precisionAtK`: passages that count; default 5."
    )
    field: Text | None = Field(
        None,
        description="Of `accuracy`, `macroF1`, `numeric`, `cohensKappa`: the member of a JSON reply that is compared.",
    )


class Sample(Part):
    size: Annotated[int, Field(ge=1, strict=True)] = Field(description="Cases that are asked, the same each time.")
    seed: Whole = Field(description="Decides which ones.")


class SuiteBudget(Part):
    """What one run may use; what is left over is asked by the next one."""

    cases: Annotated[int, Field(ge=1, strict=True)] | None = None
    tokens: Annotated[int, Field(ge=1, strict=True)] | None = None
    cost: Annotated[float, Field(gt=0, strict=True)] | None = Field(None, description="In the price table's currency.")


class Suite(Part):
    target: dict[EntryName, EntryName] = Field({}, description="What is called, as `prompt: name`.")
    dataset: EntryName | None = Field(None, description="A name under `datasets`.")
    sample: Sample | None = Field(None, description="Only some of the cases.")
    budget: SuiteBudget | None = None
    smoke: Flag = Field(False, description="Asked first: when it does not pass, no other suite is asked.")
    metrics: dict[EntryName, Metric] = Field(min_length=1)


class Calibrated(Part):
    """Cases with labels of people under `human`: how far the judge agrees with them."""

    dataset: EntryName = Field(description="A name under `datasets`.")
    floor: Annotated[float, Field(ge=-1, le=1, strict=True)] = Field(
        description="The least Cohen's kappa, on its lower bound; below it the judge passes nothing."
    )


Anchor = Annotated[str, StringConstraints(pattern=r"^-?[0-9]{1,3}(\.[0-9]{1,3})?$")]


class Rubric(Part):
    """What a judge goes by. The metric has its name."""

    text: Text = Field(description="What is judged, in plain words.")
    anchors: dict[Anchor, Text] = Field(min_length=2, description='Each score, quoted, and when it is given: `"0.5"`.')
    calibration: Calibrated | None = None


class Application(Part):
    """An application that answers cases over HTTP."""

    url: Annotated[str, StringConstraints(pattern=r"^(https://|http://(127\.0\.0\.1|localhost)[:/]|\$\{env\.)")] = (
        Field(description="https, or a binding of the environment as `${env.answersUrl}`.")
    )


class HumanReview(Part):
    path: Text = Field(description="JSON Lines in this folder, one score a line: `case`, `by`, `score` from 0 to 1.")


class MetricWaiver(Part):
    """Lets listed verdicts of one metric pass until a day. ERROR cannot be waived."""

    at: Annotated[str, StringConstraints(pattern=r"^[a-zA-Z][a-zA-Z0-9-]*\.[a-zA-Z][a-zA-Z0-9-]*$")] = Field(
        description="Suite and metric, as `quality.tokenF1`."
    )
    verdicts: tuple[Literal["FAIL", "INCONCLUSIVE", "PENDING"], ...] = Field(min_length=1)
    by: Text = Field(description="Who answers for it.")
    reason: Annotated[str, StringConstraints(min_length=10)] = Field(description="Why callers may get it all the same.")
    until: date = Field(description="The last day on which it holds, at most 90 days ahead.")


class Evaluation(Part):
    suites: dict[EntryName, Suite] = Field(min_length=1)
    rubrics: dict[EntryName, Rubric] = Field(
        {}, description="Built in: correctness, faithfulness, helpfulness; one of that name here replaces it."
    )
    applications: dict[EntryName, Application] = {}
    humanReviews: dict[EntryName, HumanReview] = {}
    waivers: tuple[MetricWaiver, ...] = ()


class Waiver(Part):
    """Silences one rule at one place. Unused waivers are reported."""

    rule: Annotated[str, StringConstraints(pattern=r"^E[0-9]{3}$")] = Field(description="An E4xx or E5xx code.")
    at: Text = Field(description="The place under `spec`, as `guardrails.main.kmsKeyId`.")
    reason: Annotated[str, StringConstraints(min_length=10)] = Field(description="Why AWS accepts it after all.")


Allowed = Literal["detach-guardrail", "weaken", "delete"]
"""What can be allowed."""


class Allowance(Part):
    """Lets one change pass at one place. Expired and unused allowances are reported."""

    at: Annotated[str, StringConstraints(pattern=r"^[^.\s]+\.\S+$")] = Field(
        description="The place under `spec`, as `guardrails.main`: one resource, or one place in it."
    )
    change: Allowed = Field(description="`plan` names what needs one.")
    reason: Annotated[str, StringConstraints(min_length=10)] = Field(description="Why it is right here.")
    until: date | None = Field(None, description="The last day on which it holds.")


Minutes = Annotated[int, Field(ge=0, le=1440, strict=True)]


class Growth(Part):
    """A strategy of one's own, in AppConfig's words."""

    growthType: Literal["LINEAR", "EXPONENTIAL"] = Field(description="The same share at each step, or a doubling one.")
    growthFactor: Annotated[float, Field(ge=1, le=100)] = Field(description="Percent of readers at each step.")
    durationMinutes: Minutes = Field(description="Until everybody has it.")
    bakeMinutes: Minutes = Field(0, description="How long alarms are watched after that.")


StrategyName = Literal[
    "all-at-once",
    "canary-10-percent-20-minutes",
    "linear-20-percent-every-6-minutes",
    "linear-50-percent-every-30-seconds",
]


class Delivery(Part):
    """How a release reaches the applications that read it."""

    store: Literal["ssm", "appconfig"] | None = Field(
        None, description="A parameter (4 KB, for everybody at once), or AppConfig; a strategy implies `appconfig`."
    )
    strategy: StrategyName | Growth | None = Field(None, description="How fast it spreads; default: all at once.")
    alarms: tuple[Text, ...] = Field((), description="ARNs of CloudWatch alarms that take it back; at most 5.")
    alarmRole: Text | None = Field(None, description="The role with which AppConfig looks at them.")


class Lifecycle(Part):
    """What becomes of a resource when its entry is gone from the manifest. The last release's word counts."""

    onRemove: Literal["delete", "retain"] = Field(
        "delete", description="`retain`: it stays in AWS, our tags are taken off. `delete`: after the rollback window."
    )


class SpecBase(Part):
    description: Text | None = Field(None, description="What it does, for readers of the release notes.")
    enabled: Flag = Field(True, description="False: aliases refuse callers, and applications are told to stop.")
    governance: Governance
    models: dict[EntryName, Model] = {}
    datasets: dict[EntryName, Dataset] = {}
    evaluation: Evaluation | None = None
    waivers: tuple[Waiver, ...] = ()
    allow: tuple[Allowance, ...] = ()
    lifecycle: Lifecycle | None = Field(None, description="Of every entry that says nothing itself.")
    mode: Literal["observe", "manage"] = Field(
        "manage", description="`observe`: plan and drift compare, and nothing is written."
    )
    delivery: Delivery | None = Field(None, description="Default: a parameter of SSM, changed for everybody at once.")
    moved: tuple[Moved, ...] = Field((), description="Entries that were renamed: nothing is deleted or made anew.")


class UseCase(Part):
    """The document; ``spec`` is narrowed by ``use_case_model``."""

    apiVersion: Literal["releaser.dev/v1"]
    kind: Literal["UseCase"]
    metadata: Metadata
    spec: SpecBase


def use_case_model(kinds: Iterable[Kind]) -> type[UseCase]:
    """The manifest's model for these kinds: one section for each kind that has one."""
    return _model(tuple(sorted({kind.section for kind in kinds if kind.section})))


@lru_cache(maxsize=8)
def _model(sections: tuple[str, ...]) -> type[UseCase]:
    # Bodies belong to AWS: their shape is checked elsewhere, with AWS's own words.
    body = dict[EntryName, dict[str, Any]]
    fields: dict[str, Any] = {section: (body, {}) for section in sections}
    spec = create_model("Spec", __base__=SpecBase, **fields)
    return create_model("UseCaseDocument", __base__=UseCase, spec=(spec, ...))
