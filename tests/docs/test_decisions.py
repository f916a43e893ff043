"""Every decision is one page, and names files that exist; one of them holds it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DECISIONS = sorted((ROOT / "releaser" / "adr").glob("*.md"))
FILE = re.compile(r"`((?:[\w.-]+/)+[\w.-]*|[\w-]+\.(?:toml|md|py|json))`")
TOPS = ("releaser", "tests", "schemas", "docs")


def files(text: str) -> set[str]:
    """Paths in backticks; inside the package they may leave ``releaser/`` out."""
    return {name for name in FILE.findall(text) if not name.startswith("releaser/r")}


def stands(name: str) -> bool:
    return any((root / name).exists() for root in (ROOT, ROOT / "releaser"))


def test_they_are_numbered_without_gaps() -> None:
    assert [p.name[:4] for p in DECISIONS] == [f"{n:04}" for n in range(1, len(DECISIONS) + 1)]


@pytest.mark.parametrize("path", DECISIONS, ids=lambda p: p.stem)
def test_a_decision_is_one_page(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith(f"# {int(path.name[:4])}. ")
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]
    assert len(text.splitlines()) <= 60
    assert max(map(len, text.splitlines())) <= 125


@pytest.mark.parametrize("path", DECISIONS, ids=lambda p: p.stem)
def test_a_decision_names_files_that_exist(path: Path) -> None:
    named = {n for n in files(path.read_text(encoding="utf-8")) if n.split("/")[0] in (*TOPS, "core", "engine", "aws")}
    assert [n for n in sorted(named) if not stands(n)] == []
    assert any(n.startswith("tests/") for n in named), "no file holds it"
