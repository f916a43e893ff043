"""The identity token of a job: what it claims, and which line of a trust policy refuses it. No more of it is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from releaser.core.checkup import Check, State
from releaser.core.document import Document
from releaser.core.errors import ReleaserError, WrongUsage
from releaser.core.iam.role import Role
from releaser.core.iam.token import claims_of, shown, untimely
from releaser.core.iam.trust import judged, trust_policy
from releaser.engine.compile import site_of
from releaser.pipeline.permitting import Place
from releaser.pipeline.trusting import project_of
from releaser.render.iam import document_text
from releaser.store.yaml import load

VARIABLE, FILE_VARIABLE = "RELEASER_OIDC_TOKEN", "AWS_WEB_IDENTITY_TOKEN_FILE"


def checks(at: Place, role: Role, trust: Path | None) -> Iterator[Check]:
    """Nothing to say where there is no token and no trust policy was given."""
    try:
        token = _token(at.repo.environ)
        if token is None:
            if trust is not None:
                raise ReleaserError("there is no token to hold it against", hint=f"set {FILE_VARIABLE} or {VARIABLE}")
            return
        claims = claims_of(token)
    except ValueError as error:
        todo = "give the job `id_tokens`, and write the token to the file as it is"
        yield Check("token", "problem", f"this is no identity token: {error}", todo)
        return
    except ReleaserError as error:
        yield Check("token", "problem", str(error), error.hint)
        return
    late = tuple(untimely(claims, at.repo.clock.now()))
    todo = "run the job again: a token lives as long as its job may"
    yield Check(
        "token", "problem" if late else "ok", "; ".join(late) or "it counts now", todo if late else "", shown(claims)
    )
    try:
        yield from _trusted(at, role, trust, claims)
    except WrongUsage as error:
        yield Check("trust", "unknown", str(error), error.hint)
    except ReleaserError as error:
        yield Check("trust", "problem", str(error), error.hint)


def _token(environ: Mapping[str, str]) -> str | None:
    if environ.get(VARIABLE):
        return environ[VARIABLE]
    path = environ.get(FILE_VARIABLE)
    if not path:
        return None
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise ReleaserError(
            f"{path}: {error.strerror}", hint=f"{FILE_VARIABLE} names the file with the token"
        ) from None


def _trusted(at: Place, role: Role, trust: Path | None, claims: Mapping[str, Any]) -> Iterator[Check]:
    document = _given(trust) if trust is not None else _ours(at, role)
    taken, findings = judged(document.data, claims)
    for one in findings:
        place = f"{document.path}:{document.locate(one.at, key=True).line}"
        state: State = "unknown" if one.weight == "unknown" else "problem"
        yield Check("trust", state, f"{place}: {one.said}", one.hint)
    if taken:
        yield Check("trust", "ok", f"{document.path} takes this token for the role {role}")


def _given(path: Path) -> Document:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ReleaserError(f"{path}: {error.strerror}", hint="--trust names a file with a trust policy") from None
    found = load(raw, str(path))
    if not isinstance(found, Document):
        raise ReleaserError(f"{path}:{found[0].line}: {found[0].message}", hint="a trust policy is a JSON document")
    return found


def _ours(at: Place, role: Role) -> Document:
    """The policy that ``releaser iam trust`` prints; with its audience where the job's variables tell none."""
    project = project_of(at)
    partition = site_of(at.environment, at.target).partition
    text = document_text(trust_policy(project, role, at.target.account, partition))
    found = load(text, f"`releaser iam trust --role {role}`")
    assert isinstance(found, Document)
    return found
