"""What happens to a resource, said in words; shared by the terminal and Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from releaser.core.address import Bound, Ref
from releaser.core.diff import MISSING, Origin
from releaser.core.plan import Action, Change, Risk
from releaser.core.redact import Hidden
from releaser.render.view import PlanView, UseCaseRow

SYMBOLS: Mapping[Action, str] = {
    Action.CREATE: "+",
    Action.UPDATE: "~",
    Action.REPLACE: "±",
    Action.REPOINT: ">",
    Action.RETIRE: "-",
    Action.DELETE: "x",
    Action.DISOWN: "/",
    Action.ADOPT: "=",
    Action.NONE: " ",
}
PUBLISH_SYMBOL = "^"
DRIFT_SYMBOL = "!"

REASONS: Mapping[str, str] = {
    "deleted-live": "somebody deleted it outside git",
    "immutable-content": "AWS cannot change its content in place",
    "no-version-of-this-content": "no version holds this content yet",
    "no-longer-declared": "no longer declared; deleted after the rollback window",
    "retired-use-case": "the use case is retired: nobody is led to it any more",
    "rollback-window-over": "the rollback window is over",
    "replaced": "its successor takes its place; deleted after the rollback window",
    "version-gone": "the released version was deleted outside git",
    "retained": "the manifest said so before it was removed",
    "draft": "the draft is put back after the pointers have moved; callers see nothing of it",
    "at-once": "callers see this at once, in the one that they use",
    "changed-live": "somebody changed it outside git",
}

RISKS: Mapping[Risk, str] = {
    Risk.NONE: "nothing changes",
    Risk.COSMETIC: "labels, descriptions and tags; nobody is served anything else",
    Risk.BEHAVIOURAL: "what users get changes; nothing protects less, nothing is taken away",
    Risk.WEAKENING: "something protects or checks less than now",
    Risk.DESTRUCTIVE: "something is taken away that is declared no more",
}
"""What a class means, for people."""

_ACTIONS: Mapping[Action, str] = {
    Action.CREATE: "is created",
    Action.UPDATE: "is updated",
    Action.REPLACE: "is replaced by a new one",
    Action.REPOINT: "is moved: callers see the change from here on",
    Action.RETIRE: "is marked for deletion",
    Action.DELETE: "is deleted",
    Action.DISOWN: "stays in AWS, and is no longer ours: our tags are taken off",
    Action.ADOPT: "is taken over as it is: only our tags are put on it",
    Action.NONE: "",
}


def symbol(change: Change) -> str:
    """One sign for a change."""
    if change.action is Action.NONE and change.publishes:
        return PUBLISH_SYMBOL
    return DRIFT_SYMBOL if change.action is Action.NONE and change.fields else SYMBOLS[change.action]


def sentence(change: Change, reuses: str = "") -> str:
    """What happens and why, without names: ``is updated, publishes a version (7 of 10 versions used ...)``."""
    said = [_ACTIONS[change.action]] if _ACTIONS[change.action] else []
    if change.publishes:
        quota = f" ({change.quota})" if change.quota else ""
        instead = f" in place of {change.version}" if change.version else ""
        said.append(f"publishes a new version{instead}{quota}")
    if reuses:
        said.append(f"version {reuses} holds this content already and is used again")
    text = ", ".join(said)
    if change.action in (Action.UPDATE, Action.REPOINT) and all(f.origin is Origin.DRIFT for f in change.fields):
        return f"{text}: put back to what git says"
    reason = REASONS.get(change.reason, "")
    return f"{text}: {reason}" if text and reason else text or reason


def value_text(value: Any) -> str:
    """A value as one would write it; hidden ones by length and digest."""
    if value is MISSING:
        return "(none)"
    if isinstance(value, Hidden):
        return f"({value.length:,} characters, sha256 {value.sha256})"
    if isinstance(value, Ref):
        return f"(known after apply: {value})"
    if isinstance(value, Bound | str):
        return f'"{value}"'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return _clip("{" + ", ".join(f"{k}: {value_text(v)}" for k, v in value.items()) + "}")
    if isinstance(value, list | tuple):
        return _clip("[" + ", ".join(value_text(v) for v in value) + "]")
    return str(value)


def _clip(text: str, most: int = 160) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def totals_text(view: PlanView) -> str:
    """``2 to create, 1 to update``; empty when nothing is to be done."""
    return ", ".join(f"{count} to {verb}" for verb, count in view.totals.items() if count)


def closing(view: PlanView) -> Iterator[str]:
    """The last sentences of a plan."""
    plan = view.plan
    totals = totals_text(view)
    if totals:
        yield f"Plan: {totals}."
    elif not view.blocked:
        yield "Nothing to do: what is live is what git says."
    if view.drift:
        yield f"Drift: {counted(len(view.drift), 'place')} changed outside git."
    if view.weaker:
        yield f"Weaker: {counted(len(view.weaker), 'place')} would protect or check less than now."
    if view.blocked:
        yield f"Blocked: {counted(len(view.blocked), 'use case')}; nothing is done for {_them(len(view.blocked))}."
    if view.unchanged:
        yield f"Unchanged: {counted(view.unchanged, 'use case')}."
    if plan.room:
        yield "Room: " + "; ".join(f"{r} ({r.source})" for r in plan.room) + "."
    trusted = " by its row in the list (parts: --deep)" if plan.assumed else ""
    yield f"Looked at: {plan.read:,} read, {plan.assumed:,} assumed unchanged since the last record{trusted}."


def _them(number: int) -> str:
    return "it" if number == 1 else "them"


def counted(number: int, noun: str) -> str:
    """``1 place``, ``2 places``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def short(digest: str) -> str:
    """The first 12 digits of a digest."""
    return digest.removeprefix("sha256:")[:12]


def processed(row: UseCaseRow) -> str:
    """Where data of a use case may go, in a line."""
    return f"data may be processed in: {', '.join(row.processed_in)}"
