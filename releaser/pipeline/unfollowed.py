"""Use cases whose pin cannot be followed: parts of a plan in which nothing is done, and that say why."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from releaser.core.pin import Pinned
from releaser.core.plan import Plan, UseCasePlan, change_digest, plan_digest
from releaser.store.pins import pin_path

if TYPE_CHECKING:
    from releaser.core.diagnostic import Diagnostic
    from releaser.pipeline.desk import Desk


def with_unfollowed(plan: Plan, desk: Desk) -> Plan:
    """The plan with a blocked part for each pin that cannot be followed: what is not known is never "nothing to do"."""
    parts = tuple(_part(plan, desk, name, why) for name, why in sorted(_reasons(desk).items()))
    if not parts:
        return plan
    whole = replace(plan, use_cases=(*plan.use_cases, *parts))
    return replace(whole, digest=plan_digest(whole))


def _reasons(desk: Desk) -> dict[str, tuple[Diagnostic, ...]]:
    """Why pins cannot be followed, by use case; of those that the records know in another target, nothing."""
    pins, environment = desk.content.pins, desk.environment.name
    if pins is None:
        return {}
    here = pins.named - set(desk.files) - desk.elsewhere
    errors = [d for d in desk.told if d.severity == "error"]
    found = {n: tuple(d for d in errors if d.path == pin_path(environment, n)) for n in here}
    return {n: why for n, why in found.items() if why}


def _part(plan: Plan, desk: Desk, name: str, why: tuple[Diagnostic, ...]) -> UseCasePlan:
    release, digest = _asked(desk, name)
    changes = change_digest(plan.environment, plan.account, plan.region, ())
    return UseCasePlan(name, release, digest, (), (), changes, blocked=why)


def _asked(desk: Desk, name: str) -> tuple[str, str]:
    """The release that the pin asks for and its digest, where that much can be read."""
    file = desk.content.pins.files.get(name) if desk.content.pins is not None else None
    pin = file.pin if file is not None else None
    return (pin.release, pin.digest) if isinstance(pin, Pinned) else ("", "")
