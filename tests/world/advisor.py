"""The example with a knowledge base, a flow and an agent, in an account of a test's own."""

from __future__ import annotations

import itertools
import re
import shutil
from pathlib import Path

from world.desk import Desk

EXAMPLES = Path(__file__).resolve().parents[2]
NAME = "policy-advisor"
HERE = {"LocationConstraint": "eu-central-1"}
_NUMBERS = itertools.count(1)


def settle_in(desk: Desk) -> str:
    """Puts the example, its environment and its documents into the desk's repository and account; the bucket's name."""
    bucket = f"documents-{desk.account}-{next(_NUMBERS)}"
    shutil.copytree(EXAMPLES / "manifests" / NAME, desk.repo.root / "manifests" / NAME)
    text = (EXAMPLES / "environments/dev/environment.yaml").read_text(encoding="utf-8")
    text = text.replace("111111111111", desk.account).replace("acme-dev-policy-documents", bucket)
    desk.repo.write("environments/dev/environment.yaml", text)
    fill(desk, bucket)
    return bucket


def fill(desk: Desk, bucket: str) -> None:
    """The documents of the example, in a bucket of the desk's account."""
    s3 = desk.client("s3")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=HERE)
    for document in sorted((EXAMPLES / "manifests" / NAME / "documents").iterdir()):
        s3.put_object(
            Bucket=bucket, Key=f"policies/{document.name}", Body=document.read_bytes(), ChecksumAlgorithm="SHA256"
        )


def edit(desk: Desk, path: str, old: str, new: str) -> None:
    """One edit of a file of the use case; ``old`` must stand there once."""
    place = desk.repo.root / "manifests" / NAME / path
    text = place.read_text(encoding="utf-8")
    assert len(re.findall(re.escape(old), text)) == 1, f"{path}: {old!r}"
    place.write_text(text.replace(old, new), encoding="utf-8")
