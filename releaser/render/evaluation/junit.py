"""A judgement as JUnit XML, for the test reports of CI: a test case a metric."""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement, indent, tostring

from releaser.core.evaluation.judgement import Judgement, MetricVerdict, SuiteVerdict
from releaser.core.gate import Result
from releaser.render.escape import safe
from releaser.render.evaluation.words import asked, blocks, interval, told


def judgement_junit(found: Judgement) -> str:
    """ERROR and PENDING are errors, FAIL and INCONCLUSIVE failures of that type. What does not stand in the way
    (advisory, waived) is skipped with its verdict as the message."""
    root = Element("testsuites", name=_one_line(f"evaluation of {found.use_case} for {found.environment}"))
    for suite in found.suites:
        _suite(root, found, suite)
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def _suite(root: Element, found: Judgement, suite: SuiteVerdict) -> None:
    errors = sum(1 for m in suite.metrics if blocks(m) and _is_error(m.result))
    failures = sum(1 for m in suite.metrics if blocks(m) and not _is_error(m.result))
    skipped = sum(1 for m in suite.metrics if not blocks(m) and m.result is not Result.PASS)
    extra = int(not suite.metrics and suite.result is not Result.PASS)
    at = SubElement(
        root,
        "testsuite",
        name=_one_line(suite.suite),
        tests=str(len(suite.metrics) + extra),
        failures=str(failures),
        errors=str(errors + extra),
        skipped=str(skipped),
    )
    for metric in suite.metrics:
        _metric(at, found, suite, metric)
    if extra:
        case = SubElement(at, "testcase", classname=_one_line(f"{found.use_case}.{suite.suite}"), name="evidence")
        SubElement(case, "error", type=suite.result, message=_one_line(suite.reason))


def _metric(at: Element, found: Judgement, suite: SuiteVerdict, metric: MetricVerdict) -> None:
    classname = _one_line(f"{found.use_case}.{suite.suite}")
    case = SubElement(at, "testcase", classname=classname, name=_one_line(metric.threshold.metric))
    if metric.result is not Result.PASS:
        if not blocks(metric):
            why = f"{metric.result}: {'; '.join(told(metric))}"
            SubElement(case, "skipped", message=_one_line(why))
        else:
            name = "error" if _is_error(metric.result) else "failure"
            said = SubElement(case, name, type=metric.result, message=_one_line(metric.reason))
            said.text = "\n".join(safe(sentence) for sentence in told(metric))
    out = SubElement(case, "system-out")
    out.text = safe(f"{interval(metric)} over {metric.n}; asked: {asked(metric.threshold)}")


def _is_error(result: Result) -> bool:
    return result in (Result.ERROR, Result.PENDING)


def _one_line(text: str) -> str:
    return safe(text)
