"""Patterns of policies: ``*`` is any text, ``?`` one character, nothing else is special; ``${key}`` is a variable.

Source: IAM user guide, "Policy elements: Resource" (an ARN is matched field by field, a field left out is ``*``; the
last field may hold colons) and "Variables and tags" (``${*}``, ``${?}`` and ``${$}`` are the characters themselves).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

Context = Mapping[str, tuple[str, ...]]
"""What is known of a request: values by condition key in lower case. A key without values is not there."""

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_LITERAL = {"*": "\ue000", "?": "\ue001", "$": "$"}
"""How characters that a variable brought in are told from wildcards until the pattern is matched."""
_BACK = {"\ue000": "*", "\ue001": "?"}
_ARN_FIELDS = 6


def expand(pattern: str, context: Context) -> str | None:
    """The pattern with its variables filled in; None when one has no value, or several: it matches nothing then."""
    if "${" not in pattern:
        return pattern
    missing = False

    def value(found: re.Match[str]) -> str:
        nonlocal missing
        name, _, default = (part.strip() for part in found[1].partition(","))
        if name in _LITERAL:
            return _LITERAL[name]
        values = context.get(name.lower(), ())
        if len(values) != 1 and not default:
            missing = True
            return ""
        text = values[0] if len(values) == 1 else default.strip("'")
        return text.replace("*", _LITERAL["*"]).replace("?", _LITERAL["?"])

    filled = _VARIABLE.sub(value, pattern)
    return None if missing else filled


def plain(pattern: str) -> str:
    """An expanded pattern as the text that it is where there are no wildcards."""
    return "".join(_BACK.get(character, character) for character in pattern)


def glob(pattern: str, text: str) -> bool:
    """Whether an expanded pattern matches the whole text."""
    return _compiled(pattern).fullmatch(text) is not None


def same_arn(pattern: str, arn: str) -> bool:
    """Whether a pattern of an ARN matches one, field by field; ``*`` alone matches everything."""
    if pattern == "*":
        return True
    if arn.count(":") < _ARN_FIELDS - 1:
        return glob(pattern, arn)
    return _compiled_arn(pattern).fullmatch(arn) is not None


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(_regex(pattern, "."), re.DOTALL)


@lru_cache(maxsize=4096)
def _compiled_arn(pattern: str) -> re.Pattern[str]:
    """One expression for all fields: in all but the last a wildcard stops at a colon."""
    *fields, last = (pattern.split(":", _ARN_FIELDS - 1) + ["*"] * _ARN_FIELDS)[:_ARN_FIELDS]
    return re.compile(":".join([*(_regex(field, "[^:]") for field in fields), _regex(last, ".")]), re.DOTALL)


def _regex(pattern: str, one: str) -> str:
    """``one``: what a single character is."""
    wild = {"*": f"{one}*", "?": one}
    return "".join(wild.get(character) or re.escape(_BACK.get(character, character)) for character in pattern)
