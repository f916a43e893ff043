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
    mine, theirs = pattern.split(":", _ARN_FIELDS - 1), arn.split(":", _ARN_FIELDS - 1)
    if len(theirs) != _ARN_FIELDS:
        return glob(pattern, arn)
    mine += ["*"] * (_ARN_FIELDS - len(mine))
    return all(glob(field, other) for field, other in zip(mine, theirs, strict=True))


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    wild = {"*": ".*", "?": "."}
    parts = (wild.get(character) or re.escape(_BACK.get(character, character)) for character in pattern)
    return re.compile("".join(parts), re.DOTALL)
