"""What tests of whole runs share: one sandbox and one warm process a session, one account and repository a test."""

from __future__ import annotations

import itertools
import os
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from world import assembly, repository, story
from world.desk import Desk
from world.process import Zygote

from releaser import sandbox

# The same examples in every run: what fails here fails on every machine. RELEASER_LAWS=full looks for new ones.
settings.register_profile("same", derandomize=True, deadline=None)
if os.environ.get("RELEASER_LAWS") != "full":
    settings.load_profile("same")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Of parametrised tests that say ``sampled(n)`` one in n is run, always the same, and none that say ``nightly``:
    the whole is to take ten minutes. RELEASER_LAWS=full (``make laws``) runs all, and so does naming the file."""
    if os.environ.get("RELEASER_LAWS") == "full" or any("::" in a or a.endswith(".py") for a in config.args):
        return
    left = [item for item in items if not _is_run(item)]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if _is_run(item)]


def _is_run(item: pytest.Item) -> bool:
    marker = item.get_closest_marker("sampled")
    if item.get_closest_marker("nightly"):
        return False
    is_one_of_many = marker is not None and hasattr(item, "callspec")
    return not is_one_of_many or marker is None or zlib.crc32(item.nodeid.encode()) % marker.args[0] == 0


_ACCOUNTS = itertools.count(1)


@pytest.fixture(scope="session")
def world_box() -> Iterator[sandbox.SandboxProcess]:
    """A sandbox without delays and rate limits."""
    with sandbox.running(time_scale=0) as process:
        yield process


@pytest.fixture(scope="session")
def zygote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zygote]:
    """The warm process that runs of releaser are forked from."""
    found = Zygote(tmp_path_factory.mktemp("runs"))
    yield found
    found.close()


DeskMaker = Callable[..., Desk]


@pytest.fixture
def new_desk(world_box: sandbox.SandboxProcess, zygote: Zygote, tmp_path: Path) -> Iterator[DeskMaker]:
    """Makes repositories with an environment ``dev`` in an account that nobody else uses."""
    counter = itertools.count(1)

    def make(*, server: bool = False, **spec: object) -> Desk:
        number = f"{os.getpid() % 1_000_000:06d}{next(_ACCOUNTS):06d}"
        repo = repository.create(tmp_path / f"desk-{next(counter)}", server=server)
        repo.environment("dev", number, **spec)
        return Desk(zygote, world_box, repo, number)

    yield make
    world_box.admin.clear_faults()


@pytest.fixture
def desk(new_desk: DeskMaker) -> Desk:
    """One of them, without a server."""
    return new_desk()


@pytest.fixture(scope="session")
def reference(
    zygote: Zygote, world_box: sandbox.SandboxProcess, tmp_path_factory: pytest.TempPathFactory
) -> story.Reference:
    """A life without a crash or a fault: what each stage leaves, and the moments at which it can be killed."""
    return story.live(*story.new_desk(zygote, world_box, tmp_path_factory.mktemp("reference") / "desk"))


@pytest.fixture(scope="session")
def lonely_reference(
    zygote: Zygote, world_box: sandbox.SandboxProcess, tmp_path_factory: pytest.TempPathFactory
) -> story.Reference:
    """The same in a repository without a server."""
    folder = tmp_path_factory.mktemp("reference") / "desk"
    return story.live(*story.new_desk(zygote, world_box, folder, server=False))


@pytest.fixture(scope="session")
def assembly_reference(
    zygote: Zygote, world_box: sandbox.SandboxProcess, tmp_path_factory: pytest.TempPathFactory
) -> story.Reference:
    """The life of a use case of every kind, without a crash or a fault."""
    folder = tmp_path_factory.mktemp("assembly") / "desk"
    return story.live(*assembly.new_desk(zygote, world_box, folder), assembly.STAGES)


@pytest.fixture
def story_desk(zygote: Zygote, world_box: sandbox.SandboxProcess, tmp_path: Path) -> Iterator[Desk]:
    """A desk on the story's account, emptied."""
    desk, _ = story.new_desk(zygote, world_box, tmp_path / "desk", server=False)
    yield desk
    world_box.admin.clear_faults()
