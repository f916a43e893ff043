"""Release notes, printed: one view, three printers."""

from __future__ import annotations

from releaser.core.notes import Notes
from releaser.render.document_html import html_of
from releaser.render.document_markdown import markdown
from releaser.render.html import element, page
from releaser.render.notes_view import notes_view
from releaser.render.page_style import STYLE


def notes_markdown(notes: Notes) -> str:
    """Markdown, readable as it is on a terminal too; one final newline."""
    return markdown(notes_view(notes))


def notes_html(notes: Notes) -> str:
    """One page that holds everything it shows: it loads nothing and runs nothing."""
    where = f" in {notes.environment}" if notes.environment else ""
    body = element("main", html_of(notes_view(notes)), class_="page")
    return page(f"{notes.use_case} {notes.release}{where}", body, style=STYLE)
