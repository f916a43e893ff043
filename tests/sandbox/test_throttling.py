"""Rate limits: one bucket per account, region and operation, on the sandbox's clock."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from releaser import sandbox


@pytest.fixture(scope="module")
def frozen() -> Iterator[sandbox.SandboxProcess]:
    """Paced a thousand times slower than AWS, so that buckets fill only when the clock is advanced."""
    with sandbox.running(time_scale=1000) as process:
        yield process


def burst(call, count: int) -> tuple[int, set[str]]:
    """How many of ``count`` calls passed, and the codes of those that did not."""
    passed, codes = 0, set()
    for _ in range(count):
        try:
            call()
            passed += 1
        except ClientError as error:
            codes.add(error.response["Error"]["Code"])
            if error.response["Error"]["Code"].startswith("Throttl"):
                status = error.response["ResponseMetadata"]["HTTPStatusCode"]
                assert status in (400, 429)
    return passed, codes


def test_two_writes_and_ten_reads_a_second(frozen, account):
    agent = frozen.client("bedrock-agent", account)
    assert burst(lambda: agent.create_prompt(name="p"), 5) == (2, {"ThrottlingException"})
    assert burst(agent.list_prompts, 15) == (10, {"ThrottlingException"})


def test_buckets_are_apart_by_account_region_and_operation(frozen, account):
    agent = frozen.client("bedrock-agent", account)
    assert burst(lambda: agent.create_prompt(name="p"), 3)[0] == 2
    other_region = frozen.client("bedrock-agent", account, "us-east-1")
    assert burst(lambda: other_region.create_prompt(name="p"), 3)[0] == 2
    other_account = frozen.client("bedrock-agent", account[::-1])
    assert burst(lambda: other_account.create_prompt(name="p"), 3)[0] == 2
    assert burst(lambda: agent.delete_prompt(promptIdentifier="A" * 10), 3)[1] == {
        "ResourceNotFoundException",
        "ThrottlingException",
    }


def test_the_clock_refills(frozen, account):
    agent = frozen.client("bedrock-agent", account)
    assert burst(lambda: agent.create_prompt(name="p"), 3)[0] == 2
    frozen.admin.advance(500)
    assert burst(lambda: agent.create_prompt(name="p"), 3)[0] == 1
    frozen.admin.advance(100_000)
    assert burst(lambda: agent.create_prompt(name="p"), 3)[0] == 2


def test_validating_a_flow_counts_as_a_write(frozen, account):
    agent = frozen.client("bedrock-agent", account)
    passed = burst(lambda: agent.validate_flow_definition(definition={"nodes": []}), 5)
    assert passed == (2, {"ThrottlingException"})
    assert burst(agent.list_flows, 15) == (10, {"ThrottlingException"})


def test_ssm_has_documented_numbers_of_its_own(frozen, account):
    ssm = frozen.client("ssm", account)
    put = burst(lambda: ssm.put_parameter(Name="p", Value="v", Type="String", Overwrite=True), 5)
    assert put == (3, {"ThrottlingException"})
    passed, _ = burst(lambda: ssm.get_parameter(Name="p"), 35)
    shared, codes = burst(lambda: ssm.get_parameters(Names=["p"]), 10)
    assert (passed, shared, codes) == (35, 5, {"ThrottlingException"})


def test_throttled_calls_have_no_effect(frozen, account):
    agent = frozen.client("bedrock-agent", account)
    burst(lambda: agent.create_prompt(name="p"), 6)
    assert len(agent.list_prompts()["promptSummaries"]) == 2


def test_instant_sandboxes_throttle_only_when_told(box, account):
    agent = box.client("bedrock-agent", account)
    assert burst(lambda: agent.create_prompt(name="p"), 8)[0] == 8
    box.admin.set_rates({"bedrock-agent.CreatePrompt": 1})
    try:
        assert burst(lambda: agent.create_prompt(name="p"), 3)[0] == 1
    finally:
        box.admin.clear_rates()
    assert burst(lambda: agent.create_prompt(name="p"), 3)[0] == 3
    with pytest.raises(sandbox.SandboxRefused, match="unknown operation"):
        box.admin.set_rates({"CreatePrompt": 1})
