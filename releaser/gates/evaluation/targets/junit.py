"""Results of another tool as JUnit XML, brought as a data set of the manifest: which cases passed.

A case is the ``testcase`` whose ``name`` is its id, or ends with it in brackets, as pytest names parameters. The
response is the text ``passed`` or ``failed``: cases with ``expected: passed`` are scored by ``accuracy`` or
``exactMatch`` as any others are. A test that was skipped, did not run, broke (``error``), or is there twice says
nothing: ``missing``. One that passed only when it was run again has failed. No words of the other tool are kept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from xml.parsers import expat

from releaser.core.evaluation.response import Response

LARGEST = 16 << 20
_DEEPEST = 32
_BRACKETS = re.compile(r".*?\[(.+)\]", re.DOTALL)
_FAILED = frozenset({"failure", "flakyFailure", "flakyError", "rerunFailure", "rerunError"})
_SILENT = {"skipped": "its test was skipped", "error": "its test broke"}
_NOT_RUN = frozenset({"notrun", "disabled", "skipped", "suppressed", "ignored"})


@dataclass(slots=True)
class _Reading:
    found: dict[str, Response | str] = field(default_factory=dict)
    open: list[str] = field(default_factory=list)
    name: str = ""
    failed: bool = False
    silent: str = ""

    def begin(self, tag: str, attributes: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        self.open.append(tag)
        if len(self.open) > _DEEPEST:
            raise ValueError("the results are nested too deeply")
        if len(self.open) == 1 and tag not in ("testsuites", "testsuite"):
            raise ValueError("the results are no JUnit XML: they begin with another element")
        if tag == "testcase":
            self.name, self.failed, self.silent = attributes.get("name", ""), False, ""
            ran = {attributes.get("status", "").lower(), attributes.get("result", "").lower()}
            if ran & _NOT_RUN:
                self.silent = "its test did not run"
        elif self.open[-2:-1] == ["testcase"]:
            self.failed = self.failed or tag in _FAILED
            self.silent = self.silent or _SILENT.get(tag, "")

    def end(self, _: str) -> None:
        if self.open.pop() != "testcase":
            return
        if not self.name:
            raise ValueError("a test has no name")
        result: Response | str = self.silent or Response(text="failed" if self.failed else "passed", model="brought")
        inside = _BRACKETS.fullmatch(self.name)
        for name in {self.name, *([inside[1]] if inside else [])}:
            self.found[name] = result if name not in self.found else "its test is there twice"


def _no_doctype(*_: object) -> None:
    raise ValueError("the results have a document type: entities are not read")


def read_junit(content: bytes) -> dict[str, Response | str]:
    """Case -> its response, or why it has none. Raises ValueError for what is no JUnit XML."""
    if len(content) > LARGEST:
        raise ValueError("the results are larger than 16 MB")
    reading = _Reading()
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _no_doctype
    parser.StartElementHandler = reading.begin
    parser.EndElementHandler = reading.end
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise ValueError(f"line {error.lineno} of the results is no XML") from None
    except (LookupError, UnicodeError):
        raise ValueError("the results have an encoding that is not known") from None
    return reading.found
