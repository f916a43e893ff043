"""The release digest: what names a release.

It covers the data of the manifest (comments and layout do not matter), and the bytes of every file the
manifest
names: prompt texts, documents, data sets. It covers no environment values. An auditor can compute it with a
JSON
printer and ``sha256sum``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from releaser.core.proof.contents import RELEASE_SCHEME as SCHEME
from releaser.core.values import canonical


def release_bytes(manifest: Mapping[str, Any], files: Mapping[str, str]) -> bytes:
    """What the release digest is the sha256 of: the manifest's data and {path relative to the use case's folder: sha256
    of its bytes}, as compact JSON with sorted keys."""
    return canonical({"scheme": SCHEME, "manifest": manifest, "files": files})


def release_digest(manifest: Mapping[str, Any], files: Mapping[str, str]) -> str:
    """The sha256 of ``release_bytes``, in hex."""
    return hashlib.sha256(release_bytes(manifest, files)).hexdigest()
