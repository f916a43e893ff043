"""Proves the records of a repository: reads them from git, and has ``core/proof`` judge the bytes.

``prove`` gives what is wrong, each with its place, and what could not be told. Few git calls, however long the history.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from releaser.core.chain import verify
from releaser.core.proof.anchors import ANCHORS_FOLDER
from releaser.core.proof.branch import Commit, branch_problems, every_digest
from releaser.core.proof.files import sha256
from releaser.core.proof.releases import (
    Tag,
    environment_of,
    environment_problems,
    record_problems,
    tag_problems,
    unheld,
    unrecorded,
)
from releaser.core.proof.sequence import Break
from releaser.core.sequence import assembled
from releaser.core.verification import Proof, Viewer
from releaser.store.branch_line import changes_of
from releaser.store.contents import contents_of, environments_of
from releaser.store.evidence import evidence_of
from releaser.store.exact import ExactGit
from releaser.store.git import Git, GitError
from releaser.store.holder import why_free
from releaser.store.remote import RELEASES, TAGS
from releaser.store.signed import judge_signatures

LARGEST = 64 << 20
"""Bytes of a file on the branch: what is larger was not written by us."""


def prove(git: Git, tips: Mapping[str, str], viewer: Viewer) -> Proof:
    """``tips``: where the branch is known to be, by ref: the local branch, the remote's as last seen."""
    exact, proof = ExactGit(git), Proof()
    proof.commits = tuple(_commits(exact, tips, proof))
    if proof.commits:
        _cut_off(exact, tips, proof)
        _read_files(exact, proof)
        digests = {path: sha256(raw) for path, raw in proof.files.items()}
        proof.problems += branch_problems(proof.commits, every_digest(proof.commits, digests))
        _sequences(proof, viewer)
    _tags(exact, proof)
    opened = proof.opened
    pairs = {(str(d.get("commit")), str(d.get("useCase"))) for d in opened.values() if not d.get("dirty")}
    contents = contents_of(exact, pairs | {(t.text.one("object"), t.use_case) for t in proof.tags.values()})
    proof.problems += tag_problems(proof.tags, contents)
    proof.problems += record_problems(opened, proof.tags, contents)
    for path, data in opened.items():
        if why := unheld(data, contents.get((str(data.get("commit")), str(data.get("useCase"))))):
            proof.unsure(path, f"it was applied without a release, and its content is gone: {why}")
    named = {environment_of(d) for d in opened.values() if d.get("environmentDigest") and not d.get("dirty")}
    proof.problems += environment_problems(opened, environments_of(exact, named))
    for ref in unrecorded(proof.tags, opened) if proof.commits else ():
        proof.unsure(ref, "no record names this release: it was cut and never applied, or its record was cut off")
    judge_signatures(exact, proof, viewer.allowed)
    kept = [one for one, _ in evidence_of(proof.files)]
    away = [one for one in kept if not one.is_here]
    if away:
        proof.unsure(away[0].entry, f"{len(away)} pieces of evidence are in S3: -e ENV looks at them")
    proof.counts |= {"evidence": len(kept) - len(away)} if kept else {}
    proof.counts |= {"contents": len(contents), "records": len(opened), "tags": len(proof.tags)}
    proof.problems = sorted(set(proof.problems))
    return proof


def _commits(git: ExactGit, tips: Mapping[str, str], proof: Proof) -> list[Commit]:
    """The commits of the branch, newest first; where its refs went two ways, those of the remote's."""
    if not tips:
        proof.unsure("releases", "there is no branch of records here")
        return []
    proof.tip = _newest(git, tips, proof)
    try:
        listed = git.run("rev-list", "--topo-order", proof.tip).text.split("\n")
        changes = changes_of(git, listed)
    except GitError as error:
        proof.wrong(f"releases@{proof.tip[:12]}", f"the history cannot be read: {error}")
        return []
    found = git.objects(listed)
    for oid, item in zip(listed, found, strict=True):
        if item is None:
            proof.wrong(f"releases@{oid[:12]}", "the commit is damaged or missing")
    proof.ancestry = frozenset(listed)
    proof.counts["commits"] = len(listed)
    rows = zip(listed, found, strict=True)
    return [Commit(oid, item[1] if item else b"", changes.get(oid, ())) for oid, item in rows]


def _newest(git: ExactGit, tips: Mapping[str, str], proof: Proof) -> str:
    names = sorted(tips, key=lambda ref: ref == RELEASES)  # a remote's first
    best = tips[names[0]]
    for ref in names[1:]:
        if git.is_ancestor(best, tips[ref]):
            best = tips[ref]
        elif not git.is_ancestor(tips[ref], best):
            proof.wrong(ref, f"it and {names[0]} went two ways: one was rewritten, or lost its newest commits")
    return best


def _cut_off(git: ExactGit, tips: Mapping[str, str], proof: Proof) -> None:
    """Commits that this clone has had as the newest, and that the branch no longer contains."""
    for ref in tips:
        reply = git.run("reflog", "show", "--format=%H", ref, "--", ok=(0, 128))
        for commit in dict.fromkeys(reply.text.split()):
            if commit not in proof.ancestry:
                reason = f"{ref} was here, and the branch no longer contains it: cut off, or rewritten"
                proof.wrong(f"releases@{commit[:12]}", reason)


def _read_files(git: ExactGit, proof: Proof) -> None:
    try:
        out = git.run("ls-tree", "-r", "-l", "-z", "--full-tree", proof.tip).out
    except GitError as error:
        proof.wrong(f"releases@{proof.tip[:12]}", f"its files cannot be listed: {error}")
        return
    ids: dict[str, str] = {}
    for row in out.split(b"\0")[:-1]:
        meta, _, name = row.partition(b"\t")
        path = name.decode("utf-8", "replace")
        _, kind, oid, size = meta.decode().split()
        if kind != "blob" or (size.isdigit() and int(size) > LARGEST):
            proof.wrong(path, "no file that releaser writes")
        else:
            ids[path] = oid
    for path, oid, item in zip(ids, ids.values(), git.objects(list(ids.values())), strict=True):
        if item is None:
            how = "is damaged: its bytes are not those that its id names" if oid in git.damaged else "is missing"
            proof.wrong(path, f"the file {how}")
        else:
            proof.files[path] = item[1]


def _sequences(proof: Proof, viewer: Viewer) -> None:
    sequences: dict[str, dict[str, bytes]] = {}
    for path, raw in proof.files.items():
        parts = path.split("/")
        if len(parts) in (4, 5):
            sequences.setdefault("/".join(parts[:2]), {})[path] = raw
        elif len(parts) != 3 or parts[0] != ANCHORS_FOLDER:
            proof.wrong(path, "no record has a file there")
    for files in sequences.values():
        found = verify(files)
        proof.problems += found
        if not found:
            proof.problems += _left_open(files, viewer)
    proof.counts |= {"sequences": len(sequences), "files": len(proof.files)}


def _left_open(files: Mapping[str, bytes], viewer: Viewer) -> Iterator[Break]:
    """An open record that nobody works on: that looks the same as a record whose last entry was cut off."""
    folder = max(path.rpartition("/")[0] for path in files if path.endswith("/opened.json"))
    entries = {p.rpartition("/")[2]: raw for p, raw in files.items() if p.rpartition("/")[0] == folder}
    if "closed.json" in entries:
        return
    record = assembled(folder, {name: raw for name, raw in entries.items() if name.endswith(".json")})
    free = why_free(record, viewer.holder, viewer.now)
    if free in ("holder-gone", "lease-expired"):
        yield Break(
            f"{folder}/{record.entries[-1]}",
            "nothing follows it and nobody works on it: the run was interrupted (a new run closes the record), "
            "or the last entry was cut off",
        )


def _tags(git: ExactGit, proof: Proof) -> None:
    reply = git.run("for-each-ref", "--format=%(refname) %(objectname) %(objecttype)", TAGS)
    rows = (row.split(" ") for row in reply.text.splitlines())
    ours = {ref: oid for ref, oid, kind in rows if kind == "tag"}
    found: dict[str, Tag] = {}
    for (ref, oid), item in zip(ours.items(), git.objects(list(ours.values())), strict=True):
        if item is None:
            proof.wrong(ref, "the tag is damaged or missing")
        else:
            found[ref] = Tag(ref, oid, item[1])
    proof.tags = {ref: tag for ref, tag in found.items() if tag.use_case}
