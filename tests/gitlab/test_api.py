"""The client on a wire: pages, repeats, what is lost, and where the token goes."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import urllib3
from hypothesis import given
from hypothesis import strategies as st
from stub import Fault, Gitlab, running
from tick import ApiMaker, Clock

from releaser.gitlab.api import Api
from releaser.gitlab.errors import GitlabError, ReplyLost, Token

TOKEN = Token("private", "glpat-writes")
NOTES = ("merge_requests", 1, "notes")


@pytest.fixture(scope="module")
def shared() -> Iterator[Gitlab]:
    """One stub for laws, emptied by each example."""
    with running() as gitlab:
        gitlab.state.token(TOKEN.value, "api", "releaser-bot")
        yield gitlab


def client(gitlab: Gitlab) -> Api:
    gitlab.faults, gitlab.asked = [], []
    return Api(gitlab.api, TOKEN, 12, Clock(), urllib3.PoolManager(num_pools=1), spread=lambda: 1.0)


@given(st.integers(0, 23), st.integers(1, 9), st.booleans(), st.booleans())
def test_every_item_comes_once_for_any_size_of_page(
    shared: Gitlab, items: int, size: int, links: bool, totals: bool
) -> None:
    api = client(shared)
    shared.tells_links, shared.tells_totals = links, totals
    shared.state.freeze_periods = [{"id": n + 1} for n in range(items)]
    found = list(api.pages(api.here("freeze_periods"), {"per_page": size}))
    assert [row["id"] for row in found] == list(range(1, items + 1))
    assert shared.count("GET") == max(1, -(-items // size))


def test_an_item_that_moves_to_a_later_page_meanwhile_is_told_once(gitlab: Gitlab, api: Api) -> None:
    gitlab.state.freeze_periods = [{"id": n} for n in range(1, 5)]
    rows = api.pages(api.here("freeze_periods"), {"per_page": 2})
    found = [next(rows)]
    gitlab.state.freeze_periods.insert(0, {"id": 9})
    assert [row["id"] for row in (*found, *rows)] == [1, 2, 3, 4]


def test_pages_that_lead_in_a_circle_end(gitlab: Gitlab, api: Api) -> None:
    again = {"Link": f'<{gitlab.api}/projects/12/freeze_periods?page=1&per_page=100>; rel="next"'}
    gitlab.faults = [Fault(status=200, headers=again, body=b"[]", times=9)]
    with pytest.raises(GitlabError) as caught:
        list(api.pages(api.here("freeze_periods")))
    assert caught.value.code == "L109"
    assert gitlab.count("GET") < 9


def test_a_link_to_another_server_is_asked_of_ours(gitlab: Gitlab, api: Api) -> None:
    """Only the query of a link counts."""
    gitlab.state.freeze_periods = [{"id": 1}]
    away = {"Link": '<http://127.0.0.1:9/api/v4/projects/13/tokens?page=1&per_page=50>; rel="next"'}
    gitlab.faults = [Fault(status=200, headers=away, body=b"[]")]
    assert [row["id"] for row in api.pages(api.here("freeze_periods"))] == [1]
    assert {a.path for a in gitlab.asked} == {"/projects/12/freeze_periods"}


@given(st.lists(st.sampled_from([0, 408, 429, 500, 502, 503]), max_size=3), st.sampled_from(["GET", "PUT"]))
def test_what_passes_is_waited_for_where_repeating_is_safe(shared: Gitlab, failures: list[int], method: str) -> None:
    api = client(shared)
    shared.state.merge_requests = []
    shared.state.merge_request("b")
    shared.faults = [Fault(method, status=status) for status in failures]
    path = api.here("merge_requests", 1)
    found = api.get(path) if method == "GET" else api.put(path, {"title": "New"})
    assert found["iid"] == 1
    assert shared.count(method) == len(failures) + 1


@given(st.sampled_from([(0, "L100"), (429, "L106"), (500, "L107"), (503, "L107")]), st.sampled_from(["GET", "PUT"]))
def test_what_does_not_pass_ends_after_four_attempts(shared: Gitlab, failure: tuple[int, str], method: str) -> None:
    api = client(shared)
    status, code = failure
    shared.faults = [Fault(status=status, times=99)]
    with pytest.raises(GitlabError) as caught:
        api.get(api.here()) if method == "GET" else api.put(api.here(), {})
    assert (caught.value.code, caught.value.status, shared.count(method)) == (code, status, 4)


@given(st.sampled_from([0, 408, 500, 502, 503, 504]), st.booleans())
def test_a_creation_is_never_repeated_blindly(shared: Gitlab, status: int, after: bool) -> None:
    api = client(shared)
    shared.state.merge_requests, shared.state.notes = [], {}
    shared.state.merge_request("b")
    shared.faults = [Fault("POST", status=status, after=after)]
    with pytest.raises(ReplyLost) as caught:
        api.post(api.here(*NOTES), {"body": "x"})
    assert (caught.value.code, shared.count("POST")) == ("L108", 1)
    assert len(shared.state.notes[1]) == int(after)


def test_a_creation_that_was_throttled_did_not_happen(gitlab: Gitlab, api: Api, clock: Clock) -> None:
    gitlab.state.merge_request("b")
    gitlab.faults = [Fault("POST", status=429, headers={"Retry-After": "7"})]
    api.post(api.here(*NOTES), {"body": "x"})
    assert (len(gitlab.state.notes[1]), clock.slept) == (1, [7.0])


def test_a_creation_that_reached_nobody_is_repeated(clock: Clock) -> None:
    """Port 9 refuses: nothing was sent, so nothing can have happened."""
    api = Api("http://127.0.0.1:9/api/v4", TOKEN, 12, clock, urllib3.PoolManager(), spread=lambda: 1.0)
    with pytest.raises(GitlabError) as caught:
        api.post(api.here(*NOTES), {"body": "x"})
    assert (caught.value.code, clock.slept) == ("L100", [1.0, 2.0, 4.0])


def test_who_asks_for_too_much_patience_is_not_waited_for(gitlab: Gitlab, api: Api, clock: Clock) -> None:
    gitlab.faults = [Fault(status=429, headers={"Retry-After": "3600"})]
    with pytest.raises(GitlabError) as caught:
        api.get(api.here())
    assert (caught.value.code, clock.slept) == ("L106", [])


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, "L105"), (401, "L101"), (403, "L102"), (404, "L103"), (409, "L104"), (413, "L105"), (422, "L105")],
)
def test_a_refusal_says_what_was_asked_and_in_gitlabs_words_why(
    gitlab: Gitlab, api: Api, status: int, code: str
) -> None:
    gitlab.faults = [Fault(status=status, body=json.dumps({"message": {"name": ["is\n taken"]}}).encode())]
    with pytest.raises(GitlabError) as caught:
        api.get(api.here("releases", "a/r1"))
    assert (caught.value.code, gitlab.count("GET")) == (code, 1)
    assert str(caught.value) == (
        f'GitLab answered {status} to GET /projects/12/releases/a/r1: {{"name": ["is\\n taken"]}}'
    )
    assert caught.value.hint


def test_the_token_is_told_nowhere(gitlab: Gitlab, api: Api, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    gitlab.faults = [Fault(status=403, body=json.dumps({"message": f"no: {TOKEN.value}"}).encode())]
    with pytest.raises(GitlabError) as caught:
        api.get(api.here())
    said = [str(caught.value), caught.value.hint, repr(caught.value), repr(api), repr(TOKEN), caplog.text]
    assert not [text for text in said if TOKEN.value in text]
    assert "no: [token]" in said[0]
    assert dict(gitlab.asked[0].headers)["PRIVATE-TOKEN"] == TOKEN.value


def test_a_job_token_has_a_header_of_its_own_and_its_refusal_says_what_to_do(gitlab: Gitlab, new_api: ApiMaker) -> None:
    gitlab.state.merge_request("b")
    api = new_api("job-1", kind="job")
    assert list(api.pages(api.here(*NOTES))) == []
    with pytest.raises(GitlabError) as caught:
        api.post(api.here(*NOTES), {"body": "x"})
    assert (caught.value.status, "RELEASER_GITLAB_TOKEN" in caught.value.hint) == (401, True)
    assert not api.can_write


def test_a_redirect_on_the_same_server_is_followed(gitlab: Gitlab, api: Api) -> None:
    gitlab.faults = [Fault(status=301, headers={"Location": f"{gitlab.api}/projects/12"}, path="jobs")]
    assert api.get(api.here("jobs", 1))["id"] == 12


@pytest.mark.parametrize("method", ["GET", "PUT", "POST"])
def test_no_redirect_carries_the_token_away(gitlab: Gitlab, api: Api, method: str) -> None:
    with running() as other:
        gitlab.faults = [Fault(status=307, headers={"Location": f"{other.api}/projects/12"})]
        with pytest.raises(GitlabError) as caught:
            {"GET": api.get, "PUT": lambda p: api.put(p, {}), "POST": lambda p: api.post(p, {})}[method](api.here())
        assert (caught.value.code, other.asked) == ("L109", [])


def test_a_write_is_not_sent_on(gitlab: Gitlab, api: Api) -> None:
    gitlab.faults = [Fault(status=307, headers={"Location": f"{gitlab.api}/projects/12/deployments/1"})]
    with pytest.raises(GitlabError, match="a write is not sent on"):
        api.put(api.here("deployments", 2), {"status": "success"})
    assert gitlab.count("PUT") == 1


def test_redirects_end(gitlab: Gitlab, api: Api) -> None:
    gitlab.faults = [Fault(status=302, headers={"Location": "/api/v4/projects/12"}, times=99)]
    with pytest.raises(GitlabError, match="do not end"):
        api.get(api.here())


@pytest.mark.parametrize("body", [b"<html>log in</html>", b"[]", b'"x"', b"[" * 100_000, b" " * (16 << 20) + b"{}"])
def test_what_is_not_gitlabs_is_not_taken_for_it(gitlab: Gitlab, api: Api, body: bytes) -> None:
    gitlab.faults = [Fault(status=200, body=body, times=9)]
    with pytest.raises(GitlabError) as caught:
        api.get(api.here())
    assert (caught.value.code, gitlab.count("GET")) == ("L109", 1)


def test_a_reply_that_is_cut_off_is_lost(gitlab: Gitlab, api: Api) -> None:
    gitlab.state.merge_request("b")
    gitlab.faults = [Fault("POST", status=201, headers={"Content-Length": "500"}, body=b'{"id": 1', after=True)]
    with pytest.raises(ReplyLost):
        api.post(api.here(*NOTES), {"body": "x"})


def test_a_part_of_a_path_stays_one(gitlab: Gitlab, new_api: ApiMaker) -> None:
    assert new_api(project="bank/releases").get(("projects", "bank/releases"))["id"] == 12
    assert gitlab.asked[-1].path == "/projects/bank%2Freleases"
    api = new_api()
    for part in ("", ".", ".."):
        with pytest.raises(ValueError, match="parts of a path"):
            api.get(api.here("releases", part))
