"""Flow: nodes and the connections between them. A draft that is prepared, and at most 10 numbered versions.

Facts: create and update leave a draft ``NotPrepared``; a version cut then is refused (terraform-provider-aws #43653);
``Failed`` is a draft that PrepareFlow refused, with the reasons in ``validations``: it may be changed and prepared
again. Versions have operations of their own, and no tags. Order among nodes and connections means nothing, among the
conditions of a node it decides (user guide, "Condition node").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from releaser.core.address import Ref
from releaser.core.diagnostic import Code, undocumented
from releaser.core.flow_graph import DEEPEST, TYPES, all_nodes, check_flow
from releaser.core.flow_references import check_pins
from releaser.core.flow_words import flow_remarks
from releaser.core.kind import (
    AGENT_TAGS,
    Calls,
    Draft,
    Entry,
    Fields,
    Identity,
    Kind,
    Problem,
    Status,
    Versions,
    View,
)
from releaser.core.quotas import Quota
from releaser.core.values import FrozenMap


class Concurrency(BaseModel):
    """AWS's ``FlowAliasConcurrencyConfiguration``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["Automatic", "Manual"] = Field(description="Who says how many nodes run at once.")
    maxConcurrency: Annotated[int, Field(ge=1, le=100, strict=True)] | None = Field(
        None, description="At most so many nodes at once."
    )


class AliasOfFlow(BaseModel):
    """The alias that callers follow: it is made whether anything is said of it or not."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    description: str | None = Field(None, min_length=1, max_length=200)
    concurrencyConfiguration: Concurrency | None = None


class FlowExtra(BaseModel):
    """What of an entry is ours."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    alias: AliasOfFlow | None = Field(
        None, description="The pointer that callers follow, moved when a release is promoted."
    )


_BODY = ("description", "executionRoleArn", "customerEncryptionKeyArn", "definition")


def _declare(view: View) -> Iterator[Draft]:
    for name, entry in view.section("flows").items():
        yield Draft(name, FrozenMap({k: v for k, v in entry.items() if k != "alias"}))


def _exports(view: View) -> Mapping[str, Mapping[str, Any]]:
    """The two that InvokeFlow asks for. Of a flow that another team owns, the alias is theirs to tell."""
    found = {}
    for name, entry in view.section("flows").items():
        found[name] = {"flowIdentifier": Ref(view.address("flow", name), "id")}
        if entry:
            found[name]["flowAliasIdentifier"] = Ref(view.address("flow-alias", name), "ownId")
    return {"flows": found}


def _check(entry: Entry) -> Iterator[Problem]:
    definition = entry.data.get("definition")
    if not isinstance(definition, Mapping):
        hint = "add definition: {nodes: [...], connections: [...]}"
        yield Problem("E531", "this flow begins nowhere: it has no definition", (), hint)
        return
    yield from check_flow(definition)
    for node in all_nodes(definition, ("definition",)):
        yield from check_pins(node)


def _read(reply: Mapping[str, Any]) -> Mapping[str, Any]:
    return _complete({k: reply[k] for k in _BODY if k in reply})


def _complete(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The configuration of nodes that have nothing to configure, whether it was given or not."""
    definition = body.get("definition")
    return {**body, "definition": _completed(definition)} if isinstance(definition, Mapping) else body


def _completed(definition: Mapping[str, Any]) -> Mapping[str, Any]:
    nodes = definition.get("nodes")
    if not isinstance(nodes, list | tuple):
        return definition
    return {**definition, "nodes": [_filled(n) if isinstance(n, Mapping) else n for n in nodes]}


def _filled(node: Mapping[str, Any]) -> Mapping[str, Any]:
    ports = TYPES.get(str(node.get("type")))
    configuration = node.get("configuration")
    if ports is not None and ports.is_bare and not configuration:
        return {**node, "configuration": {ports.configuration: {}}}
    loop = configuration.get("loop") if isinstance(configuration, Mapping) else None
    held = loop.get("definition") if isinstance(loop, Mapping) else None
    if isinstance(configuration, Mapping) and isinstance(loop, Mapping) and isinstance(held, Mapping):
        return {**node, "configuration": {**configuration, "loop": {**loop, "definition": _completed(held)}}}
    return node


def _comparable(body: Mapping[str, Any]) -> Mapping[str, Any]:
    return FrozenMap(_complete(body))


# A loop holds a definition: what is said of one is said of each.
_DEFINITIONS = tuple(f"definition{'.nodes[].configuration.loop.definition' * depth}" for depth in range(DEEPEST + 1))
_INLINE = "nodes[].configuration.prompt.sourceConfiguration.inline"
_BASE = "nodes[].configuration.knowledgeBase"
_RERANKING = f"{_BASE}.rerankingConfiguration.bedrockRerankingConfiguration"
_SELECTION = f"{_RERANKING}.metadataConfiguration.selectiveModeConfiguration"
_CHAT = f"{_INLINE}.templateConfiguration.chat"


def _everywhere(*paths: str) -> frozenset[str]:
    return frozenset(f"{definition}.{path}" for definition in _DEFINITIONS for path in paths)


def _each(paths: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{definition}.{path}": value for definition in _DEFINITIONS for path, value in paths.items()}


_CODES = (
    undocumented(
        "E530", "a name stands twice in a flow", "Nodes, connections, and the parts of a node are told apart by name."
    ),
    undocumented(
        "E531", "a flow that begins nowhere", "A flow has one Input node, a loop one LoopInput node: there it begins."
    ),
    undocumented("E532", "a flow that ends nowhere", "A flow has Output nodes, a loop has one LoopController."),
    undocumented(
        "E533", "a connection to a node that is not there", "Both ends are names of nodes in the same definition."
    ),
    undocumented(
        "E534",
        "a connection that does not fit its nodes",
        "Data leads from an output to an input; from a condition node a connection leaves by the name of a condition.",
    ),
    undocumented(
        "E535", "nodes in a circle", "A flow runs forwards; what is to be repeated stands in a node of type Loop."
    ),
    undocumented(
        "E536", "a node that nothing reaches", "No path leads to it from where the flow begins: it would never run."
    ),
    undocumented("E537", "an input without one connection", "Each input is fed by exactly one connection."),
    undocumented(
        "E538", "an input or output that the type of node has not", "Most types give their inputs and outputs names."
    ),
    undocumented(
        "E539", "a configuration of another type of node", "The member of the configuration is named as the type."
    ),
    undocumented(
        "E540",
        "a node where its type cannot stand",
        "In a loop there are no Input, Output, Condition, Iterator and Collector nodes; LoopInput and LoopController "
        "are nowhere else. Loops in loops are compared to a depth of two.",
    ),
    undocumented(
        "E551", "too many nodes", "AWS allows 40 nodes in a flow, of which 20 may be prompts and 5 inline code."
    ),
    undocumented(
        "E552", "conditions that do not decide", "Each has an expression of its own, and default is what is left."
    ),
    Code(
        "E555",
        "a node that calls a draft",
        "A node names a version of a prompt and of a guardrail, an alias of an agent or bot, and a version or alias "
        "of a function. A draft changes without a release: what was tested would not be what runs.",
    ),
)

KIND = Kind(
    name="flow",
    service="bedrock-agent",
    tag_index="bedrock:flow",
    section="flows",
    extra=frozenset({"alias"}),
    ours=FlowExtra,
    declare=_declare,
    exports=_exports,
    check=_check,
    codes=_CODES,
    describe=flow_remarks,
    read=_read,
    comparable=_comparable,
    calls=Calls(
        create="CreateFlow",
        get="GetFlow",
        update="UpdateFlow",
        delete="DeleteFlow",
        list="ListFlows",
        list_root="flowSummaries",
        prepare="PrepareFlow",
        publish="CreateFlowVersion",
        id_in="flowIdentifier",
        token="clientToken",
    ),
    versions=Versions(
        get="GetFlowVersion",
        list="ListFlowVersions",
        list_root="flowVersionSummaries",
        delete="DeleteFlowVersion",
        version_in="flowVersion",
    ),
    identity=Identity(id="id", arn="arn", name="name", row_id="id", row_arn="arn", row_name="name"),
    status=Status(
        member="status",
        ready=frozenset({"Prepared"}),
        idle=frozenset({"NotPrepared"}),
        pending=frozenset({"Preparing"}),
        failed=frozenset({"Failed"}),
        reasons="validations",
        repairable=True,
    ),
    fields=Fields(
        omitted=frozenset({"clientToken", "tags", "name"}),
        labels=frozenset({"description"}),
        guards=frozenset({"**.prompt.guardrailConfiguration", "**.knowledgeBase.guardrailConfiguration"}),
        # User guide, "DoWhile loop node".
        defaults=_each({"nodes[].configuration.loopController.maxIterations": 10}),
        unordered=_each(
            {
                "nodes": "name",
                "connections": "name",
                "nodes[].inputs": "name",
                "nodes[].outputs": "name",
                f"{_INLINE}.templateConfiguration.text.inputVariables": "name",
                f"{_CHAT}.inputVariables": "name",
                f"{_INLINE}.inferenceConfiguration.text.stopSequences": "#",
                f"{_BASE}.inferenceConfiguration.text.stopSequences": "#",
                f"{_BASE}.orchestrationConfiguration.inferenceConfig.text.stopSequences": "#",
                f"{_SELECTION}.fieldsToInclude": "#fieldName",
                f"{_SELECTION}.fieldsToExclude": "#fieldName",
            }
        ),
        opaque=_everywhere(
            f"{_INLINE}.additionalModelRequestFields",
            f"{_CHAT}.toolConfiguration.tools[].toolSpec.inputSchema.json",
            f"{_BASE}.orchestrationConfiguration.additionalModelRequestFields",
            f"{_RERANKING}.modelConfiguration.additionalModelRequestFields",
        ),
        markers=_everywhere(
            *(f"nodes[].configuration.{ports.configuration}" for ports in TYPES.values() if ports.is_bare),
            f"{_CHAT}.toolConfiguration.toolChoice.any",
            f"{_CHAT}.toolConfiguration.toolChoice.auto",
        ),
        shown=_everywhere(
            "nodes[].name",
            "nodes[].inputs[].name",
            "nodes[].outputs[].name",
            "nodes[].configuration.condition.conditions[].name",
            "nodes[].configuration.loopController.continueCondition.name",
            "nodes[].configuration.storage.serviceConfiguration.s3.bucketName",
            "nodes[].configuration.retrieval.serviceConfiguration.s3.bucketName",
            f"{_INLINE}.templateConfiguration.text.inputVariables[].name",
            f"{_CHAT}.inputVariables[].name",
            "connections[].name",
            "connections[].source",
            "connections[].target",
            "connections[].configuration.data.sourceOutput",
            "connections[].configuration.data.targetInput",
            "connections[].configuration.conditional.condition",
        ),
    ),
    tagging=AGENT_TAGS,
    version_quota=Quota(10, "L-60AFC764"),
    account_quota=Quota(100, "L-D321719B"),
)
