"""Data sets as ``validate`` checks them: the digest, and the form of every case."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from releaser.core.evaluation.case import Dataset
from releaser.core.evaluation.reading import Wrong, read_dataset
from releaser.core.kind import Problem
from releaser.core.values import Path

CHECKED_BYTES = 8 << 20
"""Larger files are verified by their digest alone."""
FORMATS = (".jsonl", ".csv")


def check_digest(name: str, dataset: Mapping[str, Any], actual: str | None) -> Iterator[Problem]:
    """The declared sha256 against that of the file's bytes."""
    declared = dataset.get("sha256")
    if actual is not None and isinstance(declared, str) and len(declared) == 64 and declared != actual:
        at = ("spec", "datasets", name, "sha256")
        yield Problem("E701", f"{dataset.get('path')} has another sha256", at, f"if the change is meant: {actual}")


def check_cases(path: str, content: bytes, variables: frozenset[str] | None, at: Path) -> Iterator[Problem]:
    """The form of the cases; ``variables`` of the prompt that takes them, when known."""
    if not path.endswith(FORMATS) or len(content) > CHECKED_BYTES:
        return
    dataset, wrong = _read(path, content)
    found = list(wrong)
    if variables is not None:
        expected = "input must hold exactly " + (", ".join(sorted(variables)) or "nothing")
        unfit = (c for c in dataset.cases if not isinstance(c.input, Mapping) or set(c.input) != variables)
        found += [Wrong(c.line, "E704", expected) for c in unfit]
    for line, code, message in sorted(found):
        yield Problem(code, message, at, file=path, line=line, length=1)


@lru_cache(maxsize=8)
def _read(path: str, content: bytes) -> tuple[Dataset, tuple[Wrong, ...]]:
    """A data set is checked for every prompt that takes it, and read once."""
    return read_dataset("", path, content, "")


def count_cases(content: bytes, path: str = "") -> int:
    """How many cases a file holds."""
    if path.endswith(".csv"):
        return max(0, sum(1 for _ in csv.reader(io.StringIO(content.decode("utf-8", "replace")))) - 1)
    return sum(1 for line in content.split(b"\n") if line and not line.isspace())
