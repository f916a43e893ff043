"""What a prompt asks and from what it is to be answered; the sentences of a text that share the question's words.

A stand-in for reading: labels, tags and word overlap, nothing else. The same prompt gives the same answer everywhere.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from releaser.sandbox.passages import sentences, words
from releaser.sandbox.reading import read

REFUSAL = "I cannot answer that from what I was given."
_ASKS = r"question|user[ _]question|query|user[ _]query|frage|q"
_GIVES = (
    r"context|passages?|documents?|sources?|search[ _]results?|excerpts?|article|text|content|input|message|ticket"
    r"|e-?mail|transcript|kontext|dokumente?|quellen?|textstellen?|auszüge|nachricht"
)
_TELLS = (
    r"instructions?|rules?|guidelines?|examples?|task|role|system|thinking|schema|\w*format|output|answer|response"
    r"|reply|html|body|table|div|span"
)
_TAGGED = r"<(?P<tag>%s)(?:\s[^>]*)?>(?P<inside>(?:(?!<(?P=tag)[\s>]).)*?)</(?P=tag)>"
_OWN_LINES = re.compile(rf"(?ims)^[ \t]*{_TAGGED % rf'(?!(?:{_ASKS}|{_TELLS})[ >])[a-z][a-z0-9_-]{{2,}}'}[ \t]*$")
_LABEL = r"(?im)^[#*\s]*(?:%s)[*\s]*:[*]*[ \t]*"
_ANY_LABEL = re.compile(_LABEL % rf"{_ASKS}|{_GIVES}|answer|antwort|output|response|instructions?|rules?")
_INSTRUCTION = re.compile(
    r"(?i)\s*(?:you are|answer|use|do not|don't|if|reply|respond|cite|return|please|never|be|summari[sz]e|classify"
    r"|extract|du |sie sind|antworte\w*|nenne|fasse|gib|verwende|wenn)\b"
)
_ANNOUNCED = re.compile(
    rf"(?i)^(?=.*\b(?:{_GIVES}|{_ASKS})\b).*\b(?:follows?|below|folg(?:t|en)|unten)\b[^\w\n]*$|^.*:$", re.DOTALL
)
TOOL_RESULT = "<tool_result>"
LOOSE = frozenset(words(
    "a an and are as at be by can could did do does for from give had has have how i if in is it its many may me much"
    " my not of on or our shall should so tell than that the their there they this to us was we were what when where"
    " which who whom why will with would you your about any am into"
    " aber als am an auf aus bei bin bis das dem den der des die ein eine einem einen einer es für gibt habe haben hat"
    " ich im in ist kann können man mein meine mit nach nicht oder sich sie sind über um und uns von was wann warum"
    " welche welcher welches wenn wer werden wie wieviel wir wird wo zu zum zur"
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and what it is to be answered from."""

    question: str
    context: str
    instructions: str = ""


def understand(system: str, turns: Sequence[tuple[str, str]]) -> Asked:
    """Finds the question in the last turn, and the context in what comes before and around it."""
    last = turns[-1][1] if turns else ""
    earlier = [text for role, text in turns[:-1] if role == "user"]
    if last.startswith(TOOL_RESULT) and earlier:
        return Asked(_question(earlier[-1])[0], last)
    question, rest = _question(last)
    whole = "\n\n".join(part for part in (system, *earlier, rest) if part.strip())
    return Asked(question, "\n\n".join(_context(whole)), _bare("\n\n".join((system, last))))


def document(system: str, turns: Sequence[tuple[str, str]]) -> str:
    """The context of a prompt that asks no question: what is labelled, or all of it without its instructions."""
    return "\n\n".join(_context("\n\n".join((system, *(text for role, text in turns if role == "user")))))


def labelled(system: str, turns: Sequence[tuple[str, str]]) -> str:
    """What tags and labels mark as context, in a whole conversation."""
    whole = "\n\n".join((system, *(text for role, text in turns if role == "user")))
    return "\n\n".join(piece for _, piece in _labelled(whole))


def _bare(text: str) -> str:
    """A prompt without what is labelled as context."""
    for _, piece in _labelled(text):
        text = text.replace(piece, " ")
    return text


def topics(text: str) -> set[str]:
    """The words of a text that say something, without their endings."""
    return {_stem(word) for word in words(text) if word not in LOOSE}


def shared(one: str, other: str) -> int:
    """How many words of one text begin like a word of the other."""
    return len(_begun(one) & _begun(other))


def share(one: str, other: str) -> float:
    """The part of one text's words that begin like a word of the other."""
    begun = _begun(one)
    return len(begun & _begun(other)) / len(begun) if begun else 0.0


def _begun(text: str) -> set[str]:
    return {word[:4] for word in topics(text.replace("_", " ").replace("-", " "))}


def answer(asked: Asked) -> str:
    """The sentence of the context with most of the question's rare words, and a second one that adds to it."""
    found = read(asked.context)
    wanted = topics(asked.question)
    known = [topics(one.text) for one in found]
    spread = Counter(word for one in known for word in one)
    weight = {word: math.log(1 + len(found) / spread[word]) for word in wanted if word in spread}
    scores = [sum(weight[word] for word in one & wanted) / (1 + 0.01 * len(one)) for one in known]
    order = sorted(range(len(found)), key=lambda place: (-scores[place], place))
    if not order or not scores[order[0]]:
        return REFUSAL
    chosen, covered = [order[0]], known[order[0]] & wanted
    for place in order[1:4]:
        if scores[place] >= 0.5 * scores[order[0]] and (known[place] & wanted) - covered:
            chosen.append(place)
            break
    return " ".join(found[place].shown for place in sorted(chosen))


def summary(text: str, most: int = 2) -> str:
    """The first sentences of a text."""
    found = [one for one in read(text) if len(words(one.text)) > 3] or read(text)
    return " ".join(one.shown for one in found[:most]) or REFUSAL


def _question(text: str) -> tuple[str, str]:
    """The question, and the text without it."""
    marks = list(re.finditer(_TAGGED % _ASKS, text, re.IGNORECASE | re.DOTALL))
    tagged = [one for one in marks if topics(one["inside"])] or marks
    if tagged:
        return _without(text, tagged[-1].start(), tagged[-1].end(), tagged[-1]["inside"])
    labelled = list(re.finditer(_LABEL % _ASKS, text))
    if labelled:
        start = labelled[-1].end()
        end = _end(text, start, blank=True)
        return _without(text, labelled[-1].start(), end, text[start:end])
    spans = sentences(text)
    asking = [span for span in spans if text[span[0] : span[1]].rstrip("\"')*]").endswith("?")]
    if asking:
        return _without(text, *asking[-1], text[slice(*asking[-1])].rpartition("\n")[2])
    lines = [line for line in text.splitlines() if line.strip()]
    last = lines[-1] if lines else ""
    at = text.rfind(last)
    return _without(text, at, at + len(last), last)


def _without(text: str, start: int, end: int, question: str) -> tuple[str, str]:
    return question.strip(), f"{text[:start]}\n\n{text[end:]}".strip()


def _context(text: str) -> list[str]:
    pieces = [piece for _, piece in _labelled(text)]
    if pieces:
        return pieces
    spoken = [text[start:end] for start, end in sentences(text)]
    return [one for one in spoken if not _INSTRUCTION.match(one) and not _ANNOUNCED.match(one)]


def _labelled(text: str) -> list[tuple[int, str]]:
    """What stands in tags for context, else in tags of any name on lines of their own, else behind labels for it.

    Tags that only talk about themselves ("between <text> and </text>") have nothing of their own inside.
    """
    for pattern in (re.compile(_TAGGED % _GIVES, re.IGNORECASE | re.DOTALL), _OWN_LINES):
        marks = [(one.start("inside"), one["inside"]) for one in pattern.finditer(text) if topics(one["inside"])]
        if marks:
            return marks
    starts = [one.end() for one in re.finditer(_LABEL % _GIVES, text)]
    labelled = [(start, text[start : _end(text, start, blank=False)]) for start in starts]
    return [one for one in labelled if one[1].strip()]


def _end(text: str, start: int, blank: bool) -> int:
    """Where what begins after a label ends: at the next label, for a question at a blank line too."""
    after = _ANY_LABEL.search(text, start)
    ends = [after.start() if after else len(text)]
    gap = re.compile(r"\S[^\S\n]*\n\s*\n").search(text, start)
    if blank and gap:
        ends.append(gap.start() + 1)
    return min(ends)


def _stem(word: str) -> str:
    bare = word[:-1] if len(word) > 3 and word.endswith("s") else word
    return bare[:7]
