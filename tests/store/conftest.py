"""Real repositories: two clones and a bare remote, with nobody's git configuration."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from world.git_actors import git


@pytest.fixture(autouse=True)
def isolated(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No git configuration, no CI variables, no home from outside."""
    for name in os.environ:
        if name.startswith(("GIT_", "CI_", "GITLAB_")) or name == "CI":
            monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    monkeypatch.setenv("HOME", str(tmp_path))
    yield


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """The git server."""
    path = tmp_path / "server.git"
    git(tmp_path, "init", "-q", "--bare", "-b", "main", str(path))
    return path


def _work(path: Path) -> Path:
    git(path.parent, "init", "-q", "-b", "main", str(path))
    manifest = path / "manifests" / "claims-assistant" / "manifest.yaml"
    manifest.parent.mkdir(parents=True)
    manifest.write_text("kind: UseCase\n")
    git(path, "add", ".")
    git(path, "commit", "-q", "-m", "first")
    return path


@pytest.fixture
def alone(tmp_path: Path) -> Path:
    """A repository without a remote."""
    return _work(tmp_path / "alone")


@pytest.fixture
def clone(tmp_path: Path, bare: Path) -> Path:
    """A clone with a remote."""
    path = _work(tmp_path / "clone")
    git(path, "remote", "add", "origin", str(bare))
    git(path, "push", "-q", "-u", "origin", "main")
    return path


@pytest.fixture
def other(tmp_path: Path, clone: Path, bare: Path) -> Path:
    """A second clone of the same remote."""
    git(tmp_path, "clone", "-q", str(bare), "other")
    return tmp_path / "other"
