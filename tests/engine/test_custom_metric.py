"""A metric that an installed package brings: it decides, evidence names it, and its faults never pass."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from world import manifest
from world.desk import Desk

MODULE = """\
from releaser.gates.evaluation.metrics.metric import Metric, always


def score(case, reply, options):
    if {broken}:
        raise RuntimeError("secret " + reply.text)
    return float(reply.text == reply.text.lower())


quiet = Metric("quiet", "3", always, score)
"""


def install(folder: Path, *, broken: bool = False) -> None:
    """A package as pip leaves it."""
    (folder / "shouting.py").write_text(MODULE.format(broken=broken))
    info = folder / "shouting-1.2.dist-info"
    info.mkdir(exist_ok=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: shouting\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text("[releaser.metrics]\nquiet = shouting:quiet\n")


def reconcile(desk: Desk, *path: Path) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, **desk.repo.env, **desk.box.env(desk.account), "PYTHONPATH": os.pathsep.join(map(str, path))}
    command = [sys.executable, "-m", "releaser", "reconcile", "-e", "dev"]
    return subprocess.run(command, cwd=desk.repo.root, env=env, capture_output=True, text=True, timeout=120)


@pytest.fixture
def desk(new_desk: Callable[..., Desk]) -> Desk:
    found = new_desk(gates={"required": ["quality"]})
    rows = {
        "golden": [{"id": f"c{i:02}", "input": {"letter": f"letter {i}"}} for i in range(40)],
        "said": [{"id": f"c{i:02}", "output": "all is well"} for i in range(40)],
    }
    files = {name: "".join(json.dumps(row) + "\n" for row in several) for name, several in rows.items()}
    datasets = {
        name: {"path": f"data/{name}.jsonl", "sha256": hashlib.sha256(content.encode()).hexdigest()}
        for name, content in files.items()
    }
    metrics = {"calm": {"custom": "quiet", "floor": 0.8, "tier": "critical"}}
    suite = {"target": {"results": "said"}, "dataset": "golden", "metrics": metrics}
    document = manifest.use_case(datasets=datasets, evaluation={"suites": {"quality": suite}})
    found.repo.write("manifests/mail/manifest.yaml", manifest.text(document))
    found.repo.write("manifests/mail/prompts/answer.md", "Answer the letter.\n\n{{letter}}\n")
    for name, content in files.items():
        found.repo.write(f"manifests/mail/data/{name}.jsonl", content)
    found.repo.commit()
    return found


def test_it_decides_and_evidence_names_it(desk: Desk, tmp_path: Path) -> None:
    missing = reconcile(desk)
    assert missing.returncode == 3 and "no installed package brings the metric quiet" in missing.stderr + missing.stdout
    install(tmp_path, broken=True)
    broken = reconcile(desk, tmp_path)
    assert broken.returncode == 3 and "the metric failed: RuntimeError" in broken.stderr
    assert "secret" not in broken.stderr + broken.stdout
    install(tmp_path)
    done = reconcile(desk, tmp_path)
    assert done.returncode == 0, done.stderr
    kept = [json.loads(raw) for path, raw in desk.repo.records().items() if "evaluation-" in path]
    assert kept[-1]["subject"]["evaluators"] == {"calm": "shouting==1.2+3"}
