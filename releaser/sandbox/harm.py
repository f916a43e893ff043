"""A stand-in for the classifiers of a guardrail: phrases for content filters, shared words for topics and grounding.

Nothing here understands a text. A phrase stands for the confidence it is listed under; a topic is found by its name,
or by the words of its definition and examples.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from releaser.sandbox.extraction import topics
from releaser.sandbox.passages import sentences, words

LEVELS = ("NONE", "LOW", "MEDIUM", "HIGH")
PROFANITY = frozenset(words(
    "ass asshole bastard bloody bollocks bullshit crap damn goddamn piss shit wanker"
    " arsch arschloch kacke mist scheiße scheisse verdammt"
))  # fmt: skip
# By content filter, from what is surely meant to what may be.
PHRASES: Mapping[str, Mapping[str, Sequence[str]]] = {
    "PROMPT_ATTACK": {
        "HIGH": [
            r"(?:ignore|disregard|forget|override)\s+(?:\w+\s+){0,4}(?:instructions?|rules|prompts?|guidelines|above)",
            r"(?:ignorier\w*|vergiss)\W+(?:\w+\W+){0,4}(?:anweisung\w*|regeln|vorgaben)",
            r"(?:reveal|print|show|repeat|output|tell)\s+(?:\w+\s+){0,6}(?:system|hidden|initial|your)\s+(?:prompt|instructions)",
            r"developer mode|jailbreak\w*|do anything now",
        ],
        "MEDIUM": [
            r"you are now (?:a|an|in|the)\b",
            r"(?:without|no) (?:any )?(?:restrictions|filters|limits|rules)",
            r"bypass\W+(?:\w+\W+){0,3}(?:filter|guardrail|safety|restriction)\w*",
        ],
        "LOW": [r"(?:pretend|act|roleplay)\W+(?:to be|as|you are)\b", r"system prompt"],
    },
    "INSULTS": {
        "HIGH": [r"you(?: are|'re)?\W+(?:\w+\W+){0,2}(?:idiot|moron|imbecile|loser)\w*", r"du (?:idiot|depp|trottel)"],
        "MEDIUM": [r"idiots?|morons?|imbeciles?"],
        "LOW": [r"stupid|dumb|losers?|dumm|blöd"],
    },
    "HATE": {
        "HIGH": [r"(?:i|we) hate (?:all )?(?:foreigners|immigrants|women|men|jews|muslims|christians)"],
        "MEDIUM": [r"(?:inferior|subhuman) (?:race|people)|ethnic cleansing"],
        "LOW": [r"racist|hate speech"],
    },
    "SEXUAL": {"HIGH": [r"porn\w*|explicit sex\w*"], "MEDIUM": [r"erotic\w*|nude\w*"], "LOW": [r"sexy"]},
    "VIOLENCE": {
        "HIGH": [
            r"(?:kill|murder|stab|shoot|bomb)\w*\W+(?:him|her|them|you|myself|someone|people)",
            r"(?:build|make)\W+(?:a )?bomb",
        ],
        "MEDIUM": [r"murder|massacre|torture\w*|beat (?:him|her|them|you) up"],
        "LOW": [r"attack (?:him|her|them)|weapons?"],
    },
    "MISCONDUCT": {
        "HIGH": [
            r"launder\w* money|money laundering for|(?:make|write|create)\W+(?:a |some )?(?:malware|ransomware)",
            r"(?:forge|fake|falsify)\W+(?:\w+\W+){0,2}(?:passport|signature|invoice|document)s?",
        ],
        "MEDIUM": [
            r"evade taxes|steal\W+(?:\w+\W+){0,3}(?:card|password|money|identity)\w*|phishing (?:mail|page)s? for"
        ],
        "LOW": [r"hack(?:ing)? into|counterfeit"],
    },
}


def confidence(filter: str, text: str) -> str:
    """How sure it is that a text is what a content filter is about."""
    levels = PHRASES[filter]
    return next((level for level in ("HIGH", "MEDIUM", "LOW") if _any(levels.get(level, ()), text)), "NONE")


def blocks(strength: str, found: str) -> bool:
    """User guide: a filter of HIGH strength takes every confidence, MEDIUM takes MEDIUM and HIGH, LOW takes HIGH."""
    return found != "NONE" and LEVELS.index(found) + LEVELS.index(strength) > 3


def profane(text: str) -> list[str]:
    """The profane words of a text, as they stand there."""
    return [word for word in re.findall(r"\w+", text) if word.casefold() in PROFANITY]


def about(topic: Mapping[str, Any], text: str) -> bool:
    """Whether a sentence has all words of a topic's name, half the words of an example, or its own words mostly from
    the topic's name and definition (at least two)."""
    name = topics(topic["name"].replace("_", " ").replace("-", " "))
    wide = name | topics(topic["definition"])
    examples = [topics(one) for one in topic.get("examples", ())]
    for start, end in sentences(text):
        mine = topics(text[start:end])
        if name and name <= mine:
            return True
        if any(len(mine & one) >= max(2, len(one) / 2) for one in examples):
            return True
        if len(mine & wide) >= max(2, len(mine) / 2):
            return True
    return False


def grounding(answer: str, source: str) -> float:
    """The part of an answer's words that are in its source."""
    mine, theirs = topics(answer), topics(source)
    return round(len(mine & theirs) / len(mine), 2) if mine else 1.0


def relevance(answer: str, query: str) -> float:
    """Twice the part of a question's words that are in the answer, 1 at most."""
    asked, mine = topics(query), topics(answer)
    return round(min(1.0, 2 * len(asked & mine) / len(asked)), 2) if asked else 1.0


def matches(phrase: str, text: str) -> list[str]:
    """Where a text has a word or phrase, case aside, as a whole."""
    parts = r"\W+".join(map(re.escape, words(phrase))) or re.escape(phrase)
    return [mark[0] for mark in re.finditer(rf"(?<!\w){parts}(?!\w)", text, re.IGNORECASE)]


def _any(patterns: Sequence[str], text: str) -> bool:
    return any(re.search(rf"(?<!\w)(?:{one})(?!\w)", text, re.IGNORECASE) for one in patterns)
