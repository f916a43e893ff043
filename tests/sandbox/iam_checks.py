"""Roles, and clients with a role's keys, for the tests of IAM."""

from __future__ import annotations

import json
from typing import Any


def document(*statements: dict[str, Any]) -> str:
    """A policy of these statements; what they leave out is Allow on every resource."""
    full = [{"Effect": "Allow", "Resource": "*", **one} for one in statements]
    for one in full:
        for name in ("Resource", "Action"):
            if f"Not{name}" in one or ("Principal" in one and name == "Resource"):
                one.pop(name, None)
    return json.dumps({"Version": "2012-10-17", "Statement": full})


def allow(*actions: str, **more: Any) -> dict[str, Any]:
    """An Allow of these actions."""
    return {"Action": list(actions), **more}


def deny(*actions: str, **more: Any) -> dict[str, Any]:
    """A Deny of these actions."""
    return {"Effect": "Deny", "Action": list(actions), **more}


def trusting(principal: dict[str, Any], action: str = "sts:AssumeRole", **more: Any) -> str:
    """A trust policy of one statement."""
    return document({"Principal": principal, "Action": action, **more})


class Roles:
    """The roles of one account. ``box``: a sandbox, in a process or inside."""

    def __init__(self, box: Any, account: str) -> None:
        self.box, self.account = box, account
        self.iam = box.client("iam", account)

    def make(self, name: str, *statements: dict[str, Any], trust: str = "", **more: Any) -> str:
        """A role that its account may assume, with a policy of these statements; its ARN."""
        trust = trust or trusting({"AWS": f"arn:aws:iam::{self.account}:root"})
        role = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust, **more)["Role"]
        if statements:
            self.put(name, *statements)
        return str(role["Arn"])

    def put(self, name: str, *statements: dict[str, Any]) -> None:
        """Replaces the role's policy."""
        self.iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=document(*statements))

    def assume(self, arn: str, by: Any = None, **more: Any) -> Any:
        """A function that gives clients with a new session's keys."""
        sts = by("sts") if by else self.box.client("sts", self.account)
        keys = sts.assume_role(RoleArn=arn, **{"RoleSessionName": "job", **more})["Credentials"]
        return with_keys(self.box, keys)

    def session(self, *statements: dict[str, Any], name: str = "r", **more: Any) -> Any:
        """A role of these statements, assumed."""
        return self.assume(self.make(name, *statements), **more)


def with_keys(box: Any, keys: dict[str, Any]) -> Any:
    """A function that gives clients with these keys."""
    given = {
        "aws_access_key_id": keys["AccessKeyId"],
        "aws_secret_access_key": keys["SecretAccessKey"],
        "aws_session_token": keys["SessionToken"],
    }
    return lambda service, **more: box.client(service, **{**given, **more})
