"""One open merge request from a branch, whatever happens on the way."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stub import Fault, Gitlab

from releaser.gitlab.api import Api
from releaser.gitlab.errors import GitlabError, ReplyLost
from releaser.gitlab.requesting import Wanted, put_merge_request

BRANCH = "releaser/promote-prod-claims"
WANTED = Wanted(
    source_branch=BRANCH,
    target_branch="main",
    title="Promote claims r12 to prod",
    description="r11 -> r12\n",
    labels=("releaser", "releaser-promote"),
)


def test_the_same_again_writes_nothing(gitlab: Gitlab, api: Api) -> None:
    dana = gitlab.state.user("dana")["id"]
    wanted = dataclasses.replace(WANTED, assignees=(dana,), reviewers=(dana,))
    made = put_merge_request(api, wanted)
    assert (made.title, made.description, made.labels) == (WANTED.title, WANTED.description, WANTED.labels)
    assert [(u.name) for u in (*made.assignees, *made.reviewers)] == ["dana", "dana"]
    gitlab.asked.clear()
    assert put_merge_request(api, wanted) == made
    assert {asked.method for asked in gitlab.asked} == {"GET"}


def test_the_open_one_is_brought_up_to_date_and_keeps_what_people_set(gitlab: Gitlab, api: Api) -> None:
    omar = gitlab.state.user("omar")
    row = gitlab.state.merge_request(BRANCH, title="old", labels=["urgent", "releaser"], reviewers=[omar])
    found = put_merge_request(api, dataclasses.replace(WANTED, reviewers=(gitlab.state.user("dana")["id"],)))
    assert (found.number, found.title, len(gitlab.state.merge_requests)) == (row["iid"], WANTED.title, 1)
    assert found.labels == ("urgent", "releaser", "releaser-promote")
    assert [user.name for user in found.reviewers] == ["omar"]


def test_what_is_closed_of_a_fork_or_for_another_branch_is_not_touched(gitlab: Gitlab, api: Api) -> None:
    gitlab.state.merge_request(BRANCH, title="theirs", source_project_id=66)
    gitlab.state.merge_request(BRANCH, title="closed", state="closed")
    gitlab.state.merge_request(BRANCH, "develop", title="elsewhere")
    assert put_merge_request(api, WANTED).number == 4
    assert [row["title"] for row in gitlab.state.merge_requests[:3]] == ["theirs", "closed", "elsewhere"]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("status", [0, 502])
def test_one_whose_answer_was_lost_is_there_once(gitlab: Gitlab, api: Api, after: bool, status: int) -> None:
    gitlab.faults = [Fault("POST", after=after, status=status)]
    put_merge_request(api, WANTED)
    assert [row["title"] for row in gitlab.state.merge_requests] == [WANTED.title]


def test_one_that_is_lost_twice_is_an_error(gitlab: Gitlab, api: Api) -> None:
    gitlab.faults = [Fault("POST", times=2)]
    with pytest.raises(ReplyLost):
        put_merge_request(api, WANTED)
    assert gitlab.count("POST") == 2


def test_who_was_faster_made_it(gitlab: Gitlab, api: Api) -> None:
    """Between our look and our creation somebody makes the same one."""
    gitlab.state.merge_request(BRANCH, title="theirs")
    gitlab.faults = [Fault("GET", "merge_requests", status=200, body=b"[]")]
    assert put_merge_request(api, WANTED).number == 1
    assert [row["title"] for row in gitlab.state.merge_requests] == [WANTED.title]


def test_a_refusal_is_not_taken_for_a_race(gitlab: Gitlab, api: Api) -> None:
    gitlab.state.merge_request(BRANCH, title="theirs")
    unseen = Fault("GET", "merge_requests", status=200, body=b"[]")
    gitlab.faults = [unseen, Fault("POST", status=422, body=b'{"message": ["Target branch does not exist"]}')]
    with pytest.raises(GitlabError, match="Target branch"):
        put_merge_request(api, WANTED)
    assert gitlab.state.merge_requests[0]["title"] == "theirs"


@given(st.text(alphabet="/aM \n-", max_size=40))
def test_no_line_of_a_description_acts(text: str) -> None:
    from releaser.gitlab.requesting import _harmless

    assert not [line for line in _harmless(text).split("\n") if line.lstrip(" ").startswith(("/a", "/M"))]
    assert _harmless(text).replace("\\", "") == text


def test_a_text_that_nobody_reads_is_cut_at_a_line(gitlab: Gitlab, api: Api) -> None:
    put_merge_request(api, dataclasses.replace(WANTED, description="a line\n" * 100_000, title="x" * 300))
    row = gitlab.state.merge_requests[0]
    assert len(row["title"]) == 255
    assert len(row["description"]) < 200_200
    assert row["description"].endswith("a line\n\n(cut here: the whole text is what the command prints)\n")
