"""What every operation takes: nothing is left out, nothing crashes, and what AWS documents is what is asked."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from releaser.sandbox.app import Sandbox
from releaser.sandbox.call import Call, Caller
from releaser.sandbox.errors import AwsError
from releaser.sandbox.iam import roles
from releaser.sandbox.iam.authorise import authorise
from releaser.sandbox.iam.evaluation import Decision, Demand, decide
from releaser.sandbox.iam.policy import Policy, read
from releaser.sandbox.iam.rules import RULES
from releaser.sandbox.model import Shape

ACCOUNT, REGION = "111111111111", "eu-central-1"
BEDROCK = f"arn:aws:bedrock:{REGION}:{ACCOUNT}:"
CONFIG = f"arn:aws:appconfig:{REGION}:{ACCOUNT}:"
MODEL = f"arn:aws:bedrock:{REGION}::foundation-model/"
ACTION = re.compile(r"(?:bedrock|appconfig|s3|ssm|kms|iam|cloudwatch|servicequotas|tag|sts):[A-Z]\w+")


@pytest.fixture(scope="module")
def box(tmp_path_factory) -> Iterator[Sandbox]:
    made = Sandbox(Path(tmp_path_factory.mktemp("iam")), 0.0)
    yield made
    made.store.close()


def call_of(box: Sandbox, key: str, params: dict[str, Any]) -> Call:
    service, name = key.split(".")
    operation = box.router.know(service).operations[name]
    caller = Caller(ACCOUNT, f"arn:aws:sts::{ACCOUNT}:assumed-role/r/s", "AROA:s", "r")
    return Call(operation, params, caller, REGION, "id", box.store, box.clock, box.settings, box.kinds, {})


def demands(box: Sandbox, key: str, **params: Any) -> list[tuple[str, str]]:
    return [(one.action, one.resource) for one in RULES[key](call_of(box, key, params))]


def filled(shape: Shape, *, only_required: bool, depth: int = 0) -> Any:
    """A value of a shape: the required members, or all; at a depth where models begin to repeat themselves, none."""
    match shape.type:
        case "structure" if depth > 6 or shape.is_document:
            return {}
        case "structure":
            names = list(shape.members)[:1] if shape.is_union else list(shape.members)
            wanted = [name for name in names if not only_required or shape.is_union or name in shape.required]
            deeper = {"only_required": only_required, "depth": depth + 1}
            return {name: filled(shape.members[name].shape, **deeper) for name in wanted}
        case "list":
            return [filled(shape.part("member"), only_required=only_required, depth=depth + 1)]
        case "map":
            return {"k": filled(shape.part("value"), only_required=only_required, depth=depth + 1)}
        case "boolean":
            return True
        case "string":
            return shape.raw.get("enum", ["x"])[0]
        case _:
            return 1


def test_every_operation_that_is_played_has_a_rule_and_no_other(box):
    assert set(RULES) == set(box.kinds.handlers)


@pytest.mark.parametrize("only_required", [True, False])
@pytest.mark.parametrize("key", sorted(RULES))
def test_any_request_is_understood(box, key, only_required):
    call = call_of(box, key, {})
    call.params = filled(call.operation.input, only_required=only_required) if call.operation.input else {}
    found = list(RULES[key](call))
    assert found or key.startswith("sts.") or key == "s3.DeleteObjects"
    for one in found:
        assert ACTION.fullmatch(one.action), one
        assert one.resource in ("*", "x") or len(one.resource.split(":", 5)) == 6, one
        assert "{" not in one.resource and all(name == name.lower() for name in one.context), one


@pytest.mark.parametrize(
    ("key", "params", "expected"),
    [
        ("bedrock.GetGuardrail", {"guardrailIdentifier": "g"}, [("bedrock:GetGuardrail", BEDROCK + "guardrail/g")]),
        (
            "bedrock.GetGuardrail",
            {"guardrailIdentifier": BEDROCK + "guardrail/g"},
            [("bedrock:GetGuardrail", BEDROCK + "guardrail/g")],
        ),
        ("bedrock.ListGuardrails", {}, [("bedrock:ListGuardrails", "*")]),
        (
            "bedrock.CreateGuardrail",
            {"tags": [{"key": "k", "value": "v"}], "crossRegionConfig": {"guardrailProfileIdentifier": "eu.g"}},
            [
                ("bedrock:CreateGuardrail", "*"),
                ("bedrock:CreateGuardrail", BEDROCK + "guardrail-profile/eu.g"),
                ("bedrock:TagResource", BEDROCK + "guardrail/*"),
            ],
        ),
        (
            "bedrock-agent.UpdateAgent",
            {"agentId": "A", "agentResourceRoleArn": "arn:aws:iam::111111111111:role/r"},
            [("bedrock:UpdateAgent", BEDROCK + "agent/A"), ("iam:PassRole", "arn:aws:iam::111111111111:role/r")],
        ),
        (
            "bedrock-agent.GetFlowAlias",
            {"flowIdentifier": BEDROCK + "flow/F", "aliasIdentifier": "L"},
            [("bedrock:GetFlowAlias", BEDROCK + "flow/F/alias/L")],
        ),
        (
            "bedrock-agent.GetPrompt",
            {"promptIdentifier": "P", "promptVersion": "3"},
            [("bedrock:GetPrompt", BEDROCK + "prompt/P:3")],
        ),
        (
            "bedrock-agent.AssociateAgentKnowledgeBase",
            {"agentId": "A", "knowledgeBaseId": "K"},
            [
                ("bedrock:AssociateAgentKnowledgeBase", BEDROCK + "agent/A"),
                ("bedrock:AssociateAgentKnowledgeBase", BEDROCK + "knowledge-base/K"),
            ],
        ),
        (
            "bedrock-runtime.Converse",
            {"modelId": "amazon.nova-pro-v1:0"},
            [("bedrock:InvokeModel", MODEL + "amazon.nova-pro-v1:0")],
        ),
        (
            "bedrock-agent-runtime.InvokeFlow",
            {"flowIdentifier": "F", "flowAliasIdentifier": "L"},
            [("bedrock:InvokeFlow", BEDROCK + "flow/F/alias/L")],
        ),
        ("s3.HeadBucket", {"Bucket": "b"}, [("s3:ListBucket", "arn:aws:s3:::b")]),
        (
            "s3.GetObject",
            {"Bucket": "b", "Key": "k", "VersionId": "v"},
            [("s3:GetObjectVersion", "arn:aws:s3:::b/k")],
        ),
        (
            "s3.DeleteObject",
            {"Bucket": "b", "Key": "k", "VersionId": "v", "BypassGovernanceRetention": True},
            [("s3:DeleteObjectVersion", "arn:aws:s3:::b/k"), ("s3:BypassGovernanceRetention", "arn:aws:s3:::b/k")],
        ),
        (
            "s3.CopyObject",
            {"Bucket": "b", "Key": "k", "CopySource": "/c/a%20b?versionId=v"},
            [("s3:GetObjectVersion", "arn:aws:s3:::c/a b"), ("s3:PutObject", "arn:aws:s3:::b/k")],
        ),
        (
            "ssm.GetParameters",
            {"Names": ["/a/b:3", "c"]},
            [
                ("ssm:GetParameters", f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/a/b"),
                ("ssm:GetParameters", f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/c"),
            ],
        ),
        (
            "appconfig.StartDeployment",
            {"ApplicationId": "a", "EnvironmentId": "e", "ConfigurationProfileId": "p", "DeploymentStrategyId": "s"},
            [
                ("appconfig:StartDeployment", CONFIG + "application/a"),
                ("appconfig:StartDeployment", CONFIG + "application/a/configurationprofile/p"),
                ("appconfig:StartDeployment", CONFIG + "deploymentstrategy/s"),
                ("appconfig:StartDeployment", CONFIG + "application/a/environment/e"),
            ],
        ),
        (
            "appconfig.UpdateEnvironment",
            {
                "ApplicationId": "a",
                "EnvironmentId": "e",
                "Monitors": [{"AlarmArn": "x", "AlarmRoleArn": "arn:aws:iam::111111111111:role/r"}],
            },
            [
                ("appconfig:UpdateEnvironment", CONFIG + "application/a"),
                ("appconfig:UpdateEnvironment", CONFIG + "application/a/environment/e"),
                ("iam:PassRole", "arn:aws:iam::111111111111:role/r"),
            ],
        ),
        ("resourcegroupstaggingapi.GetResources", {}, [("tag:GetResources", "*")]),
        ("sts.GetCallerIdentity", {}, []),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_documented_cases(box, key, params, expected):
    assert demands(box, key, **params) == expected


def bind(box: Sandbox, allowed: list[Demand]) -> None:
    """The caller's role may do these and nothing else."""
    named = [{"Effect": "Allow", "Action": one.action, "Resource": one.resource} for one in allowed]
    text = json.dumps(
        {"Version": "2012-10-17", "Statement": named or {"Effect": "Deny", "Action": "*", "Resource": "*"}}
    )
    role = {
        "RoleName": "r",
        "Arn": f"arn:aws:iam::{ACCOUNT}:role/r",
        "policies": {"p": text},
        "attached": [],
        "boundary": "",
    }
    with box.store.transaction(0.0):
        roles.put(box.store, ACCOUNT, role)


@pytest.mark.parametrize("key", sorted(RULES))
def test_every_demand_is_needed_and_all_of_them_are_enough(box, key):
    call = call_of(box, key, {})
    call.params = named(filled(call.operation.input, only_required=False)) if call.operation.input else {}
    found = list(RULES[key](call))
    bind(box, found)
    authorise(call)
    for one in found:
        bind(box, [other for other in found if decide([grant(other)], one) is not Decision.allowed])
        with pytest.raises(AwsError, match=re.escape(one.action)):
            authorise(call)


def grant(one: Demand) -> Policy:
    return read(json.dumps({"Statement": {"Effect": "Allow", "Action": one.action, "Resource": one.resource}}))


def named(value: Any) -> Any:
    """The same value; what may be an ARN is one, since a policy's resources are ARNs."""
    if isinstance(value, dict):
        return {
            k: BEDROCK + "x/y" if re.search(r"arn|copyFrom", k, re.IGNORECASE) and v == "x" else named(v)
            for k, v in value.items()
        }
    return [named(one) for one in value] if isinstance(value, list) else value


def test_an_operation_without_a_rule_is_refused(box, monkeypatch):
    bind(box, [Demand("*", "*")])
    call = call_of(box, "bedrock.ListGuardrails", {})
    authorise(call)
    monkeypatch.delitem(RULES, "bedrock.ListGuardrails")
    with pytest.raises(AwsError, match="bedrock:ListGuardrails"):
        authorise(call)
    call.caller = Caller(ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root", ACCOUNT)
    authorise(call)
