"""Which GitLab project a repository belongs to: told by flags, by the job's variables, or by the remote."""

from __future__ import annotations

import re

from releaser.core.errors import WrongUsage
from releaser.core.iam.trust import Project
from releaser.pipeline.permitting import Place

_SCP = re.compile(r"(?:[^@/\s]+@)?([A-Za-z0-9.-]+):(?!//)([^\s]+)")
_URL = re.compile(r"(https?|ssh|git)://(?:[^@/\s]+@)?([A-Za-z0-9.-]+)(:[0-9]+)?/([^\s]+)")
_PATH = re.compile(r"[\w.-]+(?:/[\w.-]+)+")


def project_of(
    at: Place,
    *,
    server: str | None = None,
    path: str | None = None,
    audience: str | None = None,
    branch: str | None = None,
) -> Project:
    """The project whose jobs are trusted. Raises WrongUsage when nobody says which it is."""
    environ = at.repo.environ
    there = from_remote(at.repo.git.settings().get("remote.origin.url", "")) if at.repo.has_git else None
    found_server = server or environ.get("CI_SERVER_URL") or (there[0] if there else "")
    found_path = path or environ.get("CI_PROJECT_PATH") or (there[1] if there else "")
    if not found_server or not found_path:
        raise WrongUsage(
            "nobody says which GitLab project this is",
            hint="--gitlab https://gitlab.example.com --project group/project; or give the repository its remote",
        )
    if not found_server.startswith("https://") or not _PATH.fullmatch(found_path):
        raise WrongUsage(
            f"{found_server} and {found_path} are no GitLab server and project",
            hint="IAM trusts providers by https alone: --gitlab https://gitlab.example.com --project group/project",
        )
    released = branch or at.environment.spec.track or environ.get("CI_DEFAULT_BRANCH") or "main"
    return Project(found_server.rstrip("/"), found_path, audience or found_server.rstrip("/"), released)


def from_remote(url: str) -> tuple[str, str] | None:
    """Server and path of a project by the URL that git has; None for what is no GitLab's. A port is git's own, except
    that of https."""
    if found := _URL.fullmatch(url):
        port = (found[3] or "") if found[1] == "https" else ""
        host, path = found[2] + port, found[4]
    elif found := _SCP.fullmatch(url):
        host, path = found[1], found[2]
    else:
        return None
    path = path.strip("/").removesuffix(".git")
    return (f"https://{host}", path) if _PATH.fullmatch(path) else None
