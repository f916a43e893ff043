"""What changed in a flow, in words: nodes, what they call, what guards them, and the connections between them.

Names of nodes, inputs, outputs, conditions and connections are an interface and are told; expressions, code and
prompt texts are not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from releaser.core.address import Bound, Ref
from releaser.core.flow_graph import TYPES, Connection, FlowNode, all_nodes, connections, flow_nodes, inner, mappings
from releaser.core.kind import Remark
from releaser.core.parameters import model_remarks, parameter_remarks
from releaser.core.strength import effect_of
from releaser.core.values import EMPTY, FrozenMap

_TOLD = frozenset({"guardrailConfiguration", "modelId", "inferenceConfiguration", "inferenceConfig"})
"""Settings with words of their own."""


def flow_remarks(before: FrozenMap | None, after: FrozenMap | None) -> Iterator[Remark]:
    """Swapping the bodies turns stronger into weaker and weaker into stronger."""
    if before is None or after is None:
        whole = (after if after is not None else before or EMPTY).get("definition", EMPTY)
        nodes = len(list(all_nodes(whole)))
        guarded = sum(_guardrail(n) is not None for n in all_nodes(whole))
        said = f"{_count(nodes, 'node')}, {guarded} with a guardrail"
        yield Remark(f"is {'new' if before is None else 'removed'}: {said}", "changed")
        return
    if before.get("executionRoleArn") != after.get("executionRoleArn"):
        yield Remark("runs with another role", "changed", "executionRoleArn")
    if before.get("customerEncryptionKeyArn") != after.get("customerEncryptionKeyArn"):
        effect = effect_of("customerEncryptionKeyArn" in before, "customerEncryptionKeyArn" in after)
        yield Remark("the encryption key changed", effect, "customerEncryptionKeyArn")
    yield from _definitions(before.get("definition", EMPTY), after.get("definition", EMPTY), "", "definition")
    if before.get("description") != after.get("description"):
        yield Remark("its description changed", "neutral", "description")


def _definitions(before: Any, after: Any, where: str, at: str) -> Iterator[Remark]:
    """One definition against another; ``where`` names the loop they are in, ``at`` is their path."""
    old, new = ({n.name: n for n in flow_nodes(d)} for d in (before, after))
    for name in sorted(new.keys() - old.keys()):
        yield Remark(f"{_named(new[name])}{where} is new{_guarded(new[name])}", "changed", f"{at}.nodes[{name}]")
    for name in sorted(old.keys() - new.keys()):
        yield Remark(f"{_named(old[name])}{where} is removed{_guarded(old[name])}", "changed", f"{at}.nodes[{name}]")
    for name in sorted(old.keys() & new.keys()):
        here = f"{at}.nodes[{name}]"
        for remark in _node(old[name], new[name]):
            yield replace(remark, text=f"node {name}{where}: {remark.text}", path=f"{here}.{remark.path}")
        if old[name].type == new[name].type == "Loop":
            below = f"{here}.configuration.loop.definition"
            yield from _definitions(inner(old[name])[0], inner(new[name])[0], f" in loop {name}", below)
    yield from _lines(before, after, where, at)


def _named(node: FlowNode) -> str:
    return f"node {node.name} ({node.type})"


def _guarded(node: FlowNode) -> str:
    return f", with guardrail {_shown(_guardrail(node), _identifier)}" if _guardrail(node) is not None else ""


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _node(old: FlowNode, new: FlowNode) -> Iterator[Remark]:
    if old.type != new.type:
        yield Remark(f"is of type {new.type}, before {old.type}{_guarded(old)}", "changed", "type")
        return
    yield from _guardrails(old, new)
    yield from _called(old, new)
    yield from _ports(old, new)
    if old.type == "Condition":
        yield from _conditions(old.settings, new.settings)
    elif old.type == "Loop":
        return
    else:
        yield from _settings(old, new)


# -- what guards a node


def _guardrail(node: FlowNode) -> Mapping[str, Any] | None:
    found = node.settings.get("guardrailConfiguration")
    return found if isinstance(found, Mapping) else None


def _guardrails(old: FlowNode, new: FlowNode) -> Iterator[Remark]:
    was, now = _guardrail(old), _guardrail(new)
    at = f"{_place(old)}.guardrailConfiguration"
    if was == now:
        return
    if now is None:
        yield Remark(f"is no longer used with guardrail {_shown(was, _identifier)}", "weaker", at)
    elif was is None:
        yield Remark(f"is now used with guardrail {_shown(now, _identifier)}", "stronger", at)
    elif was.get("guardrailIdentifier") != now.get("guardrailIdentifier"):
        said = f"is used with guardrail {_shown(now, _identifier)} instead of {_shown(was, _identifier)}"
        yield Remark(said, "changed", at)
    else:
        yield Remark(f"is used with another version of guardrail {_shown(now, _identifier)}", "changed", at)


def _identifier(holder: Mapping[str, Any]) -> Any:
    return holder.get("guardrailIdentifier")


# -- what a node calls

_CALLS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "Agent": (("agentAliasArn",), "calls agent"),
    "LambdaFunction": (("lambdaArn",), "calls function"),
    "Lex": (("botAliasArn",), "calls bot"),
    "KnowledgeBase": (("knowledgeBaseId",), "asks knowledge base"),
    "Storage": (("serviceConfiguration", "s3", "bucketName"), "writes to bucket"),
    "Retrieval": (("serviceConfiguration", "s3", "bucketName"), "reads from bucket"),
    "Prompt": (("sourceConfiguration", "resource", "promptArn"), "uses prompt"),
}
"""Type -> where it says what it calls, and the words for it."""


def _called(old: FlowNode, new: FlowNode) -> Iterator[Remark]:
    if old.type not in _CALLS:
        return
    path, words = _CALLS[old.type]
    was, now = _deep(old.settings, path), _deep(new.settings, path)
    at = f"{_place(old)}.{'.'.join(path)}"
    if was == now:
        return
    if was is None or now is None:
        yield Remark(f"{words} {_value(now)}" if now is not None else f"no longer {words} {_value(was)}", "changed", at)
    elif _value(was) == _value(now):
        yield Remark(f"{words} {_value(now)} in another version", "changed", at)
    else:
        yield Remark(f"{words} {_value(now)} instead of {_value(was)}", "changed", at)


def _deep(holder: Any, path: tuple[str, ...]) -> Any:
    for member in path:
        holder = holder.get(member) if isinstance(holder, Mapping) else None
    return holder


def _place(node: FlowNode) -> str:
    """Where in a node its settings stand."""
    return f"configuration.{TYPES[node.type].configuration}" if node.type in TYPES else "configuration"


def _shown(holder: Mapping[str, Any] | None, pick: Any) -> str:
    return _value(pick(holder or EMPTY))


def _value(value: Any) -> str:
    """What is named: an id, an ARN without its account, or an entry of this manifest."""
    if isinstance(value, Ref):
        return value.address.name
    own = isinstance(value, Bound) and "/" in value.template
    text = value.template if own else str(value)
    if text.startswith("${") and "/" in text:
        return text.removeprefix("${").removesuffix("}").rpartition(".")[0].partition("/")[2]
    return text.split(":", 5)[-1] if text.startswith("arn:") else text


# -- the rest of a node


def _ports(old: FlowNode, new: FlowNode) -> Iterator[Remark]:
    for member, verb, was, now in (
        ("inputs", "takes", old.inputs, new.inputs),
        ("outputs", "gives", old.outputs, new.outputs),
    ):
        for name in sorted(now.keys() - was.keys()):
            yield Remark(f"{verb} {name} too", "changed", member)
        for name in sorted(was.keys() - now.keys()):
            yield Remark(f"{verb} {name} no longer", "changed", member)
        for name in sorted(was.keys() & now.keys()):
            left, right = was[name], now[name]
            if left.get("type") != right.get("type"):
                yield Remark(f"{verb} {name} as {right.get('type')}, before {left.get('type')}", "changed", member)
            elif left != right:
                yield Remark(f"{verb} {name} from another place in what it is given", "changed", member)


def _conditions(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Remark]:
    at = "configuration.condition.conditions"
    was, now = ({str(c.get("name")): c for _, c in mappings(s, "conditions")} for s in (old, new))
    for name in sorted(now.keys() - was.keys()):
        yield Remark(f"condition {name} is new", "changed", at)
    for name in sorted(was.keys() - now.keys()):
        yield Remark(f"condition {name} is removed", "changed", at)
    for name in sorted(was.keys() & now.keys()):
        if was[name] != now[name]:
            yield Remark(f"condition {name} is true of something else", "changed", at)
    if [n for n in was if n in now] != [n for n in now if n in was]:
        yield Remark("its conditions are tried in another order", "changed", at)


def _settings(old: FlowNode, new: FlowNode) -> Iterator[Remark]:
    was, now = _flat(old.settings), _flat(new.settings)
    at = _place(old)
    yield from _models(was, now)
    for member in ("inferenceConfiguration", "inferenceConfig"):
        left, right = (s.get(member, EMPTY) for s in (was, now))
        yield from parameter_remarks(_text_part(left), _text_part(right))
    yield from _texts(was, now, at)
    path = _CALLS.get(old.type, ((), ""))[0]
    told = _TOLD | set(path[-1:]) | _TEXTS.keys() | {"templateConfiguration"}
    for member in sorted({*was, *now} - told):
        if was.get(member) != now.get(member):
            yield Remark(f"{member} changed", "changed", f"{at}.{member}")
    left, right = (_without_texts(s.get("templateConfiguration")) for s in (was, now))
    if left != right:
        yield Remark("variables, tools or parts of the template changed", "changed", f"{at}.templateConfiguration")


def _flat(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with what stands under the source of a prompt and the orchestration of an answer beside them."""
    found = dict(settings)
    source = found.pop("sourceConfiguration", EMPTY)
    for choice in source.values() if isinstance(source, Mapping) else ():
        found |= choice if isinstance(choice, Mapping) else {}
    orchestration = found.pop("orchestrationConfiguration", EMPTY)
    for member, value in orchestration.items() if isinstance(orchestration, Mapping) else ():
        found[member if member not in found else f"{member} of the orchestration"] = value
    return found


def _models(was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Remark]:
    old, new = was.get("modelId"), now.get("modelId")
    if old == new:
        return
    left, right = (v.value if isinstance(v, Bound) else v for v in (old, new))
    if isinstance(left, str) and isinstance(right, str):
        yield from model_remarks(left, right)
    else:
        yield Remark("answers come from another model", "changed", "modelId")


def _text_part(value: Any) -> Mapping[str, Any]:
    found = value.get("text") if isinstance(value, Mapping) else None
    return found if isinstance(found, Mapping) else EMPTY


_TEXTS = {"code": "the inline code", "promptTemplate": "the template", "text": "the text"}


def _texts(was: Mapping[str, Any], now: Mapping[str, Any], at: str) -> Iterator[Remark]:
    """Free texts: told by their length only where the data is confidential."""
    old, new = dict(_written(was)), dict(_written(now))
    for place in sorted({*old, *new}):
        left, right = old.get(place, ""), new.get(place, "")
        if left != right:
            said = "is new" if not left else "is removed" if not right else "changed"
            counted = f"{place} {said}: {len(left):,} -> {len(right):,} characters"
            yield Remark(counted, "changed", at, texts=(left, right))


def _written(settings: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if isinstance(settings.get("code"), str):
        yield "the inline code", settings["code"]
    for member in ("promptTemplate", "promptTemplate of the orchestration"):
        template = settings.get(member)
        if isinstance(template, Mapping):
            yield f"the {member.replace('promptTemplate', 'template')}", str(template.get("textPromptTemplate", ""))
    template = settings.get("templateConfiguration")
    if isinstance(template, Mapping):
        yield from _template(template)


def _template(template: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    text = template.get("text")
    if isinstance(text, Mapping):
        yield "the prompt's text", str(text.get("text", ""))
    chat = template.get("chat")
    for i, part in mappings(chat, "system"):
        yield f"system text {i + 1}", str(part.get("text", ""))
    for i, message in mappings(chat, "messages"):
        said = [str(part.get("text", "")) for _, part in mappings(message, "content")]
        yield f"{message.get('role')} message {i + 1}", "\n".join(said)


def _without_texts(template: Any) -> Any:
    """The template with its texts blank: what is left is structure."""
    if isinstance(template, Mapping):
        return {k: "" if k == "text" and isinstance(v, str) else _without_texts(v) for k, v in template.items()}
    if isinstance(template, list | tuple):
        return [_without_texts(v) for v in template]
    return template


# -- connections


def _lines(before: Any, after: Any, where: str, at: str) -> Iterator[Remark]:
    """What each node gets and follows. Connections under another name lead where they led."""
    old, new = (list(connections(d)) for d in (before, after))
    kept = {_line(c) for c in old} & {_line(c) for c in new}
    was, now = ({_fed(c): c for c in found if _line(c) not in kept} for found in (old, new))
    for fed in sorted({*was, *now}):
        left, right = was.get(fed), now.get(fed)
        name = (right or left or _NOWHERE).name
        yield Remark(_led(left, right, where), "changed", f"{at}.connections[{name}]")
    if not was and not now and {c.name for c in old} != {c.name for c in new}:
        yield Remark(f"connections{where} have other names", "changed", f"{at}.connections")


_NOWHERE = Connection("", "", "", "", "", "", "", ())


def _line(found: Connection) -> Connection:
    return replace(found, name="", at=())


def _fed(found: Connection) -> tuple[str, str, str, str]:
    """What a connection feeds: an input, which has one connection, or a node, which may follow many."""
    if found.end:
        return found.target, found.end, "", ""
    return found.target, "", found.source, found.condition


def _led(old: Connection | None, new: Connection | None, where: str) -> str:
    one = new or old or _NOWHERE
    if not one.end:
        on = f" on condition {one.condition}" if one.condition else ""
        return f"{one.target}{where} {'now' if new else 'no longer'} follows {one.source}{on}"
    if old is None or new is None:
        return f"{one.target}{where} {'now' if new else 'no longer'} gets {one.end} from {one.source}"
    if old.source == new.source:
        return f"{one.target}{where} gets {one.end} from {new.start} of {new.source}, before from {old.start}"
    return f"{one.target}{where} gets {one.end} from {new.source}, before from {old.source}"
