"""One file, one kind. A new file with a ``KIND`` is found; nothing here changes for it."""

from __future__ import annotations

from dataclasses import replace
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
    sections = sorted({kind.section for kind in found.values() if kind.section})
    return {name: _shown_by_section(kind, sections) for name, kind in sorted(found.items())}


def _shown_by_section(kind: Kind, sections: list[str]) -> Kind:
    shown = {path.replace("<section>", section) for path in kind.fields.shown for section in sections}
    return replace(kind, fields=replace(kind.fields, shown=frozenset(shown))) if shown else kind
