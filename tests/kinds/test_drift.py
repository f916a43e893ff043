"""Any field changed live shows as drift at its path, and nothing else does."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import pytest

from kinds.cases import KINDS, everything
from kinds.conftest import SERVERS, NewAccount, servers_for
from kinds.estate import Account, ClientAws, Estate, StillClock, change_live, estate_of
from kinds.live_changes import LiveChange, live_changes, omissions, pattern_of, value_at
from kinds.rules import ADDED, SAID, SOURCES, is_added
from releaser.core.diff import Origin, is_below
from releaser.core.errors import AwsError
from releaser.core.flow_graph import TYPES
from releaser.core.kind import Kind, Verb
from releaser.core.normal import comparable
from releaser.core.values import FrozenMap, leaves, show_path
from releaser.engine.driver import Driver
from releaser.kinds import registry

pytestmark = pytest.mark.sampled(6)

DRAFTS = [k for k in KINDS if k.section is not None and k.calls.update is not None]
CASES = [(k, i) for k in DRAFTS for i in range(len(everything(k)))]
WIDE = {k.name for k in DRAFTS if len(everything(k)) > 5}

_DEFINITIONS = ("definition", "definition.nodes[].configuration.loop.definition")
_NODES = [f"{definition}.nodes[]" for definition in _DEFINITIONS]
_BARE = ["type", *(f"configuration.{p.configuration}" for p in TYPES.values() if p.is_bare)]
_INLINE = "prompt.sourceConfiguration.inline.templateConfiguration"

_INGESTION = "dataSources[].vectorIngestionConfiguration"

_READERS = ("DataAutomation", "FoundationModel")

REFUSED = {
    ("guardrail", "crossRegionConfig.guardrailProfileIdentifier"),
    ("prompt", "variants[].name"),
    ("prompt", "defaultVariant"),
    ("prompt", "variants[].templateType"),
    ("agent", "orchestrationType"),
    ("agent", "promptOverrideConfiguration.promptConfigurations[].promptCreationMode"),
    *(("flow", f"{node}.{member}") for node in _NODES for member in _BARE),
    ("knowledge-base", "dataSources[].dataSourceConfiguration.type"),
    *(("knowledge-base", f"{_INGESTION}.{w}Configuration.{w}Strategy") for w in ("chunking", "parsing")),
}
"""Fields that nobody can change alone: AWS refuses it. One geography has one guardrail profile; a type goes with the
member of its name."""

_OVERRIDES = "promptOverrideConfiguration"
NEEDED: Mapping[str, set[str]] = {
    "guardrail": {"crossRegionConfig"},
    "prompt": {"variants"},
    "agent": {
        *("agentResourceRoleArn", "foundationModel", "orchestrationType"),
        "customOrchestration",
        *(f"guardrailConfiguration.guardrail{member}" for member in ("Identifier", "Version")),
        f"{_OVERRIDES}.overrideLambda",
        *(f"{_OVERRIDES}.promptConfigurations[].prompt{member}" for member in ("Type", "CreationMode")),
        f"{_OVERRIDES}.promptConfigurations[].basePromptTemplate",
        *(f"actionGroups[].{member}" for member in ("functionSchema", "apiSchema", "parentActionGroupSignature")),
        "collaborators[].agentDescriptor.aliasArn",
    },
    "knowledge-base": {
        *(f"dataSources[].dataSourceConfiguration.{member}" for member in SOURCES.values() if member),
        *(f"{_INGESTION}.chunkingConfiguration.{s}ChunkingConfiguration" for s in ("hierarchical", "semantic")),
        f"{_INGESTION}.parsingConfiguration.bedrockFoundationModelConfiguration",
    },
}
"""Optional members that AWS needs all the same, for what else the body holds."""

IMPLIED = {("agent", "required")}
"""What means the same when it is not said, inside a map, where no pattern leads."""

_CHAT = "variants[].templateConfiguration.chat"
SINGLE: Mapping[str, set[str]] = {
    "agent": {"memoryConfiguration.enabledMemoryTypes[]", "actionGroups[].actionGroupExecutor.customControl"},
    "guardrail": {"topicPolicyConfig.topicsConfig[].type", "wordPolicyConfig.managedWordListsConfig[].type"},
    "prompt": {
        f"{_CHAT}.messages[].content[].cachePoint.type",
        f"{_CHAT}.system[].cachePoint.type",
        f"{_CHAT}.toolConfiguration.tools[].cachePoint.type",
        "variants[].templateConfiguration.text.cachePoint.type",
    },
    "flow": {
        f"{node}.configuration.{path}"
        for node in _NODES
        for path in (
            "inlineCode.language",
            "knowledgeBase.rerankingConfiguration.type",
            f"{_INLINE}.text.cachePoint.type",
            f"{_INLINE}.chat.messages[].content[].cachePoint.type",
            f"{_INLINE}.chat.system[].cachePoint.type",
            f"{_INLINE}.chat.toolConfiguration.tools[].cachePoint.type",
        )
    },
    "knowledge-base": {
        *(
            f"knowledgeBaseConfiguration.{base}KnowledgeBaseConfiguration.supplementalDataStorageConfiguration"
            ".storageLocations[].type"
            for base in ("vector", "managed")
        ),
        "knowledgeBaseConfiguration.sqlKnowledgeBaseConfiguration.type",
        *(
            f"dataSources[].dataSourceConfiguration.{source}Configuration.crawlerConfiguration.filterConfiguration.type"
            for source in ("confluence", "salesforce", "sharePoint")
        ),
        "dataSources[].dataSourceConfiguration.confluenceConfiguration.sourceConfiguration.hostType",
        "dataSources[].dataSourceConfiguration.salesforceConfiguration.sourceConfiguration.authType",
        "dataSources[].dataSourceConfiguration.sharePointConfiguration.sourceConfiguration.hostType",
        f"{_INGESTION}.contextEnrichmentConfiguration.type",
        f"{_INGESTION}.contextEnrichmentConfiguration.bedrockFoundationModelConfiguration"
        ".enrichmentStrategyConfiguration.method",
        f"{_INGESTION}.customTransformationConfiguration.transformations[].stepToApply",
        *(f"{_INGESTION}.parsingConfiguration.bedrock{by}Configuration.parsingModality" for by in _READERS),
    },
}
"""Fields that have one value only."""

Released = Callable[[str, str, int], Estate]
Changes = Callable[[Kind, Mapping[str, Any]], Iterator[LiveChange]]


def _servers(kind: Kind, pattern: str) -> tuple[str, ...]:
    """Both, where the harsher one may do otherwise with a field."""
    return servers_for(kind) if kind.name not in ADDED or is_added(kind.name, pattern) else SERVERS[:1]


def _each(changes: Changes) -> list[Any]:
    """Every change of every body, less fields that an earlier body of the kind has too; items of parts are alike, and
    so are those of a kind with very many fields."""
    first: dict[str, Any] = {}
    return [
        pytest.param(server, kind, index, change, id=f"{server}-{kind.name}-{index}-{show_path(change.at)}")
        for kind, index in CASES
        for change in changes(kind, everything(kind)[index])
        if first.setdefault(f"{kind.name} {pattern_of(change.at)}", _which(kind, index, change))
        == _which(kind, index, change)
        for server in _servers(kind, pattern_of(change.at))
    ]


def _which(kind: Kind, index: int, change: LiveChange) -> Any:
    return (index, change.at) if kind.parts or kind.name in WIDE else index


@pytest.fixture(scope="session")
def released(new_account: NewAccount) -> Released:
    """The use case of one body, released on a server."""
    found: dict[tuple[str, str, int], Estate] = {}

    def get(server: str, name: str, index: int) -> Estate:
        if (server, name, index) not in found:
            kind = registry()[name]
            entry = {**everything(kind)[index], **SAID.get(name, {})}
            estate = estate_of(new_account(server), {str(kind.section): {"main": entry}}, name)
            estate.release()
            found[server, name, index] = estate
        return found[server, name, index]

    return get


def _drift(estate: Estate, kind: Kind, body: Mapping[str, Any]) -> set[str]:
    """The paths that a plan names after the whole live draft was replaced: drift only, and one update to end it."""
    node = estate.node(kind.name)
    change_live(estate.account, kind, estate.id_of(node.address), node.name, body)
    plan = estate.plan()
    fields = [f for c in plan.changes for f in c.fields]
    assert {f.origin for f in fields} <= {Origin.DRIFT}
    assert [s.verb for s in plan.steps if s.verb is not Verb.PREPARE] == [Verb.UPDATE] * bool(fields), "nothing to cut"
    return {f.path for f in fields}


@dataclass(frozen=True)
class _Showing:
    """The account's AWS, where a resource shows other values of what nobody can change."""

    aws: ClientAws
    kind: Kind
    body: Mapping[str, Any]

    def call(self, service: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        reply = self.aws.call(service, operation, params)
        if operation == self.kind.calls.get:
            shown = reply[str(self.kind.calls.root)]
            for member in self.kind.fields.immutable:
                shown.pop(member, None)
            shown |= {m: v for m, v in self.body.items() if m in self.kind.fields.immutable}
        return reply


def _unchangeable(estate: Estate, kind: Kind, body: Mapping[str, Any]) -> set[str]:
    """The paths that a plan names where AWS shows another value of what it lets nobody change; it plans nothing."""
    node = estate.node(kind.name)
    id_ = estate.id_of(node.address)
    before = estate.account.driver.settle_owner(kind, id_).body
    with suppress(AwsError):  # what it adds by itself may be left out
        change_live(estate.account, kind, id_, node.name, body)
    assert estate.account.driver.settle_owner(kind, id_).body == before
    aws = _Showing(estate.account.aws, kind, body)
    plan = replace(estate, account=Account(estate.account.id, aws, Driver(aws, StillClock()))).plan()
    fields = [f for c in plan.changes for f in c.fields]
    assert {f.origin for f in fields} <= {Origin.DRIFT}
    assert [d.code for d in plan.blocked] == ["P112"] * bool(fields)
    assert [s for s in plan.steps if s.address == node.address] == []
    return {f.path for f in fields}


@pytest.mark.parametrize(("server", "kind", "index", "change"), _each(live_changes))
def test_a_changed_field_is_named_and_nothing_else(
    released: Released, server: str, kind: Kind, index: int, change: LiveChange
) -> None:
    estate = released(server, kind.name, index)
    if is_below(pattern_of(change.at), kind.fields.immutable):
        assert _unchangeable(estate, kind, change.body) == change.paths
        return
    if (kind.name, pattern_of(change.at)) in REFUSED:
        with pytest.raises(AwsError):
            _drift(estate, kind, change.body)
        return
    assert _drift(estate, kind, change.body) == change.paths


@pytest.mark.parametrize(("server", "kind", "index", "change"), _each(omissions))
def test_an_omitted_field_is_named_and_nothing_else(
    released: Released, server: str, kind: Kind, index: int, change: LiveChange
) -> None:
    """Unless what AWS does without the field is what was asked for."""
    estate = released(server, kind.name, index)
    if pattern_of(change.at) in NEEDED.get(kind.name, ()):
        with pytest.raises(AwsError):
            _drift(estate, kind, change.body)
        return
    full, less = comparable(kind, estate.node(kind.name).body), comparable(kind, FrozenMap(change.body))
    found = (_unchangeable if is_below(pattern_of(change.at), kind.fields.immutable) else _drift)(
        estate, kind, change.body
    )
    default = pattern_of(change.at) in kind.fields.defaults or (kind.name, change.at[-1]) in IMPLIED
    default = default or kind.comparable(FrozenMap(change.body)) != FrozenMap(change.body)
    named = set(change.paths)
    for depth in range(len(change.at) - 1, 0, -1):  # what holds nothing any more is not there
        named |= {p.rpartition(".")[0] for p in named} if _is_empty(value_at(change.body, change.at[:depth])) else set()
    assert all(any(f == p or f.startswith((f"{p}[", f"{p}.")) for p in named) for f in found)
    assert found or (default and full == less)


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, Mapping | list) and all(map(_is_empty, _held(value))))


def _held(value: Any) -> Any:
    return value.values() if isinstance(value, Mapping) else value


@pytest.mark.parametrize("kind", DRAFTS, ids=lambda k: k.name)
def test_every_field_is_changed_by_some_case(kind: Kind) -> None:
    bodies = everything(kind)
    fields = {pattern_of(at) for b in bodies for at, _ in leaves(b)}
    changed = {pattern_of(change.at) for b in bodies for change in live_changes(kind, b)}

    assert fields - changed == SINGLE.get(kind.name, set())


@pytest.mark.parametrize("index", range(len(everything(registry()["prompt"]))))
def test_the_variant_renamed_live_is_named(released: Released, index: int) -> None:
    """AWS lets nobody change its name alone: the default variant goes along."""
    kind = registry()["prompt"]
    body = copy.deepcopy(everything(kind)[index])
    body["defaultVariant"] = body["variants"][0]["name"] = "other"

    assert _drift(released(SERVERS[0], "prompt", index), kind, body) == {"defaultVariant", "variants[0].name"}


def test_the_type_of_a_template_changed_live_is_named(released: Released) -> None:
    kind = registry()["prompt"]
    body = copy.deepcopy(everything(kind)[0])
    body["variants"][0] |= {"templateType": "TEXT", "templateConfiguration": {"text": {"text": "Hello"}}}

    at = "variants[0].templateConfiguration"
    named = {"variants[0].templateType", f"{at}.chat", f"{at}.text"}
    assert _drift(released(SERVERS[0], "prompt", 0), kind, body) == named


@pytest.mark.parametrize("server", SERVERS)
def test_an_item_added_live_is_named(released: Released, server: str) -> None:
    kind = registry()["guardrail"]
    body = copy.deepcopy(everything(kind)[0])
    topic = {"name": "Weather", "definition": "What the weather is like", "type": "DENY"}
    body["topicPolicyConfig"]["topicsConfig"].insert(1, topic)

    assert _drift(released(server, "guardrail", 0), kind, body) == {"topicPolicyConfig.topicsConfig[Weather]"}


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize(("kind", "index"), CASES, ids=lambda v: getattr(v, "name", str(v)))
def test_sets_in_another_order_are_no_drift(released: Released, server: str, kind: Kind, index: int) -> None:
    body = _backwards(kind, everything(kind)[index], "")

    assert _drift(released(server, kind.name, index), kind, body) == set()


def _backwards(kind: Kind, value: Any, at: str) -> Any:
    if isinstance(value, dict):
        return {k: _backwards(kind, v, f"{at}.{k}" if at else k) for k, v in value.items()}
    if isinstance(value, list):
        items = [_backwards(kind, v, f"{at}[]") for v in value]
        return items[::-1] if at in kind.fields.unordered else items
    return value


@pytest.mark.parametrize("server", SERVERS)
def test_an_action_that_others_follow_is_named_alone(new_account: NewAccount, server: str) -> None:
    """AWS takes inputAction and outputAction from action where they are not given."""
    kind = registry()["guardrail"]
    entities = {"piiEntitiesConfig": [{"type": "EMAIL", "action": "BLOCK"}]}
    body: dict[str, Any] = {"blockedInputMessaging": "no", "blockedOutputsMessaging": "no"}
    body["sensitiveInformationPolicyConfig"] = entities
    estate = estate_of(new_account(server), {"guardrails": {"main": body}}, "guardrail")
    estate.release()
    changed = copy.deepcopy(body)
    changed["sensitiveInformationPolicyConfig"]["piiEntitiesConfig"][0]["action"] = "NONE"

    assert _drift(estate, kind, changed) == {"sensitiveInformationPolicyConfig.piiEntitiesConfig[EMAIL].action"}


@pytest.mark.parametrize("kind", DRAFTS, ids=lambda k: k.name)
def test_a_tag_changed_live_is_named(released: Released, kind: Kind) -> None:
    estate = released(SERVERS[0], kind.name, 0)
    node = estate.node(kind.name)
    assert _drift(estate, kind, node.body) == set()
    arn = estate.known.bindings[node.address].arn
    estate.account.driver.retag(kind, arn, node.name, {"releaser:use-case": "other"})
    plan = estate.plan()
    estate.account.driver.retag(kind, arn, node.name, dict(node.tags))

    assert [(f.path, f.origin) for c in plan.changes for f in c.fields] == [("tags.releaser:use-case", Origin.DRIFT)]
    assert {s.verb for s in estate.plan().steps} <= {Verb.PREPARE}
