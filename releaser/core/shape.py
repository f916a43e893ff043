"""Typed dataclasses as JSON: writing, checked reading and the JSON Schema, all derived from the field types.

Members are camelCase. A field with ``OPTIONAL`` is left out while it has its default; all others are always
written. Unknown members are ignored on reading, so that a format can grow.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from releaser.core.address import Address

OPTIONAL: Mapping[str, bool] = types.MappingProxyType({"optional": True})
Decoder = Callable[[Any], Any]


class ShapeError(ValueError):
    """JSON that is not of the expected shape; the message begins with the member's path."""


def plain(value: Any) -> Any:
    """The JSON form of a dataclass (or anything inside one)."""
    if is_dataclass(value) and not isinstance(value, type | Address):
        return {
            camel(f.name): plain(getattr(value, f.name))
            for f in _fields(type(value))
            if not (f.metadata.get("optional") and getattr(value, f.name) == _default(f))
        }
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, tuple | list):
        return [plain(v) for v in value]
    return str(value) if isinstance(value, Address | StrEnum) else value


def typed(target: Any, data: Any) -> Any:
    """A ``target`` from its JSON form. Raises ShapeError naming the member that is wrong."""
    return _decoder(target)(data)


def moment(value: datetime) -> str:
    """A point in time as RFC 3339 in UTC. Raises ValueError for a time without a zone."""
    if value.tzinfo is None:
        raise ValueError("a record needs times with a time zone")
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


@cache
def camel(name: str) -> str:
    """``release_digest`` -> ``releaseDigest``."""
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


@cache
def _fields(target: Any) -> tuple[Field[Any], ...]:
    return fields(target)


def _default(item: Field[Any]) -> Any:
    return item.default_factory() if item.default_factory is not MISSING else item.default


@cache
def _decoder(target: Any) -> Decoder:
    origin, args = get_origin(target), get_args(target)
    if target is Any:
        return lambda value: value
    if origin in (Union, types.UnionType):
        inner = _decoder(next(a for a in args if a is not type(None)))
        return lambda value: None if value is None else inner(value)
    if origin is Literal:
        return _one_of(frozenset(args), str)
    if origin is tuple:
        return _sequence(_decoder(args[0]))
    if origin is Mapping and args == (str, str):
        return _texts
    if origin is Mapping:
        return _mapping(_decoder(args[0]), _decoder(args[1]))
    if target is Address:
        return _converted(Address.parse, "an address")
    if target is datetime:
        return _converted(_moment, "a time in UTC")
    if issubclass(target, StrEnum):
        return _one_of(frozenset(target), target)
    if is_dataclass(target):
        return _record(target)
    return _scalar(target)


def _scalar(target: type[Any]) -> Decoder:
    def decode(value: Any) -> Any:
        if target is float and type(value) is int:
            return float(value)
        if type(value) is not target:
            raise ShapeError(f": expected {target.__name__}, found {type(value).__name__}")
        return value

    return decode


def _one_of(allowed: frozenset[str], target: Callable[[str], Any]) -> Decoder:
    def decode(value: Any) -> Any:
        if not isinstance(value, str) or value not in allowed:
            raise ShapeError(f": expected one of {', '.join(sorted(allowed))}")
        return target(value)

    return decode


def _converted(convert: Callable[[str], Any], what: str) -> Decoder:
    def decode(value: Any) -> Any:
        try:
            return convert(value)
        except (ValueError, AttributeError, TypeError):
            raise ShapeError(f": expected {what}") from None

    return decode


def _moment(text: str) -> datetime:
    if not text.endswith("Z"):
        raise ValueError(text)
    return datetime.fromisoformat(text)


def _sequence(item: Decoder) -> Decoder:
    def decode(value: Any) -> Any:
        if not isinstance(value, list):
            raise ShapeError(": expected a list")
        try:
            return tuple([item(v) for v in value])
        except ShapeError:
            return tuple([_at(f"[{i}]", item, v) for i, v in enumerate(value)])

    return decode


def _texts(value: Any) -> Any:
    """An object of strings: the one large member of a record, so checked without a call for each value."""
    if not isinstance(value, dict) or not set(map(type, value.values())) <= {str}:
        raise ShapeError(": expected an object of strings")
    return value


def _mapping(key: Decoder, item: Decoder) -> Decoder:
    def decode(value: Any) -> Any:
        if not isinstance(value, dict):
            raise ShapeError(": expected an object")
        try:
            return {key(k): item(v) for k, v in value.items()}
        except ShapeError:
            return {_at(f".{k}", key, k): _at(f".{k}", item, v) for k, v in value.items()}

    return decode


def _record(target: Any) -> Decoder:
    hints = get_type_hints(target)
    plan = [(f.name, camel(f.name), _decoder(hints[f.name]), bool(f.metadata.get("optional"))) for f in _fields(target)]

    def decode(value: Any) -> Any:
        if not isinstance(value, dict):
            raise ShapeError(": expected an object")
        known = {}
        member = ""
        try:
            for name, member, decoder, optional in plan:
                if member in value:
                    known[name] = decoder(value[member])
                elif not optional:
                    raise ShapeError(": missing")
        except ShapeError as error:
            raise ShapeError(f".{member}{error}") from None
        return target(**known)

    return decode


def _at(where: str, decoder: Decoder, value: Any) -> Any:
    """Decode once more what went wrong, to say where."""
    try:
        return decoder(value)
    except ShapeError as error:
        raise ShapeError(where + str(error)) from None


def schema(target: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a type; dataclasses are collected in ``definitions``."""
    origin, args = get_origin(target), get_args(target)
    if target is Any:
        return {}
    if origin in (Union, types.UnionType):
        inner = schema(next(a for a in args if a is not type(None)), definitions)
        return {"anyOf": [inner, {"type": "null"}]}
    if origin is Literal or (isinstance(target, type) and issubclass(target, StrEnum)):
        return {"enum": sorted(str(a) for a in (args or tuple(target)))}
    if origin is tuple:
        return {"type": "array", "items": schema(args[0], definitions)}
    if origin is Mapping:
        return {"type": "object", "additionalProperties": schema(args[1], definitions)}
    if target is Address:
        return {"type": "string", "pattern": "^[^/]+/[^/]+/[^/]+$"}
    if target is datetime:
        return {"type": "string", "format": "date-time", "pattern": "Z$"}
    if is_dataclass(target):
        return _define(target, definitions)
    return {"type": {str: "string", int: "integer", float: "number", bool: "boolean"}[target]}


def _define(target: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    name = target.__name__
    if name not in definitions:
        definitions[name] = {}
        hints = get_type_hints(target)
        definitions[name] = {
            "description": (target.__doc__ or "").strip(),
            "type": "object",
            "properties": {camel(f.name): schema(hints[f.name], definitions) for f in _fields(target)},
            "required": [camel(f.name) for f in _fields(target) if not f.metadata.get("optional")],
        }
    return {"$ref": f"#/$defs/{name}"}
