"""One truth for each code: whatever the sources report is in the catalogue, and nothing in it is idle."""

from __future__ import annotations

import re
from pathlib import Path

from releaser.core.codes import areas, catalogue
from releaser.core.errors import Failure
from releaser.kinds import registry

AREAS, CODES = areas(registry().values()), catalogue(registry().values())
SOURCES = Path(__file__).parents[2] / "releaser"


def _used(pattern: str = r"E[1-7]\d{2}") -> set[str]:
    found: set[str] = set()
    for path in SOURCES.rglob("*.py"):
        if "codes" not in path.parts and "sandbox" not in path.parts:
            found |= set(re.findall(f'"({pattern})"', path.read_text(encoding="utf-8")))
    return found


def test_every_code_stands_once() -> None:
    assert len(CODES) == sum(len(codes) for codes in AREAS.values())


def test_every_code_that_is_used_is_explained() -> None:
    assert _used() <= CODES.keys()


def test_every_document_code_is_used() -> None:
    assert {code for code in CODES if re.fullmatch(r"E\d{3}", code)} <= _used()


def test_every_code_of_a_failure_is_explained_and_used() -> None:
    used = _used(r"[LPR]\d{3}|A-[a-z]+") | {f"A-{failure.value}" for failure in Failure}
    assert {code for code in CODES if re.fullmatch(r"[LPR]\d{3}|A-[a-z-]+", code)} == used


def test_a_code_of_a_plan_has_one_meaning() -> None:
    """The same code in two places is the same finding; a plan file's damage is not a refusal to apply."""
    in_data = set(re.findall(r'"(P\d{3})"', (SOURCES / "render" / "data.py").read_text(encoding="utf-8")))
    assert in_data == {"P162", "P163", "P164"}
    assert not in_data & set(re.findall(r'"(P\d{3})"', (SOURCES / "engine/perform.py").read_text(encoding="utf-8")))


def test_every_code_says_why() -> None:
    for code in CODES.values():
        assert code.title and not code.title.endswith(".")
        assert len(code.explanation) > 20
