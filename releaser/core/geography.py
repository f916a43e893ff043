"""Where a request may be processed: the Regions behind a cross-Region model profile or guardrail profile. Pure.

AWS tells the Regions of a model profile in the account (``ListInferenceProfiles``, ``models``); those of a guardrail
profile in its documentation alone. The tables here are for both when AWS is not asked: every Region that a profile of
that geography may name, never fewer. What stands in no table is unknown, never assumed.

Sources, as read in November 2026: user guide, "Supported Regions for cross-Region guardrail inference"
(``GUARDRAILS``); user guide, "Supported Regions and models for inference profiles", and the destinations by geography
in AWS's CDK (``aws-bedrock-alpha``, ``CrossRegionInferenceProfileRegion``) (``MODELS``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

ANYWHERE = "every commercial region"
"""What a global profile reaches. In the account its member's ARN has no Region: ``arn:aws:bedrock:::...``."""

MODELS: Mapping[str, tuple[str, ...]] = {
    # Zurich and London are destinations of some models' profiles, though in the EU of none.
    "eu": (
        "eu-central-1", "eu-central-2", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-2", "eu-west-3",
    ),
    "us": ("us-east-1", "us-east-2", "us-west-2"),
    "us-gov": ("us-gov-east-1", "us-gov-west-1"),
    # The United Arab Emirates are a destination of this geography.
    "apac": (
        "ap-east-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-south-2", "ap-southeast-1",
        "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5", "ap-southeast-7", "me-central-1",
    ),
    "jp": ("ap-northeast-1", "ap-northeast-3"),
    "au": ("ap-southeast-2", "ap-southeast-4"),
    "ca": ("ca-central-1", "ca-west-1"),
    "global": (ANYWHERE,),
}  # fmt: skip
"""Prefix of a model profile -> where it may route to; beside these always the Region that it is called in."""

_EU = ("eu-central-1", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-3")
_US = ("us-east-1", "us-east-2", "us-west-2")
_US_GOV = ("us-gov-east-1", "us-gov-west-1")
_APAC = ("ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1", "ap-southeast-2")
_APAC_WIDE = (*_APAC, "ap-south-2", "ap-southeast-4")

GUARDRAILS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "us": {**dict.fromkeys(("us-east-1", "us-east-2", "us-west-2"), _US), "us-west-1": (*_US, "us-west-1")},
    "us-gov": dict.fromkeys(_US_GOV, _US_GOV),
    "eu": {**dict.fromkeys(_EU, _EU), "il-central-1": (*_EU, "il-central-1")},
    "uk": {"eu-west-2": ("eu-west-2",)},
    "au": {"ap-southeast-2": ("ap-southeast-2",)},
    "ca": {"ca-central-1": ("ca-central-1", "ca-west-1")},
    "apac": {
        **dict.fromkeys(("ap-south-1", "ap-northeast-1", "ap-northeast-2", "ap-southeast-1", "ap-southeast-2"), _APAC),
        "ap-southeast-3": (*_APAC_WIDE, "ap-southeast-3"),
        "ap-southeast-4": _APAC_WIDE,
        "ap-east-2": (*_APAC_WIDE, "ap-southeast-3", "ap-east-2"),
        "ap-southeast-5": (*_APAC_WIDE, "ap-southeast-3", "ap-southeast-5"),
        "ap-southeast-7": (*_APAC_WIDE, "ap-southeast-3", "ap-southeast-7"),
        "me-central-1": (*_APAC_WIDE, "ap-southeast-3", "me-central-1"),
    },
}
"""Prefix of a guardrail profile -> the Region that it is called in -> where it may route to."""

_KNOWN = "|".join(sorted(MODELS, key=len, reverse=True))
# Ids of foundation models begin with their provider's name, and a name may hold dots (zai.glm-4.7): what stands before
# a provider that AWS has is a geography, and so is a prefix that looks like a country's.
_PROVIDERS = (
    "ai21|amazon|anthropic|cohere|deepseek|google|luma|meta|minimax|mistral|moonshot|moonshotai|nvidia|openai|qwen|"
    "stability|twelvelabs|writer|zai"
)
GEOGRAPHY = re.compile(rf"^({_KNOWN}|[a-z]{{2}}(?:-[a-z]+)?(?=\.[a-z0-9-]+\.)|[a-z-]{{2,8}}(?=\.(?:{_PROVIDERS})\.))\.")
"""What a system inference profile's id has before the model's, in tables or not."""

Doubt = Literal["", "prefix", "source", "resource"]


@dataclass(frozen=True, slots=True)
class Reach:
    """Regions that may process what is sent to a model or guardrail.

    ``doubt``: why they are not known: a geography in no table, a Region that the profile cannot be called in, or an
    ARN that only AWS can resolve.
    """

    regions: tuple[str, ...]
    doubt: Doubt = ""

    def outside(self, allowed: Iterable[str]) -> tuple[str, ...]:
        """Those that no glob allows."""
        globs = tuple(allowed)
        return tuple(r for r in self.regions if not any(fnmatchcase(r, glob) for glob in globs))


Declared = Mapping[str, tuple[str, ...]]
"""Prefix -> Regions, as an environment's ``policy.geographies`` says: it wins over the tables."""


def name_of(value: str) -> str:
    """The id in a model id or in an ARN."""
    return value.rsplit("/", 1)[-1] if value.startswith("arn:") else value


_GUARDRAIL_PROFILE = re.compile(r"[a-z0-9-]+\.guardrail\.v[0-9:]+")  # the pattern of AWS's service model


def is_guardrail_profile(value: str) -> bool:
    """Whether an id or ARN names a guardrail profile rather than a model."""
    return _GUARDRAIL_PROFILE.fullmatch(name_of(value)) is not None


def plain_model(value: str) -> str:
    """The foundation model's id, without geography or ARN."""
    return GEOGRAPHY.sub("", name_of(value))


def resource_type(value: str) -> str:
    """``inference-profile`` in such an ARN; empty for an id."""
    return value.split(":", 5)[-1].split("/", 1)[0] if value.startswith("arn:") else ""


_RESOLVED_BY_AWS = frozenset({"application-inference-profile", "prompt-router", "default-prompt-router"})
"""Resources whose ARN does not say which models are behind it."""


def model_reach(value: str, region: str, declared: Declared | None = None) -> Reach:
    """Where a call of this model id or ARN from ``region`` may be processed."""
    if resource_type(value) in _RESOLVED_BY_AWS:
        return Reach((), "resource")
    here = (value.split(":")[3] if value.startswith("arn:") else "") or region
    found = GEOGRAPHY.match(name_of(value))
    if found is None:
        return Reach((here,))
    known = (declared or {}).get(found[1]) or MODELS.get(found[1])
    return _with(here, known) if known else Reach((), "prefix")


def guardrail_reach(value: str, region: str, declared: Declared | None = None) -> Reach:
    """Where a guardrail with this profile, in ``region``, may evaluate what it is given."""
    prefix = name_of(value).split(".", 1)[0]
    said = (declared or {}).get(prefix)
    if said:
        return _with(region, said)
    sources = GUARDRAILS.get(prefix)
    if sources is None:
        return Reach((), "prefix")
    known = sources.get(region)
    return _with(region, known) if known else Reach((), "source")


def members_reach(arns: Iterable[str], region: str) -> Reach:
    """The same from the member models that AWS names. A member without a Region is a global profile's."""
    return _with(region, [arn.split(":")[3] or ANYWHERE for arn in arns if arn.count(":") > 3])


def _with(region: str, regions: Iterable[str]) -> Reach:
    return Reach(tuple(sorted({region, *regions})))
