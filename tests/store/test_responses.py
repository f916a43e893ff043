"""Responses in a folder."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releaser.core.evaluation.response import Guarded, Passage, Response, ToolUse, Usage
from releaser.core.shape import plain
from releaser.core.values import digest
from releaser.store.responses import ResponseFolder

FULL = Response(
    text="Grüße 🙂",
    stop_reason="end_turn",
    tools=(ToolUse(name="pay", input={"sum": 1.5, "to": ["a"]}),),
    guarded=Guarded(intervened=True, masked=True, policies=("pii:EMAIL",)),
    passages=(Passage(id="s3://b/k", text="t", score=0.25),),
    usage=Usage(input_tokens=3, output_tokens=4, guardrail_units={"contentPolicyUnits": 2}),
    model="eu.amazon.nova-pro-v1:0",
)


def test_what_was_put_is_found_by_key_and_by_digest(tmp_path: Path) -> None:
    folder = ResponseFolder(tmp_path / "r")
    sha256 = folder.put("key", FULL)
    assert sha256 == digest(plain(FULL))
    again = ResponseFolder(tmp_path / "r")
    assert again.get("key") == again.read(sha256) == FULL
    assert again.get("other") is None
    assert again.read("0" * 64) is None


@given(st.text(), st.text(max_size=20))
def test_any_text_comes_back(tmp_path_factory: pytest.TempPathFactory, text: str, key: str) -> None:
    folder = ResponseFolder(tmp_path_factory.getbasetemp() / "any")
    made = Response(text=text)
    try:
        sha256 = folder.put(f"{key}/{text}", made)
    except UnicodeEncodeError:
        return
    assert folder.get(f"{key}/{text}") == folder.read(sha256) == made


def test_text_that_is_no_unicode_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError):
        ResponseFolder(tmp_path).put("key", Response(text="\ud83d"))
    assert ResponseFolder(tmp_path).get("key") is None


def test_the_first_response_to_a_key_stays(tmp_path: Path) -> None:
    folder = ResponseFolder(tmp_path)
    one = folder.put("key", Response(text="one"))
    two = folder.put("key", Response(text="two"))
    assert folder.get("key") == Response(text="one")
    assert folder.read(one) == Response(text="one")
    assert folder.read(two) == Response(text="two")


@pytest.mark.parametrize("damage", [b"", b"{}", b"[1]", b'{"response":"../../x"}', b'{"te', b"\xff"])
@pytest.mark.parametrize("which", ["keys", "objects"])
def test_a_corrupted_file_is_said_and_counts_as_absent(tmp_path: Path, which: str, damage: bytes) -> None:
    said: list[str] = []
    folder = ResponseFolder(tmp_path, said.append)
    sha256 = folder.put("key", FULL)
    (path,) = (tmp_path / which).glob("??/*.json")
    path.write_bytes(damage)
    assert folder.get("key") is None
    assert len(said) == 1 and "corrupted" in said[0]
    assert folder.put("key", FULL) == sha256
    assert folder.get("key") == FULL


def test_a_response_of_another_version_is_said(tmp_path: Path) -> None:
    said: list[str] = []
    folder = ResponseFolder(tmp_path, said.append)
    raw = b'{"other":1}'
    import hashlib

    name = hashlib.sha256(raw).hexdigest()
    path = tmp_path / "objects" / name[:2] / f"{name}.json"
    path.parent.mkdir()
    path.write_bytes(raw)
    assert folder.read(name) is None
    assert "cannot be read" in said[0]


def test_the_listing_depends_on_what_is_there_alone(tmp_path: Path) -> None:
    one, two = ResponseFolder(tmp_path / "1"), ResponseFolder(tmp_path / "2")
    texts = [Response(text=str(n)) for n in range(5)]
    found = [one.put(f"k{n}", r) for n, r in enumerate(texts)]
    for n, response in reversed(list(enumerate(texts))):
        two.put(f"other{n}", response)
    assert one.listing() == two.listing() == one.listing(found * 2)
    assert one.listing(found[:2]) != one.listing()


def test_only_the_owner_reads_it(tmp_path: Path) -> None:
    ResponseFolder(tmp_path / "r").put("key", FULL)
    files = [p for p in (tmp_path / "r").rglob("*") if p.is_file()]
    assert len(files) == 2, "no temporary file is left"
    assert {p.stat().st_mode & 0o077 for p in [tmp_path / "r", *(tmp_path / "r").rglob("*")]} == {0}


def test_threads_and_processes_put_at_once(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from releaser.store.responses import ResponseFolder as F;"
        "from releaser.core.evaluation.response import Response as R; f = F(Path(sys.argv[1]));"
        "[f.put(f'k{n % 20}', R(text=f'{n % 20}')) for n in range(60)]"
    )
    others = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path)]) for _ in range(2)]
    folder = ResponseFolder(tmp_path, pytest.fail)

    def put() -> None:
        for n in range(60):
            folder.put(f"k{n % 20}", Response(text=f"{n % 20}"))

    threads = [threading.Thread(target=put) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [p.wait(30) for p in others] == [0, 0]
    for n in range(20):
        assert folder.get(f"k{n}") == Response(text=str(n))
    assert len([p for p in tmp_path.rglob("*") if p.is_file()]) == 40
