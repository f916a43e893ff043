"""Roles and providers through IAM's own API, and who may assume a role."""

from __future__ import annotations

import json

import pytest

from releaser import sandbox
from sandbox.checks import refused
from sandbox.iam_checks import Roles, allow, deny, document, trusting, with_keys


@pytest.fixture
def roles(box, account):
    return Roles(box, account)


def test_a_role_reads_back_as_it_was_made(roles, account):
    trust = trusting({"AWS": account})
    made = roles.iam.create_role(
        RoleName="apply", Path="/ci/", AssumeRolePolicyDocument=trust, Description="d", MaxSessionDuration=7200,
        Tags=[{"Key": "team", "Value": "red"}],
    )["Role"]  # fmt: skip
    assert made["Arn"] == f"arn:aws:iam::{account}:role/ci/apply" and made["RoleId"].startswith("AROA")
    read = roles.iam.get_role(RoleName="apply")["Role"]
    assert read == made and read["AssumeRolePolicyDocument"] == json.loads(trust)
    assert (read["MaxSessionDuration"], read["Tags"]) == (7200, [{"Key": "team", "Value": "red"}])
    listed = roles.iam.list_roles(PathPrefix="/ci/")["Roles"]
    assert listed == [{name: value for name, value in made.items() if name != "Tags"}]
    assert roles.iam.list_roles(PathPrefix="/other/")["Roles"] == []
    roles.put("apply", allow("s3:*"))
    policy = roles.iam.get_role_policy(RoleName="apply", PolicyName="all")
    assert policy["PolicyDocument"] == json.loads(document(allow("s3:*")))
    assert roles.iam.list_role_policies(RoleName="apply")["PolicyNames"] == ["all"]
    with refused("DeleteConflict", 409):
        roles.iam.delete_role(RoleName="apply")
    roles.iam.delete_role_policy(RoleName="apply", PolicyName="all")
    roles.iam.delete_role(RoleName="apply")
    for call in (roles.iam.get_role, roles.iam.delete_role, roles.iam.list_role_policies):
        with refused("NoSuchEntity", 404):
            call(RoleName="apply")


def test_roles_come_in_pages(roles):
    for number in range(5):
        roles.make(f"r{number}")
    pages = roles.iam.get_paginator("list_roles").paginate(PaginationConfig={"PageSize": 2})
    sizes = [len(page["Roles"]) for page in pages]
    assert sizes == [2, 2, 1]


def test_what_iam_refuses(roles):
    roles.make("r")
    with refused("EntityAlreadyExists", 409):
        roles.make("R")
    with refused("MalformedPolicyDocument", 400, "must contain actions"):
        roles.iam.put_role_policy(
            RoleName="r", PolicyName="p", PolicyDocument='{"Statement": {"Effect": "Allow", "Resource": "*"}}'
        )
    with refused("MalformedPolicyDocument", 400, "prohibited field Resource"):
        roles.iam.update_assume_role_policy(RoleName="r", PolicyDocument=document(allow("sts:AssumeRole")))
    with refused("NotInTheSandbox", 501, "IpAddress"):
        roles.put("r", allow("s3:*", Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}))
    with refused("LimitExceeded", 409, "10240"):
        roles.put("r", *(allow(f"s3:Get{number:0>90}") for number in range(80)))
    with refused("ValidationError", 400):
        roles.iam.create_role(RoleName="a b", AssumeRolePolicyDocument=trusting({"AWS": "*"}))
    with refused("NotInTheSandbox", 501):
        roles.iam.list_users()


def test_white_space_does_not_count(roles):
    roles.make("r")
    text = json.dumps(json.loads(document(*(allow(f"s3:Get{number:0>80}") for number in range(60)))), indent=16)
    assert len(text) > 10_240
    roles.iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=text)


def test_providers(roles, account):
    url = "https://gitlab.example.com"
    arn = roles.iam.create_open_id_connect_provider(Url=url, ClientIDList=["aws"])["OpenIDConnectProviderArn"]
    assert arn == f"arn:aws:iam::{account}:oidc-provider/gitlab.example.com"
    read = roles.iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    assert (read["Url"], read["ClientIDList"]) == ("gitlab.example.com", ["aws"])
    assert roles.iam.list_open_id_connect_providers()["OpenIDConnectProviderList"] == [{"Arn": arn}]
    with refused("EntityAlreadyExists", 409):
        roles.iam.create_open_id_connect_provider(Url=url)
    with refused("InvalidInput", 400):
        roles.iam.create_open_id_connect_provider(Url="http://gitlab.example.com")
    for _ in range(2):
        roles.iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    with refused("NoSuchEntity", 404):
        roles.iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)


def test_an_account_without_a_role_is_without_iam(box, roles, account):
    """What was there before IAM goes on; the first role makes the account's roles the only ones."""
    arn = f"arn:aws:iam::{account}:role/anything"
    free = roles.assume(arn)
    free("bedrock").list_guardrails()
    roles.make("known")
    with refused("AccessDenied", 403, f"is not authorized to perform: sts:AssumeRole on resource: {arn}"):
        roles.assume(arn)
    free("bedrock").list_guardrails()
    with refused("AccessDenied", 403):
        roles.assume(f"arn:aws:iam::{account}:role/other/path/known")


def test_the_trust_policy_decides(roles, box, account):
    other = f"9{account[1:]}"
    arn = roles.make("r", trust=trusting({"AWS": other}, Condition={"StringEquals": {"sts:ExternalId": "secret"}}))
    by_other = lambda service: box.client(service, other)  # noqa: E731
    with refused("AccessDenied", 403):
        roles.assume(arn)
    with refused("AccessDenied", 403):
        roles.assume(arn, by_other)
    with refused("AccessDenied", 403):
        roles.assume(arn, by_other, ExternalId="guess")
    session = roles.assume(arn, by_other, ExternalId="secret")
    assert session("sts").get_caller_identity()["Arn"] == f"arn:aws:sts::{account}:assumed-role/r/job"
    roles.iam.update_assume_role_policy(RoleName="r", PolicyDocument=trusting({"AWS": account}))
    with refused("AccessDenied", 403):
        roles.assume(arn, by_other, ExternalId="secret")
    roles.assume(arn)


def test_a_trusted_account_leaves_it_to_the_callers_own_policies(roles, account):
    first = roles.session(allow("s3:*"), name="first")
    by_account = roles.make("by-account")
    by_name = roles.make("by-name", trust=trusting({"AWS": f"arn:aws:iam::{account}:role/first"}))
    with refused("AccessDenied", 403, "because no identity-based policy allows the sts:AssumeRole action"):
        roles.assume(by_account, first)
    roles.assume(by_name, first)
    roles.put("first", allow("sts:AssumeRole", Resource=by_account))
    chained = roles.assume(by_account, first)
    assert chained("sts").get_caller_identity()["Arn"].endswith("assumed-role/by-account/job")
    with refused("ValidationError", 400, "chaining"):
        roles.assume(by_account, first, DurationSeconds=3601)
    roles.put("first", deny("sts:*"), allow("sts:*"))
    with refused("AccessDenied", 403, "explicit deny"):
        roles.assume(by_account, first)
    assert first("sts").get_caller_identity()["Account"] == account


def test_another_accounts_role_needs_both_sides(roles, box, account):
    there = Roles(box, f"8{account[1:]}")
    first = roles.session(allow("s3:*"), name="first")
    arn = there.make("r", trust=trusting({"AWS": f"arn:aws:iam::{account}:role/first"}))
    with refused("AccessDenied", 403):
        there.assume(arn, first)
    roles.put("first", allow("sts:AssumeRole"))
    there.assume(arn, first)


def test_a_source_identity_takes_an_action_of_its_own(roles, account):
    arn = roles.make("r")
    with refused("AccessDenied", 403, "sts:SetSourceIdentity"):
        roles.assume(arn, SourceIdentity="ada")
    both = document({"Principal": {"AWS": account}, "Action": ["sts:AssumeRole", "sts:SetSourceIdentity"]})
    roles.iam.update_assume_role_policy(RoleName="r", PolicyDocument=both)
    roles.assume(arn, SourceIdentity="ada")
    first = roles.session(allow("sts:AssumeRole"), name="first")
    with refused("AccessDenied", 403, "sts:SetSourceIdentity"):
        roles.assume(arn, first, SourceIdentity="ada")


def test_how_long_a_session_lasts(paced, account):
    roles = Roles(paced, account)
    arn = roles.make("r", allow("bedrock:*"))
    with refused("ValidationError", 400, "MaxSessionDuration"):
        roles.assume(arn, DurationSeconds=3601)
    session = roles.assume(arn, DurationSeconds=900)
    session("bedrock").list_guardrails()
    paced.admin.advance(901)
    with refused("ExpiredTokenException", 403):
        session("bedrock").list_guardrails()


def test_sessions_end_with_their_role(roles):
    session = roles.session(allow("bedrock:*"))
    session("bedrock").list_guardrails()
    roles.iam.delete_role_policy(RoleName="r", PolicyName="all")
    roles.iam.delete_role(RoleName="r")
    roles.make("r", allow("bedrock:*"))
    with refused("UnrecognizedClientException", 403):
        session("bedrock").list_guardrails()


def test_roles_survive_a_kill(tmp_path, account):
    with sandbox.running(data=tmp_path) as own:
        roles = Roles(own, account)
        arn = roles.make("r", allow("bedrock:ListGuardrails"))
        keys = own.client("sts", account).assume_role(RoleArn=arn, RoleSessionName="job")["Credentials"]
        own.restart()
        session = with_keys(own, keys)
        session("bedrock").list_guardrails()
        with refused("AccessDeniedException", 403):
            session("bedrock").list_foundation_models()
