"""Words for what changed in a flow: true of the graph, and at the paths by which risk finds them."""

from __future__ import annotations

from typing import Any

from releaser.core.address import Address, Bound, Ref
from releaser.core.as_written import as_written
from releaser.core.diff import differences
from releaser.core.flow_words import flow_remarks
from releaser.core.plan import Action, Change
from releaser.core.risk import judged
from releaser.core.values import FrozenMap, freeze
from releaser.kinds import registry

FLOW = registry()["flow"]


def body(nodes: list[dict[str, Any]], connections: list[dict[str, Any]]) -> FrozenMap:
    found = freeze({"definition": {"nodes": nodes, "connections": connections}})
    assert isinstance(found, FrozenMap)
    return found


def data(name: str, source: str, target: str, into: str, out: str = "document") -> dict[str, Any]:
    configuration = {"data": {"sourceOutput": out, "targetInput": into}}
    return {"name": name, "type": "Data", "source": source, "target": target, "configuration": configuration}


def on(name: str, source: str, target: str, condition: str) -> dict[str, Any]:
    configuration = {"conditional": {"condition": condition}}
    return {"name": name, "type": "Conditional", "source": source, "target": target, "configuration": configuration}


def prompt(name: str, guardrail: Any = None) -> dict[str, Any]:
    said = {"guardrailConfiguration": {"guardrailIdentifier": guardrail, "guardrailVersion": "1"}} if guardrail else {}
    return {"name": name, "type": "Prompt", "configuration": {"prompt": {"sourceConfiguration": {}, **said}}}


def loop(*nodes: dict[str, Any]) -> dict[str, Any]:
    return {"name": "Again", "type": "Loop", "configuration": {"loop": {"definition": {"nodes": list(nodes)}}}}


def words(before: FrozenMap, after: FrozenMap) -> list[str]:
    return [r.text for r in flow_remarks(before, after)]


def lines(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> list[str]:
    return words(body([], before), body([], after))


def test_what_a_node_gets_and_follows() -> None:
    one, two = data("a", "Ask", "Reply", "document"), data("b", "Ask", "Log", "content")
    assert lines([one], [one, two]) == ["Log now gets content from Ask"]
    assert lines([one, two], [one]) == ["Log no longer gets content from Ask"]
    assert lines([one], [data("a", "Check", "Reply", "document")]) == [
        "Reply gets document from Check, before from Ask"
    ]
    another = data("a", "Ask", "Reply", "document", "other")
    assert lines([one], [another]) == ["Reply gets document from other of Ask, before from document"]
    yes, no = on("yes", "If", "Reply", "isShort"), on("no", "If", "Reply", "default")
    assert lines([yes], [yes, no]) == ["Reply now follows If on condition default"]
    assert lines([yes], [no]) == [
        "Reply now follows If on condition default",
        "Reply no longer follows If on condition isShort",
    ]


def test_another_name_of_a_connection_leads_nowhere_else() -> None:
    was = [data("a", "Ask", "Reply", "document")]
    assert lines(was, [data("z", "Ask", "Reply", "document")]) == ["connections have other names"]
    assert lines(was, was) == []


def concerns(before: FrozenMap, after: FrozenMap) -> list[tuple[str, str]]:
    fields = tuple(differences(before, after, FLOW.fields.unordered))
    said = tuple(flow_remarks(before, after))
    change = Change(Address("x", "flow", "main"), Action.UPDATE, fields, remarks=said)
    return [(c.change, c.text) for c in judged(change, FLOW).concerns]


def test_a_guardrail_taken_off_is_one_concern_in_words_in_loops_too() -> None:
    said = "node Ask{}: is no longer used with guardrail gr"
    assert concerns(body([prompt("Ask", "gr")], []), body([prompt("Ask")], [])) == [
        ("detach-guardrail", said.format(""))
    ]
    inside = (body([loop(prompt("Ask", "gr"))], []), body([loop(prompt("Ask"))], []))
    assert concerns(*inside) == [("detach-guardrail", said.format(" in loop Again"))]


def test_another_guardrail_or_node_in_its_place_is_told_in_words() -> None:
    before = body([prompt("Ask", "gr")], [])
    said = "node Ask: is used with guardrail other instead of gr"
    assert concerns(before, body([prompt("Ask", "other")], [])) == [
        ("weaken", f"{said}: it has another guardrail, and nobody compared the two")
    ]
    assert concerns(before, body([prompt("Tell")], [])) == [
        ("detach-guardrail", "node Tell (Prompt) is new: it stands in place of what had a guardrail, and has none")
    ]


def test_a_live_body_is_told_by_the_names_of_the_manifest() -> None:
    arn = "arn:aws:bedrock:eu-central-1:111111111111:prompt/ABCDEFGHIJ"
    answer, main = Address("x", "prompt", "answer"), Address("x", "guardrail", "main")
    names = {arn: Ref(answer, "arn"), "gr1": Ref(main, "id")}
    live = FrozenMap({"p": f"{arn}:3", "g": "gr1", "same": arn, "other": f"{arn}x:3", "n": ("1", 2)})
    assert as_written(live, names) == FrozenMap(
        {
            "p": Bound("${prompt/answer.versionArn}", f"{arn}:3"),
            "g": Ref(main, "id"),
            "same": Ref(answer, "arn"),
            "other": f"{arn}x:3",
            "n": ("1", 2),
        }
    )
    resource = {"name": "Ask", "type": "Prompt"}
    was, now = (
        body([{**resource, "configuration": {"prompt": {"sourceConfiguration": {"resource": {"promptArn": v}}}}}], [])
        for v in (Bound("${prompt/answer.versionArn}", f"{arn}:3"), Ref(answer, "versionArn"))
    )
    assert words(was, now) == ["node Ask: uses prompt answer in another version"]
