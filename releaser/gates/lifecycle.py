"""Models that are not as a release needs them, by the environment's ``policy.models``; where data may go, as AWS says.

What is live and is not changed warns: nothing is refused that nobody is about to do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from releaser.core.environment import ModelPolicy, Policy, duration
from releaser.core.errors import AwsError
from releaser.core.gate import Result, Verdict
from releaser.core.geography import (
    GEOGRAPHY,
    Reach,
    guardrail_reach,
    members_reach,
    model_reach,
    name_of,
    resource_type,
)
from releaser.core.model_ids import Use
from releaser.core.model_life import ALLOW, Catalog, Standing, State, is_foundation, standing
from releaser.core.plan import Plan
from releaser.engine.ports import Aws

CODES: Mapping[State, str] = {
    State.LEGACY: "P210",
    State.ENDING: "P211",
    State.ENDED: "P154",
    State.UNAVAILABLE: "P153",
    State.ACCESS: "P212",
    State.UNREAD: "P152",
}
ROLLBACK = "P213"
RESIDENCY = "P214"


def read_catalog(aws: Aws) -> Catalog:
    """One call: the operation has no paging."""
    try:
        found = aws.call("bedrock", "ListFoundationModels", {})["modelSummaries"]
    except AwsError as error:
        return Catalog({}, failure=str(error))
    return Catalog({m["modelId"]: m for m in found})


@dataclass(frozen=True, slots=True)
class Named:
    """The models and guardrail profiles of one use case in a plan."""

    use_case: str
    uses: tuple[Use, ...]
    live: frozenset[str]
    """Those that the live release names."""
    is_changing: bool
    """The plan has steps for it."""
    before: str = ""
    """The release that a rollback would go to, when it is in the rollback window."""
    models_before: frozenset[str] = frozenset()
    """The models that it names."""

    @property
    def models(self) -> tuple[Use, ...]:
        return tuple(u for u in self.uses if not u.is_guardrail)


def read_more(aws: Aws, catalog: Catalog, named: Iterable[Named], workers: int = 8) -> Catalog:
    """What only a plan that changes something needs: the members of the profiles that are named, and for each model
    that is new somewhere whether the account may call it. No call when nothing changes."""
    changing = [n for n in named if n.is_changing]
    values = {u.value for n in changing for u in n.models}
    if not values or catalog.failure:
        return catalog
    unread: dict[str, str] = {}
    profiles = _profiles(aws, values, unread)
    fuller = replace(catalog, profiles=profiles)
    new = {u.value for n in changing for u in n.models if u.value not in n.live}
    models = sorted({m for value in new for m in fuller.behind(value) if m in catalog.models})
    with ThreadPoolExecutor(max_workers=workers, thread_name_prefix="availability") as pool:
        replies = dict(zip(models, pool.map(lambda m: _availability(aws, m), models), strict=True))
    unread |= {m: r for m, r in replies.items() if isinstance(r, str)}
    return replace(fuller, availability={m: r for m, r in replies.items() if not isinstance(r, str)}, unread=unread)


def _profiles(aws: Aws, values: Iterable[str], unread: dict[str, str]) -> dict[str, tuple[str, ...]] | None:
    found: dict[str, tuple[str, ...]] = {}
    wanted = sorted(values)
    if any(is_foundation(v) and GEOGRAPHY.match(name_of(v)) for v in wanted):
        params = {"typeEquals": "SYSTEM_DEFINED"}
        try:
            for row in _rows(aws, params):
                found[row["inferenceProfileId"]] = tuple(m["modelArn"] for m in row["models"])
        except AwsError as error:
            unread |= {v: str(error) for v in wanted if GEOGRAPHY.match(name_of(v))}
    for value in wanted:
        operation = _RESOLVING.get(resource_type(value))
        if operation is not None:
            name, member = operation
            try:
                reply = aws.call("bedrock", name, {member: value})
                found[value] = tuple(m["modelArn"] for m in reply["models"])
            except AwsError as error:
                unread[value] = str(error)
    return found


_RESOLVING = {
    "application-inference-profile": ("GetInferenceProfile", "inferenceProfileIdentifier"),
    "prompt-router": ("GetPromptRouter", "promptRouterArn"),
    "default-prompt-router": ("GetPromptRouter", "promptRouterArn"),
}


def _rows(aws: Aws, params: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    request: dict[str, Any] = {**params, "maxResults": 1000}
    while True:
        reply = aws.call("bedrock", "ListInferenceProfiles", request)
        yield from reply["inferenceProfileSummaries"]
        if not reply.get("nextToken"):
            return
        request = {**request, "nextToken": reply["nextToken"]}


def _availability(aws: Aws, model: str) -> Mapping[str, Any] | str:
    try:
        return aws.call("bedrock", "GetFoundationModelAvailability", {"modelId": model})
    except AwsError as error:
        return str(error)


def judge(named: Named, catalog: Catalog, policy: ModelPolicy, now: datetime) -> list[Verdict]:
    """One verdict for each model of a use case, and one for each that only the rollback target names."""
    if catalog.failure:
        reason = f"the lifecycle of models could not be read: {catalog.failure}"
        return [Verdict("lifecycle", Result.ERROR, reason, ALLOW, named.use_case, "P152")]
    within = duration(policy.endOfLifeWithin)
    verdicts = []
    for use in named.models:
        found = standing(use.value, catalog, now, within)
        verdicts.append(_verdict(named, use, found, policy))
    here = {u.value for u in named.models}
    for value in sorted(named.models_before - here):
        verdicts += _of_rollback(named, value, standing(value, catalog, now, within))
    return verdicts


def _verdict(named: Named, use: Use, found: Standing, policy: ModelPolicy) -> Verdict:
    code = CODES.get(found.state)
    if code is None:
        return Verdict("lifecycle", Result.PASS, use_case=named.use_case)
    blocks = found.state is State.UNREAD or getattr(policy, found.state.value) == "block"
    spared = found.state is State.ENDING and use.value in named.live
    result = Result.PASS
    if named.is_changing and blocks and not spared:
        result = Result.ERROR if found.state is State.UNREAD else Result.FAIL
    return Verdict("lifecycle", result, f"{use.at}: {use.value} {found.said}", found.hint, named.use_case, code)


def _of_rollback(named: Named, value: str, found: Standing) -> Iterator[Verdict]:
    """Nothing is refused for it: who goes forward is told that the way back is closing, or closed."""
    if found.state in CODES and found.state is not State.UNREAD:
        reason = f"the release before, {named.before}, needs {value}, which {found.said}"
        later = found.state in (State.LEGACY, State.ENDING)
        hint = "rolling back to it " + ("will soon not work" if later else "would be refused: its calls would fail")
        yield Verdict("lifecycle", Result.PASS, reason, f"{hint}; {found.hint}", named.use_case, ROLLBACK)


def routes(uses: Iterable[Use], catalog: Catalog, region: str, policy: Policy) -> dict[str, Reach]:
    """Model or guardrail profile -> where it may be processed: as AWS says where it was asked, else by the tables."""
    return {u.value: _route(u, catalog, region, policy) for u in uses}


def _route(use: Use, catalog: Catalog, region: str, policy: Policy) -> Reach:
    if use.is_guardrail:
        return guardrail_reach(use.value, region, policy.geographies)
    members = (catalog.profiles or {}).get(use.value)
    if members is None:
        return model_reach(use.value, region, policy.geographies)
    return members_reach(members, region)


@dataclass(frozen=True, slots=True)
class ModelSurvey:
    """What a plan's use cases name, what AWS says of it, and where it may be processed."""

    named: Mapping[str, Named]
    catalog: Catalog
    reach: Mapping[str, Mapping[str, Reach]]
    """Use case -> model or guardrail profile -> Regions."""

    def judge(self, use_case: str, policy: Policy, classification: str | None, now: datetime) -> list[Verdict]:
        """Every verdict on one use case."""
        named = self.named[use_case]
        found = judge(named, self.catalog, policy.models, now)
        return [*found, *judge_residency(named, self.reach[use_case], policy, classification)]

    def shown_in(self, plan: Plan) -> Plan:
        """The plan with the Regions of each use case."""
        parts = (replace(u, processing=self._processing(u.use_case)) for u in plan.use_cases)
        return replace(plan, use_cases=tuple(parts))

    def _processing(self, use_case: str) -> dict[str, tuple[str, ...]]:
        reach = self.reach.get(use_case, {})
        return {value: found.regions or (UNKNOWN_REGIONS,) for value, found in sorted(reach.items())}


UNKNOWN_REGIONS = "unknown"


def survey(named: Mapping[str, Named], aws: Aws, catalog: Catalog, region: str, policy: Policy) -> ModelSurvey:
    """Asks AWS what a plan that changes something needs to know; of a plan that changes nothing, nothing."""
    fuller = read_more(aws, catalog, named.values())
    return ModelSurvey(named, fuller, {name: routes(n.uses, fuller, region, policy) for name, n in named.items()})


def judge_residency(
    named: Named, found: Mapping[str, Reach], policy: Policy, classification: str | None
) -> Iterator[Verdict]:
    """The same rule as offline, over what AWS says: a profile may lead elsewhere than the tables know."""
    rules: Mapping[Any, tuple[str, ...]] = policy.residency
    allowed = rules.get(classification)
    if allowed is None or not named.is_changing:
        return
    for use in named.uses:
        reach = found[use.value]
        outside = reach.outside(allowed)
        if outside or reach.doubt:
            where = ", ".join(outside) if outside else "regions that nobody knows"
            reason = f"{use.at}: {classification} data could be sent to {where} by {use.value}"
            hint = "allowed: " + ", ".join(allowed)
            yield Verdict("residency", Result.FAIL, reason, hint, named.use_case, RESIDENCY)
