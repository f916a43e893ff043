"""Who calls: root keys, assumed roles, expiry, strangers."""

from __future__ import annotations

from sandbox.checks import refused


def assumed(box, account, role_account, **more):
    arn = f"arn:aws:iam::{role_account}:role/path/releaser-apply"
    return box.client("sts", account).assume_role(RoleArn=arn, RoleSessionName="ci", **more)


def as_role(box, service, credentials):
    return box.client(
        service,
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
    )


def test_root_identity(client, account):
    who = client("sts").get_caller_identity()
    assert (who["Account"], who["Arn"]) == (account, f"arn:aws:iam::{account}:root")


def test_calls_of_an_assumed_role_land_in_its_account(box, account):
    credentials = assumed(box, account, "222222222222")["Credentials"]
    who = as_role(box, "sts", credentials).get_caller_identity()
    assert who["Account"] == "222222222222"
    assert who["Arn"] == "arn:aws:sts::222222222222:assumed-role/releaser-apply/ci"
    made = as_role(box, "bedrock-agent", credentials).create_prompt(name="p")
    assert ":222222222222:prompt/" in made["arn"]


def test_sessions_expire_by_the_clock(paced, account):
    credentials = assumed(paced, account, account, DurationSeconds=900)["Credentials"]
    sts = as_role(paced, "sts", credentials)
    sts.get_caller_identity()
    paced.admin.advance(901)
    with refused("ExpiredToken", 403):
        sts.get_caller_identity()


def test_strangers_are_refused(box, account):
    for key in ("AKIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLE", "12345"):
        with refused("UnrecognizedClientException", 403):
            box.client("bedrock", key).list_guardrails()
        with refused("InvalidClientTokenId", 403):
            box.client("sts", key).get_caller_identity()
    credentials = assumed(box, account, account)["Credentials"] | {"SessionToken": "another"}
    with refused("UnrecognizedClientException", 403):
        as_role(box, "bedrock", credentials).list_guardrails()


def test_a_role_that_is_none(client):
    with refused("ValidationError", 400):
        client("sts").assume_role(RoleArn="arn:aws:iam::1:user/somebody", RoleSessionName="ci")
    with refused("ValidationError", 400, "less than or equal to 43200"):
        arn = "arn:aws:iam::111111111111:role/r"
        client("sts").assume_role(RoleArn=arn, RoleSessionName="ci", DurationSeconds=43201)


def test_sessions_survive_a_kill(tmp_path, account):
    from releaser import sandbox

    with sandbox.running(data=tmp_path) as own:
        credentials = assumed(own, account, "333333333333")["Credentials"]
        own.kill()
        own.start()
        assert as_role(own, "sts", credentials).get_caller_identity()["Account"] == "333333333333"
