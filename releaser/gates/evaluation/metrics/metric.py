"""What a metric is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from releaser.core.evaluation.case import Case
from releaser.core.evaluation.response import Response
from releaser.core.values import EMPTY

Score = float | tuple[str, str]
"""A number, or what was expected and what was said."""
Options = Mapping[str, Any]
"""The metric's entry in the manifest."""


@dataclass(frozen=True, slots=True)
class Metric:
    """``counts`` is decided from the case alone: no reply takes a case out of the count. ``score`` raises Unscorable
    for what cannot be judged; a reply that is merely wrong has the worst score. ``version`` changes with the code."""

    name: str
    version: str
    counts: Callable[[Case], bool]
    score: Callable[[Case, Response, Options], Score]


def answers(case: Case) -> tuple[str, ...]:
    """The answers that a case accepts."""
    expected = case.expected
    if isinstance(expected, str):
        return (expected,)
    if isinstance(expected, list | tuple):
        return tuple(e for e in expected if isinstance(e, str))
    return ()


def always(_: Case) -> bool:
    """Counts every case."""
    return True


__all__ = ["EMPTY", "Metric", "Options", "Score", "always", "answers"]
