"""The admin API under ``/_sandbox/``: JSON in, JSON out. It refuses what it does not know."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

from releaser.sandbox.app import Sandbox
from releaser.sandbox.errors import BadAdminRequest
from releaser.sandbox.faults import Rule
from releaser.sandbox.iam.providers import publish
from releaser.sandbox.iam.web_identity import check_key
from releaser.sandbox.language import STAND_IN
from releaser.sandbox.model import LATE
from releaser.sandbox.request import Request
from releaser.sandbox.wire import Reply

_PACE = {
    "latency": "latency",
    "modelLatency": "model_latency",
    "firstToken": "first_token",
    "tokensPerSecond": "tokens_per_second",
    "modelParallel": "model_parallel",
}
"""Settings that say how long things take and how many go on at once, and what they are in ``Settings``."""

Answer = dict[str, Any]
Action = Callable[[Mapping[str, Any]], Answer]


class Admin:
    """Actions by method and path."""

    def __init__(
        self,
        sandbox: Sandbox,
        held: Callable[[], list[dict[str, Any]]],
        release: Callable[[], int],
        stop: Callable[[], None],
    ) -> None:
        self._sandbox = sandbox
        self._held, self._release, self._stop = held, release, stop
        self._actions: dict[str, tuple[Action, frozenset[str]]] = {
            "GET health": (self._health, frozenset()),
            "GET info": (self._info, frozenset()),
            "POST stop": (self._stopping, frozenset()),
            "POST reset": (self._reset, frozenset({"account"})),
            "GET clock": (self._clock, frozenset()),
            "POST clock/advance": (self._advance, frozenset({"seconds"})),
            "GET settings": (self._settings, frozenset()),
            "POST settings": (self._set, frozenset({"quotas", "rates", "switches", *_PACE})),
            "DELETE rates": (self._clear_rates, frozenset()),
            "GET faults": (self._faults, frozenset()),
            "POST faults": (self._add_faults, frozenset({"rules"})),
            "DELETE faults": (self._clear_faults, frozenset()),
            "GET faults/fired": (self._fired, frozenset()),
            "GET held": (lambda args: {"held": self._held()}, frozenset()),
            "POST release": (lambda args: {"released": self._release()}, frozenset()),
            "GET calls": (self._calls, frozenset({"account"})),
            "DELETE calls": (self._clear_calls, frozenset({"account"})),
            "POST issuers": (self._publish, frozenset({"issuer", "keys"})),
            "GET log": (self._log, frozenset({"account", "tail"})),
        }

    def handle(self, request: Request) -> Reply:
        """The reply to an admin request."""
        name = f"{request.method} {request.path.removeprefix('/_sandbox/').strip('/')}"
        try:
            return _json(200, self._act(name, request))
        except KeyError as error:
            return _json(400, {"error": f"{name} needs {error}"})
        except (BadAdminRequest, ValueError, TypeError) as error:
            return _json(400, {"error": str(error)})

    def _act(self, name: str, request: Request) -> Answer:
        if name not in self._actions:
            raise BadAdminRequest(f"no {name!r}; there are: {', '.join(sorted(self._actions))}")
        action, known = self._actions[name]
        args: dict[str, Any] = {key: values[-1] for key, values in parse_qs(request.query).items()}
        body = json.loads(request.body) if request.body else {}
        if not isinstance(body, dict):
            raise BadAdminRequest("the body is not a JSON object")
        args.update(body)
        unknown = sorted(set(args) - known)
        if unknown:
            raise BadAdminRequest(f"{name} does not take {', '.join(unknown)}; it takes {sorted(known)}")
        return action(args)

    def _health(self, args: Mapping[str, Any]) -> Answer:
        return {"ok": True, "pid": os.getpid(), "data": str(self._sandbox.data)}

    def _info(self, args: Mapping[str, Any]) -> Answer:
        box = self._sandbox
        accounts = sorted({account for account, _ in box.counts if account})
        more = {"operations": sorted(box.kinds.handlers), "accounts": accounts, "timeScale": box.clock.scale}
        more["model"] = box.upstream.about if box.upstream else STAND_IN
        return {**self._health(args), **more, "calls": sum(box.counts.values())}

    def _stopping(self, args: Mapping[str, Any]) -> Answer:
        self._stop()
        return {"stopping": True}

    def _reset(self, args: Mapping[str, Any]) -> Answer:
        account = args.get("account")
        self._sandbox.reset(account)
        return {"reset": account or "everything"}

    def _clock(self, args: Mapping[str, Any]) -> Answer:
        clock = self._sandbox.clock
        return {"now": clock.now(), "offset": clock.offset, "timeScale": clock.scale}

    def _advance(self, args: Mapping[str, Any]) -> Answer:
        self._sandbox.clock.advance(float(args["seconds"]))
        self._sandbox.keep_settings()
        return self._clock(args)

    def _settings(self, args: Mapping[str, Any]) -> Answer:
        settings = self._sandbox.settings
        quotas = {name: settings.quota(name) for name in settings.quota_defaults}
        switches = {name: settings.switch(name) for name in settings.switch_defaults}
        delays = {name: getattr(settings, attribute) for name, attribute in _PACE.items()}
        return {"quotas": quotas, "switches": switches, "rates": settings.rates, **delays}

    def _set(self, args: Mapping[str, Any]) -> Answer:
        box = self._sandbox
        box.settings.set_quotas(args.get("quotas", {}))
        box.settings.set_switches(args.get("switches", {}))
        if args.get("rates"):
            for late in LATE:
                if any(name.startswith(f"{late}.") for name in args["rates"]):
                    box.router.know(late)
            box.buckets.set(args["rates"], box.router.operations)
        given = {name: float(args[name]) for name in _PACE if name in args}
        if not all(0 <= value < float("inf") for value in given.values()):
            raise BadAdminRequest(f"{', '.join(given)} cannot be negative or without end")
        for name, value in given.items():
            setattr(box.settings, _PACE[name], value)
        box.keep_settings()
        return self._settings(args)

    def _clear_rates(self, args: Mapping[str, Any]) -> Answer:
        self._sandbox.buckets.clear()
        self._sandbox.keep_settings()
        return self._settings(args)

    def _faults(self, args: Mapping[str, Any]) -> Answer:
        return {"rules": [rule.describe() for rule in self._sandbox.faults.rules]}

    def _add_faults(self, args: Mapping[str, Any]) -> Answer:
        rules = args.get("rules")
        if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
            raise BadAdminRequest('faults are {"rules": [{"kind": ...}, ...]}')
        return {"rules": [self._add_fault(rule).describe() for rule in rules]}

    def _add_fault(self, rule: dict[str, Any]) -> Rule:
        """A rule about a service or operation that does not exist would never fire: refused."""
        router = self._sandbox.router
        services = set(router.names)
        if "service" in rule and rule["service"] not in services:
            raise BadAdminRequest(f"no service {rule['service']!r}; there are: {', '.join(sorted(services))}")
        if "operation" in rule and not router.operations_called(rule["operation"], rule.get("service")):
            raise BadAdminRequest(f"no operation {rule['operation']!r} in the services played")
        return self._sandbox.faults.add(rule)

    def _clear_faults(self, args: Mapping[str, Any]) -> Answer:
        self._sandbox.faults.clear()
        return {"rules": [], "released": self._release()}

    def _fired(self, args: Mapping[str, Any]) -> Answer:
        return {"fired": list(self._sandbox.faults.fired)}

    def _calls(self, args: Mapping[str, Any]) -> Answer:
        total: Counter[str] = Counter()
        for (account, operation), count in self._sandbox.counts.items():
            if args.get("account") in (None, account):
                total[operation] += count
        return {"calls": dict(sorted(total.items()))}

    def _clear_calls(self, args: Mapping[str, Any]) -> Answer:
        for key in list(self._sandbox.counts):
            if args.get("account") in (None, key[0]):
                del self._sandbox.counts[key]
        return {"calls": {}}

    def _publish(self, args: Mapping[str, Any]) -> Answer:
        box, issuer, keys = self._sandbox, args["issuer"], args["keys"]
        if not isinstance(issuer, str) or not isinstance(keys, list) or not all(isinstance(key, dict) for key in keys):
            raise BadAdminRequest('an issuer is {"issuer": "https://...", "keys": [{"kty": "RSA", ...}]}')
        for key in keys:
            check_key(key)
        with box.store.transaction(box.clock.now()):
            publish(box.store, issuer, keys)
        return {"issuer": issuer, "keys": len(keys)}

    def _log(self, args: Mapping[str, Any]) -> Answer:
        rows = [row for row in self._sandbox.log if args.get("account") in (None, row["account"])]
        return {"log": rows[-int(args.get("tail", 100)) :]}


def _json(status: int, body: Answer) -> Reply:
    return Reply(status, json.dumps(body).encode())
