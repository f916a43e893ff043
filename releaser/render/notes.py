"""Release notes as Markdown, readable as they are on a terminal too."""

from __future__ import annotations

import re
from collections.abc import Iterator

from releaser.core.kind import Effect
from releaser.core.notes import PROCESSED_IN, Note, Notes
from releaser.core.plan import Risk
from releaser.core.redact import hide
from releaser.core.word_diff import word_diff, words_changed
from releaser.render.escape import block, code, prose
from releaser.render.text import diff_lines
from releaser.render.words import RISKS, counted

_MARKS: dict[Effect, str] = {"weaker": "⚠ **weaker** ", "stronger": "**stronger** ", "changed": "", "neutral": ""}


def notes_markdown(notes: Notes) -> str:
    """The whole document, one final newline. Nothing from the content can become markup, a link or a mention."""
    return re.sub(r"\n{3,}", "\n\n", "\n".join(_lines(notes))).rstrip("\n") + "\n"


def _lines(notes: Notes) -> Iterator[str]:
    where = f" in {prose(notes.environment)}" if notes.environment else ""
    yield f"# {_text(notes.use_case)} {_text(notes.release)}{where}"
    yield ""
    yield from _opening(notes)
    yield from _risk(notes)
    yield from _weaker(notes)
    if notes.is_first:
        yield from _what_it_is(notes)
    for section in notes.sections:
        yield f"## {_text(section.title)}"
        yield ""
        for note in section.notes:
            yield from _note(note, notes.withholds_texts)
        yield ""
    if notes.withholds_texts and any(n.remark.texts or n.remark.private for s in notes.sections for n in s.notes):
        yield "Texts are left out: the data of this use case is confidential. They are in git, at the release."
        yield ""
    if not notes.is_first:
        yield from _models_now(notes)
    yield from _table(notes)
    yield from _digests(notes)


def _opening(notes: Notes) -> Iterator[str]:
    if notes.is_first:
        yield f"First release. {_text(' '.join(notes.description.split()))}".rstrip()
        yield ""
        return
    if notes.goes_back_to:
        moves = ": only pointers move, every version is reused" if notes.only_pointers_move else ""
        yield f"**Goes back to what {_text(notes.goes_back_to)} was{moves}.** It replaces {_text(notes.previous)}."
    elif notes.sections:
        yield f"Replaces {_text(notes.previous)}. {_in_short(notes)}"
    else:
        yield f"Replaces {_text(notes.previous)}. Nothing changes for users."
    yield ""


def _in_short(notes: Notes) -> str:
    """One sentence: which parts changed, and in which direction."""
    parts = [s.title.lower() for s in notes.sections]
    listed = parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
    weaker, stronger = len(notes.of_effect("weaker")), len(notes.of_effect("stronger"))
    turns = [f"{n} {word}" for n, word in ((weaker, "weaker"), (stronger, "stronger")) if n]
    said = f" Protection and checks: {', '.join(turns)}." if turns else " No protection or check is weaker."
    return f"What changes: {_text(listed)}.{said}"


def _risk(notes: Notes) -> Iterator[str]:
    if notes.risk is Risk.NONE:
        return
    yield f"**Risk: {notes.risk.value}**: {RISKS[notes.risk]}."
    yield ""
    for found in notes.allowed:
        until = f", until {found.until}" if found.until else ""
        yield f"- The manifest allows {code(found.change)} at {code(found.at)}{until}: {_text(found.reason)}"
    if notes.allowed:
        yield ""


def _weaker(notes: Notes) -> Iterator[str]:
    weaker = [(s.title, n) for s in notes.sections for n in s.notes if n.remark.effect == "weaker"]
    if not weaker:
        return
    yield f"> ⚠ **This release protects or checks less in {counted(len(weaker), 'place')}:**"
    yield ">"
    for title, note in weaker:
        yield f"> - {_text(title)}, {_sentence(note, notes.withholds_texts)}"
    yield ""


def _what_it_is(notes: Notes) -> Iterator[str]:
    yield "## What this is"
    yield ""
    for title, value in notes.facts:
        yield f"- {_text(title)}: {_text(value)}"
    yield ""


def _models_now(notes: Notes) -> Iterator[str]:
    models = [(title, value) for title, value in notes.facts if title.startswith(("Model ", PROCESSED_IN))]
    if models:
        yield "## Models in use"
        yield ""
        for title, value in models:
            yield f"- {_text(title.removeprefix('Model '))}: {_text(value)}"
        yield ""


def _note(note: Note, withholds: bool) -> Iterator[str]:
    yield f"- {_MARKS[note.remark.effect]}{_sentence(note, withholds)}"
    texts = note.remark.texts
    if texts is None:
        return
    removed, added = words_changed(texts)
    if withholds:
        before, after = (hide(text) for text in texts)
        yield (
            f"  {counted(removed, 'word')} out, {counted(added, 'word')} in; "
            f"sha256 {code(before.sha256)} -> {code(after.sha256)}"
        )
        return
    yield ""
    found = diff_lines(word_diff(*texts))
    lines = ["".join(piece.text for piece in line) for line in found]
    yield from (f"  {line}".rstrip() for line in block(lines, "text"))
    yield ""


def _sentence(note: Note, withholds: bool) -> str:
    """The remark with what it is about. What is private stands in quotes, or is told by digest."""
    remark = note.remark
    text = _text(remark.text)
    if remark.private:
        hidden = hide(remark.private)
        shown = f"(sha256 {hidden.sha256})" if withholds else f"“{remark.private}”"
        text = _text(remark.text.replace("{}", shown, 1))
    return f"{_text(note.subject)}: {text}"


def _table(notes: Notes) -> Iterator[str]:
    if not notes.deployed:
        return
    yield "## What is live"
    yield ""
    yield "| resource | version | content | |"
    yield "|---|---|---|---|"
    for row in notes.deployed:
        name = code(f"{row.address.kind}/{row.address.name}", cell=True)
        version = code(row.version, cell=True) if row.version else ""
        yield f"| {name} | {version} | {code(row.stamp, cell=True)} | {'new' if row.fresh else 'as before'} |"
    yield ""


def _digests(notes: Notes) -> Iterator[str]:
    yield "## Digests"
    yield ""
    yield f"- {_text(notes.release)}: {code('sha256:' + notes.digest.removeprefix('sha256:'))}"
    if notes.previous_digest:
        before = notes.previous_digest.removeprefix("sha256:")
        yield f"- {_text(notes.previous)}, which it replaces: {code('sha256:' + before)}"
    yield ""


def _text(text: str) -> str:
    return prose(text)
