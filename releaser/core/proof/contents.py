"""The contents of releases in a bundle: each file is what the release's digest and git's own objects lead to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

from releaser.core.proof.files import read_json, sha256
from releaser.core.proof.objects import object_id, text_of, tree_of
from releaser.core.proof.releases import Content, Tag
from releaser.core.proof.sequence import Break

CONTENTS = "contents/"
SIGNERS = "signers/allowed_signers"
RELEASE_SCHEME = "releaser.release/1"
MOST_FILES = 100_000
"""Files of one release that are looked for in git's trees: hostile trees lead to more than there are."""

_RELEASE_MEMBER = re.compile(r"contents/([^/]+)/(r[0-9]+)/(.+)")


class Told(NamedTuple):
    """What ``members.json`` says of the bundle: each member's (sha256, size), and what was left out by digest."""

    members: Mapping[str, tuple[str, int]]
    withheld: Mapping[str, str]
    """Member that would be here -> its sha256."""
    root: str
    """Where ``manifests/`` stands in the repository: empty, or a folder with a slash at its end."""


def json_of(members: Mapping[str, bytes], name: str) -> Any:
    """The data of a JSON member; None for what is none."""
    try:
        return read_json(members[name])
    except (KeyError, ValueError, RecursionError):
        return None


def content_problems(
    members: Mapping[str, bytes], tags: Mapping[str, Tag], told: Told, contents: dict[tuple[str, str], Content]
) -> Iterator[Break]:
    """Every release's content: its digest, its files, and that git's own objects lead from the commit to them."""
    releases: dict[tuple[str, str], dict[str, bytes]] = {}
    for name in sorted(members):
        match = _RELEASE_MEMBER.fullmatch(name)
        if match:
            releases.setdefault((match[1], match[2]), {})[match[3]] = members[name]
        elif name.startswith(CONTENTS):
            yield Break(name, "it belongs to no release")
    for (use_case, release), files in sorted(releases.items()):
        at = f"{CONTENTS}{use_case}/{release}/"
        tag = tags.get(f"refs/tags/{use_case}/{release}")
        if tag is None:
            yield Break(at + "release.json", f"the tag {use_case}/{release} is missing")
            continue
        commit = tag.text.one("object")
        stated = _stated_files(files.get("release.json", b""))
        if stated is None:
            yield Break(at + "release.json", "the bytes are not those of a release")
            continue
        yield from _file_problems(at, files, stated, told)
        tree, wrong = _git_problems(at, files, commit, f"{told.root}manifests/{use_case}")
        yield from wrong
        manifest = sha256(files.get("files/manifest.yaml", b""))
        contents[(commit, use_case)] = Content(tree, sha256(files["release.json"]), manifest=manifest)


def _stated_files(raw: bytes) -> dict[str, str] | None:
    """Path -> sha256 of the files that a release names; None for bytes that are no release."""
    try:
        data = read_json(raw)
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict) or data.get("scheme") != RELEASE_SCHEME or not isinstance(data.get("files"), dict):
        return None
    return {str(k): str(v) for k, v in data["files"].items()}


def _file_problems(at: str, files: Mapping[str, bytes], stated: Mapping[str, str], told: Told) -> Iterator[Break]:
    """``files/``: the manifest and what it names; each as the release's digest has it, or left out by that digest."""
    if "files/manifest.yaml" not in files:
        yield Break(at + "files/manifest.yaml", "the manifest is missing")
    for path, digest in sorted(stated.items()):
        name = f"files/{path}"
        if name in files:
            if sha256(files[name]) != digest:
                yield Break(at + name, "its bytes are not those that the release names")
        elif told.withheld.get(at + name) != digest:
            yield Break(at + name, "it is missing: the release names it")
    named = {f"files/{path}" for path in stated} | {"files/manifest.yaml", "release.json"}
    for name in sorted(files):
        if name not in named and not name.startswith("git/"):
            yield Break(at + name, "the release does not name it")


def _git_problems(at: str, files: Mapping[str, bytes], commit: str, folder: str) -> tuple[str, list[Break]]:
    """The tree of the commit, and what of ``files/`` is not what git's objects lead to."""
    raw = files.get(f"git/{commit}.commit")
    if raw is None or object_id("commit", raw) != commit:
        return "", [Break(f"{at}git/{commit}.commit", "it is not the commit that the tag names")]
    tree = text_of(raw).one("tree")
    trees = {oid: files[name] for name, oid in _tree_members(files)}
    wrong = [
        Break(at + name, "it is not the git object that it is named for")
        for name in sorted(files)
        if name.startswith("git/") and name != f"git/{commit}.commit" and not _is_tree(name, files[name])
    ]
    blobs = dict(islice(_blobs(trees, tree, folder), MOST_FILES))
    wrong += [
        Break(at + name, "git's trees at the commit of the tag do not lead to these bytes")
        for name in sorted(files)
        if name.startswith("files/") and blobs.get(name[len("files/") :]) != object_id("blob", files[name])
    ]
    return tree, wrong


def _is_tree(name: str, raw: bytes) -> bool:
    return name == f"git/{object_id('tree', raw)}.tree"


def _tree_members(files: Mapping[str, bytes]) -> Iterator[tuple[str, str]]:
    for name, raw in files.items():
        if _is_tree(name, raw):
            yield name, name[len("git/") : -len(".tree")]


def _blobs(trees: Mapping[str, bytes], tree: str, folder: str) -> Iterator[tuple[str, str]]:
    """Path below the folder -> id of the file there, as far as the trees are at hand."""
    for part in folder.split("/"):
        tree = tree_of(trees.get(tree, b"")).get(part, ("", ""))[1]
    rest = [("", tree)]
    while rest:
        prefix, oid = rest.pop()
        for name, (mode, child) in tree_of(trees.get(oid, b"")).items():
            if mode == "40000":
                rest.append((f"{prefix}{name}/", child))
            elif mode in ("100644", "100755"):
                yield prefix + name, child
