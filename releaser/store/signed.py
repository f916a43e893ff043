"""Whether the whole history is signed by those who may sign: the branch commit by commit, and the release tags."""

from __future__ import annotations

from collections.abc import Sequence

from releaser.core.proof.branch import place
from releaser.core.verification import Proof
from releaser.store.git import Git
from releaser.store.signatures import Judged, Verifier

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
    oldest_first = list(reversed(proof.commits))
    first = next((i for i, c in enumerate(oldest_first) if judged[c.id].standing == "good"), None)
    if first is None and oldest_first:
        proof.wrong("releases", "signers are named, and no commit has a good signature of theirs")
    early = oldest_first[:first]
    named_early = {change.path for commit in early for change in commit.changes}
    tags_before = {str(d.get("tag")) for path, d in proof.opened.items() if path in named_early}
    _tell(proof, [(place(c), judged[c.id]) for c in oldest_first], {place(c) for c in early})
    tags = sorted(proof.tags.items())
    _tell(proof, [(r, judged[t.id]) for r, t in tags], {ref for ref, t in tags if t.id in tags_before})
    if early and first:
        proof.unsure("releases", f"its first {len(early)} commits are from before signing began")
    proof.counts["signatures"] = sum(j.standing == "good" for j in judged.values())


def _tell(proof: Proof, rows: Sequence[tuple[str, Judged]], excused: set[str]) -> None:
    for where, judged in rows:
        if judged.standing == "bad" or (judged.standing == "unsigned" and where not in excused):
            proof.wrong(where, judged.why)
