"""Colours that everybody can read: WCAG 2.2, contrast (minimum), computed from the style itself."""

from __future__ import annotations

import re

import pytest

from releaser.render.site.style import SITE_STYLE

ROOTS = re.findall(r":root\{([^}]*)\}", SITE_STYLE)[:2]
THEMES = [dict(re.findall(r"--([a-z]+):(#[0-9a-f]{6})", block)) for block in ROOTS]


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", THEMES, ids=["light", "dark"])
def test_text_stands_out_from_every_ground(theme: dict[str, str]) -> None:
    inks, grounds = ("ink", "soft", "accent", "good", "care", "bad"), ("ground", "paper", "wash")
    pairs = [(ink, ground) for ink in inks for ground in grounds]
    pairs += [("bad", "gone"), ("good", "come"), ("paper", "accent")]
    for ink, ground in pairs:
        assert contrast(theme[ink], theme[ground]) >= 4.5, (ink, ground)


def test_both_themes_name_the_same_colours() -> None:
    assert len(THEMES) == 2 and THEMES[0].keys() == THEMES[1].keys()
