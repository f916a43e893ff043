"""What GitLab CI tells a job: read once from its variables, each held to the shape that GitLab gives it.

Names of branches come from whoever opens a merge request, and a variable can be set by hand: a value of another shape
is an error, never used (docs.gitlab.com: predefined CI/CD variables). Values are not repeated in messages.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from releaser.core.errors import ReleaserError
from releaser.gitlab.errors import Token

TOKEN = "RELEASER_GITLAB_TOKEN"
_HERE = ("localhost", "127.0.0.1", "::1")
_NUMBER = re.compile(r"[1-9][0-9]{0,17}")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_PATH = re.compile(r"(?!.*/\.*(/|$))[A-Za-z0-9_.][A-Za-z0-9_.-]*(/[A-Za-z0-9_.][A-Za-z0-9_.-]*)+")
_LOGIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}")
# Neither controls nor what hides or reorders text: git takes it in a name, and nobody means well by it.
_REF = re.compile(r"(?!-)[^\x00-\x20\x7f-\xa0\u200b-\u200f\u2028-\u202e\u2060-\u2069~^:?*\[\\]{1,1024}")
_LINE = re.compile(r"[^\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069]{1,1024}")
_SECRET = re.compile(r"[!-~]{1,8192}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestPipeline:
    """The merge request of a pipeline for merge requests."""

    number: int
    """The one behind ``!``."""
    source_branch: str
    target_branch: str
    source_project: str
    source_commit: str
    """Empty where the pipeline runs on the source branch as it is; else the branch's own newest commit."""
    diff_base: str

    def is_from_fork(self, project: str) -> bool:
        """Its pipeline has no secrets of the project, and must be given none."""
        return self.source_project != project


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One job. Outside GitLab CI everything is empty."""

    server: str = ""
    api: str = ""
    project: int = 0
    project_path: str = ""
    default_branch: str = ""
    commit: str = ""
    branch: str = ""
    """Empty in pipelines of tags and of merge requests."""
    tag: str = ""
    pipeline: int = 0
    pipeline_url: str = ""
    pipeline_source: str = ""
    job: int = 0
    job_name: str = ""
    job_url: str = ""
    user: int = 0
    user_name: str = ""
    environment: str = ""
    is_frozen: bool = False
    """A freeze period of the project is on."""
    merge_request: RequestPipeline | None = None
    certificates: str = ""
    """The file with the issuers that the runner trusts."""
    proxy: str = field(default="", repr=False)
    token: Token | None = None
    """RELEASER_GITLAB_TOKEN, else the job's own."""

    @property
    def is_in_ci(self) -> bool:
        return bool(self.job)


def read_context(environ: Mapping[str, str]) -> Context:
    """The job's context. Raises ReleaserError for a value that GitLab never sets."""
    server = _address(environ, "CI_SERVER_URL")
    api = _address(environ, "CI_API_V4_URL") or (f"{server}/api/v4" if server else "")
    if api and not api.startswith(f"{server}/"):
        raise _wrong("CI_API_V4_URL", "it is not below CI_SERVER_URL")
    return Context(
        server=server,
        api=api,
        project=_number(environ, "CI_PROJECT_ID"),
        project_path=_text(environ, "CI_PROJECT_PATH", _PATH),
        default_branch=_text(environ, "CI_DEFAULT_BRANCH", _REF),
        commit=_text(environ, "CI_COMMIT_SHA", _COMMIT),
        branch=_text(environ, "CI_COMMIT_BRANCH", _REF),
        tag=_text(environ, "CI_COMMIT_TAG", _REF),
        pipeline=_number(environ, "CI_PIPELINE_ID"),
        pipeline_url=_address(environ, "CI_PIPELINE_URL"),
        pipeline_source=_text(environ, "CI_PIPELINE_SOURCE", re.compile(r"[a-z_]{1,64}")),
        job=_number(environ, "CI_JOB_ID"),
        job_name=_text(environ, "CI_JOB_NAME", _LINE),
        job_url=_address(environ, "CI_JOB_URL"),
        user=_number(environ, "GITLAB_USER_ID"),
        user_name=_text(environ, "GITLAB_USER_LOGIN", _LOGIN),
        environment=_text(environ, "CI_ENVIRONMENT_NAME", _LINE),
        is_frozen=bool(environ.get("CI_DEPLOY_FREEZE")),
        merge_request=_merge_request(environ),
        certificates=_text(environ, "CI_SERVER_TLS_CA_FILE", _LINE),
        proxy=_proxy(environ, api),
        token=_token(environ),
    )


def _merge_request(environ: Mapping[str, str]) -> RequestPipeline | None:
    number = _number(environ, "CI_MERGE_REQUEST_IID")
    if not number:
        return None
    return RequestPipeline(
        number=number,
        source_branch=_text(environ, "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", _REF),
        target_branch=_text(environ, "CI_MERGE_REQUEST_TARGET_BRANCH_NAME", _REF),
        source_project=_text(environ, "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH", _PATH),
        source_commit=_text(environ, "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", _COMMIT),
        diff_base=_text(environ, "CI_MERGE_REQUEST_DIFF_BASE_SHA", _COMMIT),
    )


def _token(environ: Mapping[str, str]) -> Token | None:
    """A variable that is protected is empty, or its own name, where a job may not have it."""
    for name in (TOKEN, "CI_JOB_TOKEN"):
        value = environ.get(name, "").strip()
        if value and value not in (f"${name}", f"${{{name}}}"):
            if not _SECRET.fullmatch(value):
                raise _wrong(name, "a token is printable and in one line")
            return Token("private" if name == TOKEN else "job", value)
    return None


def _proxy(environ: Mapping[str, str], api: str) -> str:
    """The proxy to GitLab, by the variables that git and AWS's tools read too; this machine needs none."""
    parts = urlsplit(api)
    found = environ.get("https_proxy") or environ.get("HTTPS_PROXY") or ""
    spared = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    if parts.scheme != "https" or not found or _is_spared(parts.hostname or "", spared):
        return ""
    return found if "://" in found else f"http://{found}"


def _is_spared(host: str, spared: str) -> bool:
    """Whether ``no_proxy`` names the host or a domain that it is in."""
    names = [name.strip().lstrip(".").lower() for name in spared.split(",")]
    return any(name == "*" or f".{host.lower()}".endswith(f".{name}") for name in names if name)


def _address(environ: Mapping[str, str], name: str) -> str:
    """https, or this machine: a token never travels in the clear."""
    said = environ.get(name, "").rstrip("/")
    if not said:
        return ""
    try:
        parts = urlsplit(said)
        port_is_right = parts.port != 0
    except ValueError:
        raise _wrong(name, "it is no address") from None
    if re.search(r"[^!-~]", said) or parts.query or parts.fragment or parts.username is not None or not port_is_right:
        raise _wrong(name, "it is no address of a server")
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _HERE):
        raise _wrong(name, "it is neither https nor on this machine, and a token would travel in the clear")
    if not parts.hostname:
        raise _wrong(name, "it names no server")
    return said


def _number(environ: Mapping[str, str], name: str) -> int:
    return int(_text(environ, name, _NUMBER) or 0)


def _text(environ: Mapping[str, str], name: str, pattern: re.Pattern[str]) -> str:
    """A variable that is not set, or set to nothing, is empty."""
    said = environ.get(name, "")
    if said and not pattern.fullmatch(said):
        raise _wrong(name, "its value has another shape")
    return said


def _wrong(name: str, why: str) -> ReleaserError:
    return ReleaserError(
        f"the CI variable {name} is not as GitLab sets it: {why}", code="L111", hint=f"unset {name}, or set it right"
    )
