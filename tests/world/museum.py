"""A use case that is nowhere among the examples: a museum's desk tells visitors when its rooms open and close.

Everything is made here: the prompt, a few shots in plain lines without tags, and cases from a table of rooms and days.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

from world import manifest
from world.repository import Repository

ROOMS = (
    "Egypt hall",
    "Roman hall",
    "print room",
    "sculpture court",
    "coin cabinet",
    "garden",
    "cinema",
    "roof terrace",
)
DAYS = ("Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday", "Easter", "Christmas")
PROMPT = """\
Answer as in this example, with the time that the notice says.

Notice: The cloakroom opens at 7:05 on Mondays. The cloakroom closes at 22:55 on Mondays.
Visitor: When does the cloakroom close on Mondays?
Desk: The cloakroom closes at 22:55 on Mondays.

Notice: {{notice}}
Visitor: {{visitor}}
Desk:
"""


@dataclass(frozen=True)
class Museum:
    """The use case as files. Each change of it is a merge."""

    cases: int = 120
    critical: bool = True
    description: str = "Tells visitors when the rooms of the museum open and close."
    prompt: str = PROMPT
    inference: Mapping[str, Any] = field(default_factory=lambda: {"temperature": 0, "maxTokens": 40})
    metrics: Mapping[str, Any] = field(
        default_factory=lambda: {
            "contains": {"floor": 0.9, "tier": "critical"},
            "tokenF1": {"floor": 0.5, "maxRegression": 0.05},
        }
    )

    def changed(self, **changes: Any) -> Museum:
        return replace(self, **changes)

    def reworded(self, old: str, new: str) -> Museum:
        assert self.prompt.count(old) == 1
        return replace(self, prompt=self.prompt.replace(old, new))

    def merge(self, repo: Repository, message: str) -> None:
        """Writes the files and commits them."""
        data = "".join(json.dumps(case) + "\n" for case in cases(self.critical)[: self.cases])
        repo.write("manifests/museum/data/golden.jsonl", data)
        repo.write("manifests/museum/prompts/desk.md", self.prompt)
        digest = hashlib.sha256(data.encode()).hexdigest()
        repo.write("manifests/museum/manifest.yaml", manifest.text(self._manifest(digest)))
        repo.commit(message)

    def _manifest(self, digest: str) -> dict[str, Any]:
        suite = {"target": {"prompt": "desk"}, "dataset": "golden", "metrics": dict(self.metrics)}
        return {
            "apiVersion": "releaser.dev/v1",
            "kind": "UseCase",
            "metadata": {"name": "museum", "owner": "desk@example.org", "labels": {"costCenter": "77"}},
            "spec": {
                "description": self.description,
                "governance": {"riskTier": "minimal", "dataClassification": "public"},
                "models": {"small": {"modelId": "eu.amazon.nova-lite-v1:0", "inference": dict(self.inference)}},
                "prompts": {"desk": {"file": "prompts/desk.md", "model": "small", "variables": ["notice", "visitor"]}},
                "datasets": {"golden": {"path": "data/golden.jsonl", "sha256": digest}},
                "evaluation": {"suites": {"times": suite}},
            },
        }


def cases(critical: bool = True) -> list[dict[str, Any]]:
    """Each room on each day, asked for both ends of its hours; the notice tells of another room too."""
    found = [_case(*one) for one in enumerate(product(DAYS, ROOMS, ("open", "close")))]
    return [{**case, "critical": critical and number % 17 == 0} for number, case in enumerate(found)]


def _case(number: int, asked: tuple[str, str, str]) -> dict[str, Any]:
    day, room, verb = asked
    other = ROOMS[(ROOMS.index(room) + 1 + DAYS.index(day) % 7) % len(ROOMS)]
    opens, closes = f"{8 + number % 3}:{10 + number % 17}", f"{16 + number % 5}:{30 + number % 23}"
    said = [
        f"The {room} opens at {opens} on {day}.",
        f"The {other} closes at 21:{10 + number % 43} on {day}.",
        f"The {room} closes at {closes} on {day}.",
    ]
    return {
        "id": f"{day[:2]}-{number:03}".lower(),
        "input": {
            "notice": " ".join(said[number % 3 :] + said[: number % 3]),
            "visitor": f"When does the {room} {verb} on {day}?",
        },
        "expected": f"The {room} {verb}s at {opens if verb == 'open' else closes} on {day}.",
        "mustContain": [opens if verb == "open" else closes],
    }


MUSEUM = Museum()
REWORDED = MUSEUM.reworded("Answer as in this example, with the time", "Answer in one sentence, as here, with the time")
EVASIVE = MUSEUM.reworded(
    "Answer as in this example, with the time that the notice says.",
    "Summarise for visitors where they find the hours, never the hours themselves.",
).reworded("Desk: The cloakroom closes at 22:55 on Mondays.", "Desk: Please read the notice at the door.")
"""The desk sends visitors to the door instead of answering."""
TERSE = MUSEUM.changed(inference={"temperature": 0, "maxTokens": 4})
"""The model's answers end before the time."""
