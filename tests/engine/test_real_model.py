"""The museum's desk with a real model behind the sandbox: only where RELEASER_LLM_URL names a server of one.

A small model makes mistakes: no case is critical, and what counts is the comparison with what is live.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from world import repository
from world.desk import Desk
from world.museum import EVASIVE, MUSEUM, TERSE, Museum
from world.process import Zygote

from releaser import sandbox

URL, MODEL = os.environ.get("RELEASER_LLM_URL", ""), os.environ.get("RELEASER_LLM_MODEL", "")
CASES = int(os.environ.get("RELEASER_LLM_CASES", "40"))
ACCOUNT = "666666666666"
METRICS = {"contains": {"floor": 0.3}, "tokenF1": {"floor": 0.3, "maxRegression": 0.15}}

pytestmark = pytest.mark.skipif(not (URL and MODEL), reason="needs RELEASER_LLM_URL and RELEASER_LLM_MODEL")


def small(museum: Museum) -> Museum:
    """Few cases, and what even a small model can hold; an answer is one line."""
    inference = {**museum.inference, "stopSequences": ["\n"]}
    return museum.changed(cases=CASES, critical=False, metrics=METRICS, inference=inference)


@pytest.fixture
def desk(zygote: Zygote, tmp_path: Path) -> Iterator[Desk]:
    with sandbox.running(time_scale=0, llm_url=URL, llm_model=MODEL) as box:
        assert box.admin.info()["model"].endswith(MODEL)
        repo = repository.create(tmp_path / "desk", server=False)
        repo.environment("dev", ACCOUNT, gates={"required": ["times"], "within": "30m"})
        yield Desk(zygote, box, repo, ACCOUNT, haste=1.0)


def live(desk: Desk) -> tuple[str, dict[str, Any]]:
    """Which release callers get, and what it makes them call."""
    (found,) = desk.client("ssm").get_parameters_by_path(Path="/", Recursive=True)["Parameters"]
    document = json.loads(found["Value"])
    return document["release"], {name: document[name] for name in ("models", "prompts")}


def reconcile(desk: Desk, ok: int = 0) -> str:
    """What a run says; a model on a laptop takes its time."""
    ended = desk.start("reconcile", "-e", "dev").wait(1500)
    print(ended.said)
    assert ended.code == ok
    return ended.said


def test_what_a_real_model_answers_decides(desk: Desk) -> None:
    small(MUSEUM).merge(desk.repo, "The museum's desk")
    assert f"times: {CASES} of {CASES} answers" in reconcile(desk)
    release, behaviour = live(desk)
    assert release == "r1"

    small(MUSEUM).changed(description="Tells visitors the hours of each room.").merge(desk.repo, "Another description")
    assert "answers" not in reconcile(desk)
    assert live(desk) == ("r2", behaviour)

    for worse in (EVASIVE, TERSE):
        small(worse).merge(desk.repo, "Another prompt, or fewer tokens")
        assert "FAIL: museum" in reconcile(desk, ok=3)
        assert live(desk) == ("r2", behaviour)
