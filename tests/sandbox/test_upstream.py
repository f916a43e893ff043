"""What becomes of what a real model's server says: an answer, or an error, never anything made up."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from botocore.exceptions import ClientError

from releaser import sandbox
from releaser.sandbox.upstream import Upstream
from sandbox.test_converse import MODEL, user


def completion(**message: Any) -> dict[str, Any]:
    return {"choices": [{"message": {"role": "assistant", **message}, "finish_reason": "stop"}]}


def with_reason(reason: Any) -> dict[str, Any]:
    return {"choices": [{"message": {"content": "x"}, "finish_reason": reason}]}


CALL = {"id": "a", "function": {"name": "f", "arguments": "{"}}
ODD = {
    "no-json": "hello",
    "no-choices": {"choices": []},
    "a-list": [],
    "message-is-text": {"choices": [{"message": "hi"}]},
    "silent": completion(content=None),
    "parts": completion(content=[{"type": "text", "text": "x"}]),
    "usage-is-text": {**completion(content="x"), "usage": "many"},
    "usage-of-text": {**completion(content="x"), "usage": {"prompt_tokens": "many"}},
    "reason-is-none-of-text": with_reason({}),
    "tool-input-is-no-json": completion(content=None, tool_calls=[CALL]),
    "deep": "[" * 100_000,
}
STATUS = {"busy": 429, "overloaded": 503, "broken": 500}


class Server(BaseHTTPRequestHandler):
    """Says what the last message names."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        said = asked["messages"][-1]["content"]
        found = ODD.get(said, completion(content=json.dumps(asked) if said == "echo" else asked["model"]))
        body = (found if isinstance(found, str) else json.dumps(found)).encode()
        self.send_response(STATUS.get(said, 200))
        if said in ("busy", "overloaded"):
            self.send_header("Retry-After", "7")
        self.send_header("Content-Length", str(len(body) + (5 if said == "ends-early" else 0)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def runtime() -> Iterator[Any]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://me:secret@127.0.0.1:{server.server_port}/v1"
    try:
        with sandbox.running(time_scale=0, llm_url=url, llm_model="tiny") as process:
            assert process.admin.info()["model"] == f"http://127.0.0.1:{server.server_port}/v1 tiny"
            yield process.client("bedrock-runtime")
    finally:
        server.shutdown()
        server.server_close()


def test_the_model_has_the_name_that_was_given(runtime: Any) -> None:
    found = runtime.converse(modelId=MODEL, messages=user("Who?"))
    assert found["output"]["message"]["content"][0]["text"] == "tiny"


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ({}, {"max_tokens": 4096}),
        ({"temperature": 0.0, "topP": 0.5}, {"max_tokens": 4096, "temperature": 0.0, "top_p": 0.5}),
        ({"maxTokens": 7, "stopSequences": ["\n"]}, {"max_tokens": 7, "stop": ["\n"]}),
    ],
)
def test_the_model_is_asked_with_the_inference_of_the_request(
    runtime: Any, given: dict[str, Any], asked: dict[str, Any]
) -> None:
    found = runtime.converse(modelId=MODEL, messages=user("echo"), inferenceConfig=given)
    said = json.loads(found["output"]["message"]["content"][0]["text"])
    assert said == {"model": "tiny", "messages": [{"role": "user", "content": "echo"}], **asked}


@pytest.mark.parametrize("said", [*ODD, "broken", "ends-early"])
@pytest.mark.parametrize("call", ["converse", "converse_stream"])
def test_odd_replies_are_errors_of_the_model(runtime: Any, said: str, call: str) -> None:
    with pytest.raises(ClientError) as caught:
        getattr(runtime, call)(modelId=MODEL, messages=user(said))
    assert caught.value.response["Error"]["Code"] == "ModelErrorException"


@pytest.mark.parametrize(
    ("said", "code", "status"),
    [("busy", "ThrottlingException", 429), ("overloaded", "ServiceUnavailableException", 503)],
)
def test_who_is_busy_says_for_how_long(runtime: Any, said: str, code: str, status: int) -> None:
    with pytest.raises(ClientError) as caught:
        runtime.converse(modelId=MODEL, messages=user(said))
    reply = caught.value.response
    assert (reply["Error"]["Code"], reply["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)
    assert reply["ResponseMetadata"]["HTTPHeaders"]["retry-after"] == "7"


@pytest.mark.parametrize("url", ["http://127.0.0.1:99999", "http://127.0.0.1:x", "http://", "http://127.0.0.1/ä"])
def test_an_address_that_is_none_fails(url: str) -> None:
    answer = Upstream(url).ask({"model": "m", "messages": []})
    assert answer.error is not None and answer.error.code == "ModelErrorException"
