"""Content never acts on what it is printed to."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from releaser.core.word_diff import word_diff
from releaser.render.escape import block, code, html, prose, safe
from releaser.render.line import Piece, coloured_text, line, plain_text
from releaser.render.text import diff_lines

NASTY = st.text(st.sampled_from("`~@<>|*_[]()!#$&\\/:{}+- ab1\n\t\x1b\x07\u202e\u200b\u2028\ud800"), max_size=60)
ANY = st.one_of(NASTY, st.text(max_size=60))


@given(ANY)
def test_nothing_that_acts_on_a_terminal_is_left(text: str) -> None:
    shown = safe(text)
    assert shown.isprintable() or not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e]", shown)
    assert "\n" not in shown
    assert safe(shown) == shown


@given(st.lists(ANY, max_size=6))
def test_a_block_ends_where_we_end_it(lines: list[str]) -> None:
    found = block(lines, "diff")
    fence = found[-1]
    assert len(found) == len(lines) + 2 and re.fullmatch(r"`{3,}", fence)
    # CommonMark: a closing fence is a line of at least as many backticks and nothing else.
    assert not any(re.fullmatch(rf" {{0,3}}`{{{len(fence)},}}\s*", inner) for inner in found[1:-1])


@given(ANY)
def test_a_code_span_ends_where_we_end_it(text: str) -> None:
    found = code(text)
    fence = re.match(r"`+", found)
    assert fence is not None
    inner = found[len(fence.group()) : -len(fence.group())]
    assert found.endswith(fence.group()) and fence.group() not in re.findall(r"`+", inner)
    assert "\n" not in found


@given(ANY)
def test_prose_has_no_markup(text: str) -> None:
    found = prose(text)
    assert "<" not in found
    assert not re.search(r"@\w", found) and "@" not in found
    assert not re.search(r"(?<!\\)(?:\\\\)*[`*\[\]|~]", found)
    assert "://" not in found


@given(ANY)
def test_html_has_no_tags(text: str) -> None:
    assert not re.search(r'[<>"@]', html(text))


@given(ANY, ANY)
def test_a_word_diff_gives_both_texts_back(before: str, after: str) -> None:
    pieces = word_diff(before, after)
    assert "".join(p.text for p in pieces if p.change != "added") == before
    assert "".join(p.text for p in pieces if p.change != "removed") == after
    assert all(p.text for p in pieces)
    diff_lines(pieces)


def test_a_word_diff_of_huge_texts_ends() -> None:
    before, after = ("\n".join(f"{sign} line {i} of many words" for i in range(20_000)) for sign in "ab")
    assert len(word_diff(before, after)) >= 2


@given(ANY)
def test_colours_are_ours_alone(text: str) -> None:
    lines = [line("x ", Piece(text, "bold red"))]
    bare = re.sub(r"\x1b\[[0-9;]*m", "", coloured_text(lines))
    assert bare.rstrip() == plain_text(lines).rstrip()
    assert "\x1b" not in plain_text(lines)
