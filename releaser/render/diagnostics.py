"""Diagnostics, printed: for people (text), machines (json), and the reports of GitLab and code scanners."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from releaser import __version__
from releaser.core.codes import catalogue
from releaser.core.diagnostic import Diagnostic
from releaser.core.values import show_path
from releaser.kinds import registry
from releaser.render.escape import safe
from releaser.render.reports.codequality import codequality, fingerprints
from releaser.render.reports.junit import Case, Suite, junit
from releaser.render.words import counted

FORMAT = "releaser.validate/v1"


@dataclass(frozen=True, slots=True)
class Findings:
    """What validation found: the diagnostics, the files it looked at, and how many checks fell away."""

    diagnostics: Sequence[Diagnostic]
    files: Sequence[str]
    skipped: int = 0

    @property
    def errors(self) -> int:
        return sum(d.severity == "error" for d in self.diagnostics)

    @property
    def warnings(self) -> int:
        return len(self.diagnostics) - self.errors


def as_text(findings: Findings, *, colour: bool = False) -> str:
    """One block for each problem, with its line and a caret, and a summary."""
    paint = _PAINT if colour else {}
    blocks = ["\n".join(_block(d, paint)) + "\n" for d in findings.diagnostics]
    return "\n".join([*blocks, _summary(findings)]) + "\n"


_PAINT = {"error": "\x1b[1;31m", "warning": "\x1b[1;33m", "dim": "\x1b[2m", "end": "\x1b[0m"}


def _block(found: Diagnostic, paint: dict[str, str]) -> Iterator[str]:
    start, dim, end = paint.get(found.severity, ""), paint.get("dim", ""), paint.get("end", "")
    yield f"{start}{found.severity}[{found.code}]{end}: {safe(found.message)}"
    number = str(found.line)
    pad = " " * len(number)
    yield f"{dim}{pad}-->{end} {safe(found.path)}:{found.line}:{found.column}"
    if found.source.strip():
        yield f"{dim}{pad} |{end}"
        yield f"{dim}{number} |{end} {safe(found.source)}"
        yield f"{dim}{pad} |{end} {start}{_caret(found)}{end}"
    if found.hint:
        yield f"{dim}{pad} ={end} {safe(found.hint)}"


def _caret(found: Diagnostic) -> str:
    """Carets below the place, as wide as a terminal shows it."""
    before = found.source[: found.column - 1]
    same_line = found.end_line == found.line and found.end_column is not None
    stop = found.end_column - 1 if same_line and found.end_column else found.column
    marked = found.source[found.column - 1 : max(stop, found.column)] or " "
    return " " * _width(before) + "^" * max(1, _width(marked))


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in safe(text))


def _summary(findings: Findings) -> str:
    files = counted(len(findings.files), "file")
    if not findings.diagnostics:
        return f"{files}: no problem found"
    text = f"{counted(findings.errors, 'error')}, {counted(findings.warnings, 'warning')} in {files}"
    if findings.skipped:
        text += f"; {counted(findings.skipped, 'further check')} not made because of them"
    return f"{text}\nreleaser explain {findings.diagnostics[0].code} says more"


def as_json(findings: Findings) -> str:
    """``releaser.validate/v1``."""
    return _json(
        {
            "format": FORMAT,
            "diagnostics": [_data(d) for d in findings.diagnostics],
            "summary": {
                "errors": findings.errors,
                "warnings": findings.warnings,
                "files": len(findings.files),
                "skipped": findings.skipped,
            },
        }
    )


def _data(found: Diagnostic) -> dict[str, Any]:
    return {
        "code": found.code,
        "severity": found.severity,
        "path": found.path,
        "line": found.line,
        "column": found.column,
        "endLine": found.end_line or found.line,
        "endColumn": found.end_column or found.column + 1,
        "message": found.message,
        "hint": found.hint,
        "pointer": show_path(found.pointer),
    }


def _json(data: Any) -> str:
    return json.dumps(data, indent=2, ensure_ascii=True) + "\n"


def as_gitlab(findings: Findings) -> str:
    """GitLab's code quality report."""
    return codequality(findings.diagnostics)


def as_sarif(findings: Findings) -> str:
    """SARIF 2.1.0."""
    used = sorted({d.code for d in findings.diagnostics})
    rules = [_rule(code) for code in used]
    results = [
        _result(d, used.index(d.code), fingerprint)
        for d, fingerprint in zip(findings.diagnostics, fingerprints(findings.diagnostics), strict=True)
    ]
    driver = {"name": "releaser", "version": __version__, "rules": rules}
    return _json(
        {
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [{"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}],
        }
    )


def _rule(code: str) -> dict[str, Any]:
    entry = catalogue(registry().values()).get(code)
    if entry is None:
        return {"id": code}
    return {"id": code, "shortDescription": {"text": entry.title}, "fullDescription": {"text": entry.explanation}}


def _result(found: Diagnostic, rule: int, fingerprint: str) -> dict[str, Any]:
    region = {"startLine": found.line, "startColumn": found.column}
    if found.end_line and found.end_column:
        region |= {"endLine": found.end_line, "endColumn": found.end_column}
    return {
        "ruleId": found.code,
        "ruleIndex": rule,
        "level": found.severity,
        "message": {"text": f"{found.message}\n{found.hint}" if found.hint else found.message},
        "locations": [
            {"physicalLocation": {"artifactLocation": {"uri": quote(found.path)}, "region": region}},
        ],
        "partialFingerprints": {"releaser/v1": fingerprint},
    }


def as_junit(findings: Findings) -> str:
    """JUnit: a suite for the run, a case for each file."""
    by_file: dict[str, list[Diagnostic]] = {path: [] for path in findings.files}
    for found in findings.diagnostics:
        by_file.setdefault(found.path, []).append(found)
    return junit("releaser validate", [Suite("releaser validate", [_case(*found) for found in by_file.items()])])


def _case(path: str, diagnostics: Sequence[Diagnostic]) -> Case:
    wrong = [d for d in diagnostics if d.severity == "error"]
    return Case(
        group=path.rpartition("/")[0],
        name=path,
        state="failure" if wrong else "passed",
        type=wrong[0].code if wrong else "",
        message=counted(len(wrong), "error"),
        lines=[f"{d.line}:{d.column} {d.code} {d.message}" for d in wrong],
        file=path,
    )


FORMATS: dict[str, Callable[[Findings], str]] = {
    "text": as_text,
    "json": as_json,
    "gitlab": as_gitlab,
    "sarif": as_sarif,
    "junit": as_junit,
}
