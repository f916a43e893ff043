"""AWS's patterns, which are Java's, for Python."""

from __future__ import annotations

import re
from functools import lru_cache

_PROPERTIES = {"L": r"[^\W\d_]", "N": r"\d", "Z": r"\s"}
# Control and format characters, the part of \p{C} that people can type.
_CONTROL = r"\x00-\x1f\x7f-\x9f\xad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff"


@lru_cache(maxsize=4096)
def translate(pattern: str) -> re.Pattern[str] | None:
    """A Java pattern for ``fullmatch``; None where Python cannot say it, and the rule is then skipped."""
    java_only = r"\p{" in pattern or r"\P{" in pattern
    text = pattern
    if java_only:
        text = text.replace(r"[^\p{C}]", f"[^{_CONTROL}]")
        outside = re.sub(r"\[(?:\\.|[^\]\\])*\]", lambda m: "\0" * len(m.group()), text)
        if any(text[i : i + 3] in (r"\p{", r"\P{") for i in range(len(text)) if outside[i] == "\0"):
            return None  # a property inside a class has no counterpart
        text = re.sub(r"\\p\{(\w)\}", lambda m: _PROPERTIES.get(m.group(1), m.group()), text)
    try:
        # Java's \d, \w and \s are ASCII unless told otherwise.
        return re.compile(text, 0 if java_only else re.ASCII)
    except (re.error, OverflowError):
        return None
