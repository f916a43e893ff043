"""Bindings and references become typed leaves."""

from __future__ import annotations

import pytest

from releaser.core.address import Address, Bound, Ref
from releaser.core.resolve import bindings_used, resolve

BINDINGS = {"bucket": "acme", "key": "arn:aws:kms:eu:1:key/x"}


def one(text: str, bindings: dict[str, str] | None = BINDINGS) -> tuple[object, list[str]]:
    found = resolve({"a": [text]}, bindings, use_case="claims", environment="dev")
    return found.value["a"][0], [p.code for p in found.problems]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("plain $5", "plain $5"),
        ("${env.bucket}", Bound("${env.bucket}", "acme")),
        ("s3://${env.bucket}/${env.bucket}", Bound("s3://${env.bucket}/${env.bucket}", "s3://acme/acme")),
        ("${guardrail/main.version}", Ref(Address("claims", "guardrail", "main"), "version")),
        ("${inference-profile/a-b.arn}", Ref(Address("claims", "inference-profile", "a-b"), "arn")),
        ("$${not} ours", "${not} ours"),
    ],
)
def test_values(text: str, value: object) -> None:
    assert one(text) == (value, [])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("${env.bukcet}", "E301"),
        ("${bucket}", "E302"),
        ("${env.a-b}", "E302"),
        ("${}", "E302"),
        ("${env.bucket", "E302"),
        ("${Guardrail/main.id}", "E302"),
        ("x ${guardrail/main.id}", "E305"),
    ],
)
def test_problems(text: str, code: str) -> None:
    assert one(text)[1] == [code]


def test_a_misspelt_binding_is_suggested() -> None:
    found = resolve({"a": "${env.bukcet}"}, BINDINGS, use_case="claims", environment="dev")
    assert found.problems[0].hint == "did you mean bucket?"
    assert found.problems[0].path == ("a",)


def test_without_an_environment_bindings_stay_as_they_are() -> None:
    assert one("${env.anything}", None) == ("${env.anything}", [])


def test_where_bindings_stand() -> None:
    found = resolve({"a": {"b": ["x", "${env.bucket}"]}}, BINDINGS, use_case="claims")
    assert found.bound == {("a", "b", 1): Bound("${env.bucket}", "acme")}


def test_bindings_used() -> None:
    assert bindings_used("a ${env.x} ${env.y} ${env.x} env.z") == {"x", "y"}
