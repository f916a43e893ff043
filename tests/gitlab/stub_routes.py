"""What the stub answers, endpoint by endpoint, after docs.gitlab.com and GitLab's ``lib/api``.

A list is paged by the server. ``by_job``: the route has ``job_token_allowed``; on any other GitLab does not even look
at a job token, and answers 401.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from stub_state import MOMENT, Row, State


@dataclass(frozen=True)
class Call:
    """One request of somebody who may make it."""

    state: State
    user: str
    parts: tuple[str, ...]
    query: dict[str, str]
    body: Row
    raw: bytes = b""
    """The body as it came."""


class No(Exception):
    """A refusal."""

    def __init__(self, status: int, message: Any, member: str = "message") -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.member = member


Handler = Callable[[Call], Any]


@dataclass(frozen=True)
class Route:
    method: str
    pattern: re.Pattern[str]
    handler: Handler
    by_job: bool


ROUTES: list[Route] = []
PROJECT = r"/projects/(?:12|bank%2Freleases)"


def route(method: str, path: str, *, by_job: bool = False) -> Callable[[Handler], Handler]:
    """Registers a handler; ``*`` in the path is one part."""
    pattern = re.compile(path.replace("*", "([^/]+)"))

    def register(handler: Handler) -> Handler:
        ROUTES.append(Route(method, pattern, handler, by_job))
        return handler

    return register


def one(rows: list[Row], key: str, value: str) -> Row:
    found = next((row for row in rows if str(row[key]) == value), None)
    if found is None:
        raise No(404, "404 Not found")
    return found


def needs(call: Call, *names: str) -> None:
    missing = [name for name in names if call.body.get(name) in (None, "")]
    if missing:
        raise No(400, ", ".join(f"{name} is missing" for name in missing), "error")


def _request(call: Call) -> Row:
    return one(call.state.merge_requests, "iid", call.parts[0])


def _people(call: Call, member: str) -> list[Row]:
    wanted = call.body.get(member) or []
    found = [row for number in wanted for row in call.state.users if row["id"] == int(number)]
    return found if call.state.is_premium else found[:1]


@route("GET", "/user")
def me(call: Call) -> Any:
    return call.state.user(call.user)


@route("GET", "/users")
def users(call: Call) -> Any:
    name = call.query.get("username", "").casefold()
    return [row for row in call.state.users if row["username"].casefold() == name]


@route("GET", "/personal_access_tokens/self")
def own_token(call: Call) -> Any:
    scope = next(g.scope for g in call.state.tokens.values() if g.user == call.user and g.scope != "job")
    facts = {"name": "releaser", "revoked": False, "active": True, "scopes": [scope], "expires_at": "2027-06-30"}
    return {"id": 7, "user_id": call.state.user(call.user)["id"], **facts, **call.state.token_facts}


@route("GET", "/groups/*/members/all")
def group_members(call: Call) -> Any:
    name = unquote(call.parts[0])
    if name not in call.state.groups:
        raise No(404, "404 Group Not Found")
    return [call.state.user(who) for who in call.state.groups[name]]


@route("GET", f"{PROJECT}/members/all/*")
def member(call: Call) -> Any:
    found = one(call.state.users, "id", call.parts[0])
    level = call.state.roles.get(found["username"], 40)
    if not level:
        raise No(404, "404 Not found")
    return {**found, "access_level": level}


@route("GET", PROJECT)
def project(call: Call) -> Any:
    return call.state.project


@route("GET", f"{PROJECT}/merge_requests", by_job=True)
def merge_requests(call: Call) -> Any:
    filters = {k: v for k, v in call.query.items() if k in ("state", "source_branch", "target_branch") and v != "all"}
    rows = [m for m in call.state.merge_requests if all(m[k] == v for k, v in filters.items())]
    return rows[::-1]


@route("GET", f"{PROJECT}/merge_requests/*", by_job=True)
def merge_request(call: Call) -> Any:
    return _request(call)


@route("POST", f"{PROJECT}/merge_requests")
def create_merge_request(call: Call) -> Any:
    needs(call, "source_branch", "target_branch", "title")
    source, target = call.body["source_branch"], call.body["target_branch"]
    for row in call.state.merge_requests:
        same = (row["source_branch"], row["target_branch"], row["source_project_id"]) == (source, target, 12)
        if same and row["state"] == "opened":
            raise No(409, [f"Another open merge request already exists for this source branch: !{row['iid']}"])
    return call.state.merge_request(
        source,
        target,
        author=call.user,
        title=call.body["title"],
        description=call.body.get("description"),
        labels=[label for label in (call.body.get("labels") or "").split(",") if label],
        assignees=_people(call, "assignee_ids"),
        reviewers=_people(call, "reviewer_ids"),
    )


@route("PUT", f"{PROJECT}/merge_requests/*")
def update_merge_request(call: Call) -> Any:
    row = _request(call)
    row.update({k: v for k, v in call.body.items() if k in ("title", "description")})
    added = [label for label in (call.body.get("add_labels") or "").split(",") if label]
    row["labels"] = list(dict.fromkeys([*row["labels"], *added]))
    return row


@route("GET", f"{PROJECT}/merge_requests/*/notes", by_job=True)
def notes(call: Call) -> Any:
    rows = call.state.notes[_request(call)["iid"]]
    return rows if call.query.get("sort") == "asc" else rows[::-1]


@route("GET", f"{PROJECT}/merge_requests/*/notes/*", by_job=True)
def note(call: Call) -> Any:
    return one(call.state.notes[_request(call)["iid"]], "id", call.parts[1])


@route("POST", f"{PROJECT}/merge_requests/*/notes")
def create_note(call: Call) -> Any:
    request = _request(call)
    needs(call, "body")
    return call.state.note(request["iid"], call.body["body"], call.user)


@route("PUT", f"{PROJECT}/merge_requests/*/notes/*")
def update_note(call: Call) -> Any:
    row = one(call.state.notes[_request(call)["iid"]], "id", call.parts[1])
    if row["author"]["username"] != call.user:
        raise No(403, "403 Forbidden")
    row["body"] = call.body["body"]
    return row


@route("GET", f"{PROJECT}/merge_requests/*/approvals")
def approvals(call: Call) -> Any:
    iid = _request(call)["iid"]
    given = call.state.approved_by.get(iid, [])
    found: Row = {"approved": bool(given), "user_has_approved": False, "user_can_approve": True, "approved_by": given}
    if call.state.is_premium:
        required = sum(rule["approvals_required"] for rule in call.state.approval_rules.get(iid, []))
        found |= {"approvals_required": required, "approvals_left": max(0, required - len(given))}
    return found


@route("GET", f"{PROJECT}/merge_requests/*/approval_rules")
def approval_rules(call: Call) -> Any:
    if not call.state.is_premium:
        raise No(404, "404 Not Found")
    return call.state.approval_rules.get(_request(call)["iid"], [])


@route("GET", f"{PROJECT}/repository/commits/*/merge_requests", by_job=True)
def merge_requests_of(call: Call) -> Any:
    numbers = call.state.merge_requests_of.get(call.parts[0], [])
    return [m for m in call.state.merge_requests if m["iid"] in numbers]


@route("GET", f"{PROJECT}/environments", by_job=True)
def environments(call: Call) -> Any:
    return call.state.environments


@route("GET", f"{PROJECT}/deployments", by_job=True)
def deployments(call: Call) -> Any:
    name, status = call.query.get("environment"), call.query.get("status")
    rows = [
        row
        for row in call.state.deployments
        if name in (None, row["environment"]["name"]) and status in (None, row["status"])
    ]
    shown = [{k: v for k, v in row.items() if k not in ("approvals", "approval_summary")} for row in rows]
    return shown[::-1] if call.query.get("sort") == "desc" else shown


@route("GET", f"{PROJECT}/deployments/*", by_job=True)
def deployment(call: Call) -> Any:
    return one(call.state.deployments, "id", call.parts[0])


@route("POST", f"{PROJECT}/deployments", by_job=True)
def create_deployment(call: Call) -> Any:
    needs(call, "environment", "sha", "ref", "tag", "status")
    name = call.body["environment"]
    if name not in [row["name"] for row in call.state.environments]:
        call.state.environments.append(
            {"id": call.state.next_id(), "name": name, "tier": "other", "state": "available"}
        )
    row = {
        "id": call.state.next_id(),
        **{k: call.body[k] for k in ("sha", "ref", "status")},
        "environment": one(call.state.environments, "name", name),
        "user": call.state.user(call.user),
        "deployable": None,
        "created_at": MOMENT,
        "updated_at": MOMENT,
    }
    call.state.deployments.append(row)
    return row
