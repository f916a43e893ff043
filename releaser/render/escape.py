"""Text from elsewhere made harmless for where it is printed: a terminal, Markdown, a table cell, a code block."""

from __future__ import annotations

import re

# Controls of both sets, soft hyphen, zero-width and direction marks, line and paragraph separators, tags, and lone
# surrogates: what moves the cursor, hides text or reorders it.
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)
# What begins something inside a line of GitLab's or GitHub's Markdown: code, emphasis, links, strikes, cells, inline
# diffs, references to issues, merge requests, milestones and labels.
_INLINE = re.compile(r"[\\`*\[\]|~]|(?<!\w)_|_(?!\w)|[#!%$](?=[\w\"`])|\{(?=[+-])|(?<=:)//|(?<=www)\.")
_NAMED = {"\n": "\\n", "\t": "\\t", "\r": "\\r", "\x1b": "\\e"}


def safe(text: str) -> str:
    """One line without a character that acts on a terminal: each becomes its visible escape."""
    return _UNSEEN.sub(_visible, text)


def _visible(found: re.Match[str]) -> str:
    char = found.group()
    return _NAMED.get(char) or (f"\\x{ord(char):02x}" if ord(char) < 0x100 else f"\\u{{{ord(char):x}}}")


def prose(text: str) -> str:
    """Markdown that shows this text inside a line: no markup, HTML, link, mention or reference comes of it."""
    escaped = safe(text).replace("&", "&amp;").replace("<", "&lt;")
    escaped = _INLINE.sub(lambda found: f"\\{found.group()}", escaped)
    # An entity is decoded before mentions are looked for; what separates the sign from the name is a word joiner.
    return escaped.replace("@", "&#64;&#8288;")


def html(text: str) -> str:
    """Text between HTML tags, where Markdown is not read."""
    escaped = safe(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    return escaped.replace("@", "&#64;&#8288;")


def code(text: str, *, cell: bool = False) -> str:
    """An inline code span that this text cannot end. ``cell``: inside a table, where a bar would end the cell."""
    shown = safe(text) or " "
    fence = "`" * (_longest_run(shown) + 1)
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    if cell:
        shown = shown.replace("|", "\\|")
    return f"{fence}{pad}{shown}{pad}{fence}"


def block(lines: list[str], language: str = "") -> list[str]:
    """A fenced block that these lines cannot end."""
    shown = [safe(line) for line in lines]
    fence = "`" * max(3, _longest_run("\n".join(shown)) + 1)
    return [f"{fence}{language}", *shown, fence]


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall(r"`+", text)), default=0)
