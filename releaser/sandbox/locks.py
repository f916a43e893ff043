"""Object Lock: which versions of objects cannot be deleted, and until when.

Source: S3 user guide, "How S3 Object Lock works": a retention period in GOVERNANCE mode can be bypassed by who may, in
COMPLIANCE mode by nobody, and only be made longer; a legal hold has no end and no bypass; a delete marker can always
be put on top. Everybody may bypass here: there is no IAM.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from releaser.sandbox.errors import AwsError

GIVEN = ("ObjectLockMode", "ObjectLockRetainUntilDate", "ObjectLockLegalHoldStatus")
Lock = Mapping[str, Any]
_DAY = 86_400


def enabled(bucket: Mapping[str, Any]) -> bool:
    """Whether the bucket has Object Lock."""
    return "lock" in bucket


def require(bucket: Mapping[str, Any]) -> None:
    """Refuses what needs Object Lock where there is none."""
    if not enabled(bucket):
        raise AwsError("InvalidRequest", "Bucket is missing Object Lock Configuration", 400)


def of_new_version(bucket: Mapping[str, Any], params: Mapping[str, Any], now: float) -> Lock:
    """The lock of an object that is being written: as the request says, or as the bucket's default says."""
    lock: dict[str, Any] = {}
    if any(name in params for name in GIVEN):
        require(bucket)
    if ("ObjectLockMode" in params) != ("ObjectLockRetainUntilDate" in params):
        text = "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied"
        raise AwsError("InvalidArgument", text, 400)
    if params.get("ObjectLockLegalHoldStatus"):
        lock["hold"] = params["ObjectLockLegalHoldStatus"]
    if "ObjectLockMode" in params:
        _in_future(params["ObjectLockRetainUntilDate"], now)
        return {**lock, "mode": params["ObjectLockMode"], "until": params["ObjectLockRetainUntilDate"]}
    rule = bucket.get("lock", {}).get("rule")
    if rule:
        days = rule.get("Days") or rule["Years"] * 365
        lock |= {"mode": rule["Mode"], "until": now + days * _DAY}
    return lock


def retained(version: Mapping[str, Any], now: float) -> str:
    """The mode of a retention that is still running, or nothing."""
    lock = version.get("lock", {})
    return str(lock["mode"]) if lock.get("until", 0.0) > now else ""


def check_delete(version: Mapping[str, Any], now: float, *, bypass: bool) -> None:
    """Refuses to delete a version that is locked."""
    mode = retained(version, now)
    held = version.get("lock", {}).get("hold") == "ON"
    if held or mode == "COMPLIANCE" or (mode and not bypass):
        raise _denied()


def with_retention(version: Mapping[str, Any], given: Mapping[str, Any], now: float, *, bypass: bool) -> dict[str, Any]:
    """The version with another retention, or (``given`` empty) without one."""
    if bool(given.get("Mode")) != bool(given.get("RetainUntilDate")):
        raise AwsError("MalformedXML", "The XML you provided was not well-formed: give Mode and RetainUntilDate", 400)
    if given:
        _in_future(given["RetainUntilDate"], now)
    lock, mode = dict(version.get("lock", {})), retained(version, now)
    longer = bool(given) and given["Mode"] == mode and given["RetainUntilDate"] >= lock["until"] if mode else True
    if not longer and not (mode == "GOVERNANCE" and bypass):
        raise _denied()
    lock.pop("mode", None)
    lock.pop("until", None)
    if given:
        lock |= {"mode": given["Mode"], "until": given["RetainUntilDate"]}
    return {**version, "lock": lock}


def shown(version: Mapping[str, Any]) -> dict[str, Any]:
    """What GetObject and HeadObject say of it."""
    lock = version.get("lock", {})
    return dict(zip(GIVEN, (lock.get("mode"), lock.get("until"), lock.get("hold")), strict=True))


def _in_future(until: float, now: float) -> None:
    if until <= now:
        raise AwsError("InvalidArgument", "The retain until date must be in the future!", 400)


def _denied() -> AwsError:
    return AwsError("AccessDenied", "Access Denied because object protected by object lock.", 403)
