"""A git repository with manifests, as an engineer has it, with nobody's git configuration."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from releaser.core.chain import verify
from world import manifest

LETTER = "Answer this letter of a customer in three friendly sentences.\n\n<letter>\n{{letter}}\n</letter>\n"
_PASSED = ("PATH", "LANG", "TMPDIR")


def git_environment(home: Path) -> dict[str, str]:
    """What git may know: no configuration, an identity, no waiting for disks (the machine stays up in tests)."""
    kept = {k: v for k, v in os.environ.items() if k in _PASSED}
    return {
        **kept,
        "HOME": str(home),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_TEST_FSYNC": "0",
        "GIT_AUTHOR_NAME": "Engineer",
        "GIT_AUTHOR_EMAIL": "engineer@example.com",
        "GIT_COMMITTER_NAME": "Engineer",
        "GIT_COMMITTER_EMAIL": "engineer@example.com",
    }


@dataclass
class Repository:
    """A work tree. ``server`` is its bare remote, when it has one."""

    root: Path
    server: Path | None = None

    @property
    def env(self) -> dict[str, str]:
        return git_environment(self.root.parent)

    def git(self, *args: str) -> str:
        done = subprocess.run(["git", *args], cwd=self.root, env=self.env, capture_output=True, text=True)
        if done.returncode:
            raise AssertionError(f"git {' '.join(args)}: {done.stderr}")
        return done.stdout.strip()

    def write(self, path: str, text: str) -> None:
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")

    def declare(self, document: Mapping[str, Any], texts: Mapping[str, str] | None = None) -> None:
        """Writes a use case with its prompt files (``texts`` by prompt name, a letter's by default)."""
        name = document["metadata"]["name"]
        self.write(f"manifests/{name}/manifest.yaml", manifest.text(document))
        for prompt in document["spec"].get("prompts", {}):
            self.write(f"manifests/{name}/prompts/{prompt}.md", (texts or {}).get(prompt, LETTER))

    def environment(self, name: str, account: str, **spec: Any) -> None:
        self.write(f"environments/{name}/environment.yaml", manifest.text(manifest.environment(name, account, **spec)))

    def remove(self, use_case: str) -> None:
        shutil.rmtree(self.root / "manifests" / use_case)

    def commit(self, message: str = "change") -> str:
        """Commits everything, and pushes it when there is a server."""
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        if self.server is not None:
            self.git("push", "-q", "origin", "HEAD:main")
        return self.git("rev-parse", "HEAD")

    def clone(self, path: Path) -> Repository:
        """Another engineer's clone of the same server."""
        assert self.server is not None
        subprocess.run(["git", "clone", "-q", str(self.server), str(path)], env=self.env, check=True)
        return Repository(path, self.server)

    def records(self) -> dict[str, bytes]:
        """Every file on the branch of records: the server's, when there is one."""
        place = self.server or self.root
        listed = subprocess.run(
            ["git", "ls-tree", "-r", "--name-only", "releases"], cwd=place, env=self.env, capture_output=True, text=True
        )
        paths = listed.stdout.split()
        if not paths:
            return {}
        names = "".join(f"releases:{p}\n" for p in paths)
        raw = subprocess.run(
            ["git", "cat-file", "--batch"], cwd=place, env=self.env, input=names.encode(), capture_output=True
        ).stdout
        found, at = {}, 0
        for path in paths:
            end = raw.index(b"\n", at)
            size = int(raw[at:end].rsplit(b" ", 1)[1])
            found[path] = raw[end + 1 : end + 1 + size]
            at = end + size + 2
        return found

    def tags(self) -> list[str]:
        """Release tags of the server, else of the work tree."""
        place = self.server or self.root
        done = subprocess.run(["git", "tag"], cwd=place, env=self.env, capture_output=True, text=True, check=True)
        return sorted(done.stdout.split())


def create(folder: Path, *, server: bool = False) -> Repository:
    """An empty repository ``work`` in ``folder``, with a bare ``server.git`` if wanted."""
    env = git_environment(folder)
    folder.mkdir(parents=True, exist_ok=True)
    bare = folder / "server.git" if server else None

    def git(*args: str) -> None:
        subprocess.run(["git", *args], cwd=folder, env=env, check=True)

    git("init", "-q", "-b", "main", "--template=", "work")
    if bare is not None:
        git("init", "-q", "--bare", "-b", "main", "--template=", "server.git")
        git("-C", "work", "remote", "add", "origin", "../server.git")
    return Repository(folder / "work", bare)


def folders(records: Mapping[str, bytes]) -> dict[str, set[str]]:
    """Record folder -> names of its entries; evidence is none."""
    found: dict[str, set[str]] = {}
    for path in records:
        place, _, name = path.rpartition("/")
        if place.endswith("/evidence"):
            continue
        found.setdefault(place, set()).add(name)
    return found


def sound(records: Mapping[str, bytes]) -> list[str]:
    """What is wrong with the chains of all sequences; empty when nothing is."""
    sequences: dict[str, dict[str, bytes]] = {}
    for path, raw in records.items():
        sequences.setdefault("/".join(path.split("/")[:2]), {})[path] = raw
    return [str(problem) for files in sequences.values() for problem in verify(files)]


def names(items: Iterable[str]) -> list[str]:
    """Sorted, for messages."""
    return sorted(items)
