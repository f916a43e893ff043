"""Release notes as data: ``releaser.notes/v1``. Confidential texts stand by digest and by how many words changed."""

from __future__ import annotations

from typing import Any

from releaser.core.notes import Notes
from releaser.core.run_facts import RunFacts
from releaser.core.shape import plain
from releaser.render.release_diff import sections_data

FORMAT = "releaser.notes/v1"


def notes_data(notes: Notes) -> dict[str, Any]:
    """Everything that the printed notes say."""
    facts, back = notes.facts, notes.back
    return {
        "format": FORMAT,
        "useCase": notes.use_case,
        "release": notes.release,
        "digest": notes.digest,
        "environment": notes.environment or None,
        "previous": {"release": notes.previous, "digest": notes.previous_digest} if notes.previous_digest else None,
        "goesBackTo": notes.goes_back_to or None,
        "confidential": notes.withholds_texts,
        "risk": notes.risk.value,
        "allowances": [{"at": a.at, "change": a.change, "reason": a.reason} for a in notes.allowed],
        "sections": sections_data(notes),
        "scores": [
            {"suite": s.suite, "metric": s.metric, "value": s.value, "before": s.before, "turn": s.turn}
            for s in notes.scores
        ],
        "cost": [{"subject": n.subject, "text": n.remark.text} for n in notes.cost],
        "models": [
            {"name": m.name, "modelId": m.model_id, "processedIn": m.processed, "life": m.life or None}
            for m in facts.models
        ],
        "processedIn": list(facts.processed_in),
        "documents": [{"name": d.name, "path": d.path, "sha256": d.sha256} for d in facts.documents],
        "datasets": [{"name": name, "sha256": digest} for name, digest in facts.datasets],
        "resources": [
            {"address": str(d.address), "version": d.version or None, "stamp": d.stamp, "became": d.became}
            for d in notes.deployed
        ],
        "run": _run(notes.run) if notes.run else None,
        "wayBack": {
            "release": back.release,
            "digest": back.digest,
            "way": back.way,
            "reasons": list(back.reasons),
            "modelsKnown": back.models_known,
        }
        if back
        else None,
    }


def _run(run: RunFacts) -> dict[str, Any]:
    found: dict[str, Any] = plain(run)
    found["refused"] = [{"gate": g, "result": result, "reason": reason} for g, result, reason in run.refused]
    return found
