"""Data sets: every problem at its line, and nothing used that was not approved."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releaser.core.errors import ReleaserError
from releaser.core.evaluation.lfs import pointer_of
from releaser.core.evaluation.reading import read_dataset
from releaser.gates.evaluation.datasets import load, verified_bytes
from releaser.store.lfs import lfs_object

TWO = b'{"id": "a", "input": "x", "critical": true}\n\n{"id": "b", "input": {"q": "y"}, "tags": ["t"]}\n'


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def wrong(content: bytes | str, path: str = "x.jsonl") -> list[tuple[int, str]]:
    raw = content.encode() if isinstance(content, str) else content
    return [(w.line, w.code) for w in read_dataset("x", path, raw, "")[1]]


def test_json_lines() -> None:
    found, problems = read_dataset("x", "x.jsonl", b"\xef\xbb\xbf" + TWO, "s")
    assert not problems
    assert [(c.id, c.line, c.critical, c.tags) for c in found.cases] == [("a", 1, True, ()), ("b", 3, False, ("t",))]


CSV = (
    "id,input.question,expected,mustContain,critical,human.tone,lang\r\n"
    'a,"How, much?",250,250|euros,true,1,en\r\n'
    "b,Why?,,,false,,de\r\n"
)


def test_csv() -> None:
    found, problems = read_dataset("x", "x.csv", CSV.encode(), "")
    assert not problems
    a, b = found.cases
    assert (a.input, a.expected, a.must_contain, a.critical) == (
        {"question": "How, much?"},
        "250",
        ("250", "euros"),
        True,
    )
    assert a.human == {"tone": "1"} and (b.expected, b.must_contain, b.human) == (None, (), {})


def line(**members: Any) -> str:
    return json.dumps({"id": "a", "input": "hi Max", **members})


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("{", [(1, "E702")]),
        ("[]", [(1, "E702")]),
        (b'{"id": "a", "input": "\xff"}', [(1, "E702")]),
        ('{"id": "a", "input": "x", "id": "b"}', [(1, "E702")]),
        ('{"id": "a", "input": "x", "expected": NaN}', [(1, "E702")]),
        ('{"id": "a", "input": "x", "expected": 1e999}', [(1, "E702")]),
        ('{"id": "a", "input": "\\ud800"}', [(1, "E702")]),
        ("[" * 100_000, [(1, "E702")]),
        ('{"input": "x"}', [(1, "E703")]),
        (line() + "\n" + line(), [(2, "E703")]),
        ('{"id": "a"}', [(1, "E704")]),
        (line(mustContian=["x"]), [(1, "E704")]),
        (line(mustContain="x"), [(1, "E704")]),
        (line(mustNotContain=[""]), [(1, "E704")]),
        (line(attackSucceedsIfContains=[""]), [(1, "E704")]),
        (line(label="atack"), [(1, "E704")]),
        (line(critical="yes"), [(1, "E704")]),
        (line(expected=[]), [(1, "E704")]),
        (line(expected=[1]), [(1, "E704")]),
        (line(human=[1]), [(1, "E704")]),
        (line(entities=[{"type": "NAME"}]), [(1, "E704")]),
        (line(entities=[{"type": "NAME", "text": "Max", "start": 2, "end": 5}]), [(1, "E704")]),
        (line(entities=[{"type": "NAME", "text": "Max", "start": 3, "end": 6}]), []),
        (line(digest="d"), [(1, "E704")]),
    ],
)
def test_problems_have_their_line(content: str | bytes, found: list[tuple[int, str]]) -> None:
    assert wrong(content) == found


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("id,input.q\na,x,y\n", [(2, "E702")]),
        ("id,input.q,id\na,x,y\n", [(1, "E702")]),
        ('id,input.q\na,"x\n', [(2, "E702")]),
        ("id,input.q,critical\na,x,maybe\n", [(2, "E704")]),
    ],
)
def test_problems_of_csv(content: str, found: list[tuple[int, str]]) -> None:
    assert wrong(content, "x.csv") == found


def test_a_misspelt_member_is_told() -> None:
    _, problems = read_dataset("x", "x.jsonl", line(mustContian=["x"]).encode(), "")
    assert "did you mean mustContain?" in problems[0].message


@given(st.binary(max_size=200), st.sampled_from(["x.jsonl", "x.csv"]))
def test_no_bytes_crash_it(content: bytes, path: str) -> None:
    found, _ = read_dataset("x", path, content, "")
    assert len({c.id for c in found.cases}) == len(found.cases)


def test_the_digest_of_a_case_is_its_content() -> None:
    def digest(content: str) -> str:
        return read_dataset("x", "x.jsonl", content.encode(), "")[0].cases[0].digest

    assert digest(line()) == digest("\n\n" + json.dumps({"input": "hi Max", "id": "a"}))
    assert digest(line()) != digest(line(expected="x"))


DECLARED = {"path": "data/x.jsonl", "sha256": sha(TWO)}


def refused(*args: Any, **kwargs: Any) -> str:
    with pytest.raises(ReleaserError) as error:
        load("x", *args, **kwargs)
    assert error.value.code == "P228" and error.value.hint
    return str(error.value)


def test_what_was_approved_is_used() -> None:
    assert len(load("x", DECLARED, {"data/x.jsonl": TWO}).cases) == 2


def test_what_was_not_approved_is_refused() -> None:
    assert sha(TWO + b"\n") in refused(DECLARED, {"data/x.jsonl": TWO + b"\n"})
    assert "not there" in refused(DECLARED, {})
    broken = b'{"id": "a", "input": "x"}\n{'
    assert "data/x.jsonl:2:" in refused({**DECLARED, "sha256": sha(broken)}, {"data/x.jsonl": broken})
    assert "no case" in refused({**DECLARED, "sha256": sha(b"")}, {"data/x.jsonl": b""})


def pointer(content: bytes) -> bytes:
    text = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha(content)}\nsize {len(content)}\n"
    return text.encode()


def test_git_lfs(tmp_path: Path) -> None:
    assert pointer_of(pointer(TWO)) == (sha(TWO), len(TWO))
    assert pointer_of(TWO) is None
    files = {"data/x.jsonl": pointer(TWO)}
    assert "git lfs pull" in _hint(files)
    path = tmp_path / "lfs" / "objects" / sha(TWO)[:2] / sha(TWO)[2:4] / sha(TWO)
    path.parent.mkdir(parents=True)
    path.write_bytes(TWO)
    assert len(load("x", DECLARED, files, objects=lambda s: lfs_object(tmp_path, s)).cases) == 2
    path.write_bytes(TWO + b"\n")
    refused(DECLARED, files, objects=lambda s: lfs_object(tmp_path, s))
    worktree = tmp_path / "worktrees" / "w"
    worktree.mkdir(parents=True)
    (worktree / "commondir").write_text("../..\n")
    assert lfs_object(worktree, sha(TWO)) == TWO + b"\n"


def _hint(files: Mapping[str, bytes]) -> str:
    with pytest.raises(ReleaserError) as error:
        verified_bytes("x", DECLARED, files)
    return error.value.hint


class Bucket:
    """One object in two versions."""

    def __init__(self, versions: Mapping[str, bytes]) -> None:
        self.versions = versions
        self.asked: list[dict[str, Any]] = []

    def call(self, service: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        self.asked.append({"service": service, "operation": operation, **params})
        return {"Body": io.BytesIO(self.versions[params.get("VersionId", "new")])}


def test_a_version_in_s3() -> None:
    bucket = Bucket({"old": TWO, "new": TWO + b"\n"})
    declared = {"uri": "s3://data/sets/x.jsonl", "versionId": "old", "sha256": sha(TWO)}
    assert len(load("x", declared, {}, bucket).cases) == 2
    wanted = {"service": "s3", "operation": "GetObject", "Bucket": "data", "Key": "sets/x.jsonl", "VersionId": "old"}
    assert bucket.asked == [wanted]
    refused({k: v for k, v in declared.items() if k != "versionId"}, {}, bucket)
    refused(declared, {})
    refused({**declared, "uri": "s3://data"}, {}, bucket)
