"""``verify.py``: the modules that prove records, joined into one file, so that no rule is kept twice."""

from __future__ import annotations

import ast
from functools import cache
from importlib.resources import files

MODULES = (
    "core/proof/files.py",
    "core/proof/evidence.py",
    "core/proof/sequence.py",
    "core/proof/anchors.py",
    "core/proof/objects.py",
    "core/proof/branch.py",
    "core/proof/releases.py",
    "core/proof/signed.py",
    "core/proof/contents.py",
    "core/proof/bundle.py",
    "store/handed/members.py",
    "store/handed/keys.py",
    "store/handed/command.py",
)
"""In an order in which everything comes after what it needs."""

_HEAD = '''#!/usr/bin/env python3
"""Verifies a bundle that `releaser audit export` made, offline, and names every place that is wrong.

    python3 verify.py                  the folder in which this file stands, unpacked from the bundle
    python3 verify.py BUNDLE.zip       a bundle as it was handed over

It needs Python 3.9 and nothing else; signatures are looked at where ssh-keygen is installed. Who does not trust the
bundle does not trust this copy either: another one stands in every bundle, and the same rules are
`releaser audit verify BUNDLE.zip`. Exit code 0: everything holds; 1: a place is wrong; 2: it is no bundle.
"""
# Joined from these modules of releaser: {modules}

from __future__ import annotations
'''

_TAIL = """

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], Path(__file__).resolve().parent))
"""


@cache
def verify_source() -> str:
    """The text of ``verify.py``."""
    sources = {name: (files("releaser") / name).read_text(encoding="utf-8") for name in MODULES}
    imports: set[str] = set()
    parts = []
    for name, source in sources.items():
        found, rest = _apart(source)
        imports |= found
        parts.append(f"\n\n# --- {name}\n{rest.rstrip()}\n")
    head = _HEAD.replace("{modules}", ", ".join(MODULES[:3]) + ", ...")
    return head + "\n" + "\n".join(sorted(imports, key=_plain_first)) + "\n" + "".join(parts) + _TAIL


def _plain_first(line: str) -> tuple[bool, str]:
    return line.startswith("from "), line


def _apart(source: str) -> tuple[set[str], str]:
    """A module's imports of the standard library, one a line, and its text without docstring and imports."""
    tree = ast.parse(source)
    lines = source.splitlines()
    imports: set[str] = set()
    gone: set[int] = set()
    for node in tree.body:
        is_import = isinstance(node, ast.Import | ast.ImportFrom)
        if is_import or (node is tree.body[0] and isinstance(node, ast.Expr)):
            gone.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
        if isinstance(node, ast.ImportFrom) and not str(node.module).startswith(("releaser", "__future__")):
            imports |= {ast.unparse(ast.ImportFrom(node.module, [alias], 0)) for alias in node.names}
        elif isinstance(node, ast.Import):
            imports |= {ast.unparse(ast.Import([alias])) for alias in node.names}
    return imports, "\n".join(line for number, line in enumerate(lines, 1) if number not in gone)
