"""GitLab's ``codequality`` report: findings of ``validate`` in the merge request.

GitLab stops reading at the first entry that its schema refuses (lib/gitlab/ci/parsers/codequality/code_climate.rb), and
takes two entries with one fingerprint for one finding.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence

from releaser.core.diagnostic import Diagnostic
from releaser.render.escape import safe

SECRET = "E601"


def fingerprints(diagnostics: Sequence[Diagnostic]) -> Iterator[str]:
    """Stable names: rule, file and place in the data, never the line, so that moving a block moves no finding. Several
    at one place are numbered."""
    seen: dict[str, int] = {}
    for found in diagnostics:
        key = json.dumps([found.code, found.path, list(found.pointer)])
        seen[key] = seen.get(key, 0) + 1
        named = key if seen[key] == 1 else f"{key}{seen[key]}"
        yield hashlib.sha256(named.encode()).hexdigest()


def codequality(diagnostics: Sequence[Diagnostic]) -> str:
    """The report."""
    names = fingerprints(diagnostics)
    entries = [_entry(found, name) for found, name in zip(diagnostics, names, strict=True)]
    return json.dumps(entries, indent=2) + "\n"


def _entry(found: Diagnostic, fingerprint: str) -> dict[str, object]:
    first = max(1, found.line)
    return {
        "description": safe(f"{found.message} ({found.hint})" if found.hint else found.message),
        "check_name": found.code,
        "fingerprint": fingerprint,
        "severity": _severity(found),
        "location": {"path": safe(found.path), "lines": {"begin": first, "end": max(first, found.end_line or first)}},
    }


def _severity(found: Diagnostic) -> str:
    """A secret in git is the worst: it is out already. An error stops the merge, a warning does not."""
    if found.code == SECRET:
        return "blocker"
    return "major" if found.severity == "error" else "minor"
