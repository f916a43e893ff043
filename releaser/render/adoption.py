"""The report of taking over what exists, as text and JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from releaser.core.adoption import Divergence
from releaser.render.escape import safe

FORMAT = "releaser.adoption/v1"


class Result(Protocol):
    """What became of one use case."""

    use_case: str
    state: str
    resources: int
    divergences: tuple[Divergence, ...]
    notes: list[str]
    proofs: dict[str, list[str]]
    marked: dict[str, str]


_STATES: Mapping[str, str] = {
    "written": "written",
    "kept": "has a manifest",
    "diverges": "not written: the environments differ (--take-first writes what the first one has)",
    "failed": "not written",
}


def as_text(results: Sequence[Result], environments: Sequence[str]) -> str:
    """One paragraph for each use case, and a line at the end."""
    lines: list[str] = []
    for result in results:
        count = f", {result.resources} resources" if result.resources else ""
        lines.append(f"{result.use_case}: {_STATES[result.state]}{count}")
        lines += [f"  differs at {safe(_where(d))}: {_values(d)}" for d in result.divergences]
        for environment, found in result.proofs.items():
            if found:
                lines += [f"  {environment}: the plan is not empty: {safe(f)}" for f in found]
            else:
                lines.append(f"  {environment}: empty plan")
        lines += [f"  {environment}: {safe(said)}" for environment, said in result.marked.items()]
        lines += [f"  {safe(note)}" for note in result.notes]
    proven = sum(bool(r.proofs) and not any(r.proofs.values()) for r in results)
    lines.append(f"{len(results)} use cases, {proven} with empty plans in {', '.join(environments)}")
    return "\n".join(lines) + "\n"


def as_json(results: Sequence[Result]) -> str:
    """The same for machines."""
    return json.dumps({"format": FORMAT, "useCases": [_data(r) for r in results]}, indent=2) + "\n"


def _data(result: Result) -> dict[str, Any]:
    return {
        "useCase": result.use_case,
        "state": result.state,
        "resources": result.resources,
        "divergences": [{"entry": d.entry, "path": d.path, "values": dict(d.values)} for d in result.divergences],
        "plans": {e: {"empty": not found, "found": found} for e, found in result.proofs.items()},
        "marked": result.marked,
        "notes": result.notes,
    }


def _where(divergence: Divergence) -> str:
    return f"{divergence.entry}.{divergence.path}" if divergence.path else divergence.entry


def _values(divergence: Divergence) -> str:
    return ", ".join(f"{e}: {safe(v)}" for e, v in divergence.values.items())
