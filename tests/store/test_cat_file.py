"""The one process that reads objects: killed, forked, asked by many threads, asked for what comes later."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from releaser.store import git as door
from releaser.store.cat_file import CatFile, Died, TooSlow
from releaser.store.git import Git, GitError


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """The processes that doors to git have started."""
    found: list[subprocess.Popen[bytes]] = []
    start = door._start

    def noted(*args: object) -> subprocess.Popen[bytes]:
        found.append(start(*args))  # type: ignore[arg-type]
        return found[-1]

    monkeypatch.setattr(door, "_start", noted)
    return found


def write(git: Git, content: bytes) -> str:
    return git.run("hash-object", "-w", "--stdin", send=content).text


def answering(script: str) -> CatFile:
    """In git's place: a program that answers as ``script`` says."""
    pipe = subprocess.PIPE

    def start() -> subprocess.Popen[bytes]:
        command = ["/bin/sh", "-c", script]
        return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True)

    return CatFile(start, contents=True, seconds=0.3)


def test_one_process_reads_what_is_there_and_what_comes_later(
    alone: Path, started: Sequence[subprocess.Popen[bytes]]
) -> None:
    git = Git.open(alone)
    head = git.head()
    assert git.resolve("refs/heads/later") is None
    later = write(git, b"later\n")
    git.update_refs([("refs/heads/later", head, "0" * 40)], "test")
    before = len(started)
    assert git.objects([later, "f" * 40, head])[:2] == [("blob", b"later\n"), None]
    assert git.resolve("refs/heads/later") == head
    assert git.resolve(f"{head}^{{tree}}") not in (None, head)
    assert git.objects([]) == []
    assert len(started) == before


def test_ten_thousand_names_large_contents_and_long_names(alone: Path) -> None:
    git = Git.open(alone)
    small, large = write(git, b"x"), write(git, b"y" * 3_000_000)
    found = git.objects([small, large, "no/such " * 1000, *([small] * 10_000), large])
    assert (found[1], found[2], found[-1]) == (("blob", b"y" * 3_000_000), None, found[1])
    assert set(found[3:-1]) == {("blob", b"x")}
    assert [h.size for h in git.headers([small, large]) if h] == [1, 3_000_000]


def test_a_line_end_in_a_name_is_refused_and_shifts_no_answer(alone: Path) -> None:
    git = Git.open(alone)
    with pytest.raises(GitError):
        git.objects([f"HEAD:a\n{git.head()}"])
    assert git.resolve("HEAD") == git.head()


def test_a_killed_one_says_so_and_the_next_question_has_its_answer(
    alone: Path, started: Sequence[subprocess.Popen[bytes]]
) -> None:
    git = Git.open(alone)
    head = git.head()
    os.kill(started[-1].pid, signal.SIGKILL)
    started[-1].wait()
    with pytest.raises(GitError, match="cat-file failed"):
        git.objects([head])
    assert git.objects([head])[0] is not None


def test_threads_get_their_own_answers(alone: Path) -> None:
    git = Git.open(alone)
    ids = {write(git, text): text for text in (b"%d" % i * 5000 for i in range(8))}
    with ThreadPoolExecutor(8) as pool:
        for oid, found in zip([*ids] * 20, pool.map(lambda oid: git.objects([oid])[0], [*ids] * 20), strict=True):
            assert found == ("blob", ids[oid])


def test_a_fork_has_a_process_of_its_own_and_keeps_none_alive(
    alone: Path, started: Sequence[subprocess.Popen[bytes]]
) -> None:
    git = Git.open(alone)
    head = git.head()
    ask, told = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(told)
            os.read(ask, 1)  # lives until the parent has let go
            code = 0 if git.resolve("HEAD") == head else 2
        finally:
            os._exit(code)
    process = started[-1]
    git._contents.forget()
    process.stdin.close()  # type: ignore[union-attr]
    assert process.wait(5) == 0
    os.close(ask)
    os.close(told)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_it_ends_with_the_door_and_with_the_interpreter(
    alone: Path, started: Sequence[subprocess.Popen[bytes]]
) -> None:
    git = Git.open(alone)
    git.head()
    del git
    assert started[-1].poll() == 0
    script = (
        "import sys; from pathlib import Path; from releaser.store import git as g\n"
        "start, found = g._start, []\n"
        "g._start = lambda *a: found.append(start(*a)) or found[-1]\n"
        f"git = g.Git.open(Path({str(alone)!r})); git.head(); print(found[-1].pid)"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=True)
    assert not done.stderr
    with pytest.raises(ProcessLookupError):
        os.kill(int(done.stdout), 0)


@pytest.mark.parametrize(
    ("script", "error"),
    [
        (f"read n; printf '{'a' * 40} blob 9\\nabc'", Died),
        (f"read n; printf '{'a' * 40} blob 3\\nabcdef'; cat", Died),
        ("read n; echo no more >&2; exit 128", Died),
        (f"read n; printf '{'a' * 40} blob 9\\nabc'; cat", TooSlow),
    ],
    ids=["cut off", "too long", "died", "silent"],
)
def test_half_an_answer_is_no_answer(script: str, error: type[Exception]) -> None:
    asked = answering(script)
    for _ in range(2):  # the second one starts afresh
        with pytest.raises(error) as raised:
            asked.ask([b"HEAD"])
    assert "no more" not in script or str(raised.value) == "no more"


def test_what_it_says_on_stderr_does_not_stop_it() -> None:
    asked = answering(f"read n; head -c 200000 /dev/zero >&2; printf '{'a' * 40} blob 3\\nabc\\n'; cat >/dev/null")
    found = asked.ask([b"HEAD"])[0]
    assert found is not None
    assert found.content == b"abc"
