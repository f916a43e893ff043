"""Does a document have the shape of its model? pydantic's findings in our words, at places of the
document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from releaser.core.kind import Problem
from releaser.core.manifest import PLANNED_SECTIONS
from releaser.core.suggest import did_you_mean
from releaser.core.values import Path
from releaser.core.wording import clip, named

AT_KEY = frozenset({"E201", "E206", "E212", "E403"})
"""Codes whose problem is the key, not the value."""


def conform(model: type[BaseModel], data: Any, at: Path = ()) -> list[Problem]:
    """Everything in ``data`` that the model refuses; ``at`` is where ``data`` stands in its document."""
    try:
        model.model_validate(data)
    except ValidationError as error:
        found = [_problem(model, data, details, at) for details in error.errors(include_url=False)]
        return list(_first_at_each_place(found))
    return []


def _first_at_each_place(problems: Iterable[Problem]) -> Iterator[Problem]:
    """A union complains once for each of its branches: one is enough."""
    seen: set[tuple[str, Path]] = set()
    for problem in problems:
        key = (problem.code, problem.path)
        if problem.code == "E202" or key not in seen:
            seen.add(key)
            yield problem


def _problem(model: type[BaseModel], data: Any, details: ErrorDetails, at: Path) -> Problem:
    loc = details["loc"]
    path, value = _place(data, loc)
    kind = details["type"]
    here = (*at, *path)
    if kind == "missing":
        return Problem("E202", f"{loc[-1]!r} is missing", here)
    if kind == "extra_forbidden":
        return _unknown(model, path, here)
    if loc and loc[-1] == "[key]":
        plain = "(-[" in str(details.get("ctx", {}).get("pattern"))
        hint = "letters and digits, single hyphens between them, at most 40" if plain else ""
        return Problem("E212", f"{clip(str(path[-1]))!r} cannot be a name here", here, hint)
    if kind == "literal_error":
        return _not_among(model, path, value, here)
    if kind.endswith("_type") or kind in ("int_from_float", "bool_parsing", "model_attributes_type"):
        return Problem(
            "E203", f"must be {_WANTED.get(kind, 'of another type')}, not {named(value)}", here, _hint(kind, value)
        )
    if kind[0] == "E" and kind[1:].isdigit():
        return Problem(kind, details["msg"], here)
    return Problem("E205", _unfit(details, value), here)


_WANTED: Mapping[str, str] = {
    "string_type": "a text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "tuple_type": "a list",
    "list_type": "a list",
    "date_type": "a day, as 2026-12-20",
    "date_from_datetime_parsing": "a day, as 2026-12-20",
}


def _hint(kind: str, value: Any) -> str:
    if kind == "string_type" and isinstance(value, int | float):
        return f'quote it: "{str(value).lower() if isinstance(value, bool) else value}"'
    return ""


def _place(data: Any, loc: tuple[int | str, ...]) -> tuple[Path, Any]:
    """pydantic's location without what is not in the data: tags of unions, ``[key]``, the missing member."""
    path: list[str | int] = []
    for part in loc:
        inside = part in data if isinstance(data, Mapping) else _is_index(data, part)
        if inside:
            path.append(part)
            data = data[part]
    return tuple(path), data


def _is_index(data: Any, part: int | str) -> bool:
    return isinstance(data, list | tuple) and isinstance(part, int) and part < len(data)


def _unknown(model: type[BaseModel], path: Path, here: Path) -> Problem:
    name = str(path[-1])
    if here == ("spec", name) and name in PLANNED_SECTIONS:
        return Problem("E206", f"{name} is not supported by this version", here, "remove the section for now")
    known = _fields(model, path[:-1])
    return Problem("E201", f"there is no field {clip(str(name))!r} here", here, did_you_mean(name, known))


def _not_among(model: type[BaseModel], path: Path, value: Any, here: Path) -> Problem:
    allowed = [str(a) for a in _literals(_descend(model, path))]
    if not isinstance(value, str):
        return Problem("E203", f"must be a text, not {named(value)}", here, f"one of {', '.join(allowed)}")
    message = f"{clip(str(value))!r} is not one of {', '.join(allowed)}"
    if here == ("apiVersion",):
        return Problem("E207", f"apiVersion must be {allowed[0]}, not {clip(str(value))!r}", here)
    if here == ("kind",):
        return Problem("E208", f"kind must be {allowed[0]}, not {clip(str(value))!r}", here)
    hint = did_you_mean(str(value), allowed)
    return Problem("E204", message, here, hint if hint.startswith("did") else "")


def _unfit(details: ErrorDetails, value: Any) -> str:
    context = details.get("ctx", {})
    match details["type"]:
        case "string_pattern_mismatch":
            return f"{clip(str(value))!r} does not match {context.get('pattern')}"
        case "string_too_short" | "too_short":
            return (
                "must not be empty" if context.get("min_length") == 1 else f"needs at least {context.get('min_length')}"
            )
        case "string_too_long" | "too_long":
            return f"may have at most {context.get('max_length')}"
        case "greater_than_equal" | "greater_than":
            return f"{value} is too small; the least is {context.get('ge', context.get('gt'))}"
        case "less_than_equal" | "less_than":
            return f"{value} is too large; the most is {context.get('le', context.get('lt'))}"
        case "date_from_datetime_parsing" | "date_parsing" | "date_from_datetime_inexact":
            return f"{clip(str(value))!r} is not a day, as 2026-12-20"
        case _:
            return str(details["msg"])


def _fields(model: type[BaseModel], path: Path) -> list[str]:
    """Names of the fields that may stand at a place."""
    found = _descend(model, path)
    if isinstance(found, type) and issubclass(found, BaseModel):
        return [info.alias or name for name, info in found.model_fields.items()]
    return []


def _descend(annotation: Any, path: Path) -> Any:
    annotation = _bare(annotation)
    for part in path:
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            by_name = {info.alias or name: info for name, info in annotation.model_fields.items()}
            if part not in by_name:
                return None
            annotation = _bare(by_name[str(part)].annotation)
        elif get_origin(annotation) in (dict, tuple, list):
            arguments = get_args(annotation)
            annotation = _bare(arguments[1] if get_origin(annotation) is dict else arguments[0])
        else:
            return None
    return annotation


def _bare(annotation: Any) -> Any:
    """Without ``Annotated`` and ``| None``."""
    while True:
        if get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
        elif get_origin(annotation) in (Union, UnionType):
            some = [a for a in get_args(annotation) if a is not type(None)]
            if len(some) != 1:
                return annotation
            annotation = some[0]
        else:
            return annotation


def _literals(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation)
