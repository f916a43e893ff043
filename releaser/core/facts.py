"""What the record says of a use case's content, for an auditor: texts by digest, everything else as declared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from releaser.core.graph import Node
from releaser.core.record import Facts
from releaser.core.values import EMPTY, thaw


def facts_of(
    spec: Mapping[str, Any],
    nodes: tuple[Node, ...],
    files: Mapping[str, str],
    processing: Mapping[str, tuple[str, ...]] | None = None,
) -> Facts:
    """Models, prompts and guardrails (by behaviour stamp), data sets by hash, thresholds, governance; ``processing``
    as in Facts."""
    stamps = {n.address: n.behaviour for n in nodes}
    return Facts(
        models=thaw(_section(spec, "models")),
        prompts={a.name: s for a, s in stamps.items() if a.kind == "prompt"},
        guardrails={a.name: s for a, s in stamps.items() if a.kind == "guardrail"},
        datasets=thaw(_section(spec, "datasets")),
        thresholds=_thresholds(_section(spec, "evaluation")),
        governance=_governance(_section(spec, "governance"), files),
        processing=processing or {},
    )


def _section(spec: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = spec.get(name)
    return found if isinstance(found, Mapping) else EMPTY


def _thresholds(evaluation: Mapping[str, Any]) -> dict[str, Any]:
    suites = evaluation.get("suites")
    if not isinstance(suites, Mapping):
        return {}
    return {name: thaw(suite.get("metrics", {})) for name, suite in suites.items() if isinstance(suite, Mapping)}


def _governance(governance: Mapping[str, Any], files: Mapping[str, str]) -> dict[str, Any]:
    """As declared, with the sha256 of every document it names."""
    found: dict[str, Any] = thaw(governance)
    documents = found.get("documents")
    if isinstance(documents, dict):
        found["documents"] = {k: {"path": v, "sha256": files.get(str(v), "")} for k, v in documents.items()}
    return found
