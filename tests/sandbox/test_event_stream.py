"""Frames of event streams, read by botocore."""

from __future__ import annotations

import pytest
from botocore.eventstream import EventStreamBuffer

from releaser.sandbox.event_stream import encode, serialise
from releaser.sandbox.model import load
from releaser.sandbox.shaping import ShapeViolation


def frames(data):
    buffer = EventStreamBuffer()
    buffer.add_data(data)
    return [(one.headers, one.payload) for one in buffer]


def test_botocore_reads_the_frames():
    first, second = frames(encode("chunk", b"{}") + encode("oops", b"x" * 70_000, "text/plain", "exception"))
    assert first == ({":event-type": "chunk", ":content-type": "application/json", ":message-type": "event"}, b"{}")
    assert second[0] == {":exception-type": "oops", ":content-type": "text/plain", ":message-type": "exception"}
    assert len(second[1]) == 70_000


def test_events_are_held_to_the_model():
    stream = load("bedrock-agent-runtime").shape("FlowResponseStream")
    done = ("flowCompletionEvent", {"completionReason": "SUCCESS"})
    failed = ("dependencyFailedException", {"message": "no", "resourceName": "S3"})
    kinds = [headers[":message-type"] for headers, _ in frames(serialise(stream, [done, failed]))]
    assert kinds == ["event", "exception"]
    for name, value in (("flowEnd", {}), ("flowCompletionEvent", {})):
        with pytest.raises(ShapeViolation):
            serialise(stream, [(name, value)])
