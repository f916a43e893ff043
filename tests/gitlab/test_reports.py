"""Report artifacts: whatever is called whatever, GitLab reads all of it, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
import report_readers as read
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.main import get_command

from releaser.core.address import Address
from releaser.core.diagnostic import Diagnostic
from releaser.core.diff import FieldChange, Origin
from releaser.core.errors import ReleaserError
from releaser.core.evaluation.judgement import Judgement, MetricVerdict, SuiteVerdict, Threshold
from releaser.core.gate import Result, Verdict
from releaser.core.kind import Verb
from releaser.core.outcome import Outcome, Status, UseCaseResult
from releaser.core.plan import Action, Change, Plan, Step, StepKey, UseCasePlan, Wave
from releaser.core.quotas import Room
from releaser.kinds import registry
from releaser.render.reports import checks, metrics
from releaser.render.reports.annotations import Link, console_url, job_artifacts, links
from releaser.render.reports.codequality import codequality
from releaser.render.reports.dotenv import dotenv
from releaser.render.reports.junit import Case, Suite, junit
from releaser.render.reports.terraform import terraform

HOSTILE = [
    "</failure><script>alert(1)</script>",
    "]]>",
    "<![CDATA[",
    "&lol;",
    '" onload="x',
    "a\nb",
    "\x00\x1b[31m\x85\u202e\ud800\ufffe\uffff",
    "[[ATTACHMENT|/etc/passwd]]",
    "# EOF",
    'a"} 1\n# EOF',
    "$CI_JOB_TOKEN",
    "KEY=value\nOTHER=value",
    "a_b",
    "a",
    "b",
    "a:b,c:d",
    "javascript:alert(1)",
    "../../etc",
    "",
]
TEXT = st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(exclude_categories=()), max_size=12))
STATES = st.sampled_from(["passed", "failure", "error", "skipped"])
CASES = st.builds(
    Case,
    group=TEXT,
    name=TEXT,
    state=STATES,
    type=st.one_of(TEXT, st.sampled_from(["FAIL", "P160", "yaml", "symbol"])),
    message=TEXT,
    lines=st.lists(TEXT, max_size=2),
    output=TEXT,
    file=TEXT,
)
SUITES = st.lists(st.builds(Suite, TEXT, st.lists(CASES, max_size=4)), max_size=4)
ACTIONS = [a for a in Action if a is not Action.NONE]


def change(action: Action, name: str = "answer", kind: str = "prompt", **more: Any) -> Change:
    return Change(Address("mail", kind, name), action, **more)


def plan(*changes: Change, use_case: str = "mail", **more: Any) -> Plan:
    part = UseCasePlan(use_case, "r1", "d" * 64, changes, (), "c" * 64)
    return Plan("dev", "111111111111", "eu-central-1", "e" * 40, (replace(part, **more),), "s", digest="p" * 64)


def step(verb: Verb, name: str) -> Step:
    return Step(StepKey(Address("mail", "knowledge-base", name), verb), Wave.STAGE, "s", "b")


# --- junit ---


@settings(deadline=None)
@given(name=TEXT, suites=SUITES)
def test_no_case_is_lost_and_none_says_more_than_it_should(name: str, suites: list[Suite]) -> None:
    found = read.junit(junit(name, suites))
    cases = [case for suite in suites for case in suite.cases]
    assert [f.status for f in found] == [c.state for c in cases]
    again = read.junit(junit(name, suites))
    assert [f.key for f in again] == [f.key for f in found], "a case keeps its key from run to run"


def test_the_message_is_what_gitlab_shows() -> None:
    case = Case(group="g", name="n", state="failure", type="FAIL", message="0.8, floor 0.9", lines=["look at c1"])
    (found,) = read.junit(junit("x", [Suite("s", [case])]))
    assert found.output == "0.8, floor 0.9\nlook at c1"


def verdict(result: Result, **more: Any) -> MetricVerdict:
    asked = Threshold(suite="quality", metric="contains", floor=0.9, unit="share", **more)
    return MetricVerdict(
        threshold=asked, result=result, reason="measured", value=0.8, lower=0.7, upper=0.88, n=200, hint="look"
    )


def judged(*metrics: MetricVerdict, use_case: str = "mail", suite: str = "quality", **more: Any) -> Judgement:
    found = SuiteVerdict(suite=suite, result=Result.FAIL, key="k", evidence=(), metrics=metrics, **more)
    return Judgement(use_case=use_case, environment="dev", release="r1", result=Result.FAIL, suites=(found,))


def test_a_metric_says_value_and_threshold() -> None:
    found = read.junit(junit("x", checks.of_judgements([judged(verdict(Result.FAIL))])))
    assert found[0].status == "failure"
    assert found[0].output.splitlines()[0] == "FAIL: 0.8 (0.7 to 0.88) over 200; asked: at least 0.9"
    advisory = read.junit(junit("x", checks.of_judgements([judged(verdict(Result.FAIL, tier="advisory"))])))
    assert advisory[0].status == "skipped" and "asked: at least 0.9" in advisory[0].output


@pytest.mark.parametrize(("result", "status"), [(r, "error") for r in (Result.ERROR, Result.PENDING)])
def test_a_suite_without_evidence_is_no_pass(result: Result, status: str) -> None:
    found = replace(judged(), suites=(replace(judged().suites[0], result=result),))
    assert [c.status for c in read.junit(junit("x", checks.of_judgements([found])))] == [status]


def test_gates_are_cases_of_their_use_case() -> None:
    verdicts = [
        Verdict("freeze", Result.PASS),
        Verdict("risk", Result.FAIL, "weaker", "allow it", "mail", "P210"),
        Verdict("risk", Result.FAIL, "gone", "allow it", "mail", "P210"),
    ]
    blocked = Diagnostic("P110", "no place", hint="make room")
    found = read.junit(junit("x", checks.of_gates(plan(blocked=(blocked,)), verdicts)))
    assert [(c.key, c.status) for c in found] == [
        ("dev_dev.gates_freeze", "passed"),
        ("mail_mail.gates_plan", "error"),
        ("mail_mail.gates_risk P210", "failure"),
        ("mail_mail.gates_risk P210 (2)", "failure"),
    ]
    assert "make room" in found[1].output


def test_what_could_not_be_planned_is_an_error_and_what_is_awaited_too() -> None:
    told = (Diagnostic("P140", "cannot be read"), Diagnostic("P141", "old", severity="warning"))
    found = read.junit(junit("x", checks.of_gates(replace(plan(), diagnostics=told), ())))
    assert [(c.key, c.status) for c in found] == [
        ("dev_dev.gates_plan P140", "error"),
        ("mail_mail.gates_plan", "passed"),
    ]
    statuses = {r: read.junit(junit("x", checks.of_judgements([judged(verdict(r))])))[0].status for r in Result}
    assert statuses == {
        Result.PASS: "passed",
        Result.FAIL: "failure",
        Result.INCONCLUSIVE: "failure",
        Result.ERROR: "error",
        Result.PENDING: "error",
    }


def test_what_a_run_came_to() -> None:
    key = StepKey(Address("c", "prompt", "answer"), Verb.UPDATE)
    results = {
        "a": UseCaseResult("a", (), verified=True),
        "b": UseCaseResult("b", (), code="P355", message="goes on"),
        "c": UseCaseResult("c", (Outcome(key, Status.FAILED, "denied"),), message="one step failed", code="R100"),
    }
    refused = {"d": ReleaserError("held", code="P180", hint="wait")}
    found = read.junit(junit("x", checks.of_run(results, refused)))
    assert [c.status for c in found] == ["passed", "skipped", "failure", "failure"]
    assert "update c/prompt/answer: failed: denied" in found[2].output


def test_drift_names_members_and_no_values() -> None:
    secret = "badword"
    path = f"wordPolicy.words[{secret}].text"
    fields = (
        FieldChange(path, secret, "x", Origin.DRIFT, "wordPolicy.words[].text"),
        FieldChange("name", "a", "b", Origin.INTENT, "name"),
    )
    changes = (change(Action.UPDATE, fields=fields), change(Action.NONE, "other"), change(Action.CREATE, "new"))
    text = junit("x", checks.of_drift(plan(*changes)))
    assert [(c.name, c.status) for c in read.junit(text)] == [
        ("answer", "failure"),
        ("other", "passed"),
        ("new", "passed"),
    ]
    assert read.junit(text)[0].output.endswith(": wordPolicy.words[].text") and secret not in text
    gone = read.junit(junit("x", checks.of_drift(plan(change(Action.CREATE, reason="deleted-live")))))
    assert gone[0].status == "failure" and "deleted-live" in gone[0].output


# --- terraform ---


@pytest.mark.parametrize("action", list(Action))
def test_what_counts_as_what(action: Action) -> None:
    found = read.terraform(terraform(plan(change(action))))
    expected = {
        "create": (1, 0, 0),
        "replace": (1, 0, 1),
        "retire": (0, 0, 1),
        "delete": (0, 0, 1),
        "none": (0, 0, 0),
    }.get(action.value, (0, 1, 0))
    assert (found["create"], found["update"], found["delete"]) == expected
    publishing = read.terraform(terraform(plan(change(action, publishes=True))))
    assert publishing == (found if action is not Action.NONE else {**found, "update": 1}), "counted once"


def test_content_that_is_brought_in_is_an_update() -> None:
    one, other = change(Action.NONE, "docs", "knowledge-base"), change(Action.NONE, "more", "knowledge-base")
    found = read.terraform(terraform(plan(one, other, steps=(step(Verb.INGEST, "docs"),))))
    assert found == {"create": 0, "update": 1, "delete": 0}


def test_what_is_not_done_does_not_count() -> None:
    blocked = plan(change(Action.CREATE), blocked=(Diagnostic("P110", "no"),))
    for found in (blocked, plan(change(Action.CREATE), observed=True)):
        assert not any(read.terraform(terraform(found)).values())


def test_counts_keep_to_what_gitlab_takes() -> None:
    assert read.terraform(terraform(plan(*[change(Action.DELETE)] * 1_000_001)))["delete"] == 999_999


# --- codequality ---

PLACES = st.lists(st.one_of(TEXT, st.integers(0, 3)), max_size=3).map(tuple)
DIAGNOSTICS = st.lists(
    st.builds(
        Diagnostic,
        st.sampled_from(["E201", "E601", "W100"]),
        TEXT,
        path=TEXT,
        line=st.integers(0, 5),
        end_line=st.one_of(st.none(), st.integers(0, 5)),
        hint=TEXT,
        pointer=PLACES,
        severity=st.sampled_from(["error", "warning"]),
    ),
    max_size=6,
)


@settings(deadline=None)
@given(found=DIAGNOSTICS, down=st.integers(1, 100))
def test_a_finding_keeps_its_name_when_its_block_moves(found: list[Diagnostic], down: int) -> None:
    here = read.codequality(codequality(found))
    moved = [replace(d, line=d.line + down, message=f"{d.message}, still") for d in found]
    assert [e["fingerprint"] for e in read.codequality(codequality(moved))] == [e["fingerprint"] for e in here]


@settings(deadline=None)
@given(found=DIAGNOSTICS.filter(len), data=st.data())
def test_a_finding_that_is_mended_renames_no_other(found: list[Diagnostic], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(found) - 1))
    mended = found[at]
    places = [(d.code, d.path, d.pointer) for d in found]
    names = [e["fingerprint"] for e in read.codequality(codequality(found))]
    left = [e["fingerprint"] for e in read.codequality(codequality([d for i, d in enumerate(found) if i != at]))]
    elsewhere = [n for n, p in zip(names, places, strict=True) if p != (mended.code, mended.path, mended.pointer)]
    assert set(elsewhere) <= set(left)


def test_a_secret_blocks() -> None:
    found = [Diagnostic("E601", "a secret"), Diagnostic("E201", "x"), Diagnostic("E201", "x", severity="warning")]
    assert [e["severity"] for e in read.codequality(codequality(found))] == ["blocker", "major", "minor"]


# --- metrics ---

NUMBERS = st.floats(allow_nan=True, allow_infinity=True)


@settings(deadline=None)
@given(names=st.lists(st.tuples(TEXT, TEXT, TEXT), max_size=4, unique=True), value=NUMBERS)
def test_every_score_is_read_by_its_name(names: list[tuple[str, str, str]], value: float) -> None:
    judgements = []
    for name, suite, metric in names:
        threshold = Threshold(suite=suite, metric=metric, floor=0.5, unit="share")
        one = MetricVerdict(threshold=threshold, result=Result.PASS, reason="", value=value, n=3)
        judgements.append(judged(one, use_case=name, suite=suite))
    found = read.metrics(metrics.openmetrics(metrics.of_judgements(judgements)))
    assert len([name for name in found if name.startswith("releaser_evaluation_score_cases{")]) == len(names)
    scores = [number for name, number in found.items() if name.startswith("releaser_evaluation_score{")]
    assert scores == ([value] * len(names) if abs(value) < float("inf") else [])
    for name, _, _ in names:
        shown = quote(name, safe=".:/-_", errors="surrogatepass")
        assert any(f"use_case={shown}," in series for series in found)


def test_times_are_seconds_and_the_release_is_no_label() -> None:
    threshold = Threshold(suite="speed", metric="timeToFirstTokenP95", ceiling=1200.0, unit="time")
    one = MetricVerdict(threshold=threshold, result=Result.FAIL, reason="", value=1400.0, lower=1300.0, upper=1500.0)
    text = metrics.openmetrics(metrics.of_judgements([judged(one, suite="speed", cost={"USD": 1.25})]))
    at = "{environment=dev,use_case=mail,suite=speed,metric=timeToFirstTokenP95}"
    assert read.metrics(text) == {
        f"releaser_evaluation_seconds{at}": 1.4,
        f"releaser_evaluation_seconds_lower{at}": 1.3,
        f"releaser_evaluation_seconds_upper{at}": 1.5,
        f"releaser_evaluation_seconds_asked{at}": 1.2,
        f"releaser_evaluation_seconds_cases{at}": 0.0,
        "releaser_evaluation_spent{environment=dev,use_case=mail,suite=speed,currency=USD}": 1.25,
    }
    assert "r1" not in text


def test_room_and_drift_are_numbers_to_watch() -> None:
    full = replace(plan(), room=(Room("guardrail", 90, 100, 7, "Service Quotas"),))
    at = "{environment=dev,region=eu-central-1,kind=guardrail}"
    assert read.metrics(metrics.openmetrics(metrics.of_room(full))) == {
        f"releaser_quota_left{at}": 3.0,
        f"releaser_quota_limit{at}": 100.0,
    }
    drifted = plan(change(Action.CREATE, reason="deleted-live"), change(Action.NONE, "other"))
    found = read.metrics(metrics.openmetrics(metrics.of_drift(drifted)))
    assert found == {"releaser_drifted_resources{environment=dev,use_case=mail}": 1.0}


def test_every_family_says_what_it_is() -> None:
    units = ("share", "kappa", "time", "rate", "cost", "")
    found = [judged(replace(verdict(Result.PASS), threshold=Threshold(suite="q", metric=u, unit=u))) for u in units]
    text = metrics.openmetrics(metrics.of_judgements(found))
    assert text.count("# TYPE ") == text.count("# HELP ") == len({line.split("{")[0] for line in read.metrics(text)})


# --- dotenv ---


@settings(deadline=None)
@given(environment=st.one_of(TEXT, st.just("a," * 4000)), released=st.dictionaries(TEXT, TEXT, max_size=4), commit=TEXT)
def test_variables_are_ids_and_nothing_else(environment: str, released: dict[str, str], commit: str) -> None:
    found = read.dotenv(dotenv(replace(plan(), environment=environment, commit=commit), released))
    said = dict(p.split(":", 1) for p in found.get("RELEASER_REPORT_RELEASED", "").split(",") if p)
    assert said.items() <= released.items()
    assert len(said) + int(found.get("RELEASER_REPORT_RELEASED_LEFT_OUT", "0")) == len(released)
    assert found["RELEASER_REPORT_PLAN_DIGEST"] == "p" * 64


def test_a_thousand_use_cases_fit_and_what_does_not_is_said() -> None:
    parts = tuple(
        replace(plan().use_cases[0], use_case=f"use-case-{i}", steps=(step(Verb.CREATE, "x"),)) for i in range(1000)
    )
    found = read.dotenv(dotenv(replace(plan(), use_cases=parts), {p.use_case: "r1" for p in parts}))
    listed = found["RELEASER_REPORT_CHANGE_DIGESTS"].split(",")
    assert listed[0] == f"use-case-0:{'c' * 64}"
    assert len(listed) + int(found["RELEASER_REPORT_CHANGE_DIGESTS_LEFT_OUT"]) == 1000


def _variables(command: Any) -> set[str]:
    below = [v for sub in getattr(command, "commands", {}).values() for v in _variables(sub)]
    own = [p.envvar for p in command.params if p.envvar]
    return {*below, *(v for found in own for v in ([found] if isinstance(found, str) else found))}


def test_no_variable_sets_an_option_of_a_later_job() -> None:
    from releaser.cli.app import app

    options = _variables(get_command(app))
    assert "RELEASER_ENVIRONMENT" in options
    assert not options & read.dotenv(dotenv(plan(), {"mail": "r1"})).keys()


# --- annotations ---


@settings(deadline=None)
@given(
    environment=TEXT,
    region=st.one_of(
        TEXT, st.sampled_from(["eu-central-1", "eu-central-1/", "eu-central-1.evil.example", "cn-north-1"])
    ),
    kind=st.one_of(TEXT, st.sampled_from(sorted(registry()))),
    artifacts=st.lists(st.builds(Link, TEXT, TEXT), max_size=3),
)
def test_links_lead_nowhere_else(environment: str, region: str, kind: str, artifacts: list[Link]) -> None:
    changed = replace(plan(change(Action.UPDATE, kind=kind)), environment=environment, region=region)
    found = [url for urls in read.annotated(links(changed, artifacts)).values() for url in urls]
    hosts = ("console.aws.amazon.com", "console.amazonaws.cn", "console.amazonaws-us-gov.com")
    assert [urlsplit(url).hostname in {f"{region}.{host}" for host in hosts} for url in found] == [True] * len(found)
    assert all(kind in registry() for _ in found)


def test_links_keep_to_what_gitlab_takes() -> None:
    many = [Link("x" * 500, f"https://gitlab.example.com/{i}/{'y' * 300}") for i in range(5000)]
    few = read.annotated(links(plan(), many))
    short = read.annotated(links(plan(), [Link("a", "https://a.example")] * 5000))
    assert 10 < len(few["dev: reports"]) < 5000 and 10 < len(short["dev: reports"]) <= 1000


def test_only_https_is_linked() -> None:
    schemes = [
        "http://a.example",
        "javascript:alert(1)",
        "https:///x",
        "https://a.example/b",
        "https://a.example/\u202e",
    ]
    schemes += ["https://a.example/c\x1b[31m"]
    found = read.annotated(links(plan(), [Link("x", url) for url in schemes]))
    assert found == {"dev: reports": ["https://a.example/b"]}


def test_a_list_has_a_name_that_gitlab_takes() -> None:
    long = replace(plan(change(Action.CREATE)), environment="e" * 300)
    assert len(read.annotated(links(long))) == 1
    blocked = plan(change(Action.CREATE), blocked=(Diagnostic("P110", "no"),))
    assert read.annotated(links(blocked)) == {}, "nothing of it changes"


@pytest.mark.parametrize("kind", sorted(registry()))
def test_every_kind_has_a_place_in_the_console(kind: str) -> None:
    (urls,) = read.annotated(links(plan(change(Action.UPDATE, kind=kind), change(Action.NONE)))).values()
    (url,) = urls
    assert url == console_url(kind, "eu-central-1")
    assert url.startswith("https://eu-central-1.console.aws.amazon.com/") and not url.endswith("#/")


def test_consoles_of_other_partitions() -> None:
    assert console_url("prompt", "us-gov-west-1").startswith("https://us-gov-west-1.console.amazonaws-us-gov.com/")
    assert console_url("prompt", "cn-north-1").startswith("https://cn-north-1.console.amazonaws.cn/")
    assert console_url("prompt", "us-iso-east-1") == console_url("prompt", "eu-central-1.evil") == ""


@pytest.mark.parametrize(
    ("job", "folder", "below"),
    [
        ("https://gitlab.example.com/g/p/-/jobs/1", "reports/dev", ["/artifacts/browse/reports/dev"]),
        ("https://gitlab.example.com/g/p/-/jobs/1", "./reports/a b", ["/artifacts/browse/reports/a%20b"]),
        ("https://gitlab.example.com/g/p/-/jobs/1", "/tmp/reports", []),
        ("https://gitlab.example.com/g/p/-/jobs/1", "../reports", []),
        ("", "reports/dev", []),
    ],
)
def test_the_reports_of_the_job_are_linked(job: str, folder: str, below: list[str]) -> None:
    assert [link.url.removeprefix(job) for link in job_artifacts(job, folder)] == below
