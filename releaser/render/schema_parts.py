"""What schemas of our formats are made of: objects that hold exactly their members, maps, lists."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def closed(required: tuple[str, ...] | None = None, /, **members: Schema) -> Schema:
    """An object of exactly these members; ``required``: those that must be there, default all."""
    return {
        "type": "object",
        "properties": members,
        "required": list(members if required is None else required),
        "additionalProperties": False,
    }


def mapped(item: Schema) -> Schema:
    """An object whose members are all of one kind."""
    return {"type": "object", "additionalProperties": item}


def listed(item: Schema) -> Schema:
    """A list."""
    return {"type": "array", "items": item}
