"""JSON Schema (2020-12) of our documents, for editors and auditors: from the models, and from AWS's shapes
for bodies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from releaser.core.approvers import Approvers
from releaser.core.bodies import Models
from releaser.core.body_shape import body_shape
from releaser.core.environment import Environment
from releaser.core.kind import Kind
from releaser.core.lifecycle import MEMBER
from releaser.core.manifest import Pin, VersionPin, use_case_model
from releaser.core.ours import ALIAS, NAME, versioned
from releaser.core.patterns import translate
from releaser.core.pin import Pin as ReleasePin
from releaser.core.shapes import Shape

DIALECT = "https://json-schema.org/draft/2020-12/schema"
BASE = "https://releaser.dev/schemas/"
_REFERENCE = {"$ref": "#/$defs/reference"}
_NAME = {"description": "Its name in AWS; default: `<use case>_<entry>`.", "type": "string"}


def environment_schema() -> dict[str, Any]:
    """Of ``environments/*/environment.yaml``."""
    return _document("environment.v1.json", "A releaser environment", Environment)


def pin_schema() -> dict[str, Any]:
    """Of ``environments/*/releases/*.yaml``."""
    return _document("pin.v1.json", "The release of a use case that an environment has", ReleasePin)


def approvers_schema() -> dict[str, Any]:
    """Of ``environments/*/approvers.yaml``."""
    return _document("approvers.v1.json", "Who may agree to changes by a signature", Approvers)


def use_case_schema(kinds: Mapping[str, Kind], models: Models) -> dict[str, Any]:
    """Of ``manifests/*/manifest.yaml``, with AWS's own members in the sections of the kinds."""
    schema = _document("use-case.v1.json", "A releaser use case", use_case_model(kinds.values()))
    defs = schema["$defs"]
    defs["reference"] = {
        "description": "A text with ${env.NAME}, or ${kind/name.output}.",
        "type": "string",
        "pattern": r"\$\{",
    }
    sections = defs["Spec"]["properties"]
    for kind in kinds.values():
        if kind.section:
            sections[kind.section] = _section(kind, models, defs, sections[kind.section])
    schema["$defs"] = dict(sorted(defs.items()))
    return schema


def _document(name: str, title: str, model: type[BaseModel]) -> dict[str, Any]:
    generated = model.model_json_schema(by_alias=True, mode="validation")
    defs = generated.pop("$defs", {})
    generated.pop("description", None)
    head = {"$schema": DIALECT, "$id": BASE + name, "title": title}
    return {**head, **{k: v for k, v in generated.items() if k != "title"}, "$defs": defs}


def _section(kind: Kind, models: Models, defs: dict[str, Any], section: Mapping[str, Any]) -> dict[str, Any]:
    body = _structure(body_shape(kind, models(kind.service)), kind.service, defs)
    body["description"] = f"{kind.service} {kind.calls.create}, in AWS's own members."
    forms = [body]
    if kind.entry is not None:
        short = kind.entry.model_json_schema(by_alias=True, mode="validation")
        defs.update(short.pop("$defs", {}))
        body["properties"] |= {name: short["properties"][name] for name in sorted(kind.extra)}
        forms.insert(0, short)
    elif kind.ours is not None:
        ours = kind.ours.model_json_schema(by_alias=True, mode="validation")
        defs.update(ours.pop("$defs", {}))
        body["properties"] |= ours["properties"]
    elif kind.extra:
        body["properties"] |= {name: {"type": "string"} for name in sorted(kind.extra)}
    for form in forms:
        form["properties"] = {**form["properties"], MEMBER: {"$ref": "#/$defs/Lifecycle"}}
    if kind.physical_name is None:
        for form in forms:
            form["properties"] = {**form["properties"], NAME: _NAME}
            _name_alias(form["properties"].get(ALIAS, {}), defs)
    pin = (VersionPin if versioned(kind) else Pin).model_json_schema(by_alias=True, mode="validation")
    defs.setdefault(pin.pop("title"), pin)
    forms.append({"$ref": f"#/$defs/{'VersionPin' if versioned(kind) else 'Pin'}"})
    entry = {"anyOf": forms}
    return {
        "type": "object",
        "title": str(section.get("title", kind.section)),
        "patternProperties": dict.fromkeys(section.get("patternProperties", {".*": 0}), entry),
        "additionalProperties": False,
    }


def _name_alias(alias: Mapping[str, Any], defs: dict[str, Any]) -> None:
    """An alias that an entry speaks of may have a name as well."""
    for choice in (alias, *alias.get("anyOf", ())):
        model = defs.get(str(choice.get("$ref", "")).rpartition("/")[2], {})
        if "properties" in model:
            model["properties"] = {**model["properties"], NAME: _NAME}


def _schema(shape: Shape, service: str, defs: dict[str, Any]) -> dict[str, Any]:
    if shape.is_document:
        return {}
    match shape.type:
        case "structure":
            name = f"{service}.{shape.name}"
            if name not in defs:
                defs[name] = {}  # shapes may contain themselves
                defs[name] = _structure(shape, service, defs)
            return {"$ref": f"#/$defs/{name}"}
        case "list":
            return _bounds(shape, "Items") | {"type": "array", "items": _schema(shape.member, service, defs)}
        case "map":
            values = _schema(shape.value, service, defs)
            return _bounds(shape, "Properties") | {"type": "object", "additionalProperties": values}
        case "string" | "blob" | "timestamp":
            return _text(shape)
        case "boolean":
            return {"type": "boolean"}
        case _:
            return _number(shape)


def _structure(shape: Shape, service: str, defs: dict[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {name: _schema(member, service, defs) for name, member in shape.members.items()},
        "additionalProperties": False,
    }
    if shape.required:
        schema["required"] = list(shape.required)
    if shape.is_union:
        schema |= {"minProperties": 1, "maxProperties": 1}
    return schema


def _text(shape: Shape) -> dict[str, Any]:
    if shape.enum:
        return {"anyOf": [{"enum": list(shape.enum)}, _REFERENCE]}
    limits = _bounds(shape, "Length")
    pattern = shape.pattern
    if pattern and r"\p{" not in pattern and translate(pattern) is not None:
        limits["pattern"] = f"^(?:{pattern})$"
    return {"anyOf": [{"type": "string", **limits}, _REFERENCE]} if limits else {"type": "string"}


def _number(shape: Shape) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "number" if shape.is_float else "integer"}
    for ours, theirs in (("min", "minimum"), ("max", "maximum")):
        if ours in shape.raw:
            schema[theirs] = shape.raw[ours]
    return schema


def _bounds(shape: Shape, what: str) -> dict[str, Any]:
    names = {"min": f"min{what}", "max": f"max{what}"}
    return {name: shape.raw[ours] for ours, name in names.items() if ours in shape.raw}
