"""The catalogue of codes, for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from textwrap import fill, indent

from releaser.core.diagnostic import Code


def explanation(code: Code) -> str:
    """One code in full."""
    return "\n".join(_parts(code)) + "\n"


def _parts(code: Code) -> Iterator[str]:
    yield f"{code.code}: {code.title}"
    yield ""
    yield fill(code.explanation, 100)
    if code.example:
        yield ""
        yield "Example:"
        yield indent(code.example, "    ")
    if code.waivable:
        yield ""
        yield "It can be waived at one place, with a reason, in the manifest:"
        yield f"    waivers: [{{rule: {code.code}, at: guardrails.main.kmsKeyId, reason: why AWS accepts it}}]"


def overview(areas: Mapping[str, Sequence[Code]]) -> str:
    """Every code with its title."""
    lines = []
    for area, codes in areas.items():
        lines += ["", area, *(f"  {code.code}  {code.title}" for code in codes)]
    return "\n".join(lines[1:]) + "\n"
