"""One file, one kind. A new file with a ``KIND`` is found; nothing here changes for it."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from releaser.core.kind import Kind


@cache
def registry() -> dict[str, Kind]:
    """Every kind by name, sorted."""
    found = {}
    for module in iter_modules(__path__):
        if module.ispkg or module.name.startswith("_"):
            continue
        kind = import_module(f"{__name__}.{module.name}").KIND
        found[kind.name] = kind
    return dict(sorted(found.items()))
