"""What a comment is made from: the saved plan and what else jobs left, read back and held to its shape."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from releaser.core.errors import ReleaserError
from releaser.core.evaluation.judgement import Judgement, SuiteVerdict
from releaser.core.gate import Result
from releaser.core.notes import Notes
from releaser.core.plan import Risk
from releaser.core.shape import ShapeError, typed
from releaser.render.data import SavedPlan, read_plan
from releaser.render.evaluation.data import GATE_FORMAT, GATES_FORMAT


@dataclass(frozen=True, slots=True)
class Said:
    """A finding with its code and what to do about it."""

    code: str
    text: str
    hint: str


@dataclass(frozen=True, slots=True)
class ResourceFacts:
    """One resource's change. Values are as the plan has them: hidden ones by digest."""

    address: str
    action: str
    risk: Risk
    publishes: bool
    quota: str
    remarks: tuple[tuple[str, str], ...]
    """(effect, text)."""
    fields: tuple[tuple[str, Any, Any], ...]
    """(path, live, in git)."""


@dataclass(frozen=True, slots=True)
class UseCaseFacts:
    """One use case's part of the plan."""

    name: str
    release: str
    change_digest: str
    risk: Risk
    steps: int
    weaker: tuple[tuple[str, str], ...]
    """(at, text) of what protects or checks less."""
    blocked: tuple[Said, ...]
    resources: tuple[ResourceFacts, ...]


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """The saved plan, for people. ``refused``: what gates have against it."""

    saved: SavedPlan
    use_cases: tuple[UseCaseFacts, ...]
    refused: tuple[Said, ...]
    drift: tuple[tuple[str, str], ...]
    """(address, path)."""
    room: tuple[tuple[str, int, int, int, str], ...]
    """(kind, used, limit, needs, source)."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Who must approve, and why."""

    why: str
    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """Everything that is known of one environment. ``plan`` None: its job left none."""

    environment: str
    head: str
    touched: Mapping[str, str]
    """Use case -> why."""
    gone: tuple[str, ...] = ()
    plan: PlanFacts | None
    judgements: tuple[Judgement, ...] = ()
    samples: Mapping[str, str] = field(default_factory=dict)
    """Digest of a response -> its text."""
    notes: tuple[Notes, ...] = ()
    """What the content of each use case changes."""
    approvals: tuple[Asked, ...] = ()
    artifacts: str = ""
    """Where in GitLab the whole files are."""
    folder: str = ""
    """The same on the job's disk."""


def plan_facts(raw: bytes) -> PlanFacts:
    """A saved plan. Raises ReleaserError for what is none, or is damaged."""
    saved = read_plan(raw)
    try:
        return _plan(saved, json.loads(raw))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _damaged("the plan", f"{type(error).__name__} at {error}") from None


def _plan(saved: SavedPlan, data: Mapping[str, Any]) -> PlanFacts:
    changes: dict[str, list[ResourceFacts]] = {}
    for row in data["changes"]:
        changes.setdefault(str(row["address"]).partition("/")[0], []).append(_resource(row))
    return PlanFacts(
        saved,
        tuple(_use_case(row, changes) for row in data["useCases"]),
        tuple(_said(row) for row in data["diagnostics"] if row["severity"] == "error"),
        tuple((str(row["address"]), str(row["path"])) for row in data["drift"]),
        tuple(
            (str(r["kind"]), int(r["used"]), int(r["limit"]), int(r["needs"]), str(r["source"])) for r in data["room"]
        ),
    )


def _use_case(row: Mapping[str, Any], changes: Mapping[str, list[ResourceFacts]]) -> UseCaseFacts:
    weaker = tuple((str(c["at"]), str(c["text"])) for c in row["concerns"] if c["risk"] == Risk.WEAKENING)
    return UseCaseFacts(
        str(row["useCase"]),
        str(row["release"]),
        str(row["changeDigest"]),
        Risk(row["risk"]),
        int(row["steps"]),
        weaker,
        tuple(_said(found) for found in row["blocked"]),
        tuple(changes.get(str(row["useCase"]), ())),
    )


def _resource(row: Mapping[str, Any]) -> ResourceFacts:
    return ResourceFacts(
        str(row["address"]),
        str(row["action"]),
        Risk(row["risk"]),
        row["publishes"] is True,
        str(row["quota"]),
        tuple((str(r["effect"]), str(r["text"])) for r in row["remarks"]),
        tuple((str(f["path"]), f["before"], f["after"]) for f in row["fields"] if f["origin"] == "intent"),
    )


def _said(row: Mapping[str, Any]) -> Said:
    return Said(str(row["code"]), str(row["message"]), str(row["hint"]))


def judgements_of(raw: bytes) -> tuple[Judgement, ...]:
    """What ``evaluate`` left. Raises ReleaserError."""
    try:
        data = json.loads(raw)
        if data["format"] != GATES_FORMAT or any(one["format"] != GATE_FORMAT for one in data["judgements"]):
            raise _damaged("the judgements", f"this version reads {GATES_FORMAT}")
        return tuple(_judgement(one) for one in data["judgements"])
    except (ShapeError, KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise _damaged("the judgements", f"{type(error).__name__} at {error}") from None


def _judgement(row: Mapping[str, Any]) -> Judgement:
    for suite in row["suites"]:
        for metric in suite["metrics"]:
            if metric.get("comparison"):
                _bounded(metric["comparison"])
    suites = tuple(typed(SuiteVerdict, suite) for suite in row["suites"])
    return Judgement(
        use_case=str(row["useCase"]),
        environment=str(row["environment"]),
        release=str(row["release"]),
        result=Result(row["verdict"]),
        suites=suites,
    )


def _bounded(comparison: dict[str, Any]) -> None:
    """JSON has no infinity: a bound that is not there is no bound."""
    for name, none in (("lower", -math.inf), ("upper", math.inf)):
        if comparison.get(name) is None:
            comparison[name] = none


def samples_of(raw: bytes) -> dict[str, str]:
    """Texts by digest. Raises ReleaserError."""
    try:
        return {str(digest): str(text) for digest, text in json.loads(raw).items()}
    except (ValueError, AttributeError, RecursionError) as error:
        raise _damaged("the samples", type(error).__name__) from None


def _damaged(what: str, why: str) -> ReleaserError:
    hint = "run the job that wrote it again, with the version that comments"
    return ReleaserError(
        f"{what} in the reports cannot be read: {why}", code="P164" if what == "the plan" else "G-evidence", hint=hint
    )
