"""AWS's limits: the compiled checks against small models and the shipped tables."""

from __future__ import annotations

import time
from typing import Any

import pytest

from releaser.core.address import Address, Bound, Ref
from releaser.core.patterns import translate
from releaser.core.shapes import ServiceModel, check
from releaser.kinds import registry
from releaser.kinds.models import model

SHAPES: dict[str, Any] = {
    "In": {
        "type": "structure",
        "required": ["name"],
        "tokens": ["token"],
        "members": {
            "name": "Name", "token": "Name", "size": "Size", "share": "Share", "on": "On", "either": "Either",
            "names": "Names", "tags": "Tags", "kind": "Kind", "any": "Any", "self": "In",
        },
    },
    "Name": {"type": "string", "min": 2, "max": 5, "pattern": "[a-z]+"},
    "Size": {"type": "integer", "min": 1, "max": 9},
    "Share": {"type": "float", "min": 0, "max": 1},
    "On": {"type": "boolean"},
    "Either": {"type": "structure", "union": True, "members": {"a": "Name", "b": "Size"}},
    "Names": {"type": "list", "member": "Name", "min": 1, "max": 2},
    "Tags": {"type": "map", "key": "Name", "value": "Size"},
    "Kind": {"type": "string", "enum": ["ONE", "TWO"]},
    "Any": {"type": "structure", "members": {}, "document": True},
}  # fmt: skip
INPUT = ServiceModel({"service": "s", "botocore": "0", "operations": {"Do": "In"}, "shapes": SHAPES}).input("Do")
REF = Ref(Address("u", "guardrail", "main"), "id")


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({"name": "abc"}, []),
        ({}, [(("name",), "required")]),
        ({"name": "abc", "nam": 1}, [(("nam",), "unknown")]),
        ({"name": "a"}, [(("name",), "min")]),
        ({"name": "abcdef"}, [(("name",), "max")]),
        ({"name": "ABC"}, [(("name",), "pattern")]),
        ({"name": 5}, [(("name",), "type")]),
        ({"name": None}, [(("name",), "type")]),
        ({"name": REF}, []),
        ({"name": Bound("${env.a}", "abc")}, []),
        ({"name": Bound("${env.a}", "A")}, [(("name",), "min")]),
        ({"name": "abc", "size": 10}, [(("size",), "max")]),
        ({"name": "abc", "size": True}, [(("size",), "type")]),
        ({"name": "abc", "size": 1.5}, [(("size",), "type")]),
        ({"name": "abc", "size": REF}, [(("size",), "type")]),
        ({"name": "abc", "share": 1}, []),
        ({"name": "abc", "share": -0.1}, [(("share",), "min")]),
        ({"name": "abc", "on": "yes"}, [(("on",), "type")]),
        ({"name": "abc", "either": {}}, [(("either",), "union")]),
        ({"name": "abc", "either": {"a": "abc", "b": 1}}, [(("either",), "union")]),
        ({"name": "abc", "names": []}, [(("names",), "min")]),
        ({"name": "abc", "names": ["abc", "B", "abc"]}, [(("names", 1), "min"), (("names",), "max")]),
        ({"name": "abc", "tags": {"A1": 0}}, [(("tags", "A1"), "pattern"), (("tags", "A1"), "min")]),
        ({"name": "abc", "kind": "THREE"}, [(("kind",), "enum")]),
        ({"name": "abc", "any": {"x": [1, None]}}, []),
        ({"name": "abc", "self": {"self": {"name": "abc"}}}, [(("self", "name"), "required")]),
        ([], [((), "type")]),
    ],
)  # fmt: skip
def test_check(value: Any, found: list[Any]) -> None:
    assert [(v.path, v.rule) for v in check(INPUT, value)] == found


def test_without_leaves_out_members_and_their_requirement() -> None:
    shape = INPUT.without(frozenset({"name", "token"}))
    assert list(check(shape, {})) == []
    assert [v.rule for v in check(shape, {"name": "abc"})] == ["unknown"]


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("[0-9a-z-_ ]+", "a-b_c", True),
        (r"\d+", "١٢", False),
        (r"\p{L}+", "é", True),
        (r"\p{L}+", "1", False),
        (r"[^\p{C}]*", "a\x07", False),
        ("a|b", "ab", False),
    ],
)
def test_translate(pattern: str, text: str, matches: bool) -> None:
    compiled = translate(pattern)
    assert compiled is not None
    assert bool(compiled.fullmatch(text)) is matches


def test_what_python_cannot_say_is_skipped() -> None:
    assert translate(r"[\p{L}\p{M}]+") is None
    assert translate("(?<name") is None


def test_every_kind_finds_its_operations_in_the_tables() -> None:
    for kind in registry().values():
        table = model(kind.service)
        for operation in (kind.calls.create, kind.calls.update, kind.calls.publish):
            if operation:
                assert table.input(operation).type == "structure"


def test_every_shape_compiles() -> None:
    for service in ("bedrock", "bedrock-agent", "ssm"):
        for operation in model(service).operations:
            assert list(check(model(service).input(operation), {"no such member": 1}))


def test_a_guardrail_is_checked_in_microseconds() -> None:
    topics = [{"name": f"t{i}", "definition": "d", "type": "DENY", "examples": ["a"]} for i in range(10)]
    body = {"blockedInputMessaging": "a", "blockedOutputsMessaging": "b", "topicPolicyConfig": {"topicsConfig": topics}}
    shape = model("bedrock").input("CreateGuardrail").without(frozenset({"name"}))
    list(check(shape, body))
    best = min(_timed(shape, body) for _ in range(5))
    assert best < 0.001  # 40 microseconds on a quiet machine


def _timed(shape: Any, body: Any) -> float:
    start = time.perf_counter()
    for _ in range(20):
        assert not list(check(shape, body))
    return (time.perf_counter() - start) / 20
