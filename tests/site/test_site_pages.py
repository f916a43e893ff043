"""The pages as they are written: links, policy, escaping, the same bytes every time."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from site_world import AS_OF, HOSTILE

from releaser.cli.app import run
from releaser.pipeline import site_build
from releaser.pipeline.site_build import build
from releaser.wiring import Repository


class Page(HTMLParser):
    """A page taken apart as a browser would."""

    def __init__(self, path: Path) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.ids: list[str] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append((tag, given))
        if tag not in ("meta", "link", "br"):
            self.open.append(tag)
        if tag in ("a", "link"):
            self.links.append(given.get("href") or "")
        if given.get("id"):
            self.ids.append(str(given["id"]))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def pages(site: Path) -> Iterator[tuple[Path, Page]]:
    for path in sorted(site.rglob("*.html")):
        yield path, Page(path)


def contents(folder: Path) -> dict[Path, bytes]:
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_every_link_leads_somewhere(site: Path) -> None:
    found = 0
    for path, page in pages(site):
        for address in page.links:
            if address.startswith("https://git.example.com/"):
                continue
            target, _, anchor = address.partition("#")
            there = (path.parent / target).resolve() if target else path
            assert there.is_file(), (path, address)
            if anchor:
                assert anchor in Page(there).ids
            found += 1
    assert found > 500


def test_no_page_loads_or_runs_anything_but_its_style(site: Path) -> None:
    for path, page in pages(site):
        names = {tag for tag, _ in page.tags}
        assert not names & {"script", "img", "iframe", "object", "embed", "form", "style", "base", "video"}, path
        attributes = {name for _, given in page.tags for name in given}
        assert not any(a.startswith("on") or a in ("src", "style", "srcset") for a in attributes), path
        policy = [g["content"] for t, g in page.tags if t == "meta" and g.get("http-equiv")]
        assert policy == ["default-src 'none'; style-src 'self' file:; base-uri 'none'; form-action 'none'"]
        assert page.open == []
    style = (site / "style.css").read_text()
    assert not re.search(r"url\(|@import|expression", style)


def test_pages_have_one_title_a_main_and_named_tables(site: Path) -> None:
    for path, page in pages(site):
        tags = [tag for tag, _ in page.tags]
        assert (tags.count("h1"), tags.count("main"), tags.count("title")) >= (1, 1, 1), path
        assert tags.count("h1") == 1
        assert tags.count("table") == tags.count("caption")
        assert all(given.get("scope") in ("col", "row") for tag, given in page.tags if tag == "th"), path
        assert len(page.ids) == len(set(page.ids))


def test_hostile_content_is_text(site: Path) -> None:
    shown = Page(site / "hostile" / "index.html").text
    assert "<img src=x onerror=alert(1)></script>" in shown
    page = Page(site / "hostile" / "r2.html")
    assert "<img src=x onerror=alert(1)></script>" in page.text
    whole = "".join(p.read_text(encoding="utf-8") for p in site.rglob("*.html"))
    assert "<img" not in whole and "\u202e" not in whole and HOSTILE not in whole


def test_what_cannot_be_shown_is_said(site: Path) -> None:
    """A tag whose digest is not that of its content, and a tag that is none of ours."""
    assert "the tag names the digest 000000" in Page(site / "hostile" / "r3.html").text
    assert not (site / "claims-assistant" / "r99.html").exists()


def test_confidential_texts_stay_in_git(site: Path) -> None:
    text = "".join(Page(p).text for p in (site / "motor-assistant").glob("*.html"))
    assert "Texts are left out" in text and "Name the document and the paragraph" not in text
    assert "Rewrite the question" in Page(site / "policy-assistant" / "r2.html").text


def test_every_state_is_told_by_a_word(site: Path) -> None:
    shown = Page(site / "index.html").text
    for words in ("held", "last try failed", "under way", "retired", "not released", "live"):
        assert words in shown.split("What the words mean")[0], words
    assert "its delivery was rolled back by the alarm claims-errors" in shown


def test_scores_are_drawn_where_there_are_some(site: Path) -> None:
    assert "quality/tokenF1 over releases" in Page(site / "policy-assistant" / "index.html").text
    assert "over releases" not in Page(site / "hostile" / "index.html").text
    assert "Not evaluated" in Page(site / "hostile" / "r2.html").text
    assert "Not evaluated" not in Page(site / "policy-assistant" / "r2.html").text


def test_the_same_git_and_day_give_the_same_bytes(site: Path, repo: Repository, tmp_path: Path) -> None:
    build(repo, tmp_path / "again", title="Releases & more", as_of=AS_OF, workers=1)
    assert contents(site) == contents(tmp_path / "again")


@pytest.mark.skipif(os.environ.get("RELEASER_LAWS") != "full", reason="starts two processes: RELEASER_LAWS=full")
def test_several_processes_write_the_same_bytes(
    site: Path, repo: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site_build, "_TOGETHER", 30)
    monkeypatch.setattr(site_build, "_WORTH", 1)
    build(repo, tmp_path / "again", title="Releases & more", as_of=AS_OF, workers=2)
    assert contents(site) == contents(tmp_path / "again")


def test_the_command_says_where_the_pages_are(
    repo: Repository, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["site", "--root", str(repo.root), "--out", str(tmp_path / "out"), "--workers", "1"]
    assert run([*words, "--as-of", "2026-06-15"]) == 0
    assert "pages for 25 use cases" in capsys.readouterr().out
    assert run([*words, "--as-of", "yesterday"]) == 64
