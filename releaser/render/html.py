"""The one door for HTML: elements that text cannot leave, and whole pages that load nothing and run nothing.

What is not ``Markup`` is text and is escaped. A page carries its style and a Content-Security-Policy that allows
that very style by its digest, and nothing else: no script, no request, no form.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import TypeAlias

from releaser.render.escape import safe

# What HTML knows by itself, and SVG's shapes: an element that loads or runs something is no element of ours.
_ELEMENTS = frozenset(
    re.findall(
        r"\w+",
        """a abbr article aside b br caption circle code col colgroup dd del desc details div dl dt em footer g h1 h2 h3
        h4 header hr ins li line main mark nav ol p path polyline pre rect section small span strong sub summary sup
        svg table tbody td text tfoot th thead time title tr ul wbr""",
    )
)
_VOID = frozenset({"br", "col", "hr", "wbr"})
_ATTRIBUTE = re.compile(r"(?!on)[a-z][a-zA-Z0-9-]*")
_WEB = re.compile(r"https?://[^\s/?#]+\.?[^\s]*")
_OWN = re.compile(r"(?!//)(?:[A-Za-z0-9._~%/-]+|(?=#))(?:#[A-Za-z0-9._~%-]+)?")
_SPECIAL = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})


class Markup(str):
    """HTML that is finished. Adding plain text to it gives plain text again, which would be escaped."""

    __slots__ = ()


Child: TypeAlias = "str | Markup | Iterable[Child] | None"


def escape(text: str) -> Markup:
    """Text as it shows between tags and in attributes. What moves, hides or reorders text becomes its visible
    escape; a line feed stays."""
    return Markup(_escaped(text))


def _escaped(text: str) -> str:
    if not (text.isascii() and text.isprintable()):
        text = "\n".join(safe(line) for line in text.split("\n"))
    return text.translate(_SPECIAL)


def element(name: str, *children: Child, **attributes: str | bool | None) -> Markup:
    """``<name ...>children</name>``. ``class_`` is written ``class``, ``aria_label`` ``aria-label``; None and False
    leave an attribute out. Raises ValueError for an element or attribute that could load or run something, and for
    an address that is neither of this site nor http(s)."""
    begin = _begin(name, tuple(attributes.items()))
    if name in _VOID:
        return Markup(begin)
    parts = [begin]
    _put(parts, children)
    parts.append(f"</{name}>")
    return Markup("".join(parts))


def joined(*children: Child) -> Markup:
    """Children one after the other."""
    parts: list[str] = []
    _put(parts, children)
    return Markup("".join(parts))


def _put(parts: list[str], children: Iterable[Child]) -> None:
    for child in children:
        if type(child) is Markup:
            parts.append(child)
        elif isinstance(child, str):
            parts.append(_escaped(child))
        elif child is not None:
            _put(parts, child)


@lru_cache(maxsize=4096)
def _begin(name: str, attributes: tuple[tuple[str, str | bool | None], ...]) -> str:
    if name not in _ELEMENTS:
        raise ValueError(f"not an element of ours: {name!r}")
    return f"<{name}{''.join(_attribute(key, value) for key, value in attributes)}>"


def _attribute(key: str, value: str | bool | None) -> str:
    if value is None or value is False:
        return ""
    name = _attribute_name(key)
    if value is True:
        return f" {name}"
    if name == "href" and not (_OWN.fullmatch(value) or _WEB.fullmatch(value)):
        raise ValueError(f"not an address that may be linked to: {value!r}")
    return f' {name}="{_escaped(value)}"'


def _attribute_name(key: str) -> str:
    name = key.rstrip("_").replace("_", "-")
    if not _ATTRIBUTE.fullmatch(name) or name in ("style", "src", "srcset", "srcdoc", "action", "formaction"):
        raise ValueError(f"not an attribute of ours: {key!r}")
    return name


def link(text: str | Markup, address: str) -> Markup:
    """A link; the text alone where the address is neither http(s) nor of this site: it came from elsewhere."""
    if _WEB.fullmatch(address):
        return element("a", text, href=address, rel="noopener noreferrer external")
    if _OWN.fullmatch(address):
        return element("a", text, href=address)
    return joined(text)


def page(
    title: str,
    body: Child,
    *,
    style: str = "",
    stylesheet: str = "",
    language: str = "en",
) -> str:
    """A whole document with one final newline. ``style``: CSS, inside the page; ``stylesheet``: the relative address
    of a file with it. Both are ours, never content."""
    if stylesheet and not _OWN.fullmatch(stylesheet):
        raise ValueError(f"not a stylesheet of ours: {stylesheet!r}")
    if "</" in style:
        raise ValueError("a style cannot end itself")
    sheet = f'<link rel="stylesheet" href="{stylesheet}">\n' if stylesheet else ""
    inside = f"<style>{style}</style>\n" if style else ""
    return (
        f'<!doctype html>\n<html lang="{escape(language)}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_policy(style, bool(stylesheet))}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(title)}</title>\n{sheet}{inside}</head>\n<body>\n{joined(body)}\n</body>\n</html>\n"
    )


@lru_cache(maxsize=16)
def _policy(style: str, has_sheet: bool) -> str:
    """A file's origin is opaque, so that 'self' need not match beside it (CSP 3, 6.7.2.8): ``file:`` says it."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    allowed = [f"'sha256-{digest}'"] * bool(style) + ["'self' file:"] * has_sheet
    return f"default-src 'none'; style-src {' '.join(allowed) or chr(39) + 'none' + chr(39)}; " + (
        "base-uri 'none'; form-action 'none'"
    )
