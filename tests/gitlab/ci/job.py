"""One job on a runner with a shell: a fresh clone, its variables, what other jobs left, its script."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ci.component import InvalidPipeline
from ci.pipeline import Job, expanded

if TYPE_CHECKING:
    from ci.project import Project

REFS = ("+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*")
_REPORTS = {"codequality", "junit", "terraform", "metrics", "annotations", "dotenv"}


@dataclass
class Ran:
    """What a job left."""

    code: int
    log: str
    folder: Path
    """Its artifacts."""
    reports: Mapping[str, str] = field(default_factory=dict)
    """Report -> its text, of those whose file is there."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Of its dotenv report."""


def run(project: Project, job: Job, variables: Mapping[str, str], before: Iterable[Ran], commit: str) -> Ran:
    """Runs a job from begin to end."""
    number = variables["CI_JOB_ID"]
    tree, kept = project.folder / "builds" / number, project.folder / "artifacts" / number
    git = Shell(tree, {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "PATH": os.environ["PATH"]})
    tree.mkdir(parents=True)
    git("git", "init", "-q", "--template=", "-b", "none")
    git("git", "remote", "add", "origin", str(project.server))
    git("git", "fetch", "-q", "origin", *REFS, commit)
    git("git", "checkout", "-q", "--detach", commit)
    env = environment(project, job, {**variables, "CI_PROJECT_DIR": str(tree)})
    for earlier in before:
        shutil.copytree(earlier.folder, tree, dirs_exist_ok=True)
        env |= earlier.variables
    cache = _cache(project, job, env)
    if cache is not None and cache.exists():
        shutil.copytree(cache, tree, dirs_exist_ok=True)
    script = f"set -eo pipefail\n{job.script}\n"
    done = subprocess.run(["bash", "-c", script], cwd=tree, env=env, capture_output=True, text=True)
    if cache is not None:
        _keep(tree, cache, job.words["cache"]["paths"])
    words = job.words.get("artifacts", {})
    kept.mkdir(parents=True)
    if words.get("when", "on_success") == "always" or done.returncode == 0:
        _keep(tree, kept, words.get("paths", []))
    reports = {n: tree / expanded(path, env) for n, path in words.get("reports", {}).items()}
    if unknown := reports.keys() - _REPORTS:
        raise InvalidPipeline(f"{job.name}: reports {sorted(unknown)}")
    found = {n: path.read_text(encoding="utf-8") for n, path in reports.items() if path.exists()}
    lines = found.get("dotenv", "").splitlines()
    dotenv = dict(line.split("=", 1) for line in lines)
    shutil.rmtree(tree)
    return Ran(done.returncode, done.stdout + done.stderr, kept, found, dotenv)


def environment(project: Project, job: Job, given: Mapping[str, str]) -> dict[str, str]:
    """The variables of a job: GitLab's, the file's, then the project's that this job may have."""
    words = job.words
    name = expanded(words.get("environment", {}).get("name", ""), job.cell)
    base = {"PATH": f"{project.door.bin}:{os.environ['PATH']}", "HOME": str(project.folder), "LANG": "C.UTF-8"}
    base |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "GIT_TEST_FSYNC": "0"}
    if name:
        base["CI_ENVIRONMENT_NAME"] = name
    own = project.variables_of(name, given)
    env = {**base, **given, "CI_JOB_NAME": job.name, **job.cell, **own}
    declared = {k: str(v) for k, v in words.get("variables", {}).items()}
    env |= {k: expanded(v, {**env, **{n: t for n, t in declared.items() if n != k}}) for k, v in declared.items()}
    env |= {k: v for k, v in own.items() if k in declared}
    for token, claims in words.get("id_tokens", {}).items():
        env[token] = project.token(expanded(claims["aud"], env), env)
    return env


def _cache(project: Project, job: Job, env: Mapping[str, str]) -> Path | None:
    """Protected branches have caches of their own."""
    words: Mapping[str, Any] | None = job.words.get("cache")
    if words is None:
        return None
    kind = "protected" if env["CI_COMMIT_REF_PROTECTED"] == "true" else "non_protected"
    return project.folder / "caches" / f"{expanded(words['key'], env)}-{kind}"


def _keep(tree: Path, place: Path, paths: Iterable[str]) -> None:
    for path in paths:
        source, target = tree / path, place / path
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        elif source.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)


@dataclass(frozen=True)
class Shell:
    """Commands in a folder; one that fails is an error."""

    folder: Path
    env: Mapping[str, str]

    def __call__(self, *words: str) -> str:
        done = subprocess.run(words, cwd=self.folder, env=self.env, capture_output=True, text=True)
        if done.returncode:
            raise AssertionError(f"{words}: {done.stderr}")
        return done.stdout.strip()
