"""The door for calls of models: events as they arrive, and failures in the middle of a stream."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from releaser import sandbox
from releaser.aws import client as door
from releaser.aws.client import BotoAws
from releaser.aws.runtime import SPEAKS, SpeakingOnly
from releaser.aws.session import connect
from releaser.core.errors import AwsError, Failure, Refused
from releaser.gates.evaluation.ports import Refusal
from releaser.gates.evaluation.targets.prompt import spoken
from releaser.sandbox.event_stream import encode

REGION = "eu-central-1"
SECRET = "what the customer told us in confidence"
ASKED = {"modelId": "amazon.nova-lite-v1:0", "messages": [{"role": "user", "content": [{"text": SECRET}]}]}
USAGE = {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3}
EVENTS: list[tuple[str, dict[str, Any]]] = [
    ("messageStart", {"role": "assistant"}),
    ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "All "}}),
    ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "is well."}}),
    ("contentBlockStop", {"contentBlockIndex": 0}),
    ("messageStop", {"stopReason": "end_turn"}),
    ("metadata", {"usage": USAGE, "metrics": {"latencyMs": 7}}),
]
FRAMES = [encode(name, json.dumps(value).encode()) for name, value in EVENTS]
WHOLE = b"".join(FRAMES)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.amazon.eventstream\r\nConnection: close\r\n"
Serve = Callable[[socket.socket], None]


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[BotoAws, list[Serve]]]:
    """A door to a server on this machine that serves each request by the next function, and the functions."""
    serves: list[Serve] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                said = b""
                while b"\r\n\r\n" not in said:
                    said += connection.recv(65536)
                head, _, body = said.partition(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
                while len(body) < length:
                    body += connection.recv(65536)
                with suppress(OSError):  # the other side may have heard enough
                    serves.pop(0)(connection)

    threading.Thread(target=run, daemon=True).start()
    for name, value in (
        ("AWS_ENDPOINT_URL", f"http://127.0.0.1:{listener.getsockname()[1]}"),
        ("AWS_ACCESS_KEY_ID", "key"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
    ):
        monkeypatch.setenv(name, value)
    yield BotoAws(REGION), serves
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def with_length(body: bytes, length: int | None = None) -> Serve:
    size = len(body) if length is None else length
    return lambda connection: connection.sendall(HEAD + f"Content-Length: {size}\r\n\r\n".encode() + body)


def chunked(*parts: bytes, end: bytes = b"0\r\n\r\n", pause: float = 0.0) -> Serve:
    def serve(connection: socket.socket) -> None:
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        for part in parts:
            connection.sendall(f"{len(part):x}\r\n".encode() + part + b"\r\n")
            time.sleep(pause)
        connection.sendall(end)

    return serve


def reset(*parts: bytes) -> Serve:
    def serve(connection: socket.socket) -> None:
        chunked(*parts, end=b"", pause=0.05)(connection)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return serve


def refused(status: int, code: str, **headers: str) -> Serve:
    body = json.dumps({"message": SECRET}).encode()
    given = {"x-amzn-ErrorType": code, "Content-Length": len(body), **headers}
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in given.items())
    return lambda connection: connection.sendall(f"HTTP/1.1 {status} No\r\n{lines}\r\n".encode() + body)


def listen(aws: Any) -> list[tuple[float, dict[str, Any]]]:
    return list(aws.stream("bedrock-runtime", "ConverseStream", ASKED, "stream"))


def trouble(aws: BotoAws) -> str:
    with pytest.raises(Refusal) as caught:
        spoken(aws, ASKED, "m")
    assert SECRET not in str(caught.value)
    return str(caught.value.failure.trouble)


def test_events_come_with_the_time_of_their_arrival(served: Any) -> None:
    aws, serves = served
    serves.append(chunked(*FRAMES, pause=0.03))
    found = listen(aws)
    assert [next(iter(event)) for _, event in found] == [name for name, _ in EVENTS]
    times = [at for at, _ in found]
    assert times == sorted(times) and times[-1] - times[0] > 0.1
    serves.append(chunked(*FRAMES, pause=0.03))
    answer = spoken(aws, ASKED, "m")
    assert answer.response.text == "All is well." and answer.timing.server == 7
    first = answer.timing.first_token
    assert first is not None and 20 < first < answer.timing.last_token - 60


def test_a_stream_that_is_cut_anywhere_is_no_answer(served: Any) -> None:
    aws, serves = served
    ends = {sum(map(len, FRAMES[:n])) for n in range(len(FRAMES))}
    for cut in sorted(ends | set(range(0, len(WHOLE), 41)) | {len(WHOLE) - 1}):
        for serve in (
            with_length(WHOLE[:cut]),
            with_length(WHOLE[:cut], len(WHOLE)),
            *([chunked(WHOLE[:cut], end=b"")] if cut else []),
        ):
            serves.append(serve)
            assert trouble(aws) == "truncated", cut


def test_a_stream_with_a_damaged_byte_is_no_answer(served: Any) -> None:
    aws, serves = served
    for at in range(0, len(WHOLE), 13):
        damaged = bytearray(WHOLE)
        damaged[at] ^= 0x15
        serves.append(with_length(bytes(damaged)))
        assert trouble(aws) == "truncated", at
    serves.append(with_length(WHOLE))
    assert spoken(aws, ASKED, "m").response.text == "All is well."


def test_a_whole_frame_that_holds_no_json_is_no_answer(served: Any) -> None:
    aws, serves = served
    serves.append(with_length(b"".join([FRAMES[0], encode("contentBlockDelta", b'{"delta'), *FRAMES[2:]])))
    assert trouble(aws) == "truncated"


def test_a_connection_that_is_reset_or_falls_silent(served: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    aws, serves = served
    serves.append(reset(*FRAMES[:3]))
    assert trouble(aws) == "truncated"
    monkeypatch.setattr(door, "_PATIENCE", {"bedrock-runtime": 0.2})
    serves += [chunked(*FRAMES[:3], end=b"", pause=0.4), lambda _: time.sleep(0.4)]
    slow = BotoAws(REGION)
    assert trouble(slow) == "timeout"
    assert trouble(slow) == "timeout"


@pytest.mark.parametrize(
    ("code", "failure", "expected"),
    [
        ("throttlingException", Failure.THROTTLED, "throttled"),
        ("modelStreamErrorException", Failure.AMBIGUOUS, "truncated"),
        ("internalServerException", Failure.AMBIGUOUS, "truncated"),
        ("serviceUnavailableException", Failure.AMBIGUOUS, "truncated"),
        ("validationException", Failure.INVALID, "refused"),
        ("neverHeardOfException", Failure.AMBIGUOUS, "truncated"),
    ],
)
def test_exceptions_in_a_stream_are_failures(served: Any, code: str, failure: Failure, expected: str) -> None:
    aws, serves = served
    said = encode(code, json.dumps({"message": f'it said "{SECRET}"'}).encode(), message_type="exception")
    for kept in (1, 3, 6):
        serves.append(with_length(b"".join([*FRAMES[:kept], said])))
        with pytest.raises(AwsError) as caught:
            listen(aws)
        assert caught.value.failure is failure and SECRET not in str(caught.value)
    serves.append(with_length(b"".join([*FRAMES[:3], said])))
    assert trouble(aws) == expected


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7.0), ("0.5", 0.5), ("Wed, 21 Oct 2026 07:28:00 GMT", None), ("-1", None), ("1e9", None), ("", None)],
)
def test_how_long_to_wait_is_what_the_service_says(served: Any, header: str, seconds: float | None) -> None:
    aws, serves = served
    serves.append(refused(429, "ThrottlingException", Retry_After=header))
    with pytest.raises(Refusal) as caught:
        spoken(aws, ASKED, "m")
    assert (caught.value.failure.trouble, caught.value.retry_after) == ("throttled", seconds)


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, "ValidationException", "refused"),
        (403, "AccessDeniedException", "refused"),
        (404, "ResourceNotFoundException", "refused"),
        (408, "ModelTimeoutException", "timeout"),
        (424, "ModelErrorException", "unavailable"),
        (429, "ModelNotReadyException", "throttled"),
        (500, "InternalServerException", "unavailable"),
        (503, "ServiceUnavailableException", "unavailable"),
    ],
)
def test_each_call_is_tried_once(served: Any, status: int, code: str, expected: str) -> None:
    aws, serves = served
    serves += [refused(status, code), with_length(WHOLE)]
    assert trouble(aws) == expected
    assert len(serves) == 1


def test_nobody_there(served: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    assert trouble(BotoAws(REGION)) == "unavailable"


def test_only_what_speaks_passes() -> None:
    class Nothing:
        def call(self, *_: Any) -> dict[str, Any]:
            raise AssertionError

        stream = call

    guarded = SpeakingOnly(Nothing())  # type: ignore[arg-type]
    for service, operation in (
        ("bedrock-agent", "DeletePrompt"),
        ("bedrock-runtime", "DeletePrompt"),
        ("bedrock-agent-runtime", "DeleteAgentMemory"),
        ("bedrock-runtime", "StartAsyncInvoke"),
        ("bedrock-agent", "Retrieve"),
    ):
        assert (service, operation) not in SPEAKS
        with pytest.raises(Refused):
            guarded.call(service, operation, {})
        with pytest.raises(Refused):
            guarded.stream(service, operation, {}, "stream")


# -- against the sandbox -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def box() -> Iterator[sandbox.SandboxProcess]:
    with sandbox.running(time_scale=0) as process:
        yield process


@pytest.fixture
def runtime(box: sandbox.SandboxProcess, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name, value in box.env("111111111111", REGION).items():
        monkeypatch.setenv(name, value)
    yield connect("111111111111", REGION, None, session_name="test", read_only=True).runtime
    box.admin.clear_faults()


def test_a_connection_that_only_reads_speaks(runtime: Any) -> None:
    answer = spoken(runtime, ASKED, "m")
    assert answer.response.text and answer.response.usage.output_tokens
    assert answer.timing.first_token is not None and answer.timing.first_token <= answer.timing.last_token


def test_the_account_is_checked_before_anything_speaks(runtime: Any) -> None:
    with pytest.raises(Refused, match="222222222222"):
        connect("222222222222", REGION, None, session_name="test", read_only=False)


@pytest.mark.parametrize(
    ("fault", "options", "expected"),
    [
        ("throttle", {"retryAfter": 2}, "throttled"),
        ("truncate", {"form": "short"}, "truncated"),
        ("truncate", {"form": "cut"}, "truncated"),
        ("stream-exception", {"code": "modelStreamErrorException", "after": 3}, "truncated"),
        ("stream-exception", {"code": "throttlingException", "after": 1}, "throttled"),
        ("error", {"code": "ServiceUnavailableException", "status": 503, "message": "no"}, "unavailable"),
        ("reset-before", {}, "unavailable"),
    ],
    ids=str,
)
def test_faults_of_the_sandbox(
    box: sandbox.SandboxProcess, runtime: Any, fault: str, options: dict[str, Any], expected: str
) -> None:
    box.admin.add_fault(fault, operation="ConverseStream", **options)
    assert trouble(runtime) == expected
    assert spoken(runtime, ASKED, "m").response.text
