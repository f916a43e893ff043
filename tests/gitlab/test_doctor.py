"""doctor on the project in GitLab: what is set wrong is said with what to do, what cannot be read is no problem."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, timedelta
from typing import Any

import pytest
from stub import Fault, Gitlab
from tick import Clock
from world.desk import Desk

from releaser import wiring
from releaser.core.checkup import Check
from releaser.pipeline.examining_gitlab import checks
from releaser.pipeline.permitting import Place

NOBODY = {"access_level": 0, "user_id": None, "group_id": None, "access_level_description": "No one"}
MAINTAINERS = {**NOBODY, "access_level": 40, "access_level_description": "Maintainers"}
DEVELOPERS = {**NOBODY, "access_level": 30, "access_level_description": "Developers + Maintainers"}
GROUP = {**NOBODY, "access_level": None, "group_id": 7, "access_level_description": "Release managers"}


def person(gitlab: Gitlab, name: str) -> dict[str, Any]:
    return {**NOBODY, "access_level": None, "user_id": gitlab.state.user(name)["id"], "access_level_description": name}


def branch(name: str, *push: Mapping[str, Any], force: bool = False) -> dict[str, Any]:
    return {"id": hash(name), "name": name, "push_access_levels": list(push), "allow_force_push": force}


@pytest.fixture
def project(gitlab: Gitlab) -> Gitlab:
    """A project that is set as it should be."""
    bot = person(gitlab, "releaser-bot")
    gitlab.state.protected_branches = [branch("main", NOBODY), branch("releases", bot)]
    gitlab.state.protected_tags = [{"name": "*/r*", "create_access_levels": [bot]}]
    gitlab.state.resource_groups = [{"id": 3, "key": "releaser-dev", "process_mode": "oldest_first"}]
    gitlab.state.environments = [{"id": 4, "name": "dev", "tier": "development", "state": "available"}]
    return gitlab


Look = Callable[..., dict[str, list[Check]]]


@pytest.fixture
def look(desk: Desk, project: Gitlab) -> Look:
    """What is found, by area; in a job with a token that may write unless it says otherwise."""

    def looked(**more: str) -> dict[str, list[Check]]:
        job = {"CI_SERVER_URL": project.url, "CI_PROJECT_ID": "12", "CI_JOB_ID": "9", "CI_JOB_TOKEN": "job-1"}
        environ = {**job, "RELEASER_GITLAB_TOKEN": "glpat-writes", **more}
        repo = wiring.Repository(desk.repo.root, Clock(), environ)
        found = wiring.environments(repo.on_disk())
        chosen = wiring.choose_environment(found, "dev")
        rows: dict[str, list[Check]] = {}
        for check in checks(Place(repo, found, chosen, wiring.choose_target(chosen, None))):
            rows.setdefault(check.area, []).append(check)
        return rows

    return looked


def test_a_project_that_is_set_right(look: Look, project: Gitlab) -> None:
    found = look()
    assert {check.state for rows in found.values() for check in rows} == {"ok"}
    assert list(found) == ["gitlab", "pushes", "branches", "tags", "order", "deployments", "freezes"]
    assert {asked.method for asked in project.asked} == {"GET"}
    assert not any("glpat" in str(check) for rows in found.values() for check in rows)


@pytest.mark.parametrize(
    ("rows", "said", "todo"),
    [
        ([branch("main", NOBODY)], "the branch `releases` is not protected", "protect it"),
        ([branch("main", NOBODY), branch("r*", GROUP), branch("*", force=True)], "force-pushed", "turn off"),
        ([branch("main", NOBODY), branch("releases", NOBODY)], "`releases` can be written by nobody", "the pipeline"),
        ([branch("releases", GROUP)], "the branch `main` is not protected", "protect it"),
        ([branch("releases", GROUP), branch("main", DEVELOPERS)], "Developers + Maintainers, past review", "nobody"),
    ],
)
def test_branches_that_are_not_safe(
    look: Look, project: Gitlab, rows: list[dict[str, Any]], said: str, todo: str
) -> None:
    project.state.protected_branches = rows
    problems = [check for check in look()["branches"] if check.state == "problem"]
    assert any(said in check.said and todo in check.todo for check in problems), problems


def test_who_pushes_must_be_let_in(look: Look, project: Gitlab) -> None:
    project.state.protected_branches[1] = branch("releases", person(project, "dana"))
    project.state.protected_tags[0]["create_access_levels"] = [MAINTAINERS]
    found = look()
    refused = found["branches"][0]
    assert refused.state == "problem"
    assert refused.said == "the branch `releases` can be written by dana: not by releaser"
    assert found["tags"][0].state == "ok"
    assert look(CI_JOB_ID="")["branches"][0].state == "ok"
    for level in (30, 0):
        project.state.roles["releaser-bot"] = level
        assert look()["tags"][0].state == "problem"


def test_maintainers_may_push_where_that_is_wanted(look: Look, project: Gitlab) -> None:
    project.state.protected_branches = [branch("main", MAINTAINERS), branch("releases", MAINTAINERS)]
    assert {check.state for check in look()["branches"]} == {"ok"}


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "the release tags, as use-case/r1, are not protected"),
        ([{"name": "v*", "create_access_levels": [GROUP]}], "are not protected"),
        ([{"name": "*", "create_access_levels": [NOBODY]}], "can be written by nobody"),
    ],
)
def test_tags_that_are_not_safe(look: Look, project: Gitlab, rows: list[dict[str, Any]], said: str) -> None:
    project.state.protected_tags = rows
    [check] = look()["tags"]
    assert check.state == "problem" and said in check.said and check.todo


def test_the_order_of_jobs(look: Look, project: Gitlab) -> None:
    project.state.resource_groups[0]["process_mode"] = "unordered"
    [check] = look()["order"]
    assert (check.state, check.said) == ("problem", "jobs of the resource group releaser-dev run unordered")
    assert check.todo.endswith("projects/12/resource_groups/releaser-dev -f process_mode=oldest_first")
    project.state.resource_groups.clear()
    assert look()["order"][0].state == "unknown"


@pytest.mark.parametrize(
    ("days", "state", "said"),
    [(-1, "problem", "counts no more"), (3, "problem", "ends on"), (40, "ok", "until")],
)
def test_when_the_token_ends(look: Look, project: Gitlab, days: int, state: str, said: str) -> None:
    end = Clock().now() + timedelta(days=days)
    project.state.token_facts = {"expires_at": f"{end:%Y-%m-%d}"}
    [check] = look()["gitlab"]
    assert (check.state, said in check.said) == (state, True)


def test_a_token_that_gitlab_does_not_know(look: Look) -> None:
    found = look(RELEASER_GITLAB_TOKEN="glpat-old")
    assert [(c.area, c.state) for rows in found.values() for c in rows] == [("gitlab", "problem")]
    assert found["gitlab"][0].todo.startswith("renew RELEASER_GITLAB_TOKEN")


def test_a_token_that_only_reads_pushes_nothing(look: Look) -> None:
    found = look(RELEASER_GITLAB_TOKEN="glpat-reads")
    assert (found["gitlab"][0].state, found["pushes"][0].state) == ("ok", "problem")
    assert "write_repository" in found["pushes"][0].todo


def test_on_a_laptop_it_is_said_what_jobs_push_with(look: Look, project: Gitlab) -> None:
    assert "RELEASER_GITLAB_TOKEN only" in look(CI_JOB_ID="")["pushes"][0].said
    project.state.project["ci_push_repository_for_job_token_allowed"] = True
    assert "a job's own token may push" in look(CI_JOB_ID="")["pushes"][0].said


def test_a_jobs_own_token_reads_no_settings_and_that_is_no_problem(look: Look, project: Gitlab) -> None:
    found = look(RELEASER_GITLAB_TOKEN="")
    assert [(c.area, c.state) for rows in found.values() for c in rows] == [
        ("gitlab", "unknown"),
        ("pushes", "unknown"),
    ]
    assert project.asked == []
    found = look(RELEASER_GITLAB_TOKEN="", CI_JOB_TOKEN="")
    assert [(c.area, c.state) for rows in found.values() for c in rows] == [("gitlab", "unknown")]
    assert look(RELEASER_GITLAB_TOKEN="", CI_JOB_TOKEN="", CI_SERVER_URL="") == {}


def test_what_the_token_may_not_read_is_no_problem(look: Look, project: Gitlab) -> None:
    places = ("protected_branches", "protected_tags", "freeze_periods", "members")
    project.faults = [Fault("GET", place, times=9, status=403) for place in places]
    found = look()
    assert {found[area][0].state for area in ("branches", "tags", "freezes")} == {"unknown"}
    assert found["order"][0].state == "ok"


def test_freezes_and_the_tier(look: Look, project: Gitlab) -> None:
    now = Clock().now()
    end = now + timedelta(hours=5)
    row = {"freeze_start": f"0 0 {now:%d %m} *", "freeze_end": f"{end:%M %H %d %m} *", "cron_timezone": "UTC"}
    project.state.freeze_periods = [{"id": 1, **row}, {"id": 2, **row, "freeze_end": "@never"}]
    unknown, frozen = look()["freezes"]
    assert "'@never'" in unknown.said and unknown.state == "unknown"
    assert f"frozen until {end.astimezone(UTC):%Y-%m-%d %H:%M} UTC; 1 freeze period" in frozen.said
    project.state.environments[0]["tier"] = "production"
    assert look()["deployments"][0].todo == "protect it, and ask for approvals"
    project.state.is_premium = False
    assert look()["deployments"][0] == Check("deployments", "ok", "GitLab takes dev for production")


def test_a_variable_that_gitlab_never_sets(look: Look, project: Gitlab) -> None:
    found = look(CI_SERVER_URL="http://gitlab.example.com")
    assert found["gitlab"][0].state == "problem" and project.asked == []


def test_the_command_says_it(desk: Desk, project: Gitlab) -> None:
    job = {"CI_SERVER_URL": project.url, "CI_PROJECT_ID": "12", "CI_JOB_ID": "9"}
    desk.env |= {**job, "RELEASER_GITLAB_TOKEN": "glpat-writes"}
    project.state.protected_tags = []
    ended = desk.run("doctor", "-e", "dev", ok=1)
    assert "PROBLEM  tags: the release tags, as use-case/r1, are not protected" in ended.out
    assert "glpat" not in ended.said
