"""Comments full of hostile texts in a real browser: nothing is loaded, nothing runs. Skipped without Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import CHROMIUM, Browser
from world.gitlab_markdown import html_of
from world.hostile_comment import situation
from world.hostile_texts import HTML, TEXTS

from releaser.render.merge_request.comment import comment

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")
ELEMENTS = "JSON.stringify([...new Set([...document.body.querySelectorAll('*')].map(e => e.localName))].sort())"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with Browser() as found:
        yield found


def value(browser: Browser, expression: str) -> object:
    found = browser.ask("Runtime.evaluate", expression=expression, returnByValue=True)
    return found["result"].get("value")


def page(tmp_path: Path, body: str) -> Path:
    """The HTML before GitLab cleans it, without a policy that would hold anything back."""
    path = tmp_path / "page.html"
    path.write_text(f"<!DOCTYPE html><meta charset=utf-8><title>quiet</title><body>{body}", encoding="utf-8")
    return path


def test_nothing_of_any_hostile_text_acts(tmp_path: Path, browser: Browser) -> None:
    body = "\n".join(html_of(comment(situation(text), largest=10_000_000)) for text in TEXTS)
    path = page(tmp_path, body)
    looked = browser.look(path, 1200)
    assert looked.requests == [path.as_uri()] and looked.complaints == []
    assert value(browser, "document.title") == "quiet"
    allowed = "a blockquote code details h2 h3 li p pre strong summary table tbody td th thead tr ul"
    assert value(browser, ELEMENTS) == "[" + ",".join(f'"{name}"' for name in allowed.split()) + "]"
    said = value(browser, "document.body.textContent")
    assert isinstance(said, str) and all(text in said for text in HTML)


def test_the_browser_would_tell(tmp_path: Path, browser: Browser) -> None:
    path = page(tmp_path, "".join(HTML[:4]))
    looked = browser.look(path, 1200)
    assert len(looked.requests) > 1
