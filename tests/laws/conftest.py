"""The life without a crash, lived once by each test process."""

from __future__ import annotations

import pytest
import story
from world.process import Zygote

from releaser import sandbox


@pytest.fixture(scope="session")
def reference(
    zygote: Zygote, world_box: sandbox.SandboxProcess, tmp_path_factory: pytest.TempPathFactory
) -> story.Reference:
    """What each stage leaves when nothing is killed, and the moments at which it can be."""
    return story.live(*story.new_desk(zygote, world_box, tmp_path_factory.mktemp("reference") / "desk"))


@pytest.fixture(scope="session")
def lonely_reference(
    zygote: Zygote, world_box: sandbox.SandboxProcess, tmp_path_factory: pytest.TempPathFactory
) -> story.Reference:
    """The same in a repository without a server."""
    folder = tmp_path_factory.mktemp("reference") / "desk"
    return story.live(*story.new_desk(zygote, world_box, folder, server=False))
