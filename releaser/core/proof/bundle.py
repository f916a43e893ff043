"""A bundle: records, tags, contents and the branch's commits as files, proven by the same rules as the repository."""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from releaser.core.proof.anchors import ANCHOR, ANCHORS_FOLDER, SIGNED_ANCHOR, anchor_problems
from releaser.core.proof.branch import Change, Commit, branch_problems, place
from releaser.core.proof.contents import Told, content_problems, json_of
from releaser.core.proof.evidence import tombstone_of
from releaser.core.proof.files import NAME, compact, parsed, sha256
from releaser.core.proof.objects import object_id
from releaser.core.proof.releases import Content, Tag, record_problems, tag_problems
from releaser.core.proof.sequence import Break, problems
from releaser.core.proof.signed import unsigned_problems

BUNDLE = "releaser.bundle/v1"
LISTING = "members.json"
RECORDS = "records/"
TAGS = "tags/"
BOMS = "boms/"
ANCHORS = "anchors/"
"""Anchors of the branch that a KMS key signed."""
COMMITS = "branch/commits"
CHANGES = "branch/changes.json"
DIGESTS = "branch/digests.json"
BOM_SPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://releaser.dev/bom")
"""The name space of serial numbers: UUIDv5 of the release digest in it."""

_TAG_MEMBER = re.compile(r"tags/([^/]+)/(r[0-9]+)\.tag")
_BATCH_HEAD = re.compile(rb"([0-9a-f]{40}) commit ([0-9]{1,9})\n")


class Proof(NamedTuple):
    """What a bundle proves: every place that is wrong, and how much was looked at."""

    breaks: tuple[Break, ...]
    counts: Mapping[str, int]
    withheld: tuple[str, ...]
    head: str
    """The newest commit of the branch of records: compare it with what is known from elsewhere."""
    digest: str
    """sha256 of ``members.json``: names the bundle, however it was packed."""


def prove(members: Mapping[str, bytes], anchors: Mapping[str, bytes] | None = None) -> Proof:
    """Everything that can be proven from the members alone. Never raises on hostile bytes.

    ``anchors``: place -> bytes of anchors that are known from elsewhere, as S3 keeps them.
    """
    told = _told(members)
    commits = _commits(members)
    tags = _tags(members)
    contents: dict[tuple[str, str], Content] = {}
    found = [*_listing_problems(members, told), *content_problems(members, tags, told, contents)]
    opened: dict[str, Mapping[str, Any]] = {}
    sequences = _sequences(members)
    for files in sequences.values():
        found += _sequence_problems(files, told, opened)
    found += _branch_problems(members, commits, sequences, told)
    found += [_in(TAGS, problem) for problem in tag_problems(tags, contents)]
    found += [_in(RECORDS, problem) for problem in record_problems(opened, tags, contents)]
    found += _bom_problems(members, tags)
    held = {**_signed_anchors(members), **(anchors or {})}
    branch = frozenset(commit.id for commit in commits)
    for where, raw in sorted(held.items()):
        found += _anchor_problems(where, raw, branch, sequences)
    counts = {
        "members": len(members),
        "sequences": len(sequences),
        "records": len(opened),
        "commits": len(commits),
        "tags": len(tags),
        "contents": len(contents),
        "anchors": len(held),
        "sequences that are not in it": len(_places(members) - set(sequences)),
    }
    head = commits[0].id if commits else ""
    digest = sha256(members[LISTING]) if LISTING in members else ""
    return Proof(tuple(sorted(set(found))), counts, tuple(sorted(told.withheld)), head, digest)


def _in(folder: str, problem: Break) -> Break:
    """The problem at the member's own name; what is no file of the branch keeps its name."""
    path = problem.path
    if path.startswith("refs/tags/"):
        return Break(TAGS + path[len("refs/tags/") :] + ".tag", problem.reason)
    return Break(path if "@" in path else folder + path, problem.reason)


def _told(members: Mapping[str, bytes]) -> Told:
    data = json_of(members, LISTING)
    if not isinstance(data, dict) or data.get("format") != BUNDLE:
        return Told({}, {}, "")
    rows = data.get("members")
    listed = rows.items() if isinstance(rows, dict) else ()
    withheld = data.get("withheld")
    return Told(
        {name: (str(r.get("sha256")), r.get("size", -1)) for name, r in listed if isinstance(r, dict)},
        {str(k): str(v) for k, v in withheld.items()} if isinstance(withheld, dict) else {},
        str(data.get("root", "")),
    )


def _listing_problems(members: Mapping[str, bytes], told: Told) -> Iterator[Break]:
    if LISTING not in members:
        yield Break(LISTING, "it is missing from the bundle")
    elif not told.members:
        yield Break(LISTING, "the bytes are not those of a list of members")
    for name in sorted(set(told.members) - set(members)):
        yield Break(name, "it is missing from the bundle")
    for name in sorted(set(members) - {LISTING}):
        if name not in told.members:
            yield Break(name, "members.json does not name it")
            continue
        raw = members[name]
        if (sha256(raw), len(raw)) != told.members[name]:
            yield Break(name, "its bytes are not those that members.json names")


def _sequences(members: Mapping[str, bytes]) -> dict[str, dict[str, bytes]]:
    """``env/use-case`` -> the files of its sequence, by their path on the branch."""
    found: dict[str, dict[str, bytes]] = {}
    for name in sorted(members):
        if name.startswith(RECORDS):
            path = name[len(RECORDS) :]
            found.setdefault("/".join(path.split("/")[:2]), {})[path] = members[name]
    return found


def _sequence_problems(files: Mapping[str, bytes], told: Told, opened: dict[str, Mapping[str, Any]]) -> Iterator[Break]:
    for problem in problems(files):
        if RECORDS + problem.path in told.withheld and problem.path not in files:
            continue  # evidence that stayed behind is named by its digest
        yield _in(RECORDS, problem)
    for path, raw in files.items():
        if path.endswith("/opened.json"):
            opened[path] = parsed(raw)


def _commits(members: Mapping[str, bytes]) -> list[Commit]:
    """The commits, newest first, as ``git cat-file --batch`` writes them; as far as they can be read."""
    raw = members.get(COMMITS, b"")
    changes = json_of(members, CHANGES)
    found: list[Commit] = []
    at = 0
    while at < len(raw):
        head = _BATCH_HEAD.match(raw, at)
        if head is None:
            break
        end = head.end() + int(head[2])
        name = head[1].decode()
        rows = changes.get(name, ()) if isinstance(changes, dict) else ()
        found.append(Commit(name, raw[head.end() : end], tuple(_changes(rows))))
        at = end + 1
    return found


def _changes(rows: Any) -> Iterator[Change]:
    for row in rows if isinstance(rows, list) else ():
        known = isinstance(row, list) and len(row) == 3 and all(isinstance(part, str) for part in row)
        yield Change(*row) if known else Change("?", "", str(row)[:100])


def _branch_problems(
    members: Mapping[str, bytes], commits: list[Commit], sequences: Mapping[str, Mapping[str, bytes]], told: Told
) -> Iterator[Break]:
    digests = json_of(members, DIGESTS)
    if not isinstance(digests, dict) or not commits:
        missing = DIGESTS if commits else COMMITS
        if sequences:
            yield Break(missing, "the commits that added the records cannot be read")
        return
    size = sum(len(f"{c.id} commit {len(c.raw)}\n") + len(c.raw) + 1 for c in commits)
    if size != len(members[COMMITS]):
        yield Break(COMMITS, "it does not end where its last commit ends")
    for problem in branch_problems(commits, digests):
        yield problem if "@" in problem.path else _in(RECORDS, problem)
    for path, digest in sorted(digests.items()):
        where = "/".join(path.split("/")[:2])
        anchor = ANCHORS + path[len(ANCHORS_FOLDER) + 1 :] if where.startswith(f"{ANCHORS_FOLDER}/") else ""
        if anchor in members and sha256(members[anchor]) != digest:
            yield Break(anchor, "its bytes are not those that a commit of the branch added")
        if where not in sequences:
            continue
        raw = sequences[where].get(path)
        if raw is None:
            if told.withheld.get(RECORDS + path) != digest and tombstone_of(path) not in sequences[where]:
                yield Break(RECORDS + path, "it is missing: a commit of the branch added it")
        elif sha256(raw) != digest:
            yield Break(RECORDS + path, "its bytes are not those that a commit of the branch added")
    for where, files in sorted(sequences.items()):
        if not all(NAME.fullmatch(part) for part in where.split("/")):
            yield Break(RECORDS + where, "not a place where records are kept")
        for path in sorted(set(files) - set(digests)):
            yield Break(RECORDS + path, "no commit of the branch added it")


def _tags(members: Mapping[str, bytes]) -> dict[str, Tag]:
    found: dict[str, Tag] = {}
    for name in sorted(members):
        match = _TAG_MEMBER.fullmatch(name)
        if match:
            raw = members[name]
            ref = f"refs/tags/{match[1]}/{match[2]}"
            found[ref] = Tag(ref, object_id("tag", raw), raw)
    return found


def _places(members: Mapping[str, bytes]) -> set[str]:
    """``env/use-case`` of every sequence that the branch had."""
    digests = json_of(members, DIGESTS)
    return {"/".join(p.split("/")[:2]) for p in digests if p.count("/") > 2} if isinstance(digests, dict) else set()


def _signed_anchors(members: Mapping[str, bytes]) -> dict[str, bytes]:
    """Member -> the anchor in it; empty for what is none. That its key signed it, only KMS can tell."""
    found: dict[str, bytes] = {}
    for name in sorted(members):
        if name.startswith(ANCHORS):
            anchor = parsed(members[name], SIGNED_ANCHOR).get("anchor")
            found[name] = compact(anchor) if isinstance(anchor, dict) else b""
    return found


def _anchor_problems(
    where: str, raw: bytes, commits: Collection[str], sequences: Mapping[str, Mapping[str, bytes]]
) -> Iterator[Break]:
    environment = str(parsed(raw, ANCHOR).get("environment", ""))
    files = {path: content for rows in sequences.values() for path, content in rows.items()}
    for problem in anchor_problems(where, raw, environment, commits, files, sequences.keys()):
        is_sequence = problem.path in sequences
        yield Break(RECORDS + problem.path, problem.reason) if is_sequence else problem


def _bom_problems(members: Mapping[str, bytes], tags: Mapping[str, Tag]) -> Iterator[Break]:
    for name in sorted(members):
        if not name.startswith(BOMS):
            continue
        tag = tags.get("refs/tags/" + name[len(BOMS) :].replace(".cdx.json", ""))
        data = json_of(members, name)
        if tag is None:
            yield Break(name, "it belongs to no release of the bundle")
        elif not isinstance(data, dict) or data.get("serialNumber") != serial_number(tag.digest):
            yield Break(name, "its serial number is not that of the release")


def serial_number(digest: str) -> str:
    """The serial number of the bill of materials of a release."""
    return f"urn:uuid:{uuid.uuid5(BOM_SPACE, digest)}"


def signed_objects(members: Mapping[str, bytes]) -> dict[str, bytes]:
    """Place -> the bytes of every commit of the branch and every release tag: what a signature may be over."""
    found = {place(commit): commit.raw for commit in _commits(members)}
    return {**found, **{_member_of(ref): tag.raw for ref, tag in _tags(members).items()}}


def _member_of(ref: str) -> str:
    return _in(TAGS, Break(ref, "")).path


def lapsed(members: Mapping[str, bytes], good: Collection[bytes]) -> Iterator[Break]:
    """What should have a good signature and has none; ``good``: the bytes of what has one."""
    opened = {n[len(RECORDS) :]: parsed(members[n]) for n in members if n.endswith("/opened.json")}
    for problem in unsigned_problems(_commits(members), _tags(members), opened, good):
        yield _in(TAGS, problem)
