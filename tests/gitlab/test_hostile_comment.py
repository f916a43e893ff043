"""Whatever stands in prompts, answers and names, a comment shows it, and nothing of it acts."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from world.gitlab_markdown import rendered
from world.hostile_comment import ARTIFACTS, situation
from world.hostile_texts import GITLAB, HTML, MARKDOWN, TEXTS, UNSEEN

from releaser.render.escape import safe
from releaser.render.merge_request.comment import LARGEST, comment
from releaser.render.merge_request.view import LONGEST

ALL = 10_000_000
ALLOWED = set(
    re.findall(r"\w+", "h2 h3 p strong ul li table thead tbody tr th td code pre blockquote details summary a")
)
FRAGMENTS = st.sampled_from([*"\n\r\t `~#|<>[](){}*_-+=/\\!&$%^@:.1a\"'", "```", "-->", "</", "/merge", "://", "[toc]"])


def check(text: str) -> None:
    """Only our elements, our one link and our two marks; nothing that GitLab would act on; the text is there."""
    body = comment(situation(text), largest=ALL)
    found = rendered(body)
    assert set(found.tags) <= ALLOWED
    assert {(tag, value) for tag, name, value in found.attributes} <= {("a", ARTIFACTS), ("code", "language-text")}
    assert found.tags.count("a") == 1
    assert found.acting == []
    assert len(found.comments) == 2 and found.comments[0] == " releaser:dev "
    assert found.comments[1].startswith(" releaser:reviewed {")
    assert not re.search(r"^/|^[ >*+-]*/[A-Za-z]", re.sub(r"(?s)(`{3,})text\n.*?\n *\1", "", body), re.MULTILINE)
    if 0 < len(text) <= LONGEST:
        assert safe(text) in [cell.removesuffix(" (critical)") for cell in found.cells]
    if text:  # what is empty changes nothing
        assert skeleton(found.tags) == skeleton(rendered(comment(situation("x"), largest=ALL)).tags)


def skeleton(tags: list[str]) -> list[str]:
    """The document's bones: how many pieces of a text are code says nothing of it."""
    return [tag for tag in tags if tag not in ("code", "pre")]


def test_there_are_enough() -> None:
    assert len(set(TEXTS)) == len(TEXTS) > 80
    assert min(len(HTML), len(MARKDOWN), len(GITLAB)) > 15


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_a_hostile_text_is_text(text: str) -> None:
    check(text)


@settings(max_examples=25)
@given(st.lists(st.one_of(FRAGMENTS, st.sampled_from([t for t in TEXTS if len(t) < 80])), max_size=12).map("".join))
def test_so_is_whatever_is_made_of_them(text: str) -> None:
    check(text)


@pytest.mark.parametrize("text", ["x", "@all /merge", *UNSEEN[7:11]], ids=range(6))
def test_what_is_too_long_is_left_out_by_whole_sections(text: str) -> None:
    whole = comment(situation(text), largest=ALL)
    for largest in (LARGEST, 6_000, 2_000):
        body = comment(situation(text), largest=largest)
        found = rendered(body)
        assert found.acting == [] and set(found.tags) <= ALLOWED
        assert "Refused" in found.text, "the verdict stays"
        if len(whole) <= largest:
            assert body == whole
        else:
            assert "Left out, because this would be too long" in found.text and ARTIFACTS in body
            assert len(body) <= max(largest, 2 * len(text) + 2_000)
