"""What CI variables are taken for: GitLab's own shapes, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tick import Clock

from releaser.core.errors import ReleaserError
from releaser.gitlab.connecting import connect
from releaser.gitlab.context import Context, read_context
from releaser.gitlab.errors import Token

JOB = {
    "CI_SERVER_URL": "https://gitlab.example.com:8443/tools/",
    "CI_API_V4_URL": "https://gitlab.example.com:8443/tools/api/v4",
    "CI_PROJECT_ID": "12",
    "CI_PROJECT_PATH": "bank/ai/releases",
    "CI_DEFAULT_BRANCH": "main",
    "CI_COMMIT_SHA": "a" * 40,
    "CI_COMMIT_BRANCH": "",
    "CI_PIPELINE_ID": "900",
    "CI_PIPELINE_URL": "https://gitlab.example.com:8443/tools/bank/ai/releases/-/pipelines/900",
    "CI_PIPELINE_SOURCE": "merge_request_event",
    "CI_JOB_ID": "901",
    "CI_JOB_NAME": "plan: [prod, eu-central-1]",
    "CI_JOB_URL": "https://gitlab.example.com:8443/tools/bank/ai/releases/-/jobs/901",
    "GITLAB_USER_ID": "5",
    "GITLAB_USER_LOGIN": "dana.k",
    "CI_ENVIRONMENT_NAME": "prod/eu",
    "CI_MERGE_REQUEST_IID": "7",
    "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "feature/größer-1",
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
    "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": "dana/releases",
    "CI_MERGE_REQUEST_DIFF_BASE_SHA": "b" * 40,
    "CI_JOB_TOKEN": "job-1",
}
CHECKED = [name for name in JOB if name != "CI_COMMIT_BRANCH"]


def test_a_job_of_a_merge_request() -> None:
    found = read_context(JOB)
    assert (found.server, found.api) == (JOB["CI_SERVER_URL"].rstrip("/"), JOB["CI_API_V4_URL"])
    assert (found.project, found.project_path, found.user, found.user_name) == (12, "bank/ai/releases", 5, "dana.k")
    assert (found.commit, found.branch, found.environment) == ("a" * 40, "", "prod/eu")
    assert (found.pipeline, found.job, found.is_in_ci, found.is_frozen) == (900, 901, True, False)
    request = found.merge_request
    assert request is not None
    assert (request.number, request.source_branch, request.diff_base) == (7, "feature/größer-1", "b" * 40)
    assert request.is_from_fork(found.project_path)
    assert not request.is_from_fork("dana/releases")


def test_a_laptop_has_an_empty_context() -> None:
    assert read_context({"HOME": "/root", "CI": ""}) == Context()
    assert connect(Context(), Clock()) is None


def test_the_own_token_comes_before_the_jobs() -> None:
    assert read_context(JOB).token == Token("job", "job-1")
    assert read_context({**JOB, "RELEASER_GITLAB_TOKEN": "glpat-1\n"}).token == Token("private", "glpat-1")
    # A protected variable is not there for a branch that is not: then its own name may stand in its place.
    assert read_context({**JOB, "RELEASER_GITLAB_TOKEN": "$RELEASER_GITLAB_TOKEN"}).token == Token("job", "job-1")


def test_a_context_shows_no_secret() -> None:
    found = read_context({**JOB, "RELEASER_GITLAB_TOKEN": "glpat-1", "https_proxy": "http://me:hush@proxy:3128"})
    assert "glpat-1" not in repr(found)
    assert "hush" not in repr(found)


@given(st.sampled_from(CHECKED), st.sampled_from(["\n", "\r\nX: 1", "\x00", "\x1b[2J", "\u2028"]), st.booleans())
def test_no_value_brings_a_line_or_a_control_along(name: str, evil: str, first: bool) -> None:
    """In the middle of a value, and at its begin; a token alone loses what stands around it."""
    value = f"{JOB[name][:1]}{evil}{JOB[name][1:]}" if first else f"{JOB[name]}{evil}x"
    with pytest.raises(ReleaserError) as caught:
        read_context({**JOB, name: value})
    assert (caught.value.code, name in str(caught.value), evil in str(caught.value)) == ("L111", True, False)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CI_SERVER_URL", "http://gitlab.example.com"),
        ("CI_SERVER_URL", "https://token@gitlab.example.com"),
        ("CI_SERVER_URL", "https://gitlab.example.com:99999"),
        ("CI_SERVER_URL", "https://"),
        ("CI_SERVER_URL", "file:///etc/passwd"),
        ("CI_API_V4_URL", "https://gitlab.example.com:8443.evil.example/tools/api/v4"),
        ("CI_API_V4_URL", "https://evil.example/api/v4"),
        ("CI_API_V4_URL", "https://gitlab.example.com:8443/tools-of-others/api/v4"),
        ("CI_PROJECT_ID", "-1"),
        ("CI_PROJECT_ID", "１２"),
        ("CI_PROJECT_ID", "../13"),
        ("CI_PROJECT_PATH", "bank/../root"),
        ("CI_PROJECT_PATH", "releases"),
        ("CI_COMMIT_SHA", "HEAD"),
        ("CI_MERGE_REQUEST_IID", "7/../8"),
        ("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", "--upload-pack=x"),
        ("CI_MERGE_REQUEST_DIFF_BASE_SHA", "b" * 39),
        ("GITLAB_USER_LOGIN", "dana @all"),
        ("RELEASER_GITLAB_TOKEN", "glpat 1"),
    ],
)
def test_what_gitlab_never_sets_is_refused_and_not_repeated(name: str, value: str) -> None:
    job = JOB if name != "CI_SERVER_URL" else {k: v for k, v in JOB.items() if k != "CI_API_V4_URL"}
    with pytest.raises(ReleaserError) as caught:
        read_context({**job, name: value})
    assert (caught.value.code, name in str(caught.value)) == ("L111", True)
    assert value not in str(caught.value)


@pytest.mark.parametrize(
    ("environ", "proxy"),
    [
        ({"https_proxy": "proxy:3128"}, "http://proxy:3128"),
        ({"HTTPS_PROXY": "http://proxy:3128"}, "http://proxy:3128"),
        ({"https_proxy": "http://proxy:3128", "no_proxy": "localhost,.example.com"}, ""),
        ({"https_proxy": "http://proxy:3128", "NO_PROXY": "gitlab.example.com"}, ""),
        ({"https_proxy": "http://proxy:3128", "no_proxy": "*"}, ""),
        ({"https_proxy": "http://proxy:3128", "no_proxy": "lab.example.com, ample.com"}, "http://proxy:3128"),
        ({"http_proxy": "http://proxy:3128"}, ""),
    ],
)
def test_the_proxy_is_the_one_that_git_takes(environ: dict[str, str], proxy: str) -> None:
    assert read_context({**JOB, **environ}).proxy == proxy
