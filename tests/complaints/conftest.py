"""One sandbox at a pace at which states are met, and as harsh as AWS may be; lives in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from world.desk import Desk
from world.process import Zygote

from complaints.asking import Bench, benched
from complaints.life import PACE, Life, lived
from complaints.suites import Office
from releaser import sandbox


@pytest.fixture(scope="session")
def paced_box() -> Iterator[sandbox.SandboxProcess]:
    """A sandbox that fills in every default and gives every list in an order of its own."""
    with sandbox.running(time_scale=PACE) as process:
        process.admin.set_switches(guardrailDefaults="all", guardrailListOrder="all")
        process.admin.set_rates({"*": None})
        yield process


LifeMaker = Callable[..., Life]
DeskMaker = Callable[..., Desk]


@pytest.fixture(scope="session")
def new_life(
    zygote: Zygote, paced_box: sandbox.SandboxProcess, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LifeMaker]:
    """Begins lives, each in an account of its own."""
    with ExitStack() as lives:

        def make(**environment: object) -> Life:
            return lives.enter_context(lived(zygote, paced_box, tmp_path_factory.mktemp("life"), **environment))

        yield make


@pytest.fixture
def office(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Office:
    """A folder in which evidence is judged."""
    monkeypatch.delenv("RELEASER_ROOT", raising=False)
    return Office(tmp_path, capsys)


@pytest.fixture
def bench(world_box: sandbox.SandboxProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """An account of the sandbox whose models a suite asks."""
    with benched(world_box, tmp_path, monkeypatch) as found:
        yield found
