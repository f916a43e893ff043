"""The OpenAPI document of an action group, as far as it can be judged from its text.

User guide, "Define OpenAPI schemas for your agent's action groups in Amazon Bedrock": openapi 3, paths, and for each
operation a description, by which the agent chooses it, and its responses. JSON is parsed; of YAML only the lines are
looked at, and nothing is said that they do not show.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_NEEDED = ("openapi", "info", "paths")
_TOP = re.compile(r"^(?:\"([^\"]+)\"|'([^']+)'|([A-Za-z][\w-]*))\s*:", re.MULTILINE)
_VERSION = re.compile(r"^[\"']?openapi[\"']?\s*:\s*[\"']?([0-9][0-9.]*)", re.MULTILINE)
_PATHS = re.compile(r"^[\"']?paths[\"']?\s*:[ \t]*(?:#.*)?\n((?:[ \t]+.*\n?|\s*\n|#.*\n?)*)", re.MULTILINE)
_METHOD = re.compile(rf"^([ \t]+)[\"']?(?:{'|'.join(_METHODS)})[\"']?\s*:\s*(?:#.*)?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Judged:
    """How many operations the document has, and what is wrong with it."""

    operations: int
    problems: tuple[str, ...]


def judge(text: str) -> Judged:
    """What a document says of itself. Problems are sentences without anything of its content but names."""
    if text.lstrip().startswith("{"):
        try:
            document = json.loads(text)
        except (ValueError, RecursionError) as error:
            where = f" at line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
            return Judged(0, (f"it is not JSON{where}",))
        return _of_json(document)
    return _of_yaml(text)


def _of_json(document: Mapping[str, Any]) -> Judged:
    problems = [_lacks(document), _version(str(document.get("openapi", "")))]
    operations = list(_operations(document.get("paths")))
    problems += [_incomplete(name, operation) for name, operation in operations]
    return Judged(len(operations), tuple(p for p in problems if p))


def _operations(paths: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for path, item in (paths if isinstance(paths, Mapping) else {}).items():
        for method, operation in (item if isinstance(item, Mapping) else {}).items():
            if method in _METHODS:
                yield f"{method} {path}", operation if isinstance(operation, Mapping) else {}


def _incomplete(name: str, operation: Mapping[str, Any]) -> str:
    missing = [m for m in ("description", "responses") if not operation.get(m)]
    return f"{name} has no {' and no '.join(missing)}" if missing else ""


def _lacks(names: Any) -> str:
    missing = [name for name in _NEEDED if name not in names]
    return f"it has no {' and no '.join(missing)}" if missing else ""


def _version(said: str) -> str:
    return f"OpenAPI {said} is not supported: 3.0.0 or later" if said and not said.startswith("3.") else ""


def _of_yaml(text: str) -> Judged:
    if text.lstrip().startswith("["):
        return Judged(0, ("it is a list, not an OpenAPI document",))
    names = {a or b or c for a, b, c in _TOP.findall(text)}
    version = _VERSION.search(text)
    problems = (_lacks(names), _version(version[1] if version else ""))
    return Judged(_count(text), tuple(p for p in problems if p))


def _count(text: str) -> int:
    """Method keys at the smallest depth at which there are any: a property may be called ``get``, too."""
    paths = _PATHS.search(text)
    depths = [len(found[1].expandtabs()) for found in _METHOD.finditer(paths[1])] if paths else []
    return depths.count(min(depths)) if depths else 0
