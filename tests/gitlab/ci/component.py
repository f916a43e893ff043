"""Components: ``$[[ inputs.x ]]`` as GitLab fills them in (docs.gitlab.com, "CI/CD inputs").

A node that is nothing but one input takes the input's own type; inside a text every input becomes text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

_USE = re.compile(r"\$\[\[\s*inputs\.([A-Za-z0-9_-]+)\s*\]\]")
_TYPES: dict[str, tuple[type, ...]] = {"string": (str,), "number": (int, float), "boolean": (bool,), "array": (list,)}
_MEMBERS = {"description", "type", "default", "options", "regex"}


class InvalidPipeline(Exception):
    """GitLab would create no pipeline."""


@dataclass(frozen=True)
class Component:
    """A file with a header."""

    inputs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)

    def used(self) -> set[str]:
        """Names of inputs in the body."""
        return {name for text in texts(self.body) for name in _USE.findall(text)}

    def rendered(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The body with its inputs. Raises InvalidPipeline."""
        if unknown := given.keys() - self.inputs.keys():
            raise InvalidPipeline(f"unknown inputs: {sorted(unknown)}")
        values = {name: value_of(name, spec, given) for name, spec in self.inputs.items()}
        found: dict[str, Any] = _filled(self.body, values)
        return found


def read(path: Path) -> Component:
    """A component, or a plain file, which has no inputs."""
    documents = list(yaml.safe_load_all(path.read_text(encoding="utf-8")))
    if len(documents) == 1:
        return Component({}, documents[0])
    header, body = documents
    if header.keys() != {"spec"} or header["spec"].keys() != {"inputs"}:
        raise InvalidPipeline(f"{path.name}: the header holds more than inputs")
    return Component(header["spec"]["inputs"], body)


def value_of(name: str, spec: Mapping[str, Any], given: Mapping[str, Any]) -> Any:
    """What an input stands for. Raises InvalidPipeline."""
    if unknown := spec.keys() - _MEMBERS:
        raise InvalidPipeline(f"input {name}: unknown members {sorted(unknown)}")
    if name not in given and "default" not in spec:
        raise InvalidPipeline(f"input {name}: required value has not been provided")
    value = given.get(name, spec.get("default"))
    kind = spec.get("type", "string")
    if not isinstance(value, _TYPES[kind]) or (isinstance(value, bool) and kind != "boolean"):
        raise InvalidPipeline(f"input {name}: {value!r} is no {kind}")
    if "options" in spec and value not in spec["options"]:
        raise InvalidPipeline(f"input {name}: {value!r} is not in the list of allowed options")
    if "regex" in spec and not re.search(spec["regex"], value):
        raise InvalidPipeline(f"input {name}: {value!r} does not match {spec['regex']}")
    return value


def texts(node: Any) -> Iterator[str]:
    """Every text in a document, keys too."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield str(key)
            yield from texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from texts(value)
    elif isinstance(node, str):
        yield node


def _filled(node: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(node, Mapping):
        return {_filled(k, values): _filled(v, values) for k, v in node.items()}
    if isinstance(node, list):
        return [_filled(v, values) for v in node]
    if not isinstance(node, str):
        return node
    whole = _USE.fullmatch(node)
    if whole:
        return _value(whole[1], values)
    found = _USE.sub(lambda use: _as_text(_value(use[1], values)), node)
    if "$[[" in found:
        raise InvalidPipeline(f"this is no input: {found}")
    return found


def _value(name: str, values: Mapping[str, Any]) -> Any:
    if name not in values:
        raise InvalidPipeline(f"unknown interpolation key: inputs.{name}")
    return values[name]


def _as_text(value: Any) -> str:
    if isinstance(value, list):
        raise InvalidPipeline("an array inside a text")
    return str(value).lower() if isinstance(value, bool) else str(value)
