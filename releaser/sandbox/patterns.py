"""Regular expressions of the service models, which are Java's, in Python's."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from functools import lru_cache

_CLASSES = {"L": r"\w", "N": r"\d", "Z": r"\s", "P": r"!-/:-@\[-`{-~", "S": r"$+<=>^`|~", "M": r"\w"}


@lru_cache(maxsize=2048)
def full_match(pattern: str) -> Callable[[str], object] | None:
    """A predicate for Java's ``matches()`` (the whole value), or None where Python cannot say.

    Java's ``\\w``, ``\\d`` and ``\\s`` are ASCII; its ``\\p{L}`` and kin are not, and come close enough.
    """
    text = re.sub(r"\\p\{(?:Is)?([A-Z])[a-z]?\}", lambda m: _CLASSES.get(m[1], r"\w"), pattern)
    text = text.replace(r"\u10000-\u10FFFF", r"\U00010000-\U0010FFFF")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return re.compile(text, 0 if text != pattern else re.ASCII).fullmatch
    except re.error:
        return None
