"""Metrics of replies that are data: JSON, records, numbers."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from releaser.core.evaluation.case import Case
from releaser.core.evaluation.response import Response
from releaser.gates.evaluation.metrics.metric import Metric, Options, always
from releaser.gates.evaluation.unscorable import Unscorable

_FENCE = re.compile(r"\A\s*```(?:json)?\s*\n(.*)\n\s*```\s*\Z", re.DOTALL)
_NUMBER = re.compile(r"[-+]?\d[\d,_ ]*(?:\.\d+)?(?:[eE][-+]?\d+)?")


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
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError

    schema = options.get("schema")
    if not isinstance(schema, dict | bool):
        raise Unscorable("there is no schema")
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise Unscorable(f"the schema is wrong: {error.message[:120]}") from None
    try:
        return float(Draft202012Validator(schema).is_valid(parsed(reply.text)))
    except ValueError:
        return 0.0


def _is_record(case: Case) -> bool:
    return isinstance(case.expected, dict)


def field_of(text: str, name: str) -> str | None:
    """A member of a reply that is a JSON object; None when it is not there."""
    try:
        said = parsed(text)
    except ValueError:
        return None
    found = said.get(name) if isinstance(said, dict) else None
    return None if found is None else str(found)


def _record(case: Case, reply: Response, _: Options) -> float:
    try:
        said = parsed(reply.text)
    except ValueError:
        return 0.0
    return float(isinstance(said, dict) and all(said.get(k) == v for k, v in case.expected.items()))


def _is_number(case: Case) -> bool:
    return isinstance(case.expected, int | float) and not isinstance(case.expected, bool)


def _numeric(case: Case, reply: Response, options: Options) -> float:
    found = _NUMBER.findall(reply.text[:2000])
    if not found:
        return 0.0
    said = float(re.sub(r"[,_ ]", "", found[-1]))
    tolerance = float(options.get("tolerance") or 0.0)
    return float(math.isfinite(said) and abs(said - case.expected) <= tolerance)


METRICS = (
    Metric("jsonValid", "1", always, _valid),
    Metric("jsonSchema", "1", always, _schema),
    Metric("recordMatch", "1", _is_record, _record),
    Metric("numeric", "1", _is_number, _numeric),
)
