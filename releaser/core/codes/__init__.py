"""The catalogue: every stable code once, for ``explain`` and for SARIF. Add an area here, a code in its
area."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from releaser.core.codes import (
    agreeing,
    audit,
    aws,
    calls,
    content,
    documents,
    files,
    git,
    gitlab,
    moves,
    plans,
    policy,
    reading,
)
from releaser.core.diagnostic import Code
from releaser.core.kind import Kind

_RULES = "E5 AWS's rules outside the service model"

AREAS: dict[str, tuple[Code, ...]] = {
    "E1 YAML": files.YAML,
    "E2 shape of documents": documents.SHAPE,
    "E3 references, bindings, files": documents.REFERENCES,
    "E4 AWS's limits, from the service model": aws.LIMITS,
    _RULES: aws.RULES,
    "E6 policy and governance": policy.GOVERNANCE,
    "E7 data sets and thresholds": content.DATA,
    "P planning, applying, proving": (
        *plans.PLANS + plans.DELIVERY,
        *agreeing.AGREEING,
        *moves.MOVES,
        *audit.AUDIT,
        *reading.READING,
    ),
    "A calls of AWS": calls.CALLS,
    "G git, records and the lock": git.GIT,
    "L GitLab": gitlab.GITLAB,
    "R releaser itself": calls.OURSELVES,
}

CODES: dict[str, Code] = {code.code: code for area in AREAS.values() for code in area}


def areas(kinds: Iterable[Kind]) -> dict[str, tuple[Code, ...]]:
    """The catalogue by area, with the rules that kinds bring along."""
    own = [code for kind in kinds for code in kind.codes]
    return {**AREAS, _RULES: tuple(sorted([*AREAS[_RULES], *own], key=lambda code: code.code))}


def catalogue(kinds: Iterable[Kind]) -> Mapping[str, Code]:
    """Every code that can be reported where there are these kinds."""
    return {code.code: code for area in areas(kinds).values() for code in area}
