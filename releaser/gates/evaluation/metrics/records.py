"""Metrics of replies that are data: JSON, records, numbers."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

from releaser.core.evaluation.case import Case
from releaser.core.evaluation.response import Response
from releaser.core.values import thaw
from releaser.gates.evaluation.linear import Refused, found
from releaser.gates.evaluation.metrics.metric import Metric, Options, always, answers
from releaser.gates.evaluation.unscorable import Unscorable

_FENCE = re.compile(r"\A\s*```(?:json)?\s*\n(.*)\n\s*```\s*\Z", re.DOTALL)
_NUMBER = re.compile(r"(?<![\w.,-])[-+]?\d+(?:[.,'_\u2019\u00a0\u202f]\d+)*(?:[eE][-+]?\d{1,3})?(?!\d|-\d)")
_LONGEST = 20_000


def parsed(text: str) -> Any:
    """The reply as JSON, with or without a code fence around all of it. Raises ValueError; NaN is no JSON."""
    fenced = _FENCE.match(text)

    def refuse(name: str) -> Any:
        raise ValueError(name)

    try:
        return json.loads(fenced[1] if fenced else text, parse_constant=refuse)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _valid(_: Case, reply: Response, __: Options) -> float:
    try:
        parsed(reply.text)
    except ValueError:
        return 0.0
    return 1.0


def _schema(_: Case, reply: Response, options: Options) -> float:
    schema = options.get("schema")
    if not isinstance(schema, Mapping):
        raise Unscorable("the metric needs a schema")
    try:
        said = parsed(reply.text)
    except ValueError:
        return 0.0
    return float(_keeps(thaw(schema), said))


def _keeps(schema: Any, said: Any) -> bool:
    """Whether it keeps a JSON Schema of 2020-12. References lead nowhere but into the schema itself."""
    from jsonschema import Draft202012Validator, ValidationError
    from jsonschema.exceptions import SchemaError
    from jsonschema.validators import extend
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    def pattern(_: Any, wanted: str, instance: Any, __: Any) -> Any:
        if isinstance(instance, str) and not found(wanted, instance):
            yield ValidationError("the pattern is not in it")

    try:
        Draft202012Validator.check_schema(schema)
        bounded = extend(Draft202012Validator, {"pattern": pattern})  # type: ignore[no-untyped-call]
        return bool(bounded(schema, registry=Registry()).is_valid(said))
    except SchemaError as error:
        raise Unscorable(f"the schema is wrong: {error.message[:120]}") from None
    except (Unresolvable, Refused) as error:
        raise Unscorable(f"the schema cannot be used: {str(error)[:120]}") from None
    except RecursionError:
        return False


def _is_record(case: Case) -> bool:
    return isinstance(case.expected, Mapping) and bool(case.expected)


def field_of(text: str, name: str) -> str | None:
    """A member of a reply that is a JSON object; None when it is not there."""
    try:
        said = parsed(text)
    except ValueError:
        return None
    value = said.get(name) if isinstance(said, dict) else None
    return None if value is None else label_of(value)


def label_of(value: Any) -> str:
    """A label as text: 1 and 1.0 are one, and true is JSON's."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def _record(case: Case, reply: Response, _: Options) -> float:
    """Every expected field is there with its value; others may be there too."""
    try:
        said = parsed(reply.text)
    except ValueError:
        return 0.0
    wanted = thaw(case.expected)
    return float(isinstance(said, dict) and all(k in said and _same(v, said[k]) for k, v in wanted.items()))


def _same(wanted: Any, said: Any) -> bool:
    """JSON's equality: 1 is 1.0 and is not true."""
    if isinstance(wanted, bool) or isinstance(said, bool):
        return wanted is said
    if isinstance(wanted, dict) and isinstance(said, dict):
        return wanted.keys() == said.keys() and all(_same(v, said[k]) for k, v in wanted.items())
    if isinstance(wanted, list) and isinstance(said, list):
        return len(wanted) == len(said) and all(map(_same, wanted, said))
    return bool(wanted == said)


def number_of(text: str) -> float | None:
    """One written number: ``1,234.5``, ``1.234,5`` or ``1'234``. A single point parts decimals; a single comma parts
    thousands where three digits follow, else decimals."""
    if not _NUMBER.fullmatch(text.strip()):
        return None
    body, _, power = text.strip().lower().partition("e")
    numbers, marks = re.split(r"\D", body.lstrip("+-")), re.findall(r"\D", body.lstrip("+-"))
    decimals = ""
    if marks and marks[-1] in ".," and marks.count(marks[-1]) == 1:
        thousands = marks == [","] and len(numbers[1]) == 3 and 1 <= len(numbers[0]) <= 3 and numbers[0] != "0"
        if not thousands:
            decimals, marks = numbers.pop(), marks[:-1]
    if len(set(marks)) > 1 or (marks and (len(numbers[0]) > 3 or any(len(n) != 3 for n in numbers[1:]))):
        return None
    value = float(f"{'-' if body[0] == '-' else ''}{''.join(numbers)}.{decimals or 0}e{power or 0}")
    return value if math.isfinite(value) else None


def _wanted(case: Case) -> tuple[float, ...]:
    """The numbers that a case accepts."""
    if isinstance(case.expected, int | float) and not isinstance(case.expected, bool):
        return (float(case.expected),)
    return tuple(n for n in map(number_of, answers(case)) if n is not None)


def _numeric(case: Case, reply: Response, options: Options) -> float:
    """The last number of the reply, where results stand; with ``field`` that member of a JSON reply."""
    name = options.get("field")
    text = (field_of(reply.text, name) or "") if isinstance(name, str) else reply.text[-_LONGEST:]
    numbers = [n for n in (number_of(m[0]) for m in _NUMBER.finditer(text)) if n is not None]
    tolerance = options.get("tolerance") or 0.0
    if isinstance(tolerance, bool) or not isinstance(tolerance, int | float) or not 0 <= tolerance < math.inf:
        raise Unscorable("tolerance is a number of at least 0")
    return float(
        any(
            abs(said - wanted) <= tolerance + 1e-9 * max(1.0, abs(wanted))
            for said in numbers[-1:]
            for wanted in _wanted(case)
        )
    )


METRICS = (
    Metric("jsonValid", "1", always, _valid),
    Metric("jsonSchema", "2", always, _schema),
    Metric("recordMatch", "2", _is_record, _record),
    Metric("numeric", "2", lambda case: bool(_wanted(case)), _numeric),
)
