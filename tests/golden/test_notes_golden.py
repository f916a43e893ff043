"""Two manifests to the notes that a product owner reads."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from golden_cases import REGION, cases, hold, nodes_of, processing, use_case_of

from releaser.core.allowance import allowances
from releaser.core.model_ids import uses
from releaser.core.notes import Happened, Notes, release_notes
from releaser.core.notes_summary import in_short
from releaser.core.plan import Risk
from releaser.core.record import Binding
from releaser.core.release_content import Content, ReleaseContent, content_of
from releaser.core.way_back import Lifecycle
from releaser.kinds import registry
from releaser.kinds.models import model
from releaser.render.document_html import html_of
from releaser.render.notes import notes_markdown
from releaser.render.notes_view import notes_view

CASES = pytest.mark.parametrize("case", cases("notes"), ids=lambda p: p.name)


def content(case: Path, manifest: str, release: str) -> ReleaseContent:
    files = use_case_of(case, manifest)
    nodes = nodes_of(files, release)
    found = uses(nodes, files.spec.get("models", {}), REGION, registry(), model)
    return content_of(files.name, release, files.digest, files.spec, nodes, files.digests, found)


def bindings(content: ReleaseContent, version: str) -> dict[Any, Binding]:
    return {
        address: Binding(
            kind=found.kind,
            id=address.name,
            arn="",
            name=address.name,
            revision="",
            version=version if registry()[found.kind].versioned else None,
            stamp=found.stamp,
            behaviour="",
            body_digest="",
        )
        for address, found in content.bodies.items()
    }


def verbs(address: Any, before: Content | None, after: Content, reused: bool) -> frozenset[str]:
    """What a plan would do, roughly: enough for what notes say of it."""
    kind = registry()[after.kind]
    if before is None:
        return frozenset({"create"})
    if before == after or reused:
        return frozenset({"repoint"}) if kind.pointer and before != after else frozenset()
    return frozenset({"publish" if kind.versioned else "repoint" if kind.pointer else "update"})


def notes_of(case: Path) -> Notes:
    told: dict[str, Any] = json.loads((case / "case.json").read_text()) if (case / "case.json").exists() else {}
    after = content(case, "after.yaml", told.get("release", "r4"))
    before = content(case, "before.yaml", "r3") if (case / "before.yaml").exists() else None
    reused = bool(told.get("reused"))
    done = {a: verbs(a, before.bodies.get(a) if before else None, c, reused) for a, c in after.bodies.items()}
    files = use_case_of(case, "after.yaml")
    where = processing(files, nodes_of(files, "r4"))
    was = bindings(before, "3") if before else None
    now = {
        a: b if done[a] or reused else (was or {}).get(a, b) for a, b in bindings(after, "2" if reused else "4").items()
    }
    happened = Happened(
        environment="dev",
        bindings=now,
        before=was,
        verbs=done,
        lives={
            "anthropic.claude-sonnet-4-5-20250929-v1:0": Lifecycle("ACTIVE"),
            "amazon.nova-pro-v1:0": Lifecycle("LEGACY", datetime(2026, 11, 30, tzinfo=UTC)),
        },
        processed_in={r for regions in where.values() for r in regions},
        risk=Risk(told.get("risk", "none")),
        allowed=allowances(after.spec),
    )
    history = {told["earlier"]: after.digest} if "earlier" in told else {}
    return release_notes(before, after, kinds=registry(), history=history, happened=happened)


@CASES
def test_notes_read_as_they_were_agreed(case: Path) -> None:
    notes = notes_of(case)
    hold(case / "notes.md", notes_markdown(notes))
    hold(case / "notes.html", html_of(notes_view(notes)))
    hold(case / "summary.txt", "".join(f"{line}\n" for line in in_short(notes)))


@CASES
def test_a_summary_is_short_plain_and_no_trailer(case: Path) -> None:
    lines = (case / "summary.txt").read_text().splitlines()
    assert 1 <= len(lines) <= 6
    assert all(line.isprintable() and len(line) <= 160 for line in lines)
    assert not any(re.match(r"[A-Za-z0-9-]+\s*:", line) for line in lines if not line.startswith("First release:"))
