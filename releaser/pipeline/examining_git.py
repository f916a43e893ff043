"""Whether records can be kept: the repository, its remote, the branch of records, signatures."""

from __future__ import annotations

from collections.abc import Iterator

from releaser import wiring
from releaser.core.checkup import Check
from releaser.core.errors import ReleaserError
from releaser.store.remote import RELEASES
from releaser.store.signing import ALLOWED_SIGNERS, KEY_VARIABLE, settings_of, signer_for


def checks(repo: wiring.Repository) -> Iterator[Check]:
    """Reads the remote as a run does, and pushes nothing: whether it takes a push is told by the first one."""
    try:
        git = repo.git
        shallow = git.run("rev-parse", "--is-shallow-repository").text == "true"
    except ReleaserError as error:
        yield Check("git", "problem", str(error), error.hint)
        return
    if shallow:
        todo = "in CI set GIT_DEPTH: 0; elsewhere git fetch --unshallow"
        yield Check("git", "problem", "this clone is shallow: releases and records need its history", todo)
    try:
        yield _records(repo)
    except ReleaserError as error:
        yield Check("records", "problem", str(error), error.hint)
    try:
        signs = signer_for(git) is not None
        said = "what is written is signed" if signs else "nothing is signed, and nothing asks for it"
        todo = "" if signs else f"to sign: {KEY_VARIABLE}, and {ALLOWED_SIGNERS} with who may"
        yield Check("signing", "ok", said, todo, {"program": settings_of(git).program} if signs else {})
    except ReleaserError as error:
        yield Check("signing", "problem", str(error), error.hint)


def _records(repo: wiring.Repository) -> Check:
    if repo.remote is None:
        return Check("records", "ok", "this repository has no remote: its records stay on this machine")
    refs = repo.remote.sync()
    found = refs.get(RELEASES, "")
    if not found:
        return Check("records", "ok", "the remote is there and has no records yet")
    return Check("records", "ok", f"the branch `releases` of the remote is at {found[:12]}", facts={"commit": found})
