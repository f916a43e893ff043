"""Two real clones, one bare remote, writers in processes of their own: nothing is lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_records import sound
from world.git_actors import actor, conclusion, git, intent, spawned, wait_for

ROUNDS = 4


def write(root: Path, name: str) -> None:
    """Rounds of open and close for a use case of our own, and for one that everybody wants."""
    run = actor(root)
    shared = 0
    for _ in range(ROUNDS):
        opening = run.records.open([intent(name), intent("shared")])
        records = {**opening.opened, **opening.resumed}
        assert name in records
        shared += "shared" in records
        run.records.close([(r, conclusion(n), f"# {name}\n") for n, r in records.items()])
    (root / "shared-count").write_text(str(shared))


@pytest.mark.parametrize("writers", [2, 3])
def test_concurrent_writers_lose_nothing(clone: Path, other: Path, tmp_path: Path, bare: Path, writers: int) -> None:
    roots = [clone, other]
    for i in range(writers - 2):
        git(tmp_path, "clone", "-q", str(bare), f"clone-{i}")
        roots.append(tmp_path / f"clone-{i}")
    pids = [spawned(lambda r=root, i=i: write(r, f"case-{i}")) for i, root in enumerate(roots)]
    assert [wait_for(p) for p in pids] == [0] * writers
    run = actor(clone)
    run.remote.sync()  # type: ignore[union-attr]
    sound(run)
    history = run.records.history()
    for i in range(writers):
        mine = [a for a in history if a.opened.use_case == f"case-{i}"]
        assert sorted(a.opened.seq for a in mine) == list(range(1, ROUNDS + 1))
    shared = [a for a in history if a.opened.use_case == "shared"]
    assert len(shared) == sum(int((r / "shared-count").read_text()) for r in roots)
    assert all(a.closed is not None for a in history)


def test_concurrent_writers_of_one_clone_without_a_remote(alone: Path) -> None:
    pids = [spawned(lambda i=i: write(alone, f"case-{i}")) for i in range(2)]
    assert [wait_for(p) for p in pids] == [0, 0]
    run = actor(alone)
    sound(run)
    assert len([a for a in run.records.history() if a.opened.use_case != "shared"]) == 2 * ROUNDS
