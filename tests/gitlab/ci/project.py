"""A project on a GitLab: its repository, variables, merge requests, locks, and the pipelines that they start."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

from stub import Gitlab
from stub_state import MOMENT
from world.repository import Repository

from ci import job as jobs
from ci import pipeline as files
from ci.door import Door
from ci.job import Ran
from ci.pipeline import Job
from releaser.sandbox.iam.issuer import Issuer

ISSUER = "https://gitlab.example.com"
PATH = "bank/releases"
_IDS = itertools.count(7001)


@dataclass(frozen=True)
class Variable:
    """A CI/CD variable of the project."""

    key: str
    value: str
    environment: str = "*"
    is_protected: bool = False


@dataclass
class Project:
    """``main`` is the default branch, and the only one that is protected."""

    repo: Repository
    """A clone of its own."""
    folder: Path
    door: Door
    gitlab: Gitlab
    issuer: Issuer | None = None
    """Who signs identity tokens; without one they are empty."""
    variables: list[Variable] = field(default_factory=list)
    components: dict[str, Path] = field(default_factory=dict)
    """What ``include: component`` finds, by its path."""
    locks: dict[str, threading.Lock] = field(default_factory=dict)
    """Of resource groups."""
    has_locks: bool = True

    @property
    def server(self) -> Path:
        assert self.repo.server is not None
        return self.repo.server

    def propose(self, branch: str, author: str = "dana", *, merged_results: bool = False) -> Pipeline:
        """Opens a merge request for a branch that was pushed, or finds it; its pipeline: on the branch, or on what
        merging it now would give."""
        self.repo.git("fetch", "-q", "origin")
        head = self.repo.git("rev-parse", f"origin/{branch}")
        opened = [r for r in self.gitlab.state.merge_requests if (r["source_branch"], r["state"]) == (branch, "opened")]
        row = opened[0] if opened else self.gitlab.state.merge_request(branch, author=author)
        row["sha"] = head
        base = self.repo.git("merge-base", "origin/main", head)
        said = {
            "CI_PIPELINE_SOURCE": "merge_request_event",
            "CI_COMMIT_REF_NAME": branch,
            "CI_MERGE_REQUEST_IID": str(row["iid"]),
            "CI_MERGE_REQUEST_PROJECT_PATH": PATH,
            "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": PATH,
            "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": branch,
            "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
            "CI_MERGE_REQUEST_DIFF_BASE_SHA": base,
        }
        if merged_results:
            said |= {"CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": head}
            said |= {"CI_MERGE_REQUEST_TARGET_BRANCH_SHA": self.repo.git("rev-parse", "origin/main")}
            self.repo.git("checkout", "-q", "--detach", "origin/main")
            self.repo.git("merge", "-q", "--no-ff", "-m", "merged result", head)
            head = self.repo.git("rev-parse", "HEAD")
            self.repo.git("push", "-q", "origin", f"HEAD:refs/merge-requests/{row['iid']}/merge")
        return self._pipeline(head, said)

    def merge(self, branch: str, by: str = "eve", approved_by: str = "") -> Pipeline:
        """Merges the merge request of a branch, once somebody approved it; the pipeline of main."""
        row = next(
            r for r in self.gitlab.state.merge_requests if r["source_branch"] == branch and r["state"] == "opened"
        )
        if approved_by:
            approval = {"user": self.gitlab.state.user(approved_by), "approved_at": MOMENT}
            self.gitlab.state.approved_by[row["iid"]] = [approval]
        self.repo.git("fetch", "-q", "origin")
        self.repo.git("checkout", "-q", "-B", "main", "origin/main")
        self.repo.git("merge", "-q", "--no-ff", "-m", f"Merge branch '{branch}' into 'main'", f"origin/{branch}")
        self.repo.git("push", "-q", "origin", "main")
        commit = self.repo.git("rev-parse", "HEAD")
        row |= {"state": "merged", "merge_commit_sha": commit, "merge_user": self.gitlab.state.user(by)}
        self.gitlab.state.merge_requests_of[commit] = [row["iid"]]
        return self.pushed()

    def pushed(self, source: str = "push") -> Pipeline:
        """The pipeline of main as it is now."""
        self.repo.git("fetch", "-q", "origin")
        commit = self.repo.git("rev-parse", "origin/main")
        return self._pipeline(
            commit, {"CI_PIPELINE_SOURCE": source, "CI_COMMIT_BRANCH": "main", "CI_COMMIT_REF_NAME": "main"}
        )

    def _pipeline(self, commit: str, said: Mapping[str, str]) -> Pipeline:
        number = next(_IDS)
        known = {
            "CI": "true",
            "GITLAB_CI": "true",
            "CI_SERVER_URL": self.gitlab.url,
            "CI_API_V4_URL": self.gitlab.api,
            "CI_PROJECT_ID": "12",
            "CI_PROJECT_PATH": PATH,
            "CI_PROJECT_URL": self.server.with_suffix("").as_uri(),
            "CI_DEFAULT_BRANCH": "main",
            "CI_COMMIT_SHA": commit,
            "CI_COMMIT_REF_PROTECTED": "true" if said.get("CI_COMMIT_BRANCH") == "main" else "false",
            "CI_PIPELINE_ID": str(number),
            "CI_PIPELINE_URL": f"{self.gitlab.url}/{PATH}/-/pipelines/{number}",
            "CI_JOB_TOKEN": "job-1",
            "GITLAB_USER_ID": "1",
            "GITLAB_USER_LOGIN": "dana",
            "GITLAB_USER_NAME": "Dana",
            "GITLAB_USER_EMAIL": "dana@example.com",
            **said,
        }
        self.repo.git("checkout", "-q", "--detach", commit)
        every = files.merged(self.repo.root, self.components)
        return Pipeline(self, commit, known, files.jobs(every, known))

    def variables_of(self, environment: str, given: Mapping[str, str]) -> dict[str, str]:
        """Those that a job may have: scoped to its environment, protected ones on protected branches alone."""
        found = {}
        for one in sorted(self.variables, key=lambda v: v.environment != "*"):
            may = given["CI_COMMIT_REF_PROTECTED"] == "true" or not one.is_protected
            if may and one.environment in ("*", environment):
                found[one.key] = one.value
        return found

    def token(self, audience: str, env: Mapping[str, str]) -> str:
        """The identity token of a job."""
        if self.issuer is None:
            return ""
        sub = f"project_path:{PATH}:ref_type:branch:ref:{env['CI_COMMIT_REF_NAME']}"
        return self.issuer.token(sub=sub, aud=audience, iat=1_600_000_000, exp=4_000_000_000)

    def lock(self, group: str) -> threading.Lock:
        return self.locks.setdefault(group, threading.Lock())


@dataclass
class Pipeline:
    """A pipeline and how its jobs stand: created, success, warning, failed, skipped, manual."""

    project: Project
    commit: str
    variables: Mapping[str, str]
    jobs: list[Job]
    states: dict[str, str] = field(default_factory=dict)
    ran: dict[str, Ran] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.states = {j.name: "created" for j in self.jobs}
        self.ids = {j.name: str(next(_IDS)) for j in self.jobs}

    def run(self, workers: int = 3) -> Pipeline:
        """Until nothing is left that may run."""
        with ThreadPoolExecutor(workers) as pool:
            under_way: dict[Future[None], Job] = {}
            while True:
                for job in self._ready():
                    self.states[job.name] = "running"
                    under_way[pool.submit(self._run, job)] = job
                if not under_way:
                    return self
                for done in wait(under_way, return_when=FIRST_COMPLETED).done:
                    del under_way[done]
                    done.result()

    def play(self, name: str) -> Pipeline:
        """Starts a manual job."""
        assert self.states[name] == "manual"
        self._run(replace(self.job(name), when="on_success"))
        return self

    def again(self, name: str) -> Pipeline:
        """Starts a job again."""
        self.ids[name] = str(next(_IDS))
        self._run(self.job(name))
        return self

    def job(self, name: str) -> Job:
        return next(j for j in self.jobs if j.name == name)

    def log(self, name: str) -> str:
        return self.ran[name].log

    def passed(self) -> bool:
        return not {"failed", "created", "running"} & set(self.states.values())

    def explained(self) -> str:
        """How it stands, with the logs of what is not well."""
        logs = [f"--- {n}\n{r.log}" for n, r in self.ran.items() if self.states[n] in ("failed", "warning")]
        return "\n".join([*(f"{s}: {n}" for n, s in self.states.items()), *logs])

    def _ready(self) -> list[Job]:
        found = []
        moved = True
        while moved:
            moved = False
            for job in self.jobs:
                if self.states[job.name] == "created" and job not in found:
                    fate = self._fate(job)
                    if fate == "run":
                        found.append(job)
                    elif fate:
                        self.states[job.name], moved = fate, True
        return found

    def _fate(self, job: Job) -> str:
        """``run``, the state that it has without running, or nothing yet."""
        before = [self.states[j.name] for j in self._before(job)]
        if {"created", "running"} & set(before):
            return ""
        if job.when == "always":
            return "run"
        bad = {"failed", "skipped"} if job.needs is None else {"failed", "skipped", "manual"}
        return "skipped" if bad & set(before) else "manual" if job.when == "manual" else "run"

    def _before(self, job: Job) -> list[Job]:
        if job.needs is None:
            return [j for j in self.jobs if j.stage < job.stage]
        wanted = {n.job for n in job.needs}
        return [j for j in self.jobs if j.group in wanted]

    def _run(self, job: Job) -> None:
        brought = {n.job for n in job.needs if n.artifacts} if job.needs is not None else None
        before = [
            self.ran[j.name]
            for j in self._before(job)
            if j.name in self.ran and (brought is None or j.group in brought)
        ]
        variables = {**self.variables, "CI_JOB_ID": self.ids[job.name]}
        variables["CI_JOB_URL"] = f"{self.project.gitlab.url}/{PATH}/-/jobs/{self.ids[job.name]}"
        group = files.expanded(job.words.get("resource_group", ""), job.cell) if self.project.has_locks else ""
        self.project.gitlab.state.tags |= set(self.project.repo.tags())
        with self.project.lock(group) if group else nullcontext():
            ran = jobs.run(self.project, job, variables, before, self.commit)
        self.ran[job.name] = ran
        warned = job.allowed if isinstance(job.allowed, bool) else ran.code in job.allowed
        self.states[job.name] = "success" if ran.code == 0 else "warning" if warned else "failed"
