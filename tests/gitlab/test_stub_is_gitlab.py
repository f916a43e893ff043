"""The stub answers as GitLab does: python-gitlab, which knows the real one, understands it; and so does our client."""

from __future__ import annotations

from typing import Any

import pytest
from stub import Fault, Gitlab
from stub_routes import ROUTES

from releaser.gitlab import deployments, notes, packages, project, protections, releases
from releaser.gitlab.api import Api
from releaser.gitlab.approvals import approvals
from releaser.gitlab.errors import GitlabError
from releaser.gitlab.requesting import Wanted, put_merge_request
from releaser.gitlab.users import find_user, own_token

pytest.importorskip("gitlab.v4.objects", reason="python-gitlab is a dependency of the tests only")

import gitlab as python_gitlab


@pytest.fixture
def theirs(gitlab: Gitlab) -> Any:
    """python-gitlab's view of the project."""
    client = python_gitlab.Gitlab(gitlab.url, private_token="glpat-writes", retry_transient_errors=False)
    return client.projects.get(12)


def test_a_merge_request_that_one_makes_the_other_reads(gitlab: Gitlab, api: Api, theirs: Any) -> None:
    ours = put_merge_request(api, Wanted(source_branch="b", target_branch="main", title="T", description="D"))
    read = theirs.mergerequests.get(ours.number)
    assert (read.title, read.description, read.web_url, read.state) == ("T", "D", ours.url, "opened")
    read.title = "New"
    read.save()
    listed = theirs.mergerequests.list(state="opened", source_branch="b", get_all=True)
    assert [m.title for m in listed] == ["New"]
    with pytest.raises(python_gitlab.GitlabCreateError) as caught:
        theirs.mergerequests.create({"source_branch": "b", "target_branch": "main", "title": "again"})
    assert (caught.value.response_code, "already exists" in str(caught.value)) == (409, True)
    with pytest.raises(python_gitlab.GitlabCreateError) as caught:
        theirs.mergerequests.create({"source_branch": "c", "target_branch": "main", "title": ""})
    assert (caught.value.response_code, caught.value.error_message) == (400, "title is missing")


def test_both_see_every_comment_of_many_pages(gitlab: Gitlab, api: Api, theirs: Any) -> None:
    gitlab.state.merge_request("b")
    request = theirs.mergerequests.get(1)
    for n in range(45):
        request.notes.create({"body": f"note {n}"})
    assert {n.id for n in request.notes.list(iterator=True, per_page=7)} == {n.id for n in notes.notes(api, 1)}
    page = request.notes.list(iterator=True, per_page=20)
    assert (page.current_page, page.next_page, page.prev_page, page.total, page.total_pages) == (1, 2, None, 45, 3)
    assert page.per_page == 20
    ours = notes.update_note(api, 1, request.notes.list(get_all=True)[0].id, "changed")
    assert request.notes.get(ours.id).body == "changed"


def test_a_job_token_reads_comments_and_writes_none(gitlab: Gitlab) -> None:
    gitlab.state.merge_request("b")
    job = python_gitlab.Gitlab(gitlab.url, job_token="job-1").projects.get(12, lazy=True)
    request = job.mergerequests.get(1)
    assert request.notes.list(get_all=True) == []
    with pytest.raises(python_gitlab.GitlabAuthenticationError):
        request.notes.create({"body": "x"})
    job.deployments.create({"environment": "dev", "sha": "a" * 40, "ref": "main", "tag": False, "status": "running"})


@pytest.mark.parametrize(
    ("token", "expected"), [("unknown", 401), ("job-1", 401), ("glpat-reads", 403), ("glpat-writes", 404)]
)
def test_refusals_have_gitlabs_status(gitlab: Gitlab, token: str, expected: int) -> None:
    client = python_gitlab.Gitlab(gitlab.url, private_token=token).projects.get(12, lazy=True)
    with pytest.raises(python_gitlab.GitlabError) as caught:
        client.mergerequests.get(99, lazy=True).notes.create({"body": "x"})
    assert caught.value.response_code == expected


def test_python_gitlab_waits_for_the_throttled_too(gitlab: Gitlab) -> None:
    gitlab.faults = [Fault(status=429, headers={"Retry-After": "0"})]
    client = python_gitlab.Gitlab(gitlab.url, private_token="glpat-writes")
    assert client.projects.get(12).path_with_namespace == "bank/releases"
    assert gitlab.count("GET") == 2


def test_who_agreed(gitlab: Gitlab, api: Api, theirs: Any) -> None:
    gitlab.state.merge_request("b")
    gitlab.state.approved_by[1] = [{"user": gitlab.state.user("dana")}]
    rule = {"id": 4, "name": "risk", "rule_type": "regular", "approvals_required": 2, "eligible_approvers": []}
    gitlab.state.approval_rules[1] = [rule]
    read = theirs.mergerequests.get(1)
    found = read.approvals.get()
    ours = approvals(api, 1)
    assert (found.approvals_required, found.approvals_left) == (ours.required, ours.left) == (2, 1)
    assert [a["user"]["username"] for a in found.approved_by] == [a.user.name for a in ours.given] == ["dana"]
    assert [r.name for r in read.approval_rules.list(get_all=True)] == ["risk"]


def test_deployments_and_environments(gitlab: Gitlab, api: Api, theirs: Any) -> None:
    made = theirs.deployments.create(
        {"environment": "prod", "sha": "a" * 40, "ref": "main", "tag": False, "status": "running"}
    )
    assert deployments.deployment(api, made.id).status == theirs.deployments.get(made.id).status == "running"
    assert [d.id for d in theirs.deployments.list(environment="prod", get_all=True)] == [made.id]
    assert [e.name for e in theirs.environments.list(get_all=True)] == [e.name for e in deployments.environments(api)]


def test_releases_and_their_links(gitlab: Gitlab, api: Api, theirs: Any) -> None:
    gitlab.state.tags.add("claims/r1")
    theirs.releases.create({"tag_name": "claims/r1", "name": "claims r1", "description": "x"})
    ours = releases.put_release(api, "claims/r1", "claims r1", "y", (releases.Link("record", "https://r"),))
    read = theirs.releases.get("claims/r1")
    assert (read.description, [link["url"] for link in read.assets["links"]]) == ("y", ["https://r"])
    assert ours.url == read._links["self"]
    with pytest.raises(python_gitlab.GitlabCreateError) as caught:
        theirs.releases.create({"tag_name": "claims/r1"})
    assert caught.value.response_code == 409


def test_files_of_packages(gitlab: Gitlab, api: Api, theirs: Any) -> None:
    file = packages.File("claims", "r1", "bom.cdx.json", b"\x00{}\xff")
    theirs.generic_packages.upload("claims", "r1", file.unique, data=file.content)
    there = dict(gitlab.state.files)
    assert (
        packages.put_file(api, file) == f"{api.address(api.here('packages', 'generic', 'claims', 'r1'))}/{file.unique}"
    )
    assert gitlab.state.files == there == {("claims", "r1", file.unique): file.content}
    gitlab.state.takes_duplicates = False
    packages.put_file(api, file)
    with pytest.raises(python_gitlab.GitlabUploadError, match="Duplicate package is not allowed"):
        theirs.generic_packages.upload("claims", "r1", file.unique, data=file.content)
    with pytest.raises(GitlabError, match="is invalid"):
        packages.put_file(api, packages.File("a claim", "r1", "x.json", b""))


def test_the_order_of_jobs(gitlab: Gitlab, api: Api, theirs: Any) -> None:
    gitlab.state.resource_groups = [{"id": 4, "key": "releaser-prod", "process_mode": "oldest_first"}]
    assert theirs.resource_groups.get("releaser-prod").process_mode == project.process_mode(api, "releaser-prod")
    assert project.process_mode(api, "releaser-dev") == ""


def test_settings_people_and_the_token(gitlab: Gitlab, api: Api, theirs: Any) -> None:
    client = python_gitlab.Gitlab(gitlab.url, private_token="glpat-writes")
    client.auth()
    assert client.user is not None and client.user.username == "releaser-bot"
    assert client.users.list(username="dana", get_all=True)[0].id == getattr(find_user(api, "dana"), "id", None)
    assert client.personal_access_tokens.get("self").scopes == list(own_token(api).scopes)
    assert theirs.path_with_namespace == project.project(api).path
    gitlab.state.protected_tags = [{"name": "*/r*", "create_access_levels": []}]
    assert theirs.protectedtags.list(get_all=True)[0].name == protections.protected_tags(api)[0].name
    gitlab.state.protected_branches = [{"name": "main"}]
    assert theirs.protectedbranches.list(get_all=True)[0].name == protections.protected_branches(api)[0].name


def test_every_address_has_one_answer() -> None:
    places = [(route.method, route.pattern.pattern) for route in ROUTES]
    assert len(places) == len(set(places))
