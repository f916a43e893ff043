"""The environment: targets, rules, and bindings, the only values that may differ between environments."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from releaser.core.manifest import Classification, EntryName, Flag, Part, Text, UseCaseName
from releaser.core.plan import Risk

UNRUNNABLE_GATES: frozenset[str] = frozenset({"approval"})
"""Gates that this version cannot run. One that is required is refused: it would never have been checked."""

_DURATION = re.compile(r"(\d{1,6})(s|m|h|d)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def duration(text: str) -> timedelta:
    """``90s``, ``15m``, ``12h``, ``14d``. ValueError otherwise."""
    found = _DURATION.fullmatch(text)
    if not found:
        raise ValueError(f"not a duration: {text!r}")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _is_duration(text: str) -> str:
    if not _DURATION.fullmatch(text):
        raise PydanticCustomError("E205", "a duration is a whole number and s, m, h or d, as 14d")
    return text


Duration = Annotated[str, AfterValidator(_is_duration)]
Account = Annotated[str, StringConstraints(pattern=r"^[0-9]{12}$")]
Region = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]$")]
Role = Annotated[str, StringConstraints(pattern=r"^arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]+$")]
BindingName = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z][a-zA-Z0-9]*$")]
Percent = Annotated[int, Field(ge=0, le=100, strict=True)]


class UseCaseSelector(Part):
    matchLabels: dict[Text, str] = Field(min_length=1)


class Target(Part):
    name: EntryName = Field("main", description="Names the target inside its environment.")
    account: Account = Field(description="Twelve digits, quoted.")
    region: Region
    role: Role | None = Field(None, description="Assumed for every call; must be in this account.")
    useCases: UseCaseSelector | None = Field(None, description="Only use cases with these labels; default: all.")
    bindings: dict[BindingName, str] = Field({}, description="Win over the environment's.")

    @model_validator(mode="after")
    def _own_role(self) -> Target:
        if self.role and self.role.split(":")[4] != self.account:
            raise PydanticCustomError("E613", "the role belongs to another account than the target")
        return self

    def takes(self, labels: Mapping[str, Any]) -> bool:
        """Whether a use case with these labels is placed here."""
        wanted = self.useCases.matchLabels if self.useCases else {}
        return all(labels.get(k) == v for k, v in wanted.items())


Demand = Literal["allowance", "none"]


class RiskGates(Part):
    """What a class of change needs here: an allowance in the manifest for its address, or nothing."""

    weakening: Demand | None = Field(None, alias="safety-weakening", description="Something protects or checks less.")
    destructive: Demand | None = Field(None, description="Something is taken away.")


class OtherAccount(Part):
    account: Account = Field(description="Twelve digits, quoted.")
    role: Role | None = Field(None, description="Assumed for every call; must be in this account.")

    @model_validator(mode="after")
    def _own_role(self) -> OtherAccount:
        if self.role and self.role.split(":")[4] != self.account:
            raise PydanticCustomError("E613", "the role belongs to another account than the one it is named for")
        return self


class Accounts(Part):
    """Accounts beside the targets'."""

    data: OtherAccount | None = Field(None, description="Holds the documents of knowledge bases; default: the target.")


class Gates(Part):
    required: tuple[EntryName, ...] = Field(
        (), description="Suites of the manifests that must pass before callers get a change, as `quality`."
    )
    accept: dict[EntryName, UseCaseName] = Field(
        {}, description="Suites whose evidence for the same behaviour another environment gives."
    )
    inconclusive: Literal["block", "allow"] = Field("block", description="Of metrics that are not critical.")
    within: Duration = Field("30m", description="How long a run evaluates; after that a later run continues.")
    budget: Annotated[float, Field(gt=0)] | None = Field(
        None, description="The most that one run may spend on one use case, in the price table's currency."
    )
    risk: RiskGates = Field(
        RiskGates(), description="Default: `allowance`, and `none` in an environment that follows a branch."
    )


class Anchor(Part):
    """Where the head of the records is also written, so that even who may rewrite the branch is seen to."""

    s3: Annotated[str, StringConstraints(pattern=r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/.*)?$")] | None = Field(
        None, description="Below it an object is written after every run; the bucket has Object Lock with a default."
    )
    kms: Text | None = Field(None, description="Id, ARN or alias of an asymmetric KMS key that signs the head.")

    @model_validator(mode="after")
    def _one(self) -> Anchor:
        if (self.s3 is None) == (self.kms is None):
            raise PydanticCustomError("E205", "an anchor is either `s3` or `kms`")
        return self


class Safety(Part):
    """How much one run may take away or change. Below ``minPopulation`` resources percentages mean
    nothing."""

    maxDeletePercent: Percent = 30
    maxUpdatePercent: Percent = 50
    minPopulation: Annotated[int, Field(ge=0, strict=True)] = 10


class Freeze(Part):
    """No change from one day to another, both included."""

    from_: date = Field(alias="from")
    to: date
    reason: Text

    @model_validator(mode="after")
    def _forward(self) -> Freeze:
        if self.to < self.from_:
            raise PydanticCustomError("E612", "the freeze ends before it begins")
        return self


Reaction = Literal["warn", "block"]


class ModelPolicy(Part):
    """What a model's state means for a release that names it. What is live already and is not changed only warns."""

    legacy: Reaction = Field("warn", description="AWS has announced its end; new use is discouraged.")
    endOfLifeWithin: Duration = Field("60d", description="How near its end of life a model counts as ending.")
    ending: Reaction = Field("block", description="It ends soon. Of a model that is live already it always warns.")
    ended: Reaction = Field("block", description="Its end of life has passed.")
    unavailable: Reaction = Field("block", description="Not offered in the region, or not to the account.")
    access: Reaction = Field("block", description="The account has no agreement for it, or no entitlement yet.")


class ApprovalRule(Part):
    """Who must agree to a change. Without names anybody may who did not make it."""

    count: Annotated[int, Field(ge=1, le=20, strict=True)] = Field(1, description="So many of them.")
    users: tuple[Text, ...] = Field((), description="Names, as they stand behind `@`.")
    groups: tuple[Text, ...] = Field((), description="Groups of GitLab, as `bank/finance`: their members.")
    codeowners: tuple[Text, ...] = Field((), description="Sections of CODEOWNERS: their owners.")


RiskClass = Literal["cosmetic", "behavioural", "safety-weakening", "destructive"]


class Policy(Part):
    allowedModels: tuple[Text, ...] | None = Field(None, description="Globs that model ids must match.")
    requireGuardrail: Flag = Field(False, description="Every prompt names a guardrail.")
    forbidDraft: Flag = Field(True, description="Nothing may point at a DRAFT.")
    requireKmsKey: Flag = Field(False, description="Every resource that can have a KMS key has one.")
    residency: dict[Classification, tuple[Text, ...]] = Field(
        {}, description="Globs of regions that data of a classification may be sent to."
    )
    geographies: dict[Annotated[str, StringConstraints(pattern=r"^[a-z]{2,8}(-[a-z]+)?$")], tuple[Region, ...]] = Field(
        {}, description="Prefix of a cross-Region profile -> the regions it may use; wins over the tables here."
    )
    models: ModelPolicy = ModelPolicy()
    approvals: dict[RiskClass, ApprovalRule] = Field(
        {}, description="Who must agree to a change, by its class; a rule holds for every worse class too."
    )


class EnvironmentMetadata(Part):
    name: UseCaseName = Field(description="The same as the folder's name.")
    labels: dict[Text, str] = {}


class EnvironmentSpec(Part):
    targets: tuple[Target, ...] = Field(min_length=1)
    accounts: Accounts = Accounts()
    track: Text | None = Field(None, description="The branch that this environment follows instead of pins.")
    promotesFrom: UseCaseName | None = Field(None, description="The environment that releases come from.")
    gates: Gates = Gates()
    safety: Safety = Safety()
    freeze: tuple[Freeze, ...] = ()
    policy: Policy = Policy()
    anchor: Anchor | None = None
    evidenceStore: Annotated[str, StringConstraints(pattern=r"^s3://")] | None = None
    bindings: dict[BindingName, str] = Field({}, description="What manifests read as ${env.NAME}.")
    rates: dict[Text, Annotated[float, Field(gt=0, le=1000, strict=True)]] = Field(
        {}, description="Calls a second: `write`, `read`, or an operation as CreateGuardrail."
    )
    workers: Annotated[int, Field(ge=1, le=64, strict=True)] = 8
    lease: Duration = Field("15m", description="How long an open record keeps others out.")
    rollbackWindow: Duration = Field("14d", description="How long what is no longer declared is kept.")
    allowDirty: Flag = Field(False, description="Whether apply accepts a working tree with uncommitted changes.")

    @model_validator(mode="after")
    def _sources(self) -> EnvironmentSpec:
        if self.track and self.promotesFrom:
            raise PydanticCustomError("E210", "an environment follows a branch or pins, not both")
        names = [t.name for t in self.targets]
        if len(set(names)) != len(names):
            raise PydanticCustomError("E211", "two targets have the same name")
        return self


class Environment(Part):
    apiVersion: Literal["releaser.dev/v1"]
    kind: Literal["Environment"]
    metadata: EnvironmentMetadata
    spec: EnvironmentSpec

    @property
    def name(self) -> str:
        return self.metadata.name

    def demands(self) -> frozenset[Risk]:
        """The classes of change that need an allowance here. Where every merge is applied at once, as in dev, none
        does unless it is written; where people decide about promotions, the two that hurt do."""
        said = self.spec.gates.risk
        default = "none" if self.spec.track else "allowance"
        asked = {Risk.WEAKENING: said.weakening, Risk.DESTRUCTIVE: said.destructive}
        return frozenset(risk for risk, demand in asked.items() if (demand or default) == "allowance")

    def bindings(self, target: Target) -> dict[str, str]:
        """What ``${env.NAME}`` gives in one target."""
        return {**self.spec.bindings, **target.bindings}
