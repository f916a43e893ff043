"""What a suite calls: one file a kind of target, found by its presence."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from releaser.gates.evaluation.targets.kind import Kind, Live, Wanted

__all__ = ["Kind", "Live", "Wanted", "kind_of", "kinds"]


@cache
def kinds() -> Mapping[str, Kind]:
    """Every kind of target, by the member of a suite's ``target`` that names it."""
    found: dict[str, Kind] = {}
    for module in sorted(iter_modules(__path__), key=lambda m: m.name):
        for kind in getattr(import_module(f"{__name__}.{module.name}"), "KINDS", ()):
            found[kind.name] = kind
    return found


def kind_of(target: Mapping[str, str]) -> Kind | None:
    """The kind that a suite's target is of: the one that takes all its other members. None: no kind, or not only one.

    A member that a kind would not heed, as a guardrail beside results, is never left out silently.
    """
    fitting = [k for name, k in kinds().items() if name in target and target.keys() - {name} <= k.beside]
    return fitting[0] if len(fitting) == 1 else None
