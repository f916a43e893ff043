"""AWS's words without what they quote: that may be the text of a prompt. Pure."""

from __future__ import annotations

import re

_QUOTED = 24
_LONGEST = 400


def without_content(message: str) -> str:
    """AWS quotes what it refuses, and that may be the text of a prompt: long quotations are left out."""
    for quote in "'\"`":
        message = _unquoted(message, quote)
    return shortened(message)


def shortened(message: str) -> str:
    """At most 400 characters."""
    return message if len(message) <= _LONGEST else message[: _LONGEST - 1] + "…"


def _unquoted(text: str, quote: str) -> str:
    """Quotes in pairs, apostrophes inside words apart. One without a partner quotes all that follows."""
    parts = re.split(rf"(?<!\w){quote}|{quote}(?!\w)", text)
    if len(parts) % 2 == 0:
        parts = [parts[0], quote.join(parts[1:]), ""]
    told = [f"{quote}{'…' if len(part) > _QUOTED else part}{quote}" if i % 2 else part for i, part in enumerate(parts)]
    return "".join(told)
