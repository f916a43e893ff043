"""What knowledge bases, data sources and ingestion jobs know of each other."""

from __future__ import annotations

import secrets
import string
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from releaser.sandbox.call import Call
from releaser.sandbox.errors import not_found, validation
from releaser.sandbox.store import Doc

_ALPHABET = string.ascii_uppercase + string.digits


def fresh_id(taken: Callable[[str], object]) -> str:
    """Ten characters that nothing has yet."""
    while True:
        id = "".join(secrets.choice(_ALPHABET) for _ in range(10))
        if taken(id) is None:
            return id


def pick(doc: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """The members named, where they are set."""
    return {name: doc[name] for name in names if name in doc}


def busy(call: Call, status: str, delay: str, then: str) -> dict[str, Any]:
    """Members that say: ``status`` for so long, ``then`` afterwards; nothing afterwards means gone."""
    return {"busy": status, "busyUntil": call.clock.now() + call.delay(delay), "then": then}


def status(call: Call, doc: Doc) -> str:
    """The status now; empty when the deletion is over."""
    return str(doc["busy"] if call.clock.now() < doc["busyUntil"] else doc["then"])


def require_member(value: Mapping[str, Any], members: Mapping[str, str], what: str) -> None:
    """``type`` and the configuration given must agree, and no other may be given."""
    wanted = members[value["type"]]
    if wanted not in value or any(other in value for other in members.values() if other != wanted):
        raise validation(f"The {what} provided is invalid: type {value['type']} goes with {wanted}, and with it alone.")


def bases(call: Call) -> list[Doc]:
    """The knowledge bases that are there, those being deleted included."""
    return [doc for doc in call.rows("knowledge-base").values() if status(call, doc)]


def find_base(call: Call, id: str) -> Doc | None:
    """A knowledge base, unless it is gone."""
    doc = call.row("knowledge-base", id)
    return doc if doc is not None and status(call, doc) else None


def base(call: Call, id: str) -> Doc:
    """A knowledge base, or ResourceNotFoundException."""
    doc = find_base(call, id)
    if doc is None:
        raise not_found(f"KnowledgeBase with id {id} is not found.")
    return doc


def sources(call: Call, base_id: str) -> list[Doc]:
    """The data sources of a knowledge base, those being deleted included."""
    return [doc for doc in call.rows(f"data-source/{base_id}").values() if status(call, doc)]


def source(call: Call, base_id: str, id: str) -> Doc:
    """A data source of a knowledge base that is there, or ResourceNotFoundException."""
    base(call, base_id)
    doc = call.row(f"data-source/{base_id}", id)
    if doc is None or not status(call, doc):
        raise not_found(f"DataSource with id {id} in KnowledgeBase with id {base_id} is not found.")
    return doc


def job_status(call: Call, job: Doc) -> str:
    """Where a job is on its way: its steps are [status, from when] pairs, in order."""
    now = call.clock.now()
    first, *later = job["steps"]
    return str([first[0], *(step for step, since in later if since <= now)][-1])


def running_jobs(call: Call, base_id: str | None = None) -> list[Doc]:
    """Jobs under way in one knowledge base, or in the whole account and region."""
    owners = list(call.rows("knowledge-base")) if base_id is None else [base_id]
    return [
        job
        for owner in owners
        for job in call.rows(f"ingestion-job/{owner}").values()
        if job_status(call, job) in ("STARTING", "IN_PROGRESS", "STOPPING")
    ]


def bury_source(call: Call, base_id: str, id: str) -> None:
    """Removes a data source with its jobs and what they remembered."""
    for job_id, job in list(call.rows(f"ingestion-job/{base_id}").items()):
        if job["dataSourceId"] == id:
            call.delete(f"ingestion-job/{base_id}", job_id)
            call.delete(f"ingested/{base_id}", job_id)
    call.delete(f"data-source/{base_id}", id)
