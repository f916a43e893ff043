"""What ``audit verify BUNDLE`` looks at: a file that was handed over, and nothing else."""

from __future__ import annotations

from pathlib import Path

from releaser.core.verification import Proof
from releaser.store.bundle_check import prove_bundle


def proof_of_bundle(path: Path, allowed: bytes | None) -> Proof:
    """A bundle, proven. ``allowed``: who may sign, when not the bundle's own list. Raises ReleaserError."""
    found, signatures = prove_bundle(path, allowed)
    proof = Proof(problems=list(found.breaks), tip=found.head)
    proof.counts |= {**found.counts, "signatures": len(signatures.good)}
    if signatures.note:
        proof.unsure("signers/allowed_signers", signatures.note)
    if found.withheld:
        proof.unsure("members.json", f"{len(found.withheld)} files stayed behind; the bundle has their digests alone")
    proof.unsure("members.json", f"compare its sha256 with what export printed: {found.digest}")
    return proof
