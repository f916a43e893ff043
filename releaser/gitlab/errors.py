"""What GitLab's refusals mean. Nothing here ever holds a token."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Literal

from releaser.core.errors import ReleaserError

_LONGEST = 300
"""Characters of GitLab's own words that are passed on."""


class GitlabError(ReleaserError):
    """A failed request. ``status``: of HTTP; 0 where there was no reply."""

    def __init__(self, message: str, *, code: str, status: int = 0, hint: str = "") -> None:
        super().__init__(message, code=code, hint=hint or _HINTS[code])
        self.status = status


class ReplyLost(GitlabError):
    """A write that may or may not have taken effect: look before deciding."""


@dataclass(frozen=True, slots=True)
class Token:
    """``private``: a personal, project or group access token; ``job``: of a CI job, which may write little."""

    kind: Literal["private", "job"]
    value: str = field(repr=False)

    @property
    def header(self) -> str:
        """The header that carries it."""
        return "JOB-TOKEN" if self.kind == "job" else "PRIVATE-TOKEN"

    def hidden_in(self, text: str) -> str:
        """The text without it."""
        return text.replace(self.value, "[token]")


def by_status(status: int, what: str, body: bytes, token: Token) -> GitlabError:
    """The error of a reply that is no success. ``what``: method and path."""
    said = token.hidden_in(_said(body))
    message = f"GitLab answered {status} to {what}" + (f": {said}" if said else "")
    return GitlabError(message, code=_code(status), status=status, hint=_JOB_TOKEN if _is_job(status, token) else "")


def strange(what: str, why: str) -> GitlabError:
    """The error of a reply that GitLab does not send."""
    return GitlabError(f"the reply to {what} is not GitLab's: {why}", code="L109")


def _code(status: int) -> str:
    if status >= 500 or status == 408:
        return "L107"
    return _CODES.get(status, "L105")


def _is_job(status: int, token: Token) -> bool:
    return token.kind == "job" and status in (401, 403, 404)


def _said(body: bytes) -> str:
    """GitLab's own words: ``message``, a text or texts by field, or ``error`` with its description."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(found, dict):
        return ""
    words = found.get("message") or found.get("error_description") or found.get("error") or ""
    text = words if isinstance(words, str) else json.dumps(words, ensure_ascii=False)
    text = re.sub(r"[^\x20-\x7e\xa0-\uffff]+", " ", text).strip()
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


_CODES = {401: "L101", 403: "L102", 404: "L103", 409: "L104", 429: "L106"}
_JOB_TOKEN = (
    "the job token may do little: set RELEASER_GITLAB_TOKEN, a project access token with the scope `api`, masked"
)
_HINTS = {
    "L100": "check the network, the proxy variables and CI_SERVER_URL, then run the same command again",
    "L101": "renew RELEASER_GITLAB_TOKEN: a project access token with the scope `api`, masked",
    "L102": "give the token the scope `api` and the role that this needs (Developer for most)",
    "L103": "see that the token belongs to this project, and that the feature is in its licence",
    "L104": "run the same command again: it looks first",
    "L105": "please report the message: what is sent should be valid",
    "L106": "run the same command again later",
    "L107": "look at the state of GitLab, then run the same command again",
    "L108": "run the same command again: it looks before it writes",
    "L109": "see what answers at CI_SERVER_URL: a login page or a proxy may stand before GitLab",
    "L110": "let CI_SERVER_TLS_CA_FILE name the file with the issuer's certificate",
    "L111": "unset it, or set it as GitLab does",
}
