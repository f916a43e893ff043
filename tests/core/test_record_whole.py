"""What a record may hold beside the first format: golden files with every optional member, and the hold."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema
import pytest

from releaser.core.address import Address
from releaser.core.chain import head_of, verify
from releaser.core.change_facts import Approval, ChangeFacts, segregation_of
from releaser.core.entry import close_entry, decode, encode, open_entry, record_schema
from releaser.core.evidence_ref import EvidenceRef
from releaser.core.hold import holds_after
from releaser.core.record import (
    ApprovedStep,
    Closed,
    Conclusion,
    Delivering,
    Delivery,
    Emergency,
    Entry,
    Held,
    Holder,
    Intent,
    Outcome,
)
from releaser.core.sequence import assembled, followed, started

GOLDEN = Path(__file__).parent.parent / "golden" / "record-whole"
NOON = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
JOB = Holder(kind="ci", name="job reconcile of pipeline 10", project="bank/genai", pipeline="10", job="reconcile")
TAKEN_BACK = Held(release="r12", release_digest="7" * 64, reason="answers in the wrong language")
INTENT = Intent(
    use_case="claims-assistant",
    environment="prod",
    account="333333333333",
    region="eu-central-1",
    release="r11",
    release_digest="a" * 64,
    commit="b" * 40,
    tree="c" * 40,
    tag="d" * 40,
    plan_digest="e" * 64,
    change_digest="f" * 64,
    steps=(
        ApprovedStep(address=Address("claims-assistant", "flow-alias", "live"), verb="repoint", stamp="1", before="2"),
    ),
    previous_release="r12",
    tool_version="0.1.0",
    actor="ana",
    trigger="laptop",
    dirty=False,
    risk="behavioural",
    environment_commit="9" * 40,
    environment_digest="8" * 64,
    manifest_digest="6" * 64,
    emergency=Emergency(kind="rollback", reason=TAKEN_BACK.reason, owner="ana@example.com", until="2026-03-10"),
    holds=TAKEN_BACK,
    rollback_to="r12",
    change=ChangeFacts(
        merge_request="bank/genai!12",
        link="https://gitlab.example.com/bank/genai/-/merge_requests/12",
        merge_commit="9" * 40,
        merged_at=NOON - HOUR,
        author="ana@example.com",
        committers=("ana@example.com", "bo@example.com"),
        approvers=(Approval(by="cleo@example.com", at=NOON - HOUR), Approval(by="dan@example.com")),
        ticket="CHG-4711",
        segregation="checked",
    ),
    session_name="gl-7-5",
)
CONCLUSION = Conclusion(
    outcome=Outcome.RELEASED,
    verified=True,
    duration_ms=15200,
    delivery={"strategy": "canary-10-percent-20-minutes", "deployment": 3, "state": "COMPLETE"},
    evidence={
        "quality.json": EvidenceRef(uri="s3://evidence/prod/quality.json", sha256="1" * 64, size=12, version_id="v1")
    },
    approvals=(Approval(by="dan@example.com", at=NOON),),
    cost={"currency": "USD", "perThousandRequests": "4.20"},
)


def whole() -> tuple[dict[str, Entry], dict[str, bytes]]:
    """A record with every member that may be there, delivered in two looks."""
    opened = open_entry(INTENT, seq=1, previous="", holder=JOB, now=NOON, expires=NOON + HOUR)
    record, files = started(opened)
    entries: dict[str, Entry] = {"opened.json": opened}
    for percentage, ends in ((10, NOON + HOUR), (50, None)):
        told = Delivery(
            application="releaser-claims-assistant",
            environment="live",
            deployment=3,
            strategy="canary-10-percent-20-minutes",
            percentage=percentage,
            ends_about=ends,
        )
        entry = Delivering(record=record.ref, previous=record.tip, at=NOON, delivery=told)
        record, added = followed(record, entry)
        entries[record.entries[-1]] = entry
        files |= added
    assert (record.free, record.delivering) == ("delivering", entries["delivering-2.json"])
    closed = close_entry(CONCLUSION, record=record.ref, previous=record.tip, notes=None, now=NOON + HOUR)
    entries["closed.json"] = closed
    files[f"{record.ref.folder}/closed.json"] = encode(closed)
    return entries, files


def test_every_optional_member_is_written_as_the_golden_files_say() -> None:
    """REWRITE_GOLDEN=1 writes the files anew; CI never does."""
    entries, files = whole()
    for name, entry in entries.items():
        path = GOLDEN / name
        if os.environ.get("REWRITE_GOLDEN"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(encode(entry))
        assert path.read_bytes() == encode(entry), name
        assert decode(path.read_bytes(), name) == entry
    assert verify(files, head_of(files)) == ()


def test_every_optional_member_is_valid_by_the_schema() -> None:
    validator = jsonschema.Draft202012Validator(record_schema())
    for entry in whole()[0].values():
        validator.validate(json.loads(encode(entry)))


def test_a_delivery_frees_the_lock_and_is_known_to_whoever_continues() -> None:
    _, files = whole()
    folder = "prod/claims-assistant/0001-r11"
    raw = {p.rpartition("/")[2]: b for p, b in files.items() if not p.endswith("closed.json")}
    record = assembled(folder, raw)
    assert record.free == "delivering" and record.delivering is not None
    assert record.delivering.delivery.percentage == 50
    assert record.entries == ("opened.json", "delivering.json", "delivering-2.json")


def closed(outcome: Outcome, release: str = "r12", **more: object) -> Closed:
    opened = open_entry(replace(INTENT, release=release), seq=1, previous="", holder=JOB, now=NOON, expires=NOON)
    ended = replace(CONCLUSION, outcome=outcome, **{"delivery": {}, **more})  # type: ignore[arg-type]
    return close_entry(ended, record=opened.ref, previous="", notes=None, now=NOON)


ALARM = "arn:aws:cloudwatch:eu-central-1:333333333333:alarm:errors"
ROLLED_BACK = closed(Outcome.ROLLED_BACK, delivery={"alarm": ALARM})
OWN = Held(release="r12", release_digest="a" * 64, reason=f"its delivery was rolled back by the alarm {ALARM}")
OTHER = Held(release="r10", release_digest="d" * 64, reason="it leaks too")


@pytest.mark.parametrize(
    ("records", "held"),
    [
        ([], []),
        ([(None, closed(Outcome.RELEASED))], []),
        ([(TAKEN_BACK, closed(Outcome.RELEASED))], [TAKEN_BACK]),
        ([(None, closed(Outcome.RELEASED)), (TAKEN_BACK, closed(Outcome.RELEASED))], []),
        ([(None, closed(Outcome.PRUNED)), (None, closed(Outcome.FAILED)), (None, ROLLED_BACK)], [OWN]),
        ([(None, closed(Outcome.RELEASED)), (None, ROLLED_BACK)], []),
        ([(None, closed(Outcome.RETIRED)), (None, ROLLED_BACK)], []),
        ([(None, ROLLED_BACK), (TAKEN_BACK, closed(Outcome.RELEASED))], [OWN, TAKEN_BACK]),
        ([(OTHER, closed(Outcome.RELEASED)), (TAKEN_BACK, closed(Outcome.RELEASED))], [OTHER, TAKEN_BACK]),
        ([(OTHER, closed(Outcome.RELEASED)), (OWN, closed(Outcome.RELEASED))], [OTHER]),
        ([(TAKEN_BACK, None), (None, closed(Outcome.RELEASED))], [TAKEN_BACK]),
        ([(TAKEN_BACK, closed(Outcome.FAILED)), (None, closed(Outcome.RELEASED))], [TAKEN_BACK]),
        ([(TAKEN_BACK, closed(Outcome.INTERRUPTED)), (None, closed(Outcome.RELEASED))], [TAKEN_BACK]),
    ],
)
def test_the_holds_follow_from_the_records(records: list[tuple[Held | None, Closed | None]], held: list[Held]) -> None:
    assert holds_after(records) == tuple(held)


@pytest.mark.parametrize(
    ("author", "committers", "approvers", "says"),
    [
        ("ana", (), (), "unknown"),
        ("", ("ana",), (Approval(by="bo"),), "unknown"),
        ("ana", ("ana",), (Approval(by="Ana"),), "unenforced"),
        ("ana", ("ana", "bo"), (Approval(by="bo"),), "unenforced"),
        ("ana", ("bo",), (Approval(by="ana"), Approval(by="cleo")), "checked"),
    ],
)
def test_segregation_needs_somebody_else(
    author: str, committers: tuple[str, ...], approvers: tuple[Approval, ...], says: str
) -> None:
    assert segregation_of(author, committers, approvers) == says
