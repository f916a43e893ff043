"""From request to reply: identify, route, disturb, throttle, validate, authorise, handle, commit, serialise, count."""

from __future__ import annotations

import hashlib
import json
import traceback
import uuid
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from releaser.sandbox import event_stream, objects
from releaser.sandbox.buckets import Buckets
from releaser.sandbox.call import Call, Caller, Pace, StaleView
from releaser.sandbox.clock import Clock
from releaser.sandbox.crowd import Crowd
from releaser.sandbox.errors import AwsError, not_in_the_sandbox, violations
from releaser.sandbox.faults import STREAM_EXCEPTION, Effects, Faults
from releaser.sandbox.iam.authorise import authorise
from releaser.sandbox.identity import identify, read_scope, unsigned
from releaser.sandbox.kind import Kinds
from releaser.sandbox.kinds import discover
from releaser.sandbox.model import Operation, load_served
from releaser.sandbox.request import Request
from releaser.sandbox.routing import Router
from releaser.sandbox.settings import Settings
from releaser.sandbox.shaping import ShapeViolation
from releaser.sandbox.store import GLOBAL, Store
from releaser.sandbox.upstream import Answer, Answers, Pending, Upstream
from releaser.sandbox.validation import check_input
from releaser.sandbox.wire import Reply, failure, success

_THROTTLE_CODES = {
    "sts": "Throttling",
    "iam": "Throttling",
    "resourcegroupstaggingapi": "ThrottledException",
    "s3": "SlowDown",
    "cloudwatch": "Throttling",
}
_INVALID_CODES = {
    "sts": "ValidationError",
    "iam": "ValidationError",
    "s3": "InvalidArgument",
    "cloudwatch": "ValidationError",
    "appconfig": "BadRequestException",
    "appconfigdata": "BadRequestException",
}
_LOG_LENGTH = 5000
_ASK_MODELS = frozenset(
    {
        "bedrock-runtime.Converse",
        "bedrock-runtime.ConverseStream",
        "bedrock-runtime.InvokeModel",
        "bedrock-agent-runtime.InvokeAgent",
        "bedrock-agent-runtime.InvokeFlow",
        "bedrock-agent-runtime.RetrieveAndGenerate",
        "bedrock-agent-runtime.RetrieveAndGenerateStream",
    }
)


@dataclass(slots=True)
class Work:
    """A request understood so far: enough to log it, disturb it and finish it."""

    request_id: str
    operation: Operation | None = None
    protocol: str = ""
    caller: Caller | None = None
    region: str = ""
    params: dict[str, Any] = field(default_factory=dict)
    refused: AwsError | None = None
    effects: Effects | None = None
    disturbed: bool = False
    answers: list[Answer] = field(default_factory=list)
    """What the real model has said to this request so far."""
    pace: Pace = field(default_factory=Pace)
    """How long its models take, and so the reply."""
    crowded: bool | None = None
    """Whether too many calls of models run already; None: it is no call of a model, or it has ended."""
    row: dict[str, Any] = field(default_factory=dict)
    """What the log says of it."""

    @property
    def account(self) -> str:
        """The account the call lands in, empty while unknown."""
        return self.caller.account if self.caller else ""


class Sandbox:
    """The whole sandbox behind the socket. One thread uses it."""

    def __init__(self, data: Path, scale: float, upstream: Upstream | None = None) -> None:
        self.data = data
        self.upstream = upstream
        self.kinds: Kinds = discover()
        self.router = Router(load_served(self.kinds.wrong_patterns))
        self.store = Store(data / "sandbox.sqlite3")
        self.clock = Clock(scale)
        self.settings = Settings(self.kinds.quotas, self.kinds.switches)
        self.faults = Faults()
        self.crowd = Crowd()
        self.counts: Counter[tuple[str, str]] = Counter()
        self.log: deque[dict[str, Any]] = deque(maxlen=_LOG_LENGTH)
        self._restore()
        self.buckets = Buckets(self.clock, self.kinds.rates, self.settings.rates)

    def understand(self, request: Request) -> Work:
        """Who asks for what, and which faults hit it. Nothing has happened yet."""
        work = Work(str(uuid.uuid4()))
        try:
            scope = read_scope(request)
            work.region = scope.region
            work.operation, work.params, work.protocol = self.router.resolve(request, scope.signing_name)
            signed = bool(scope.access_key)
            work.caller = (
                identify(scope, request.headers, self.store, self.clock)
                if signed
                else unsigned(work.params.get("RoleArn"))
            )
            where = (work.account, work.region, work.params, work.request_id)
            work.effects = self.faults.effects(work.operation, *where)
            if work.operation.key in _ASK_MODELS:
                work.crowded = not self.crowd.enter(work.account, work.region, self.settings.model_parallel)
        except AwsError as error:
            work.refused = error
        return work

    def wait(self, work: Work) -> float:
        """Real seconds that the call takes before its effect."""
        seconds = self.settings.latency + (work.effects.latency if work.effects else 0.0)
        return seconds + (self.settings.model_latency if work.crowded is False else 0.0)

    def answer(self, work: Work) -> Reply:
        """Performs the call and gives the reply; the effect is committed when this returns.

        Pending: nothing happened yet, and the real model is to be asked first.
        """
        try:
            if work.refused is not None:
                raise work.refused
            assert work.operation is not None and work.caller is not None
            self._disturb(work, work.operation)
            work.pace = Pace()
            result = self._perform(work, work.operation, work.caller)
            reply = self._break(work, success(work.operation, result, work.request_id, work.protocol))
            code = ""
        except Pending:
            raise
        except AwsError as error:
            reply, code = failure(work.operation, error, work.request_id, work.protocol), error.code
        except ShapeViolation as error:
            reply, code = self._bug(work, f"sandbox bug: {error}"), "InternalServerException"
        except Exception:  # noqa: BLE001 - the last line: any bug becomes a loud 500
            reply, code = self._bug(work, f"sandbox bug: {traceback.format_exc()}"), "InternalServerException"
        self._count(work, reply.status, code)
        return reply

    def leave(self, work: Work, whole: bool) -> None:
        """A call has ended. ``whole``: its reply was handed to the connection to its last byte."""
        if work.crowded is False:
            self.crowd.leave(work.account, work.region)
        work.crowded = None
        effects = work.effects or Effects()
        work.row["whole"] = whole and effects.truncate is None and effects.stream is None

    def keep_settings(self) -> None:
        """Writes the settings and the clock's offset to the store."""
        doc = {**self.settings.dump(), "offset": self.clock.offset}
        with self.store.transaction(self.clock.now()):
            self.store.put(GLOBAL, GLOBAL, "settings", "settings", doc)

    def reset(self, account: str | None) -> None:
        """Forgets one account's resources and calls; or everything, settings, faults and clock included."""
        if account is not None:
            with self.store.transaction(self.clock.now()):
                objects.forget_account(self.store, account)
        self.store.wipe(account)
        if account is None:
            self.settings.load({})
            self.buckets.overrides = self.settings.rates
            self.buckets.clear()
            self.faults.clear()
            self.clock.offset = 0.0
            self.counts.clear()
            self.log.clear()
            self._epoch()

    def _restore(self) -> None:
        kept = self.store.get(GLOBAL, GLOBAL, "settings", "settings")
        if kept is not None:
            self.settings.load(kept)
            self.clock.offset = kept["offset"]
        self._epoch()

    def _epoch(self) -> None:
        """The day this sandbox began: lifecycle dates of models count from it, so they stay put."""
        if self.store.get(GLOBAL, GLOBAL, "epoch", "epoch") is None:
            midnight = self.clock.now() // 86_400 * 86_400
            with self.store.transaction(self.clock.now()):
                self.store.put(GLOBAL, GLOBAL, "epoch", "epoch", {"at": midnight})

    def _disturb(self, work: Work, operation: Operation) -> None:
        effects = work.effects
        if work.disturbed:
            return
        work.disturbed = True
        if effects is not None and effects.error is not None:
            code = effects.error.get("code", "InternalServerException")
            status = effects.error.get("status") or operation.service.error(code)[1] or 500
            message = effects.error.get("message", "Injected by the sandbox.")
            raise _retry_after(AwsError(code, message, status), effects.error)
        throttled = effects is not None and effects.throttle is not None
        if throttled or work.crowded or not self.buckets.allow(work.account, work.region, operation):
            code = _THROTTLE_CODES.get(operation.service.name, "ThrottlingException")
            error = AwsError(code, "Rate exceeded", 503 if code == "SlowDown" else None)
            raise _retry_after(error, (effects.throttle if effects else None) or {})

    def _break(self, work: Work, reply: Reply) -> Reply:
        """A stream that ends in an exception, where a fault says so."""
        options = work.effects.stream if work.effects else None
        if options is None:
            return reply
        code, message = options.get("code", STREAM_EXCEPTION), options.get("message", "Injected by the sandbox.")
        return replace(reply, body=event_stream.broken(reply.body, code, message, options.get("after")))

    def _perform(self, work: Work, operation: Operation, caller: Caller) -> dict[str, Any]:
        handler = self.kinds.handlers.get(operation.key)
        if handler is None:
            raise not_in_the_sandbox(operation.key)
        params = {name: value for name, value in work.params.items() if value is not None}
        found = check_input(operation.input, params) if operation.input else []
        if found:
            raise violations(found, _INVALID_CODES.get(operation.service.name, "ValidationException"))
        stale = StaleView(**work.effects.stale) if work.effects and work.effects.stale is not None else None
        if stale == StaleView():
            stale = StaleView(writes=1)
        call = Call(
            operation,
            params,
            caller,
            work.region,
            work.request_id,
            self.store,
            self.clock,
            self.settings,
            self.kinds,
            self.kinds.delays,
            stale,
            Answers(work.answers) if self.upstream is not None else None,
            work.pace,
        )
        authorise(call)
        return self._transact(lambda: handler(call))

    def _transact(self, handle: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        with self.store.transaction(self.clock.now()):
            return handle()

    def _bug(self, work: Work, text: str) -> Reply:
        return failure(work.operation, AwsError("InternalServerException", text, 500), work.request_id, work.protocol)

    def _count(self, work: Work, status: int, code: str) -> None:
        operation = work.operation.key if work.operation else "unknown"
        self.counts[work.account, operation] += 1
        entry = {
            "at": self.clock.now(),
            "account": work.account,
            "region": work.region,
            "operation": operation,
        }
        if operation in _ASK_MODELS:
            asked = json.dumps(work.params, sort_keys=True, default=repr).encode()
            entry["asked"] = hashlib.sha256(asked).hexdigest()
        work.row.update(entry, status=status, error=code, requestId=work.request_id, whole=False)
        self.log.append(work.row)


def _retry_after(error: AwsError, options: Mapping[str, Any]) -> AwsError:
    """The error, with the header that a fault gives it."""
    if "retryAfter" in options:
        error.headers["Retry-After"] = f"{options['retryAfter']:g}"
    return error
