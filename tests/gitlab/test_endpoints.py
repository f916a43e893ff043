"""What is read of GitLab's replies, and what is written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stub import Fault, Gitlab
from tick import ApiMaker

from releaser.gitlab import deployments, project, protections, reading
from releaser.gitlab.api import Api
from releaser.gitlab.approvals import approval_rules, approvals
from releaser.gitlab.errors import GitlabError, ReplyLost
from releaser.gitlab.merge_requests import merge_request, merge_requests_of
from releaser.gitlab.notes import create_note, marked_note, notes, update_note
from releaser.gitlab.releases import Link, put_release, release
from releaser.gitlab.users import User, find_user, own_token, who_am_i

MOMENT = "2026-11-22T12:30:00.250+02:00"
READ = datetime(2026, 11, 22, 10, 30, 0, 250_000, tzinfo=UTC)
JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=2))
MARKER = "<!-- releaser:plan:prod -->"


@given(JSON)
def test_a_member_of_another_type_is_an_error_and_never_taken(found: object) -> None:
    row = {"x": found}
    checks = [
        (reading.text, str, ""),
        (reading.flag, bool, False),
        (reading.texts, tuple, ()),
        (reading.rows, tuple, ()),
    ]
    for read, kind, empty in checks:
        try:
            value = read(row, "x")
        except GitlabError as error:
            assert error.code == "L109"
            continue
        assert isinstance(value, kind)
        assert bool(value) or value == empty


@given(st.datetimes(), st.integers(-14 * 60, 14 * 60))
def test_a_moment_is_the_same_in_any_zone(when: datetime, offset: int) -> None:
    said = when.replace(tzinfo=timezone(timedelta(minutes=offset)))
    try:
        assert reading.moment({"at": said.isoformat()}, "at") == said
    except GitlabError:
        assert when.year in (1, 9999)


class TestNotes:
    def test_comments_come_oldest_first_without_gitlabs_own_lines(self, gitlab: Gitlab, api: Api) -> None:
        gitlab.state.merge_request("b")
        for n in range(130):
            gitlab.state.note(1, f"note {n}", "dana", system=n % 3 == 0)
        assert [note.body for note in notes(api, 1)] == [f"note {n}" for n in range(130) if n % 3]

    @pytest.mark.parametrize("after", [False, True])
    def test_a_comment_whose_answer_was_lost_is_there_once(self, gitlab: Gitlab, api: Api, after: bool) -> None:
        gitlab.state.merge_request("b")
        gitlab.state.note(1, f"{MARKER} forged", "mallory")
        gitlab.faults = [Fault("POST", after=after)]
        me = who_am_i(api)
        made = create_note(api, 1, f"{MARKER}\nbody", MARKER, me.id)
        own = [row for row in gitlab.state.notes[1] if row["author"]["username"] == "releaser-bot"]
        assert [row["id"] for row in own] == [made.id]
        assert marked_note(api, 1, MARKER, me.id) == made

    def test_a_comment_that_is_lost_twice_is_an_error(self, gitlab: Gitlab, api: Api) -> None:
        gitlab.state.merge_request("b")
        gitlab.faults = [Fault("POST", times=2)]
        with pytest.raises(ReplyLost):
            create_note(api, 1, MARKER, MARKER, who_am_i(api).id)
        assert gitlab.count("POST") == 2

    def test_another_text_is_the_same_comment(self, gitlab: Gitlab, api: Api) -> None:
        gitlab.state.merge_request("b")
        made = create_note(api, 1, f"{MARKER} 1", MARKER, who_am_i(api).id)
        assert update_note(api, 1, made.id, f"{MARKER} 2").body == f"{MARKER} 2"
        assert [(n.id, n.body) for n in notes(api, 1)] == [(made.id, f"{MARKER} 2")]

    def test_a_token_that_reads_cannot_comment(self, gitlab: Gitlab, new_api: ApiMaker) -> None:
        gitlab.state.merge_request("b")
        with pytest.raises(GitlabError) as caught:
            create_note(new_api("glpat-reads"), 1, MARKER, MARKER, 1)
        assert (caught.value.code, "insufficient_scope" in str(caught.value)) == ("L102", True)


class TestReading:
    def test_a_merge_request(self, gitlab: Gitlab, api: Api) -> None:
        dana, omar = gitlab.state.user("dana"), gitlab.state.user("omar", "blocked")
        more = {"state": "merged", "merged_at": MOMENT, "squash_commit_sha": "c" * 40}
        gitlab.state.merge_request("b", merge_user=omar, reviewers=[dana], labels=["x"], **more)
        found = merge_request(api, 1)
        assert (found.number, found.state, found.merged, found.merge_commit) == (1, "merged", READ, "c" * 40)
        assert (found.reviewers, found.merged_by) == ((User(dana["id"], "dana"),), User(omar["id"], "omar", False))
        assert (found.description, found.labels, found.is_from_fork) == ("", ("x",), False)

    def test_the_merge_requests_of_a_commit_are_for_job_tokens_too(self, gitlab: Gitlab, new_api: ApiMaker) -> None:
        gitlab.state.merge_request("a")
        gitlab.state.merge_request("b")
        gitlab.state.merge_requests_of["d" * 40] = [2]
        job = new_api("job-1", kind="job")
        assert [found.source_branch for found in merge_requests_of(job, "d" * 40)] == ["b"]

    def test_who_agreed_and_what_was_asked(self, gitlab: Gitlab, api: Api) -> None:
        dana, omar = gitlab.state.user("dana"), gitlab.state.user("omar")
        gitlab.state.merge_request("b")
        rule = {"id": 4, "name": "risk", "rule_type": "regular", "approvals_required": 3, "eligible_approvers": [omar]}
        gitlab.state.approval_rules[1] = [rule]
        gitlab.state.approved_by[1] = [{"user": dana, "approved_at": MOMENT}, {"user": omar}]
        found = approvals(api, 1)
        assert (found.required, found.left) == (3, 1)
        assert [(a.user.name, a.at) for a in found.given] == [("dana", READ), ("omar", None)]
        rules = approval_rules(api, 1)
        assert rules and (rules[0].name, rules[0].eligible[0].name) == ("risk", "omar")

    def test_without_a_licence_there_are_agreements_and_no_rules(self, gitlab: Gitlab, api: Api) -> None:
        gitlab.state.is_premium = False
        gitlab.state.merge_request("b")
        gitlab.state.approved_by[1] = [{"user": gitlab.state.user("dana")}]
        assert (approvals(api, 1).required, len(approvals(api, 1).given)) == (0, 1)
        assert approval_rules(api, 1) is None
        assert protections.protected_environments(api) is None

    def test_people_by_name_and_the_token_itself(self, gitlab: Gitlab, api: Api) -> None:
        omar = gitlab.state.user("Omar")
        assert find_user(api, "omar") == User(omar["id"], "Omar")
        assert find_user(api, "nobody") is None
        assert who_am_i(api).name == "releaser-bot"
        token = own_token(api)
        assert (token.user, token.scopes, token.is_active) == (who_am_i(api).id, ("api",), True)
        assert token.expires == datetime(2027, 6, 30, tzinfo=UTC)

    def test_the_project_and_what_it_protects(self, gitlab: Gitlab, api: Api) -> None:
        level = {"access_level": 40, "access_level_description": "Maintainers", "user_id": None, "group_id": None}
        gitlab.state.protected_branches = [
            {"id": 1, "name": "releases", "push_access_levels": [level], "merge_access_levels": []}
        ]
        gitlab.state.protected_tags = [{"name": "*/r*", "create_access_levels": [level]}]
        gitlab.state.protected_environments = [
            {"name": "prod", "deploy_access_levels": [level], "approval_rules": [{"required_approvals": 2}]},
            {"name": "uat", "deploy_access_levels": [], "required_approval_count": 1},
        ]
        gitlab.state.freeze_periods = [{"id": 1, "freeze_start": "0 23 * * 5", "freeze_end": "0 8 * * 1"}]
        facts = project.project(api)
        assert (facts.default_branch, facts.needs_green, facts.needs_answers) == ("main", True, False)
        assert protections.protected_branches(api)[0].push[0].level == 40
        assert protections.protected_tags(api)[0].name == "*/r*"
        assert [e.approvals for e in protections.protected_environments(api) or ()] == [2, 1]
        assert protections.freeze_periods(api)[0].timezone == "UTC"


def deployed(api: Api, environment: str, status: str) -> int:
    """A deployment that GitLab knows of."""
    body = {"environment": environment, "sha": "a" * 40, "ref": "main", "tag": False, "status": status}
    return int(api.post(api.here("deployments"), body)["id"])


class TestDeployments:
    def test_a_job_token_reads_them(self, gitlab: Gitlab, new_api: ApiMaker) -> None:
        job = new_api("job-1", kind="job")
        made = deployed(job, "prod", "success")
        deployed(job, "prod", "running")
        deployed(job, "dev", "success")
        assert [d.id for d in deployments.deployments(job, "prod", "success")] == [made]
        assert [e.name for e in deployments.environments(job)] == ["prod", "dev"]

    def test_what_a_job_made_follows_its_job(self, gitlab: Gitlab, api: Api) -> None:
        made = deployed(api, "prod", "running")
        gitlab.state.deployments[0]["deployable"] = {"id": 77}
        assert deployments.deployment(api, made).job == 77

    def test_each_person_agrees_once_whichever_place_tells_it(self, gitlab: Gitlab, api: Api) -> None:
        made = deployed(api, "prod", "running")
        said = {"user": gitlab.state.user("dana"), "status": "approved", "created_at": MOMENT, "comment": None}
        other = {**said, "user": gitlab.state.user("omar"), "status": "rejected", "comment": "not on Friday"}
        summary = {"rules": [{"deployment_approvals": [said]}, {"deployment_approvals": [other]}]}
        gitlab.state.deployments[0] |= {"approvals": [said], "approval_summary": summary, "pending_approval_count": 1}
        found = deployments.deployment(api, made)
        assert [(a.user.name, a.status, a.comment) for a in found.agreements] == [
            ("dana", "approved", ""),
            ("omar", "rejected", "not on Friday"),
        ]
        assert (found.pending, found.agreements[0].at, found.job) == (1, READ, 0)


class TestReleases:
    LINKS = (Link("record", "https://example.com/1"), Link("bill of materials", "https://example.com/2"))

    def test_a_page_is_made_once_and_then_left_alone(self, gitlab: Gitlab, new_api: ApiMaker) -> None:
        gitlab.state.tags.add("claims/r1")
        job = new_api("job-1", kind="job")
        first = put_release(job, "claims/r1", "claims r1", "What changed\n", self.LINKS)
        gitlab.asked.clear()
        assert put_release(job, "claims/r1", "claims r1", "What changed\n", self.LINKS) == first
        assert {asked.method for asked in gitlab.asked} == {"GET"}

    @pytest.mark.parametrize("after", [False, True])
    def test_a_page_whose_answer_was_lost_is_there_or_an_error(self, gitlab: Gitlab, api: Api, after: bool) -> None:
        gitlab.state.tags.add("claims/r1")
        gitlab.faults = [Fault("POST", after=after)]
        if after:
            assert len(put_release(api, "claims/r1", "claims r1", "x", self.LINKS).links) == 2
        else:
            with pytest.raises(ReplyLost):
                put_release(api, "claims/r1", "claims r1", "x", self.LINKS)
        assert len(gitlab.state.releases) == int(after)

    def test_a_page_that_is_there_is_brought_to_its_state_and_keeps_what_others_put(
        self, gitlab: Gitlab, api: Api
    ) -> None:
        gitlab.state.tags.add("claims/r1")
        put_release(api, "claims/r1", "old", "old", (Link("ticket", "https://t"), Link("record", "https://old")))
        found = put_release(api, "claims/r1", "claims r1", "new", self.LINKS)
        assert (found.name, found.description) == ("claims r1", "new")
        assert {(link.name, link.url) for link in found.links} == {
            ("ticket", "https://t"),
            *((link.name, link.url) for link in self.LINKS),
        }
        assert release(api, "claims/r1") == found

    def test_a_page_that_another_job_makes_meanwhile_is_taken_over(self, gitlab: Gitlab, api: Api) -> None:
        gitlab.state.tags.add("claims/r1")
        put_release(api, "claims/r1", "theirs", "x")
        gitlab.faults = [Fault("GET", "releases", status=404)]
        assert put_release(api, "claims/r1", "claims r1", "x").name == "claims r1"

    def test_no_tag_is_made_for_a_page(self, gitlab: Gitlab, api: Api) -> None:
        with pytest.raises(GitlabError) as caught:
            put_release(api, "claims/r9", "claims r9", "x")
        assert caught.value.status == 422
