"""A release in three to six lines of plain text: for the message of its tag, where everybody reads it for ever."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from releaser.core.kind import Effect, Kind
from releaser.core.note_sections import Note, Section
from releaser.core.notes import Notes, release_notes
from releaser.core.redact import hide
from releaser.core.release_content import ReleaseContent
from releaser.core.word_diff import words_changed
from releaser.core.wording import clip

_WIDTH = 160
_LINES = 6


def summary(previous: ReleaseContent | None, current: ReleaseContent, *, kinds: Mapping[str, Kind]) -> tuple[str, ...]:
    """What ``current`` changes, at most six lines without a control character. Words of the content stand by digest,
    prompts by how many words went and came: nothing confidential can be in it. No line reads as a git trailer."""
    return in_short(release_notes(previous, current, kinds=kinds))


def in_short(notes: Notes) -> tuple[str, ...]:
    """The same, of notes that are made."""
    lines = [opening(notes), *_details(notes)]
    if len(lines) > _LINES:
        lines = [*lines[: _LINES - 1], f"- and {len(lines) - _LINES + 1} more"]
    return tuple(clip(_plain(line), _WIDTH) for line in lines)


def opening(notes: Notes) -> str:
    """The first of these lines, before it is made plain."""
    if notes.is_first:
        return f"First release: {_made_of(notes) or 'nothing in AWS yet'}."
    if notes.goes_back_to:
        return f"Goes back to what {notes.goes_back_to} was; replaces {notes.previous}."
    if not notes.sections:
        return f"Replaces {notes.previous}. Nothing changes for users."
    return f"Replaces {notes.previous}. Changes: {', '.join(s.title.lower() for s in notes.sections)}."


def _made_of(notes: Notes) -> str:
    return ", ".join(f"{s.title.lower()} {', '.join(sorted({n.subject for n in s.notes}))}" for s in notes.sections)


def _details(notes: Notes) -> Iterator[str]:
    """Weaker and stronger first; then one line a section."""
    if notes.is_first:
        facts = notes.facts
        yield from (f"- {title}: {value}" for title, value in facts.governance if title != "Intended use")
        yield from (f"- Model {m.name}: {m}" for m in facts.models)
        if facts.quality:
            yield f"- Quality: {facts.quality}"
        return
    for effect in ("weaker", "stronger"):
        yield from _turned(notes, effect)
    for section in notes.sections:
        said = [n for n in section.notes if n.remark.effect not in ("weaker", "stronger")]
        if said:
            yield f"- {_of_section(section, said)}"


def _turned(notes: Notes, effect: Effect) -> Iterator[str]:
    found = [(s.title, n) for s in notes.sections for n in s.notes if n.remark.effect == effect]
    if found:
        title, first = found[0]
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        yield f"- {effect.upper()}: {title.lower()}, {first.subject}: {_words(first)}{more}"


def _of_section(section: Section, notes: list[Note]) -> str:
    """What is said of one thing stands together, after its name."""
    said: dict[str, list[str]] = {}
    for note in notes:
        said.setdefault(note.subject, []).append(_words(note))
    told = (f"{subject}: {', '.join(words)}" for subject, words in said.items())
    return f"{section.title}: {'; '.join(told)}"


def _words(note: Note) -> str:
    remark = note.remark
    text = remark.text
    if remark.private:
        text = text.replace("{}", f"(sha256 {hide(remark.private).sha256})", 1)
    if remark.texts is not None:
        removed, added = words_changed(remark.texts)
        text = f"{text.split(': ')[0]} ({removed} words out, {added} in)"
    return text


def _plain(text: str) -> str:
    """One line: what is not printable is shown as a question mark."""
    return "".join(c if c.isprintable() else "?" for c in " ".join(text.split()))
