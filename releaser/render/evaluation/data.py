"""A judgement as JSON, ``releaser.gate/v1``, and the JSON Schemas of it and of evidence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from releaser.core.evaluation.evidence import FORMAT as EVIDENCE_FORMAT
from releaser.core.evaluation.evidence import Evidence
from releaser.core.evaluation.judgement import Compared, Judgement, MetricVerdict, SuiteVerdict
from releaser.core.gate import Result
from releaser.core.shape import plain, schema
from releaser.render.data import to_json
from releaser.render.evaluation.words import Texts
from releaser.render.schema_parts import DIALECT, Schema, closed, listed

GATE_FORMAT = "releaser.gate/v1"
GATES_FORMAT = "releaser.gates/v1"


def gate_data(found: Judgement) -> dict[str, Any]:
    """``verdict`` and ``metrics`` are enough for most readers; ``suites`` holds everything."""
    return {
        "format": GATE_FORMAT,
        "verdict": str(found.result),
        "useCase": found.use_case,
        "environment": found.environment,
        "release": found.release,
        "metrics": metric_rows(found.suites),
        "suites": _finite(plain(found.suites)),
    }


def gate_json(found: Judgement) -> str:
    """The same as text."""
    return to_json(gate_data(found))


def gates_json(found: Sequence[Judgement]) -> str:
    """Several judgements, as jobs of a pipeline pass them on."""
    return to_json({"format": GATES_FORMAT, "judgements": [gate_data(one) for one in found]})


def samples_json(found: Sequence[Judgement], texts: Texts) -> str:
    """Digest of a response -> its text, of the samples that the judgements show."""
    shown = {s.response for one in found for suite in one.suites for m in suite.metrics for s in m.worst}
    known = {sha256: texts(sha256) for sha256 in sorted(shown) if sha256}
    return to_json({sha256: text for sha256, text in known.items() if text is not None})


def compared_json(rows: Sequence[Compared], before: str, after: str) -> str:
    """Two releases side by side, as text."""
    return to_json({"before": before, "after": after, "metrics": _finite(plain(tuple(rows)))})


def metric_rows(suites: Sequence[SuiteVerdict]) -> list[dict[str, Any]]:
    """One flat object a metric, as records and ``core/scores.py`` have it."""
    return [_row(suite, metric) for suite in suites for metric in suite.metrics]


def _row(suite: SuiteVerdict, found: MetricVerdict) -> dict[str, Any]:
    against = found.comparison
    row = {
        "suite": suite.suite,
        "metric": found.threshold.metric,
        "tier": found.threshold.tier,
        "verdict": str(found.result),
        "waived": found.waived is not None,
        "value": found.value,
        "lower": found.lower,
        "upper": found.upper,
        "n": found.n,
        "errors": found.errors,
        "floor": found.threshold.floor,
        "ceiling": found.threshold.ceiling,
        "baseline": against.baseline if against else None,
        "difference": against.difference if against else None,
        "reason": found.reason,
    }
    return {name: _finite(value) for name, value in row.items()}


def _finite(value: Any) -> Any:
    """JSON knows no infinity: what is not finite is absent."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {k: _finite(v) for k, v in value.items()}
    return [_finite(v) for v in value] if isinstance(value, list) else value


def gate_schema() -> Schema:
    """``schemas/gate.v1.json``."""
    text: Schema = {"type": "string"}
    number: Schema = {"type": ["number", "null"]}
    verdict: Schema = {"enum": [r.value for r in Result]}
    count: Schema = {"type": "integer", "minimum": 0}
    row = closed(
        suite=text,
        metric=text,
        tier={"enum": ["critical", "supporting", "advisory"]},
        verdict=verdict,
        waived={"type": "boolean", "description": "People let this verdict pass; it stays what it is."},
        value=number,
        lower=number | {"description": "One-sided 95 % bound."},
        upper=number | {"description": "One-sided 95 % bound."},
        n=count,
        errors=count,
        floor=number,
        ceiling=number,
        baseline=number,
        difference=number | {"description": "Positive: more than the baseline."},
        reason=text,
    )
    definitions: dict[str, Any] = {}
    suites = listed(schema(SuiteVerdict, definitions))
    body = closed(
        format={"const": GATE_FORMAT},
        verdict=verdict,
        useCase=text,
        environment=text,
        release=text,
        metrics=listed(row),
        suites=suites,
    )
    return _titled("gate", "A judgement", "What a gate says of evidence.", body, definitions)


def evidence_schema() -> Schema:
    """``schemas/evidence.v1.json``."""
    definitions: dict[str, Any] = {}
    schema(Evidence, definitions)
    body = definitions.pop("Evidence")
    body["properties"]["format"] = {"const": EVIDENCE_FORMAT}
    return _titled("evidence", "Evidence", body.pop("description"), body, definitions)


def _titled(name: str, title: str, description: str, body: Schema, definitions: dict[str, Any]) -> Schema:
    return {
        "$schema": DIALECT,
        "$id": f"https://releaser.dev/schemas/{name}.v1.json",
        "title": title,
        "description": description,
        **body,
        "$defs": dict(sorted(definitions.items())),
    }
