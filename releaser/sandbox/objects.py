"""What is in S3: buckets by their world-wide name, objects with all their versions, newest first.

A bucket belongs to the account that made it and is found by anybody; its objects are kept with that account.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from typing import Any

from releaser.sandbox import locks
from releaser.sandbox.call import Call
from releaser.sandbox.errors import AwsError, not_in_the_sandbox
from releaser.sandbox.store import GLOBAL, Doc, Store

ABOUT = ("ContentType", "ContentEncoding", "ContentDisposition", "ContentLanguage", "CacheControl", "Metadata")
_BUCKETS = "s3-bucket"


def bucket(store: Store, name: str) -> Doc | None:
    """A bucket: name, account, region, createdAt, versioning."""
    return store.get(GLOBAL, GLOBAL, _BUCKETS, name)


def buckets(store: Store, account: str) -> list[Doc]:
    """The buckets of one account, by name."""
    mine = [doc for doc in store.rows(GLOBAL, GLOBAL, _BUCKETS).values() if doc["account"] == account]
    return sorted(mine, key=lambda doc: str(doc["name"]))


def put_bucket(store: Store, doc: Doc) -> None:
    """Adds or replaces a bucket."""
    store.put(GLOBAL, GLOBAL, _BUCKETS, doc["name"], doc)


def delete_bucket(store: Store, name: str) -> None:
    """Removes a bucket, which must be empty."""
    store.delete(GLOBAL, GLOBAL, _BUCKETS, name)


def versions(store: Store, owner: Doc, key: str) -> list[dict[str, Any]]:
    """All versions of an object, newest first; delete markers have no ``blob``."""
    doc = store.get(owner["account"], GLOBAL, f"s3-object/{owner['name']}", key)
    return list(doc["versions"]) if doc is not None else []


def put_versions(store: Store, owner: Doc, key: str, found: list[dict[str, Any]]) -> None:
    """Replaces the versions of an object; none: the object is gone."""
    where = (owner["account"], GLOBAL, f"s3-object/{owner['name']}", key)
    if found:
        store.put(*where, {"versions": found})
    else:
        store.delete(*where)


def about(params: Mapping[str, Any]) -> dict[str, Any]:
    """What a request says about the object it writes."""
    return {"ContentType": "binary/octet-stream"} | {name: params[name] for name in ABOUT if name in params}


def add_version(call: Call, owner: Doc, key: str, content: Mapping[str, Any]) -> dict[str, Any]:
    """Puts a version on top: an object's, or with no content a delete marker.

    With versioning on everything below stays; otherwise the new one is called null and takes that one's place.
    """
    enabled = owner["versioning"] == "Enabled"
    before = versions(call.store, owner, key)
    kept = before if enabled else [version for version in before if version["versionId"] != "null"]
    id = secrets.token_urlsafe(24) if enabled else "null"
    version = {"versionId": id, "lastModified": float(int(call.clock.stamp())), **content}
    if content and locks.enabled(owner):
        version["lock"] = locks.of_new_version(owner, call.params, call.clock.now())
    put_versions(call.store, owner, key, [version, *kept])
    return version


def history(store: Store, owner: Doc) -> list[tuple[str, list[dict[str, Any]]]]:
    """Every key of a bucket with its versions, in S3's order: by UTF-8 bytes."""
    rows = store.rows(owner["account"], GLOBAL, f"s3-object/{owner['name']}")
    return [(key, rows[key]["versions"]) for key in sorted(rows, key=lambda key: key.encode())]


def current(store: Store, owner: Doc) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every key whose newest version is not a delete marker, with that version."""
    for key, found in history(store, owner):
        if "blob" in found[0]:
            yield key, found[0]


def forget_account(store: Store, account: str) -> None:
    """An account is being wiped: its buckets go too. Within a transaction."""
    for doc in buckets(store, account):
        delete_bucket(store, doc["name"])


def owned(call: Call, asked: Mapping[str, Any] | None = None) -> Doc:
    """The bucket of a request (or of ``asked``), when it is the caller's own and the owner they expect."""
    params = call.params if asked is None else asked
    found = bucket(call.store, params["Bucket"])
    if found is None:
        raise AwsError("NoSuchBucket", "The specified bucket does not exist", 404)
    if call.account != found["account"] or params.get("ExpectedBucketOwner", call.account) != found["account"]:
        raise AwsError("AccessDenied", "Access Denied", 403)
    return found


def require_played(call: Call, *known: str, among: Mapping[str, Any] | None = None) -> None:
    """Refuses loudly what is given beyond ``known``, rather than lose it."""
    for name in call.params if among is None else among:
        if name not in known:
            raise unplayed(call, name)


def unplayed(call: Call, what: str) -> AwsError:
    """The gap by name."""
    return not_in_the_sandbox(f"{call.operation.key} with {what}", "rest-xml")
