"""Every mutant is found: the code, the file, the line; together as well as alone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mutations.bodies import mutants as bodies
from mutations.estate import ADVISOR, CLAIMS, DEV, PROD, SUMMARY, TRIAGE, files, judge, text
from mutations.operators import Mutant, mutants
from releaser.core.codes import catalogue
from releaser.kinds import registry

pytestmark = pytest.mark.sampled(3)

CODES = catalogue(registry().values())
ALL = [*mutants(), *bodies()]


def test_there_are_enough() -> None:
    assert len(ALL) >= 200
    assert len({mutant.code for mutant in ALL}) >= 60


def test_the_examples_are_clean() -> None:
    assert judge(files()).diagnostics == ()


@pytest.mark.parametrize("mutant", ALL, ids=lambda m: m.name)
def test_mutant(mutant: Mutant) -> None:
    report = judge(mutant.applied(files()))
    found = {(d.code, d.path, d.line, d.severity) for d in report.diagnostics}
    assert (mutant.code, mutant.path, mutant.line, mutant.severity) in found, sorted(found)
    assert all(d.code in CODES for d in report.diagnostics)
    lines = {
        path: content.decode("utf-8", "replace").count("\n") + 1 for path, content in mutant.applied(files()).items()
    }
    assert all(1 <= d.line <= lines[d.path] + 1 and d.column >= 1 for d in report.diagnostics)


SEVERAL = {
    CLAIMS: (
        ("  owner: claims-platform@example.com", "  ownr: claims-platform@example.com", "E201"),
        ("domain: insurance", "domain: 5", "E203"),
        ("riskTier: high", "riskTier: hihg", "E204"),
        ("temperature: 0.2", "temperature: 2", "E408"),
        ("eu.amazon.nova-pro", "us.amazon.nova-pro", "E603"),
        ("${env.kmsKeyArn}", "${env.kmsKey}", "E301"),
        ("{type: HATE", "{type: HTE", "E405"),
        ("outputStrength: NONE}", "outputStrength: HIGH}", "E501"),
        ("name: Legal advice", "name: Legal/advice", "E406"),
        ("action: BLOCK}", "action: 7}", "E401"),
        (r"'CL-\d{4}-\d{6}'", "'CL-('", "E503"),
        ("threshold: 0.75", "threshold: 1", "E502"),
        ("prompts/answer.md", "prompts/anwser.md", "E307"),
        ("      model: answer", "      model: anwser", "E306"),
        ("attacks.jsonl", "../../x.jsonl", "E308"),
        ("tokenF1: ", "tokenF2: ", "E705"),
        ("attackSuccessRate: {ceiling", "attackSuccessRate: {floor", "E708"),
        ("ceiling: 1500ms", "ceiling: 1500", "E707"),
    ),
    TRIAGE: (
        ("blockedOutputsMessaging", "blockedOutputMessaging", "E403"),
        ("{type: PASSWORD, action: BLOCK}", "{type: PIN, action: BLOCK}", "E507"),
        ("variables: [complaint]", "variables: [complaint, mood]", "E512"),
        ("06571679", "00000000", "E701"),
    ),
    SUMMARY: (
        ("riskTier: minimal", "riskTier: limited", "E602"),
        ("      model: writer", "      modell: writer", "E201"),
    ),
    ADVISOR: (
        ("sourceOutput: retrievalResults", "sourceOutput: retrieved", "E534"),
        ("${prompt/answer.versionArn}", "${prompt/answer.arn}", "E555"),
        ("type: OPENSEARCH_SERVERLESS", "type: S3_VECTORS", "E548"),
        ("sha256: e66f", "sha256: e66e", "E701"),
        ("customControl: RETURN_CONTROL", "customControl: RETURN", "E405"),
    ),
    DEV: (("region: eu-central-1", "region: Frankfurt", "E205"),),
    PROD: (
        ("promotesFrom: preprod", "promotesFrom: preprdo", "E311"),
        ("rollbackWindow: 30d", "rollbackWindow: 30 days", "E205"),
    ),
}


def test_all_at_once(tmp_path: Path) -> None:
    """Many mutations in six files: every one reported in one run of the command, exit code 1, no traceback."""
    everything = files()
    wanted = set()
    for path, edits in SEVERAL.items():
        content = text(path)
        for old, new, code in edits:
            assert old in content, old
            start = content.index(old)
            content = content[:start] + new + content[start + len(old) :]
            wanted.add((code, path, content.count("\n", 0, start) + 1 if code != "E602" else 11))
        everything[path] = content.encode()
    for path, bytes_ in everything.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(bytes_)
    command = [sys.executable, "-m", "releaser", "validate", "--root", str(tmp_path), "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    found = {(d["code"], d["path"], d["line"]) for d in json.loads(done.stdout)["diagnostics"]}
    assert len(wanted) >= 20
    assert wanted <= found, sorted(wanted - found)
