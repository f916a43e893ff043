"""Each complaint's test against the engine with its mutation: it must fail. Takes minutes, and is not in the suite.

``pytest tests/complaints/mutants.py``, or ``make mutants``; ``-k NAME`` for some. What is mutated is a copy.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from complaints.mutation import Mutation
from complaints.mutations import MUTATIONS
from complaints.test_every_complaint import TESTS

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
TESTED = ("tests/complaints", "tests/world", "tests/conftest.py")
SAMPLES = ("tests/sandbox/__init__.py", "tests/sandbox/flow_samples.py", "tests/gates/evidence_maker.py")
COPIED = (*TESTED, *SAMPLES, "releaser", "pyproject.toml")


@pytest.fixture(scope="session")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package and these tests, elsewhere."""
    root = tmp_path_factory.mktemp("mutant")
    for name in COPIED:
        source, place = REPOSITORY / name, root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, place, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, place)
    return root


def outcome(root: Path, name: str) -> tuple[str, str]:
    """``passed``, ``failed`` or ``error`` of one test in the copy, and what was printed."""
    command = [sys.executable, "-m", "pytest", "-q", "-rfE", "-p", "no:cacheprovider", "-p", "no:xdist", "--tb=short"]
    env = {**os.environ, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [*command, f"{TESTS[name]}::{name}"], cwd=root, env=env, capture_output=True, text=True, timeout=300
    )
    said = done.stdout + done.stderr
    if done.returncode == 0:
        return "passed", said
    return ("failed" if f"FAILED {TESTS[name]}::{name}" in said else "error"), said


def mutated(text: str, mutation: Mutation) -> str:
    assert text.count(mutation.old) == 1, mutation
    return text.replace(mutation.old, mutation.new)


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_mutant_is_seen(name: str, copy: Path) -> None:
    mutation = MUTATIONS[name]
    file = copy / "releaser" / mutation.file
    original = file.read_text()
    file.write_text(mutated(original, mutation))
    try:
        found, said = outcome(copy, name)
    finally:
        file.write_text(original)
    assert found == "failed", f"{found}, not failed, with {mutation}\n{said[-3000:]}"


def test_the_copy_is_the_engine(copy: Path) -> None:
    """Without a mutation everything passes there: what fails above fails because of its line."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "tests/complaints"]
    env = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=copy, env=env, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout[-3000:]
