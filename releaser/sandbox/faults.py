"""Faults on demand: which call they hit, and what they do to it. Unknown words in a rule are refused.

A rule names a ``kind``, what it matches, and how often: it fires on the ``skip``-th match after that many
were let through, ``times`` times (1 unless given; null: always). With a ``share`` of 0 to 1 it fires on that part of
the matches, always the same ones by their number, and as often as they come; ``seed`` draws others. Rules draw
independently of each other. What fired can be read back.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from releaser.sandbox.errors import BadAdminRequest
from releaser.sandbox.model import Operation

_OPTIONS: dict[str, dict[str, type | tuple[type, ...]]] = {
    "throttle": {"retryAfter": (int, float)},
    "error": {"code": str, "status": int, "message": str, "retryAfter": (int, float)},
    "latency": {"seconds": (int, float)},
    "reset-before": {},
    "reset-after": {},
    "truncate": {"form": str, "keep": int},
    "stream-exception": {"code": str, "message": str, "after": int},
    "stale-list": {"seconds": (int, float), "writes": int},
    "hang-before": {},
    "hang-after": {},
}
KINDS = tuple(_OPTIONS)
_MATCHERS: dict[str, type | tuple[type, ...]] = {
    "service": str, "operation": str, "account": str, "region": str, "write": bool, "param": dict,
}  # fmt: skip
_COUNTS: dict[str, type | tuple[type, ...]] = {
    "times": (int, type(None)), "skip": int, "share": (int, float), "seed": int,
}  # fmt: skip
STREAM_EXCEPTION = "internalServerException"


@dataclass(slots=True)
class Rule:
    """One fault: match, count, effect."""

    id: int
    kind: str
    match: Mapping[str, Any]
    options: Mapping[str, Any]
    times: int | None
    skip: int
    share: float = 1.0
    seed: str = ""
    seen: int = 0
    fired: int = 0

    def hits(self, operation: Operation, account: str, region: str, params: Mapping[str, Any]) -> bool:
        """Whether this call is one the rule is about; stale-list is about lists only, a stream's exception
        about streams that have it."""
        want = self.match
        facts = {
            "service": operation.service.name,
            "operation": operation.name,
            "account": account,
            "region": region,
        }
        if any(want[name] != value for name, value in facts.items() if name in want):
            return False
        if "write" in want and want["write"] is operation.is_read:
            return False
        if self.kind == "stale-list" and not operation.is_list:
            return False
        if self.kind == "stream-exception" and not _raises(operation, self.options.get("code", STREAM_EXCEPTION)):
            return False
        return all(dig(params, path) == value for path, value in want.get("param", {}).items())

    def take(self) -> bool:
        """Counts a match; True when the rule fires on it."""
        self.seen += 1
        if self.seen <= self.skip or (self.times is not None and self.fired >= self.times):
            return False
        if _drawn(self.seed, self.seen - self.skip) >= self.share:
            return False
        self.fired += 1
        return True

    def describe(self) -> dict[str, Any]:
        """The rule as the admin API shows it."""
        return asdict(self)


@dataclass(slots=True)
class Effects:
    """What the rules that fired do to one call."""

    latency: float = 0.0
    error: Mapping[str, Any] | None = None
    throttle: Mapping[str, Any] | None = None
    reset: str = ""
    hang: str = ""
    truncate: Mapping[str, Any] | None = None
    stream: Mapping[str, Any] | None = None
    stale: Mapping[str, Any] | None = None

    def add(self, rule: Rule) -> None:
        """Takes a rule's effect in."""
        match rule.kind:
            case "latency":
                self.latency += rule.options.get("seconds", 1.0)
            case "throttle":
                self.throttle = rule.options
            case "error":
                self.error = rule.options
            case "reset-before" | "reset-after":
                self.reset = rule.kind.removeprefix("reset-")
            case "hang-before" | "hang-after":
                self.hang = rule.kind.removeprefix("hang-")
            case "truncate":
                self.truncate = rule.options
            case "stream-exception":
                self.stream = rule.options
            case "stale-list":
                self.stale = rule.options
            case other:
                raise AssertionError(f"no effect for {other}")


@dataclass(slots=True)
class Faults:
    """The rules in force and the log of what fired."""

    rules: list[Rule] = field(default_factory=list)
    fired: list[dict[str, Any]] = field(default_factory=list)
    _ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def add(self, raw: Mapping[str, Any]) -> Rule:
        """Adds a rule, or says what is wrong with it."""
        kind = raw.get("kind")
        if kind not in KINDS:
            raise BadAdminRequest(f"fault kind {kind!r}: one of {', '.join(KINDS)}")
        known = {**_MATCHERS, **_COUNTS, **_OPTIONS[kind]}
        for name, value in raw.items():
            if name != "kind" and name not in known:
                raise BadAdminRequest(f"a {kind} fault has no {name!r}; it has {', '.join(sorted(known))}")
            flag = isinstance(value, bool) and name != "write"
            if name != "kind" and (flag or not isinstance(value, known[name])):
                raise BadAdminRequest(f"{name} of a {kind} fault cannot be {value!r}")
        if kind == "truncate" and raw.get("form", "short") not in ("short", "cut"):
            raise BadAdminRequest("form of a truncate fault is short (length matches the cut body) or cut (mid-body)")
        share = float(raw.get("share", 1.0))
        if not 0 <= share <= 1:
            raise BadAdminRequest("share of a fault is from 0 to 1")
        times = raw.get("times", None if "share" in raw else 1)
        match = {name: raw[name] for name in _MATCHERS if name in raw}
        options = {name: raw[name] for name in _OPTIONS[kind] if name in raw}
        seed = f"{kind}/{raw.get('seed', len(self.rules))}"
        rule = Rule(next(self._ids), kind, match, options, times, raw.get("skip", 0), share, seed)
        self.rules.append(rule)
        return rule

    def effects(
        self, operation: Operation, account: str, region: str, params: Mapping[str, Any], request_id: str
    ) -> Effects | None:
        """What happens to this call; None when nothing does."""
        found: Effects | None = None
        for rule in self.rules:
            if rule.hits(operation, account, region, params) and rule.take():
                found = found or Effects()
                found.add(rule)
                entry = {"rule": rule.id, "kind": rule.kind, "operation": operation.key, "account": account}
                self.fired.append({**entry, "region": region, "requestId": request_id})
        return found

    def clear(self) -> None:
        """No rules, empty log."""
        self.rules.clear()
        self.fired.clear()


def _drawn(seed: str, number: int) -> float:
    """A number from 0 to 1 (exclusive) that is the same for the same match under the same seed."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{number}".encode()).digest()[:4], "big") / 2**32


def _raises(operation: Operation, code: str) -> bool:
    """Whether an operation answers with a stream of events in which this exception may come."""
    stream = operation.stream
    return stream is not None and code in stream.members and bool(stream.members[code].shape.raw.get("exception"))


def dig(params: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path of the parameters, None when there is none."""
    value: Any = params
    for part in path.split("."):
        if isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        elif isinstance(value, Mapping):
            value = value.get(part)
        else:
            return None
    return value
