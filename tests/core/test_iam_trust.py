"""Which jobs a trust policy takes, and which of its lines refuses the others."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releaser.core.iam.role import Role
from releaser.core.iam.token import claims_of, shown, untimely
from releaser.core.iam.trust import Project, judged, trust_policy

PATHS = st.from_regex(r"[a-z][a-z0-9-]{0,8}(/[a-z][a-z0-9-]{0,8}){1,3}", fullmatch=True)
BRANCHES = st.from_regex(r"[a-z][a-z0-9/_.-]{0,20}", fullmatch=True)
SERVER, PROVIDER = "https://gitlab.example.com", "gitlab.example.com"
PROJECT = Project(SERVER, "genai/releases", SERVER, "main")


def claims(path: str = "genai/releases", branch: str = "main", kind: str = "branch", **more: Any) -> dict[str, Any]:
    sub = f"project_path:{path}:ref_type:{kind}:ref:{branch}"
    return {"iss": SERVER, "aud": SERVER, "sub": sub, "exp": 2_000_000_000, **more}


def policy(role: Role = Role.APPLY) -> dict[str, Any]:
    return trust_policy(PROJECT, role, "111111111111", "aws")


def asking(operator: str, key: str, *values: str) -> dict[str, Any]:
    """A trust policy with one more condition."""
    found = policy()
    found["Statement"][0]["Condition"] = {"StringEquals": {f"{PROVIDER}:sub": claims()["sub"]}}
    found["Statement"][0]["Condition"].setdefault(operator, {})[key] = list(values)
    return found


@given(PATHS, BRANCHES, st.sampled_from(["branch", "tag"]), st.sampled_from(Role))
def test_our_policies_take_our_jobs_and_no_others(path: str, branch: str, kind: str, role: Role) -> None:
    taken, findings = judged(policy(role), claims(path, branch, kind))
    ours = path == PROJECT.path and kind == "branch" and (role is not Role.APPLY or branch == "main")
    assert taken == ours
    assert bool(findings) != taken


@given(BRANCHES)
def test_roles_that_read_take_any_branch_of_the_project(branch: str) -> None:
    for role in (Role.PLAN, Role.EVALUATE):
        assert judged(policy(role), claims(branch=branch)) == (True, ())
    assert judged(policy(), claims(branch=branch))[0] == (branch == "main")


@pytest.mark.parametrize(
    ("said", "at", "words", "hint"),
    [
        (claims(branch="fix"), "sub", "ref:fix", "the job runs on fix"),
        (claims(branch="v1", kind="tag"), "sub", "ref_type:tag", "the job runs on a tag"),
        (claims("genai/Releases"), "sub", "genai/Releases", "another project"),
        (claims(aud="https://other.example.com"), "aud", "other.example.com", "id_tokens"),
        (claims(sub="project_id:7"), "sub", "project_id:7", "another project"),
    ],
)
def test_the_line_that_refuses_is_named(said: dict[str, Any], at: str, words: str, hint: str) -> None:
    taken, findings = judged(policy(), said)
    assert not taken
    [one] = findings
    assert one.at == ("Statement", 0, "Condition", "StringEquals", f"{PROVIDER}:{at}")
    assert words in one.said and hint in one.hint


def test_a_token_of_another_server() -> None:
    taken, findings = judged(policy(), claims(iss="https://gitlab.com"))
    assert not taken
    assert findings[0].at == ("Statement", 0, "Principal") and "gitlab.com" in findings[0].said


def test_a_star_where_it_is_no_star() -> None:
    found = policy()
    found["Statement"][0]["Condition"]["StringEquals"][f"{PROVIDER}:sub"] = "project_path:genai/releases:*"
    taken, [one] = judged(found, claims())
    assert not taken and "StringLike" in one.hint


@pytest.mark.parametrize(
    ("operator", "key", "values", "taken"),
    [
        ("StringLike", f"{PROVIDER}:sub", ["project_path:genai/?eleases:*"], True),
        ("StringNotLike", f"{PROVIDER}:sub", ["*:ref:main"], False),
        ("StringNotEquals", f"{PROVIDER}:sub", ["a", "b"], True),
        ("StringEqualsIgnoreCase", f"{PROVIDER}:aud", [SERVER.upper()], True),
        ("ForAnyValue:StringEquals", f"{PROVIDER}:aud", ["other", SERVER], True),
        ("ForAllValues:StringEquals", f"{PROVIDER}:amr", ["x"], True),
        ("StringEquals", f"{PROVIDER}:project_path", ["genai/releases"], False),
        ("StringEqualsIfExists", f"{PROVIDER}:project_path", ["genai/releases"], True),
        ("StringEquals", "gitlab.com:aud", [SERVER], False),
    ],
)
def test_conditions_as_iam_reads_them(operator: str, key: str, values: list[str], taken: bool) -> None:
    assert judged(asking(operator, key, *values), claims())[0] is taken


def test_a_claim_that_aws_does_not_look_at_is_told_as_such() -> None:
    _, [one] = judged(asking("StringEquals", f"{PROVIDER}:project_path", "genai/releases"), claims())
    assert "does not look at project_path" in one.said


def test_what_depends_on_more_than_the_token_is_not_judged() -> None:
    taken, [one] = judged(asking("IpAddress", "aws:SourceIp", "10.0.0.0/8"), claims())
    assert taken and one.weight == "unknown"


@pytest.mark.parametrize("subject", ["*", "project_path:*", "project_path:genai/*:ref_type:branch:ref:main"])
def test_a_policy_that_is_open_to_other_projects(subject: str) -> None:
    found = policy(Role.PLAN)
    found["Statement"][0]["Condition"]["StringLike"][f"{PROVIDER}:sub"] = subject
    taken, [one] = judged(found, claims())
    assert taken and one.weight == "open"


def test_a_policy_that_asks_nothing_of_sub() -> None:
    found = policy()
    del found["Statement"][0]["Condition"]["StringEquals"][f"{PROVIDER}:sub"]
    taken, [one] = judged(found, claims())
    assert taken and one.weight == "open" and "every project" in one.said


def test_one_statement_that_takes_it_is_enough_and_one_that_denies_it_too_much() -> None:
    other = trust_policy(Project(SERVER, "a/b", SERVER, "main"), Role.APPLY, "111111111111", "aws")
    both = {"Statement": [*other["Statement"], *policy()["Statement"]]}
    assert judged(both, claims()) == (True, ())
    deny = {**policy()["Statement"][0], "Effect": "Deny"}
    taken, findings = judged({"Statement": [*both["Statement"], deny]}, claims())
    assert not taken and ("Statement", 2, "Effect") in [f.at for f in findings]


def test_a_policy_for_services_alone() -> None:
    service = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    taken, [one] = judged({"Statement": service}, claims())
    assert not taken and "AssumeRoleWithWebIdentity" in one.said


# -- tokens


def token(payload: dict[str, Any]) -> str:
    def part(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'RS256'})}.{part(payload)}.c2lnbmF0dXJl"


@given(st.dictionaries(st.text(max_size=8), st.one_of(st.text(max_size=20), st.integers(), st.none()), max_size=6))
def test_claims_are_read_as_they_are(payload: dict[str, Any]) -> None:
    assert claims_of(token(payload) + "\n") == payload


@given(st.text(max_size=80))
def test_what_is_no_token_is_refused_without_a_word_of_it(text: str) -> None:
    secret = f"{text}.sEcReTsEcReT.x"
    with pytest.raises(ValueError, match=r"parts|JSON|object") as caught:
        claims_of(secret)
    assert "sEcReT" not in str(caught.value)


def test_people_are_not_shown() -> None:
    said = shown(claims(user_email="somebody@example.com", user_login="somebody", ref="main"))
    assert "somebody" not in str(said)
    assert said["exp"] == "2033-05-18 03:33:20 UTC" and said["ref"] == "main"


def test_a_token_outside_of_its_time() -> None:
    now = datetime(2026, 12, 1, tzinfo=UTC)
    assert list(untimely(claims(), now)) == []
    assert "ended" in next(untimely(claims(exp=now.timestamp()), now))
    assert "clock" in next(untimely(claims(nbf=now.timestamp() + 3600), now))
    assert "exp" in next(untimely(claims(exp="soon"), now))
