"""Bodies of any shape that AWS accepts, made from its own service model."""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import strategies as st

from releaser.core.shapes import Shape

MARK = "Sphinx of black quartz"
ARN = "arn:aws:bedrock:eu-central-1:111111111111:inference-profile/eu.model"

_numbers = itertools.count()


def secret() -> st.SearchStrategy[str]:
    """Free text that nothing else contains; with what breaks paths and lines."""
    tail = st.text(st.sampled_from("ab].[\n`{\"'\\é"), max_size=6)
    return st.builds(lambda t: f"{MARK} {next(_numbers)}{t}", tail)


def bodies(shape: Shape, depth: int = 0) -> st.SearchStrategy[Any]:
    """Anything of this shape, every text of it a secret unless AWS makes it an enum or an ARN."""
    if shape.is_document:
        return st.dictionaries(secret(), st.one_of(secret(), st.integers(0, 9)), max_size=2)
    match shape.type:
        case "structure":
            members = {k: bodies(v, depth + 1) for k, v in shape.members.items() if depth < 9}
            if shape.is_union:
                return st.one_of(*(v.map(lambda x, k=k: {k: x}) for k, v in members.items()))
            required = {k: v for k, v in members.items() if k in shape.required}
            optional = {k: v for k, v in members.items() if k not in shape.required}
            return st.fixed_dictionaries(required, optional=optional)
        case "list":
            return st.lists(bodies(shape.member, depth + 1), min_size=1, max_size=2)
        case "map":
            return st.dictionaries(secret(), bodies(shape.value, depth + 1), max_size=2)
        case "boolean":
            return st.booleans()
        case "string":
            return _texts(shape)
        case "blob" | "timestamp":
            return secret()
        case _:
            return st.integers(0, 1)


def _texts(shape: Shape) -> st.SearchStrategy[str]:
    if shape.enum:
        return st.sampled_from(shape.enum)
    return st.just(ARN) if "arn" in (shape.pattern or "") else secret()
