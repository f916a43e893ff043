"""What is no longer declared: marked first, deleted after the rollback window, since old versions may point there."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

from releaser.core.address import Address
from releaser.core.kind import RETAIN, Verb
from releaser.core.plan import Action, Change, Step, StepKey, Wave
from releaser.core.record import Binding, Retired
from releaser.core.snapshot import Snapshot


def retirement(
    use_case: str, snapshot: Snapshot, now: datetime, window: timedelta, pointers: Collection[str]
) -> list[tuple[Change, Step]]:
    """As ``removals``, for a use case that is taken away whole: the pointers that callers follow (of the kinds
    ``pointers``) go now and first; what they led to is marked, and deleted after the rollback window.

    A pointer that something marked still calls goes with it: AWS refuses to delete the alias of an agent while the
    draft of another works with it, and a way back within the window finds it where it was.
    """
    found = removals(use_case, snapshot, now, window)
    bindings = {(a, b.id): b for a, bs in snapshot.retired.items() for b in bs}
    marked = [(s, bindings[s.address, s.key.target]) for _, s in found if s.verb is Verb.RETIRE]
    called = {a for s, b in marked if s.address.kind not in pointers for a in b.needs}
    gone = {s.key for s, _ in marked if s.address.kind in pointers and s.address not in called}
    now_gone = [_at_once(c, s) if s.key in gone else (c, s) for c, s in found]
    ordered = _in_order(now_gone, snapshot)
    first = tuple(sorted(s.key for _, s in ordered if s.address.kind in pointers and s.verb is Verb.DELETE))
    return [(c, replace(s, needs=first) if s.verb is Verb.RETIRE else s) for c, s in ordered]


def _at_once(change: Change, step: Step) -> tuple[Change, Step]:
    key = StepKey(step.address, Verb.DELETE, step.key.target)
    return replace(change, action=Action.DELETE, reason="retired-use-case"), replace(step, key=key)


def removals(
    use_case: str, snapshot: Snapshot, now: datetime, window: timedelta, retain: bool = False
) -> list[tuple[Change, Step]]:
    """A change and a step for everything of the use case that is to be marked, deleted or let go now.

    ``retain``: the manifest retains all that goes now; else the word of the release that made it counts.
    """
    found = []
    retained = _retained(snapshot, retain)
    for address, bindings in sorted(snapshot.retired.items()):
        if address.use_case != use_case:
            continue
        for binding in bindings:
            removal = _removal(address, binding, snapshot, now, window, address in retained)
            if removal is not None:
                found.append(removal)
    return _in_order(found, snapshot)


def _retained(snapshot: Snapshot, everything: bool) -> frozenset[Address]:
    """What stays when it goes from the manifest, with all that it needs: it would not work without."""
    going = {a: bs for a, bs in snapshot.retired.items() if a not in snapshot.observations}
    found: set[Address] = set()
    left = [a for a, bs in going.items() if everything or any(b.on_remove == RETAIN for b in bs)]
    while left:
        address = left.pop()
        if address not in found:
            found.add(address)
            left += [n for b in going[address] for n in b.needs if n in going]
    return frozenset(found)


def _in_order(found: list[tuple[Change, Step]], snapshot: Snapshot) -> list[tuple[Change, Step]]:
    """With edges: what uses or stands in something goes before it."""
    bindings = {(a, b.id): b for a, bs in snapshot.retired.items() for b in bs}
    deleted = [s for _, s in found if s.verb is Verb.DELETE]
    done = []
    for change, step in found:
        if step.verb is Verb.DELETE:
            users = {s.key for s in deleted if _uses(bindings[s.address, s.key.target], s, step)} - {step.key}
            step = replace(step, needs=tuple(sorted(users)))
        done.append((change, step))
    return done


def _uses(binding: Binding, user: Step, used: Step) -> bool:
    return used.address in binding.needs or user.key.target.startswith(f"{used.key.target}/")


def _removal(
    address: Address, binding: Binding, snapshot: Snapshot, now: datetime, window: timedelta, retain: bool
) -> tuple[Change, Step] | None:
    is_replaced = address in snapshot.observations
    if not isinstance(binding, Retired):
        verb, action, reason = Verb.RETIRE, Action.RETIRE, "no-longer-declared"
        if retain:
            verb, action, reason = Verb.DISOWN, Action.DISOWN, "retained"
    elif now - binding.since >= window:
        verb, action, reason = Verb.DELETE, Action.DELETE, "rollback-window-over"
    else:
        return None
    if is_replaced:
        reason = "replaced"
    key = StepKey(address, verb, binding.id)
    step = Step(key, Wave.PROMOTE, binding.stamp, "", binding.body_digest, binding.revision)
    return Change(address, action, reason=reason, version=binding.version or "", name=binding.name), step
