"""How a model stands: a pinned model id is a timer. AWS migrates nobody; calls fail after the end of life. Pure.

Sources: ListFoundationModels, ``modelLifecycle`` (status, legacyTime, publicExtendedAccessTime, endOfLifeTime);
GetFoundationModelAvailability; user guide, "Model lifecycle": models launched on or after 2026-09-07 may be LEGACY for
45 days only, and access to a LEGACY model may lapse after 15 days without a call.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from releaser.core.geography import GEOGRAPHY, name_of, plain_model, resource_type

LAPSE = "access to a LEGACY model may lapse after 15 days without a call"
SHORT = "models launched since 2026-09-07 may be LEGACY for 45 days only"


class State(StrEnum):
    """Of a model in one region and account; the worst that is known."""

    ACTIVE = "active"
    LEGACY = "legacy"
    ENDING = "ending"
    ENDED = "ended"
    UNAVAILABLE = "unavailable"
    """Not offered in the region, not known to AWS, or not open to the account."""
    ACCESS = "access"
    """Offered, and this account has no agreement or entitlement for it yet."""
    UNREAD = "unread"
    """AWS did not answer: nothing passes on what nobody knows."""
    UNKNOWN = "unknown"
    """Custom, imported and provisioned models, endpoints: AWS says nothing of their lives."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A state and what to say of it."""

    state: State
    said: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Catalog:
    """What AWS says of models in one region and account."""

    models: Mapping[str, Mapping[str, Any]]
    """Foundation models by id, as ListFoundationModels describes them."""
    profiles: Mapping[str, tuple[str, ...]] | None = None
    """System profiles by id, and other profiles and routers by ARN -> their member models' ARNs. None: not read."""
    availability: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Replies of GetFoundationModelAvailability by model id, of those that were asked for."""
    failure: str = ""
    """Why the models could not be read."""
    unread: Mapping[str, str] = field(default_factory=dict)
    """Model or profile -> why more of it could not be read."""

    def behind(self, value: str) -> tuple[str, ...]:
        """Ids of the foundation models that a call through this id or ARN reaches."""
        members = (self.profiles or {}).get(value)
        if members is not None:
            return tuple(sorted({name_of(arn) for arn in members}))
        return (plain_model(value),) if is_foundation(value) else ()


_FOUNDATION = frozenset({"", "foundation-model", "inference-profile"})


def is_foundation(value: str) -> bool:
    """Whether the id, or the ARN, names a foundation model or a system profile of one."""
    return resource_type(value) in _FOUNDATION


def standing(value: str, catalog: Catalog, now: datetime, within: timedelta) -> Standing:
    """How the model, or the worst of the models behind a profile, stands. ``within``: how near an end is ending."""
    if value in catalog.unread:
        return _unread(catalog.unread[value])
    listed = catalog.profiles is not None and value in catalog.profiles
    if catalog.profiles is not None and not listed and is_foundation(value) and GEOGRAPHY.match(name_of(value)):
        return Standing(State.UNAVAILABLE, "is no profile of this region", "look at the region's inference profiles")
    found = [_one(member, catalog, now, within, listed) for member in catalog.behind(value)]
    return max(found, key=lambda s: _ORDER.index(s.state), default=Standing(State.UNKNOWN))


_ORDER = (
    *(State.UNKNOWN, State.ACTIVE, State.LEGACY, State.ENDING),
    *(State.ACCESS, State.UNREAD, State.UNAVAILABLE, State.ENDED),
)


ALLOW = "allow it, as `releaser iam policy --role plan -e ENV` prints, or run the same command again"
"""What to do about a read that failed."""


def _unread(why: str) -> Standing:
    return Standing(State.UNREAD, f"could not be looked at: {why}", ALLOW)


def _one(model: str, catalog: Catalog, now: datetime, within: timedelta, listed: bool) -> Standing:
    """``listed``: through a profile that AWS offers in this region, whether or not the model itself is there."""
    found = catalog.models.get(model)
    if found is None and listed:
        return Standing(State.UNKNOWN)
    if found is None:
        hint = "look at the model ids of the region; a model past its end of life disappears from the list"
        return Standing(State.UNAVAILABLE, "is not offered in this region", hint)
    life = _life(found.get("modelLifecycle", {}), now, within)
    if life.state is State.ENDED:
        return life
    if model in catalog.unread:
        return _unread(catalog.unread[model])
    return _access(catalog.availability.get(model), listed) or life


def _life(cycle: Mapping[str, Any], now: datetime, within: timedelta) -> Standing:
    end = cycle.get("endOfLifeTime")
    extended = cycle.get("publicExtendedAccessTime")
    if isinstance(end, datetime) and end <= now:
        return Standing(State.ENDED, f"reached its end of life on {end:%Y-%m-%d}", "choose a successor and evaluate it")
    if isinstance(end, datetime) and end - now <= within:
        said = f"reaches its end of life on {end:%Y-%m-%d}"
        return Standing(State.ENDING, said, "choose a successor and evaluate it: calls fail from that day on")
    if cycle.get("status") == "LEGACY":
        until = f", ends on {end:%Y-%m-%d}" if isinstance(end, datetime) else ""
        dearer = f", in extended access since {extended:%Y-%m-%d}" if _is_past(extended, now) else ""
        return Standing(State.LEGACY, f"is LEGACY{until}{dearer}", f"choose a successor: {LAPSE}; {SHORT}")
    return Standing(State.ACTIVE)


def _is_past(moment: Any, now: datetime) -> bool:
    return isinstance(moment, datetime) and moment <= now


_AGREEMENT = (
    "a person accepts the agreement in the Bedrock console (it is a legal one, which nothing here ever accepts), or "
    "the first call of a caller with AWS Marketplace permissions does; that takes up to 15 minutes"
)


def _access(reply: Mapping[str, Any] | None, listed: bool) -> Standing | None:
    """What GetFoundationModelAvailability has against it; None when nothing, or when it was not asked."""
    if reply is None:
        return None
    if reply.get("regionAvailability") == "NOT_AVAILABLE" and not listed:
        hint = "use another region, or a cross-Region profile that the residency rules allow"
        return Standing(State.UNAVAILABLE, "is not available to this account in this region", hint)
    if reply.get("authorizationStatus") == "NOT_AUTHORIZED":
        hint = "ask whoever runs the organisation: a policy there, or AWS, withholds the model"
        return Standing(State.UNAVAILABLE, "is not open to this account (NOT_AUTHORIZED)", hint)
    agreement = reply.get("agreementAvailability", {}).get("status", "AVAILABLE")
    if agreement != "AVAILABLE":
        return Standing(State.ACCESS, f"has no agreement in this account ({agreement})", _AGREEMENT)
    if reply.get("entitlementAvailability") == "NOT_AVAILABLE":
        return Standing(State.ACCESS, "is not enabled in this account (no entitlement)", _AGREEMENT)
    return None
