"""``index.html`` of a bundle: one page that loads nothing, runs nothing and can be read without the others."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from typing import Any

from releaser.core.audit_index import Scope
from releaser.render.html import Child, Markup, element, link, page
from releaser.render.words import counted

STYLE = """
body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:80rem;padding:1rem}
h1,h2{line-height:1.2}td{overflow-wrap:break-word}code{font-size:.9em;overflow-wrap:anywhere}
table{border-collapse:collapse;font-size:.9rem;width:100%}
th,td{border-bottom:1px solid #8886;padding:.3rem .6rem;text-align:left;vertical-align:top}
th{position:sticky;top:0;background:Canvas}.bad{font-weight:600}dd{margin:0 0 .5rem 1rem}
@media(max-width:48rem){thead{display:none}tr{display:block;border-bottom:2px solid #8888;padding:.5rem 0}
td{display:block;border:0;padding:.1rem 0}td:empty{display:none}
td::before{content:attr(data-title) ": ";opacity:.7}}
"""
_TITLES = ("Release", "Environment", "Closed (UTC)", "Outcome", "Change", "Approved by", "Gates", "Risk", "Files")
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
            element("p", f"{scope.environment or 'All environments'}; {about}; {counted(len(rows), 'record')}."),
            element("h2", "Is it what was written?"),
            element("p", "Run ", element("code", "python3 verify.py"), " in this folder: it needs Python 3.9 alone."),
            element("p", "Newest commit of the records: ", element("code", scope.head), "."),
            element("p", "This page, index.csv and index.json are views. The files under records/ are the proof."),
            [element("h2", "What is not in it"), element("ul", [element("li", n) for n in notes])] if notes else None,
            element("h2", "Records"),
            _table(rows),
            element("h2", "Where to look"),
            list(_mappings(mappings)),
        ],
        style=STYLE,
    )


def _table(rows: Sequence[Mapping[str, str]]) -> Markup:
    heads = [element("th", title, scope="col") for title in _TITLES]
    return element(
        "table",
        element("thead", element("tr", heads)),
        element("tbody", [element("tr", _cells(row)) for row in rows]),
    )


def _cells(row: Mapping[str, str]) -> Iterator[Markup]:
    cells: tuple[Child, ...] = (
        f"{row['useCase']} {row['release']}",
        row["environment"],
        row["closedAt"][:16].replace("T", " ") or "open",
        _outcome(row),
        "; ".join(t for t in (row["mergeRequest"], row["author"] or row["actor"], row["ticket"]) if t),
        _approved(row),
        _gates(row["gates"]),
        row["risk"],
        [[", " if i else "", one] for i, one in enumerate(_links(row))],
    )
    for title, cell in zip(_TITLES, cells, strict=True):
        yield element("td", cell, data_title=title)


def _outcome(row: Mapping[str, str]) -> Child:
    text = row["outcome"] + ("" if row["verified"] == "yes" or row["outcome"] != "released" else ", not verified")
    if row["emergency"]:
        text += f"; emergency {row['emergency']}"
    return text if text in ("released", "retired") else element("span", text, class_="bad")


def _approved(row: Mapping[str, str]) -> str:
    told = {"checked": "by somebody else", "unenforced": "by nobody else"}.get(row["segregation"], "")
    return "; ".join(t for t in (row["approvedBy"], told) if t) or "not recorded"


def _gates(text: str) -> str:
    """What did not pass, first of all."""
    gates = [g for g in dict.fromkeys(text.split("; ")) if g]
    failed = [g for g in gates if not g.endswith(" PASS")]
    return "; ".join(failed) or (f"all pass: {', '.join(g[:-5] for g in gates)}" if gates else "none recorded")


def _links(row: Mapping[str, str]) -> list[Markup]:
    return [link(title, row[member]) for member, title in _LINKS if row[member]]


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
