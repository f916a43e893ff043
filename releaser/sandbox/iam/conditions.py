"""Condition operators of policies.

Source: IAM user guide, "Condition operators" (a key that is not there: false, true for negated operators and with
``IfExists``; values of one key are alternatives, of a negated operator all of them must differ) and "Multivalued
context keys" (``ForAllValues`` holds where there is no value, ``ForAnyValue`` does not).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from releaser.sandbox.iam.matching import Context, expand, glob, plain, same_arn

Test = Callable[[str, str], bool]
"""Whether a policy's value fits a request's."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One operator over one key: ``{"StringLike": {"key": ["values"]}}``."""

    operator: str
    key: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Operator:
    test: Test
    negated: bool
    if_exists: bool
    quantifier: str


def _numbers(test: Callable[[float, float], bool]) -> Test:
    return lambda wanted, given: (a := _number(given)) is not None and (b := _number(wanted)) is not None and test(a, b)


def _dates(test: Callable[[float, float], bool]) -> Test:
    return lambda wanted, given: (a := _moment(given)) is not None and (b := _moment(wanted)) is not None and test(a, b)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _moment(text: str) -> float | None:
    """ISO 8601, or seconds since 1970."""
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return _number(text)


_TESTS: dict[str, Test] = {
    "StringEquals": lambda wanted, given: plain(wanted) == given,
    "StringEqualsIgnoreCase": lambda wanted, given: plain(wanted).casefold() == given.casefold(),
    "StringLike": glob,
    "ArnEquals": same_arn,
    "ArnLike": same_arn,
    "Bool": lambda wanted, given: wanted.casefold() == given.casefold(),
    "NumericEquals": _numbers(lambda a, b: a == b),
    "NumericLessThan": _numbers(lambda a, b: a < b),
    "NumericLessThanEquals": _numbers(lambda a, b: a <= b),
    "NumericGreaterThan": _numbers(lambda a, b: a > b),
    "NumericGreaterThanEquals": _numbers(lambda a, b: a >= b),
    "DateEquals": _dates(lambda a, b: a == b),
    "DateLessThan": _dates(lambda a, b: a < b),
    "DateLessThanEquals": _dates(lambda a, b: a <= b),
    "DateGreaterThan": _dates(lambda a, b: a > b),
    "DateGreaterThanEquals": _dates(lambda a, b: a >= b),
}
_NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
}
UNPLAYED = frozenset({"IpAddress", "NotIpAddress", "BinaryEquals"})
"""Operators of IAM which the sandbox does not play."""
_NAME = re.compile(r"(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?")


def base_name(operator: str) -> str | None:
    """The operator without quantifier and ``IfExists``; None when it has no operator's form."""
    found = _NAME.fullmatch(operator)
    return found[2] if found else None


def is_operator(operator: str) -> bool:
    """Whether IAM knows an operator that is played here."""
    name = base_name(operator)
    return name == "Null" or name in _TESTS or name in _NEGATED


def holds(condition: Condition, context: Context, variables: bool) -> bool:
    """Whether a condition holds for a request."""
    given = context.get(condition.key.lower(), ())
    if base_name(condition.operator) == "Null":
        return any((value.casefold() == "true") == (not given) for value in condition.values)
    operator = _read(condition.operator)
    wanted = [value if not variables else expand(value, context) for value in condition.values]

    def fits(value: str) -> bool:
        matched = any(one is not None and operator.test(one, value) for one in wanted)
        return matched != operator.negated

    if not given:
        return operator.if_exists or _when_absent(operator)
    if operator.quantifier == "ForAnyValue":
        return any(fits(value) for value in given)
    if operator.quantifier == "ForAllValues" or operator.negated:
        return all(fits(value) for value in given)
    return any(fits(value) for value in given)


def _when_absent(operator: _Operator) -> bool:
    match operator.quantifier:
        case "ForAllValues":
            return True
        case "ForAnyValue":
            return False
        case _:
            return operator.negated


@lru_cache(maxsize=256)
def _read(operator: str) -> _Operator:
    found = _NAME.fullmatch(operator)
    assert found is not None, operator
    name = _NEGATED.get(found[2], found[2])
    return _Operator(_TESTS[name], found[2] in _NEGATED, found[3] is not None, found[1] or "")
