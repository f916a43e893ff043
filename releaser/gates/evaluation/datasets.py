"""Data sets: files of the use case, Git LFS, versions of S3 objects. What was not approved is not used."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from releaser.core.errors import ReleaserError
from releaser.core.evaluation.case import Dataset
from releaser.core.evaluation.lfs import pointer_of
from releaser.core.evaluation.reading import read_dataset
from releaser.engine.ports import Aws

LfsObjects = Callable[[str], bytes | None]
"""sha256 -> the bytes of the object, where this clone has it."""
MOST = 256 << 20
"""Bytes of an object in S3."""


def no_objects(_: str) -> None:
    """A place without Git LFS."""


def verified_bytes(
    name: str,
    declared: Mapping[str, Any],
    files: Mapping[str, bytes],
    aws: Aws | None = None,
    objects: LfsObjects = no_objects,
) -> bytes:
    """The bytes of a data set that have the declared digest. ``files``: of the use case's folder. Raises ReleaserError
    for others; AwsError."""
    path = declared.get("path")
    found = _from_folder(name, path, files, objects) if isinstance(path, str) else _from_s3(name, declared, aws)
    actual, wanted = hashlib.sha256(found).hexdigest(), declared.get("sha256")
    if actual != wanted:
        raise ReleaserError(
            f"{path or declared.get('uri')} has the sha256 {actual}, the manifest says {wanted}",
            code="P228",
            hint="data that was not approved is not used; `releaser dataset check` says what it is",
        )
    return found


def load(
    name: str,
    declared: Mapping[str, Any],
    files: Mapping[str, bytes],
    aws: Aws | None = None,
    objects: LfsObjects = no_objects,
) -> Dataset:
    """A data set, verified and read. Raises ReleaserError for one case that cannot be used: none is left out."""
    content = verified_bytes(name, declared, files, aws, objects)
    path = str(declared.get("path") or declared.get("uri"))
    found, wrong = read_dataset(name, path, content, str(declared["sha256"]))
    if wrong:
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        raise ReleaserError(
            f"{path}:{wrong[0].line}: {wrong[0].message}{more}",
            code="P228",
            hint="`releaser dataset check` lists every problem",
        )
    if not found.cases:
        raise ReleaserError(f"{path} holds no case", code="P228", hint="a suite without cases proves nothing")
    return found


def _from_folder(name: str, path: str, files: Mapping[str, bytes], objects: LfsObjects) -> bytes:
    if path not in files:
        raise ReleaserError(f"{path} is not there", code="P228", hint=f"it is named as datasets.{name}.path")
    pointer = pointer_of(files[path])
    if pointer is None:
        return files[path]
    found = objects(pointer.sha256)
    if found is None:
        raise ReleaserError(
            f"{path} is a pointer of Git LFS, and this clone has not fetched what it stands for",
            code="P228",
            hint=f"git lfs pull --include '*/{path}'; in CI set GIT_LFS_SKIP_SMUDGE=0",
        )
    return found


def _from_s3(name: str, declared: Mapping[str, Any], aws: Aws | None) -> bytes:
    uri = str(declared.get("uri", ""))
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    if not bucket or not key:
        raise ReleaserError(f"{uri} names no object", code="P228", hint=f"datasets.{name}.uri: s3://BUCKET/KEY")
    if aws is None:
        raise ReleaserError(f"{uri} is in S3, and no account is at hand", code="P228", hint="name an environment: -e")
    which = {"Bucket": bucket, "Key": key}
    if declared.get("versionId"):
        which["VersionId"] = str(declared["versionId"])
    body = aws.call("s3", "GetObject", which)["Body"]
    content: bytes = body if isinstance(body, bytes) else body.read(MOST + 1)
    if len(content) > MOST:
        raise ReleaserError(f"{uri} has more than {MOST >> 20} MB", code="P228", hint="take a sample of it")
    return content
