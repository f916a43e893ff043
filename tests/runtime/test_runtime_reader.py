"""The module that applications import: what it serves, and what it goes on serving."""

from __future__ import annotations

import contextlib
import http.server
import itertools
import json
import os
import subprocess
import sys
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releaser import runtime, sandbox
from releaser.core import runtime_document

DIGEST = "sha256:" + "5" * 64
GOOD = {"format": "releaser.runtime/v1", "useCase": "claims", "release": "r12", "digest": DIGEST, "enabled": True,
        "prompts": {"answer": {"arn": "arn:p:1"}}}  # fmt: skip
_ACCOUNTS = itertools.count(1)


def text(**changed):
    return json.dumps({**GOOD, **changed}).encode()


class Script:
    """A source that gives one thing after the other, the last one for ever; an exception is raised."""

    use_case = "claims"

    def __init__(self, *given):
        self.given, self.asked = list(given), 0

    def __call__(self):
        self.asked += 1
        one = self.given.pop(0) if len(self.given) > 1 else self.given[0]
        if isinstance(one, Exception):
            raise one
        return runtime.Reading(one) if isinstance(one, bytes) else one


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


def live(*given, **more):
    source, clock = Script(*given), Clock()
    return runtime.Live(source, clock=clock, **more), source, clock


def test_a_document_is_read_once_in_its_time():
    found, source, clock = live(text(), text(release="r13"), ttl=60)
    first = found.get()
    assert (first.release, first.digest, first.enabled, first.use_case) == ("r12", DIGEST, True, "claims")
    assert first["prompts"]["answer"]["arn"] == "arn:p:1"
    assert first.request_metadata() == {"releaser-use-case": "claims", "releaser-release": "r12"}
    clock.now += 59
    assert found.get() is first and source.asked == 1
    clock.now += 2
    assert found.get().release == "r13" and source.asked == 2


def test_it_cannot_be_changed():
    found = live(text())[0].get()
    with pytest.raises(TypeError):
        found["prompts"]["answer"]["arn"] = "other"
    with pytest.raises(AttributeError):
        found.release = "r13"


def test_the_last_good_one_is_served_while_the_source_fails(caplog):
    found, source, clock = live(text(), OSError("no route"), b"<html>", text(release="r13"), ttl=60, retry=5)
    found.get()
    for expected, problem in (("r12", "no route"), ("r12", "not JSON"), ("r13", "")):
        clock.now += 61
        assert found.get().release == expected and problem in found.problem
        clock.now += 1
        asked = source.asked
        found.get()
        assert source.asked == asked  # not at every request
    assert "no route" in caplog.text


def test_it_may_be_too_old():
    found, _, clock = live(text(), OSError("down"), ttl=60, keep=300)
    found.get()
    clock.now += 299
    assert found.get().release == "r12"
    clock.now += 2
    with pytest.raises(runtime.Unavailable, match="down"):
        found.get()


def test_nothing_was_ever_read():
    found, _, clock = live(OSError("down"), text())
    with pytest.raises(runtime.Unavailable, match="down"):
        found.get()
    clock.now += 6
    assert found.get().release == "r12"


def test_what_was_refused_stays_refused_when_nothing_changed():
    found, _, clock = live(text(), text(useCase="other"), None, text(release="r13"), ttl=60)
    found.get()
    for _ in range(2):
        clock.now += 61
        assert found.get().release == "r12" and "another use case" in found.problem
    clock.now += 61
    assert found.get().release == "r13" and not found.problem


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (b"", "not JSON"), (b"[]", "not a document"), (text(format="releaser.runtime/v2"), "newer"),
        (text(useCase="other"), "another use case"), (text(digest="sha256:12"), "digest"),
        (text(enabled="no"), "enabled"), (text(release=12), "release"), (b"[" * 100_000, "not"),
    ],
)  # fmt: skip
def test_what_is_refused(bad, why):
    with pytest.raises(runtime.Refused, match=why):
        runtime.check(runtime.Reading(bad), "claims")


JSON = st.recursive(st.none() | st.integers() | st.text(), st.lists)
DOCUMENTS = JSON.map(lambda value: json.dumps({**GOOD, "useCase": value, "digest": value, "more": value}).encode())


@given(raw=st.binary(max_size=40) | DOCUMENTS)
def test_whatever_comes_is_a_configuration_or_refused(raw):
    with contextlib.suppress(runtime.Refused):
        assert isinstance(runtime.check(runtime.Reading(raw)).release, str)


@pytest.mark.parametrize(("label", "right"), [("r12-55555555", True), ("", True), ("r11-55555555", False),
                                              ("r12-66666666", False)])  # fmt: skip
def test_a_label_must_be_the_one_of_its_content(label, right):
    reading = runtime.Reading(text(), label)
    if right:
        assert runtime.check(reading).release == "r12"
    else:
        with pytest.raises(runtime.Refused, match="labelled"):
            runtime.check(reading)


def test_a_switched_off_use_case_says_so():
    assert runtime.check(runtime.Reading(text(enabled=False))).enabled is False


def test_one_thread_asks_and_the_others_go_on():
    go, clock = threading.Event(), Clock()
    asked = []

    def source():
        asked.append(threading.get_ident())
        if len(asked) > 1:
            go.wait(5)
        return runtime.Reading(text(release=f"r{len(asked)}"))

    found = runtime.Live(source, clock=clock, ttl=60)
    assert found.get().release == "r1"
    clock.now += 61
    slow = threading.Thread(target=found.get)
    slow.start()
    while len(asked) < 2:
        time.sleep(0.001)
    assert [found.get().release for _ in range(5)] == ["r1"] * 5 and len(asked) == 2
    go.set()
    slow.join()
    assert found.get().release == "r2"


def test_nothing_else_is_imported():
    code = (
        "import sys; import releaser.runtime; "
        "print(sorted(m for m in sys.modules if m.startswith(('releaser', 'boto'))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['releaser', 'releaser.runtime']"


def test_its_words_are_those_of_the_document_that_is_written():
    assert runtime.FORMAT == runtime_document.FORMAT
    written = json.loads(runtime_document.encode({**GOOD, "models": {"x": {"stop": "{{"}}}))
    assert runtime.check(runtime.Reading(json.dumps(written).encode()))["models"]["x"]["stop"] == "{{"


@pytest.fixture
def account():
    return f"{os.getpid() % 1_000_000:06d}9{next(_ACCOUNTS):05d}"


def deployed(box, account, *releases):
    """AppConfig as a release leaves it; the releases one after the other."""
    appconfig = box.client("appconfig", account)
    app = appconfig.create_application(Name="releaser-claims")["Id"]
    env = appconfig.create_environment(ApplicationId=app, Name="live")["Id"]
    where = {"ApplicationId": app}
    where["ConfigurationProfileId"] = appconfig.create_configuration_profile(
        ApplicationId=app, Name="runtime", LocationUri="hosted")["Id"]  # fmt: skip

    def release(name, label=None):
        label = label or f"{name}-55555555"
        about = {"ContentType": "application/json", "VersionLabel": label}
        appconfig.create_hosted_configuration_version(**where, Content=text(release=name), **about)
        appconfig.start_deployment(
            **where, EnvironmentId=env, ConfigurationVersion=label, DeploymentStrategyId="AppConfig.AllAtOnce"
        )

    for name in releases:
        release(name)
    return release


def test_a_parameter_is_read(world_box, account):
    client = world_box.client("ssm", account)
    client.put_parameter(Name="/releaser/claims/runtime", Value=text().decode(), Type="String")
    clock = Clock()
    found = runtime.Live(runtime.ssm("claims", client=client), clock=clock)
    assert found.get().release == "r12"
    client.delete_parameter(Name="/releaser/claims/runtime")
    clock.now += 61
    assert found.get().release == "r12" and "ParameterNotFound" in found.problem


def test_appconfig_is_read_and_read_again(world_box, account):
    release = deployed(world_box, account, "r1")
    clock = Clock()
    found = runtime.Live(runtime.appconfig("claims", client=world_box.client("appconfigdata", account)), clock=clock)
    assert found.get().release == "r1"
    for name, expected in ((None, "r1"), ("r2", "r2"), (None, "r2")):
        if name:
            release(name)
        clock.now += 61
        assert found.get().release == expected and not found.problem
    release("r3", label="r4-55555555")  # somebody mixed something up
    for _ in range(2):
        clock.now += 61
        assert found.get().release == "r2" and "labelled" in found.problem


def test_a_lost_token_is_a_new_session(world_box, account):
    deployed(world_box, account, "r1")
    clock = Clock()
    found = runtime.Live(runtime.appconfig("claims", client=world_box.client("appconfigdata", account)), clock=clock)
    found.get()
    for kind in ("reset-after", "reset-before", "error"):
        more = {"code": "InternalServerException", "status": 500} if kind == "error" else {}
        world_box.admin.add_fault(kind, operation="GetLatestConfiguration", account=account, **more)
        clock.now += 61
        assert found.get().release == "r1" and found.problem
        clock.now += 6
        assert found.get().release == "r1" and not found.problem


class Agent(http.server.BaseHTTPRequestHandler):
    """What the agent answers to the one path that is asked for."""

    def do_GET(self):
        right = self.path == "/applications/releaser-claims/environments/live/configurations/runtime"
        self.send_response(200 if right else 404)
        self.send_header("Version-Label", "r12-55555555")
        self.end_headers()
        self.wfile.write(text() if right else b"")

    def log_message(self, *words):
        pass


def test_the_agent_is_read():
    with http.server.HTTPServer(("127.0.0.1", 0), Agent) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        assert runtime.Live(runtime.agent("claims", url=url)).get().release == "r12"
        with pytest.raises(runtime.Unavailable, match="404"):
            runtime.Live(runtime.agent("other", url=url)).get()
        server.shutdown()
    with pytest.raises(runtime.Unavailable):
        runtime.Live(runtime.agent("claims", url=url)).get()


def test_one_of_ten_readers_has_the_canary_until_an_alarm_takes_it_back(account):
    with sandbox.running(time_scale=1) as box:
        box.admin.set_rates({"*": None})
        appconfig, cloudwatch = box.client("appconfig", account), box.client("cloudwatch", account)
        metric = {"Namespace": "App", "MetricName": "Errors"}
        cloudwatch.put_metric_alarm(
            AlarmName="errors", **metric, Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=5.0,
            ComparisonOperator="GreaterThanThreshold", TreatMissingData="notBreaching",
        )  # fmt: skip
        box.admin.advance(120)
        deployed(box, account, "r1")
        box.admin.advance(601)
        clock = Clock()
        readers = [
            runtime.Live(runtime.appconfig("claims", client=box.client("appconfigdata", account)), clock=clock)
            for _ in range(10)
        ]

        def seen():
            clock.now += 61
            return sorted(reader.get().release for reader in readers)

        assert seen() == ["r1"] * 10
        app = {"ApplicationId": appconfig.list_applications()["Items"][0]["Id"]}
        env = {**app, "EnvironmentId": appconfig.list_environments(**app)["Items"][0]["Id"]}
        profile = {"ConfigurationProfileId": appconfig.list_configuration_profiles(**app)["Items"][0]["Id"]}
        alarm = cloudwatch.describe_alarms()["MetricAlarms"][0]["AlarmArn"]
        role = f"arn:aws:iam::{account}:role/appconfig"
        appconfig.update_environment(**env, Monitors=[{"AlarmArn": alarm, "AlarmRoleArn": role}])
        about = {"ContentType": "application/json", "VersionLabel": "r2-55555555"}
        appconfig.create_hosted_configuration_version(**app, **profile, Content=text(release="r2"), **about)
        canary = {"ConfigurationVersion": "r2-55555555", "DeploymentStrategyId": "AppConfig.Canary10Percent20Minutes"}
        appconfig.start_deployment(**env, **profile, **canary)
        assert seen() == ["r1"] * 9 + ["r2"] == seen()
        box.admin.advance(5 * 60)
        assert seen() == ["r1"] * 8 + ["r2"] * 2
        cloudwatch.put_metric_data(Namespace="App", MetricData=[{"MetricName": "Errors", "Value": 50.0}])
        assert seen() == ["r1"] * 10
        assert appconfig.get_deployment(**env, DeploymentNumber=2)["State"] in ("ROLLING_BACK", "ROLLED_BACK")
