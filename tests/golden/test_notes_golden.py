"""Two manifests to the notes that a product owner reads."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from golden_cases import cases, hold, nodes_of, processing, use_case_of

from releaser.core.allowance import allowances
from releaser.core.notes import Lifecycle, ReleaseContent, content_of, release_notes
from releaser.core.notes_summary import in_short
from releaser.core.plan import Risk
from releaser.core.record import Binding
from releaser.kinds import registry
from releaser.render.notes import notes_markdown


def content(case: Path, manifest: str, release: str) -> ReleaseContent:
    files = use_case_of(case, manifest)
    return content_of(files.name, release, files.digest, files.spec, nodes_of(files, release), files.digests)


@pytest.mark.parametrize("case", cases("notes"), ids=lambda p: p.name)
def test_notes_read_as_they_were_agreed(case: Path) -> None:
    told: dict[str, Any] = json.loads((case / "case.json").read_text()) if (case / "case.json").exists() else {}
    after = content(case, "after.yaml", told.get("release", "r4"))
    before = content(case, "before.yaml", "r3") if (case / "before.yaml").exists() else None
    bindings = {
        address: Binding(
            kind=found.kind,
            id=address.name,
            arn="",
            name=address.name,
            revision="",
            version="4" if registry()[found.kind].versioned else None,
            stamp=found.stamp,
            behaviour="",
            body_digest="",
        )
        for address, found in after.bodies.items()
    }
    changed = [a for a, c in after.bodies.items() if not before or before.bodies.get(a) != c]
    files = use_case_of(case, "after.yaml")
    where = processing(files, nodes_of(files, "r4"))
    notes = release_notes(
        before,
        after,
        kinds=registry(),
        bindings=bindings,
        fresh=() if told.get("reused") else changed,
        history={told["earlier"]: after.digest} if "earlier" in told else {},
        lifecycle={
            "anthropic.claude-sonnet-4-5-20250929-v1:0": Lifecycle("ACTIVE"),
            "amazon.nova-pro-v1:0": Lifecycle("LEGACY", datetime(2026, 11, 30, tzinfo=UTC)),
        },
        environment="dev",
        risk=Risk(told.get("risk", "none")),
        allowed=allowances(after.spec),
        processed_in={r for regions in where.values() for r in regions},
    )
    hold(case / "notes.md", notes_markdown(notes))
    hold(case / "summary.txt", "".join(f"{line}\n" for line in in_short(notes)))


@pytest.mark.parametrize("case", cases("notes"), ids=lambda p: p.name)
def test_a_summary_is_short_plain_and_no_trailer(case: Path) -> None:
    lines = (case / "summary.txt").read_text().splitlines()
    assert 1 <= len(lines) <= 6
    assert all(line.isprintable() and len(line) <= 160 for line in lines)
    assert not any(re.match(r"[A-Za-z0-9-]+\s*:", line) for line in lines if not line.startswith("First release:"))
