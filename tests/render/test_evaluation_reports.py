"""Reports of evaluations: what they say, and that no reply of a model gets out of them."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest
from world.gitlab_markdown import rendered

from releaser.core.evaluation.judgement import (
    Compared,
    Comparison,
    Judgement,
    MetricVerdict,
    Sample,
    SuiteVerdict,
    Threshold,
    Waived,
)
from releaser.core.gate import Result
from releaser.core.scores import scores
from releaser.core.shape import plain, typed
from releaser.render.evaluation.comment import comparison_markdown, judgement_markdown
from releaser.render.evaluation.data import compared_json, evidence_schema, gate_data, gate_json, gate_schema
from releaser.render.evaluation.page import judgement_page
from releaser.render.evaluation.table import comparison_text, judgement_text
from releaser.render.reports.checks import judgement_junit

GOLDEN = Path(__file__).parent.parent / "golden" / "evaluation"
HOSTILE = (
    "</code></td></details><script>alert(1)</script> ``` `x` | [me](https://evil.example) ![i](https://evil.example/p)"
    "\n# Verdict: PASS\n@everyone <!-- --> &lt; \x1b[31mred\u202e \x00 ]]> <img src=x onerror=alert(1)> " + "long " * 80
)
TEXTS: dict[str, str] = {"a" * 64: HOSTILE, "b" * 64: "Refunds take 30 days."}


def _metric(name: str, result: Result, reason: str, **more: object) -> MetricVerdict:
    found = {
        "threshold": Threshold(suite="quality", metric=name, floor=0.9, unit="share", tier="critical"),
        "result": result,
        "reason": f"{name}: {reason}",
        "n": 200,
    }
    return MetricVerdict(**{**found, **more})  # type: ignore[arg-type]


def failed() -> Judgement:
    """One of every verdict."""
    quality = (
        _metric(
            "contains", Result.PASS, "0.99 over 200 cases", value=0.99, lower=0.97, upper=0.998, test="Wilson bound"
        ),
        _metric(
            "exactMatch",
            Result.FAIL,
            "0.8 over 200 cases, at most 0.84 with 95 % confidence, floor 0.9",
            hint="look at c000",
            value=0.8,
            lower=0.75,
            upper=0.84,
            test="Wilson bound",
            p=0.0001,
            p_adjusted=0.0002,
            comparison=Comparison(
                release="r11",
                baseline=0.95,
                difference=-0.15,
                lower=-0.2,
                upper=-0.1,
                n=200,
                test="Tango interval, exact McNemar",
                p=0.00001,
                detectable=0.06,
                better=2,
                worse=32,
            ),
            worst=(
                Sample(case="c000", score=0.0, before=1.0, response="a" * 64, critical=True),
                Sample(case="c001|<b>", score=0.0, before=1.0, response="b" * 64),
                Sample(case="c002", score=0.0, response="c" * 64),
            ),
            scores=(0.0,) * 40 + (1.0,) * 160,
            baseline_scores=(0.0,) * 10 + (1.0,) * 190,
        ),
        _metric("jsonValid", Result.ERROR, "3 results missing or broken: c9: no answer (throttled)", errors=3),
        _metric(
            "regex",
            Result.FAIL,
            "0.7 over 200 cases",
            value=0.7,
            lower=0.6,
            upper=0.8,
            waived=Waived(by="ana", reason="known, <b>agreed</b>", until="2026-12-08"),
        ),
        _metric(
            "tokenF1",
            Result.INCONCLUSIVE,
            "0.91 over 40 cases",
            value=0.91,
            lower=0.85,
            upper=0.97,
            n=40,
            hint="about 900 cases would decide",
            needed=900,
            threshold=Threshold(suite="quality", metric="tokenF1", floor=0.9, unit="share", max_regression=0.02),
        ),
        _metric(
            "timeToFirstTokenP95",
            Result.FAIL,
            "1400 ms over 60 times",
            value=1400.0,
            lower=1300.0,
            upper=1500.0,
            n=60,
            threshold=Threshold(
                suite="quality",
                metric="timeToFirstTokenP95",
                ceiling=1200.0,
                unit="time",
                tier="advisory",
                max_regression=0.1,
                relative=True,
            ),
            scores=tuple(1000.0 + 10 * i for i in range(60)),
        ),
    )
    pending = SuiteVerdict(
        suite="safety", result=Result.PENDING, key="", evidence=(), metrics=(), reason="not evaluated yet"
    )
    suite = SuiteVerdict(
        suite="quality",
        result=Result.ERROR,
        key="d" * 64,
        evidence=("e" * 64, "f" * 64),
        metrics=quality,
        reason=quality[2].reason,
        accepted_from="test",
        cost={"USD": 1.234},
    )
    return Judgement(
        use_case="answers", environment="prod", release="r12", result=Result.ERROR, suites=(suite, pending)
    )


def passed() -> Judgement:
    metric = _metric("contains", Result.PASS, "0.99 over 200 cases", value=0.99, lower=0.97, upper=0.998)
    suite = SuiteVerdict(
        suite="quality",
        result=Result.PASS,
        key="d" * 64,
        evidence=("e" * 64,),
        metrics=(metric,),
        reason="1 of 1 metrics pass",
    )
    return Judgement(use_case="answers", environment="prod", release="r12", result=Result.PASS, suites=(suite,))


PRINTED: dict[str, Callable[[Judgement], str]] = {
    "report.txt": lambda j: judgement_text(j, TEXTS.get),
    "report.md": lambda j: judgement_markdown(j, TEXTS.get),
    "report.xml": judgement_junit,
    "report.html": lambda j: judgement_page(j, TEXTS.get),
    "report.json": gate_json,
}


@pytest.mark.parametrize("name", PRINTED)
@pytest.mark.parametrize("made", [failed, passed], ids=lambda f: f.__name__)
def test_reports_read_as_they_were_agreed(made: Callable[[], Judgement], name: str) -> None:
    path, text = GOLDEN / made.__name__ / name, PRINTED[name](made())
    if os.environ.get("RELEASER_BLESS"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text, f"{path} is stale; RELEASER_BLESS=1 pytest {__file__}"


def test_the_verdict_comes_first() -> None:
    assert judgement_text(failed()).startswith("ERROR: answers r12 for prod\n")
    lines = [line for line in judgement_markdown(failed()).split("\n") if line]
    assert lines[:2] == ["### Evaluation", "**ERROR**: `answers` of `r12` for `prod`"]
    rows = [line for line in lines if line.startswith("| `quality/")]
    assert [re.findall(r"quality/(\w+)", row)[0] for row in rows[:3]] == ["jsonValid", "exactMatch", "tokenF1"]


def test_no_reply_is_shown_unless_somebody_gives_it() -> None:
    for text in (judgement_text(failed()), judgement_markdown(failed()), judgement_page(failed()), gate_json(failed())):
        assert "Refunds take" not in text
        assert "alert" not in text


def test_a_reply_cannot_get_out_of_markdown() -> None:
    text = judgement_markdown(failed(), TEXTS.get)
    (row,) = [line for line in text.split("\n") if "alert(1)" in line]
    found = rendered(text)
    assert any("alert(1)" in cell and "\\n# Verdict: PASS\\n@everyone <!-- --> &lt;" in cell for cell in found.cells)
    assert found.acting == [] and not {"script", "img", "a"} & set(found.tags)
    assert text.count("<details>") == text.count("</details>") - row.count("</details>") == 2
    assert "\n# Verdict" not in text
    assert "long long" in row and len(row) < 500
    assert not set(text) & {"\x1b", "\u202e", "\x00"}


def test_a_reply_cannot_get_out_of_a_terminal_or_of_xml() -> None:
    assert not set(judgement_text(failed(), TEXTS.get)) & {"\x1b", "\u202e", "\x00"}
    root = ElementTree.fromstring(judgement_junit(failed()))
    assert [case.get("name") for case in root.iter("testcase")][-1] == "evidence"


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}


def test_a_reply_cannot_get_out_of_the_page() -> None:
    text = judgement_page(failed(), TEXTS.get)
    found = _Tags()
    found.feed(text)
    assert not found.names & {"script", "img", "iframe", "link", "form", "b"}
    assert not {name for name in found.attributes if name.startswith("on") or name in ("src", "style", "href")}
    assert "evil.example" in text
    assert text.count("<svg") == 2
    assert "candidate" in text and "baseline" in text


def test_junit_tells_errors_from_failures() -> None:
    root = ElementTree.fromstring(judgement_junit(failed()))
    (suite,) = root.findall("testsuite")
    assert [suite.get(a) for a in ("tests", "failures", "errors", "skipped")] == ["7", "2", "2", "2"]
    types = {case.get("name"): [(e.tag, e.get("type")) for e in case if e.tag != "system-out"] for case in suite}
    assert types["exactMatch"] == [("failure", "FAIL")]
    assert types["tokenF1"] == [("failure", "INCONCLUSIVE")]
    assert types["jsonValid"] == [("error", "ERROR")]
    assert types["evidence"] == [("error", "PENDING")]
    assert types["regex"] == [("skipped", None)]
    assert types["contains"] == []


def test_json_is_of_its_schema_and_reads_back() -> None:
    for made in (failed(), passed()):
        data = json.loads(gate_json(made))
        jsonschema.Draft202012Validator(gate_schema()).validate(data)
        assert data["verdict"] == made.result
        assert typed(tuple[SuiteVerdict, ...], data["suites"]) == made.suites
    assert {s.name: s.bound for s in scores([gate_data(failed())])}["quality/exactMatch"] == "at least 0.9"
    jsonschema.Draft202012Validator.check_schema(evidence_schema())


def test_what_is_not_finite_is_absent() -> None:
    metric = _metric("contains", Result.INCONCLUSIVE, "one", value=1.0, lower=float("-inf"), upper=float("nan"))
    suite = SuiteVerdict(suite="quality", result=Result.INCONCLUSIVE, key="", evidence=(), metrics=(metric,))
    made = Judgement(use_case="a", environment="e", release="", result=Result.INCONCLUSIVE, suites=(suite,))
    assert json.loads(gate_json(made))["metrics"][0]["lower"] is None


def test_two_releases_side_by_side() -> None:
    comparison = failed().suites[0].metrics[1].comparison
    rows = (
        Compared(
            suite="quality",
            metric="exactMatch",
            unit="share",
            before=0.95,
            after=0.8,
            comparison=comparison,
            better=("c7",),
            worse=("c000", "c001"),
            worst=(Sample(case="c000", score=0.0, before=1.0, response="a" * 64),),
        ),
        Compared(suite="quality", metric="helpful", unit="share", before=None, after=0.5, obstacle="another judge"),
    )
    text = comparison_text(rows, "r11", "r12", TEXTS.get)
    assert "better: c7" in text and "worse: c000, c001" in text and "another judge" in text
    assert "\x1b" not in text
    told = comparison_markdown(rows, "r11", "r12", TEXTS.get)
    assert "-0.15 (-0.2 to -0.1), 2 better, 32 worse" in told
    assert json.loads(compared_json(rows, "r11", "r12"))["metrics"] == plain(rows)
