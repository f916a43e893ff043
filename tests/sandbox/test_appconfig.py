"""AppConfig's control plane as boto3 sees it."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from sandbox.checks import all_pages, body, refused

SCHEMA = json.dumps({"type": "object", "required": ["release"], "properties": {"release": {"type": "string"}}})
GOOD, OTHER, BAD = b'{"release": "r1"}', b'{"release": "r2"}', b'{"release": 1}'


def new(appconfig, **profile):
    """Ids of an application, an environment and a hosted profile."""
    app = appconfig.create_application(Name="app")["Id"]
    env = appconfig.create_environment(ApplicationId=app, Name="live")["Id"]
    given = {"ApplicationId": app, "Name": "runtime", "LocationUri": "hosted", **profile}
    return app, env, appconfig.create_configuration_profile(**given)["Id"]


def version(appconfig, app, profile, content=GOOD, **more):
    where = {"ApplicationId": app, "ConfigurationProfileId": profile}
    made = appconfig.create_hosted_configuration_version(
        **where, Content=content, ContentType="application/json", **more
    )
    return made["VersionNumber"]


def deploy(appconfig, app, env, profile, number, strategy="AppConfig.AllAtOnce", **more):
    return appconfig.start_deployment(
        ApplicationId=app, EnvironmentId=env, ConfigurationProfileId=profile, ConfigurationVersion=str(number),
        DeploymentStrategyId=strategy, **more,
    )  # fmt: skip


def get(appconfig, app, env, number=1):
    return appconfig.get_deployment(ApplicationId=app, EnvironmentId=env, DeploymentNumber=number)


def test_applications_environments_and_profiles_come_back_as_given(client, account):
    appconfig = client("appconfig")
    app = body(appconfig.create_application(Name="app", Description="d", Tags={"owner": "a"}))
    assert app == {"Id": app["Id"], "Name": "app", "Description": "d"} and len(app["Id"]) == 7
    monitors = [
        {
            "AlarmArn": f"arn:aws:cloudwatch:eu-central-1:{account}:alarm:errors",
            "AlarmRoleArn": f"arn:aws:iam::{account}:role/appconfig",
        }
    ]
    env = body(appconfig.create_environment(ApplicationId=app["Id"], Name="live", Monitors=monitors))
    assert env["State"] == "READY_FOR_DEPLOYMENT" and env["Monitors"] == monitors
    assert body(appconfig.get_environment(ApplicationId=app["Id"], EnvironmentId=env["Id"])) == env
    given = {"ApplicationId": app["Id"], "Name": "runtime", "LocationUri": "hosted", "KmsKeyIdentifier": "alias/k",
             "Validators": [{"Type": "JSON_SCHEMA", "Content": SCHEMA}]}  # fmt: skip
    profile = body(appconfig.create_configuration_profile(**given))
    assert profile == {**given, "Id": profile["Id"], "Type": "AWS.Freeform",
                       "KmsKeyArn": f"arn:aws:kms:eu-central-1:{account}:alias/k"}  # fmt: skip
    rows = appconfig.list_configuration_profiles(ApplicationId=app["Id"])["Items"]
    assert rows[0]["ValidatorTypes"] == ["JSON_SCHEMA"] and "Validators" not in rows[0]


def test_updates_change_what_is_given_and_no_more(client):
    appconfig = client("appconfig")
    app, env, profile = new(appconfig, Description="d", Validators=[{"Type": "JSON_SCHEMA", "Content": SCHEMA}])
    appconfig.update_application(ApplicationId=app, Description="new")
    assert appconfig.get_application(ApplicationId=app)["Name"] == "app"
    where = {"ApplicationId": app, "ConfigurationProfileId": profile}
    after = appconfig.update_configuration_profile(**where, Name="renamed")
    assert (after["Name"], after["Description"], len(after["Validators"])) == ("renamed", "d", 1)
    assert appconfig.update_configuration_profile(**where, Validators=[]).get("Validators", []) == []
    role = "arn:aws:iam::111111111111:role/r"
    monitors = [{"AlarmArn": "arn:aws:cloudwatch:eu-central-1:1:alarm:a", "AlarmRoleArn": role}]
    appconfig.update_environment(ApplicationId=app, EnvironmentId=env, Monitors=monitors)
    assert appconfig.update_environment(ApplicationId=app, EnvironmentId=env, Description="x")["Monitors"] == monitors


def test_hosted_versions_count_up_carry_labels_and_are_locked(client):
    appconfig = client("appconfig")
    app, _, profile = new(appconfig)
    where = {"ApplicationId": app, "ConfigurationProfileId": profile}
    made = appconfig.create_hosted_configuration_version(
        **where, Content=GOOD, ContentType="application/json", VersionLabel="r1-abc", Description="first",
        LatestVersionNumber=0,
    )  # fmt: skip
    assert (made["VersionNumber"], made["VersionLabel"], made["ContentType"]) == (1, "r1-abc", "application/json")
    assert made["Content"].read() == GOOD
    read = appconfig.get_hosted_configuration_version(**where, VersionNumber=1)
    assert (read["Content"].read(), read["Description"], read["ApplicationId"]) == (GOOD, "first", app)
    with refused("ConflictException", 409):
        version(appconfig, app, profile, OTHER, LatestVersionNumber=0)
    with refused("ConflictException", 409, "label"):
        version(appconfig, app, profile, OTHER, VersionLabel="r1-abc")
    for label in ("12", "x" * 65):
        with refused("BadRequestException", 400):
            version(appconfig, app, profile, OTHER, VersionLabel=label)
    assert version(appconfig, app, profile, OTHER, LatestVersionNumber=1, VersionLabel="r2-abc") == 2
    rows = appconfig.list_hosted_configuration_versions(**where)["Items"]
    assert [row["VersionNumber"] for row in rows] == [2, 1] and "Content" not in rows[0]
    for label, found in (("r2-abc", [2]), ("r*", [2, 1]), ("r", [])):
        rows = appconfig.list_hosted_configuration_versions(**where, VersionLabel=label)["Items"]
        assert [row["VersionNumber"] for row in rows] == found
    appconfig.delete_hosted_configuration_version(**where, VersionNumber=2)
    assert version(appconfig, app, profile, OTHER) == 3  # numbers are not used again
    with refused("ResourceNotFoundException", 404):
        appconfig.get_hosted_configuration_version(**where, VersionNumber=2)


def test_a_configuration_may_be_two_megabytes(client):
    appconfig = client("appconfig")
    app, _, profile = new(appconfig)
    version(appconfig, app, profile, b"x" * 2048 * 1024)
    with refused("PayloadTooLargeException", 413):
        version(appconfig, app, profile, b"x" * (2048 * 1024 + 1))


def test_validators_are_asked_when_a_deployment_starts_and_not_before(client):
    appconfig = client("appconfig")
    app, env, profile = new(appconfig, Validators=[{"Type": "JSON_SCHEMA", "Content": SCHEMA}])
    where = {"ApplicationId": app, "ConfigurationProfileId": profile}
    good, bad = version(appconfig, app, profile), version(appconfig, app, profile, BAD)
    appconfig.validate_configuration(**where, ConfigurationVersion=str(good))
    with refused("BadRequestException", 400, "is not of type"):
        appconfig.validate_configuration(**where, ConfigurationVersion=str(bad))
    with pytest.raises(ClientError) as caught:
        deploy(appconfig, app, env, profile, bad)
    reply = caught.value.response
    assert reply["Reason"] == "InvalidConfiguration"
    detail = reply["Details"]["InvalidConfiguration"][0]
    assert (detail["Constraint"], detail["Location"]) == ("type", "/release")
    assert appconfig.list_deployments(ApplicationId=app, EnvironmentId=env)["Items"] == []
    deploy(appconfig, app, env, profile, good)


@pytest.mark.parametrize("content", ["{", '{"type": "no such type"}'])
def test_a_schema_must_be_one(client, content):
    with refused("BadRequestException", 400, "JSON Schema"):
        new(client("appconfig"), Validators=[{"Type": "JSON_SCHEMA", "Content": content}])


def test_a_linear_deployment_goes_step_by_step_over_the_clock(slow, paced):
    appconfig = slow("appconfig")
    app, env, profile = new(appconfig)
    version(appconfig, app, profile, VersionLabel="r1")
    started = deploy(appconfig, app, env, profile, "r1", "AppConfig.Linear20PercentEvery6Minutes")
    assert (started["State"], started["PercentageComplete"]) == ("DEPLOYING", 20.0)
    assert (started["ConfigurationVersion"], started["VersionLabel"]) == ("1", "r1")
    assert appconfig.get_environment(ApplicationId=app, EnvironmentId=env)["State"] == "DEPLOYING"
    seen = []
    for minutes in (5, 2, 6, 6, 6, 6, 30):
        paced.admin.advance(minutes * 60)
        now = get(appconfig, app, env)
        seen.append((now["State"], now["PercentageComplete"]))
    assert seen == [("DEPLOYING", 20), ("DEPLOYING", 40), ("DEPLOYING", 60), ("DEPLOYING", 80), ("DEPLOYING", 100),
                    ("BAKING", 100), ("COMPLETE", 100)]  # fmt: skip
    events = [event["EventType"] for event in now["EventLog"]]
    assert events == ["DEPLOYMENT_COMPLETED", "BAKE_TIME_STARTED", *["PERCENTAGE_UPDATED"] * 5, "DEPLOYMENT_STARTED"]
    assert now["CompletedAt"] > now["StartedAt"]
    assert appconfig.get_environment(ApplicationId=app, EnvironmentId=env)["State"] == "READY_FOR_DEPLOYMENT"


def test_an_exponential_deployment_doubles(slow, paced):
    appconfig = slow("appconfig")
    app, env, profile = new(appconfig)
    version(appconfig, app, profile)
    deploy(appconfig, app, env, profile, 1, "AppConfig.Canary10Percent20Minutes")
    seen = []
    for _ in range(5):
        seen.append(get(appconfig, app, env)["PercentageComplete"])
        paced.admin.advance(4 * 60)
    assert seen == [10, 20, 40, 80, 100] and get(appconfig, app, env)["State"] == "BAKING"


def test_one_deployment_at_a_time_in_an_environment(slow, paced):
    appconfig = slow("appconfig")
    app, env, profile = new(appconfig)
    other = appconfig.create_environment(ApplicationId=app, Name="other")["Id"]
    version(appconfig, app, profile)
    version(appconfig, app, profile, OTHER)
    deploy(appconfig, app, env, profile, 1)
    with refused("ConflictException", 409, "in progress"):
        deploy(appconfig, app, env, profile, 2)
    deploy(appconfig, app, other, profile, 2)
    paced.admin.advance(601)
    with refused("ConflictException", 409, "latest"):
        deploy(appconfig, app, env, profile, 2, LatestDeploymentNumber=0)
    assert deploy(appconfig, app, env, profile, 2, LatestDeploymentNumber=1)["DeploymentNumber"] == 2
    rows = appconfig.list_deployments(ApplicationId=app, EnvironmentId=env)["Items"]
    assert [(row["DeploymentNumber"], row["State"]) for row in rows] == [(2, "BAKING"), (1, "COMPLETE")]


def test_stopping_and_reverting(slow, paced):
    appconfig = slow("appconfig")
    app, env, profile = new(appconfig)
    where = {"ApplicationId": app, "EnvironmentId": env}
    version(appconfig, app, profile)
    deploy(appconfig, app, env, profile, 1)
    stopped = appconfig.stop_deployment(**where, DeploymentNumber=1)
    assert stopped["State"] == "ROLLING_BACK" and stopped["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert appconfig.get_environment(**where)["State"] == "ROLLING_BACK"
    paced.admin.advance(10)
    now = get(appconfig, app, env)
    assert now["State"] == "ROLLED_BACK" and now["EventLog"][0]["EventType"] == "ROLLBACK_COMPLETED"
    assert now["EventLog"][1]["TriggeredBy"] == "USER"
    with refused("BadRequestException", 400):
        appconfig.stop_deployment(**where, DeploymentNumber=1, AllowRevert=True)
    deploy(appconfig, app, env, profile, 1)
    paced.admin.advance(601)
    with refused("BadRequestException", 400, "COMPLETE"):
        appconfig.stop_deployment(**where, DeploymentNumber=2)
    assert appconfig.stop_deployment(**where, DeploymentNumber=2, AllowRevert=True)["State"] == "REVERTED"
    assert appconfig.get_environment(**where)["State"] == "REVERTED"
    assert get(appconfig, app, env, 2)["EventLog"][0]["EventType"] == "REVERT_COMPLETED"
    deploy(appconfig, app, env, profile, 1)
    paced.admin.advance(601 + 72 * 3600)
    with refused("BadRequestException", 400, "72 hours"):
        appconfig.stop_deployment(**where, DeploymentNumber=3, AllowRevert=True)


def test_strategies_of_ones_own_and_those_that_are_there(client):
    appconfig = client("appconfig")
    names = [row["Id"] for row in appconfig.list_deployment_strategies()["Items"]]
    assert names == ["AppConfig.AllAtOnce", "AppConfig.Canary10Percent20Minutes",
                     "AppConfig.Linear20PercentEvery6Minutes", "AppConfig.Linear50PercentEvery30Seconds"]  # fmt: skip
    canary = appconfig.get_deployment_strategy(DeploymentStrategyId=names[1])
    assert (canary["GrowthType"], canary["GrowthFactor"]) == ("EXPONENTIAL", 10.0)
    assert (canary["DeploymentDurationInMinutes"], canary["FinalBakeTimeInMinutes"]) == (20, 10)
    with refused("BadRequestException", 400, "Cannot delete predefined Deployment Strategy"):
        appconfig.delete_deployment_strategy(DeploymentStrategyId=names[0])
    own = appconfig.create_deployment_strategy(Name="own", DeploymentDurationInMinutes=3, GrowthFactor=12.5)
    assert (own["GrowthType"], own["FinalBakeTimeInMinutes"], own["GrowthFactor"]) == ("LINEAR", 0, 12.5)
    after = appconfig.update_deployment_strategy(DeploymentStrategyId=own["Id"], FinalBakeTimeInMinutes=4)
    assert (after["FinalBakeTimeInMinutes"], after["GrowthFactor"]) == (4, 12.5)
    appconfig.delete_deployment_strategy(DeploymentStrategyId=own["Id"])
    with refused("ResourceNotFoundException", 404):
        appconfig.get_deployment_strategy(DeploymentStrategyId=own["Id"])


def test_what_has_something_inside_is_not_deleted(client):
    appconfig = client("appconfig")
    app, env, profile = new(appconfig)
    where = {"ApplicationId": app, "ConfigurationProfileId": profile}
    version(appconfig, app, profile)
    with refused("BadRequestException", 400, "still hosted configuration versions"):
        appconfig.delete_configuration_profile(**where)
    appconfig.delete_hosted_configuration_version(**where, VersionNumber=1)
    with refused("BadRequestException", 400):
        appconfig.delete_application(ApplicationId=app)
    appconfig.delete_configuration_profile(**where)
    appconfig.delete_environment(ApplicationId=app, EnvironmentId=env)
    appconfig.delete_application(ApplicationId=app)
    with refused("ResourceNotFoundException", 404):
        appconfig.get_application(ApplicationId=app)


def test_a_deployment_in_progress_keeps_its_environment(slow, paced):
    appconfig = slow("appconfig")
    app, env, profile = new(appconfig)
    version(appconfig, app, profile)
    deploy(appconfig, app, env, profile, 1)
    with refused("ConflictException", 409):
        appconfig.delete_environment(ApplicationId=app, EnvironmentId=env)


def test_what_is_read_is_protected_from_deletion_when_the_account_says_so(slow, paced):
    appconfig, data = slow("appconfig"), slow("appconfigdata")
    assert appconfig.get_account_settings()["DeletionProtection"] == {
        "Enabled": False, "ProtectionPeriodInMinutes": 60}  # fmt: skip
    app, env, profile = new(appconfig)
    version(appconfig, app, profile)
    deploy(appconfig, app, env, profile, 1)
    paced.admin.advance(4000)
    token = data.start_configuration_session(
        ApplicationIdentifier="app", EnvironmentIdentifier="live", ConfigurationProfileIdentifier="runtime"
    )["InitialConfigurationToken"]
    data.get_latest_configuration(ConfigurationToken=token)
    appconfig.update_account_settings(DeletionProtection={"Enabled": True})
    where = {"ApplicationId": app, "EnvironmentId": env}
    with refused("BadRequestException", 400, "60 minutes"):
        appconfig.delete_environment(**where)
    paced.admin.advance(3601)
    appconfig.delete_environment(**where)


def test_tags_and_the_tagging_api(client, account):
    appconfig = client("appconfig")
    app = appconfig.create_application(Name="app", Tags={"owner": "a"})["Id"]
    env = appconfig.create_environment(ApplicationId=app, Name="live", Tags={"owner": "b"})["Id"]
    arn = f"arn:aws:appconfig:eu-central-1:{account}:application/{app}"
    appconfig.tag_resource(ResourceArn=arn, Tags={"more": "x"})
    assert appconfig.list_tags_for_resource(ResourceArn=arn)["Tags"] == {"more": "x", "owner": "a"}
    appconfig.untag_resource(ResourceArn=arn, TagKeys=["more"])
    with refused("ResourceNotFoundException", 404):
        appconfig.list_tags_for_resource(ResourceArn=arn[:-1] + "_")
    found = client("resourcegroupstaggingapi").get_resources(ResourceTypeFilters=["appconfig:environment"])
    assert [row["ResourceARN"] for row in found["ResourceTagMappingList"]] == [f"{arn}/environment/{env}"]
    found = client("resourcegroupstaggingapi").get_resources(TagFilters=[{"Key": "owner"}])
    assert len(found["ResourceTagMappingList"]) == 2


def test_lists_come_in_pages(client):
    appconfig = client("appconfig")
    for number in range(7):
        appconfig.create_application(Name=f"a{number}")
    for size in (1, 3, 50):
        rows = all_pages(appconfig.list_applications, "Items", "NextToken", "MaxResults", size)
        assert [row["Name"] for row in rows] == [f"a{number}" for number in range(7)]
    with refused("BadRequestException", 400):
        appconfig.list_applications(NextToken="bm90LW91cnM")
    with refused("BadRequestException", 400, "less than or equal to 50"):
        appconfig.list_applications(MaxResults=51)


def test_quotas(client, box):
    appconfig = client("appconfig")
    app, _, _ = new(appconfig)
    for number in range(19):
        appconfig.create_environment(ApplicationId=app, Name=f"e{number}")
    with refused("ServiceQuotaExceededException", 402):
        appconfig.create_environment(ApplicationId=app, Name="one more")


def test_faults_and_rates_reach_it(client, box, account):
    appconfig = client("appconfig")
    box.admin.add_fault("throttle", service="appconfig", operation="CreateApplication", account=account)
    with refused("ThrottlingException"):
        appconfig.create_application(Name="a")
    appconfig.create_application(Name="a")
    with refused("NotInTheSandbox", 501, "appconfig.ListExtensions"):
        appconfig.list_extensions()


@pytest.fixture
def switched(paced):
    """Sets switches for the length of a test."""
    before = paced.admin.settings()["switches"]
    yield paced.admin.set_switches
    paced.admin.set_switches(**{name: value for name, value in before.items() if name.startswith("appConfig")})


def test_where_awss_pages_differ_it_is_a_switch(slow, paced, switched):
    appconfig, data = slow("appconfig"), slow("appconfigdata")
    app, env, profile = new(appconfig)
    where = {"ApplicationId": app, "EnvironmentId": env}
    version(appconfig, app, profile, VersionLabel="r1")
    switched(
        appConfigFirstStep="after-interval", appConfigValidating="seen", appConfigStopWhileBaking="refused",
        appConfigNotDeployed="StartConfigurationSession", appConfigLabelTaken="BadRequestException",
        appConfigNamesUnique=True,
    )  # fmt: skip
    names = {"ApplicationIdentifier": app, "EnvironmentIdentifier": env, "ConfigurationProfileIdentifier": profile}
    with refused("ResourceNotFoundException", 404, "Deployment"):
        data.start_configuration_session(**names)
    with refused("BadRequestException", 400, "label"):
        version(appconfig, app, profile, VersionLabel="r1")
    with refused("BadRequestException", 400, "already in use"):
        appconfig.create_application(Name="app")
    seen = [deploy(appconfig, app, env, profile, "r1", "AppConfig.Linear50PercentEvery30Seconds")]
    for seconds in (6, 30, 30):
        paced.admin.advance(seconds)
        seen.append(get(appconfig, app, env))
    found = [(one["State"], one["PercentageComplete"]) for one in seen]
    assert found == [("VALIDATING", 0), ("DEPLOYING", 0), ("DEPLOYING", 50), ("BAKING", 100)]
    with refused("BadRequestException", 400, "BAKING"):
        appconfig.stop_deployment(**where, DeploymentNumber=1)
    assert appconfig.stop_deployment(**where, DeploymentNumber=1, AllowRevert=True)["State"] == "ROLLING_BACK"
    with refused("ResourceNotFoundException", 404):
        data.start_configuration_session(**names)


def test_validators_may_be_asked_for_a_version_already(slow, switched):
    appconfig = slow("appconfig")
    app, _, profile = new(appconfig, Validators=[{"Type": "JSON_SCHEMA", "Content": SCHEMA}])
    switched(appConfigValidatesVersions=True)
    with refused("BadRequestException", 400, "is not of type"):
        version(appconfig, app, profile, BAD)
    assert version(appconfig, app, profile) == 1


def test_a_time_scale_shortens_a_deployment(tmp_path, account):
    from releaser import sandbox

    with sandbox.running(data=tmp_path, time_scale=0.001) as quick:
        appconfig = quick.client("appconfig", account)
        quick.admin.set_rates({"*": None})
        app, env, profile = new(appconfig)
        version(appconfig, app, profile)
        started = deploy(appconfig, app, env, profile, 1, "AppConfig.Linear20PercentEvery6Minutes")
        quick.admin.advance(1.9)
        assert started["State"] == "DEPLOYING" and get(appconfig, app, env)["State"] == "BAKING"
        quick.admin.advance(1.9)
        assert get(appconfig, app, env)["State"] == "COMPLETE"
