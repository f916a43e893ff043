"""A small client of the admin API, for tests, benchmarks and the command line. Standard library only."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import urlencode, urlsplit


class SandboxRefused(Exception):
    """The admin API said no; its message says why."""


class AdminClient:
    """The admin API of a running sandbox. Every method is one request on a connection of its own."""

    def __init__(self, url: str, timeout: float = 10.0) -> None:
        self.url = url
        self._timeout = timeout

    def health(self) -> dict[str, Any]:
        """``ok``, ``pid``, ``data``."""
        return self._call("GET", "health")

    def info(self) -> dict[str, Any]:
        """Health plus the operations played, the accounts seen, the time scale, what answers for models, the number of
        calls."""
        return self._call("GET", "info")

    def stop(self) -> None:
        """Asks the sandbox to stop."""
        self._call("POST", "stop")

    def reset(self, account: str | None = None) -> None:
        """Forgets one account's resources; or everything: settings, faults, clock and counters too."""
        self._call("POST", "reset", {"account": account} if account else {})

    def clock(self) -> dict[str, float]:
        """``now``, ``offset``, ``timeScale``."""
        return self._call("GET", "clock")

    def advance(self, seconds: float) -> float:
        """Moves the clock forward; the time it shows now."""
        return float(self._call("POST", "clock/advance", {"seconds": seconds})["now"])

    def settings(self) -> dict[str, Any]:
        """``quotas``, ``switches``, ``rates`` (overrides), ``latency`` in force."""
        return self._call("GET", "settings")

    def set_quotas(self, **quotas: int) -> None:
        """Overrides quotas: ``prompts``, ``promptVersions``, ``guardrails``, ``guardrailVersions``, ..."""
        self._call("POST", "settings", {"quotas": quotas})

    def set_switches(self, **switches: bool | int | float | str) -> None:
        """Overrides what AWS leaves undocumented; ``settings()`` lists the switches."""
        self._call("POST", "settings", {"switches": switches})

    def set_rates(self, rates: dict[str, float | None]) -> None:
        """Requests a second by ``service.Operation``, ``reads``, ``writes`` or ``*``; None: unlimited."""
        self._call("POST", "settings", {"rates": rates})

    def clear_rates(self) -> None:
        """Back to the default rates, full buckets."""
        self._call("DELETE", "rates")

    def set_latency(self, seconds: float) -> None:
        """Real seconds added to every call."""
        self._call("POST", "settings", {"latency": seconds})

    def set_model_latency(self, seconds: float) -> None:
        """Real seconds added to every call in which a model answers."""
        self._call("POST", "settings", {"modelLatency": seconds})

    def set_model_pace(self, first_token: float, tokens_per_second: float) -> None:
        """Seconds until a model's first token, and how fast the others follow (0: at once), times the time scale."""
        pace = {"firstToken": first_token, "tokensPerSecond": tokens_per_second}
        self._call("POST", "settings", pace)

    def set_model_parallel(self, most: int) -> None:
        """Calls of models at once, of each account and region; what comes above is throttled. 0: no limit."""
        self._call("POST", "settings", {"modelParallel": most})

    def add_fault(self, kind: str, **rule: Any) -> int:
        """Adds a fault rule (see ``releaser.sandbox.faults``); its id."""
        answer = self._call("POST", "faults", {"rules": [{"kind": kind, **rule}]})
        return int(answer["rules"][0]["id"])

    def faults(self) -> list[dict[str, Any]]:
        """The rules in force, with how often each was seen and fired."""
        return list(self._call("GET", "faults")["rules"])

    def fired(self) -> list[dict[str, Any]]:
        """What fired, in order: rule, kind, operation, account, region, requestId."""
        return list(self._call("GET", "faults/fired")["fired"])

    def clear_faults(self) -> None:
        """No rules, empty log, held requests released."""
        self._call("DELETE", "faults")

    def held(self) -> list[dict[str, Any]]:
        """Requests held by a hang fault right now."""
        return list(self._call("GET", "held")["held"])

    def release(self) -> int:
        """Lets held requests go on; how many."""
        return int(self._call("POST", "release")["released"])

    def calls(self, account: str | None = None) -> dict[str, int]:
        """Calls received since the last reset of the counters, by ``service.Operation``."""
        return dict(self._call("GET", "calls" + _query(account=account))["calls"])

    def reset_calls(self, account: str | None = None) -> None:
        """Counters to zero."""
        self._call("DELETE", "calls" + _query(account=account))

    def publish_keys(self, issuer: str, keys: list[dict[str, str]]) -> None:
        """What an OIDC issuer's ``jwks_uri`` would say: the keys that its tokens are verified with."""
        self._call("POST", "issuers", {"issuer": issuer, "keys": keys})

    def log(self, tail: int = 100, account: str | None = None) -> list[dict[str, Any]]:
        """The last calls: at, account, region, operation, status, error, requestId; ``whole``: the reply was sent to
        its end; and for calls of models ``asked``, which is the same for the same parameters."""
        return list(self._call("GET", "log" + _query(tail=tail, account=account))["log"])

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        where = urlsplit(self.url)
        connection = http.client.HTTPConnection(where.hostname or "127.0.0.1", where.port, timeout=self._timeout)
        try:
            payload = json.dumps(body) if body is not None else None
            connection.request(method, f"/_sandbox/{path}", payload)
            reply = connection.getresponse()
            answer: dict[str, Any] = json.loads(reply.read())
        finally:
            connection.close()
        if reply.status != 200:
            raise SandboxRefused(answer.get("error", f"HTTP {reply.status}"))
        return answer


def _query(**values: Any) -> str:
    given = {name: value for name, value in values.items() if value is not None}
    return f"?{urlencode(given)}" if given else ""
