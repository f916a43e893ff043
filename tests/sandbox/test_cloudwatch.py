"""CloudWatch alarms in three protocols, and how they take an AppConfig deployment back."""

from __future__ import annotations

import botocore.session
import pytest
from botocore.config import Config
from hypothesis import given, settings
from hypothesis import strategies as st

from releaser.sandbox import cbor
from sandbox.checks import all_pages, refused
from sandbox.test_appconfig import GOOD, OTHER, deploy, get, new, version
from sandbox.test_appconfig_data import begin, poll

STATIC = {"Namespace": "App", "MetricName": "Errors", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1,
          "Threshold": 5.0, "ComparisonOperator": "GreaterThanThreshold"}  # fmt: skip


def put(cloudwatch, name="errors", **more):
    cloudwatch.put_metric_alarm(AlarmName=name, **{**STATIC, **more})


def state(cloudwatch, name="errors"):
    return cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]["StateValue"]


def data(cloudwatch, value, **more):
    cloudwatch.put_metric_data(Namespace="App", MetricData=[{"MetricName": "Errors", "Value": value, **more}])


def spoken(box, protocol, account):
    """A client of its own session, whose model knows one protocol only."""
    session = botocore.session.Session()
    loader = session.get_component("data_loader")
    read = loader.load_service_model

    def changed(name, kind, api_version=None):
        model = dict(read(name, kind, api_version))
        if (name, kind) == ("cloudwatch", "service-2"):
            model["metadata"] = {**model["metadata"], "protocol": protocol, "protocols": [protocol]}
        return model

    loader.load_service_model = changed
    config = Config(retries={"total_max_attempts": 1})
    keys = {"aws_access_key_id": account, "aws_secret_access_key": "sandbox"}
    return session.create_client("cloudwatch", "eu-central-1", endpoint_url=box.url, config=config, **keys)


@pytest.mark.parametrize("protocol", ["smithy-rpc-v2-cbor", "json", "query"])
def test_an_alarm_comes_back_as_it_was_put(box, account, protocol):
    cloudwatch = spoken(box, protocol, account)
    put(cloudwatch, AlarmDescription="Köln", TreatMissingData="notBreaching", Dimensions=[{"Name": "a", "Value": "b"}],
        AlarmActions=["arn:aws:sns:eu-central-1:111111111111:topic"])  # fmt: skip
    found = cloudwatch.describe_alarms(AlarmNames=["errors"])["MetricAlarms"][0]
    assert found["AlarmArn"] == f"arn:aws:cloudwatch:eu-central-1:{account}:alarm:errors"
    assert (found["Threshold"], found["Period"], found["AlarmDescription"]) == (5.0, 60, "Köln")
    assert found["ActionsEnabled"] is True and found["Dimensions"] == [{"Name": "a", "Value": "b"}]
    assert found["StateUpdatedTimestamp"].year >= 2026 and found["StateValue"] == "OK"
    with refused("ResourceNotFound", 404):
        cloudwatch.delete_alarms(AlarmNames=["nothing"])
    with refused("InvalidParameterValue", 400, "TreatMissingData"):
        put(cloudwatch, TreatMissingData="whatever")
    with refused("ValidationError", 400, "less than or equal to 100"):
        cloudwatch.describe_alarms(MaxRecords=101)
    with refused("NotInTheSandbox", 501, "cloudwatch.ListDashboards"):
        cloudwatch.list_dashboards()


def test_a_new_alarm_knows_nothing_until_it_is_evaluated(slow, paced):
    cloudwatch = slow("cloudwatch")
    put(cloudwatch, "quiet", TreatMissingData="notBreaching")
    put(cloudwatch, "blind")
    put(cloudwatch, "strict", TreatMissingData="breaching")
    put(cloudwatch, "lazy", TreatMissingData="ignore")
    names = ("quiet", "blind", "strict", "lazy")
    assert {state(cloudwatch, name) for name in names} == {"INSUFFICIENT_DATA"}
    paced.admin.advance(61)
    found = [state(cloudwatch, name) for name in names]
    assert found == ["OK", "INSUFFICIENT_DATA", "ALARM", "INSUFFICIENT_DATA"]


def test_data_moves_an_alarm_and_silence_moves_it_back(slow, paced):
    cloudwatch = slow("cloudwatch")
    put(cloudwatch, TreatMissingData="notBreaching")
    data(cloudwatch, 3)
    assert state(cloudwatch) == "OK"
    data(cloudwatch, 3)  # the sum of the minute
    changed = cloudwatch.describe_alarms()["MetricAlarms"][0]
    assert changed["StateValue"] == "ALARM" and "Threshold Crossed" in changed["StateReason"]
    paced.admin.advance(180)
    assert state(cloudwatch) == "OK"
    data(cloudwatch, 100, Dimensions=[{"Name": "other", "Value": "metric"}])
    assert state(cloudwatch) == "OK"


def test_two_of_three_periods(slow, paced):
    cloudwatch = slow("cloudwatch")
    put(cloudwatch, EvaluationPeriods=3, DatapointsToAlarm=2, TreatMissingData="notBreaching")
    data(cloudwatch, 9)
    assert state(cloudwatch) == "OK"
    paced.admin.advance(60)
    data(cloudwatch, 0)
    paced.admin.advance(60)
    data(cloudwatch, 9)
    assert state(cloudwatch) == "ALARM"


def test_a_state_set_by_hand_lasts_until_the_next_evaluation(slow, paced):
    cloudwatch = slow("cloudwatch")
    put(cloudwatch, TreatMissingData="notBreaching")
    paced.admin.advance(120)
    cloudwatch.set_alarm_state(AlarmName="errors", StateValue="ALARM", StateReason="by hand")
    assert state(cloudwatch) == "ALARM"
    paced.admin.advance(61)
    assert state(cloudwatch) == "OK"


def test_filters_and_pages(client):
    cloudwatch = client("cloudwatch")
    for number in range(7):
        put(cloudwatch, f"a{number}", TreatMissingData="breaching" if number % 2 else "notBreaching")
    put(cloudwatch, "b")

    def names(**more):
        return [row["AlarmName"] for row in cloudwatch.describe_alarms(**more)["MetricAlarms"]]

    assert names(AlarmNamePrefix="a", StateValue="ALARM") == ["a1", "a3", "a5"]
    assert names(AlarmNames=["b", "nothing"]) == ["b"] and names(AlarmTypes=["CompositeAlarm"]) == []
    found = all_pages(cloudwatch.describe_alarms, "MetricAlarms", "NextToken", "MaxRecords", 3, AlarmNamePrefix="a")
    assert [row["AlarmName"] for row in found] == [f"a{number}" for number in range(7)]
    with refused("InvalidNextToken", 400):
        cloudwatch.describe_alarms(NextToken="bm90LW91cnM")
    cloudwatch.delete_alarms(AlarmNames=["a1", "b"])
    assert names(AlarmNames=["a1", "b"]) == []


def test_an_update_keeps_state_and_tags(client, account):
    cloudwatch = client("cloudwatch")
    put(cloudwatch, TreatMissingData="breaching", Tags=[{"Key": "owner", "Value": "a"}])
    assert state(cloudwatch) == "ALARM"
    put(cloudwatch, TreatMissingData="ignore", Threshold=7.0)
    found = cloudwatch.describe_alarms()["MetricAlarms"][0]
    assert (found["StateValue"], found["Threshold"]) == ("ALARM", 7.0)
    arn = found["AlarmArn"]
    cloudwatch.tag_resource(ResourceARN=arn, Tags=[{"Key": "b", "Value": ""}])
    cloudwatch.untag_resource(ResourceARN=arn, TagKeys=["owner"])
    assert cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "b", "Value": ""}]
    with refused("ResourceNotFoundException", 404):
        cloudwatch.list_tags_for_resource(ResourceARN=arn + "x")


@pytest.mark.parametrize(
    "wrong",
    [{"Period": 45}, {"EvaluationPeriods": 1441}, {"DatapointsToAlarm": 2}, {"Metrics": [{"Id": "m"}]},
     {"ExtendedStatistic": "p90"}],
)  # fmt: skip
def test_definitions_that_are_refused(client, wrong):
    with refused("InvalidParameterValue", 400):
        put(client("cloudwatch"), **wrong)


def watched(slow, paced, account, **alarm):
    """A live r1, r2 on its way, and an alarm that watches."""
    appconfig, cloudwatch = slow("appconfig"), slow("cloudwatch")
    put(cloudwatch, **{"TreatMissingData": "notBreaching", **alarm})
    paced.admin.advance(120)
    app, env, profile = new(appconfig)
    version(appconfig, app, profile)
    version(appconfig, app, profile, OTHER)
    deploy(appconfig, app, env, profile, 1)
    paced.admin.advance(700)
    arn, role = f"arn:aws:cloudwatch:eu-central-1:{account}:alarm:errors", f"arn:aws:iam::{account}:role/r"
    monitors = [{"AlarmArn": arn, "AlarmRoleArn": role}]
    appconfig.update_environment(ApplicationId=app, EnvironmentId=env, Monitors=monitors)
    deploy(appconfig, app, env, profile, 2, "AppConfig.Canary10Percent20Minutes")
    return appconfig, cloudwatch, app, env


@pytest.mark.parametrize("minutes", [2, 25])
def test_an_alarm_takes_a_deployment_back_while_deploying_and_baking(slow, paced, account, minutes):
    appconfig, cloudwatch, app, env = watched(slow, paced, account)
    paced.admin.advance(minutes * 60)
    assert get(appconfig, app, env, 2)["State"] == ("DEPLOYING" if minutes == 2 else "BAKING")
    data(cloudwatch, 50)
    assert get(appconfig, app, env, 2)["State"] == "ROLLING_BACK"
    paced.admin.advance(10)
    now = get(appconfig, app, env, 2)
    assert now["State"] == "ROLLED_BACK"
    started = now["EventLog"][1]
    assert (started["EventType"], started["TriggeredBy"]) == ("ROLLBACK_STARTED", "CLOUDWATCH_ALARM")
    assert "alarm:errors" in started["Description"]
    appdata = slow("appconfigdata")
    assert {poll(appdata, begin(appdata))[0] for _ in range(10)} == {GOOD}
    assert appconfig.get_environment(ApplicationId=app, EnvironmentId=env)["State"] == "ROLLED_BACK"


def test_what_was_breached_and_healed_unseen_still_took_it_back(slow, paced, account):
    appconfig, cloudwatch, app, env = watched(slow, paced, account)
    data(cloudwatch, 50)
    paced.admin.advance(3 * 3600)
    assert state(cloudwatch) == "OK" and get(appconfig, app, env, 2)["State"] == "ROLLED_BACK"


@pytest.mark.parametrize("how", ["alarm deleted", "monitor removed", "actions disabled", "alarm redefined"])
def test_what_an_alarm_did_unseen_stays_done(slow, paced, account, how):
    appconfig, cloudwatch, app, env = watched(slow, paced, account)
    data(cloudwatch, 50)
    paced.admin.advance(1)
    if how == "alarm deleted":
        cloudwatch.delete_alarms(AlarmNames=["errors"])
    elif how == "monitor removed":
        appconfig.update_environment(ApplicationId=app, EnvironmentId=env, Monitors=[])
    elif how == "actions disabled":
        cloudwatch.disable_alarm_actions(AlarmNames=["errors"])
    else:
        put(cloudwatch, Threshold=1000.0, TreatMissingData="notBreaching")
    paced.admin.advance(600)
    assert get(appconfig, app, env, 2)["State"] == "ROLLED_BACK"


def test_what_happens_after_the_end_does_not_matter(slow, paced, account):
    appconfig, cloudwatch = slow("appconfig"), slow("cloudwatch")
    put(cloudwatch, Period=120)
    data(cloudwatch, 1)
    app, env, profile = new(appconfig)
    arn, role = f"arn:aws:cloudwatch:eu-central-1:{account}:alarm:errors", f"arn:aws:iam::{account}:role/r"
    monitors = [{"AlarmArn": arn, "AlarmRoleArn": role}]
    appconfig.update_environment(ApplicationId=app, EnvironmentId=env, Monitors=monitors)
    short = {"DeploymentDurationInMinutes": 0, "FinalBakeTimeInMinutes": 1, "GrowthFactor": 100}
    strategy = appconfig.create_deployment_strategy(Name="short", **short)["Id"]
    version(appconfig, app, profile)
    deploy(appconfig, app, env, profile, 1, strategy)
    paced.admin.advance(3600)
    assert get(appconfig, app, env)["State"] == "COMPLETE" and state(cloudwatch) == "INSUFFICIENT_DATA"


def test_insufficient_data_takes_it_back_too(slow, paced, account):
    appconfig, _, app, env = watched(slow, paced, account, TreatMissingData="missing")
    assert get(appconfig, app, env, 2)["State"] in ("ROLLING_BACK", "ROLLED_BACK")


def test_after_the_bake_and_without_actions_nothing_is_taken_back(slow, paced, account):
    appconfig, cloudwatch, app, env = watched(slow, paced, account)
    cloudwatch.disable_alarm_actions(AlarmNames=["errors"])
    data(cloudwatch, 50)
    paced.admin.advance(5 * 60)
    assert get(appconfig, app, env, 2)["State"] == "DEPLOYING"
    cloudwatch.enable_alarm_actions(AlarmNames=["errors"])
    paced.admin.advance(3600)
    data(cloudwatch, 50)
    assert get(appconfig, app, env, 2)["State"] == "COMPLETE"


JSON_LIKE = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(max_size=4), below, max_size=4),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(value=JSON_LIKE)
def test_cbor_goes_round(value):
    assert cbor.decode(cbor.encode(None, value)) == value


@settings(max_examples=60, deadline=None)
@given(raw=st.binary(max_size=40))
def test_cbor_that_is_none_is_refused(raw):
    from releaser.sandbox.errors import AwsError

    try:
        cbor.decode(raw)
    except AwsError as error:
        assert error.code == "SerializationException"
