"""The stub's releases, the files that they link to, and what the project protects."""

from __future__ import annotations

import re
from typing import Any

from stub_routes import PROJECT, Call, No, needs, one, route
from stub_state import MOMENT, Row


def _release(call: Call) -> Row:
    tag = call.parts[0].replace("%2F", "/")
    return one(call.state.releases, "tag_name", tag)


@route("GET", f"{PROJECT}/releases", by_job=True)
def releases(call: Call) -> Any:
    return call.state.releases[::-1]


@route("GET", f"{PROJECT}/releases/*", by_job=True)
def release(call: Call) -> Any:
    return _release(call)


@route("POST", f"{PROJECT}/releases", by_job=True)
def create_release(call: Call) -> Any:
    needs(call, "tag_name")
    tag = call.body["tag_name"]
    if any(row["tag_name"] == tag for row in call.state.releases):
        raise No(409, "Release already exists")
    if tag not in call.state.tags and not call.body.get("ref"):
        raise No(422, "Ref is not specified")
    links = [_link(call, link) for link in (call.body.get("assets") or {}).get("links", [])]
    row = {
        "tag_name": tag,
        "name": call.body.get("name") or tag,
        "description": call.body.get("description"),
        "released_at": MOMENT,
        "assets": {"count": len(links), "links": links},
        "_links": {"self": f"https://gitlab.example.com/bank/releases/-/releases/{tag}"},
    }
    call.state.releases.append(row)
    return row


def _link(call: Call, link: Row) -> Row:
    return {"id": call.state.next_id(), "link_type": "other", **{k: link[k] for k in ("name", "url")}}


@route("PUT", f"{PROJECT}/releases/*", by_job=True)
def update_release(call: Call) -> Any:
    row = _release(call)
    row.update({k: v for k, v in call.body.items() if k in ("name", "description")})
    return row


@route("POST", f"{PROJECT}/releases/*/assets/links", by_job=True)
def create_link(call: Call) -> Any:
    links = _release(call)["assets"]["links"]
    needs(call, "name", "url")
    if any(link["name"] == call.body["name"] for link in links):
        raise No(400, {"name": ["has already been taken"]})
    links.append(_link(call, call.body))
    return links[-1]


@route("PUT", f"{PROJECT}/releases/*/assets/links/*", by_job=True)
def update_link(call: Call) -> Any:
    row = one(_release(call)["assets"]["links"], "id", call.parts[1])
    row.update({k: v for k, v in call.body.items() if k in ("name", "url")})
    return row


@route("PUT", f"{PROJECT}/packages/generic/*/*/*", by_job=True)
def upload(call: Call) -> Any:
    if any(re.fullmatch(r"[\w.+-]+", part) is None for part in call.parts):
        raise No(400, "package_name is invalid", "error")
    if call.parts in call.state.files and not call.state.takes_duplicates:
        raise No(400, "400 Bad request - Duplicate package is not allowed")
    call.state.files[call.parts] = call.raw
    return {"message": "201 Created"}


@route("GET", f"{PROJECT}/protected_branches")
def protected_branches(call: Call) -> Any:
    return call.state.protected_branches


@route("GET", f"{PROJECT}/protected_tags")
def protected_tags(call: Call) -> Any:
    return call.state.protected_tags


@route("GET", f"{PROJECT}/protected_environments")
def protected_environments(call: Call) -> Any:
    if not call.state.is_premium:
        raise No(404, "404 Not Found")
    return call.state.protected_environments


@route("GET", f"{PROJECT}/freeze_periods")
def freeze_periods(call: Call) -> Any:
    return call.state.freeze_periods


@route("GET", f"{PROJECT}/resource_groups/*")
def resource_group(call: Call) -> Any:
    return one(call.state.resource_groups, "key", call.parts[0])
