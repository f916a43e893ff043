"""A use case's life in four runs: first release, a change, a removal, the deletion after the rollback window."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from releaser import sandbox
from world import repository
from world.crash import Point, Tripwire, aws_points, crash, crash_in_aws
from world.desk import DAY, Desk
from world.manifest import HAIKU, guardrail, use_case
from world.process import Zygote
from world.repository import LETTER

ACCOUNT = "424242424242"
"""Always the same: effective stamps, and with them the names of profiles, know the account."""


def _first(desk: Desk) -> None:
    desk.repo.declare(use_case(prompts=("answer", "plain")))


def _change(desk: Desk) -> None:
    texts = {"answer": LETTER.replace("three", "two")}
    changed = use_case(prompts=("answer", "plain"), guardrails={"main": guardrail("HIGH")}, model=HAIKU)
    desk.repo.declare(changed, texts)


def _removal(desk: Desk) -> None:
    (desk.repo.root / "manifests/mail/prompts/plain.md").unlink()
    texts = {"answer": LETTER.replace("three", "two")}
    desk.repo.declare(use_case(guardrails={"main": guardrail("HIGH")}, model=HAIKU), texts)


def _much_later(desk: Desk) -> None:
    desk.later += 30 * DAY


Stages = Mapping[str, Callable[[Desk], None]]
STAGES: Stages = {
    "first": _first,
    "change": _change,
    "removal": _removal,
    "deletion": _much_later,
}


@dataclass
class After:
    """What must be the same after a stage whether or not anything was killed on the way."""

    content: dict[str, Any]
    tags: list[str]
    records: list[str]
    approved: list[Any]
    writes: Counter[str]


@dataclass
class Reference:
    """A life without a crash: what each stage leaves, and the moments at which it can be killed."""

    after: dict[str, After] = field(default_factory=dict)
    points: dict[str, list[Point]] = field(default_factory=dict)
    operations: dict[str, list[str]] = field(default_factory=dict)
    """Every AWS operation that a stage calls, reads included, sorted."""


def new_desk(
    zygote: Zygote, box: sandbox.SandboxProcess, folder: Path, *, server: bool = True
) -> tuple[Desk, Tripwire]:
    """An empty account, a clone and its server, hooks in both."""
    box.admin.clear_faults()
    box.admin.reset(ACCOUNT)
    repo = repository.create(folder, server=server)
    repo.environment("dev", ACCOUNT)
    desk = Desk(zygote, box, repo, ACCOUNT)
    return desk, Tripwire(desk)


def live(desk: Desk, tripwire: Tripwire, stages: Stages = STAGES) -> Reference:
    """The life without a crash."""
    found = Reference()
    for stage, prepare in stages.items():
        prepare(desk)
        desk.repo.commit(stage)
        before = desk.mark()
        tripwire.reset()
        desk.admin.reset_calls(ACCOUNT)
        desk.reconcile("--workers", "1")
        found.operations[stage] = sorted(desk.admin.calls(ACCOUNT))
        writes = desk.effects(before)
        found.points[stage] = [*aws_points(writes), *tripwire.points()]
        found.after[stage] = look(desk, before)
        desk.settled()
    return found


def relive(
    desk: Desk,
    tripwire: Tripwire,
    reference: Reference,
    kills: Mapping[str, Point],
    workers: int,
    stages: Stages = STAGES,
    *,
    is_thorough: bool = True,
) -> None:
    """The same life, killed once in each stage that ``kills`` names, and run again. Asserts that nothing differs.

    ``is_thorough``: plans after each stage that was killed, not after the last stage alone.
    """
    for stage, prepare in stages.items():
        prepare(desk)
        desk.repo.commit(stage)
        before = desk.mark()
        args = ("reconcile", "-e", "dev", "--workers", str(workers))
        where = f"{stage}: {kills.get(stage)}"
        if stage not in kills:
            desk.run(*args, ok=0)
            continue
        assert crash(desk, tripwire, kills[stage], *args).code == -9, where
        desk.run(*args, ok=0)
        compare(look(desk, before), reference.after[stage], workers, where)
        if is_thorough:
            desk.settled()
    if not is_thorough:
        desk.settled()


def compare(found: After, expected: After, workers: int, where: str) -> None:
    assert found.content == expected.content, f"{where}: {list(islice(unlike(found.content, expected.content), 8))}"
    assert found.tags == expected.tags, where
    assert found.records == expected.records, where
    assert found.approved == expected.approved, where
    assert set(found.writes) <= set(expected.writes), where
    # A create whose answer was lost is sent again with its token; nothing else is written twice.
    again = found.writes - expected.writes
    assert again.total() <= workers, f"{where}: {again}"
    assert all("Create" in operation or "Tag" in operation for operation in again), f"{where}: {again}"


def unlike(found: Any, expected: Any, at: str = "") -> Iterator[str]:
    """Where two documents differ, for messages."""
    if isinstance(found, dict) and isinstance(expected, dict):
        for key in sorted({*found, *expected}):
            yield from unlike(found.get(key), expected.get(key), f"{at} / {key}")
    elif isinstance(found, list) and isinstance(expected, list) and len(found) == len(expected):
        for i, (one, other) in enumerate(zip(found, expected, strict=True)):
            yield from unlike(one, other, f"{at}[{i}]")
    elif found != expected:
        yield f"{at}: {str(found)[:200]} and not {str(expected)[:200]}"


def look(desk: Desk, before: str) -> After:
    records = desk.repo.records()
    assert repository.sound(records) == []
    folders = repository.folders(records)
    closed = {f: json.loads(records[f"{f}/closed.json"]) for f in folders}
    assert {c["outcome"] for c in closed.values()} == {"released"}
    opened = [json.loads(records[f"{f}/opened.json"])["steps"] for f in sorted(folders)]
    steps = [sorted((s["address"], s["verb"], s["stamp"]) for s in each) for each in opened]
    return After(
        content=desk.content(),
        tags=desk.repo.tags(),
        records=sorted(folders),
        approved=steps,
        writes=Counter(desk.effects(before)),
    )


def harass(desk: Desk, reference: Reference, moments: Mapping[str, Iterable[Point]], stages: Stages) -> int:
    """A life whose runs are killed again and again: each stage at all its ``moments``, in their order, then left alone.

    Each point's ``nth`` counts in the run that it kills, which has done with all that stands before. Gives how many
    runs were killed. Asserts that each stage leaves what it leaves without a crash.
    """
    kills = 0
    for stage, prepare in stages.items():
        prepare(desk)
        desk.repo.commit(stage)
        args = ("reconcile", "-e", "dev", "--workers", "1")
        chosen = list(moments.get(stage, ()))
        written: Counter[str] = Counter()  # after each run: the sandbox's log keeps the last calls only
        for point in chosen:
            before = desk.mark()
            assert crash_in_aws(desk, point, args).code == -9, f"{stage}: {point}"
            written += Counter(desk.effects(before))
        before = desk.mark()
        desk.run(*args, ok=0)
        found = look(desk, before)
        found.writes += written
        compare(found, reference.after[stage], len(chosen), f"{stage}, killed {len(chosen)} times")
        desk.settled()
        kills += len(chosen)
    return kills
