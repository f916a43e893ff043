"""The pages in a real browser, without a network. Skipped where there is no Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import CHROMIUM, Browser

from benchmarks import history
from releaser.pipeline.notes_of_release import at_tags
from releaser.render.notes import notes_html
from releaser.wiring import Repository

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")

_NAMES = ("index", "policy-assistant/index", "policy-assistant/r3", "hostile/index", "hostile/r2")
PAGES = [f"{name}.html" for name in _NAMES]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with Browser() as found:
        yield found


@pytest.mark.parametrize("width", [360, 1200])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_needs_nothing_and_fits(name: str, width: int, site: Path, browser: Browser) -> None:
    looked = browser.look(site / name, width)
    assert looked.requests == [(site / name).as_uri(), (site / "style.css").as_uri()]
    assert looked.complaints == []
    assert looked.width <= width, "it scrolls sideways"
    assert looked.colour == "rgb(250, 250, 248)"


def test_it_is_dark_for_who_wants_it_dark(site: Path, browser: Browser) -> None:
    assert browser.look(site / "index.html", 360, dark=True).colour == "rgb(20, 23, 26)"


@pytest.mark.parametrize("width", [360, 1200])
def test_notes_are_a_page_of_their_own(width: int, repo: Repository, tmp_path: Path, browser: Browser) -> None:
    page = tmp_path / "notes.html"
    for use_case in (history.use_case(1), "hostile"):
        page.write_text(notes_html(at_tags(repo, use_case, "r2", None)), encoding="utf-8")
        looked = browser.look(page, width)
        assert (looked.requests, looked.complaints) == ([page.as_uri()], [])
        assert looked.width <= width and looked.colour == "rgb(250, 250, 248)"


def test_the_browser_tells_of_what_a_policy_forbids(site: Path, tmp_path: Path, browser: Browser) -> None:
    """The test itself is tried: a page that wants more than it may is found."""
    page = tmp_path / "greedy.html"
    text = (site / "index.html").read_text(encoding="utf-8")
    page.write_text(text.replace("</main>", "<script>1</script><img src='https://example.com/x.png'></main>"))
    assert browser.look(page, 360).complaints
