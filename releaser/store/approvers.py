"""Approvals that git itself proves, for a GitLab without rules: signed by those who are listed before the change.

``environments/<environment>/approvers.yaml`` is read on the branch that a change was merged into, as it was before:
a change that lists its own approver lists nobody. An approval is an annotated tag ``approved/<short>/<commit>`` on the
head that was merged, or an empty commit on top of it; both signed with a listed SSH key. A branch that was merged
without a merge commit does not tell where it began, and proves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from releaser.core.approvers import Approvers
from releaser.core.change_facts import Approval, Signed, people_of
from releaser.core.conform import AT_KEY, conform
from releaser.core.diagnostic import Diagnostic
from releaser.core.document import Document
from releaser.core.errors import ReleaserError
from releaser.core.proof.objects import Text, text_of
from releaser.store import yaml
from releaser.store.change_history import makers
from releaser.store.git import Git
from releaser.store.reader import Reader
from releaser.store.signatures import Verifier
from releaser.store.workspace import load_document

_HERE = "refs/releaser/approved"
_TAG = re.compile(r"approved/[A-Za-z0-9._-]{1,64}/([0-9a-f]{40}|[0-9a-f]{64})")
_ON_TOP = 20
"""So many empty commits are looked at on top of a branch."""


@dataclass(frozen=True, slots=True)
class Proven:
    """Who agreed, and who made what they agreed to. ``why``: nobody could agree, for this reason."""

    by: tuple[Approval, ...] = ()
    made_by: tuple[str, ...] = ()
    why: str = ""


def signed_approvals(git: Git, environment: str, merge: str, remote: str = "") -> Proven | None:
    """Who signed for what a merge brought; None where nobody was listed before. Raises ReleaserError for a list that
    cannot be read."""
    item = git.objects([merge])[0] if merge else None
    parents = text_of(item[1]).all("parent") if item else []
    if not parents:
        return None
    listed = _list(git, environment, parents[0])
    if listed is None:
        return None
    if len(parents) != 2:
        return Proven(why="it was merged without a merge commit, which does not tell where it began")
    heads, commits = _heads(git, parents[1])
    if remote:
        refs = f"+refs/tags/approved/*:{_HERE}/*"
        git.run("fetch", "--no-tags", "--no-write-fetch-head", "--prune", "--", remote, refs, ok=range(256))
    signed = {**commits, **_tags(git, heads)}
    verdicts = Verifier(git, listed.signers).judge(signed)
    found: dict[str, Approval] = {}
    for oid, judged in verdicts.items():
        if judged.standing == "good":
            found.setdefault(judged.by, Approval(by=judged.by, at=Signed.of(text_of(signed[oid])).at))
    agreeing = {oid for oid in commits if verdicts[oid].standing == "good"}
    return Proven(tuple(found[name] for name in sorted(found)), people_of(makers(git, parents, agreeing)))


def _list(git: Git, environment: str, commit: str) -> Approvers | None:
    path = path_of(environment)
    found = git.objects([f"{commit}:{git.prefix}{path}"])[0]
    if found is None:
        return None
    document = yaml.load(found[1], path)
    wrong = list(conform(Approvers, document.data)) if isinstance(document, Document) else list(document)
    if isinstance(document, Document) and not wrong:
        return Approvers.model_validate(document.data)
    hint = "a list `approvers` of {user, key}, with keys as `ssh-ed25519 AAAA...`; mend it on the target branch"
    raise ReleaserError(f"{path} of {commit[:12]}: {wrong[0].message}", code="P232", hint=hint)


def _heads(git: Git, head: str) -> tuple[set[str], dict[str, bytes]]:
    """The commits that have exactly the content that was merged: the head, and below empty commits on top of it. And
    those empty ones, with their bytes."""
    heads = {head}
    empty: dict[str, bytes] = {}
    for _ in range(_ON_TOP):
        raw = _one(git, head)
        parents = text_of(raw).all("parent")
        below = parents[0] if len(parents) == 1 else ""
        if not below or text_of(_one(git, below)).one("tree") != text_of(raw).one("tree"):
            break
        empty[head] = raw
        heads.add(below)
        head = below
    return heads, empty


def _one(git: Git, oid: str) -> bytes:
    item = git.objects([oid])[0]
    return item[1] if item else b""


def _tags(git: Git, heads: set[str]) -> dict[str, bytes]:
    """Annotated tags that say in their own text which head they are for: one under another name is another's."""
    refs = {**git.refs(_HERE), **git.refs("refs/tags/approved")}
    oids = list(dict.fromkeys(refs.values()))
    found = zip(oids, git.objects(oids), strict=True)
    return {oid: item[1] for oid, item in found if item is not None and _is_for(text_of(item[1]), heads)}


def _is_for(tag: Text, heads: set[str]) -> bool:
    name = _TAG.fullmatch(tag.one("tag"))
    return name is not None and tag.one("type") == "commit" and tag.one("object") == name[1] and name[1] in heads


def path_of(environment: str) -> str:
    """Where those stand who may agree."""
    return f"environments/{environment}/approvers.yaml"


def check_approvers(reader: Reader, environments: Iterable[str]) -> Iterator[Diagnostic]:
    """What is wrong with the lists, told before the merge: afterwards a list that cannot be read lists nobody."""
    for name in environments:
        if path_of(name) not in reader.list(f"environments/{name}"):
            continue
        document = load_document(reader, path_of(name))
        if not isinstance(document, Document):
            yield from document
            continue
        for found in conform(Approvers, document.data):
            yield document.problem(found.code, found.message, found.path, hint=found.hint, key=found.code in AT_KEY)
