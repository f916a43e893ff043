"""What becomes of Markdown in GitLab: CommonMark with tables and strikes, then what GitLab's filters find in the HTML.

The filters are written after docs.gitlab.com (GitLab Flavored Markdown, quick actions) and the names of gitlabhq's
``lib/banzai/filter``: each is a pattern that is looked for in texts outside ``<code>``, ``<pre>`` and ``<a>``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

from markdown_it import MarkdownIt

_PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
_EMPTY = ("br", "hr", "img", "input", "meta", "link")
_LEAVES = ("code", "pre", "a")
FILTERS = {
    "person": r"(?<![\w`])@[\w.-]",
    "issue": r"#\d|GL-\d|\[(issue|work_item|epic|vulnerability|feature_flag|contact|cadence|wiki_page)[:\s]",
    "issue elsewhere": r"(?<![A-Za-z0-9_])[A-Za-z][A-Za-z0-9_]*-\d",
    "merge request": r"!\d",
    "epic": r"&\d",
    "snippet": r"\$\d",
    "label": r"~[\w\"'?&-]",
    "milestone": r"%[\w\"]",
    "alert": r"\^alert",
    "iteration": r"\*iteration:",
    "project": r"[\w.-]+/[\w./-]+>",
    "commit": r"(?<![0-9A-Za-z_])[0-9a-fA-F]{7,64}(?![0-9A-Za-z_])",
    "link": r"[a-z][a-z0-9+.-]*://\S|(?i:www\.\w)|[\w.+-]+@[\w-]+\.\w|mailto:\S+@",
    "emoji": r":[\w+-]+:",
    "math": r"\$[^\s$][^$]*\$|\$\$",
    "inline diff": r"\{\+.*?\+\}|\[\+.*?\+\]|\{-.*?-\}|\[-.*?-\]",
    "placeholder": r"%\{\w+\}",
    "footnote": r"\[\^",
    "wiki link": r"\[\[.*?\]\]",
    "attributes": r"^\{[:.#\w]",
}
COLOUR = re.compile(r"#([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})|(rgb|hsl)a?\(.*\)", re.IGNORECASE)
LANGUAGES = ("", "text", "diff")


@dataclass
class Page(HTMLParser):
    """HTML as a browser without scripts would have it: elements, texts, and what GitLab would make of these."""

    tags: list[str] = field(default_factory=list)
    attributes: list[tuple[str, str, str]] = field(default_factory=list)
    cells: list[str] = field(default_factory=list)
    text: str = ""
    comments: list[str] = field(default_factory=list)
    acting: list[str] = field(default_factory=list)
    _open: list[str] = field(default_factory=list)
    _said: list[str] = field(default_factory=list)
    _node: str = ""

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._end_node()
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in _EMPTY:
            self._open.append(tag)
            self._said.append("")
        if tag in ("td", "th"):
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        self._end_node()
        if tag in self._open:
            while self._open:
                closed, said = self._open.pop(), self._said.pop()
                if self._said:
                    self._said[-1] += said
                if closed == "code" and "pre" not in self._open and COLOUR.fullmatch(said.strip()):
                    self.acting.append(f"colour: {said}")
                if said.strip().casefold() == "[toc]" and "p" in (closed, *self._open):
                    self.acting.append(f"contents: {said}")
                if closed == tag:
                    break

    def handle_data(self, data: str) -> None:
        self.text += data
        self._node += data
        if self._said:
            self._said[-1] += data
        if "td" in self._open or "th" in self._open:
            self.cells[-1] += data

    def handle_comment(self, data: str) -> None:
        self._end_node()
        self.comments.append(data)

    def handle_decl(self, decl: str) -> None:
        self.tags.append(f"!{decl}")

    def handle_pi(self, data: str) -> None:
        self.tags.append(f"?{data}")

    def close(self) -> None:
        super().close()
        self._end_node()

    def _end_node(self) -> None:
        if not set(self._open) & set(_LEAVES):
            found = ((name, re.search(pattern, self._node)) for name, pattern in FILTERS.items())
            self.acting += [f"{name}: {match.group()}" for name, match in found if match]
        self._node = ""


def read_html(text: str) -> Page:
    """HTML, read."""
    page = Page()
    page.feed(text)
    page.close()
    return page


def html_of(text: str) -> str:
    """Markdown as HTML, before GitLab cleans it: nothing may have to be cleaned away."""
    return str(_PARSER.render(text))


def rendered(text: str) -> Page:
    """Markdown, read, with its quick actions and the languages of its fences."""
    page = read_html(html_of(text))
    page.acting += [f"quick action: {line}" for line in re.findall(r"^/[A-Za-z].*", text, re.MULTILINE)]
    page.acting += [f"include: {line}" for line in re.findall(r"^::include.*", text, re.MULTILINE)]
    around = ""
    for token in _PARSER.parse(text):
        if token.type == "fence" and token.info not in LANGUAGES:
            page.acting.append(f"language: {token.info}")
        if token.type == "inline" and around == "paragraph_open":  # in a quote or list, after a break
            page.acting += [
                f"quick action: {line}" for line in re.findall(r"^/[A-Za-z].*", token.content, re.MULTILINE)
            ]
    return page
