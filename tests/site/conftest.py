"""The history and the pages made from it, once for all tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from site_world import AS_OF, hostile_release

from benchmarks import history
from releaser.pipeline.site_build import build
from releaser.wiring import Repository, repository


@contextmanager
def nobodys_git() -> Iterator[None]:
    """No git configuration and no CI variables from outside."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("GIT_", "CI_", "GITLAB_", "RELEASER_ROOT")):
                patch.delenv(name)
        patch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
        patch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
        yield


@pytest.fixture(autouse=True)
def isolated() -> Iterator[None]:
    with nobodys_git():
        yield


@pytest.fixture(scope="session")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    root = tmp_path_factory.mktemp("history") / "repository"
    with nobodys_git():
        history.write(root, 24, 4)
        hostile_release(root)
        return repository(root)


@pytest.fixture(scope="session")
def site(repo: Repository, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages."""
    out = tmp_path_factory.mktemp("pages") / "site"
    with nobodys_git():
        build(repo, out, title="Releases & more", as_of=AS_OF, workers=1)
    return out
