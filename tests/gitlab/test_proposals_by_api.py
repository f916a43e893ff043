"""promote and rollback in a CI job with a token: the merge request comes of the API, and the branch of a push."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest
from stub import Fault, Gitlab
from world import estate
from world.desk import Desk
from world.estate import Estate
from world.manifest import use_case
from world.repository import LETTER

BRANCH = "releaser/promote-preprod-mail"
TITLE = "Promote mail r1 to preprod"


@pytest.fixture
def stages(new_desk: Callable[..., Desk], gitlab: Gitlab) -> Estate:
    """r1 is live in dev, and nothing in preprod; commands of preprod and prod run in a job of GitLab."""
    found = estate.create(new_desk, server=True)
    found.dev.repo.declare(use_case(), {"answer": LETTER})
    found.dev.repo.commit("first")
    found.run("dev", "reconcile")
    job = {
        "CI_SERVER_URL": gitlab.url,
        "CI_PROJECT_ID": "12",
        "GITLAB_USER_ID": str(gitlab.state.user("dana")["id"]),
        "CI_JOB_TOKEN": "job-1",
        "RELEASER_GITLAB_TOKEN": "glpat-writes",
    }
    for name in ("preprod", "prod"):
        found.desks[name] = dataclasses.replace(found.desks[name], env=job)
    return found


def promote(stages: Estate, *args: str) -> tuple[str, str, str]:
    """State and address of the proposal, and what was said beside it."""
    command = ("promote", "mail", "--to", "preprod", "--output", "json", *args)
    ended = stages.desks["preprod"].run(*command, ok=0)
    return ended.json()["state"], ended.json()["url"], ended.said


def test_one_merge_request_by_api_however_often_and_whatever_fails(stages: Estate, gitlab: Gitlab) -> None:
    assert promote(stages, "--no-push")[0] == "local"
    assert gitlab.asked == []
    gitlab.faults = [Fault("POST", status=403)]
    state, url, said = promote(stages)
    assert (state, url) == ("pushed", "")
    assert f"{BRANCH} is pushed, its merge request is not made: L102" in said
    assert "glpat" not in said

    state, url, _ = promote(stages)
    row = gitlab.state.merge_requests[0]
    assert (state, url) == ("found", row["web_url"])
    assert (row["source_branch"], row["target_branch"], row["title"]) == (BRANCH, "main", TITLE)
    assert row["labels"] == ["releaser", "releaser-promote"]
    assert [user["username"] for user in row["assignees"]] == ["dana"]
    assert "This merge request changes pins and nothing else" in row["description"]

    row["title"] = "something else"
    assert promote(stages)[:2] == ("found", row["web_url"])
    assert (row["title"], len(gitlab.state.merge_requests)) == (TITLE, 1)


def test_who_answers_for_an_emergency_is_asked_to_review(stages: Estate, gitlab: Gitlab) -> None:
    gitlab.state.user("omar")
    waiver = ("--waiver-owner", "@omar", "--until", "2126-12-08", "--reason", "The prompt leaks.")
    stages.desks["prod"].run("promote", "mail", "--to", "prod", "--emergency", *waiver, ok=0)
    assert [user["username"] for user in gitlab.state.merge_requests[0]["reviewers"]] == ["omar"]


def test_an_address_that_gitlab_never_sets_stops_before_anything_is_pushed(stages: Estate, gitlab: Gitlab) -> None:
    stages.desks["preprod"].env["CI_SERVER_URL"] = "http://gitlab.example.com"
    ended = stages.desks["preprod"].run("promote", "mail", "--to", "preprod", ok=1)
    assert "L111" in ended.said
    assert BRANCH not in stages.dev.repo.git("ls-remote", "origin")
    assert gitlab.asked == []


def test_without_a_token_of_its_own_a_job_uses_push_options(stages: Estate, gitlab: Gitlab) -> None:
    del stages.desks["preprod"].env["RELEASER_GITLAB_TOKEN"]
    assert promote(stages)[0] == "pushed"
    assert gitlab.asked == []
