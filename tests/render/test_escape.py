"""Content never acts on what it is printed to."""

from __future__ import annotations

import re
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st
from world.gitlab_markdown import read_html, rendered

from releaser.core.word_diff import word_diff
from releaser.render.document import Bullet, Bullets, Span, Table, code, strong
from releaser.render.document_markdown import markdown
from releaser.render.escape import block, html, prose, safe
from releaser.render.escape import code as code_span
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
    found = code_span(text)
    fence = re.match(r"`+", found)
    assert fence is not None
    inner = found[len(fence.group()) : -len(fence.group())]
    assert found.endswith(fence.group()) and fence.group() not in re.findall(r"`+", inner)
    assert "\n" not in found


@given(ANY, st.sampled_from(["", "> ", "- ", "> - ", "1. ", "# "]))
def test_prose_is_read_as_exactly_this_text_and_does_nothing(text: str, before: str) -> None:
    found = rendered(before + prose(text))
    assert found.text.replace("\n", "") == safe(text) and found.acting == []
    assert set(found.tags) <= {"p", "code", "blockquote", "ul", "ol", "li", "h1"}


PARTS = st.lists(st.tuples(ANY, st.sampled_from([str, code, strong])), min_size=1, max_size=4)


@given(PARTS, PARTS)
def test_parts_and_cells_are_read_as_exactly_their_texts(
    one: list[tuple[str, Callable[[str], str | Span]]], two: list[tuple[str, Callable[[str], str | Span]]]
) -> None:
    texts = ["".join(safe(text) for text, _ in parts) for parts in (one, two)]
    cells = tuple(tuple(style(text) for text, style in parts) for parts in (one, two))
    found = rendered(markdown((Table("", ("a", "b"), (cells, cells[::-1])), Bullets((Bullet(cells[0]),)))))
    assert [c.replace("**", "") for c in found.cells] == [
        "a",
        "b",
        *(t.replace("**", "") for t in (*texts, *texts[::-1])),
    ]
    assert found.acting == []
    assert set(found.tags) <= {"table", "thead", "tbody", "tr", "th", "td", "code", "strong", "ul", "li"}


@given(ANY)
def test_html_is_read_as_exactly_this_text(text: str) -> None:
    found = read_html(html(text))
    assert found.text == safe(text) and set(found.tags) <= {"code"} and found.acting == []


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
