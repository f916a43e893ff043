"""Results that are brought, as a data set of the manifest: JSON Lines of ``{"id", "output", "blocked"?}``, or JUnit XML
(``junit.py``)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from releaser.core.evaluation.case import Case
from releaser.core.evaluation.response import Failure, Guarded, Response, Timing
from releaser.gates.evaluation.ports import Answer, Refusal, Request
from releaser.gates.evaluation.targets.junit import read_junit
from releaser.gates.evaluation.targets.kind import Kind, Wanted

_LARGEST = 64 << 20


@dataclass(frozen=True, slots=True)
class Brought:
    """Responses by case; a case that is not there is ``missing``, one that is there twice is told, never chosen."""

    lines: Mapping[str, Response | str]

    def request(self, case: Case) -> Request:
        """What was said to this case."""
        found = self.lines.get(case.id, "it is not among the results")
        if isinstance(found, str):
            raise Refusal(Failure(trouble="missing", message=found))
        return Request("brought", "Brought", {"case": case.id, "text": found.text, "blocked": found.guarded.blocked})

    def ask(self, request: Request) -> Answer:
        """Nothing is called."""
        found = self.lines[str(request.content["case"])]
        assert isinstance(found, Response)
        return Answer(found, Timing(last_token=0.0))


def read(content: bytes) -> Brought:
    """The results of a file. Raises ValueError with the line of what is wrong."""
    if content.lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n").startswith(b"<"):
        return Brought(read_junit(content))
    if len(content) > _LARGEST:
        raise ValueError("the results are larger than 64 MB")
    found: dict[str, Response | str] = {}
    for number, line in enumerate(content.splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line, object_pairs_hook=_once)
            name, said = row["id"], row["output"]
        except (ValueError, KeyError, TypeError, RecursionError):
            raise ValueError(f"line {number} is no object with id and output") from None
        blocked = row.get("blocked", False)
        if not isinstance(name, str) or not isinstance(said, str) or not isinstance(blocked, bool):
            raise ValueError(f"line {number}: id and output are texts, blocked is true or false")
        response = Response(text=said, guarded=Guarded(intervened=blocked, blocked=blocked), model="brought")
        found[name] = response if name not in found else f"it is there twice, again in line {number}"
    return Brought(found)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member stands twice")
    return found


def _build(wanted: Wanted) -> Brought:
    return read(wanted.brought[wanted.target["results"]])


KINDS = (Kind("results", _build, lambda _: (), inline=True, via="brought"),)
