"""Text from elsewhere made harmless for where it is printed: a terminal, Markdown, a table cell, a code block."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape

from releaser.render.acting_words import Atom, atoms, joined

# Controls of both sets, soft hyphen, zero-width and direction marks, line and paragraph separators, tags, and lone
# surrogates: what moves the cursor, hides text or reorders it.
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)
_NAMED = {"\n": "\\n", "\t": "\\t", "\r": "\\r", "\x1b": "\\e"}


def safe(text: str) -> str:
    """One line without a character that acts on a terminal: each becomes its visible escape."""
    return _UNSEEN.sub(_visible, text)


def _visible(found: re.Match[str]) -> str:
    char = found.group()
    return _NAMED.get(char) or (f"\\x{ord(char):02x}" if ord(char) < 0x100 else f"\\u{{{ord(char):x}}}")


def prose(text: str) -> str:
    """Markdown that shows this text inside a line: no markup, HTML, link, mention or reference comes of it."""
    return whole(marked(atoms(safe(text))))


def marked(found: Iterable[Atom], *, cell: bool = False) -> str:
    """Markdown that shows these atoms and nothing else, once something stands before it in its line."""
    return "".join(_code(text, cell) if is_code else _plain(text) for text, is_code in joined(found))


def whole(line: str) -> str:
    """The same as a line of its own."""
    return edged(_begun(line))


def edged(line: str) -> str:
    """The same where blanks at its ends would be lost: in a cell."""
    return _EDGE.sub(lambda blank: f"&#{ord(blank.group())};", line)


_EDGE = re.compile(r"^\s|\s$")
"""Blanks there would be lost, or break the line."""
_BEGINS = re.compile(r"(?=[-+=:/>~#])|(?<=\d)(?=[.)](\s|$))")


def _begun(line: str) -> str:
    """The line, which begins no list, quote, heading, description or quick action."""
    start = re.match(r"\d*", line)
    at = _BEGINS.match(line, start.end() if start else 0)
    return (
        f"{line[: at.start()]}\\{line[at.start() :]}" if at and (at.start() == 0 or line[at.start()] in ".)") else line
    )


def _plain(text: str) -> str:
    """A bar is an entity: a backslash before it is read twice in a table."""
    return re.sub(r"[\\`*\[\]<&#]", r"\\\g<0>", text).replace("|", "&#124;")


def html(text: str) -> str:
    """Text between HTML tags, where Markdown is not read, and GitLab looks for mentions all the same."""
    return "".join(
        f"<code>{escape(part, quote=True)}</code>" if is_code else escape(part, quote=True)
        for part, is_code in joined(atoms(safe(text)))
    )


def code(text: str, *, cell: bool = False) -> str:
    """An inline code span that this text cannot end. ``cell``: inside a table, where a bar would end the cell."""
    return marked([Atom(safe(text) or " ", True)], cell=cell)


def _code(text: str, cell: bool) -> str:
    if cell and "|" in text:
        return "&#124;".join(marked([Atom(part, True)]) for part in text.split("|"))
    return _span(text)


def _span(shown: str) -> str:
    if not shown:
        return ""
    fence = "`" * (_longest_run(shown) + 1)
    is_stripped = shown.startswith(" ") and shown.endswith(" ") and shown.strip(" ")
    pad = " " if shown.startswith("`") or shown.endswith("`") or is_stripped else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def block(lines: list[str], language: str = "") -> list[str]:
    """A fenced block that these lines cannot end."""
    shown = [safe(line) for line in lines]
    fence = "`" * max(3, _longest_run("\n".join(shown)) + 1)
    return [f"{fence}{language}", *shown, fence]


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall(r"`+", text)), default=0)
