"""The crash law: killed at any write, then the same command again: as if nothing had happened.

A real process gets SIGKILL before or after the effect of one write: an AWS call, a push (as the server sees it), a
ref update in the clone. By default every kind of write is killed once; ``RELEASER_LAWS=full`` kills at all of them,
with 1 worker and with 5 (some minutes), and plans anew after every run that went on; by default each life ends with
one such plan.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from pathlib import Path

import pytest
from world import story
from world.crash import Point
from world.process import Zygote, until

from releaser import sandbox

pytestmark = pytest.mark.sampled(4)

FULL = os.environ.get("RELEASER_LAWS") == "full"
SHARDS = 40 if FULL else 14
"""At least as many as the longest stage has points; those beyond are skipped."""


def every_kill(reference: story.Reference) -> list[Mapping[str, Point]]:
    """Each point of each stage, one life for each row."""
    columns = [[(stage, p) for p in points] for stage, points in reference.points.items()]
    return [dict(pair for pair in row if pair) for row in zip_longest(*columns)]


def distinct_kills(reference: story.Reference) -> list[Mapping[str, Point]]:
    """Each kind of write once: what is told apart by nothing but its number or release is one kind."""
    seen: set[object] = set()
    chosen: dict[str, list[Point]] = {stage: [] for stage in reference.points}
    for stage, point in _latest_first(reference):
        kind = (point.key, point.after, stage == "first" and "ssm" in point.key)
        if point.where != "aws":
            kind = (re.sub(r"r\d+", "rN", point.key), point.nth)
        if kind not in seen and not point.key.endswith(("prepared ", "committed ")):
            seen.add(kind)
            chosen[stage].append(point)
    return every_kill(story.Reference(points=chosen))


def _latest_first(reference: story.Reference) -> Iterator[tuple[str, Point]]:
    for stage in reversed(story.STAGES):
        for point in reference.points[stage]:
            yield stage, point


@pytest.mark.parametrize("workers", [1, 5] if FULL else [0])
@pytest.mark.parametrize("shard", range(SHARDS))
def test_killed_at_a_write_then_run_again(
    shard: int,
    workers: int,
    reference: story.Reference,
    zygote: Zygote,
    world_box: sandbox.SandboxProcess,
    tmp_path: Path,
) -> None:
    lives = (every_kill if FULL else distinct_kills)(reference)
    assert len(lives) <= SHARDS
    if shard >= len(lives):
        pytest.skip("fewer points than shards")
    desk, tripwire = story.new_desk(zygote, world_box, tmp_path / "desk")
    story.relive(desk, tripwire, reference, lives[shard], workers or (5 if shard // 2 % 2 else 1), is_thorough=FULL)


def test_the_points_are_those_of_every_write(reference: story.Reference) -> None:
    """What is killed above: nothing that a run writes is left out."""
    kinds = {(p.where, re.sub(r"r\d+", "rN", p.key.strip())) for points in reference.points.values() for p in points}
    aws = {key for where, key in kinds if where == "aws"}
    assert aws == {
        *(f"bedrock.{o}" for o in ("CreateGuardrail", "UpdateGuardrail", "CreateGuardrailVersion")),
        *(f"bedrock.{o}" for o in ("CreateInferenceProfile", "DeleteInferenceProfile", "TagResource")),
        *(f"bedrock-agent.{o}" for o in ("CreatePrompt", "UpdatePrompt", "CreatePromptVersion", "DeletePrompt")),
        "bedrock-agent.TagResource",
        "ssm.PutParameter",
    }
    for hook in ("pre-receive", "post-receive"):
        assert ("server", f"server {hook} refs/tags/mail/rN") in kinds
        assert ("server", f"server {hook} refs/heads/releases") in kinds
    for state in ("prepared", "committed"):
        assert ("clone", f"clone {state} refs/tags/mail/rN") in kinds
        assert ("clone", f"clone {state} refs/remotes/origin/releases") in kinds
    stages = {stage: len(points) for stage, points in reference.points.items()}
    assert min(stages.values()) >= 12, stages


@pytest.mark.parametrize("shard", range(10 if FULL else 3))
def test_killed_in_a_repository_without_a_server(
    shard: int,
    lonely_reference: story.Reference,
    zygote: Zygote,
    world_box: sandbox.SandboxProcess,
    tmp_path: Path,
) -> None:
    """Ref updates only: AWS is the same with and without a server."""
    only_git = {s: [p for p in ps if p.where != "aws"] for s, ps in lonely_reference.points.items()}
    lives = (every_kill if FULL else distinct_kills)(story.Reference(points=only_git))
    if shard >= len(lives):
        pytest.skip("fewer points than shards")
    desk, tripwire = story.new_desk(zygote, world_box, tmp_path / "desk", server=False)
    story.relive(desk, tripwire, lonely_reference, lives[shard], 1, is_thorough=FULL)


@pytest.mark.parametrize("kind", ["hang-before", "hang-after"])
def test_killed_again_and_again_each_run_gets_further(
    kind: str, reference: story.Reference, zygote: Zygote, world_box: sandbox.SandboxProcess, tmp_path: Path
) -> None:
    """Killed after its first write, every time; or before its second. The work is done all the same."""
    desk, _ = story.new_desk(zygote, world_box, tmp_path / "desk")
    stage, prepare = next(iter(story.STAGES.items()))
    prepare(desk)
    desk.repo.commit()
    before = desk.mark()
    writes = reference.after[stage].writes.total()
    kills = 0
    while True:
        skip = 1 if kind == "hang-before" else 0
        desk.admin.add_fault(kind, account=desk.account, write=True, skip=skip)
        run = desk.start("reconcile", "-e", "dev", "--workers", "1")
        until(lambda run=run: desk.admin.held() or run.is_over)
        if run.is_over:
            assert run.wait().code == 0, run.wait().said
            break
        run.kill()
        until(lambda: not desk.admin.held())
        desk.admin.clear_faults()
        kills += 1
        assert kills <= writes + 1, "no run gets further than the one before"
    desk.admin.clear_faults()
    assert kills >= writes - 1
    story.compare(story.look(desk, before), reference.after[stage], writes, kind)
    desk.settled()
