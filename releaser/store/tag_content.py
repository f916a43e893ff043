"""A release's content as an auditor can prove it: the files, the bytes of its digest, and git's objects between."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from releaser.core.digest import release_bytes
from releaser.core.included import named_files
from releaser.core.proof.files import sha256
from releaser.core.proof.objects import object_id, tree_of
from releaser.core.release_content import CONFIDENTIAL
from releaser.core.workspace import UseCaseFiles
from releaser.kinds import registry
from releaser.store.git import Git
from releaser.store.reader import Reader


@dataclass(frozen=True, slots=True)
class Carried:
    """Members of a release, below its folder, and what stays behind by its digest."""

    members: Mapping[str, bytes]
    withheld: Mapping[str, str]


def carried(git: Git, reader: Reader, commit: str, files: UseCaseFiles, *, with_content: bool) -> Carried:
    """``with_content``: also prompts and data of a use case whose data is confidential."""
    members = {"release.json": release_bytes(files.data, files.digests)}
    withheld: dict[str, str] = {}
    secret = frozenset() if with_content else _confidential(files)
    for path in ("manifest.yaml", *sorted(files.digests)):
        raw = reader.read(f"{files.folder}/{path}") or b""
        if path in secret:
            withheld[f"files/{path}"] = sha256(raw)
        else:
            members[f"files/{path}"] = raw
    members |= dict(_objects(git, commit, f"{git.prefix}{files.folder}", files.digests))
    return Carried(members, withheld)


def _confidential(files: UseCaseFiles) -> frozenset[str]:
    """Prompts, data sets and source lists of a confidential use case; its documents are for auditors."""
    governance = files.spec.get("governance")
    is_secret = isinstance(governance, Mapping) and governance.get("dataClassification") in CONFIDENTIAL
    named = named_files(files.data, registry().values()) if is_secret else ()
    return frozenset(one.path for one in named if one.use != "document")


def _objects(git: Git, commit: str, folder: str, paths: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """The commit, and every tree on the way from it to the files."""
    places = {"", *_above(folder)}
    places |= {f"{folder}/{place}" for path in paths for place in _above(path.rpartition("/")[0])}
    yield f"git/{commit}.commit", _contents(git, [commit])[0]
    pending = {"": f"{commit}^{{tree}}"}
    while pending:
        below: dict[str, str] = {}
        for place, raw in zip(pending, _contents(git, list(pending.values())), strict=True):
            yield f"git/{object_id('tree', raw)}.tree", raw
            for name, (mode, oid) in tree_of(raw).items():
                path = f"{place}/{name}".lstrip("/")
                if mode == "40000" and path in places:
                    below[path] = oid
        pending = below


def _above(path: str) -> Iterator[str]:
    parts = path.split("/")
    yield from ("/".join(parts[: i + 1]) for i in range(len(parts)) if path)


def _contents(git: Git, names: Sequence[str]) -> list[bytes]:
    return [item[1] if item else b"" for item in git.objects(names)]
