"""What a guardrail makes of a text: what it finds, blocks and masks, in the shape of AWS's assessments.

Sources: bedrock-runtime service model; user guide, "Components of a guardrail" (strengths and confidences, masking as
``{TYPE}``, blocked messages), "Use the ApplyGuardrail API" (scopes, qualifiers); pricing page: text units of 1,000
characters, regular expressions and words free of charge. What finds is ``harm.py`` and ``personal_data.py``. Image
content and automated reasoning are not played.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from releaser.sandbox import harm, personal_data
from releaser.sandbox.store import Doc

_UNIT = 1000
_PAST = {"BLOCK": "BLOCKED", "ANONYMIZE": "ANONYMIZED", "NONE": "NONE"}


@dataclass(frozen=True, slots=True)
class Piece:
    """A text to judge. ``qualifiers``: grounding_source, query, guard_content; none is guard_content."""

    text: str
    qualifiers: tuple[str, ...] = ()

    @property
    def guarded(self) -> bool:
        """Whether all policies see it."""
        return not self.qualifiers or "guard_content" in self.qualifiers


@dataclass(slots=True)
class Verdict:
    """What came of it. ``texts``: the pieces, masked; ``message``: what stands instead of them when blocked."""

    assessment: dict[str, Any]
    usage: dict[str, int]
    texts: list[str]
    message: str = ""
    blocked: bool = False
    masked: bool = False
    coverage: dict[str, Any] = field(default_factory=dict)

    @property
    def intervened(self) -> bool:
        """Whether anything was blocked or masked."""
        return self.blocked or self.masked

    @property
    def action(self) -> str:
        """NONE or GUARDRAIL_INTERVENED."""
        return "GUARDRAIL_INTERVENED" if self.intervened else "NONE"

    @property
    def reason(self) -> str:
        """The action in words."""
        return "Guardrail blocked." if self.blocked else "Guardrail masked." if self.masked else "No action."

    @property
    def text(self) -> str:
        """What goes on: the message, or the pieces after another."""
        return self.message if self.blocked else "\n\n".join(self.texts)


def judge(guardrail: Doc, source: str, pieces: Sequence[Piece], *, full: bool = False) -> Verdict:
    """A guardrail's verdict. ``guardrail``: from ``guardrails.find``; ``source``: INPUT or OUTPUT."""
    return _Judge(guardrail, source, pieces, full).verdict()


class _Judge:
    """One evaluation."""

    def __init__(self, guardrail: Doc, source: str, pieces: Sequence[Piece], full: bool) -> None:
        self._body = guardrail["body"]
        self._guardrail = guardrail
        self._output = source == "OUTPUT"
        self._pieces = pieces
        self._full = full
        self._guarded = "\n\n".join(piece.text for piece in pieces if piece.guarded)
        self._texts = [piece.text for piece in pieces]
        self._actions: list[str] = []
        self._usage = dict.fromkeys(_USAGE, 0)

    def verdict(self) -> Verdict:
        policies = {
            "topicPolicy": self._topics(),
            "contentPolicy": self._content(),
            "wordPolicy": self._words(),
            "sensitiveInformationPolicy": self._sensitive(),
            "contextualGroundingPolicy": self._grounding(),
        }
        total = sum(len(piece.text) for piece in self._pieces)
        coverage = {"textCharacters": {"guarded": len("".join(self._seen())), "total": total}}
        metrics = {"guardrailProcessingLatency": 1, "usage": self._usage, "guardrailCoverage": coverage}
        shown: dict[str, Any] = {name: body for name, body in policies.items() if body is not None}
        blocked = "BLOCKED" in self._actions
        return Verdict(
            assessment={**shown, "invocationMetrics": metrics, "appliedGuardrailDetails": self._details()},
            usage=self._usage,
            texts=self._texts,
            message=self._body["blockedOutputsMessaging" if self._output else "blockedInputMessaging"],
            blocked=blocked,
            masked=not blocked and "ANONYMIZED" in self._actions,
            coverage=coverage,
        )

    def _details(self) -> dict[str, Any]:
        names = {"guardrailId": "id", "guardrailVersion": "version", "guardrailArn": "arn"}
        own = {name: self._guardrail[member] for name, member in names.items()}
        return {**own, "guardrailOrigin": ["REQUEST"], "guardrailOwnership": "SELF"}

    def _seen(self) -> list[str]:
        return [piece.text for piece in self._pieces if piece.guarded]

    def _enabled(self, policy: str, rows: str, usage: str) -> list[Mapping[str, Any]]:
        """The rows that look at this side, counted."""
        switch = "outputEnabled" if self._output else "inputEnabled"
        found = [row for row in self._body.get(policy, {}).get(rows, ()) if row.get(switch, True)]
        if found and usage:
            self._usage[usage] = _units(len(self._guarded))
        return found

    def _act(self, row: Mapping[str, Any], detected: bool = True) -> dict[str, Any]:
        chosen = row.get("outputAction" if self._output else "inputAction", row.get("action", "BLOCK"))
        action = _PAST[chosen] if detected else "NONE"
        self._actions.append(action)
        return {"action": action, "detected": detected}

    def _topics(self) -> dict[str, Any] | None:
        shown = []
        for row in self._enabled("topicPolicyConfig", "topicsConfig", "topicPolicyUnits"):
            detected = harm.about(row, self._guarded)
            if detected or self._full:
                shown.append({"name": row["name"], "type": row["type"], **self._act(row, detected)})
        return {"topics": shown} if shown else None

    def _content(self) -> dict[str, Any] | None:
        shown = []
        side = "outputStrength" if self._output else "inputStrength"
        rows = self._enabled("contentPolicyConfig", "filtersConfig", "contentPolicyUnits")
        for row in rows:
            if row[side] == "NONE":
                continue
            confidence = harm.confidence(row["type"], self._guarded)
            detected = harm.blocks(row[side], confidence)
            if detected or self._full:
                about = {"type": row["type"], "confidence": confidence, "filterStrength": row[side]}
                shown.append({**about, **self._act(row, detected)})
        return {"filters": shown} if shown else None

    def _words(self) -> dict[str, Any] | None:
        custom: list[dict[str, Any]] = []
        managed: list[dict[str, Any]] = []
        for row in self._enabled("wordPolicyConfig", "wordsConfig", "wordPolicyUnits"):
            custom += [{"match": match, **self._act(row)} for match in _once(harm.matches(row["text"], self._guarded))]
        for row in self._enabled("wordPolicyConfig", "managedWordListsConfig", "wordPolicyUnits"):
            found = _once(harm.profane(self._guarded))
            managed += [{"match": match, "type": row["type"], **self._act(row)} for match in found]
        return {"customWords": custom, "managedWordLists": managed} if custom or managed else None

    def _sensitive(self) -> dict[str, Any] | None:
        name = "sensitiveInformationPolicyConfig"
        kinds = {
            row["type"]: row for row in self._enabled(name, "piiEntitiesConfig", "sensitiveInformationPolicyUnits")
        }
        patterns = self._enabled(name, "regexesConfig", "sensitiveInformationPolicyFreeUnits")
        entities: list[dict[str, Any]] = []
        regexes: list[dict[str, Any]] = []
        for place, piece in enumerate(self._pieces):
            if not piece.guarded:
                continue
            masks: list[tuple[int, int, str]] = []
            for found in personal_data.find(piece.text):
                if found.type in kinds:
                    done = self._act(kinds[found.type])
                    entities.append({"match": piece.text[found.start : found.end], "type": found.type, **done})
                    masks += [(found.start, found.end, found.type)] if done["action"] == "ANONYMIZED" else []
            for row in patterns:
                for mark in re.finditer(row["pattern"], piece.text):
                    if mark[0]:
                        done = self._act(row)
                        about = {"name": row["name"], "match": mark[0], "regex": row["pattern"]}
                        regexes.append({**about, **done})
                        masks += [(*mark.span(), row["name"])] if done["action"] == "ANONYMIZED" else []
            self._texts[place] = _mask(piece.text, masks)
        return {"piiEntities": entities, "regexes": regexes} if entities or regexes else None

    def _grounding(self) -> dict[str, Any] | None:
        source, query = self._qualified("grounding_source"), self._qualified("query")
        rows = self._body.get("contextualGroundingPolicyConfig", {}).get("filtersConfig", ())
        answer = "\n".join(
            piece.text for piece in self._pieces if not {"grounding_source", "query"} & {*piece.qualifiers}
        )
        if not self._output or not (source and query and answer and rows):
            return None
        self._usage["contextualGroundingPolicyUnits"] = _units(len(source) + len(query) + len(answer))
        shown = []
        for row in rows:
            if not row.get("enabled", True):
                continue
            score = _SCORES[row["type"]](answer, source, query)
            about = {"type": row["type"], "threshold": row["threshold"], "score": score}
            shown.append({**about, **self._act({"action": row.get("action", "BLOCK")}, score < row["threshold"])})
        return {"filters": shown} if shown else None

    def _qualified(self, name: str) -> str:
        return "\n".join(piece.text for piece in self._pieces if name in piece.qualifiers)


_USAGE = (
    "topicPolicyUnits",
    "contentPolicyUnits",
    "wordPolicyUnits",
    "sensitiveInformationPolicyUnits",
    "sensitiveInformationPolicyFreeUnits",
    "contextualGroundingPolicyUnits",
    "contentPolicyImageUnits",
    "automatedReasoningPolicyUnits",
    "automatedReasoningPolicies",
)
_SCORES: Mapping[str, Callable[[str, str, str], float]] = {
    "GROUNDING": lambda answer, source, query: harm.grounding(answer, source),
    "RELEVANCE": lambda answer, source, query: harm.relevance(answer, query),
}


def _units(characters: int) -> int:
    return -(-characters // _UNIT)


def _once(found: list[str]) -> list[str]:
    return list(dict.fromkeys(found))


def _mask(text: str, masks: Sequence[tuple[int, int, str]]) -> str:
    """The text with what was found replaced by its name in braces; of what overlaps, the first and longest."""
    shown, at = "", 0
    for start, end, name in sorted(masks, key=lambda mask: (mask[0], -mask[1])):
        if start >= at:
            shown, at = f"{shown}{text[at:start]}{{{name}}}", end
    return shown + text[at:]
