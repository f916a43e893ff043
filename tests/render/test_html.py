"""HTML is made by one module, and nothing that stands in content becomes an element, an attribute or a request."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releaser.render.html import Markup, element, escape, joined, link, page

NASTY = st.text(st.sampled_from("<>&\"'/=!-` ab1\n\t\x1b\x00\u202e\u200b\ud800"), max_size=40)
ANY = st.one_of(NASTY, st.text(max_size=40))


class Seen(HTMLParser):
    """Elements, attributes and text of a document, as a browser would take them apart."""

    def __init__(self, document: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(document)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@given(ANY, ANY)
def test_text_and_attributes_are_what_was_given(text: str, title: str) -> None:
    seen = Seen(element("p", text, title=title))
    assert [name for name, _ in seen.tags] == ["p"]
    assert set(seen.tags[0][1]) == {"title"}
    if text.isprintable():
        assert seen.text == text
    if title.isprintable():
        assert seen.tags[0][1]["title"] == title


@given(ANY)
def test_no_character_acts(text: str) -> None:
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\ud800-\udfff]", escape(text))


@given(ANY)
def test_a_page_says_no_more_than_it_was_told(text: str) -> None:
    seen = Seen(page(text, element("main", text), style="p{color:red}"))
    known = ["html", "head", "meta", "meta", "meta", "meta", "meta", "title", "style", "body", "main"]
    assert [name for name, _ in seen.tags] == known


@given(ANY)
def test_a_link_leads_to_the_web_or_nowhere(address: str) -> None:
    found = link("x", address)
    assert found == "x" or re.match(r'<a href="(?!//)[^:"]*(#[^"]*)?">|<a href="https?://', found)


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "data:text/html,x", "//evil.example", " https://a", "JAVASCRIPT:x", "a b", ""]
)
def test_other_addresses_are_text(address: str) -> None:
    assert link("there", address) == "there"
    with pytest.raises(ValueError, match="not an address"):
        element("a", "there", href=address)


@pytest.mark.parametrize("address", ["https://example.com/a?b=c&d#e", "../a/b.html", "index.html#r3", "#top"])
def test_own_addresses_and_the_web_are_linked(address: str) -> None:
    assert dict(Seen(link("there", address)).tags[0][1])["href"] == address


@pytest.mark.parametrize("name", ["script", "img", "iframe", "style", "form", "object", "p onclick"])
def test_elements_that_load_or_run_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="element"):
        element(name)


@pytest.mark.parametrize("key", ["onclick", "style", "src", "srcdoc", "x y"])
def test_attributes_that_load_or_run_are_refused(key: str) -> None:
    with pytest.raises(ValueError, match="attribute"):
        element("p", **{key: "x"})


def test_children_may_be_nested_and_left_out() -> None:
    rows = (element("li", n) for n in ("a", "<b>"))
    assert element("ul", rows, None, class_="x", hidden=True, lang=None) == (
        '<ul class="x" hidden><li>a</li><li>&lt;b&gt;</li></ul>'
    )
    assert joined(Markup("<br>") + "<i>") == "&lt;br&gt;&lt;i&gt;"
