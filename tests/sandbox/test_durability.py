"""A SIGKILL loses nothing that was acknowledged, and leaves nothing half done."""

from __future__ import annotations

import random
import threading
import time

from botocore.exceptions import BotoCoreError, ClientError

from releaser import sandbox
from sandbox.checks import MESSAGES, all_pages, body, refused, text_prompt
from sandbox.test_appconfig import deploy, get, new, version
from sandbox.test_cloudwatch import put

TOKEN = "t" * 40


def test_everything_is_there_after_a_kill(tmp_path, account):
    with sandbox.running(data=tmp_path) as box:
        agent, bedrock, ssm = (box.client(s, account) for s in ("bedrock-agent", "bedrock", "ssm"))
        prompt = agent.create_prompt(name="p", clientToken=TOKEN, tags={"a": "b"}, **text_prompt())
        version = agent.create_prompt_version(promptIdentifier=prompt["id"])
        guardrail = bedrock.create_guardrail(name="g", **MESSAGES)["guardrailId"]
        bedrock.create_guardrail_version(guardrailIdentifier=guardrail)
        ssm.put_parameter(Name="p", Value="v", Type="String")
        box.admin.set_quotas(prompts=7)
        box.admin.advance(1000)
        before = body(bedrock.get_guardrail(guardrailIdentifier=guardrail))
        models = bedrock.list_foundation_models()["modelSummaries"]
        port = box.port
        box.restart()
        assert box.port == port
        assert body(agent.get_prompt(promptIdentifier=prompt["id"])) == body(prompt)
        assert body(agent.get_prompt(promptIdentifier=version["arn"])) == body(version)
        assert agent.list_tags_for_resource(resourceArn=prompt["arn"])["tags"] == {"a": "b"}
        assert body(bedrock.get_guardrail(guardrailIdentifier=guardrail)) == before
        assert ssm.get_parameter(Name="p")["Parameter"]["Value"] == "v"
        assert bedrock.list_foundation_models()["modelSummaries"] == models
        assert agent.create_prompt_version(promptIdentifier=prompt["id"])["version"] == "2"
        assert box.admin.settings()["quotas"]["prompts"] == 7
        assert box.admin.clock()["offset"] == 1000


def test_a_deployment_an_alarm_a_lock_and_a_key_survive_a_kill(tmp_path, account):
    with sandbox.running(data=tmp_path, time_scale=1) as box:
        appconfig, data, cloudwatch, kms, s3 = (
            box.client(s, account) for s in ("appconfig", "appconfigdata", "cloudwatch", "kms", "s3")
        )
        box.admin.set_rates({"*": None})
        app, env, profile = new(appconfig)
        version(appconfig, app, profile, VersionLabel="r1")
        deploy(appconfig, app, env, profile, "r1", "AppConfig.Linear20PercentEvery6Minutes")
        names = {"ApplicationIdentifier": app, "EnvironmentIdentifier": env, "ConfigurationProfileIdentifier": profile}
        token = data.start_configuration_session(**names)["InitialConfigurationToken"]
        put(cloudwatch, TreatMissingData="ignore")
        cloudwatch.set_alarm_state(AlarmName="errors", StateValue="ALARM", StateReason="by hand")
        key = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
        signing = {"KeyId": key, "Message": b"x", "SigningAlgorithm": "ECDSA_SHA_256"}
        signature = kms.sign(**signing)["Signature"]
        here = {"CreateBucketConfiguration": {"LocationConstraint": "eu-central-1"}}
        s3.create_bucket(Bucket=f"kill-{account}", ObjectLockEnabledForBucket=True, **here)
        where = {"Bucket": f"kill-{account}", "Key": "k"}
        where["VersionId"] = s3.put_object(**where, Body=b"x", ObjectLockLegalHoldStatus="ON")["VersionId"]
        box.restart()
        box.admin.advance(31 * 60)
        now = get(appconfig, app, env)
        assert (now["State"], len(now["EventLog"])) == ("BAKING", 7)
        assert data.get_latest_configuration(ConfigurationToken=token)["VersionLabel"] == "r1"
        assert cloudwatch.describe_alarms()["MetricAlarms"][0]["StateValue"] == "ALARM"
        assert kms.verify(**signing, Signature=signature)["SignatureValid"]
        with refused("AccessDenied", 403):
            s3.delete_object(**where)


def test_tokens_survive_a_kill(tmp_path, account):
    with sandbox.running(data=tmp_path) as box:
        agent = box.client("bedrock-agent", account)
        prompt = agent.create_prompt(name="p", clientToken=TOKEN)
        box.restart()
        assert agent.create_prompt(name="p", clientToken=TOKEN)["id"] == prompt["id"]


def test_kills_at_random_moments_under_load(tmp_path, account):
    acknowledged: set[str] = set()
    random.seed(7)
    with sandbox.running(data=tmp_path) as box:
        for _ in range(4):
            agent = box.client("bedrock-agent", account)
            stop = threading.Event()

            def write(agent=agent, stop=stop):
                while not stop.is_set():
                    try:
                        acknowledged.add(agent.create_prompt(name="p", **text_prompt("x" * 500))["id"])
                    except (ClientError, BotoCoreError):
                        return

            writer = threading.Thread(target=write)
            writer.start()
            time.sleep(random.uniform(0.05, 0.25))
            box.kill()
            stop.set()
            writer.join()
            box.start()
        agent = box.client("bedrock-agent", account)
        rows = all_pages(agent.list_prompts, "promptSummaries", "nextToken", "maxResults", 100)
        there = {row["id"] for row in rows}
        assert acknowledged <= there and len(there) <= len(acknowledged) + 4
        for id in there:
            assert agent.get_prompt(promptIdentifier=id)["variants"]
