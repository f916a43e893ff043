"""Managed policies, their versions, permissions boundaries and tags of roles."""

from __future__ import annotations

import json

import pytest

from sandbox.checks import refused
from sandbox.iam_checks import Roles, allow, deny, document, trusting


@pytest.fixture
def roles(box, account):
    return Roles(box, account)


def policy(roles, name, *statements, **more):
    made = roles.iam.create_policy(PolicyName=name, PolicyDocument=document(*statements), **more)["Policy"]
    return made["Arn"]


def test_a_policy_and_its_versions(roles, account):
    arn = policy(roles, "p", allow("s3:*"), Path="/ci/", Description="d")
    assert arn == f"arn:aws:iam::{account}:policy/ci/p"
    read = roles.iam.get_policy(PolicyArn=arn)["Policy"]
    assert (read["DefaultVersionId"], read["AttachmentCount"], read["Description"]) == ("v1", 0, "d")
    first = roles.iam.get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"]
    assert first["Document"] == json.loads(document(allow("s3:*"))) and first["IsDefaultVersion"]
    roles.iam.create_policy_version(PolicyArn=arn, PolicyDocument=document(allow("kms:*")))
    assert roles.iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"] == "v1"
    roles.iam.set_default_policy_version(PolicyArn=arn, VersionId="v2")
    with refused("DeleteConflict", 409, "default"):
        roles.iam.delete_policy_version(PolicyArn=arn, VersionId="v2")
    with refused("DeleteConflict", 409, "more than one version"):
        roles.iam.delete_policy(PolicyArn=arn)
    roles.iam.delete_policy_version(PolicyArn=arn, VersionId="v1")
    third = roles.iam.create_policy_version(PolicyArn=arn, PolicyDocument=document(allow("*")), SetAsDefault=True)
    assert third["PolicyVersion"]["VersionId"] == "v3"
    listed = roles.iam.list_policy_versions(PolicyArn=arn)["Versions"]
    assert {one["VersionId"]: one["IsDefaultVersion"] for one in listed} == {"v2": False, "v3": True}
    roles.iam.delete_policy_version(PolicyArn=arn, VersionId="v2")
    roles.iam.delete_policy(PolicyArn=arn)
    with refused("NoSuchEntity", 404):
        roles.iam.get_policy(PolicyArn=arn)


def test_what_is_refused(roles, account):
    arn = policy(roles, "p", allow("s3:*"))
    with refused("EntityAlreadyExists", 409):
        policy(roles, "P", allow("s3:*"))
    with refused("MalformedPolicyDocument", 400):
        roles.iam.create_policy(PolicyName="q", PolicyDocument="{}")
    with refused("LimitExceeded", 409, "6144"):
        policy(roles, "q", *(allow(f"s3:Get{number:0>90}") for number in range(60)))
    for _ in range(4):
        roles.iam.create_policy_version(PolicyArn=arn, PolicyDocument=document(allow("*")))
    with refused("LimitExceeded", 409, "5 versions"):
        roles.iam.create_policy_version(PolicyArn=arn, PolicyDocument=document(allow("*")))
    with refused("NoSuchEntity", 404):
        roles.iam.get_policy_version(PolicyArn=arn, VersionId="v9")
    roles.make("r")
    with refused("NoSuchEntity", 404):
        roles.iam.attach_role_policy(RoleName="r", PolicyArn=f"arn:aws:iam::{account}:policy/none")
    with refused("NotInTheSandbox", 501):
        roles.iam.attach_role_policy(RoleName="r", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")


def test_what_is_attached_is_in_force(roles):
    session = roles.session()
    arn = policy(roles, "p", allow("bedrock:ListGuardrails"))
    with refused("AccessDeniedException", 403):
        session("bedrock").list_guardrails()
    for _ in range(2):
        roles.iam.attach_role_policy(RoleName="r", PolicyArn=arn)
    session("bedrock").list_guardrails()
    attached = roles.iam.list_attached_role_policies(RoleName="r")["AttachedPolicies"]
    assert attached == [{"PolicyName": "p", "PolicyArn": arn}]
    assert roles.iam.list_attached_role_policies(RoleName="r", PathPrefix="/ci/")["AttachedPolicies"] == []
    assert roles.iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 1
    denying = document(deny("bedrock:List*"), allow("*"))
    roles.iam.create_policy_version(PolicyArn=arn, PolicyDocument=denying, SetAsDefault=True)
    with refused("AccessDeniedException", 403, "explicit deny in an identity-based policy"):
        session("bedrock").list_guardrails()
    for call, name in ((roles.iam.delete_policy, "PolicyArn"), (roles.iam.delete_role, "RoleName")):
        with refused("DeleteConflict", 409):
            call(**{name: arn if name == "PolicyArn" else "r"})
    roles.iam.detach_role_policy(RoleName="r", PolicyArn=arn)
    with refused("NoSuchEntity", 404):
        roles.iam.detach_role_policy(RoleName="r", PolicyArn=arn)
    roles.iam.delete_role(RoleName="r")


def test_ten_policies_a_role(roles):
    roles.make("r")
    arns = [policy(roles, f"p{number}", allow("s3:*")) for number in range(11)]
    for arn in arns[:10]:
        roles.iam.attach_role_policy(RoleName="r", PolicyArn=arn)
    with refused("LimitExceeded", 409, "PoliciesPerRole: 10"):
        roles.iam.attach_role_policy(RoleName="r", PolicyArn=arns[10])
    pages = roles.iam.get_paginator("list_attached_role_policies").paginate(
        RoleName="r", PaginationConfig={"PageSize": 4}
    )
    assert [len(page["AttachedPolicies"]) for page in pages] == [4, 4, 2]


def test_a_boundary_is_the_most_a_role_may_do(roles):
    boundary = policy(roles, "boundary", allow("bedrock:ListGuardrails", "s3:*"))
    session = roles.assume(roles.make("r", allow("bedrock:*"), PermissionsBoundary=boundary))
    session("bedrock").list_guardrails()
    with refused(
        "AccessDeniedException", 403, "because no permissions boundary allows the bedrock:ListInferenceProfiles"
    ):
        session("bedrock").list_inference_profiles()
    with refused("AccessDenied", 403, "no identity-based policy"):
        session("s3").list_buckets()
    shown = roles.iam.get_role(RoleName="r")["Role"]["PermissionsBoundary"]
    assert shown["PermissionsBoundaryArn"] == boundary
    with refused("DeleteConflict", 409):
        roles.iam.delete_policy(PolicyArn=boundary)
    roles.iam.delete_role_permissions_boundary(RoleName="r")
    session("bedrock").list_inference_profiles()
    with refused("NoSuchEntity", 404):
        roles.iam.delete_role_permissions_boundary(RoleName="r")
    roles.iam.put_role_permissions_boundary(RoleName="r", PermissionsBoundary=boundary)
    with refused("AccessDeniedException", 403):
        session("bedrock").list_inference_profiles()


def test_a_role_that_may_make_roles_only_within_a_boundary(roles):
    boundary = policy(roles, "boundary", allow("bedrock:*"))
    needed = {"StringEquals": {"iam:PermissionsBoundary": boundary}}
    session = roles.session(allow("iam:CreateRole", "iam:PutRolePolicy", Condition=needed))
    iam, trust = session("iam"), trusting({"AWS": roles.account})
    iam.create_role(RoleName="inside", AssumeRolePolicyDocument=trust, PermissionsBoundary=boundary)
    iam.put_role_policy(RoleName="inside", PolicyName="p", PolicyDocument=document(allow("*")))
    with refused("AccessDenied", 403, "iam:CreateRole"):
        iam.create_role(RoleName="outside", AssumeRolePolicyDocument=trust)
    with refused("AccessDenied", 403, "role/r"):
        iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=document(allow("*")))


def test_tags_of_a_role(roles):
    roles.make("r", Tags=[{"Key": "team", "Value": "red"}])
    roles.iam.tag_role(RoleName="r", Tags=[{"Key": "team", "Value": "blue"}, {"Key": "cost", "Value": "1"}])
    assert roles.iam.list_role_tags(RoleName="r")["Tags"] == [
        {"Key": "cost", "Value": "1"},
        {"Key": "team", "Value": "blue"},
    ]
    roles.iam.untag_role(RoleName="r", TagKeys=["team", "none"])
    assert roles.iam.get_role(RoleName="r")["Role"]["Tags"] == [{"Key": "cost", "Value": "1"}]
