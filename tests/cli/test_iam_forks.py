"""Who forks the project, or names one like it, gets none of its roles."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st
from test_iam_enforced import GITLAB, Pipeline
from world.desk import Desk
from world.manifest import use_case

from releaser.core.iam.role import Role
from releaser.core.iam.trust import Project, judged, trust_policy

OURS = "genai/releases"
# GitLab's paths are of letters, digits and `_ - . /` alone: no path can say where the project's name ends.
LIKE_OURS = (
    "someone/releases",
    "genai/releases-fork",
    "genai/releases2",
    "genai/Releases",
    "genai/releases/sub",
    "group/genai/releases",
    "xgenai/releases",
    "genai",
    "releases",
)
REFS = ("ref_type:branch:ref:main", "ref_type:tag:ref:main", "ref_type:merge_request:ref:main")


def sub(project: str, ref: str = REFS[0]) -> str:
    return f"project_path:{project}:{ref}"


@pytest.fixture
def roles(new_desk: Callable[..., Desk], tmp_path: Path) -> Pipeline:
    """An account with the three roles, trusting as `releaser iam trust` prints."""
    desk = new_desk()
    desk.repo.declare(use_case())
    desk.repo.commit("mail")
    found = Pipeline(desk, tmp_path)
    for role in Role:
        found.renew(role)
    return found


def assumed(pipeline: Pipeline, role: str, subject: str, audience: str = GITLAB) -> bool:
    token = pipeline.gitlab.token(sub=subject, aud=audience, iat=1_600_000_000, exp=4_000_000_000)
    arn = f"arn:aws:iam::{pipeline.desk.account}:role/{role}"
    try:
        pipeline.desk.client("sts").assume_role_with_web_identity(
            RoleArn=arn, RoleSessionName="job", WebIdentityToken=token
        )
    except ClientError as error:
        assert error.response["Error"]["Code"] in ("AccessDenied", "InvalidIdentityToken")
        return False
    return True


def test_only_the_projects_own_jobs_get_a_role(roles: Pipeline) -> None:
    for role in Role:
        assert assumed(roles, role, sub(OURS))
        assert assumed(roles, role, sub(OURS, "ref_type:branch:ref:fix")) is (role is not Role.APPLY)
        assert not assumed(roles, role, sub(OURS), "https://vault.example.com")
        for project in LIKE_OURS:
            for ref in REFS:
                assert not assumed(roles, role, sub(project, ref)), (role, project, ref)


def test_a_forks_job_is_told_why_and_does_nothing(roles: Pipeline) -> None:
    desk = roles.desk
    for role in Role:
        roles.become(role)
        token = roles.gitlab.token(sub=sub("someone/releases"), aud=GITLAB, iat=1_600_000_000, exp=4_000_000_000)
        Path(desk.env["AWS_WEB_IDENTITY_TOKEN_FILE"]).write_text(token)
        before = desk.mark()
        for args in (("plan",), ("reconcile",)):
            ended = desk.run(*args, "-e", "dev", ok=1)
            assert "sts:AssumeRoleWithWebIdentity" in ended.said
            assert "releaser doctor" in ended.said, ended.said
        assert {r["operation"] for r in desk.since(before)} == {"sts.AssumeRoleWithWebIdentity"}
        ended = desk.run("doctor", "-e", "dev", "--role", role, ok=1)
        assert "the role trusts another project" in ended.said
    assert desk.repo.records() == {}


PATHS = st.from_regex(r"[A-Za-z0-9_./-]{1,40}", fullmatch=True).filter(lambda path: path != OURS)
REFS_OF_ANYBODY = st.text(min_size=1, max_size=30) | st.just("main") | st.just(f"main:{sub(OURS)}")


@given(PATHS | st.sampled_from(LIKE_OURS), REFS_OF_ANYBODY, st.sampled_from(Role))
def test_no_other_path_is_ever_taken(path: str, ref: str, role: Role) -> None:
    policy = trust_policy(Project(GITLAB, OURS, GITLAB, "main"), role, "111111111111", "aws")
    claims = {"iss": GITLAB, "aud": GITLAB, "sub": sub(path, f"ref_type:branch:ref:{ref}")}
    assert judged(policy, claims)[0] is False
    assert judged(policy, {**claims, "sub": sub(OURS)})[0] is True
