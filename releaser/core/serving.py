"""What callers get, from the records alone: pointer -> version -> digest -> commit -> merge request -> evidence."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from releaser.core.address import Address
from releaser.core.record import Binding, OpenRecord
from releaser.core.shape import plain
from releaser.core.timeline import Account

FORMAT = "releaser.serving/v1"


@dataclass(frozen=True, slots=True)
class Version:
    """A published version behind a pointer, and the proof of its content."""

    address: Address
    version: str
    arn: str
    body_digest: str


@dataclass(frozen=True, slots=True)
class Pointer:
    """What callers follow, and what it leads to. ``delivery``: how the configuration reaches them, when it is told."""

    address: Address
    id: str
    name: str
    arn: str
    revision: str
    versions: tuple[Version, ...]


@dataclass(frozen=True, slots=True)
class Serving:
    """What is live of one use case in one environment, by the record that made it so."""

    account: Account
    pointers: tuple[Pointer, ...]
    underway: OpenRecord | None = None
    """A roll-out on its way to callers, as the records tell: some have its release already."""


def serving(account: Account, pointer_kinds: Collection[str], underway: OpenRecord | None = None) -> Serving:
    """``account``: the record that made what is live; ``pointer_kinds``: names of the kinds that callers follow."""
    bindings = account.closed.bindings if account.closed else {}
    found = (
        Pointer(a, b.id, b.name, b.arn, b.revision, tuple(_behind(a, bindings)))
        for a, b in sorted(bindings.items())
        if b.kind in pointer_kinds
    )
    return Serving(account, tuple(found), underway)


def _behind(pointer: Address, bindings: Mapping[Address, Binding]) -> Iterator[Version]:
    """The versions that a pointer leads to, through what it needs; each once, by address."""
    seen, rest = {pointer}, list(bindings[pointer].needs)
    versions = []
    while rest:
        address = rest.pop()
        if address in seen or address not in bindings:
            continue
        seen.add(address)
        found = bindings[address]
        rest.extend(found.needs)
        if found.version:
            versions.append(Version(address, found.version, found.arn, found.body_digest))
    yield from sorted(versions, key=lambda v: v.address)


def serving_data(found: Serving) -> dict[str, Any]:
    """One item of ``history serving --output json``."""
    opened, closed = found.account.opened, found.account.closed
    return {
        "format": FORMAT,
        "environment": opened.environment,
        "useCase": opened.use_case,
        "account": opened.account,
        "region": opened.region,
        "release": opened.release,
        "releaseDigest": opened.release_digest,
        "commit": opened.commit,
        "tag": opened.tag,
        "since": plain(closed.closed_at) if closed else None,
        "verified": bool(closed and closed.verified),
        "mergeRequest": found.account.merge_request,
        "approvedBy": list(found.account.approvers),
        "emergency": plain(opened.emergency) if opened.emergency else None,
        "record": opened.ref.folder,
        "delivery": plain(closed.delivery) if closed else {},
        "verdicts": [plain(v) for v in closed.verdicts] if closed else [],
        "evidence": plain(closed.evidence) if closed else {},
        "pointers": [
            {
                "address": str(p.address),
                "id": p.id,
                "name": p.name,
                "arn": p.arn,
                "revision": p.revision,
                "versions": [
                    {"address": str(v.address), "version": v.version, "arn": v.arn, "bodyDigest": v.body_digest}
                    for v in p.versions
                ],
            }
            for p in found.pointers
        ],
        "delivering": delivering_data(found.underway),
    }


def delivering_data(record: OpenRecord | None) -> dict[str, Any] | None:
    """The roll-out of an open record, by its newest entry; None where there is none."""
    if record is None or record.delivering is None:
        return None
    delivery = record.delivering.delivery
    return {
        "release": record.opened.release,
        "releaseDigest": record.opened.release_digest,
        "percentage": delivery.percentage,
        "deployment": delivery.deployment,
        "at": plain(record.delivering.at),
        "endsAbout": plain(delivery.ends_about) if delivery.ends_about else None,
    }
