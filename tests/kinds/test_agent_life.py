"""Agents from the first release to the kill switch.

``test_aws_42845_...``: a complaint about another tool, by its number in hashicorp/terraform-provider-aws; ``cdk``: in
awslabs/generative-ai-cdk-constructs.
"""

from __future__ import annotations

import copy
import itertools
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from kinds.estate import USE_CASE, Account, ClientAws, Estate, StillClock, estate_of
from releaser import sandbox
from releaser.core.address import Address
from releaser.core.diff import Origin
from releaser.core.errors import AwsError, Failure
from releaser.core.kind import Verb
from releaser.core.resolve import resolve
from releaser.engine.driver import Driver

KEY = "arn:aws:kms:eu-central-1:111111111111:key/12345678-1234-1234-1234-123456789012"
CLERK, DESK = (Address(USE_CASE, "agent", name) for name in ("clerk", "desk"))
ALIAS = Address(USE_CASE, "agent-alias", "clerk")
WRITES = ("Create", "Update", "Delete", "Prepare", "Associate", "Disassociate", "Put")

_COMMON = {
    "foundationModel": "amazon.nova-lite-v1:0",
    "agentResourceRoleArn": "arn:aws:iam::111111111111:role/agent",
}
SPEC: dict[str, Any] = {
    "guardrails": {
        "main": {
            "blockedInputMessaging": "no",
            "blockedOutputsMessaging": "no",
            "wordPolicyConfig": {"wordsConfig": [{"text": "bother"}]},
        }
    },
    "agents": {
        "clerk": {
            **_COMMON,
            "instruction": "Look up claims for adjusters; never promise a payment, and say what is missing.",
            "customerEncryptionKeyArn": KEY,
            "guardrailConfiguration": {
                "guardrailIdentifier": "${guardrail/main.id}",
                "guardrailVersion": "${guardrail/main.version}",
            },
            "actionGroups": [
                {
                    "actionGroupName": "claims",
                    "actionGroupExecutor": {"customControl": "RETURN_CONTROL"},
                    "functionSchema": {"functions": [{"name": "get", "parameters": {"id": {"type": "string"}}}]},
                },
                {"actionGroupName": "ask", "parentActionGroupSignature": "AMAZON.UserInput"},
            ],
            "memoryConfiguration": {"enabledMemoryTypes": ["SESSION_SUMMARY"]},
        },
        "desk": {
            **_COMMON,
            "instruction": "Send each question to the colleague who knows, and join what they say.",
            "agentCollaboration": "SUPERVISOR",
            "collaborators": [
                {
                    "collaboratorName": "clerk",
                    "agentDescriptor": {"aliasArn": "${agent-alias/clerk.arn}"},
                    "collaborationInstruction": "Knows claims.",
                }
            ],
        },
    },
}


class WatchedAws(ClientAws):
    """Remembers what was written, and answers a busy agent as the engine's own door does."""

    def __init__(self, box: sandbox.SandboxProcess, account: str) -> None:
        super().__init__(box, account)
        self.writes: list[tuple[str, Mapping[str, Any]]] = []

    def call(self, service: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        if operation.startswith(WRITES):
            self.writes.append((operation, params))
        try:
            return super().call(service, operation, params)
        except AwsError as error:
            if re.search("ConflictException|can't be performed on", str(error)):
                error.failure = Failure.CONFLICT
            raise

    @property
    def count(self) -> Counter[str]:
        return Counter(operation for operation, _ in self.writes)


@pytest.fixture(scope="module")
def box() -> Iterator[sandbox.SandboxProcess]:
    with sandbox.running(time_scale=0) as process:
        process.admin.set_rates({"*": None})
        yield process


_ACCOUNTS = itertools.count(1)


@pytest.fixture
def estate(box: sandbox.SandboxProcess) -> Estate:
    """Clerk and desk, declared and not yet live."""
    aws = WatchedAws(box, f"{next(_ACCOUNTS):012}")
    return _declared(Account(f"{next(_ACCOUNTS):012}", aws, Driver(aws, StillClock())), SPEC)


def _declared(account: Account, spec: Mapping[str, Any]) -> Estate:
    return estate_of(account, resolve(spec, use_case=USE_CASE).value)


def _again(estate: Estate, change: Callable[[dict[str, Any]], None]) -> Estate:
    """The same account with another manifest."""
    spec = copy.deepcopy(SPEC)
    change(spec)
    after = _declared(estate.account, spec)
    after.known, after.releases = estate.known, estate.releases
    _watched(after).writes.clear()
    return after


def _watched(estate: Estate) -> WatchedAws:
    assert isinstance(estate.account.aws, WatchedAws)
    return estate.account.aws


def _call(estate: Estate, operation: str, **params: Any) -> dict[str, Any]:
    return estate.account.aws.call("bedrock-agent", operation, params)


def _alias(estate: Estate) -> dict[str, Any]:
    agent, _, alias = estate.id_of(ALIAS).partition("/")
    found: dict[str, Any] = _call(estate, "GetAgentAlias", agentId=agent, agentAliasId=alias)["agentAlias"]
    return found


def test_the_whole_life(estate: Estate) -> None:
    estate.release()
    first = _watched(estate).count
    assert first["PrepareAgent"] == first["CreateAgent"] == 2, "once for each, after all of its parts"
    assert estate.plan().is_empty
    _watched(estate).writes.clear()
    estate.release()
    assert not _watched(estate).writes, "a second apply does nothing"


def test_aws_42845_parts_come_one_by_one_and_prepare_comes_after_them(estate: Estate) -> None:
    estate.release()
    made = [operation for operation, params in _watched(estate).writes if params.get("agentId") == estate.id_of(CLERK)]
    assert made[:3] == ["CreateAgentActionGroup", "CreateAgentActionGroup", "PrepareAgent"]
    assert "CreateAgentActionGroup" not in made[3:]


def test_aws_37321_the_alias_names_the_version_that_was_cut(estate: Estate) -> None:
    estate.release()
    assert [t["agentVersion"] for t in _alias(estate)["routingConfiguration"]] == ["1"]
    after = _again(estate, lambda s: s["agents"]["clerk"].update(idleSessionTTLInSeconds=900))
    after.release()
    assert [t["agentVersion"] for t in _alias(after)["routingConfiguration"]] == ["2"]
    for operation, params in _watched(after).writes:
        if operation == "UpdateAgentAlias" and params["agentAliasName"] != "releaser-candidate":
            assert params["routingConfiguration"], "without it a version would be minted, and live at once"


def test_cdk_969_the_alias_keeps_its_id(estate: Estate) -> None:
    estate.release()
    after = _again(estate, lambda s: s["agents"]["clerk"].update(instruction="Be brief. " * 8))
    after.release()
    assert after.id_of(ALIAS) == estate.id_of(ALIAS)
    assert after.plan().is_empty


def test_cdk_767_another_action_group_cuts_a_version_and_moves_the_alias(estate: Estate) -> None:
    estate.release()
    group = {"actionGroupName": "more", "parentActionGroupSignature": "AMAZON.CodeInterpreter"}
    after = _again(estate, lambda s: s["agents"]["clerk"]["actionGroups"].append(group))
    steps = [(s.address, s.verb) for s in after.plan().steps]
    mine = [verb for address, verb in steps if address == CLERK]
    assert mine == [Verb.UPDATE, Verb.PREPARE, Verb.PUBLISH]
    assert (ALIAS, Verb.REPOINT) in steps
    after.release()
    groups = _call(after, "ListAgentActionGroups", agentId=after.id_of(CLERK), agentVersion="2")
    assert {g["actionGroupName"] for g in groups["actionGroupSummaries"]} == {"claims", "ask", "more"}
    assert after.plan().is_empty


def test_aws_43059_a_supervisor_comes_after_its_collaborators(estate: Estate) -> None:
    order = [(s.address, s.verb) for s in estate.plan().steps]
    assert order.index((ALIAS, Verb.CREATE)) < order.index((DESK, Verb.CREATE)) < order.index((DESK, Verb.PREPARE))
    estate.release()
    after = _again(estate, lambda s: s["agents"]["clerk"].update(instruction="Be brief. " * 8))
    steps = {s.key: s for s in after.plan().steps}
    for step in steps.values():
        if step.address == DESK:
            assert _reaches(steps, step.key, lambda k: k.address == CLERK and k.verb is Verb.PUBLISH)


def _reaches(steps: Mapping[Any, Any], key: Any, wanted: Callable[[Any], bool]) -> bool:
    return any(wanted(n) or _reaches(steps, n, wanted) for n in steps[key].needs if n in steps)


def test_aws_42225_another_alias_of_a_collaborator_updates_the_supervisor(estate: Estate) -> None:
    estate.release()

    def other(spec: dict[str, Any]) -> None:
        spec["agents"]["second"] = copy.deepcopy(spec["agents"]["clerk"])
        spec["agents"]["desk"]["collaborators"][0]["agentDescriptor"]["aliasArn"] = "${agent-alias/second.arn}"

    after = _again(estate, other)
    after.release()
    assert after.id_of(DESK) == estate.id_of(DESK)
    count = _watched(after).count
    assert (count["UpdateAgentCollaborator"], count["DisassociateAgentCollaborator"]) == (1, 0)
    assert after.plan().is_empty


def test_aws_48681_an_update_keeps_guardrail_and_key(estate: Estate) -> None:
    """And aws#39548: the key. The whole body goes out, whatever changed."""
    estate.release()
    after = _again(estate, lambda s: s["agents"]["clerk"].update(idleSessionTTLInSeconds=900))
    after.release()
    (sent,) = [p for o, p in _watched(after).writes if o == "UpdateAgent" and p["agentId"] == after.id_of(CLERK)]
    assert sent["guardrailConfiguration"]["guardrailVersion"] == "1"
    assert sent["customerEncryptionKeyArn"] == KEY
    for read in (
        _call(after, "GetAgent", agentId=after.id_of(CLERK))["agent"],
        _call(after, "GetAgentVersion", agentId=after.id_of(CLERK), agentVersion="2")["agentVersion"],
    ):
        assert (read["guardrailConfiguration"]["guardrailVersion"], read["customerEncryptionKeyArn"]) == ("1", KEY)


def test_a_guardrail_detached_live_is_drift_and_weaker(estate: Estate) -> None:
    estate.release()
    seen = estate.account.driver.read(estate.kinds["agent"], estate.id_of(CLERK))
    assert seen is not None
    body = {k: v for k, v in seen.body.items() if k not in ("guardrailConfiguration", "actionGroups")}
    _call(estate, "UpdateAgent", agentId=estate.id_of(CLERK), agentName=seen.name, **_plain(body))
    fields = {f.path: f.origin for c in estate.plan().changes for f in c.fields}
    assert fields == {"guardrailConfiguration": Origin.DRIFT}
    estate.release()
    assert estate.plan().is_empty


def test_aws_37168_awss_own_prompts_are_no_drift(estate: Estate) -> None:
    estate.release()
    agent = _call(estate, "GetAgent", agentId=estate.id_of(CLERK))["agent"]
    modes = {p["promptCreationMode"] for p in agent["promptOverrideConfiguration"]["promptConfigurations"]}
    assert modes == {"DEFAULT"}, "AWS fills them in"
    assert estate.plan().is_empty


def test_another_orchestration_is_another_version(estate: Estate) -> None:
    """AWS shows of no version who orchestrates it: that all else is equal proves nothing."""

    def by(number: int) -> Callable[[dict[str, Any]], None]:
        function = {"lambda": f"arn:aws:lambda:eu-central-1:111111111111:function:conduct:{number}"}
        own = {"orchestrationType": "CUSTOM_ORCHESTRATION", "customOrchestration": {"executor": function}}
        return lambda spec: spec["agents"]["clerk"].update(own)

    estate.release()
    for change, version in ((by(7), "2"), (by(8), "3"), (by(7), "4"), (lambda _: None, "5")):
        estate = _again(estate, change)
        estate.release()
        assert [t["agentVersion"] for t in _alias(estate)["routingConfiguration"]] == [version]
        assert estate.plan().is_empty


@pytest.mark.parametrize("at", ["use case", "agent"])
def test_the_kill_switch(estate: Estate, at: str) -> None:
    estate.release()

    def off(spec: dict[str, Any]) -> None:
        (spec if at == "use case" else spec["agents"]["clerk"])["enabled"] = False

    after = _again(estate, off)
    verbs = {(s.address.kind, s.verb) for s in after.plan().steps if s.address != DESK}
    assert ("agent-alias", Verb.REPOINT) in verbs
    assert ("agent", Verb.PUBLISH) not in verbs
    after.release()
    assert _alias(after)["aliasInvocationState"] == "REJECT_INVOCATIONS"
    assert [t["agentVersion"] for t in _alias(after)["routingConfiguration"]] == ["1"]
    stored = after.account.aws.call("ssm", "GetParameter", {"Name": f"/releaser/{USE_CASE}/runtime"})
    document = json.loads(stored["Parameter"]["Value"])
    assert document["enabled"] is (at == "agent")
    assert document["agents"]["clerk"]["enabled"] is False
    assert document["agents"]["desk"].get("enabled", True) is (at == "agent")
    assert after.plan().is_empty
    back = _again(after, lambda _: None)
    back.release()
    assert _alias(back)["aliasInvocationState"] == "ACCEPT_INVOCATIONS"


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    return [_plain(v) for v in value] if isinstance(value, list | tuple) else value


class LaggingAws(WatchedAws):
    """A list still shows an action group that is gone."""

    def call(self, service: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        reply = super().call(service, operation, params)
        if operation == "ListAgentActionGroups":
            gone = {**reply["actionGroupSummaries"][0], "actionGroupId": "GONEGONE00", "actionGroupName": "gone"}
            reply["actionGroupSummaries"].append(gone)
        return reply


def test_a_part_that_a_list_still_shows_is_gone_and_its_agent_is_not(
    box: sandbox.SandboxProcess, estate: Estate
) -> None:
    """Lists lag: what get says of one part says nothing of its owner, which would be made a second time."""
    estate.release()
    driver = Driver(LaggingAws(box, _watched(estate)._account), StillClock())
    seen = driver.read(estate.kinds["agent"], estate.id_of(CLERK))
    assert seen is not None
    assert {g["actionGroupName"] for g in seen.body["actionGroups"]} == {"ask", "claims"}


def test_what_calls_an_agent_moves_after_it(estate: Estate) -> None:
    """The supervisor's alias after its collaborator's: a version is proven with what it calls."""
    estate.release()

    def both(spec: dict[str, Any]) -> None:
        for agent in spec["agents"].values():
            agent["idleSessionTTLInSeconds"] = 900

    steps = {s.key: s for s in _again(estate, both).plan().steps}
    (boss,) = (k for k in steps if k.address.kind == "agent-alias" and k.address.name == "desk")
    assert _reaches(steps, boss, lambda k: (k.address, k.verb) == (ALIAS, Verb.REPOINT))
