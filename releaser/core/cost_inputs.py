"""Which inputs of a use case's cost differ between two releases. Prices are no part of this: what a call costs is
model x tokens, and both are told here as far as the content of a release says them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from releaser.core.address import Address
from releaser.core.declared import pairs
from releaser.core.geography import plain_model
from releaser.core.kind import Remark
from releaser.core.note_sections import Note, Section
from releaser.core.release_content import ReleaseContent, mapping
from releaser.core.sources import sources

_SENT = ("Prompts", "Flows", "Agents")
"""Sections whose texts are sent to a model with every call."""
_LEAST = 0.05
"""A text that grew or shrank by less is not worth telling."""


def cost_inputs(old: ReleaseContent, new: ReleaseContent, told: Iterable[Section]) -> Iterator[Note]:
    """What makes a call dearer or cheaper: models, bounds of answers, texts that are sent, documents to embed."""
    yield from _models(old, new)
    yield from _bounds(old, new)
    for section in told:
        if section.title in _SENT:
            yield from _texts(section)
    yield from _documents(old, new)


def _models(old: ReleaseContent, new: ReleaseContent) -> Iterator[Note]:
    was, now = ({plain_model(u.value) for u in c.uses if not u.is_guardrail} for c in (old, new))
    if was == now:
        return
    turns = [f"{word} {', '.join(sorted(found))}" for word, found in (("to", now - was), ("no longer to", was - now))]
    said = ", ".join(t for t, found in zip(turns, (now - was, was - now), strict=True) if found)
    yield Note("models", Remark(f"calls go {said}: models have different prices per token", "changed"))


def _bounds(old: ReleaseContent, new: ReleaseContent) -> Iterator[Note]:
    for name, before, after in pairs(old.spec.get("models"), new.spec.get("models")):
        was, now = (mapping(mapping(m).get("inference")).get("maxTokens") for m in (before, after))
        if _is_count(was) and _is_count(now) and was != now:
            yield Note(name, Remark(f"answers have at most {now:,} tokens instead of {was:,}", "changed", "maxTokens"))
        old_profile, new_profile = (mapping(m).get("profile") is True for m in (before, after))
        if before is not None and after is not None and old_profile != new_profile:
            turn = "is told apart by use case" if new_profile else "is no longer told apart by use case"
            yield Note(name, Remark(f"its cost {turn} (application inference profile)", "changed", "profile"))


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _texts(section: Section) -> Iterator[Note]:
    for note in section.notes:
        if note.remark.texts is None or note.remark.private:
            continue
        was, now = (len(text) for text in note.remark.texts)
        if was and abs(now - was) / was >= _LEAST:
            word = "more" if now > was else "less"
            said = f"about {abs(now - was) / was:.0%} {word} text is sent with every call"
            yield Note(note.subject, Remark(said, "changed"))


def _documents(old: ReleaseContent, new: ReleaseContent) -> Iterator[Note]:
    for address in sorted(new.bodies):
        was, now = (_held(c, address) for c in (old, new))
        fresh = sum(was.get(key) != digest for key, digest in now.items())
        if fresh:
            said = f"{fresh:,} document{'' if fresh == 1 else 's'} to be embedded once"
            yield Note(address.name, Remark(said, "changed"))


def _held(content: ReleaseContent, address: Address) -> dict[tuple[str, str], str]:
    found = content.bodies.get(address)
    return {(p.item, s.key): s.sha256 for p in (found.pins if found else ()) for s in sources(p.objects)}
