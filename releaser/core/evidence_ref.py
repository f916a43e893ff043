"""How a record names a piece of evidence: by digest, so that wherever it is kept it can be proven unchanged. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from releaser.core.shape import OPTIONAL


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRef:
    """Where evidence is kept, and what it must be."""

    uri: str
    """A path on the branch ``releases``, or ``s3://bucket/key``."""
    sha256: str
    size: int
    """Bytes."""
    version_id: str = field(default="", metadata=OPTIONAL)
    """The version of the S3 object; empty for files."""
