"""The rule tables of AWS's own limits, cut out of botocore's service models by ``releaser schema``.

The tables travel in ``releaser/kinds/models`` so that ``validate`` needs no botocore. They hold the
inputs of every Create, Update, Put and Associate operation: a new kind needs no new table.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

FORMAT = "releaser.service-model/v1"

SERVICES: Mapping[str, str] = {
    "bedrock": r"(Create|Update|Put)\w+",
    "bedrock-agent": r"(Create|Update|Put|Associate)\w+",
    "ssm": r"PutParameter",
    "appconfig": r"(Create|Update)(Application|Environment|ConfigurationProfile)",
}

_SHAPE_MEMBERS = ("required", "min", "max", "pattern", "enum", "union", "sensitive", "document")
_SCALARS = frozenset({"string", "integer", "long", "float", "double", "boolean", "blob", "timestamp"})


def botocore_version() -> str:
    """The version whose models are read."""
    import botocore

    return str(botocore.__version__)


def table(service: str) -> dict[str, Any]:
    """The rule table of one service: operations with their input shape, and every shape those can reach."""
    from botocore.loaders import Loader

    model = Loader().load_service_model(service, "service-2")
    wanted = re.compile(SERVICES[service])
    operations = {
        name: operation["input"]["shape"]
        for name, operation in sorted(model["operations"].items())
        if wanted.fullmatch(name) and "input" in operation
    }
    reached: dict[str, dict[str, Any]] = {}
    for name in operations.values():
        _reach(model["shapes"], name, reached)
    return {
        "format": FORMAT,
        "service": service,
        "apiVersion": model["metadata"]["apiVersion"],
        "botocore": botocore_version(),
        "operations": operations,
        "shapes": dict(sorted(reached.items())),
    }


def _reach(shapes: Mapping[str, Any], name: str, reached: dict[str, dict[str, Any]]) -> None:
    if name in reached:
        return
    reached[name] = _shape(shapes[name])
    for other in _targets(shapes[name]):
        _reach(shapes, other, reached)


def _targets(shape: Mapping[str, Any]) -> Iterator[str]:
    for member in shape.get("members", {}).values():
        yield member["shape"]
    for part in ("member", "key", "value"):
        if part in shape:
            yield shape[part]["shape"]


def _shape(shape: Mapping[str, Any]) -> dict[str, Any]:
    """One shape without its documentation and its place on the wire."""
    kept: dict[str, Any] = {"type": shape["type"]}
    kept |= {k: shape[k] for k in _SHAPE_MEMBERS if k in shape}
    if "members" in shape:
        kept["members"] = {name: member["shape"] for name, member in shape["members"].items()}
        tokens = [name for name, member in shape["members"].items() if member.get("idempotencyToken")]
        if tokens:
            kept["tokens"] = tokens
    for part in ("member", "key", "value"):
        if part in shape:
            kept[part] = shape[part]["shape"]
    if shape["type"] not in _SCALARS | {"structure", "list", "map"}:
        raise ValueError(f"a shape type that is not known here: {shape['type']}")
    return kept


def table_text(service: str) -> str:
    """The table as it stands in the repository: one shape a line, so that an upgrade is a readable diff."""
    content = table(service)
    shapes = content.pop("shapes")
    head = json.dumps(content, indent=1, sort_keys=False)[:-2]
    lines = ",\n".join(f"  {json.dumps(k)}: {json.dumps(v, sort_keys=True)}" for k, v in shapes.items())
    return f'{head},\n "shapes": {{\n{lines}\n }}\n}}\n'
