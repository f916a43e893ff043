"""Two releases compared: for a terminal, and as data ``releaser.release-diff/v1``. Markdown is the notes' own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from releaser.core.note_sections import Note
from releaser.core.notes import Notes
from releaser.core.redact import hide
from releaser.core.release_content import ReleaseContent
from releaser.core.word_diff import word_diff, words_changed
from releaser.render.line import Line, Piece, line
from releaser.render.notes_view import sentence
from releaser.render.text import REMARKS, diff_lines
from releaser.render.words import counted

FORMAT = "releaser.release-diff/v1"


def diff_data(notes: Notes, before: ReleaseContent, after: ReleaseContent, commits: tuple[str, str]) -> dict[str, Any]:
    """Texts stand in it word by word, unless the data is confidential: then digests and counts."""
    return {
        "format": FORMAT,
        "useCase": after.use_case,
        "from": {"release": before.release, "digest": before.digest, "commit": commits[0]},
        "to": {"release": after.release, "digest": after.digest, "commit": commits[1]},
        "confidential": notes.withholds_texts,
        "files": [
            {"path": path, "before": before.files.get(path, ""), "after": after.files.get(path, "")}
            for path in sorted({*before.files, *after.files})
            if before.files.get(path) != after.files.get(path)
        ],
        "sections": sections_data(notes),
    }


def sections_data(notes: Notes) -> list[dict[str, Any]]:
    """What changes, by subject."""
    withheld = notes.withholds_texts
    return [{"title": s.title, "changes": [note_data(n, withheld) for n in s.notes]} for s in notes.sections]


def note_data(note: Note, withholds: bool) -> dict[str, Any]:
    """One remark: its texts word by word, or counted where they are withheld."""
    found: dict[str, Any] = {
        "subject": note.subject,
        "effect": note.remark.effect,
        "path": note.remark.path,
        "text": sentence(note, withholds),
    }
    if note.remark.texts is not None:
        removed, added = words_changed(note.remark.texts)
        found["words"] = {"removed": removed, "added": added}
        if withholds:
            found["sha256"] = [hide(text).sha256 for text in note.remark.texts]
        else:
            found["pieces"] = [{"change": p.change, "text": p.text} for p in word_diff(*note.remark.texts)]
    return found


def diff_lines_of(notes: Notes) -> Iterator[Line]:
    """For a terminal."""
    yield line(Piece(notes.use_case, "bold"), f"  {notes.previous} -> {notes.release}")
    yield line(Piece(f"  content {notes.previous_digest[:12]} -> {notes.digest[:12]}", "dim"))
    if not notes.sections:
        yield line("  The same content." if notes.previous_digest == notes.digest else "  Nothing changes for users.")
    for section in notes.sections:
        yield line()
        yield line("  ", Piece(section.title, "bold"))
        for note in section.notes:
            mark = REMARKS.get(note.remark.effect)
            told = (Piece(f"{mark[0]}  ", mark[1]),) if mark else ()
            yield line("    ", *told, sentence(note, notes.withholds_texts))
            yield from _texts(note, notes.withholds_texts)
    if notes.withholds_texts and any(n.remark.texts or n.remark.private for s in notes.sections for n in s.notes):
        yield line()
        yield line("  Texts are left out: the data of this use case is confidential. They are in git, at both tags.")


def _texts(note: Note, withholds: bool) -> Iterator[Line]:
    if note.remark.texts is None:
        return
    if withholds:
        removed, added = words_changed(note.remark.texts)
        yield line(f"      {counted(removed, 'word')} out, {counted(added, 'word')} in")
        return
    for found in diff_lines(word_diff(*note.remark.texts)):
        yield (Piece("      "), *found)
