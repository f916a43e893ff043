"""Every kind keeps every rule; and every rule finds the error that is planted for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from kinds import contract
from kinds.cases import KINDS
from kinds.contract import RULES, Rule
from releaser.core.kind import Kind, Status
from releaser.core.normal import Sibling
from releaser.core.values import FrozenMap
from releaser.kinds import registry


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.__name__)
@pytest.mark.parametrize("kind", KINDS, ids=lambda k: k.name)
def test_every_kind_keeps_every_rule(kind: Kind, rule: Rule) -> None:
    assert list(rule(kind)) == []


def _calls(**changed: Any) -> Callable[[Kind], Kind]:
    return lambda kind: replace(kind, calls=replace(kind.calls, **changed))


def _identity(**changed: Any) -> Callable[[Kind], Kind]:
    return lambda kind: replace(kind, identity=replace(kind.identity, **changed))


def _fields(**changed: Any) -> Callable[[Kind], Kind]:
    return lambda kind: replace(kind, fields=replace(kind.fields, **changed))


def _tagging(**changed: Any) -> Callable[[Kind], Kind]:
    return lambda kind: replace(kind, tagging=replace(kind.tagging, **changed))


def _status(**changed: Any) -> Callable[[Kind], Kind]:
    def plant(kind: Kind) -> Kind:
        assert kind.status is not None
        return replace(kind, status=replace(kind.status, **changed))

    return plant


def _mint(**changed: Any) -> Callable[[Kind], Kind]:
    def plant(kind: Kind) -> Kind:
        assert kind.mint is not None
        return replace(kind, mint=replace(kind.mint, **changed))

    return plant


def _delivery(**changed: Any) -> Callable[[Kind], Kind]:
    def plant(kind: Kind) -> Kind:
        assert kind.delivery is not None
        return replace(kind, delivery=replace(kind.delivery, **changed))

    return plant


_RUNS_ON = Status("State", ready=frozenset({"COMPLETE"}), pending=frozenset({"DEPLOYING"}))


def _versions(**changed: Any) -> Callable[[Kind], Kind]:
    def plant(kind: Kind) -> Kind:
        assert kind.versions is not None
        return replace(kind, versions=replace(kind.versions, **changed))

    return plant


def _part(index: int, **changed: Any) -> Callable[[Kind], Kind]:
    def plant(kind: Kind) -> Kind:
        parts = list(kind.parts)
        parts[index] = replace(parts[index], **changed)
        return replace(kind, parts=tuple(parts))

    return plant


def _update_only(*members: str) -> Callable[[Kind], Kind]:
    return _fields(update_only=frozenset(members))


_SKIP = FrozenMap({"skipResourceInUseCheck": True})


def _without(member: str) -> Callable[[Kind], Kind]:
    """A read that loses one member."""
    return lambda kind: replace(kind, read=lambda reply: {k: v for k, v in kind.read(reply).items() if k != member})


def _more(**members: Any) -> Callable[[Kind], Kind]:
    """A read that gives a member more."""
    return lambda kind: replace(kind, read=lambda reply: {**kind.read(reply), **members})


def _reset(**changed: Any) -> Callable[[Kind], Kind]:
    return lambda kind: replace(kind, **changed)


_ACTIONS = "contentPolicyConfig.filtersConfig[].inputAction"
_FILTERS = "contentPolicyConfig.filtersConfig"
PLANTED: list[tuple[str, Rule, str, Callable[[Kind], Kind]]] = [
    ("misspelt create", contract.operations_exist, "guardrail", _calls(create="MakeGuardrail")),
    ("misspelt publish", contract.operations_exist, "prompt", _calls(publish="CutPromptVersion")),
    ("another service's tags", contract.operations_exist, "prompt", _tagging(tag="AddTagsToResource")),
    ("id under another name", contract.requests_take_identity, "guardrail", _calls(id_in="guardrailId")),
    ("name under another name", contract.requests_take_identity, "prompt", _identity(name="promptName")),
    ("misspelt prepare", contract.operations_exist, "flow", _calls(prepare="ReadyFlow")),
    ("job that does not exist", contract.deliveries_are_whole, "appconfig-environment", _delivery(start="Deploy")),
    ("job by another number", contract.deliveries_are_whole, "appconfig-environment", _delivery(job="Number")),
    ("jobs under another name", contract.deliveries_are_whole, "appconfig-environment", _delivery(jobs_root="Jobs")),
    (
        "state of a job that nobody knows",
        contract.deliveries_are_whole,
        "appconfig-environment",
        _delivery(status=_RUNS_ON),
    ),
    ("prepared and never idle", contract.statuses_are_classified, "flow", _calls(prepare=None)),
    ("parent under another name", contract.requests_take_identity, "flow-alias", _calls(parent_in="flowId")),
    ("parent not read", contract.read_gives_the_body, "flow-alias", _without("flowIdentifier")),
    ("rows of versions misspelt", contract.versions_are_told, "flow", _versions(list_root="versions")),
    (
        "constant that update lacks",
        contract.requests_take_identity,
        "prompt",
        _calls(update_params=FrozenMap({"Overwrite": True})),
    ),
    ("version under another name", contract.versions_are_selected, "prompt", _calls(version_in="version")),
    ("no version member", contract.versions_are_selected, "guardrail", _calls(version_in=None)),
    ("pages too large", contract.pages_are_asked_for, "runtime-configuration", _calls(page_size=1000)),
    ("page size misspelt", contract.pages_are_asked_for, "runtime-configuration", _calls(page_size_in="maxResults")),
    ("page token misspelt", contract.pages_are_asked_for, "guardrail", _calls(page_token_in="NextToken")),
    ("rows under another name", contract.pages_are_asked_for, "prompt", _calls(list_root="prompts")),
    (
        "filter that does not exist",
        contract.pages_are_asked_for,
        "inference-profile",
        _calls(list_params=FrozenMap({"type": "APPLICATION"})),
    ),
    (
        "filter value that does not exist",
        contract.pages_are_asked_for,
        "inference-profile",
        _calls(list_params=FrozenMap({"typeEquals": "MINE"})),
    ),
    ("batches too large", contract.batches_are_read, "runtime-configuration", _calls(batch_size=50)),
    ("batch of other things", contract.batches_are_read, "runtime-configuration", _calls(batch="DescribeParameters")),
    ("id not in the reply", contract.replies_tell_identity, "guardrail", _identity(id="id")),
    ("id not in the row", contract.replies_tell_identity, "guardrail", _identity(row_id="guardrailId")),
    ("revision not there", contract.replies_tell_identity, "runtime-configuration", _identity(revision="updatedAt")),
    ("publish without token", contract.versions_are_told, "guardrail", _calls(token=None)),
    ("publish tells no version", contract.versions_are_told, "prompt", _calls(publish="DeletePrompt")),
    ("minted and published", contract.versions_are_minted, "agent", _calls(publish="PrepareAgent")),
    ("mint under another name", contract.versions_are_minted, "agent", _mint(name="name")),
    ("mint without its target", contract.versions_are_minted, "agent", _mint(target="routing")),
    ("mint that asks for a target", contract.versions_are_minted, "agent", _mint(create="CreateAgent")),
    ("version without a number", contract.versions_are_minted, "agent", _mint(version="version")),
    ("version that hides more", contract.versions_are_told, "agent", _versions(hidden=frozenset())),
    ("rows of versions without a number", contract.versions_are_told, "agent", _versions(row_version="version")),
    ("part of another owner", contract.parts_are_whole, "agent", _part(0, owner_in="agentIdentifier")),
    ("part listed under another name", contract.parts_are_whole, "agent", _part(1, list_root="agentKnowledgeBases")),
    ("part without its id", contract.parts_are_whole, "agent", _part(2, id="id")),
    ("part deleted with more than AWS takes", contract.parts_are_whole, "agent", _part(1, delete_params=_SKIP)),
    ("part by another key", contract.parts_are_whole, "agent", _part(0, key="description")),
    ("part that no update carries", contract.parts_are_whole, "agent", _part(0, update="UpdateAgentKnowledgeBase")),
    ("token of a part", contract.tokens_are_declared, "agent", _part(1, token="clientToken")),
    ("misspelt operation of a part", contract.operations_exist, "agent", _part(0, get="GetActionGroup")),
    ("prepared and never idle", contract.statuses_are_classified, "agent", _calls(prepare=None)),
    ("parent under another name", contract.requests_take_identity, "agent-alias", _calls(parent_in="parent")),
    ("update alone, and create too", contract.update_carries_create, "agent-alias", _update_only("description")),
    ("update alone, and not even it", contract.update_carries_create, "agent-alias", _update_only("state")),
    ("token not declared", contract.tokens_are_declared, "inference-profile", _calls(token=None)),
    ("token under another name", contract.tokens_are_declared, "prompt", _calls(token="clientRequestToken")),
    ("token that AWS lacks", contract.tokens_are_declared, "runtime-configuration", _calls(token="ClientToken")),
    ("status not classified", contract.statuses_are_classified, "guardrail", _status(pending=frozenset({"CREATING"}))),
    (
        "status classified twice",
        contract.statuses_are_classified,
        "guardrail",
        _status(failed=frozenset({"FAILED", "READY"})),
    ),
    (
        "status that AWS lacks",
        contract.statuses_are_classified,
        "inference-profile",
        _status(ready=frozenset({"ACTIVE", "LIVE"})),
    ),
    ("status left out", contract.statuses_are_classified, "guardrail", _reset(status=None)),
    (
        "status of no member",
        contract.statuses_are_classified,
        "prompt",
        _reset(status=Status(member="status", ready=frozenset({"READY"}))),
    ),
    ("tags in bodies", contract.create_is_modelled, "prompt", _fields(omitted=frozenset({"clientToken", "name"}))),
    (
        "omitted and unknown",
        contract.create_is_modelled,
        "guardrail",
        lambda k: replace(k, fields=replace(k.fields, omitted=k.fields.omitted | {"kmsKeyArn"})),
    ),
    (
        "required and not written",
        contract.create_is_modelled,
        "runtime-configuration",
        _reset(write=lambda body: {"Type": "String"}),
    ),
    (
        "written and unknown",
        contract.create_is_modelled,
        "runtime-configuration",
        _reset(write=lambda body: {"Value": "", "Document": ""}),
    ),
    ("update takes more", contract.update_carries_create, "prompt", _calls(create="DeletePrompt")),
    (
        "immutable though update carries it",
        contract.update_carries_create,
        "prompt",
        _fields(immutable=frozenset({"variants"})),
    ),
    ("update cannot carry it", contract.update_carries_create, "prompt", _calls(update="CreatePromptVersion")),
    ("read loses a member", contract.read_gives_the_body, "guardrail", _without("wordPolicyConfig")),
    ("read loses a member of the reply", contract.read_gives_the_body, "prompt", _without("customerEncryptionKeyArn")),
    ("read keeps AWS's read name", contract.read_gives_the_body, "guardrail", _more(kmsKeyArn="arn")),
    ("default of no field", contract.paths_resolve, "guardrail", _fields(defaults={"contentPolicy.tier": "CLASSIC"})),
    ("set of no field", contract.paths_resolve, "prompt", _fields(unordered={"variants.metadata": "key"})),
    ("label of no field", contract.paths_resolve, "prompt", _fields(labels=frozenset({"Description"}))),
    ("shown and not there", contract.paths_resolve, "prompt", _fields(shown=frozenset({"variants[].title"}))),
    ("key that items lack", contract.sets_have_their_keys, "guardrail", _fields(unordered={_FILTERS: "name"})),
    ("items without a key", contract.sets_have_their_keys, "guardrail", _fields(unordered={_FILTERS: None})),
    ("set that is no list", contract.sets_have_their_keys, "guardrail", _fields(unordered={"kmsKeyId": None})),
    ("default that AWS refuses", contract.defaults_are_values, "guardrail", _fields(defaults={_ACTIONS: "ANONYMIZE"})),
    (
        "default of another type",
        contract.defaults_are_values,
        "guardrail",
        _fields(defaults={_ACTIONS: Sibling("inputStrength")}),
    ),
    ("document not opaque", contract.documents_are_opaque, "prompt", _fields(opaque=frozenset())),
    ("opaque and no document", contract.documents_are_opaque, "guardrail", _fields(opaque=frozenset({"kmsKeyId"}))),
    ("empty choice forgotten", contract.empty_choices_are_markers, "prompt", _fields(markers=frozenset())),
    ("tags of another form", contract.tags_have_their_form, "guardrail", _tagging(form="map")),
    ("tags of yet another form", contract.tags_have_their_form, "runtime-configuration", _tagging(form="list")),
    ("tagged by another member", contract.tags_have_their_form, "prompt", _tagging(id_in="resourceARN")),
    ("tag keys under another name", contract.tags_have_their_form, "guardrail", _tagging(keys_in="TagKeys")),
    ("tags read under another name", contract.tags_have_their_form, "runtime-configuration", _tagging(tags_out="Tags")),
]


@pytest.mark.parametrize(("rule", "name", "plant"), [p[1:] for p in PLANTED], ids=[p[0] for p in PLANTED])
def test_a_planted_error_is_found(rule: Rule, name: str, plant: Callable[[Kind], Kind]) -> None:
    assert list(rule(plant(registry()[name])))


def test_every_rule_has_its_planted_error() -> None:
    assert {rule for _, rule, _, _ in PLANTED} == set(RULES)
