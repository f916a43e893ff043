"""The admin API: counters, log, reset, clock; and that it refuses what it does not know."""

from __future__ import annotations

import http.client
import json

import pytest

from releaser import sandbox
from sandbox.checks import refused


def test_calls_are_counted_by_account(client, box, account):
    agent = client("bedrock-agent")
    agent.create_prompt(name="p")
    agent.list_prompts()
    agent.list_prompts()
    with refused("ResourceNotFoundException"):
        agent.get_prompt(promptIdentifier="A" * 10)
    assert box.admin.calls(account) == {
        "bedrock-agent.CreatePrompt": 1,
        "bedrock-agent.GetPrompt": 1,
        "bedrock-agent.ListPrompts": 2,
    }
    log = box.admin.log(account=account)
    assert [(row["operation"], row["status"], row["error"]) for row in log][-1] == (
        "bedrock-agent.GetPrompt",
        404,
        "ResourceNotFoundException",
    )
    box.admin.reset_calls(account)
    assert box.admin.calls(account) == {}
    agent.list_prompts()
    assert box.admin.calls(account) == {"bedrock-agent.ListPrompts": 1}


def test_reset_of_one_account_keeps_the_others(client, box, account):
    mine = client("bedrock-agent")
    other = box.client("bedrock-agent", account[::-1])
    mine.create_prompt(name="p")
    other.create_prompt(name="q")
    box.admin.reset(account)
    assert mine.list_prompts()["promptSummaries"] == []
    assert len(other.list_prompts()["promptSummaries"]) == 1


def test_reset_of_everything():
    with sandbox.running() as own:
        own.client("bedrock-agent").create_prompt(name="p")
        own.admin.set_quotas(prompts=1)
        own.admin.set_latency(0.01)
        own.admin.set_rates({"*": 5})
        own.admin.advance(60)
        own.admin.add_fault("throttle")
        own.admin.reset()
        assert own.client("bedrock-agent").list_prompts()["promptSummaries"] == []
        settings = own.admin.settings()
        assert (settings["quotas"]["prompts"], settings["latency"], settings["rates"]) == (500, 0, {})
        assert own.admin.clock()["offset"] == 0 and own.admin.faults() == []


def test_the_clock_moves_timestamps(paced, slow):
    agent = slow("bedrock-agent")
    first = agent.create_prompt(name="p")
    paced.admin.advance(3600)
    second = agent.create_prompt(name="q")
    assert 3600 <= (second["createdAt"] - first["createdAt"]).total_seconds() < 3660
    with pytest.raises(sandbox.SandboxRefused, match="forward"):
        paced.admin.advance(-1)


def test_health_and_info(box):
    health = box.admin.health()
    assert health["ok"] and health["pid"] == box.pid
    info = box.admin.info()
    assert info["timeScale"] == 0 and "bedrock.CreateGuardrail" in info["operations"]


@pytest.mark.parametrize(
    ("method", "path", "body", "saying"),
    [
        ("GET", "nothing", None, "no 'GET nothing'"),
        ("POST", "settings", {"quota": {}}, "does not take quota"),
        ("POST", "settings", {"switches": {"x": 1}}, "unknown switch x"),
        ("POST", "settings", {"switches": {"tokenMismatch": "maybe"}}, "one of"),
        ("POST", "settings", ["x"], "not a JSON object"),
        ("POST", "faults", {"rules": "all"}, "faults are"),
        ("POST", "clock/advance", {}, "seconds"),
    ],
)
def test_what_it_does_not_know_it_refuses(box, method, path, body, saying):
    connection = http.client.HTTPConnection("127.0.0.1", box.port, timeout=5)
    connection.request(method, f"/_sandbox/{path}", json.dumps(body) if body is not None else None)
    reply = connection.getresponse()
    assert reply.status == 400
    assert saying in json.loads(reply.read())["error"]
