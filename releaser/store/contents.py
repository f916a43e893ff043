"""The release digests of many use cases at many commits, recomputed from git. What is the same is read once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from releaser.core.errors import ReleaserError
from releaser.core.proof.files import sha256
from releaser.core.proof.releases import Content
from releaser.core.workspace import UseCaseFiles
from releaser.store.exact import ExactGit
from releaser.store.folders import FolderReader, read_folders
from releaser.store.workspace import load_use_case

_AT_ONCE = 200
"""Folders whose files are held in memory together."""

Pair = tuple[str, str]
"""A commit, and a use case."""


def contents_of(git: ExactGit, wanted: Iterable[Pair]) -> dict[Pair, Content]:
    """The content of each use case at each commit; where it cannot be had, why."""
    pairs = sorted(set(wanted))
    same: dict[tuple[str, str], list[Pair]] = {}
    for pair, tree in zip(pairs, _folders(git, pairs), strict=True):
        same.setdefault((pair[1], tree or pair[0]), []).append(pair)
    first = [group[0] for group in same.values()]
    found: dict[Pair, Content] = {}
    for start in range(0, len(first), _AT_ONCE):
        part = first[start : start + _AT_ONCE]
        found.update(zip(part, _read(git, part), strict=True))
    roots = dict(zip(pairs, _names(git, [f"{commit}^{{tree}}" for commit, _ in pairs]), strict=True))
    known = {pair: found[group[0]] for group in same.values() for pair in group}
    return {pair: content._replace(tree=roots[pair]) for pair, content in known.items()}


def environments_of(git: ExactGit, wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """(commit, environment) -> sha256 of its environment.yaml; empty where it cannot be had."""
    pairs = sorted(set(wanted))
    found = git.objects([f"{commit}:{git.prefix}environments/{name}/environment.yaml" for commit, name in pairs])
    return {pair: sha256(item[1]) if item else "" for pair, item in zip(pairs, found, strict=True)}


def _folders(git: ExactGit, pairs: Sequence[Pair]) -> list[str]:
    return _names(git, [f"{commit}:{git.prefix}manifests/{use_case}" for commit, use_case in pairs])


def _names(git: ExactGit, revisions: Sequence[str]) -> list[str]:
    """The object id of each; empty where there is none, or git cannot tell."""
    try:
        return [found.oid if found else "" for found in git.headers(revisions)]
    except ReleaserError:
        return [""] * len(revisions)


def _read(git: ExactGit, pairs: Sequence[Pair]) -> Iterator[Content]:
    try:
        readers = read_folders(git, [(commit, f"manifests/{use_case}") for commit, use_case in pairs])
    except ReleaserError as error:
        readers = [error] * len(pairs)  # type: ignore[list-item]
    for (commit, use_case), reader in zip(pairs, readers, strict=True):
        if isinstance(reader, FolderReader):
            yield _content(git, commit, use_case, reader)
        else:
            yield Content("", "", f"the commit {commit[:12]} is damaged" if commit in git.damaged else str(reader))


def _content(git: ExactGit, commit: str, use_case: str, reader: FolderReader) -> Content:
    hurt = sorted(path for path, oid in reader.files.items() if oid in git.damaged)
    if hurt:
        return Content("", "", f"{hurt[0]} at {commit[:12]} is damaged: its bytes are not those that its id names")
    try:
        loaded = load_use_case(reader, use_case)
    except ReleaserError as error:
        return Content("", "", str(error))
    if isinstance(loaded, UseCaseFiles):
        manifest = reader.read(f"{loaded.folder}/manifest.yaml")
        return Content("", loaded.digest, manifest=sha256(manifest or b""))
    what = loaded[0].message if loaded else "it cannot be read"
    return Content("", "", f"manifests/{use_case}/manifest.yaml at {commit[:12]}: {what}")
