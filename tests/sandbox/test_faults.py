"""Faults as a boto3 client sees them, and what is left behind."""

from __future__ import annotations

import contextlib
import http.client
import subprocess
import sys
import threading
import time

import pytest
from botocore.exceptions import ConnectionClosedError, HTTPClientError

from releaser import sandbox
from sandbox.checks import refused


@pytest.fixture
def agent(client, box):
    yield client("bedrock-agent")
    box.admin.clear_faults()


@pytest.fixture
def fault(box, account):
    """Adds a fault for this test's account only."""
    return lambda kind, **rule: box.admin.add_fault(kind, account=account, **rule)


def names(agent):
    return sorted(row["name"] for row in agent.list_prompts(maxResults=100)["promptSummaries"])


def wait_until_held(box):
    deadline = time.monotonic() + 5
    while not box.admin.held():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_throttle_fires_as_often_as_told(agent, fault, box, account):
    fault("throttle", operation="CreatePrompt", times=2)
    for _ in range(2):
        with refused("ThrottlingException", 429):
            agent.create_prompt(name="p")
    agent.create_prompt(name="p")
    fired = [row for row in box.admin.fired() if row["account"] == account]
    assert [(row["kind"], row["operation"]) for row in fired] == [("throttle", "bedrock-agent.CreatePrompt")] * 2
    assert names(agent) == ["p"]


def test_skip_lets_the_first_ones_through(agent, fault):
    fault("error", code="InternalServerException", write=True, skip=2)
    agent.create_prompt(name="a")
    agent.create_prompt(name="b")
    with refused("InternalServerException", 500):
        agent.create_prompt(name="c")
    agent.create_prompt(name="d")
    assert names(agent) == ["a", "b", "d"]


@pytest.mark.parametrize(
    ("code", "status"), [("ConflictException", 409), ("AccessDeniedException", 403), ("Anything", 503)]
)
def test_errors_of_any_code(agent, fault, code, status):
    fault("error", operation="GetPrompt", code=code, **({"status": 503} if code == "Anything" else {}))
    with refused(code, status):
        agent.get_prompt(promptIdentifier="A" * 10)


def test_matching_by_parameter(agent, fault):
    fault("error", operation="CreatePrompt", param={"name": "poison"}, times=None)
    agent.create_prompt(name="good")
    with refused("InternalServerException"):
        agent.create_prompt(name="poison")
    assert names(agent) == ["good"]


def test_reset_before_has_no_effect_and_reset_after_has_one(agent, fault):
    fault("reset-before", operation="CreatePrompt")
    with pytest.raises((ConnectionClosedError, HTTPClientError)):
        agent.create_prompt(name="before")
    assert names(agent) == []
    fault("reset-after", operation="CreatePrompt")
    with pytest.raises((ConnectionClosedError, HTTPClientError)):
        agent.create_prompt(name="after")
    assert names(agent) == ["after"]


def test_a_lost_reply_and_a_retry_make_one_resource(client, fault, box):
    from botocore.config import Config

    retrying = client("bedrock-agent", config=Config(retries={"mode": "standard", "max_attempts": 3}))
    fault("reset-after", operation="CreatePrompt")
    made = retrying.create_prompt(name="p")
    assert made["ResponseMetadata"]["RetryAttempts"] == 1
    assert names(retrying) == ["p"]
    box.admin.clear_faults()


def test_a_short_reply_reaches_boto3_as_an_empty_dict(agent, fault):
    made = agent.create_prompt(name="p")
    fault("truncate", operation="GetPrompt", form="short")
    assert set(agent.get_prompt(promptIdentifier=made["id"])) == {"ResponseMetadata"}
    assert agent.get_prompt(promptIdentifier=made["id"])["name"] == "p"


def test_a_cut_reply_reaches_boto3_as_a_closed_connection_or_an_empty_dict(agent, fault):
    """botocore 1.43.106 notices the missing bytes; later ones (1.43.127) swallow them."""
    made = agent.create_prompt(name="p")
    fault("truncate", operation="GetPrompt", form="cut")
    with contextlib.suppress(ConnectionClosedError):
        assert set(agent.get_prompt(promptIdentifier=made["id"])) == {"ResponseMetadata"}
    assert agent.get_prompt(promptIdentifier=made["id"])["name"] == "p"


def test_a_cut_reply_breaks_its_promise_and_a_short_one_does_not(box, account, fault):
    scope = f"{account}/20260101/eu-central-1/bedrock/aws4_request"
    headers = {"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, x"}

    def read():
        connection = http.client.HTTPConnection("127.0.0.1", box.port, timeout=5)
        connection.request("GET", "/prompts/", headers=headers)
        return connection.getresponse().read()

    whole = read()
    fault("truncate", operation="ListPrompts", keep=3)
    assert read() == whole[:3]
    fault("truncate", operation="ListPrompts", form="cut", keep=3)
    with pytest.raises(http.client.IncompleteRead):
        read()


def test_latency(agent, fault):
    fault("latency", operation="ListPrompts", seconds=0.3)
    began = time.monotonic()
    agent.list_prompts()
    slow = time.monotonic() - began
    began = time.monotonic()
    agent.list_prompts()
    assert slow >= 0.3 > time.monotonic() - began


def test_latency_of_every_call_does_not_queue(box, client, agent):
    others = [client("bedrock-agent") for _ in range(4)]
    box.admin.set_latency(0.2)
    try:
        began = time.monotonic()
        threads = [threading.Thread(target=other.list_prompts) for other in others]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert 0.2 <= time.monotonic() - began < 0.6
    finally:
        box.admin.set_latency(0)


def test_stale_lists_show_the_past_by_writes(agent, fault):
    one = agent.create_prompt(name="one")["id"]
    agent.create_prompt(name="two")
    fault("stale-list", operation="ListPrompts", writes=1, times=2)
    assert names(agent) == ["one"]
    agent.update_prompt(promptIdentifier=one, name="uno")
    assert names(agent) == ["one", "two"]
    agent.delete_prompt(promptIdentifier=one)
    assert names(agent) == ["two"]


def test_stale_lists_show_the_past_by_seconds(slow, paced, account):
    agent = slow("bedrock-agent")
    agent.create_prompt(name="one")
    paced.admin.advance(60)
    agent.create_prompt(name="two")
    paced.admin.add_fault("stale-list", account=account, seconds=30, times=1)
    assert names(agent) == ["one"]
    assert names(agent) == ["one", "two"]
    paced.admin.clear_faults()


def test_stale_lists_are_only_about_lists(agent, fault, box, account):
    fault("stale-list", writes=5, times=None)
    made = agent.create_prompt(name="p")
    assert agent.get_prompt(promptIdentifier=made["id"])["name"] == "p"
    assert names(agent) == []


@pytest.mark.parametrize(("kind", "there_before"), [("hang-before", []), ("hang-after", ["p"])])
def test_a_held_request_goes_on_when_released(agent, client, fault, box, kind, there_before):
    fault(kind, operation="CreatePrompt")
    answers: list[dict] = []
    thread = threading.Thread(target=lambda: answers.append(agent.create_prompt(name="p")))
    thread.start()
    wait_until_held(box)
    assert box.admin.held()[0]["operation"] == "bedrock-agent.CreatePrompt"
    assert names(client("bedrock-agent")) == there_before
    assert box.admin.release() == 1
    thread.join(5)
    assert answers[0]["name"] == "p" and names(agent) == ["p"]


@pytest.mark.parametrize(("kind", "left"), [("hang-before", []), ("hang-after", ["p"])])
def test_a_client_killed_at_exactly_that_point(agent, fault, box, account, kind, left):
    fault(kind, operation="CreatePrompt")
    script = "import boto3; boto3.client('bedrock-agent').create_prompt(name='p')"
    env = {**sandbox.environment_for(box.url, account, "eu-central-1"), "PATH": "/usr/bin:/bin"}
    child = subprocess.Popen([sys.executable, "-c", script], env=env)
    wait_until_held(box)
    child.kill()
    child.wait()
    deadline = time.monotonic() + 5
    while box.admin.held() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert box.admin.held() == [] and names(agent) == left


def test_clearing_faults_releases_what_is_held(agent, fault, box):
    fault("hang-before", operation="CreatePrompt")
    thread = threading.Thread(target=lambda: agent.create_prompt(name="p"))
    thread.start()
    wait_until_held(box)
    box.admin.clear_faults()
    thread.join(5)
    assert not thread.is_alive() and box.admin.fired() == []


@pytest.mark.parametrize(
    ("rule", "saying"),
    [
        ({"kind": "trottle"}, "one of"),
        ({"kind": "throttle", "opperation": "x"}, "no 'opperation'"),
        ({"kind": "throttle", "seconds": 1}, "no 'seconds'"),
        ({"kind": "latency", "seconds": "1"}, "cannot be"),
        ({"kind": "truncate", "form": "half"}, "short"),
        ({"kind": "throttle", "service": "bedrok"}, "no service"),
        ({"kind": "throttle", "operation": "CreatePromt"}, "no operation"),
        ({"kind": "throttle", "times": True}, "cannot be"),
    ],
)
def test_unknown_words_in_a_rule_are_refused(box, rule, saying):
    with pytest.raises(sandbox.SandboxRefused, match=saying):
        box.admin.add_fault(rule.pop("kind"), **rule)


def test_faults_work_on_query_and_json_services(client, fault, box):
    fault("throttle", service="sts")
    with refused("Throttling", 400):
        client("sts").get_caller_identity()
    fault("throttle", service="ssm")
    with refused("ThrottlingException", 400):
        client("ssm").get_parameter(Name="p")
    fault("error", service="ssm", code="InternalServerError")
    with refused("InternalServerError", 500):
        client("ssm").get_parameter(Name="p")
    box.admin.clear_faults()
