"""JUnit XML, the one printer of it: suites of cases, as GitLab reads them.

GitLab (lib/gitlab/ci/parsers/test/junit.rb) shows the text of a failure and drops its message when there is text, so
the message is the first line of the text. It knows a case by suite, class and name joined by underscores: of two that
are called the same one would be lost. ``[[ATTACHMENT|path]]`` in the output becomes a link. Its XML reader refuses the
whole file for an element of the type ``yaml`` or ``symbol`` (ActiveSupport, ``Hash.from_xml``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from releaser.render.escape import safe

State = Literal["passed", "failure", "error", "skipped"]
_TYPE = re.compile(r"[A-Z][A-Za-z0-9]*")
# What XML 1.0 cannot hold in any form, beside what ``safe`` shows already.
_NO_XML = re.compile("[\ufffe\uffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One thing that was looked at. ``group``: its class, as ``use-case.suite``."""

    group: str
    name: str
    state: State = "passed"
    type: str = ""
    """A verdict or a code: ``FAIL``, ``P160``."""
    message: str = ""
    lines: Sequence[str] = ()
    """What else to say of a failure."""
    output: str = ""
    file: str = ""
    """Where it is written, as git names it: GitLab links it."""


@dataclass(frozen=True, slots=True)
class Suite:
    """The cases of one use case."""

    name: str
    cases: Sequence[Case]

    def count(self, state: State) -> int:
        return sum(case.state == state for case in self.cases)


def junit(name: str, suites: Iterable[Suite]) -> str:
    """The whole file. Any text may stand in it; no two cases are called the same."""
    root = Element("testsuites", name=_text(name))
    taken: set[str] = set()
    for suite in suites:
        at = SubElement(
            root,
            "testsuite",
            name=_text(suite.name),
            tests=str(len(suite.cases)),
            failures=str(suite.count("failure")),
            errors=str(suite.count("error")),
            skipped=str(suite.count("skipped")),
        )
        for case in suite.cases:
            _case(at, case, _free(suite.name, case, taken))
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def _case(at: Element, case: Case, name: str) -> None:
    where = {"file": _text(case.file)} if case.file else {}
    found = SubElement(at, "testcase", {"classname": _text(case.group), "name": name, **where})
    if case.state != "passed":
        kind = {"type": case.type} if _TYPE.fullmatch(case.type) else {}
        said = SubElement(found, case.state, {**kind, "message": _text(case.message)})
        said.text = "\n".join(_text(line) for line in (case.message, *case.lines))
    if case.output:
        SubElement(found, "system-out").text = _text(case.output)


def _free(suite: str, case: Case, taken: set[str]) -> str:
    """The case's name; with a number where GitLab would take it for another case."""
    name, again = _text(case.name), 1
    while (key := f"{_text(suite)}_{_text(case.group)}_{name}") in taken:
        again += 1
        name = f"{_text(case.name)} ({again})"
    taken.add(key)
    return name


def _text(text: str) -> str:
    shown = _NO_XML.sub(lambda found: f"\\u{{{ord(found.group()):x}}}", safe(text))
    return shown.replace("[[ATTACHMENT|", "[[ATTACHMENT |")
