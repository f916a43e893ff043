"""One module per kind of resource, or per small API. They are found, not listed: a new kind is a new file."""

from __future__ import annotations

import importlib
import pkgutil

from releaser.sandbox import tokens
from releaser.sandbox.kind import Kind, Kinds


def discover() -> Kinds:
    """Every module of this package that declares a ``KIND``."""
    found = Kinds(switches=dict(tokens.SWITCHES))
    for info in sorted(pkgutil.iter_modules(__path__), key=lambda info: info.name):
        kind = getattr(importlib.import_module(f"{__name__}.{info.name}"), "KIND", None)
        if isinstance(kind, Kind):
            found.add(kind)
    return found
