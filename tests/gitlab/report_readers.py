"""GitLab's readers of report artifacts, written anew from its rules: each gives what GitLab would keep, and fails where
GitLab would refuse the file or lose a part of it."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

from jsonschema import Draft7Validator

# ActiveSupport's ``Hash.from_xml`` refuses the first two and converts the text of the others.
_TYPES = {"yaml", "symbol", "array", "file", "integer", "float", "decimal", "double", "boolean", "date", "datetime"}
_TYPES |= {"dateTime", "string", "base64Binary", "duration"}
_CODE_QUALITY = {
    "type": "object",
    "required": ["description", "fingerprint", "severity", "location"],
    "properties": {
        "description": {"type": "string"},
        "fingerprint": {"type": "string"},
        "severity": {"enum": ["blocker", "critical", "major", "minor", "info"]},
        "location": {
            "type": "object",
            "required": ["path", "lines"],
            "properties": {
                "path": {"type": "string"},
                "lines": {
                    "type": "object",
                    "required": ["begin"],
                    "properties": {"begin": {"type": "integer", "minimum": 1}, "end": {"type": "integer"}},
                },
            },
        },
    },
}
_LINK = {"type": "object", "properties": {"label": {"type": "string"}, "url": {"type": "string"}}}
_ANNOTATIONS = {
    "type": "array",
    "maxItems": 1000,
    "items": {
        "type": "object",
        "properties": {"external_link": {**_LINK, "required": ["label", "url"], "additionalProperties": False}},
        "required": ["external_link"],
        "additionalProperties": False,
    },
}
_SAMPLE = re.compile(
    r"(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)"
    r'(?:\{(?P<labels>(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*",?)*)\})?'
    r" (?P<value>[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
)
_VALUE = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="([^"]*)"')


@dataclass(frozen=True)
class Read:
    """One case, as the merge request shows it."""

    key: str
    name: str
    status: str
    output: str


def terraform(text: str) -> dict[str, int]:
    found: dict[str, int] = json.loads(text)
    assert set(found) == {"create", "update", "delete"}
    assert all(type(n) is int and 0 <= n <= 999_999 for n in found.values())
    return found


def codequality(text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(text)
    text.encode("ascii")
    for entry in found:
        Draft7Validator(_CODE_QUALITY).validate(entry)
        json.dumps(entry, ensure_ascii=False).encode()  # no lone surrogate
        assert entry["location"]["lines"]["end"] >= entry["location"]["lines"]["begin"]
    assert len({entry["fingerprint"] for entry in found}) == len(found), "GitLab keeps one of two with one fingerprint"
    return found


def junit(text: str) -> list[Read]:
    root = ElementTree.fromstring(text.encode())
    assert root.tag == "testsuites"
    assert not [e for e in root.iter() if e.get("type") in _TYPES or e.get("nil")]
    found = []
    for suite in root:
        assert suite.tag == "testsuite" and suite.get("name") is not None
        cases = [_case(str(suite.get("name")), case) for case in suite]
        counts = {"tests": len(cases)} | {
            n: sum(c.status == s for c in cases)
            for n, s in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped"))
        }
        assert {n: int(str(suite.get(n))) for n in counts} == counts
        found += cases
    assert len({case.key for case in found}) == len(found), "GitLab keeps the last of two cases with one key"
    return found


def _case(suite: str, case: ElementTree.Element) -> Read:
    assert case.tag == "testcase"
    said = {e.tag: e for e in case}
    assert "[[ATTACHMENT|" not in "".join(case.itertext())
    status = next((s for s in ("failure", "error", "skipped") if s in said), "passed")
    # Text takes the place of the attributes.
    output = (said[status].text or "").strip() if status in said else ""
    return Read(f"{suite}_{case.get('classname')}_{case.get('name')}", str(case.get("name")), status, output)


def metrics(text: str) -> dict[str, float]:
    """By name and labels, read by OpenMetrics' grammar and by GitLab's own splitting: both must see the same."""
    assert text.endswith("# EOF\n")
    found: dict[str, float] = {}
    typed: set[str] = set()
    for line in text.removesuffix("# EOF\n").splitlines():
        if line.startswith("# "):
            word, family, rest = line[2:].split(" ", 2)
            assert word in ("TYPE", "HELP") and rest
            if word == "TYPE":
                assert family not in typed, "a family is told once, in one piece"
                typed.add(family)
            continue
        sample = _SAMPLE.fullmatch(line)
        assert sample is not None, line
        assert sample["name"] in typed
        name, value, *others = shlex.split(re.sub(r"#.*$", "", line))
        assert not others and float(value) == float(sample["value"])
        assert name not in found
        found[name] = float(value)
        labels = _VALUE.findall(sample["labels"] or "")
        assert name == sample["name"] + "{" + ",".join(f"{k}={v}" for k, v in labels) + "}"
    return found


def dotenv(text: str) -> dict[str, str]:
    assert len(text.encode()) < 5 * 1024
    found: dict[str, str] = {}
    for line in text.splitlines():
        key, value = re.findall(r"^(.*?)=(.*)$", line)[-1]
        assert re.fullmatch(r"[a-zA-Z0-9_]{1,255}", key) and value == value.strip()
        assert not set(value) & set("$\"'`\\#"), "expanded, or read otherwise by a shell"
        assert key not in found
        found[key] = value
    assert len(found) <= 20
    return found


def annotated(text: str) -> dict[str, list[str]]:
    assert len(text.encode()) <= 81_920
    found = json.loads(text)
    assert isinstance(found, dict) and len(found) <= 20
    for name, links in found.items():
        assert 0 < len(name) <= 255
        Draft7Validator(_ANNOTATIONS).validate(links)
        for link in links:
            parts = urlsplit(link["external_link"]["url"])
            assert parts.scheme == "https" and parts.hostname and not parts.username
    json.dumps(found, ensure_ascii=False).encode()
    return {name: [link["external_link"]["url"] for link in links] for name, links in found.items()}
