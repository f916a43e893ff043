"""The runtime document by AppConfig: who gets which release when, and what becomes of a roll-out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from world.desk import Desk
from world.manifest import use_case
from world.process import until
from world.repository import LETTER
from world.rollouts import CANARY, Readers, minutes, roll_out, slow_desk, slow_sandbox

from releaser import sandbox

TWO = {"answer": LETTER.replace("three", "two")}
THREE = {"answer": LETTER.replace("three", "four")}


@pytest.fixture(scope="module")
def box() -> Iterator[sandbox.SandboxProcess]:
    yield from slow_sandbox()


@pytest.fixture
def slow(new_desk: Callable[..., Desk], box: sandbox.SandboxProcess) -> Desk:
    return slow_desk(new_desk(), box)


def declare(desk: Desk, texts: dict[str, str] | None = None, **spec: Any) -> None:
    desk.repo.declare(use_case(**{"delivery": CANARY, **spec}), texts)
    desk.repo.commit("a change")


def test_a_first_release_reaches_everybody_and_is_settled(slow: Desk) -> None:
    declare(slow)
    slow.reconcile()
    assert Readers(slow, 5).releases() == {"r1": 5}
    slow.settled()
    past = slow.mark()
    slow.reconcile()
    assert slow.writes(past) == []
    asked = sorted(r["operation"].partition(".")[2] for r in slow.since(past) if r["operation"].startswith("appconfig"))
    assert asked == ["ListApplications", "ListConfigurationProfiles", "ListDeployments", "ListEnvironments"]


def test_a_canary_outlasts_the_wait_and_is_continued(slow: Desk) -> None:
    declare(slow)
    slow.reconcile()
    readers = Readers(slow, 100)
    assert readers.releases() == {"r1": 100}
    declare(slow, TWO)
    ended = slow.reconcile("--wait", "1s", ok=5)
    assert "10 % of readers get r2" in ended.said, ended.said
    share = readers.releases()["r2"]
    assert 3 <= share <= 20, share
    assert any("delivering.json" in e for e in slow.releases()["dev/mail/0002-r2"]), slow.releases()
    slow.admin.advance(minutes(31))
    slow.reconcile()
    assert readers.releases() == {"r2": 100}
    slow.settled()
    past = slow.mark()
    slow.reconcile()
    assert slow.writes(past) == []


def test_what_callers_get_is_read_where_deployments_bring_it(slow: Desk) -> None:
    declare(slow)
    slow.reconcile()
    look = ("history", "serving", "mail", "-e", "dev", "--live", "--detailed-exitcode")
    assert "live: as recorded" in slow.run(*look, ok=0).out
    declare(slow, TWO)
    slow.reconcile("--wait", "1s", ok=5)
    during = slow.run(*look, ok=0).out
    assert "r2 had reached 10 % of readers" in during and "the others have r1" in during, during
    (found,) = slow.run(*look, "--output", "json", ok=0).json()
    assert (found["release"], found["delivering"]["release"], found["delivering"]["percentage"]) == ("r1", "r2", 10)
    (row,) = slow.run("status", "-e", "dev", "--output", "json", ok=0).json()["useCases"]
    assert (row["state"], row["live"], row["delivering"]["percentage"]) == ("delivering", "r1", 10)
    assert "delivering  r1" in (said := slow.run("status", "-e", "dev", ok=0).out) and "delivering r2, 10 %" in said
    slow.admin.advance(minutes(31))
    slow.reconcile()
    _by_hand(slow, "1")
    going = slow.run(*look, ok=2).out
    assert "live: differs" in going and "no record says so" in going, going
    slow.admin.advance(minutes(31))
    assert "live: differs" in slow.run(*look, ok=2).out


def _by_hand(desk: Desk, version: str) -> None:
    """Somebody deploys a stored version in the console."""
    client = desk.client("appconfig")
    application = client.list_applications()["Items"][0]["Id"]
    client.start_deployment(
        ApplicationId=application,
        EnvironmentId=client.list_environments(ApplicationId=application)["Items"][0]["Id"],
        ConfigurationProfileId=client.list_configuration_profiles(ApplicationId=application)["Items"][0]["Id"],
        ConfigurationVersion=version,
        DeploymentStrategyId=client.list_deployment_strategies()["Items"][0]["Id"],
    )


def _alarm(desk: Desk, **changed: Any) -> str:
    """An alarm on a metric that nobody writes; its ARN."""
    cloudwatch = desk.client("cloudwatch")
    settings: dict[str, Any] = {
        "AlarmName": "errors",
        "MetricName": "Errors",
        "Namespace": "Mail",
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 1.0,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
        "ActionsEnabled": True,
    }
    cloudwatch.put_metric_alarm(**settings | changed)
    cloudwatch.set_alarm_state(AlarmName="errors", StateValue="OK", StateReason="nothing came")
    found = cloudwatch.describe_alarms(AlarmNames=["errors"])["MetricAlarms"]
    return str(found[0]["AlarmArn"])


def _watched(arn: str) -> dict[str, Any]:
    return {**CANARY, "alarms": [arn], "alarmRole": "arn:aws:iam::111111111111:role/alarms"}


def test_an_alarm_takes_a_release_back_and_nobody_puts_it_there_again(slow: Desk) -> None:
    watched = _watched(_alarm(slow))
    declare(slow, delivery=watched)
    slow.reconcile()
    declare(slow, TWO, delivery=watched)
    slow.reconcile("--wait", "1s", ok=5)
    slow.client("cloudwatch").set_alarm_state(AlarmName="errors", StateValue="ALARM", StateReason="errors")
    ended = slow.reconcile("--wait", "20s", ok=1)
    assert "rolled back by the alarm arn:aws:cloudwatch" in ended.said, ended.said
    assert "git revert" in ended.said, ended.said
    closed = json.loads(slow.repo.records()["dev/mail/0002-r2/closed.json"])
    assert closed["outcome"] == "rolled-back"
    assert closed["delivery"]["alarm"].endswith(":alarm:errors")
    slow.client("cloudwatch").set_alarm_state(AlarmName="errors", StateValue="OK", StateReason="over")
    past = slow.mark()
    ended = slow.reconcile(ok=4)
    assert "is held" in ended.said, ended.said
    (row,) = slow.run("status", "-e", "dev", "--output", "json").json()["useCases"]
    assert row["state"] == "held" and "rolled back by the alarm" in row["message"]
    assert slow.writes(past) == []
    assert Readers(slow, 5).releases() == {"r1": 5}
    slow.repo.git("revert", "--no-edit", "HEAD")
    roll_out(slow)
    assert Readers(slow, 5).releases() == {"r3": 5}
    slow.settled()


@pytest.mark.parametrize(
    ("changed", "code"),
    [({}, "P360"), ({"ActionsEnabled": False}, "P361"), ({"TreatMissingData": "missing"}, "P362")],
)
def test_an_alarm_that_would_not_do_is_refused(slow: Desk, changed: dict[str, Any], code: str) -> None:
    arn = _alarm(slow, **changed)
    declare(slow, delivery=_watched(arn.replace("errors", "gone") if not changed else arn))
    ended = slow.reconcile(ok=4)
    assert code in ended.said, ended.said
    (found,) = (d for d in slow.plan()["diagnostics"] if d["code"] == code)
    lines = (slow.repo.root / found["path"]).read_text().splitlines()
    assert "delivery" in lines[found["line"] - 1], found


def test_a_run_that_is_killed_starts_no_second_deployment(slow: Desk) -> None:
    declare(slow)
    slow.reconcile()
    declare(slow, TWO)
    for fault in ("reset-after", "reset-before"):
        slow.admin.add_fault(fault, operation="StartDeployment", account=slow.account)
    running = slow.start("reconcile", "-e", "dev", "--wait", "60s")
    until(lambda: "10 % of readers" in running._text("err"))
    running.kill()
    ended = slow.reconcile("--take-over", "--wait", "1s", ok=5)
    assert "10 % of readers get r2" in ended.said
    slow.admin.advance(minutes(31))
    slow.reconcile()
    assert slow.effects().count("appconfig.StartDeployment") == 2
    assert slow.effects().count("appconfig.CreateHostedConfigurationVersion") == 2
    slow.settled()


def test_a_release_that_somebody_reverts_is_recorded_and_held(slow: Desk) -> None:
    declare(slow, delivery={"store": "appconfig"})
    slow.reconcile()
    declare(slow, TWO, delivery={"store": "appconfig"})
    slow.reconcile()
    appconfig = slow.client("appconfig")
    place = environment_of(slow)
    appconfig.stop_deployment(**place, DeploymentNumber=2, AllowRevert=True)
    assert "P359" in slow.run("plan", "-e", "dev", ok=1).said
    assert "by hand" in slow.reconcile(ok=1).said
    closed = json.loads(slow.repo.records()["dev/mail/0003-r2/closed.json"])
    assert (closed["outcome"], closed["delivery"]["state"]) == ("rolled-back", "REVERTED")
    past = slow.mark()
    assert "is held" in slow.reconcile(ok=4).said
    assert slow.writes(past) == []
    assert Readers(slow, 3).releases() == {"r1": 3}
    declare(slow, THREE, delivery={"store": "appconfig"})
    slow.reconcile()
    assert Readers(slow, 3).releases() == {"r3": 3}
    slow.settled()


def environment_of(desk: Desk) -> dict[str, str]:
    appconfig = desk.client("appconfig")
    application = appconfig.list_applications()["Items"][0]["Id"]
    environment = appconfig.list_environments(ApplicationId=application)["Items"][0]["Id"]
    return {"ApplicationId": application, "EnvironmentId": environment}


def test_what_is_merged_during_a_roll_out_waits_for_its_end(slow: Desk) -> None:
    declare(slow)
    slow.reconcile()
    declare(slow, TWO)
    slow.reconcile("--wait", "1s", ok=5)
    declare(slow, THREE)
    ended = slow.reconcile("--wait", "1s", ok=5)
    assert "P364" in ended.said, ended.said
    slow.admin.advance(minutes(31))
    slow.reconcile()
    assert Readers(slow, 3).releases() == {"r2": 3}
    roll_out(slow)
    assert Readers(slow, 3).releases() == {"r3": 3}
    assert {k: v for k, v in slow.releases().items() if "0002" in k}["dev/mail/0002-r2"] >= {"closed.json"}


def test_a_way_back_during_a_roll_out_stops_it(slow: Desk) -> None:
    declare(slow)
    slow.reconcile()
    declare(slow, TWO)
    slow.reconcile("--wait", "1s", ok=5)
    readers = Readers(slow, 60)
    assert "r2" in readers.releases()
    slow.run("rollback", "mail", "-e", "dev", "--now", "--reason", "wrong tone", "--no-push", ok=0)
    assert readers.releases() == {"r1": 60}
    assert slow.effects().count("appconfig.StopDeployment") == 1
    past = slow.mark()
    assert "is held" in slow.reconcile(ok=4).said
    assert slow.writes(past) == []
