"""Policies within IAM's limits, and what the simulator is asked about them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releaser.core.iam.actions import ACTIONS
from releaser.core.iam.document import Statement, policy, size, within_limit
from releaser.core.iam.simulation import principal_of, questions, refused

SIDS = st.from_regex(r"[A-Z][A-Za-z]{3,20}", fullmatch=True)
NAMES = st.sampled_from(sorted(ACTIONS))
ARNS = st.from_regex(r"arn:aws:bedrock:eu-central-1:111111111111:guardrail/[a-z0-9]{1,60}\*?", fullmatch=True)
CONDITIONS = st.sampled_from(
    [{}, {"StringEquals": {"aws:RequestedRegion": ("eu-central-1",)}}, {"StringLike": {"s3:prefix": ("a/*", "b/*")}}]
)
STATEMENTS = st.builds(
    Statement,
    SIDS,
    st.lists(NAMES, min_size=1, max_size=40, unique=True).map(tuple),
    st.lists(ARNS, min_size=1, max_size=40, unique=True).map(tuple),
    CONDITIONS,
)


def allowed(statements: Iterable[Statement]) -> set[tuple[str, str, str]]:
    """Action, resource and conditions of everything that is allowed."""
    return {(a, r, json.dumps(s.conditions)) for s in statements for a in s.actions for r in s.resources}


@given(st.lists(STATEMENTS, min_size=1, max_size=6, unique_by=lambda s: s.sid), st.integers(700, 6144))
def test_parting_changes_no_permission(statements: list[Statement], limit: int) -> None:
    documents = within_limit(statements, limit)
    parts = [s for document in documents for s in document]
    assert allowed(parts) == allowed(statements)
    assert all(size(document) <= limit for document in documents)
    sids = [s.sid for s in parts]
    assert len(set(sids)) == len(sids)
    assert all(re.fullmatch(r"[A-Za-z0-9]+", s) for s in sids)


@given(st.lists(STATEMENTS, min_size=1, max_size=4))
def test_the_size_is_that_of_the_document_without_white_space(statements: list[Statement]) -> None:
    assert size(statements) == len(re.sub(r"\s", "", json.dumps(policy(statements))))


@pytest.mark.parametrize(
    ("caller", "role", "principal"),
    [
        ("arn:aws:sts::1:assumed-role/apply/job", "arn:aws:iam::1:role/ci/apply", "arn:aws:iam::1:role/ci/apply"),
        ("arn:aws:sts::1:assumed-role/plan/job", "arn:aws:iam::1:role/ci/apply", "arn:aws:iam::1:role/plan"),
        ("arn:aws:iam::1:user/somebody", "", "arn:aws:iam::1:user/somebody"),
        ("arn:aws:iam::1:root", "", None),
    ],
)
def test_whose_policies_are_asked_for(caller: str, role: str, principal: str | None) -> None:
    assert principal_of(caller, role) == principal


def test_an_action_is_asked_of_its_own_types_of_resources() -> None:
    here = "arn:aws:bedrock:eu-central-1:111111111111"
    model = "arn:aws:bedrock:eu-west-1::foundation-model/amazon.nova-pro-v1:0"
    tagged = {"StringEquals": {"aws:ResourceTag/releaser:environment": ("prod",)}, "Bool": {"kms:x": ("true",)}}
    one = Statement("A", ("bedrock:GetAgent", "bedrock:GetPrompt"), (f"{here}:agent/*", f"{here}:prompt/*"), tagged)
    two = Statement("B", ("bedrock:InvokeModel",), (model, f"{here}:guardrail/*"))
    asked = {tuple(q["ActionNames"]): q for q in questions([one, two])}
    assert asked[("bedrock:GetAgent",)]["ResourceArns"] == [f"{here}:agent/*"]
    assert asked[("bedrock:GetPrompt",)]["ResourceArns"] == [f"{here}:prompt/*"]
    assert asked[("bedrock:InvokeModel",)]["ResourceArns"] == [model]
    types = {e["ContextKeyName"]: e["ContextKeyType"] for e in asked[("bedrock:GetAgent",)]["ContextEntries"]}
    assert types == {"aws:ResourceTag/releaser:environment": "string", "kms:x": "boolean"}


def test_what_the_simulator_does_not_allow() -> None:
    rows: list[dict[str, Any]] = [
        {"EvalActionName": "a:A", "EvalResourceName": "*", "EvalDecision": "allowed"},
        {"EvalActionName": "a:B", "EvalResourceName": "*", "EvalDecision": "implicitDeny"},
        {
            "EvalActionName": "a:C",
            "EvalResourceName": "r",
            "EvalDecision": "explicitDeny",
            "OrganizationsDecisionDetail": {"AllowedByOrganizations": False},
        },
        {
            "EvalActionName": "a:D",
            "EvalResourceName": "r",
            "EvalDecision": "implicitDeny",
            "PermissionsBoundaryDecisionDetail": {"AllowedByPermissionsBoundary": False},
        },
    ]
    found = {r.action: r for r in refused(rows)}
    assert set(found) == {"a:B", "a:C", "a:D"}
    assert found["a:C"].is_denied and "organization" in found["a:C"].by
    assert "boundary" in found["a:D"].by
