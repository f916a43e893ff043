"""Every complaint has its row, every covered one a test, and every test a mutation that still fits the engine."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from complaints.mutations import MUTATIONS

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
_NAMED = re.compile(r"test_[a-z0-9_]+?_[0-9]+_[a-z0-9_]+")
TESTS = {
    node.name: f"tests/complaints/{file.name}"
    for file in sorted(HERE.glob("test_complaints_*.py"))
    for node in ast.parse(file.read_text(encoding="utf-8")).body
    if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
}
"""Test -> its file."""
COMPLAINTS = (70, 45)
"""Of users of infrastructure tools, and of evaluation tools."""
_ROW = re.compile(r"^\| (\d+) \|[^|]+\|[^|]+\|([^|]+)\|$", re.MULTILINE)
_NAMES = re.compile(r"`test_[a-z0-9_]+_`(, `test_[a-z0-9_]+_`)*")


def test_every_test_is_named_after_a_complaint() -> None:
    assert [name for name in TESTS if not _NAMED.fullmatch(name)] == []


def test_every_test_has_a_mutation() -> None:
    assert TESTS.keys() == MUTATIONS.keys()


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_mutation_fits(name: str) -> None:
    """One line, found once in the engine, and another one afterwards."""
    mutation = MUTATIONS[name]
    text = (REPOSITORY / "releaser" / mutation.file).read_text(encoding="utf-8")
    assert text.count(mutation.old) == 1, mutation
    assert "\n" not in mutation.old + mutation.new
    assert mutation.old != mutation.new
    assert mutation.file.split("/")[0] in (
        "core",
        "kinds",
        "engine",
        "aws",
        "store",
        "gates",
        "render",
        "pipeline",
        "cli",
    )


def test_every_complaint_has_its_row() -> None:
    """Each table is numbered without a gap; a row names the beginning of a test that is there, or says why there is
    none."""
    text = (HERE / "README.md").read_text(encoding="utf-8")
    tables = [_ROW.findall(part) for part in re.split("^## ", text, flags=re.MULTILINE)[1:]]
    assert [[int(n) for n, _ in rows] for rows in tables] == [list(range(1, last + 1)) for last in COMPLAINTS]
    cells = [cell.strip() for rows in tables for _, cell in rows]
    assert [cell for cell in cells if not (_NAMES.fullmatch(cell) or cell.startswith("Not covered: "))] == []
    named = sorted(name for cell in cells for name in re.findall(r"`(test_[a-z0-9_]+_)`", cell))
    assert len(set(named)) == len(named)
    assert sorted({name for name in named for test in TESTS if test.startswith(name)}) == named
    assert [test for test in TESTS if not any(test.startswith(name) for name in named)] == []
