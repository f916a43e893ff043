"""JSON Schemas of what looks back: two releases compared, what callers get, the index of a bundle."""

from __future__ import annotations

from releaser.core.audit_index import COLUMNS
from releaser.core.audit_index import FORMAT as INDEX_FORMAT
from releaser.core.serving import FORMAT as SERVING_FORMAT
from releaser.render.release_diff import FORMAT as DIFF_FORMAT
from releaser.render.schema_parts import DIALECT, Schema, closed, listed, mapped

_TEXT: Schema = {"type": "string"}
_FLAG: Schema = {"type": "boolean"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_MOMENT: Schema = {"type": "string", "format": "date-time", "pattern": "Z$"}
_ANY: Schema = {"type": "object"}


def _titled(name: str, title: str, description: str, body: Schema) -> Schema:
    return {
        "$schema": DIALECT,
        "$id": f"https://releaser.dev/schemas/{name}.v1.json",
        "title": title,
        "description": description,
        **body,
    }


def diff_schema() -> Schema:
    """``schemas/release-diff.v1.json``."""
    side = closed(release=_TEXT, digest=_TEXT, commit=_TEXT)
    change = closed(
        ("subject", "effect", "path", "text"),
        subject=_TEXT,
        effect={"enum": ["stronger", "weaker", "changed", "neutral"]},
        path=_TEXT,
        text=_TEXT,
        words=closed(removed=_COUNT, added=_COUNT),
        sha256=listed(_TEXT) | {"description": "Of both texts, where they are confidential: twelve digits."},
        pieces=listed(closed(change={"enum": ["same", "removed", "added"]}, text=_TEXT)),
    )
    body = closed(
        **{"from": side},
        format={"const": DIFF_FORMAT},
        useCase=_TEXT,
        to=side,
        confidential=_FLAG,
        files=listed(closed(path=_TEXT, before=_TEXT, after=_TEXT)),
        sections=listed(closed(title=_TEXT, changes=listed(change))),
    )
    return _titled("release-diff", "Two releases", "What `history diff --output json` prints.", body)


DELIVERING: Schema = closed(
    release=_TEXT,
    releaseDigest=_TEXT,
    percentage={"type": "integer", "minimum": 0, "maximum": 100},
    deployment={"type": "integer"},
    at=_MOMENT,
    endsAbout={"anyOf": [_MOMENT, {"type": "null"}]},
)


def serving_schema() -> Schema:
    """``schemas/serving.v1.json``: one item of the list."""
    version = closed(address=_TEXT, version=_TEXT, arn=_TEXT, bodyDigest=_TEXT)
    pointer = closed(address=_TEXT, id=_TEXT, name=_TEXT, arn=_TEXT, revision=_TEXT, versions=listed(version))
    stands = closed(standing={"enum": ["as recorded", "differs", "gone", "unreadable"]}, why=_TEXT)
    members: dict[str, Schema] = {
        "format": {"const": SERVING_FORMAT},
        **dict.fromkeys(("environment", "useCase", "account", "region", "release", "releaseDigest", "commit"), _TEXT),
        "tag": {"type": ["string", "null"]},
        "since": {"anyOf": [_MOMENT, {"type": "null"}]},
        "verified": _FLAG,
        "mergeRequest": _TEXT,
        "approvedBy": listed(_TEXT),
        "emergency": {"anyOf": [_ANY, {"type": "null"}]},
        "record": _TEXT,
        "delivery": _ANY,
        "verdicts": listed(_ANY),
        "evidence": mapped(_ANY),
        "pointers": listed(pointer),
        "delivering": {"anyOf": [DELIVERING, {"type": "null"}]},
    }
    body = closed(tuple(members), **members, live=mapped(stands))
    return _titled("serving", "What callers get", "One item of `history serving --output json`.", body)


def index_schema() -> Schema:
    """``schemas/audit-index.v1.json``."""
    body = closed(
        **{"from": _MOMENT},
        format={"const": INDEX_FORMAT},
        to=_MOMENT,
        environment={"type": ["string", "null"]},
        useCases=listed(_TEXT),
        head=_TEXT,
        notes=listed(_TEXT),
        records=listed(closed(**dict.fromkeys(COLUMNS, _TEXT))),
        mappings=_ANY,
    )
    return _titled("audit-index", "The index of a bundle", "`index.json` of what `audit export` writes.", body)
