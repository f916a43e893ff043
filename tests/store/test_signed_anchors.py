"""Signed anchors among the files of the branch: which are read."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from world.git_actors import actor

from releaser.core.anchor import anchor_name, anchor_of
from releaser.core.proof.anchors import ANCHOR, ANCHORS_FOLDER, SIGNED_ANCHOR
from releaser.core.proof.files import parsed, pretty
from releaser.store.anchors import KmsAnchors

TRUE, GONE = "a" * 40, "f" * 40


class Believes:
    """KMS that made every signature."""

    def call(self, service: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        return {"SignatureValid": True}


def test_newer_anchors_hide_none_of_a_commit_that_is_gone(alone: Path) -> None:
    files = {}
    for hour in range(60):
        at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hour)
        raw = anchor_of("dev", GONE if hour == 3 else TRUE, {}, at)
        said = {"format": SIGNED_ANCHOR, "anchor": parsed(raw, ANCHOR), "algorithm": "ECDSA_SHA_256"}
        signed = pretty({**said, "signature": base64.b64encode(b"signature").decode()})
        files[f"{ANCHORS_FOLDER}/dev/{anchor_name(raw)}"] = signed
    found = KmsAnchors(Believes(), "key", "dev", actor(alone).records.branch).read(files, {TRUE})
    commits = [parsed(one.raw, ANCHOR)["commit"] for one in found]
    assert (len(commits), commits[-1]) == (51, GONE)
