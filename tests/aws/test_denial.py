"""What a denied call was denied for: the action by AWS's words, else by the operation; and who can change it."""

from __future__ import annotations

import botocore.exceptions as boto
import pytest

from releaser.aws.errors import classify
from releaser.core.errors import AwsError, Failure

USER = "User: arn:aws:sts::111111111111:assumed-role/plan/job"
ON = "arn:aws:bedrock:eu-central-1:111111111111:guardrail/abc"


def denied(message: str, service: str, operation: str, code: str = "AccessDeniedException") -> AwsError:
    response = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": 403}}
    found = classify(boto.ClientError(response, operation), service, operation)
    assert found.failure is Failure.DENIED
    return found


def test_the_action_that_aws_names() -> None:
    why = "because no identity-based policy allows the bedrock:GetGuardrail action"
    found = denied(f"{USER} is not authorized to perform: bedrock:GetGuardrail on resource: {ON} {why}", "bedrock", "X")
    assert "lacks the permission bedrock:GetGuardrail" in found.hint
    assert "`releaser iam policy --role plan -e ENV`" in found.hint


@pytest.mark.parametrize(
    ("service", "operation", "action", "role"),
    [
        ("bedrock-runtime", "ConverseStream", "bedrock:InvokeModelWithResponseStream", "evaluate"),
        ("bedrock-agent", "CreatePrompt", "bedrock:CreatePrompt", "apply"),
        ("s3", "ListObjectVersions", "s3:ListBucketVersions", "plan"),
        ("resourcegroupstaggingapi", "GetResources", "tag:GetResources", "plan"),
    ],
)
def test_else_the_actions_of_the_operation(service: str, operation: str, action: str, role: str) -> None:
    hint = denied("Access Denied", service, operation).hint
    assert f"may lack a permission: {action}" in hint and f"--role {role} " in hint


def test_an_action_that_is_another_than_the_operations() -> None:
    message = f"{USER} is not authorized to perform: iam:PassRole on resource: arn:aws:iam::111111111111:role/genai"
    hint = denied(message, "bedrock-agent", "CreateFlow").hint
    assert "iam:PassRole" in hint and "--role apply" in hint


@pytest.mark.parametrize(
    ("why", "by"),
    [
        ("with an explicit deny in a service control policy", "service control policy"),
        ("because no permissions boundary allows the bedrock:GetGuardrail action", "permissions boundary"),
        ("with an explicit deny in a VPC endpoint policy", "VPC endpoint policy"),
        ("because no session policy allows the bedrock:GetGuardrail action", "session policy"),
    ],
)
def test_what_no_policy_of_the_role_can_change(why: str, by: str) -> None:
    message = f"{USER} is not authorized to perform: bedrock:GetGuardrail on resource: {ON} {why}"
    hint = denied(message, "bedrock", "GetGuardrail").hint
    assert by in hint and "no policy of the role changes that" in hint and "iam policy" not in hint


def test_deleting_evidence_is_in_no_role() -> None:
    assert "--role ROLE" in denied("Access Denied", "s3", "DeleteObject", "AccessDenied").hint


def test_an_operation_that_nobody_knows() -> None:
    assert "permission" in denied("no", "ec2", "RunInstances").hint
