"""Agent (classic): a model with instructions, tools, knowledge and colleagues. A draft that is prepared, and numbered
versions that appear when an alias is made or moved without a target.

Facts: action groups, knowledge bases and collaborators have operations of their own, on the draft alone, and each
change makes the agent NOT_PREPARED; an update replaces everything, so that one without the guardrail or the key drops
them (terraform-provider-aws #48681, #39548); AWS fills in its default prompts, so only overridden ones are content
(#37168, #42867); GetAgentVersion does not show the orchestration; an action group's signature has another name on
read. New agents are refused in accounts that had none (user guide, "Agents Classic maintenance mode").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from releaser.core.address import Bound, Ref
from releaser.core.diagnostic import undocumented
from releaser.core.kind import (
    AGENT_TAGS,
    Calls,
    Draft,
    Entry,
    Fields,
    Identity,
    IncludedFile,
    Kind,
    Mint,
    Part,
    Problem,
    Remark,
    Status,
    Versions,
    View,
)
from releaser.core.openapi import judge
from releaser.core.parameters import model_remarks, parameter_remarks
from releaser.core.quotas import Quota
from releaser.core.strength import effect_of
from releaser.core.values import EMPTY, FrozenMap

_OURS = frozenset({"alias", "enabled", "instructionFile"})


class _Ours(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AgentAlias(_Ours):
    """The alias that applications invoke."""

    description: str | None = Field(None, min_length=1, max_length=200)
    provisionedThroughput: str | None = Field(None, min_length=1, description="Id or ARN; none: on demand.")


class AgentOurs(_Ours):
    """What stands beside AWS's own members."""

    alias: AgentAlias | None = Field(None, description="The alias that applications invoke; it bears the agent's name.")
    enabled: Annotated[bool, Field(strict=True)] = Field(True, description="False: the alias rejects invocations.")
    instructionFile: Annotated[str | None, IncludedFile()] = Field(
        None, description="A file with the instruction, relative to the manifest's folder."
    )


# -- bodies

_MEMBERS = (
    "instruction",
    "foundationModel",
    "description",
    "orchestrationType",
    "customOrchestration",
    "idleSessionTTLInSeconds",
    "agentResourceRoleArn",
    "customerEncryptionKeyArn",
    "promptOverrideConfiguration",
    "guardrailConfiguration",
    "memoryConfiguration",
    "agentCollaboration",
)
_ACTION_GROUP = (
    "actionGroupName",
    "description",
    "parentActionGroupSignature",
    "parentActionGroupSignatureParams",
    "actionGroupExecutor",
    "apiSchema",
    "actionGroupState",
    "functionSchema",
)
_PROMPTS = "promptOverrideConfiguration"
_SESSION, _MEMORY = 600, {"storageDays": 30, "sessionSummaryConfiguration": {"maxRecentSessions": 20}}
"""What the console offers. AWS documents no default for the API: they are sent, never left to it."""


def _declare(view: View) -> Iterator[Draft]:
    for name, entry in view.section("agents").items():
        body = {k: v for k, v in entry.items() if k not in _OURS}
        if entry.get("instructionFile"):
            body["instruction"] = view.files.get(str(entry["instructionFile"]), "")
        yield Draft(name, FrozenMap(body))


def _write(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The whole body, always; AWS's own defaults are said where the manifest is silent."""
    sent: dict[str, Any] = {"idleSessionTTLInSeconds": _SESSION, **body}
    if isinstance(memory := body.get("memoryConfiguration"), Mapping):
        sent["memoryConfiguration"] = {**_MEMORY, **memory}
    return sent


def _read(reply: Mapping[str, Any]) -> Mapping[str, Any]:
    return _comparable({k: reply[k] for k in _MEMBERS if k in reply})


def _comparable(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Overridden prompts alone; whether a parameter is needed is always said."""
    found = dict(body)
    if isinstance(body.get(_PROMPTS), Mapping):
        listed = body[_PROMPTS].get("promptConfigurations", ())
        found[_PROMPTS] = {**body[_PROMPTS], "promptConfigurations": tuple(p for p in listed if _is_overridden(p))}
    if isinstance(body.get("actionGroups"), list | tuple):
        found["actionGroups"] = tuple(_with_needs(g) for g in body["actionGroups"])
    return FrozenMap(found)


def _is_overridden(prompt: Any) -> bool:
    """AWS answers with a prompt of its own for every step that nobody overrides."""
    return isinstance(prompt, Mapping) and "OVERRIDDEN" in (prompt.get("promptCreationMode"), prompt.get("parserMode"))


def _with_needs(group: Any) -> Any:
    """``required`` of every parameter: false where nothing is said."""
    functions = group.get("functionSchema", EMPTY).get("functions") if isinstance(group, Mapping) else None
    if not isinstance(functions, list | tuple):
        return group
    filled = tuple(_function_with_needs(f) for f in functions)
    return {**group, "functionSchema": {**group["functionSchema"], "functions": filled}}


def _function_with_needs(function: Any) -> Any:
    parameters = function.get("parameters") if isinstance(function, Mapping) else None
    if not isinstance(parameters, Mapping):
        return function
    return {**function, "parameters": {n: _with_need(p) for n, p in parameters.items()}}


def _with_need(parameter: Any) -> Any:
    return {"required": False, **parameter} if isinstance(parameter, Mapping) else parameter


def _said(member: str, value: str) -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
    """Sends a member also where the manifest is silent: an update of a part may keep what it does not name."""
    return lambda item: {member: value, **item}


def _read_action_group(reply: Mapping[str, Any]) -> Mapping[str, Any]:
    body = {k: reply[k] for k in _ACTION_GROUP if k in reply}
    if "parentActionSignature" in reply:
        body["parentActionGroupSignature"] = reply["parentActionSignature"]
    found: Mapping[str, Any] = _with_needs(body)
    return found


# -- rules

_Found = Iterator[Problem]
_SUPERVISORS = ("SUPERVISOR", "SUPERVISOR_ROUTER")
_LAMBDA = re.compile(r"arn:[^:]+:lambda:[^:]+:[^:]+:function:[^:]+(:(.+))?")
_PROMPT_MEMBERS = ("promptCreationMode", "promptState", "basePromptTemplate", "inferenceConfiguration", "parserMode")


def _check(entry: Entry) -> Iterable[Problem]:
    data = entry.data
    yield from _check_instruction(entry)
    yield from _check_pins(data)
    yield from _check_collaboration(data)
    for i, group in _items(data, "actionGroups"):
        yield from (_within(p, "actionGroups", i) for p in _check_action_group(group))
    yield from _check_counts(data)
    yield from _check_names(data)
    yield from _check_prompts(data)
    yield from _check_orchestration(data)


def _items(data: Any, member: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    listed = data.get(member) if isinstance(data, Mapping) else None
    if isinstance(listed, list | tuple):
        yield from ((i, item) for i, item in enumerate(listed) if isinstance(item, Mapping))


def _part(data: Any, member: str) -> Mapping[str, Any]:
    found = data.get(member) if isinstance(data, Mapping) else None
    return found if isinstance(found, Mapping) else EMPTY


def _within(problem: Problem, *at: str | int) -> Problem:
    return Problem(
        problem.code, problem.message, (*at, *problem.path), problem.hint, problem.file, severity=problem.severity
    )


def _check_instruction(entry: Entry) -> _Found:
    """PrepareAgent refuses an agent without one. Its own orchestration may do without."""
    file = entry.data.get("instructionFile")
    if file and "instruction" in entry.data:
        yield Problem("E570", "give either instruction or instructionFile", ("instructionFile",))
        return
    text = entry.files.get(file) if isinstance(file, str) else None
    if text is not None and not 40 <= len(text) <= 4000:
        message = f"an instruction has 40 to 4,000 characters, {file} has {len(text):,}"
        yield Problem("E570", message, ("instructionFile",), file=file)
    custom = entry.data.get("orchestrationType") == "CUSTOM_ORCHESTRATION"
    needed = ["agentResourceRoleArn", "foundationModel", *([] if custom or file else ["instruction"])]
    for member in needed:
        if not entry.data.get(member):
            yield Problem("E570", f"an agent cannot be prepared without {member}", (), f"add {member}")


def _check_pins(data: Mapping[str, Any]) -> _Found:
    holder = "guardrailConfiguration"
    guardrail = _part(data, holder)
    for member in ("guardrailIdentifier", "guardrailVersion") if holder in data else ():
        if not guardrail.get(member):
            yield Problem("E560", f"a guardrail without {member} guards nothing", (holder,), f"add {member}")
    if _text(guardrail.get("guardrailVersion")) == "DRAFT":
        hint = "${guardrail/NAME.version}, or a number"
        message = "the guardrail's DRAFT changes under a released agent"
        yield Problem("E560", message, (holder, "guardrailVersion"), hint)
    for i, one in _items(data, "collaborators"):
        alias = _text(_part(one, "agentDescriptor").get("aliasArn"))
        if not _part(one, "agentDescriptor").get("aliasArn"):
            message = "a collaborator is the alias of an agent, and none is named"
            yield Problem("E560", message, ("collaborators", i), "agentDescriptor: {aliasArn: ${agent-alias/NAME.arn}}")
        if alias.endswith("/TSTALIASID"):
            at = ("collaborators", i, "agentDescriptor", "aliasArn")
            hint = "${agent-alias/NAME.arn}, or the ARN of an alias with a version"
            yield Problem("E560", "TSTALIASID is the collaborator's draft", at, hint)
    yield from _check_lambdas(data, ())


def _text(value: Any) -> str:
    return value.value if isinstance(value, Bound) else value if isinstance(value, str) else ""


def _check_lambdas(value: Any, at: tuple[str | int, ...]) -> _Found:
    """Every function that the agent calls, wherever it stands."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _check_lambdas(inner, (*at, name))
    elif isinstance(value, list | tuple):
        for i, inner in enumerate(value):
            yield from _check_lambdas(inner, (*at, i))
    elif at and at[-1] in ("lambda", "overrideLambda"):
        found = _LAMBDA.fullmatch(_text(value))
        if found and found[2] in (None, "$LATEST"):
            hint = "end the ARN with a version or an alias, as :7 or :live"
            message = "this function changes under a released agent: its ARN names no version"
            yield Problem("E561", message, at, hint, severity="warning")


def _check_collaboration(data: Mapping[str, Any]) -> _Found:
    leads = data.get("agentCollaboration") in _SUPERVISORS
    has = any(True for _ in _items(data, "collaborators"))
    if leads and not has:
        # terraform-provider-aws #43059: it cannot be prepared.
        message = "a supervisor cannot be prepared without collaborators"
        yield Problem("E562", message, ("agentCollaboration",), "add collaborators")
    elif has and not leads:
        hint = "agentCollaboration: SUPERVISOR, or SUPERVISOR_ROUTER"
        yield Problem("E562", "only a supervisor has collaborators", ("collaborators",), hint)


def _check_action_group(group: Mapping[str, Any]) -> _Found:
    schemas = [m for m in ("functionSchema", "apiSchema") if m in group]
    if "parentActionGroupSignature" in group:
        # API reference, CreateAgentActionGroup: these "fields" must be left empty.
        for member in (*schemas, *(m for m in ("actionGroupExecutor", "description") if m in group)):
            yield Problem("E564", f"AWS's own action group takes no {member}", (member,), "remove it")
    tuned = _text(group.get("parentActionGroupSignature")).startswith("ANTHROPIC.")
    if "parentActionGroupSignatureParams" in group and not tuned:
        at = ("parentActionGroupSignatureParams",)
        yield Problem("E564", "only a computer use action takes these", at, "remove it")
    if "parentActionGroupSignature" in group:
        return
    if "actionGroupExecutor" not in group:
        hint = "actionGroupExecutor: {lambda: ARN}, or {customControl: RETURN_CONTROL}"
        yield Problem("E563", "nothing carries out the actions of this group", (), hint)
    if len(schemas) != 1:
        message = "an action group has one schema, " + ("not two" if schemas else "and this has none")
        yield Problem("E563", message, (), "functionSchema: {functions: [...]}, or apiSchema")
    payload = _part(group, "apiSchema").get("payload")
    if isinstance(payload, str):
        for message in judge(payload).problems:
            yield Problem("E565", f"the OpenAPI document: {message}", ("apiSchema", "payload"))


def _check_counts(data: Mapping[str, Any]) -> _Found:
    """AWS General Reference, "Amazon Bedrock endpoints and quotas"."""
    groups = [g for _, g in _items(data, "actionGroups")]
    enabled = [g for g in groups if g.get("actionGroupState") != "DISABLED"]
    bases = sum(1 for _ in _items(data, "knowledgeBases"))
    yield from _at_most(20, len(groups), "action groups", "actionGroups")
    yield from _at_most(15, len(enabled), "enabled action groups", "actionGroups")
    yield from _at_most(11, sum(map(_operations, enabled)), "APIs in enabled action groups", "actionGroups")
    yield from _at_most(2, bases, "knowledge bases (AWS may allow more)", "knowledgeBases")


def _operations(group: Mapping[str, Any]) -> int:
    payload = _part(group, "apiSchema").get("payload")
    return judge(payload).operations if isinstance(payload, str) else 0


def _at_most(most: int, found: int, what: str, at: str) -> _Found:
    if found > most:
        yield Problem("E566", f"an agent has at most {most} {what}, not {found}", (at,))


_NAMED: Mapping[tuple[str, ...], str] = {
    ("actionGroups",): "actionGroupName",
    ("knowledgeBases",): "knowledgeBaseId",
    ("collaborators",): "collaboratorName",
    (_PROMPTS, "promptConfigurations"): "promptType",
}


def _check_names(data: Mapping[str, Any]) -> _Found:
    for path, key in _NAMED.items():
        holder = _part(data, path[0]) if len(path) > 1 else data
        yield from (_within(p, *path) for p in _repeats(_items(holder, path[-1]), key))
    for i, group in _items(data, "actionGroups"):
        functions = _items(_part(group, "functionSchema"), "functions")
        at = ("actionGroups", i, "functionSchema", "functions")
        yield from (_within(p, *at) for p in _repeats(functions, "name"))


def _repeats(items: Iterator[tuple[int, Mapping[str, Any]]], key: str) -> _Found:
    seen: set[str] = set()
    for i, item in items:
        name = str(item.get(key, ""))
        if name and name in seen:
            yield Problem("E567", f"{key} {name[:100]} stands twice", (i, key))
        seen.add(name)


def _check_prompts(data: Mapping[str, Any]) -> _Found:
    """terraform-provider-aws #37903: AWS names one missing member after the other, when it is too late."""
    prompts = _part(data, _PROMPTS)
    parses = False
    for i, prompt in _items(prompts, "promptConfigurations"):
        at: tuple[str | int, ...] = (_PROMPTS, "promptConfigurations", i)
        parses = parses or prompt.get("parserMode") == "OVERRIDDEN"
        if "promptType" not in prompt:
            yield Problem("E568", "it is not said which step this prompt is for", at, "add promptType")
        elif prompt.get("promptCreationMode") != "OVERRIDDEN" and prompt.get("parserMode") != "OVERRIDDEN":
            hint = "promptCreationMode: OVERRIDDEN with the whole prompt, or leave it out"
            yield Problem("E568", "this overrides nothing: AWS's own prompts are no part of an agent", at, hint)
        elif prompt.get("promptCreationMode") == "OVERRIDDEN":
            missing = [m for m in _PROMPT_MEMBERS if not prompt.get(m)]
            if missing:
                yield Problem("E568", f"an overridden prompt has all its members; {', '.join(missing)} missing", at)
    if ("overrideLambda" in prompts) != parses:
        message = "overrideLambda and a prompt with parserMode: OVERRIDDEN need each other"
        yield Problem("E568", message, (_PROMPTS,))


def _check_orchestration(data: Mapping[str, Any]) -> _Found:
    custom = data.get("orchestrationType") == "CUSTOM_ORCHESTRATION"
    executor = _part(_part(data, "customOrchestration"), "executor")
    if custom and not executor:
        hint = "customOrchestration: {executor: {lambda: ARN}}"
        yield Problem("E569", "a custom orchestration needs its function", ("orchestrationType",), hint)
    if not custom and "customOrchestration" in data:
        hint = "orchestrationType: CUSTOM_ORCHESTRATION"
        yield Problem("E569", "this is used by custom orchestrations alone", ("customOrchestration",), hint)


# -- words


def _describe(before: FrozenMap | None, after: FrozenMap | None) -> Iterator[Remark]:
    if before is None or after is None:
        whole = after if after is not None else before or EMPTY
        yield Remark(f"is {'new' if before is None else 'removed'}: {_summary(whole)}", "changed")
        return
    yield from _described_texts(before, after)
    yield from model_remarks(_shown(before.get("foundationModel")), _shown(after.get("foundationModel")))
    yield from _described_guardrail(before, after)
    yield from _described_items(before, after)
    yield from _described_prompts(before, after)
    yield from _described_rest(before, after)


def _summary(body: Mapping[str, Any]) -> str:
    counted = (
        ("actionGroups", "action group"),
        ("knowledgeBases", "knowledge base"),
        ("collaborators", "collaborator"),
    )
    has = [f"{n} {noun}{'' if n == 1 else 's'}" for m, noun in counted if (n := len(body.get(m) or ()))]
    has.append("a guardrail" if body.get("guardrailConfiguration") else "no guardrail")
    return f"an instruction of {len(_shown(body.get('instruction'))):,} characters, " + ", ".join(has)


def _shown(value: Any) -> str:
    if isinstance(value, Ref):
        return f"{value.address.kind.replace('-', ' ')} {value.address.name}"
    return value.value if isinstance(value, Bound) else str(value or "")


def _described_texts(before: FrozenMap, after: FrozenMap) -> Iterator[Remark]:
    old, new = (_shown(b.get("instruction")) for b in (before, after))
    if old != new:
        counted = f"the instruction changed: {len(old):,} -> {len(new):,} characters"
        yield Remark(counted, "changed", "instruction", texts=(old, new))


def _described_guardrail(before: FrozenMap, after: FrozenMap) -> Iterator[Remark]:
    at = "guardrailConfiguration"
    old, new = before.get(at), after.get(at)
    if old and not new:
        yield Remark("is no longer guarded: its guardrail is detached", "weaker", at)
    elif new and not old:
        yield Remark("is now guarded by a guardrail", "stronger", at)
    elif old != new:
        yield Remark("is guarded by another guardrail, or another version of it", "changed", at)


_ITEMS = (
    ("actionGroups", "actionGroupName", "action group", "actionGroupState"),
    ("knowledgeBases", "knowledgeBaseId", "knowledge base", "knowledgeBaseState"),
    ("collaborators", "collaboratorName", "collaborator", ""),
)
_BUILT_IN = {
    "AMAZON.UserInput": "ask the user for what is missing",
    "AMAZON.CodeInterpreter": "run code of its own",
    "ANTHROPIC.Computer": "use mouse, keyboard and screen",
    "ANTHROPIC.Bash": "run commands in a shell",
    "ANTHROPIC.TextEditor": "edit files",
}


def _described_items(before: FrozenMap, after: FrozenMap) -> Iterator[Remark]:
    for member, key, noun, state in _ITEMS:
        was, now = ({_shown(i.get(key)): i for i in b.get(member) or ()} for b in (before, after))
        for name in sorted({*was, *now}):
            yield from _described_item(member, f"{noun} {name}", state, was.get(name), now.get(name))


def _described_item(member: str, what: str, state: str, old: Any, new: Any) -> Iterator[Remark]:
    if old is None or new is None:
        can = _BUILT_IN.get(str((new or old).get("parentActionGroupSignature")), "")
        said = f": the agent {'can now' if old is None else 'can no longer'} {can}" if can else ""
        yield Remark(f"{what} is {'new' if old is None else 'removed'}{said}", "changed", member)
        return
    if state and old.get(state) != new.get(state):
        yield Remark(f"{what} is {'used again' if old.get(state) == 'DISABLED' else 'switched off'}", "changed", member)
    yield from _described_functions(what, old, new)
    left = sorted(m for m in {*old, *new} - {state, "functionSchema"} if old.get(m) != new.get(m))
    if left:
        yield Remark(f"{what} changed: {', '.join(left)}", "changed", member)


def _described_functions(what: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Remark]:
    at = "actionGroups[].functionSchema"
    was, now = (
        {_shown(f.get("name")): f for _, f in _items(_part(g, "functionSchema"), "functions")} for g in (old, new)
    )
    for name in sorted({*was, *now}):
        left, right = was.get(name), now.get(name)
        if left is None or right is None:
            yield Remark(f"{what}: function {name} is {'new' if left is None else 'removed'}", "changed", at)
        elif left != right:
            yield from _described_function(f"{what}: function {name}", left, right)


def _described_function(what: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Remark]:
    at, asks = "actionGroups[].functionSchema", "requireConfirmation"
    was, now = (f.get(asks) == "ENABLED" for f in (old, new))
    if now and not was:
        yield Remark(f"{what} waits for the user's consent", "stronger", at)
    elif was and not now:
        yield Remark(f"{what} no longer waits for the user's consent", "weaker", at)
    left, right = ({k: v for k, v in f.items() if k != asks} for f in (old, new))
    if left != right:
        yield Remark(f"{what} changed", "changed", at)


def _described_prompts(before: FrozenMap, after: FrozenMap) -> Iterator[Remark]:
    listed = (_items(_part(b, _PROMPTS), "promptConfigurations") for b in (before, after))
    was, now = ({str(p.get("promptType", "")): p for _, p in items} for items in listed)
    at = f"{_PROMPTS}.promptConfigurations"
    for step in sorted({*was, *now}):
        old, new = was.get(step, EMPTY), now.get(step, EMPTY)
        what = f"the prompt for {step.replace('_', ' ').lower()}"
        if not old or not new:
            yield Remark(f"{what} is {'overridden' if new else 'AWS' + chr(39) + 's own again'}", "changed", at)
            continue
        left, right = (str(p.get("basePromptTemplate", "")) for p in (old, new))
        if left != right:
            counted = f"{what} changed: {len(left):,} -> {len(right):,} characters"
            yield Remark(counted, "changed", at, texts=(left, right))
        yield from parameter_remarks(_part(old, "inferenceConfiguration"), _part(new, "inferenceConfiguration"))
        told = {"basePromptTemplate", "inferenceConfiguration"}
        left_over = sorted(m for m in {*old, *new} - told if old.get(m) != new.get(m))
        if left_over:
            yield Remark(f"{what} changed: {', '.join(left_over)}", "changed", at)
    if _part(before, _PROMPTS).get("overrideLambda") != _part(after, _PROMPTS).get("overrideLambda"):
        yield Remark("answers are parsed by another function", "changed", _PROMPTS)


_REST = {
    "agentCollaboration": "how it works with its collaborators changed",
    "agentResourceRoleArn": "the role that it acts with changed",
    "customOrchestration": "the function that orchestrates it changed",
    "idleSessionTTLInSeconds": "how long a session is kept changed",
    "memoryConfiguration": "what it remembers across sessions changed",
    "orchestrationType": "who orchestrates it changed",
}


def _described_rest(before: FrozenMap, after: FrozenMap) -> Iterator[Remark]:
    for member, said in _REST.items():
        if before.get(member) != after.get(member):
            yield Remark(said, "changed", member)
    key = "customerEncryptionKeyArn"
    if before.get(key) != after.get(key):
        yield Remark("the encryption key changed", effect_of(key in before, key in after), key)


# -- the kind

_CODES = (
    undocumented("E560", "an agent refers to what is no fixed version", "What is released must not change by itself."),
    undocumented(
        "E561",
        "a function without a version",
        "AWS takes it, and whoever deploys the function changes the agent. This is a warning.",
    ),
    undocumented("E562", "a supervisor and its collaborators", "One does not go without the other."),
    undocumented(
        "E563", "an action group that is not whole", "It needs one schema, and something that carries it out."
    ),
    undocumented(
        "E564", "too much beside AWS's own action group", "A signature stands alone, with its parameters and state."
    ),
    undocumented("E565", "an OpenAPI document that AWS refuses", "openapi 3, info, paths; each operation described."),
    undocumented("E566", "more than an agent may have", "AWS's quotas for one agent."),
    undocumented("E567", "a name stands twice in an agent", "AWS tells these by their names."),
    undocumented(
        "E568",
        "a prompt that is not wholly overridden",
        "AWS fills in its own prompts for all other steps: an override says everything, or is not there.",
    ),
    undocumented("E569", "custom orchestration, half said", "orchestrationType and customOrchestration go together."),
    undocumented("E570", "an agent that cannot be prepared", "It needs a role, a model and an instruction."),
)
_REASONS = "failureReasons"
_TEMPLATES = f"{_PROMPTS}.promptConfigurations"

KIND = Kind(
    name="agent",
    service="bedrock-agent",
    tag_index="bedrock:agent",
    section="agents",
    extra=_OURS,
    ours=AgentOurs,
    declare=_declare,
    check=_check,
    codes=_CODES,
    describe=_describe,
    read=_read,
    write=_write,
    comparable=_comparable,
    calls=Calls(
        create="CreateAgent",
        get="GetAgent",
        update="UpdateAgent",
        delete="DeleteAgent",
        list="ListAgents",
        list_root="agentSummaries",
        prepare="PrepareAgent",
        id_in="agentId",
        root="agent",
        token="clientToken",
    ),
    identity=Identity(
        id="agentId", arn="agentArn", name="agentName", row_id="agentId", row_arn="", row_name="agentName"
    ),
    status=Status(
        member="agentStatus",
        ready=frozenset({"PREPARED"}),
        idle=frozenset({"NOT_PREPARED"}),
        pending=frozenset({"CREATING", "UPDATING", "PREPARING", "VERSIONING", "DELETING"}),
        failed=frozenset({"FAILED"}),
        reasons=_REASONS,
        repairable=True,
    ),
    versions=Versions(
        get="GetAgentVersion",
        list="ListAgentVersions",
        list_root="agentVersionSummaries",
        delete="DeleteAgentVersion",
        version_in="agentVersion",
        root="agentVersion",
        row_version="agentVersion",
        hidden=frozenset({"orchestrationType", "customOrchestration"}),
    ),
    mint=Mint(
        create="CreateAgentAlias",
        update="UpdateAgentAlias",
        get="GetAgentAlias",
        list="ListAgentAliases",
        list_root="agentAliasSummaries",
        delete="DeleteAgentAlias",
        root="agentAlias",
        id="agentAliasId",
        id_in="agentAliasId",
        name="agentAliasName",
        target="routingConfiguration",
        version="agentVersion",
        status=Status(
            member="agentAliasStatus",
            ready=frozenset({"PREPARED"}),
            pending=frozenset({"CREATING", "UPDATING", "DELETING"}),
            failed=frozenset({"FAILED", "DISSOCIATED"}),
            reasons=_REASONS,
        ),
        token="clientToken",
    ),
    parts=(
        Part(
            member="actionGroups",
            key="actionGroupName",
            create="CreateAgentActionGroup",
            update="UpdateAgentActionGroup",
            delete="DeleteAgentActionGroup",
            get="GetAgentActionGroup",
            root="agentActionGroup",
            list="ListAgentActionGroups",
            list_root="actionGroupSummaries",
            id="actionGroupId",
            id_in="actionGroupId",
            owner_in="agentId",
            version_in="agentVersion",
            token="clientToken",
            # An enabled action group counts as in use; this is the draft's, versions keep theirs.
            delete_params=FrozenMap({"skipResourceInUseCheck": True}),
            read=_read_action_group,
            write=_said("actionGroupState", "ENABLED"),
        ),
        Part(
            member="knowledgeBases",
            key="knowledgeBaseId",
            create="AssociateAgentKnowledgeBase",
            update="UpdateAgentKnowledgeBase",
            delete="DisassociateAgentKnowledgeBase",
            list="ListAgentKnowledgeBases",
            list_root="agentKnowledgeBaseSummaries",
            id="knowledgeBaseId",
            id_in="knowledgeBaseId",
            owner_in="agentId",
            version_in="agentVersion",
            write=_said("knowledgeBaseState", "ENABLED"),
        ),
        Part(
            member="collaborators",
            key="collaboratorName",
            create="AssociateAgentCollaborator",
            update="UpdateAgentCollaborator",
            delete="DisassociateAgentCollaborator",
            list="ListAgentCollaborators",
            list_root="agentCollaboratorSummaries",
            id="collaboratorId",
            id_in="collaboratorId",
            owner_in="agentId",
            version_in="agentVersion",
            token="clientToken",
            write=_said("relayConversationHistory", "DISABLED"),
        ),
    ),
    fields=Fields(
        omitted=frozenset({"clientToken", "tags", "agentName"}),
        guards=frozenset({"guardrailConfiguration"}),
        labels=frozenset({"description"}),
        defaults={
            "orchestrationType": "DEFAULT",
            "agentCollaboration": "DISABLED",
            "idleSessionTTLInSeconds": _SESSION,
            "memoryConfiguration.storageDays": _MEMORY["storageDays"],
            "memoryConfiguration.sessionSummaryConfiguration": FrozenMap({"maxRecentSessions": 20}),
            "actionGroups[].actionGroupState": "ENABLED",
            "actionGroups[].functionSchema.functions[].requireConfirmation": "DISABLED",
            "knowledgeBases[].knowledgeBaseState": "ENABLED",
            "collaborators[].relayConversationHistory": "DISABLED",
            f"{_TEMPLATES}[].parserMode": "DEFAULT",
        },
        unordered={
            "actionGroups": "actionGroupName",
            "actionGroups[].functionSchema.functions": "name",
            "knowledgeBases": "knowledgeBaseId",
            "collaborators": "collaboratorName",
            "memoryConfiguration.enabledMemoryTypes": None,
            _TEMPLATES: "promptType",
            f"{_TEMPLATES}[].inferenceConfiguration.stopSequences": "#",
        },
        opaque=frozenset({f"{_TEMPLATES}[].additionalModelRequestFields"}),
        shown=frozenset(
            {
                "actionGroups[].actionGroupName",
                "actionGroups[].parentActionGroupSignature",
                "actionGroups[].functionSchema.functions[].name",
                "actionGroups[].functionSchema.functions[].parameters.*.type",
                "collaborators[].collaboratorName",
            }
        ),
    ),
    tagging=AGENT_TAGS,
    account_quota=Quota(1000, "L-97D79C54"),
)
