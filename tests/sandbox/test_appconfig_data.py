"""AppConfigData: tokens, and who gets what during a deployment."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from sandbox.checks import refused
from sandbox.test_appconfig import GOOD, OTHER, deploy, new, version

NAMES = {
    "ApplicationIdentifier": "app",
    "EnvironmentIdentifier": "live",
    "ConfigurationProfileIdentifier": "runtime",
}


def begin(data, **more):
    return data.start_configuration_session(**NAMES, **more)["InitialConfigurationToken"]


def poll(data, token):
    """What came, and the next token."""
    reply = data.get_latest_configuration(ConfigurationToken=token)
    return reply["Configuration"].read(), reply["NextPollConfigurationToken"]


def problem(data, token):
    with pytest.raises(ClientError) as caught:
        poll(data, token)
    assert caught.value.response["Error"]["Code"] == "BadRequestException"
    return caught.value.response["Details"]["InvalidParameters"]["ConfigurationToken"]["Problem"]


def test_the_first_poll_brings_the_configuration_and_the_next_nothing(client):
    appconfig, data = client("appconfig"), client("appconfigdata")
    app, env, profile = new(appconfig)
    version(appconfig, app, profile, VersionLabel="r1-abc")
    deploy(appconfig, app, env, profile, 1)
    reply = data.get_latest_configuration(ConfigurationToken=begin(data))
    assert (reply["VersionLabel"], reply["ContentType"]) == ("r1-abc", "application/json")
    assert reply["Configuration"].read() == GOOD and reply["NextPollIntervalInSeconds"] == 60
    content, token = poll(data, reply["NextPollConfigurationToken"])
    assert content == b""
    version(appconfig, app, profile, OTHER)
    deploy(appconfig, app, env, profile, 2)
    assert poll(data, token)[0] == OTHER


def test_a_token_is_good_once_and_for_a_day(slow, paced):
    appconfig, data = slow("appconfig"), slow("appconfigdata")
    app, env, profile = new(appconfig)
    version(appconfig, app, profile)
    deploy(appconfig, app, env, profile, 1)
    first = begin(data)
    _, second = poll(data, first)
    assert problem(data, first) == "Corrupted"
    assert problem(data, "made-up") == "Corrupted"
    paced.admin.advance(24 * 3600 + 1)
    assert problem(data, second) == "Expired"


def test_a_session_keeps_to_its_own_poll_interval(slow, paced):
    appconfig, data = slow("appconfig"), slow("appconfigdata")
    app, env, profile = new(appconfig)
    version(appconfig, app, profile)
    deploy(appconfig, app, env, profile, 1)
    _, token = poll(data, begin(data, RequiredMinimumPollIntervalInSeconds=30))
    assert problem(data, token) == "PollIntervalNotSatisfied"
    paced.admin.advance(31)
    poll(data, token)


def test_what_does_not_exist_is_named(client):
    appconfig, data = client("appconfig"), client("appconfigdata")
    new(appconfig)
    for member in NAMES:
        with pytest.raises(ClientError) as caught:
            data.start_configuration_session(**{**NAMES, member: "nothing"})
        assert caught.value.response["ResourceType"] == member.removesuffix("Identifier")
        assert list(caught.value.response["ReferencedBy"]) == [member]
    token = begin(data)
    with refused("ResourceNotFoundException", 404, "Deployment"):
        poll(data, token)


def test_a_canary_reaches_one_session_in_ten_and_who_has_it_keeps_it(slow, paced):
    appconfig, data = slow("appconfig"), slow("appconfigdata")
    app, env, profile = new(appconfig)
    version(appconfig, app, profile)
    version(appconfig, app, profile, OTHER)
    deploy(appconfig, app, env, profile, 1)
    paced.admin.advance(601)
    tokens = [begin(data) for _ in range(40)]
    has = [b""] * len(tokens)

    def everybody():
        for number, token in enumerate(tokens):
            content, tokens[number] = poll(data, token)
            has[number] = content or has[number]
        return {number for number, content in enumerate(has) if content == OTHER}

    assert everybody() == set()
    deploy(appconfig, app, env, profile, 2, "AppConfig.Canary10Percent20Minutes")
    shares, before = [], set()
    for _ in range(5):
        now = everybody()
        assert before <= now and everybody() == now
        shares.append(len(now))
        before = now
        paced.admin.advance(4 * 60)
    assert shares == [4, 8, 16, 32, 40]
    appconfig.stop_deployment(ApplicationId=app, EnvironmentId=env, DeploymentNumber=2)
    assert everybody() == set()


def test_a_first_deployment_that_is_taken_back_leaves_nothing(slow):
    appconfig, data = slow("appconfig"), slow("appconfigdata")
    app, env, profile = new(appconfig)
    version(appconfig, app, profile)
    deploy(appconfig, app, env, profile, 1)
    _, token = poll(data, begin(data))
    appconfig.stop_deployment(ApplicationId=app, EnvironmentId=env, DeploymentNumber=1)
    with refused("ResourceNotFoundException", 404):
        poll(data, token)
