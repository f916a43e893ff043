"""Whether the whole history is signed by those who may sign: the branch commit by commit, and the release tags."""

from __future__ import annotations

from releaser.core.proof.branch import place
from releaser.core.proof.releases import environment_of
from releaser.core.proof.signed import before_signing, unsigned_problems
from releaser.core.verification import Proof
from releaser.store.git import Git
from releaser.store.signatures import Verifier
from releaser.store.signing import ALLOWED_SIGNERS

_ARMOR = b"-----BEGIN SSH SIGNATURE-----"


def judge_signatures(git: Git, proof: Proof, allowed: bytes) -> None:
    """Where somebody is named who may sign, every commit of the branch and every tag must be signed by them.

    What is from before signing began is told apart by the branch itself: once a commit is signed, all that follow must
    be, and a signed commit vouches for everything before it. None at all is a branch that was made anew.
    """
    objects = {c.id: c.raw for c in proof.commits} | {t.id: t.raw for t in proof.tags.values()}
    if not allowed:
        signed = sum(_ARMOR in raw for raw in objects.values())
        if signed:
            proof.unsure(".releaser/allowed_signers", f"{signed} objects are signed, and nobody says who may sign")
        return
    judged = Verifier(git, allowed).judge(objects)
    good = {objects[oid] for oid, found in judged.items() if found.standing == "good"}
    early = before_signing(proof.commits, good)
    if early == len(proof.commits) and proof.commits:
        proof.wrong("releases", "signers are named, and no commit has a good signature of theirs")
    elif early:
        _refuse_forged_past(git, proof, early)
        proof.unsure("releases", f"its first {early} commits are from before signing began")
    places = {c.id: place(c) for c in proof.commits} | {t.id: ref for ref, t in proof.tags.items()}
    for oid, found in judged.items():
        if found.standing == "bad":
            proof.wrong(places[oid], found.why)
    proof.problems += unsigned_problems(proof.commits, proof.tags, proof.opened, good)
    proof.counts["signatures"] = len(good)


def _refuse_forged_past(git: Git, proof: Proof, early: int) -> None:
    """A record of a commit that lists who may sign is never written without a signature: before signing began there
    was no such record, and whoever makes the past anew must name commits of today."""
    paths = [c.path for commit in proof.commits[len(proof.commits) - early :] for c in commit.changes]
    went_by = {p: environment_of(proof.opened[p])[0] for p in paths if p in proof.opened}
    commits = sorted(set(went_by.values()))
    found = git.objects([f"{c}:{git.prefix}{ALLOWED_SIGNERS}" for c in commits])
    listing = {c for c, item in zip(commits, found, strict=True) if item is not None and item[1].strip()}
    for path, commit in went_by.items():
        if commit in listing:
            proof.wrong(path, f"it is not signed, and {commit[:12]}, by which it went, lists who may sign")
