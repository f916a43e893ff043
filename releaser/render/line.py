"""Lines of styled pieces: printed plain, or with colours where somebody asked for them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from releaser.render.escape import safe


@dataclass(frozen=True, slots=True)
class Piece:
    """Some text in one style (a rich style, or empty). The text is made safe when it is printed."""

    text: str
    style: str = ""


Line = tuple[Piece, ...]


def line(*pieces: str | Piece) -> Line:
    """A line; strings are pieces without a style."""
    return tuple(Piece(p) if isinstance(p, str) else p for p in pieces)


def plain_text(lines: Iterable[Line]) -> str:
    """Without colours, one final newline."""
    return "".join("".join(safe(p.text) for p in found).rstrip() + "\n" for found in lines)


def coloured_text(lines: Iterable[Line]) -> str:
    """With ANSI colours, made by rich; the content brings none of its own."""
    import io

    from rich.console import Console
    from rich.text import Text

    out = io.StringIO()
    console = Console(
        file=out, force_terminal=True, color_system="standard", no_color=False, width=100_000, highlight=False
    )
    for found in lines:
        text = Text()
        for piece in found:
            text.append(safe(piece.text), style=piece.style or None)
        text.rstrip()
        console.print(text, soft_wrap=True)
    return out.getvalue()
