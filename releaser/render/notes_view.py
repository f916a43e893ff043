"""Release notes as a document: what is said, in which order."""

from __future__ import annotations

from collections.abc import Iterator

from releaser.core.note_sections import Note
from releaser.core.notes import Notes
from releaser.core.plan import Risk
from releaser.core.redact import hide
from releaser.core.word_diff import words_changed
from releaser.render.document import (
    Block,
    Bullet,
    Bullets,
    Callout,
    Document,
    Heading,
    Inline,
    Paragraph,
    Span,
    Table,
    WordDiff,
    code,
    strong,
)
from releaser.render.run_view import back_view, run_view, scores_view
from releaser.render.words import RISKS, counted


def notes_view(notes: Notes) -> Document:
    """The whole of the notes."""
    return tuple(_blocks(notes))


def _blocks(notes: Notes) -> Iterator[Block]:
    where = f" in {notes.environment}" if notes.environment else ""
    yield Heading(1, f"{notes.use_case} {notes.release}{where}")
    yield Paragraph(_opening(notes))
    yield from _risk(notes)
    yield from _weaker(notes)
    if notes.run is not None:
        yield from run_view(notes.run)
    if notes.is_first:
        yield from _what_it_is(notes)
    yield from sections_view(notes)
    yield from scores_view(notes.scores, notes.previous)
    yield from cost_view(notes)
    if not notes.is_first:
        yield from _models_now(notes)
        yield from _documents(notes)
    yield from _live(notes)
    if notes.back is not None:
        yield from back_view(notes.back)
    yield from _digests(notes)


def sections_view(notes: Notes) -> Iterator[Block]:
    """What changed, by subject."""
    for section in notes.sections:
        yield Heading(2, section.title)
        yield Bullets(tuple(_bullet(n, notes.withholds_texts) for n in section.notes))
    if notes.withholds_texts and any(n.remark.texts or n.remark.private for s in notes.sections for n in s.notes):
        said = "Texts are left out: the data of this use case is confidential. They are in git, at the release."
        yield Paragraph((said,))


def _opening(notes: Notes) -> Inline:
    if notes.is_first:
        return (f"First release. {' '.join(notes.description.split())}".rstrip(),)
    if notes.goes_back_to:
        moves = ": only pointers move, every version is reused" if notes.only_pointers_move else ""
        return (strong(f"Goes back to what {notes.goes_back_to} was{moves}."), f" It replaces {notes.previous}.")
    if notes.sections:
        return (f"Replaces {notes.previous}. {_in_short(notes)}",)
    return (f"Replaces {notes.previous}. Nothing changes for users.",)


def _in_short(notes: Notes) -> str:
    """One sentence: which parts changed, and in which direction."""
    parts = [s.title.lower() for s in notes.sections]
    listed = parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
    weaker, stronger = len(notes.of_effect("weaker")), len(notes.of_effect("stronger"))
    turns = [f"{n} {word}" for n, word in ((weaker, "weaker"), (stronger, "stronger")) if n]
    said = f" Protection and checks: {', '.join(turns)}." if turns else " No protection or check is weaker."
    return f"What changes: {listed}.{said}"


def _risk(notes: Notes) -> Iterator[Block]:
    if notes.risk is Risk.NONE:
        return
    yield Paragraph((strong(f"Risk: {notes.risk.value}"), f": {RISKS[notes.risk]}."))
    if notes.allowed:
        yield Bullets(
            tuple(
                Bullet(("The manifest allows ", code(a.change), " at ", code(a.at), f"{_until(a.until)}: {a.reason}"))
                for a in notes.allowed
            )
        )


def _until(day: object) -> str:
    return f", until {day}" if day else ""


def _weaker(notes: Notes) -> Iterator[Block]:
    weaker = [(s.title, n) for s in notes.sections for n in s.notes if n.remark.effect == "weaker"]
    if weaker:
        yield Callout(
            f"This release protects or checks less in {counted(len(weaker), 'place')}:",
            tuple((f"{title}, {sentence(note, notes.withholds_texts)}",) for title, note in weaker),
        )


def _what_it_is(notes: Notes) -> Iterator[Block]:
    facts = notes.facts
    rows = [
        *facts.governance,
        *((f"Model {m.name}", str(m)) for m in facts.models),
        *([("Data may be processed in", ", ".join(facts.processed_in))] if facts.processed_in else []),
        *([("Quality", facts.quality)] if facts.quality else []),
        *((f"Data set {name}", f"sha256 {digest[:12]}") for name, digest in facts.datasets),
        *((f"Document {d.name}", str(d)) for d in facts.documents),
    ]
    if rows:
        yield Heading(2, "What this is")
        yield _pairs(rows)


def _pairs(rows: list[tuple[str, str]]) -> Bullets:
    return Bullets(tuple(Bullet((f"{title}: {value}",)) for title, value in rows))


def _models_now(notes: Notes) -> Iterator[Block]:
    facts = notes.facts
    rows = [(m.name, str(m)) for m in facts.models]
    if facts.processed_in:
        rows.append(("Data may be processed in", ", ".join(facts.processed_in)))
    if rows:
        yield Heading(2, "Models in use")
        yield _pairs(rows)


def _documents(notes: Notes) -> Iterator[Block]:
    if notes.facts.documents:
        yield Heading(2, "Documents")
        yield _pairs([(d.name, str(d)) for d in notes.facts.documents])


def cost_view(notes: Notes) -> Iterator[Block]:
    """Inputs of the cost that changed."""
    if notes.cost:
        yield Heading(2, "What changes the cost")
        yield Bullets(tuple(Bullet((sentence(n, withholds=True),)) for n in notes.cost))


def _bullet(note: Note, withholds: bool) -> Bullet:
    remark = note.remark
    text: Inline = (sentence(note, withholds),)
    if remark.texts is None:
        return Bullet(text, remark.effect)
    if not withholds:
        return Bullet(text, remark.effect, diff=WordDiff(*remark.texts))
    removed, added = words_changed(remark.texts)
    before, after = (hide(t) for t in remark.texts)
    counts = f"{counted(removed, 'word')} out, {counted(added, 'word')} in; sha256 "
    return Bullet(text, remark.effect, below=(counts, code(before.sha256), " -> ", code(after.sha256)))


def sentence(note: Note, withholds: bool) -> str:
    """The remark with what it is about. What is private stands in quotes, or is told by digest."""
    remark = note.remark
    text = remark.text
    if remark.private:
        hidden = hide(remark.private)
        text = text.replace("{}", f"(sha256 {hidden.sha256})" if withholds else f"“{remark.private}”", 1)
    return f"{note.subject}: {text}"


def _live(notes: Notes) -> Iterator[Block]:
    if not notes.deployed:
        return
    yield Heading(2, "What is live")
    yield Table(
        "What each resource is now",
        ("resource", "version", "content", ""),
        tuple(
            (
                (code(f"{row.address.kind}/{row.address.name}"),),
                (code(row.version),) if row.version else (),
                (code(row.stamp),),
                (row.became,),
            )
            for row in notes.deployed
        ),
    )


def _digests(notes: Notes) -> Iterator[Block]:
    yield Heading(2, "Digests")
    rows: list[Inline] = [(f"{notes.release}: ", _digest(notes.digest))]
    if notes.previous_digest:
        rows.append((f"{notes.previous}, which it replaces: ", _digest(notes.previous_digest)))
    yield Bullets(tuple(Bullet(row) for row in rows))


def _digest(digest: str) -> Span:
    return code("sha256:" + digest.removeprefix("sha256:"))
