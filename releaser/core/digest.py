"""The release digest: what names a release.

It covers the data of the manifest (comments and layout do not matter), and the bytes of every file the
manifest
names: prompt texts, documents, data sets. It covers no environment values. An auditor can compute it with a
JSON
printer and ``sha256sum``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from releaser.core.values import digest

SCHEME = "releaser.release/1"


def release_digest(manifest: Mapping[str, Any], files: Mapping[str, str]) -> str:
    """sha256 in hex over the manifest's data and {path relative to the use case's folder: sha256 of its
    bytes}."""
    return digest({"scheme": SCHEME, "manifest": manifest, "files": files})
