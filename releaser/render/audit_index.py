"""``index.html`` of a bundle: one page that loads nothing, runs nothing and can be read without the others."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from typing import Any

from releaser.core.audit_index import Scope
from releaser.render.html import Child, Markup, element, link, page

STYLE = """
body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:90rem;padding:1rem}
h1,h2{line-height:1.2}code{font-size:.9em;overflow-wrap:anywhere}
.wide{overflow-x:auto}table{border-collapse:collapse;font-size:.85rem;width:100%}
th,td{border-bottom:1px solid #8886;padding:.3rem .6rem;text-align:left;vertical-align:top}
th{position:sticky;top:0;background:Canvas}.bad{font-weight:600}
"""
_SHOWN = (
    ("environment", "Environment"),
    ("useCase", "Use case"),
    ("release", "Release"),
    ("outcome", "Outcome"),
    ("verified", "Verified"),
    ("openedAt", "Opened (UTC)"),
    ("closedAt", "Closed (UTC)"),
    ("mergeRequest", "Merge request"),
    ("author", "Author"),
    ("approvedBy", "Approved by"),
    ("segregation", "Segregation"),
    ("gates", "Gates"),
    ("risk", "Risk"),
)
_LINKS = (("notes", "notes"), ("content", "content"), ("tag", "tag"), ("bom", "bill of materials"))


def shipped_mappings() -> dict[str, Any]:
    """The mappings that come with releaser: a starting point."""
    found: dict[str, Any] = json.loads((files("releaser.render") / "mappings.json").read_text(encoding="utf-8"))
    return found


def index_page(
    scope: Scope, rows: Sequence[Mapping[str, str]], mappings: Mapping[str, Any], notes: Sequence[str]
) -> str:
    """The whole page. Nothing in it can become markup."""
    about = ", ".join(scope.use_cases) or "all use cases"
    title = f"Releases from {scope.since:%Y-%m-%d} to {scope.until:%Y-%m-%d}"
    return page(
        title,
        [
            element("h1", title),
            element("p", f"{scope.environment or 'All environments'}; {about}; {len(rows)} records."),
            element("h2", "Is it what was written?"),
            element("p", "Run ", element("code", "python3 verify.py"), " in this folder: it needs Python 3.9 alone."),
            element("p", "Newest commit of the records: ", element("code", scope.head), "."),
            element("p", "This page, index.csv and index.json are views. The files under records/ are the proof."),
            [element("h2", "What is not in it"), element("ul", [element("li", n) for n in notes])] if notes else None,
            element("h2", "Records"),
            element("div", _table(rows), class_="wide", tabindex="0", role="region", aria_label="Records"),
            element("h2", "Where to look"),
            list(_mappings(mappings)),
        ],
        style=STYLE,
    )


def _table(rows: Sequence[Mapping[str, str]]) -> Markup:
    heads = [element("th", title, scope="col") for _, title in _SHOWN] + [element("th", "Files", scope="col")]
    return element(
        "table", element("thead", element("tr", heads)), element("tbody", [element("tr", _cells(r)) for r in rows])
    )


def _cells(row: Mapping[str, str]) -> Iterator[Markup]:
    for member, _ in _SHOWN:
        is_bad = (member == "outcome" and row[member] not in ("released", "retired")) or (
            member == "outcome" and row["emergency"] != ""
        )
        text = row[member] + (f", emergency {row['emergency']}" if member == "outcome" and row["emergency"] else "")
        yield element("td", text, class_="bad" if is_bad else None)
    shown = [link(title, row[member]) for member, title in _LINKS if row[member]]
    yield element("td", [[", " if i else "", one] for i, one in enumerate(shown)])


def _mappings(mappings: Mapping[str, Any]) -> Iterator[Child]:
    """Framework by framework, the words and the fields of a record."""
    fields = mappings.get("fields")
    yield element("p", str(mappings.get("note", "")))
    for framework in _list(mappings.get("frameworks")):
        words = framework.get("words")
        yield element("h3", str(framework.get("name", "")))
        yield element(
            "dl",
            [
                [element("dt", str(word)), element("dd", _named(groups, fields))]
                for word, groups in (words.items() if isinstance(words, Mapping) else ())
            ],
        )


def _named(groups: Any, fields: Any) -> str:
    known = fields if isinstance(fields, Mapping) else {}
    names = groups if isinstance(groups, list) else []
    return ", ".join(str(f) for g in names for f in (known.get(g) or [g]))


def _list(value: Any) -> list[Mapping[str, Any]]:
    return [v for v in value if isinstance(v, Mapping)] if isinstance(value, list) else []
