"""The record format: golden files, schema, round trip, the chain."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from releaser.core.address import Address
from releaser.core.chain import head_of, verify
from releaser.core.entry import RecordUnreadable, close_entry, decode, encode, identify, open_entry, record_schema
from releaser.core.proof.files import sha256
from releaser.core.record import (
    ApprovedStep,
    Binding,
    Conclusion,
    Entry,
    Facts,
    Holder,
    Intent,
    Opened,
    OpenRecord,
    Outcome,
    Renewed,
    Resumed,
    Retired,
    Staged,
    StepOutcome,
    folder,
)
from releaser.core.sequence import assembled, followed, started
from releaser.core.shape import moment

GOLDEN = Path(__file__).parent.parent / "golden" / "record"
NOON = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
ANSWER = Address("claims-assistant", "prompt", "answer")
MAIN = Address("claims-assistant", "guardrail", "main")
ANA = Holder(kind="laptop", name="ana@desk", host="desk", boot="boot/pid:[1]", pid=7, started="4711")
JOB = Holder(
    kind="ci",
    name="job reconcile of pipeline 10",
    host="runner-1",
    boot="boot/pid:[2]",
    pid=9,
    started="99",
    project="bank/genai",
    pipeline="10",
    job="reconcile",
    job_id="5",
    url="https://gitlab.example.com/bank/genai/-/jobs/5",
)
INTENT = Intent(
    use_case="claims-assistant",
    environment="prod",
    account="333333333333",
    region="eu-central-1",
    release="r12",
    release_digest="a" * 64,
    commit="b" * 40,
    tree="c" * 40,
    tag="d" * 40,
    plan_digest="e" * 64,
    change_digest="f" * 64,
    steps=(
        ApprovedStep(address=ANSWER, verb="update", stamp="1" * 64, before="2" * 64),
        ApprovedStep(address=MAIN, verb="create", stamp="3" * 64, before=None),
    ),
    previous_release="r11",
    tool_version="0.1.0",
    actor="ana",
    trigger="https://gitlab.example.com/bank/genai/-/pipelines/10",
    dirty=False,
)
BINDING = Binding(
    kind="prompt",
    id="ABCDEFGHIJ",
    arn="arn:aws:bedrock:eu-central-1:333333333333:prompt/ABCDEFGHIJ",
    name="claims-assistant_answer",
    revision="2026-03-03T12:00:10.123456+00:00",
    version="4",
    stamp="1" * 64,
    behaviour="4" * 64,
    body_digest="5" * 64,
    fields={"variants[0].modelId": "0123456789ab", "variants[0].templateConfiguration.text.text": "ba9876543210"},
    labels_digest="6" * 64,
    server_defaults={"variants[0].inferenceConfiguration.text.topP": 1.0},
)
CONCLUSION = Conclusion(
    outcome=Outcome.RELEASED,
    outcomes=(
        StepOutcome(
            address=ANSWER,
            verb="update",
            status="DONE",
            message="",
            request_ids=("7c1f-1", "7c1f-2"),
            started_at=NOON + timedelta(seconds=10, milliseconds=123),
            duration_ms=480,
        ),
        StepOutcome(
            address=MAIN,
            verb="create",
            status="SKIPPED",
            message="exists already",
            request_ids=(),
            started_at=None,
            duration_ms=0,
        ),
    ),
    bindings={ANSWER: BINDING},
    retired={
        Address("claims-assistant", "guardrail", "old"): (
            Retired(
                kind="guardrail",
                id="gr0000000001",
                arn="arn:aws:bedrock:eu-central-1:333333333333:guardrail/gr0000000001",
                name="claims-assistant_old",
                revision="2026-01-01T00:00:00+00:00",
                version=None,
                stamp="7" * 64,
                behaviour="8" * 64,
                body_digest="9" * 64,
                since=NOON,
            ),
        )
    },
    verified=True,
    verdicts=({"gate": "freeze", "verdict": "PASS"},),
    facts=Facts(
        models={"answer": {"modelId": "eu.anthropic.claude-sonnet-4-5-20250929-v1:0"}},
        prompts={"answer": "a" * 64},
        datasets={"golden": {"path": "data/golden.jsonl", "sha256": "b" * 64}},
        thresholds={"quality": {"tokenF1": {"floor": 0.62}}},
        governance={"riskTier": "high", "intendedUse": "Antworten für Versicherte"},
    ),
    duration_ms=15200,
)
NOTES = b"# claims-assistant r12\n"


def a_record() -> tuple[OpenRecord, dict[str, Entry], dict[str, bytes]]:
    """Every kind of entry once, chained; entries by file name and files by path."""
    opened = open_entry(INTENT, seq=1, previous="", holder=ANA, now=NOON, expires=NOON + HOUR)
    record, files = started(opened)
    entries: dict[str, Entry] = {"opened.json": opened}

    def follow(entry: Renewed | Resumed | Staged) -> None:
        nonlocal record
        record, added = followed(record, entry)
        entries[record.entries[-1]] = entry
        files.update(added)

    later = NOON + timedelta(minutes=50)
    follow(Renewed(record=record.ref, previous=record.tip, renewed_at=later, lease_expires=later + HOUR))
    follow(
        Staged(
            record=record.ref, previous=record.tip, staged_at=later, bindings={ANSWER: BINDING}, awaiting=("quality",)
        )
    )
    follow(
        Resumed(
            record=record.ref,
            previous=record.tip,
            holder=JOB,
            resumed_at=later,
            lease_expires=later + HOUR,
            reason="staged",
        )
    )
    closed = close_entry(CONCLUSION, record=record.ref, previous=record.tip, notes=NOTES, now=later)
    entries["closed.json"] = closed
    files[f"{record.ref.folder}/closed.json"] = encode(closed)
    files[f"{record.ref.folder}/notes.md"] = NOTES
    return record, entries, files


def a_sequence() -> dict[str, bytes]:
    """Two records, the second one open."""
    _, _, files = a_record()
    tip = sha256(files["prod/claims-assistant/0001-r12/closed.json"])
    second = open_entry(
        replace(INTENT, release="r13"), seq=2, previous=tip, holder=JOB, now=NOON + 2 * HOUR, expires=NOON + 3 * HOUR
    )
    return files | started(second)[1]


def test_entries_are_written_as_the_golden_files_say() -> None:
    """The format is for ever. REWRITE_GOLDEN=1 writes the files anew; CI never does."""
    _, entries, _ = a_record()
    for name, entry in entries.items():
        path = GOLDEN / name
        if os.environ.get("REWRITE_GOLDEN"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(encode(entry))
        assert path.read_bytes() == encode(entry), name


def test_golden_files_are_read_back() -> None:
    _, entries, _ = a_record()
    for name, entry in entries.items():
        assert decode((GOLDEN / name).read_bytes(), name) == entry


def test_the_id_never_changes_its_recipe() -> None:
    opened = decode((GOLDEN / "opened.json").read_bytes())
    assert isinstance(opened, Opened)
    assert opened.id == "26a9c9a6ab68712a89765e07d6bc9123045a8e2d4c3f1c341ee22cc90e0b0b03"
    again = identify(opened, seq=1, previous="", holder=ANA, opened_at=NOON)
    assert again == opened.id
    assert identify(opened, seq=2, previous="", holder=ANA, opened_at=NOON) != opened.id
    assert identify(opened, seq=1, previous="", holder=JOB, opened_at=NOON) != opened.id


def test_entries_are_valid_by_their_schema() -> None:
    schema = record_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    _, entries, _ = a_record()
    for entry in entries.values():
        validator.validate(json.loads(encode(entry)))
    broken = json.loads(encode(entries["closed.json"]))
    for change in ({"outcome": "fine"}, {"previous": 7}, {"entry": "opened"}, {"format": "releaser.record/v2"}):
        assert not validator.is_valid(broken | change)
    del broken["verified"]
    assert not validator.is_valid(broken)
    assert json.dumps(schema) == json.dumps(record_schema())


def test_members_of_a_later_version_are_ignored() -> None:
    data = json.loads((GOLDEN / "closed.json").read_bytes()) | {"signature": "x"}
    assert decode(json.dumps(data).encode()) == decode((GOLDEN / "closed.json").read_bytes())


RECORD = {
    "id": "1" * 64,
    "environment": "prod",
    "useCase": "mail",
    "seq": 1,
    "release": "r1",
    "releaseDigest": "2" * 64,
    "commit": "3" * 40,
}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"outcome": "fine"}, "outcome: expected one of failed"),
        ({"verified": "yes"}, "verified: expected bool"),
        ({"durationMs": True}, "durationMs: expected int"),
        ({"closedAt": "2026-03-03T12:00:00+01:00"}, "closedAt: expected a time in UTC"),
        ({"bindings": {"x": {}}}, "bindings.x: expected an address"),
        ({"bindings": {"a/b/c": {"kind": 1}}}, "bindings.a/b/c.kind: expected str"),
        ({"outcomes": [{}]}, r"outcomes\[0\].address: missing"),
        ({"outcomes": {}}, "outcomes: expected a list"),
        ({"facts": {"models": {}, "prompts": {"a": 1}}}, "facts.prompts: expected an object of strings"),
        ({"facts": []}, "facts: expected an object"),
        ({"record": {**RECORD, "useCase": "../x"}}, "not a name that can become a path"),
        ({"entry": "promoted"}, "unknown entry 'promoted'"),
        ({"format": "x"}, "the format is not releaser.record/v1"),
    ],
)
def test_an_unreadable_entry_names_the_member(change: dict[str, object], says: str) -> None:
    data = json.loads((GOLDEN / "closed.json").read_bytes()) | change
    with pytest.raises(RecordUnreadable, match="prod/x/closed.json: " + says) as caught:
        decode(json.dumps(data).encode(), "prod/x/closed.json")
    assert caught.value.code == "G-record-unreadable"


@pytest.mark.parametrize("raw", [b"", b"[]", b"\xff\xfe", b"[" * 100_000, b"NaN", b'{"format": 1}'])
def test_rubbish_is_a_clear_error(raw: bytes) -> None:
    with pytest.raises(RecordUnreadable):
        decode(raw, "x")


def test_times_are_utc_and_zones_are_required() -> None:
    assert moment(NOON.astimezone(timezone(timedelta(hours=2)))) == "2026-03-03T12:00:00Z"
    with pytest.raises(ValueError, match="time zone"):
        moment(datetime(2026, 1, 1))


def test_folders() -> None:
    assert folder("prod", "claims-assistant", 3, "r12") == "prod/claims-assistant/0003-r12"
    assert folder("prod", "a", 12345, "unreleased") == "prod/a/12345-unreleased"
    for bad in (("prod", "a/b", 1, "r1"), ("..", "a", 1, "r1"), ("prod", "a", 0, "r1"), ("prod", "a", 1, "r0")):
        with pytest.raises(ValueError, match="not a"):
            folder(*bad)


def test_an_open_record_is_put_together_from_its_entries_in_any_file_order() -> None:
    record, entries, files = a_record()
    raw = {n: files[f"{record.ref.folder}/{n}"] for n in reversed(entries) if n != "closed.json"}
    found = assembled(record.ref.folder, raw)
    assert found == record
    assert found.holder == JOB and found.staged is None
    del raw["renewed-1.json"]
    with pytest.raises(RecordUnreadable, match="do not form one chain"):
        assembled(record.ref.folder, raw)


def test_a_whole_sequence_has_no_breaks() -> None:
    files = a_sequence()
    assert verify(files) == ()
    assert verify(files, head_of(files)) == ()
    assert verify({}) == ()


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_any_changed_byte_is_found(data: st.DataObject) -> None:
    files = a_sequence()
    head = head_of(files)
    path = data.draw(st.sampled_from(sorted(files)))
    at = data.draw(st.integers(0, len(files[path]) - 1))
    flip = data.draw(st.integers(1, 255))
    raw = bytearray(files[path])
    raw[at] ^= flip
    assert verify(files | {path: bytes(raw)}, head) != ()


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_missing_or_moved_file_is_found(data: st.DataObject) -> None:
    files = a_sequence()
    head = head_of(files)
    path = data.draw(st.sampled_from(sorted(files)))
    rest = {p: raw for p, raw in files.items() if p != path}
    assert verify(rest, head) != ()
    assert verify(rest | {path.replace("/000", "/001"): files[path]}, head) != ()


def test_breaks_name_the_place() -> None:
    files = a_sequence()
    first = "prod/claims-assistant/0001-r12"
    closed = json.loads(files[f"{first}/closed.json"])
    closed["outcome"] = "failed"
    forged = files | {f"{first}/closed.json": (json.dumps(closed, indent=2, sort_keys=True) + "\n").encode()}
    assert "prod/claims-assistant/0002-r13/opened.json" in {b.path for b in verify(forged)}
    assert {b.path for b in verify(files | {f"{first}/notes.md": b"nicer"})} == {f"{first}/notes.md"}
    assert {b.path for b in verify(files | {f"{first}/extra.bin": b"x"})} == {f"{first}/extra.bin"}


def test_an_entry_of_a_later_version_keeps_its_place_in_the_chain() -> None:
    record, _, files = a_record()
    del files[f"{record.ref.folder}/closed.json"], files[f"{record.ref.folder}/notes.md"]
    data = json.loads(encode(Renewed(record=record.ref, previous=record.tip, renewed_at=NOON, lease_expires=NOON)))
    data["entry"] = "evidence"
    raw = (json.dumps(data, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()
    files[f"{record.ref.folder}/evidence.json"] = raw
    assert verify(files) == ()
    found = assembled(record.ref.folder, {p.rsplit("/", 1)[1]: raw for p, raw in files.items()})
    assert found.tip == sha256(raw) and found.holder == JOB


def test_a_brief_reading_leaves_out_the_long_members_alone() -> None:
    for name, empty in (
        ("opened.json", {"steps": ()}),
        ("closed.json", {"outcomes": (), "bindings": {}, "retired": {}}),
    ):
        raw = (GOLDEN / name).read_bytes()
        whole = decode(raw)
        assert decode(raw, brief=True) == replace(whole, **empty) != whole
