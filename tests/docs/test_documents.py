"""Every command that a document shows runs; every file that it names exists."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "releaser" / "ARCHITECTURE.md"]
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")
SLOW = ("make ", ". .venv")
"""Targets of the Makefile are run by CI itself; this test is one of them."""


def blocks(path: Path) -> list[str]:
    """The shell blocks of a document, without what is run elsewhere and without comments."""
    found = []
    for block in BLOCK.findall(path.read_text(encoding="utf-8")):
        lines = [line for line in block.splitlines() if line.strip() and not line.startswith(SLOW)]
        if lines:
            found.append("\n".join(lines))
    return found


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The examples in a repository of their own."""
    root = tmp_path / "checkout"
    root.mkdir()
    for name in ("manifests", "environments"):
        shutil.copytree(ROOT / name, root / name)
    for words in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "examples"]):
        subprocess.run(["git", *words], cwd=root, check=True, env=neutral())
    return root


def neutral() -> dict[str, str]:
    who = {"GIT_AUTHOR_NAME": "t", "GIT_AUTHOR_EMAIL": "t@example.com"}
    who |= {"GIT_COMMITTER_NAME": "t", "GIT_COMMITTER_EMAIL": "t@example.com"}
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "CI", "RELEASER_"))}
    paths = {"PYTHONPATH": str(ROOT), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    return {**kept, **who, **paths, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}


@pytest.mark.parametrize("path", [p for p in DOCUMENTS if blocks(p)], ids=lambda p: p.name)
def test_every_command_runs(path: Path, checkout: Path) -> None:
    """One block is one session of a shell; the first command that fails ends it."""
    for block in blocks(path):
        script = 'set -euo pipefail\nreleaser() { python -m releaser "$@"; }\n' + _elsewhere(block)
        done = subprocess.run(["bash", "-c", script], cwd=checkout, env=neutral(), capture_output=True, text=True)
        assert done.returncode == 0, f"{path.name}:\n{block}\n{done.stdout}\n{done.stderr}"


def _elsewhere(block: str) -> str:
    """The same on a port of its own: tests run side by side."""
    return block.replace("sandbox start --detach", "sandbox start --detach --port 0")


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.name)
def test_every_link_leads_somewhere(path: Path) -> None:
    missing = [link for link in LINK.findall(path.read_text(encoding="utf-8")) if not (path.parent / link).exists()]
    assert not missing


def test_the_map_names_what_exists() -> None:
    """Modules named in ARCHITECTURE.md are there."""
    text = (ROOT / "releaser" / "ARCHITECTURE.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:core|kinds|engine|aws|store|gates|render|sandbox|cli)/[\w/]*(?:\.py)?)`", text))
    assert len(named) > 15
    assert not [name for name in named if not (ROOT / "releaser" / name).exists()]
