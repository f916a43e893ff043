"""Anchors of an environment: written after every run, compared by ``audit verify -e``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from releaser.core.errors import ReleaserError, advised
from releaser.pipeline.telling import say

if TYPE_CHECKING:
    from datetime import datetime

    from releaser.core.environment import Environment
    from releaser.core.verification import Proof
    from releaser.engine.ports import Aws, Ledger
    from releaser.pipeline.desk import Desk
    from releaser.store.anchors import KmsAnchors, S3Anchors
    from releaser.store.branch import ReleasesBranch


def anchor(desk: Desk, ledger: Ledger) -> None:
    """Write the head of the environment's records to where ``anchor`` says. That it fails is a warning: the next run
    anchors what this one could not."""
    from releaser.core.anchor import anchor_of
    from releaser.store.records import Records

    if desk.environment.spec.anchor is None or not isinstance(ledger, Records):
        return
    try:
        tip = ledger.branch.tip()
        if tip is not None:
            heads = ledger.heads(desk.environment.name)
            raw = anchor_of(desk.environment.name, tip, heads, desk.repo.clock.now().replace(microsecond=0))
            _anchors(desk.environment, desk.look.connection.aws, ledger.branch).write(raw)
    except ReleaserError as error:
        say(f"warning[G-anchor]: the head of the records was not anchored: {error}")


def _anchors(environment: Environment, aws: Aws, branch: ReleasesBranch) -> S3Anchors | KmsAnchors:
    from releaser.store.anchors import KmsAnchors, S3Anchors

    said = environment.spec.anchor
    assert said is not None
    if said.s3 is not None:
        return S3Anchors(aws, said.s3, environment.name)
    return KmsAnchors(aws, said.kms or "", environment.name, branch)


def compare(proof: Proof, environment: Environment, aws: Aws, branch: ReleasesBranch, now: datetime) -> None:
    """The branch against the anchors of an environment that has some."""
    from releaser.core.proof.anchors import ANCHOR, anchor_problems
    from releaser.core.proof.files import parsed
    from releaser.store.anchors import KmsAnchors

    if environment.spec.anchor is None:
        return
    anchors = _anchors(environment, aws, branch)
    where = environment.spec.anchor.s3 or environment.spec.anchor.kms or ""
    try:
        found = (
            anchors.read(proof.files, proof.ancestry)
            if isinstance(anchors, KmsAnchors)
            else anchors.read(proof.ancestry, now)
        )
    except ReleaserError as error:
        proof.wrong(where, f"the anchors cannot be read: {advised(error, error.hint)}")
        return
    for one in found:
        proof.problems += anchor_problems(one.place, one.raw, environment.name, proof.ancestry, proof.files)
    for doubt, one in {one.doubt: one for one in reversed(found)}.items():  # once, at the newest
        if doubt:
            proof.unsure(one.place, doubt)
    proof.counts["anchors"] = proof.counts.get("anchors", 0) + len(found)
    commits = [c.id for c in proof.commits]
    newest = next((c for c in (parsed(one.raw, ANCHOR).get("commit") for one in found) if c in commits), None)
    behind = commits.index(newest) if newest is not None else len(commits)
    if behind > (1 if isinstance(anchors, KmsAnchors) else 0):
        proof.unsure(where, f"the newest {behind} commits are not anchored yet")
