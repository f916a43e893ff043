"""Values that look like credentials. Found by their own marks, or by the name of the field they stand in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from releaser.core.kind import Problem
from releaser.core.values import Path, leaves

_MARKS: tuple[tuple[str, str], ...] = (
    ("an AWS access key", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    ("a private key", r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY"),
    ("a GitLab token", r"\bgl(?:pat|cbt|dt|rt|ptt)-[\w-]{20,}"),
    ("a GitHub token", r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{22,})"),
    ("a Slack token", r"\bxox[abeprs]-[\w-]{10,}"),
    ("an API key", r"\bsk-(?:ant-|proj-)?[A-Za-z0-9_-]{32,}"),
    ("a JSON web token", r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"),
    ("a password in a URL", r"\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@]{1,60}:[^\s/@]{3,80}@"),
)
_ANY = re.compile("|".join(f"(?P<m{i}>{pattern})" for i, (_, pattern) in enumerate(_MARKS)))
# A few cheap looks decide for nearly every file that there is nothing to find.
_QUICK: tuple[str, ...] = ("AKIA", "ASIA", "PRIVATE", "://", "sk-", "eyJ", "xox", "github_pat")
_QUICK += ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "glpat-", "glcbt-", "gldt-", "glrt-", "glptt-")
_NAMES: tuple[str, ...] = ("passw", "secret", "apikey", "api_key", "accesskey", "access_key")
_NAMES += ("authtoken", "auth_token", "accesstoken", "access_token")
_FIELD = re.compile(r"(?i)(password|passwd|secret|api_?key|access_?key|auth_?token|access_?token)s?$")


def secrets_in(data: Any, text: str) -> Iterator[Problem]:
    """Leaves of ``data`` that look like secrets. ``text`` is the file's text, for a quick way out."""
    marked = any(mark in text for mark in _QUICK)
    folded = text.casefold()
    named = any(name in folded for name in _NAMES)
    if not (marked or named):
        return
    for path, leaf in leaves(data):
        if not isinstance(leaf, str):
            continue
        what = (_marked(leaf) if marked else None) or (_named(path, leaf) if named else None)
        if what:
            hint = "remove it, revoke it, and read it from a secret store"
            yield Problem("E601", f"this looks like {what}", path, hint)


def secret_at(text: str) -> tuple[str, int, int] | None:
    """What looks like a secret in a prompt file, with its start and end; only by its own marks."""
    if not any(mark in text for mark in _QUICK):
        return None
    found = _ANY.search(text)
    return (_what(found), found.start(), found.end()) if found else None


def _marked(value: str) -> str | None:
    found = _ANY.search(value)
    return _what(found) if found else None


def _what(found: re.Match[str]) -> str:
    return _MARKS[int((found.lastgroup or "m0")[1:])][0]


def _named(path: Path, value: str) -> str | None:
    name = next((part for part in reversed(path) if isinstance(part, str)), "")
    plain = len(value) >= 8 and " " not in value and "${" not in value and not value.startswith("arn:")
    return "a secret, by the name of its field" if plain and _FIELD.search(name) else None
