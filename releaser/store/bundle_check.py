"""A bundle as ``verify.py`` proves it, and what that cannot: that a manifest says what the release's digest is of.

YAML is not read by Python's standard library, so ``verify.py`` proves the manifest's bytes by git's objects, and the
digest by the manifest's data beside it. That the two are the same is looked at here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from releaser.core.digest import release_bytes
from releaser.core.document import Document
from releaser.core.errors import ReleaserError
from releaser.core.proof.bundle import Proof
from releaser.core.proof.contents import CONTENTS, json_of
from releaser.core.proof.sequence import Break
from releaser.store import yaml
from releaser.store.handed.command import checked
from releaser.store.handed.keys import Signatures
from releaser.store.handed.members import Refused, opened


def prove_bundle(path: Path, allowed: bytes | None, *, require: bool = False) -> tuple[Proof, Signatures]:
    """Everything that is wrong with a bundle. Raises ReleaserError for what is none, or what could harm."""
    try:
        members = opened(path)
        proof, signatures = checked(members, allowed, require)
    except Refused as error:
        raise ReleaserError(
            f"refused: {error}", code="P349", hint="a bundle is what `releaser audit export` wrote, or its folder"
        ) from None
    found = {*proof.breaks, *manifest_problems(members)}
    return proof._replace(breaks=tuple(sorted(found))), signatures


def manifest_problems(members: Mapping[str, bytes]) -> Iterator[Break]:
    """Manifests whose data is not what ``release.json`` holds."""
    for name in sorted(members):
        if not name.startswith(CONTENTS) or not name.endswith("/files/manifest.yaml"):
            continue
        release = name.replace("files/manifest.yaml", "release.json")
        stated = json_of(members, release)
        document = yaml.load(members[name], name)
        files = stated.get("files") if isinstance(stated, dict) else None
        if not isinstance(files, dict) or not isinstance(document, Document):
            yield Break(name, "it cannot be read, or the release beside it")
        elif _bytes(document, files) != members[release]:
            yield Break(name, "its data is not what release.json holds: the digest is of something else")


def _bytes(document: Document, files: Mapping[str, str]) -> bytes:
    try:
        return release_bytes(document.data, files)
    except (TypeError, ValueError, RecursionError):
        return b""
