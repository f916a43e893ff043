"""The index of a bundle: one row for each record of the period, as JSON and CSV. Views; the records are the proof."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from releaser.core.proof.bundle import BOMS, RECORDS, TAGS
from releaser.core.proof.contents import CONTENTS
from releaser.core.proof.files import NOTES_FILE
from releaser.core.shape import moment
from releaser.core.timeline import Account

FORMAT = "releaser.audit-index/v1"
COLUMNS = (
    "environment",
    "useCase",
    "seq",
    "release",
    "outcome",
    "verified",
    "emergency",
    "openedAt",
    "closedAt",
    "commit",
    "releaseDigest",
    "mergeRequest",
    "author",
    "approvedBy",
    "segregation",
    "ticket",
    "actor",
    "trigger",
    "risk",
    "gates",
    "account",
    "region",
    "record",
    "notes",
    "content",
    "tag",
    "bom",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Scope:
    """What a bundle is about."""

    since: datetime
    until: datetime
    environment: str
    """Empty: all."""
    use_cases: tuple[str, ...]
    """Empty: all."""
    head: str
    """The newest commit of the branch of records that is in it."""


def is_in(account: Account, scope: Scope) -> bool:
    """Whether a record was at work within the period: opened before its end, and not closed before its begin."""
    closed = account.closed.closed_at if account.closed else None
    return account.opened.opened_at <= scope.until and (closed is None or closed >= scope.since)


def index_rows(accounts: Iterable[Account], members: Collection[str]) -> list[dict[str, str]]:
    """A row for each record, by place and number. ``members``: names of what is in the bundle."""
    ordered = sorted(accounts, key=lambda a: (a.opened.environment, a.opened.use_case, a.opened.seq))
    return [dict(zip(COLUMNS, _row(account, members), strict=True)) for account in ordered]


def _row(account: Account, members: Collection[str]) -> Iterator[str]:
    opened, closed, change = account.opened, account.closed, account.opened.change
    yield from (opened.environment, opened.use_case, str(opened.seq), opened.release, account.outcome)
    yield "yes" if closed and closed.verified else "no"
    yield f"{opened.emergency.kind}: {opened.emergency.reason}" if opened.emergency else ""
    yield from (moment(opened.opened_at), moment(closed.closed_at) if closed else "")
    yield from (opened.commit, f"sha256:{opened.release_digest}", account.merge_request)
    yield from (change.author if change else "", ", ".join(account.approvers))
    yield from (change.segregation if change else "unknown", change.ticket if change else "")
    yield from (opened.actor, opened.trigger, opened.risk)
    yield "; ".join(f"{v.get('gate')} {v.get('result')}" for v in closed.verdicts) if closed else ""
    yield from (opened.account, opened.region)
    folder, name = opened.ref.folder, f"{opened.use_case}/{opened.release}"
    yield f"{RECORDS}{folder}/"
    for member in (
        f"{RECORDS}{folder}/{NOTES_FILE}",
        f"{CONTENTS}{name}/release.json",
        f"{TAGS}{name}.tag",
        f"{BOMS}{name}.cdx.json",
    ):
        yield member if member in members else ""


def index_csv(rows: Iterable[Mapping[str, str]]) -> str:
    """For a spreadsheet: no cell of it is taken for a formula."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([f"'{v}" if v.startswith(_FORMULA) else v for v in (row[c] for c in COLUMNS)])
    return out.getvalue()


def index_data(
    scope: Scope, rows: list[dict[str, str]], mappings: Mapping[str, Any], notes: Iterable[str]
) -> dict[str, Any]:
    """``notes``: what could not be put into the bundle, in words."""
    return {
        "format": FORMAT,
        "from": moment(scope.since),
        "to": moment(scope.until),
        "environment": scope.environment or None,
        "useCases": list(scope.use_cases),
        "head": scope.head,
        "notes": sorted(notes),
        "records": rows,
        "mappings": dict(mappings),
    }
