"""What ``audit verify`` found, for people and machines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from releaser.render.escape import prose, safe

if TYPE_CHECKING:
    from releaser.core.verification import Proof

FORMAT = "releaser.audit/v1"
_NAMES = {
    "sequences": "sequences",
    "records": "records",
    "files": "files",
    "commits": "commits",
    "signatures": "good signatures",
    "tags": "release tags",
    "contents": "contents recomputed",
    "evidence": "pieces of evidence",
    "anchors": "anchors",
    "resourcesRead": "resources read in the account",
}


def proof_json(proof: Proof) -> str:
    """The verification as a document of its own format."""
    data = {
        "format": FORMAT,
        "ok": not proof.problems,
        "commit": proof.tip,
        "problems": [p._asdict() for p in proof.problems],
        "unproven": [p._asdict() for p in proof.unproven],
        "counts": dict(sorted(proof.counts.items())),
    }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def proof_text(proof: Proof) -> str:
    """For a terminal: what is wrong first."""
    lines = [f"WRONG  {safe(p.path)}\n       {safe(p.reason)}" for p in proof.problems]
    lines += [f"note   {safe(p.path)}\n       {safe(p.reason)}" for p in proof.unproven]
    return "\n".join([*lines, _verdict(proof), ""])


def proof_markdown(proof: Proof) -> str:
    """For a merge request or a report."""
    rows = [("wrong", p) for p in proof.problems] + [("note", p) for p in proof.unproven]
    table = [f"| {kind} | {prose(p.path)} | {prose(p.reason)} |" for kind, p in rows]
    head = ["", "| | where | what |", "|---|---|---|"] if table else []
    return "\n".join([_verdict(proof), *head, *table, ""])


def _verdict(proof: Proof) -> str:
    seen = ", ".join(f"{proof.counts[key]:,} {name}" for key, name in _NAMES.items() if proof.counts.get(key))
    found = len(proof.problems)
    verdict = f"{found} problem{'s' if found != 1 else ''}" if found else "whole and unchanged"
    return f"{verdict}: {seen or 'nothing to look at'}"


def proof_schema() -> dict[str, Any]:
    """``schemas/audit.v1.json``: what ``audit verify --output json`` prints."""
    text = {"type": "string"}
    told = {"type": "object", "properties": {"path": text, "reason": text}, "required": ["path", "reason"]}
    members = {
        "format": {"const": FORMAT},
        "ok": {"type": "boolean", "description": "Nothing is wrong; what could not be told does not count."},
        "commit": {**text, "description": "The newest commit of the branch `releases` that was looked at."},
        "problems": {"type": "array", "items": told},
        "unproven": {"type": "array", "items": told},
        "counts": {"type": "object", "additionalProperties": {"type": "integer"}},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://releaser.dev/schemas/audit.v1.json",
        "title": "A verification of the records",
        "type": "object",
        "properties": members,
        "required": list(members),
    }
