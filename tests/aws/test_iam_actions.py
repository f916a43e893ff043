"""Every operation that the package calls has its IAM actions, and the role that makes the call is allowed them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
import pytest

from releaser.aws.budget import is_read
from releaser.aws.runtime import SPEAKS
from releaser.core.environment import Environment, Target
from releaser.core.iam.actions import ACTIONS, PREFIXES, RESOURCES, Access, actions_of
from releaser.core.iam.document import Statement
from releaser.core.iam.named import Named
from releaser.core.iam.operations import operations_of
from releaser.core.iam.role import Role, role_of
from releaser.core.iam.roles import permissions
from releaser.core.iam.scene import Scene
from releaser.core.kind import Kind, Site
from releaser.kinds import registry

PACKAGE = Path(__file__).resolve().parents[2] / "releaser"
ELSEWHERE = ("sandbox", "kinds/models")
NOT_CALLED = {("bedrock-runtime", "CountTokens")}
"""May be called, and is not."""


@cache
def operations(service: str) -> frozenset[str]:
    return frozenset(botocore.session.Session().get_service_model(service).operation_names)


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        if not name.startswith(ELSEWHERE):
            yield name, ast.parse(path.read_text(encoding="utf-8"))


def calls() -> Iterator[tuple[str, ast.expr, ast.expr]]:
    """Where the ports of AWS are called: module, service, operation."""
    for name, tree in modules():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            if node.func.attr in ("call", "stream"):
                assert not any(isinstance(a, ast.Starred) for a in node.args), (
                    f"{name}:{node.lineno} hides what it calls"
                )
                if len(node.args) >= 3:
                    yield name, node.args[0], node.args[1]


def text(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def called_by_name() -> set[tuple[str, str]]:
    """Operations that stand as texts in the modules that call AWS."""
    found = {(s, o) for _, a, b in calls() if (s := text(a)) and (o := text(b))}
    callers = {name for name, *_ in calls()} - {"aws/client.py"}
    for name, tree in modules():
        if name in callers or name == "aws/runtime.py" or name.startswith("gates/evaluation/targets/"):
            words = {t for node in ast.walk(tree) if isinstance(node, ast.expr) and (t := text(node))}
            services = words & set(PREFIXES)
            found |= {(s, w) for s in services for w in words if w in operations(s)}
    return found


def test_the_scan_finds_what_is_known() -> None:
    found = called_by_name()
    assert {("sts", "AssumeRole"), ("s3", "PutObject"), ("bedrock", "GetPromptRouter"), ("kms", "Sign")} <= found
    assert found >= SPEAKS - NOT_CALLED


def test_a_service_that_is_called_is_a_text_or_a_kinds_own() -> None:
    """Nothing is called in a way that this test cannot see: doors pass on what they were given."""
    doors = {"aws/audit.py", "aws/budget.py", "aws/client.py", "aws/readonly.py", "aws/runtime.py"}
    doors |= {"gates/evaluation/targets/saying.py", "pipeline/examining_access.py"}
    hidden = {
        f"{name}: {ast.unparse(service)}"
        for name, service, _ in calls()
        if text(service) is None and name not in doors and not ast.unparse(service).endswith("kind.service")
    }
    assert not hidden


@pytest.mark.parametrize(("service", "operation"), sorted(called_by_name()))
def test_what_is_called_by_name_has_its_actions(service: str, operation: str) -> None:
    assert operation in operations(service)
    assert all(a.name in ACTIONS for a in actions_of(service, operation))


def texts(value: Any) -> Iterator[str]:
    """Every text in the data of a kind."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from texts(item)
    elif is_dataclass(value):
        for one in fields(value):
            yield from texts(getattr(value, one.name))


@pytest.mark.parametrize("kind", registry().values(), ids=lambda k: k.name)
def test_every_operation_that_a_kind_declares_has_its_actions(kind: Kind) -> None:
    declared = {(kind.service, t) for t in texts(kind) if t in operations(kind.service)}
    assert declared == operations_of(kind)
    for service, operation in declared:
        found = actions_of(service, operation)
        assert found
        assert is_read(operation) == all(a.access is Access.READ for a in found), operation


def test_every_action_is_of_use() -> None:
    called = called_by_name() | {o for k in registry().values() for o in operations_of(k)}
    used = {a.name for o in called for a in actions_of(*o)}
    beside = {
        "bedrock:AssociateThirdPartyKnowledgeBase",  # asked for beside CreateKnowledgeBase
        "iam:PassRole",  # beside every operation that takes a role
        "kms:CreateGrant",  # what Bedrock does with a key, it does with our permissions
        "kms:Decrypt",
        "kms:DescribeKey",
        "kms:GenerateDataKey",
        "s3:GetObjectRetention",  # without it S3 does not tell of a lock
    }
    assert set(ACTIONS) - used == beside


# -- the policies, where everything is there

ACCOUNT, REGION = "111111111111", "eu-central-1"
MODEL, PROFILE = "amazon.nova-lite-v1:0", "eu.amazon.nova-pro-v1:0"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"
NAMED = Named(
    called=(MODEL, PROFILE),
    guardrail_profiles=("eu.guardrail.v1:0",),
    roles=(
        (f"arn:aws:iam::{ACCOUNT}:role/agent", "bedrock.amazonaws.com"),
        (f"arn:aws:iam::{ACCOUNT}:role/alarm", "appconfig.amazonaws.com"),
    ),
    keys=(KEY,),
    secrets=("arn:aws:secretsmanager:eu-central-1:111111111111:secret:vectors",),
    documents=(("documents", "a/"), ("documents", "b/"), ("others", "")),
    datasets=("s3://data/golden.jsonl",),
    externals=(("knowledge-base", "KB12345678"), ("guardrail", "gr1"), ("flow-alias", "FLOW/ALIAS")),
    kinds=frozenset(registry()),
)


def scene(**spec: Any) -> Scene:
    document = {
        "apiVersion": "releaser.dev/v1",
        "kind": "Environment",
        "metadata": {"name": "prod"},
        "spec": {"targets": [{"account": ACCOUNT, "region": REGION}], **spec},
    }
    environment = Environment.model_validate(document)
    target: Target = environment.spec.targets[0]
    return Scene(Site("prod", ACCOUNT, REGION), environment, target, NAMED, registry(), ("s3://evidence/kept/prod",))


WHOLE = {
    "gates": {"required": ["quality"]},
    "evidenceStore": "s3://evidence/kept",
    "anchor": {"kms": "alias/records"},
}


def statements(role: Role, **spec: Any) -> tuple[Statement, ...]:
    return tuple(s for one in permissions(role, scene(**{**WHOLE, **spec})) for s in one.statements)


def allows(found: tuple[Statement, ...], action: str, arn: str) -> bool:
    return any(action in s.actions and any(fnmatchcase(arn, r) for r in s.resources) for s in found)


def test_apply_may_do_what_is_called() -> None:
    called = called_by_name() | {o for k in registry().values() for o in operations_of(k)}
    needed = {a.name for o in called - NOT_CALLED for a in actions_of(*o) if a.access is not Access.BY_HAND}
    data = {"account": "222222222222", "role": "arn:aws:iam::222222222222:role/data"}
    every = (*statements(Role.APPLY, accounts={"data": data}), *statements(Role.APPLY, anchor={"s3": "s3://anchors"}))
    said = {a for s in every for a in s.actions}
    assert needed - said <= {"iam:SimulatePrincipalPolicy"}
    assert said <= set(ACTIONS)


def test_plan_only_reads_and_evaluate_changes_nothing() -> None:
    plan = {ACTIONS[a].access for s in statements(Role.PLAN) for a in s.actions}
    assert plan == {Access.READ}
    evaluate = {ACTIONS[a].access for s in statements(Role.EVALUATE) for a in s.actions}
    assert evaluate == {Access.READ, Access.INVOKE}


def test_nobody_may_take_evidence_away() -> None:
    assert not [a for r in Role for s in statements(r) for a in s.actions if ACTIONS[a].access is Access.BY_HAND]


NAMED_BY_ARN = {"foundation-model", "inference-profile", "guardrail-profile", "key", "role", "bucket", "object"}


@pytest.mark.parametrize("role", Role)
def test_what_is_allowed_is_allowed_on_every_type_that_the_action_asks_about(role: Role) -> None:
    found = statements(role)
    place = scene()
    missing = [
        (action, kind)
        for action in sorted({a for s in found for a in s.actions})
        for kind in ACTIONS[action].on
        if kind not in NAMED_BY_ARN
        and not (kind == "default-prompt-router" and ACTIONS[action].access is Access.INVOKE)
        and not allows(found, action, place.arn(RESOURCES[kind]).replace("*", "x"))
    ]
    assert not missing


def test_models_are_named_and_no_others() -> None:
    found = statements(Role.EVALUATE)
    invoke = "bedrock:InvokeModel"
    assert allows(found, invoke, f"arn:aws:bedrock:{REGION}::foundation-model/{MODEL}")
    assert allows(found, invoke, f"arn:aws:bedrock:{REGION}:{ACCOUNT}:inference-profile/{PROFILE}")
    assert allows(found, invoke, "arn:aws:bedrock:eu-west-1::foundation-model/amazon.nova-pro-v1:0")
    assert not allows(found, invoke, f"arn:aws:bedrock:{REGION}::foundation-model/amazon.nova-micro-v1:0")
    assert not allows(found, invoke, "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0")
    assert not allows(found, invoke, f"arn:aws:bedrock:{REGION}:{ACCOUNT}:inference-profile/us.amazon.nova-pro-v1:0")
    behind = next(s for s in found if s.sid == "InvokeBehindProfiles")
    assert behind.conditions["StringLike"]["bedrock:InferenceProfileArn"]


def test_writes_are_kept_to_what_is_ours() -> None:
    """Every write of Bedrock and AppConfig asks for this environment's tag, or stands for what AWS makes without."""
    loose = {"CreateShared", "UseOutsideVectorStores", "UseOthersKnowledgeBases", "GuardAcrossRegions"}
    for one in statements(Role.APPLY):
        writes = [a for a in one.actions if ACTIONS[a].access is Access.WRITE and ACTIONS[a].service != "iam"]
        services = {ACTIONS[a].service for a in writes}
        if services & {"bedrock", "appconfig"} and one.sid not in loose:
            assert "releaser:environment" in str(one.conditions), one.sid


def test_the_role_of_an_operation() -> None:
    assert role_of(actions_of("bedrock", "GetGuardrail")) is Role.PLAN
    assert role_of(actions_of("bedrock-runtime", "ConverseStream")) is Role.EVALUATE
    assert role_of(actions_of("ssm", "PutParameter")) is Role.APPLY
