"""Every request of a role's session is held to its policies; account keys are not."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from sandbox.checks import MESSAGES, knowledge_base, refused, text_prompt
from sandbox.flow_samples import ASKING
from sandbox.iam_checks import Roles, allow, deny, document, trusting, with_keys

MODEL = "amazon.nova-lite-v1:0"
PROFILE = f"eu.{MODEL}"
HELLO = [{"role": "user", "content": [{"text": "What is the limit? <document>The limit is 5.</document>"}]}]


@pytest.fixture
def roles(box, account):
    return Roles(box, account)


@pytest.fixture
def guardrail(client):
    return client("bedrock").create_guardrail(name="g", **MESSAGES, tags=[{"key": "team", "value": "red"}])


def test_a_denial_reads_as_on_aws(roles, account, guardrail):
    session = roles.session(allow("bedrock:ListGuardrails"))
    arn = guardrail["guardrailArn"]
    with pytest.raises(ClientError) as caught:
        session("bedrock").get_guardrail(guardrailIdentifier=guardrail["guardrailId"])
    error = caught.value.response
    assert error["Error"]["Message"] == (
        f"User: arn:aws:sts::{account}:assumed-role/r/job is not authorized to perform: bedrock:GetGuardrail on "
        f"resource: {arn} because no identity-based policy allows the bedrock:GetGuardrail action"
    )
    assert (error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]) == ("AccessDeniedException", 403)
    roles.put("r", allow("bedrock:*"), deny("bedrock:Get*"))
    saying = "bedrock:GetGuardrail on resource: " + arn + " with an explicit deny in an identity-based policy"
    with refused("AccessDeniedException", 403, saying):
        session("bedrock").get_guardrail(guardrailIdentifier=guardrail["guardrailId"])


def test_each_service_has_its_own_code(roles, account):
    session = roles.session(deny("*"))
    for service, operation, params, code, status in (
        ("bedrock", "list_guardrails", {}, "AccessDeniedException", 403),
        ("bedrock-agent", "list_agents", {}, "AccessDeniedException", 403),
        ("bedrock-runtime", "converse", {"modelId": MODEL, "messages": HELLO}, "AccessDeniedException", 403),
        ("ssm", "get_parameter", {"Name": "/a"}, "AccessDeniedException", 400),
        ("kms", "list_keys", {}, "AccessDeniedException", 400),
        ("service-quotas", "list_service_quotas", {"ServiceCode": "bedrock"}, "AccessDeniedException", 400),
        ("resourcegroupstaggingapi", "get_resources", {}, "AccessDeniedException", 400),
        ("appconfig", "list_applications", {}, "AccessDeniedException", 403),
        ("s3", "list_buckets", {}, "AccessDenied", 403),
        ("s3", "head_bucket", {"Bucket": "some-bucket"}, "403", 403),
        ("cloudwatch", "describe_alarms", {}, "AccessDenied", 403),
        ("iam", "list_roles", {}, "AccessDenied", 403),
    ):
        with refused(code, status):
            getattr(session(service), operation)(**params)
    assert session("sts").get_caller_identity()["Account"] == account


def test_nothing_has_happened_after_a_denial(roles, client):
    session = roles.session(allow("bedrock:List*"))
    with refused("AccessDeniedException", 403):
        session("bedrock").create_guardrail(name="g", **MESSAGES)
    assert client("bedrock").list_guardrails()["guardrails"] == []


def test_a_policy_is_in_force_for_the_next_request(roles, client):
    session = roles.session(allow("bedrock:ListGuardrails"))
    session("bedrock").list_guardrails()
    roles.put("r", allow("bedrock:ListPrompts"))
    with refused("AccessDeniedException", 403):
        session("bedrock").list_guardrails()
    session("bedrock-agent").list_prompts()
    client("bedrock").list_guardrails()


def test_absence_is_told_only_to_those_who_may_look(roles):
    session = roles.session(allow("bedrock:GetGuardrail"))
    with refused("ResourceNotFoundException", 404):
        session("bedrock").get_guardrail(guardrailIdentifier="abcdefghijkl")
    roles.put("r", allow("bedrock:ListGuardrails"))
    with refused("AccessDeniedException", 403):
        session("bedrock").get_guardrail(guardrailIdentifier="abcdefghijkl")


def test_resources_and_what_is_left_out(roles, client, account):
    one, other = (client("bedrock-agent").create_prompt(name=name, **text_prompt()) for name in ("one", "other"))
    session = roles.session(allow("bedrock:GetPrompt", Resource=one["arn"]))
    agent = session("bedrock-agent")
    for identifier in (one["id"], one["arn"]):
        agent.get_prompt(promptIdentifier=identifier)
    with refused("AccessDeniedException", 403):
        agent.get_prompt(promptIdentifier=other["id"])
    version = client("bedrock-agent").create_prompt_version(promptIdentifier=one["id"])["version"]
    with refused("AccessDeniedException", 403, f"{one['arn']}:{version}"):
        agent.get_prompt(promptIdentifier=one["id"], promptVersion=version)
    roles.put("r", {"NotAction": ["bedrock:Delete*"], "NotResource": [other["arn"]]})
    agent.get_prompt(promptIdentifier=one["id"], promptVersion=version)
    for call in (agent.delete_prompt, agent.get_prompt):
        with refused("AccessDeniedException", 403):
            call(promptIdentifier=(one if call == agent.delete_prompt else other)["id"])


def test_tags_of_the_resource_and_of_the_request(roles, client, guardrail):
    mine = {"StringEquals": {"aws:ResourceTag/team": "red"}}
    session = roles.session(
        allow("bedrock:GetGuardrail", Condition=mine),
        allow("bedrock:CreateGuardrail", "bedrock:TagResource", Condition={
            "StringEquals": {"aws:RequestTag/team": "red"},
            "ForAllValues:StringEquals": {"aws:TagKeys": ["team", "cost"]},
        }),
    )  # fmt: skip
    bedrock = session("bedrock")
    bedrock.get_guardrail(guardrailIdentifier=guardrail["guardrailId"])
    client("bedrock").tag_resource(resourceARN=guardrail["guardrailArn"], tags=[{"key": "team", "value": "blue"}])
    with refused("AccessDeniedException", 403):
        bedrock.get_guardrail(guardrailIdentifier=guardrail["guardrailId"])
    red, cost, other = ({"key": key, "value": "red"} for key in ("team", "cost", "other"))
    bedrock.create_guardrail(name="a", **MESSAGES, tags=[red, cost])
    for tags in ([cost], [red, other], []):
        with refused("AccessDeniedException", 403):
            bedrock.create_guardrail(name="b", **MESSAGES, tags=tags)


def test_tags_at_creation_take_an_action_of_their_own(roles):
    session = roles.session(allow("bedrock:CreateGuardrail", "bedrock:CreatePrompt"))
    session("bedrock").create_guardrail(name="a", **MESSAGES)
    session("bedrock-agent").create_prompt(name="a")
    with refused("AccessDeniedException", 403, "bedrock:TagResource"):
        session("bedrock").create_guardrail(name="b", **MESSAGES, tags=[{"key": "k", "value": "v"}])
    with refused("AccessDeniedException", 403, "bedrock:TagResource"):
        session("bedrock-agent").create_prompt(name="b", tags={"k": "v"})


def test_a_role_is_passed_only_where_the_policy_says(roles, account):
    role = f"arn:aws:iam::{account}:role/service/flows"
    service = {"StringEquals": {"iam:PassedToService": "bedrock.amazonaws.com"}}
    session = roles.session(allow("bedrock:*"))
    agent = session("bedrock-agent")
    flow = {"name": "f", "executionRoleArn": role, "definition": ASKING}
    with refused("AccessDeniedException", 403, f"iam:PassRole on resource: {role}"):
        agent.create_flow(**flow)
    with refused("AccessDeniedException", 403, "iam:PassRole"):
        agent.create_knowledge_base(**knowledge_base("k"))
    with refused("AccessDeniedException", 403, "iam:PassRole"):
        agent.create_agent(agentName="a", agentResourceRoleArn=role)
    agent.create_agent(agentName="a")
    roles.put("r", allow("bedrock:*"), allow("iam:PassRole", Resource=role, Condition=service))
    made = agent.create_flow(**flow)
    agent.update_flow(flowIdentifier=made["id"], **flow)
    with refused("AccessDeniedException", 403, "role/other"):
        agent.update_flow(
            flowIdentifier=made["id"], **{**flow, "executionRoleArn": role.replace("service/flows", "other")}
        )
    elsewhere = {"StringEquals": {"iam:PassedToService": "appconfig.amazonaws.com"}}
    roles.put("r", allow("bedrock:*"), allow("iam:PassRole", Resource=role, Condition=elsewhere))
    with refused("AccessDeniedException", 403, "iam:PassRole"):
        agent.update_flow(flowIdentifier=made["id"], **flow)


def test_models_by_themselves_and_through_profiles(roles, account):
    model = f"arn:aws:bedrock:*::foundation-model/{MODEL}"
    profile = f"arn:aws:bedrock:eu-central-1:{account}:inference-profile/{PROFILE}"
    session = roles.session(allow("bedrock:InvokeModel", Resource=model.replace("*::", "eu-central-1::")))
    runtime = session("bedrock-runtime")
    runtime.converse(modelId=MODEL, messages=HELLO)
    with refused("AccessDeniedException", 403, "bedrock:InvokeModelWithResponseStream"):
        runtime.converse_stream(modelId=MODEL, messages=HELLO)
    with refused("AccessDeniedException", 403, profile):
        runtime.converse(modelId=PROFILE, messages=HELLO)
    roles.put("r", allow("bedrock:InvokeModel", Resource=profile))
    with refused("AccessDeniedException", 403, f"::foundation-model/{MODEL}"):
        runtime.converse(modelId=PROFILE, messages=HELLO)
    through = {"ArnLike": {"bedrock:InferenceProfileArn": profile}}
    behind = allow("bedrock:InvokeModel", Resource=model, Condition=through)
    roles.put("r", allow("bedrock:InvokeModel", Resource=profile), behind)
    runtime.converse(modelId=PROFILE, messages=HELLO)
    with refused("AccessDeniedException", 403):
        runtime.converse(modelId=MODEL, messages=HELLO)
    here_only = {**behind, "Resource": model.replace("*::", "eu-central-1::")}
    roles.put("r", allow("bedrock:InvokeModel", Resource=profile), here_only)
    with refused("AccessDeniedException", 403):
        runtime.converse(modelId=PROFILE, messages=HELLO)


def test_an_application_profile_is_a_resource_of_its_own(roles, client):
    source = {"copyFrom": f"arn:aws:bedrock:eu-central-1::foundation-model/{MODEL}"}
    made = client("bedrock").create_inference_profile(inferenceProfileName="p", modelSource=source)
    own = made["inferenceProfileArn"]
    through = {"StringEquals": {"bedrock:InferenceProfileArn": own}}
    session = roles.session(
        allow("bedrock:InvokeModel", Resource=own),
        allow("bedrock:InvokeModel", Resource="arn:aws:bedrock:*::foundation-model/*", Condition=through),
    )
    session("bedrock-runtime").converse(modelId=own, messages=HELLO)
    with refused("AccessDeniedException", 403):
        session("bedrock-runtime").converse(modelId=MODEL, messages=HELLO)


def test_a_guardrail_can_be_required(roles, client, guardrail):
    arn, id = guardrail["guardrailArn"], guardrail["guardrailId"]
    client("bedrock").create_guardrail_version(guardrailIdentifier=id)
    required = {"StringNotEquals": {"bedrock:GuardrailIdentifier": f"{arn}:1"}}
    session = roles.session(
        allow("bedrock:InvokeModel", "bedrock:ApplyGuardrail"), deny("bedrock:InvokeModel", Condition=required)
    )
    runtime = session("bedrock-runtime")
    with_guardrail = lambda version: {"guardrailIdentifier": id, "guardrailVersion": version}  # noqa: E731
    runtime.converse(modelId=MODEL, messages=HELLO, guardrailConfig=with_guardrail("1"))
    for config in ({}, {"guardrailConfig": with_guardrail("DRAFT")}):
        with refused("AccessDeniedException", 403, "explicit deny"):
            runtime.converse(modelId=MODEL, messages=HELLO, **config)
    roles.put("r", allow("bedrock:InvokeModel"))
    with refused("AccessDeniedException", 403, f"bedrock:ApplyGuardrail on resource: {arn}"):
        runtime.converse(modelId=MODEL, messages=HELLO, guardrailConfig=with_guardrail("1"))


def test_a_prompt_takes_render_and_its_model(roles, client):
    agent = client("bedrock-agent")
    made = agent.create_prompt(name="p", **text_prompt("Say hello to {{name}}", modelId=MODEL))
    arn = agent.create_prompt_version(promptIdentifier=made["id"])["arn"]
    asked = {"modelId": arn, "promptVariables": {"name": {"text": "Ada"}}}
    model = f"arn:aws:bedrock:eu-central-1::foundation-model/{MODEL}"
    session = roles.session(allow("bedrock:RenderPrompt", Resource=arn), allow("bedrock:InvokeModel", Resource=model))
    session("bedrock-runtime").converse(**asked)
    for missing in (allow("bedrock:RenderPrompt", Resource=arn), allow("bedrock:InvokeModel", Resource=model)):
        roles.put("r", missing)
        with refused("AccessDeniedException", 403):
            session("bedrock-runtime").converse(**asked)


def test_s3(roles, client):
    bucket, s3 = f"b-{roles.account}", client("s3")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket=bucket, Key="a/x", Body=b"x")["VersionId"]
    below = f"arn:aws:s3:::{bucket}/a/*"
    session = roles.session(allow("s3:GetObject", Resource=below))
    mine = session("s3")
    assert mine.get_object(Bucket=bucket, Key="a/x")["Body"].read() == b"x"
    with refused("AccessDenied", 403, f'"arn:aws:s3:::{bucket}/b/x"'):
        mine.get_object(Bucket=bucket, Key="b/x")
    with refused("AccessDenied", 403, "s3:GetObjectVersion"):
        mine.get_object(Bucket=bucket, Key="a/x", VersionId=version)
    with refused("AccessDenied", 403, "s3:ListBucket"):
        mine.get_object(Bucket=bucket, Key="a/none")
    prefix = {"StringLike": {"s3:prefix": "a/*"}}
    roles.put("r", allow("s3:GetObject", Resource=below), allow("s3:ListBucket", Condition=prefix))
    assert mine.list_objects_v2(Bucket=bucket, Prefix="a/x")["KeyCount"] == 1
    with refused("AccessDenied", 403):
        mine.list_objects_v2(Bucket=bucket)
    roles.put("r", allow("s3:GetObject", "s3:ListBucket"))
    with refused("NoSuchKey", 404):
        mine.get_object(Bucket=bucket, Key="a/none")


def test_of_many_objects_those_that_may_go_go(roles, client):
    bucket, s3 = f"b-{roles.account}", client("s3")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    for key in ("a/x", "b/x"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    session = roles.session(allow("s3:DeleteObject", Resource=f"arn:aws:s3:::{bucket}/a/*"))
    wanted = {"Objects": [{"Key": "a/x"}, {"Key": "b/x"}, {"Key": "a/x", "VersionId": "null"}]}
    answer = session("s3").delete_objects(Bucket=bucket, Delete=wanted)
    assert [one["Key"] for one in answer["Deleted"]] == ["a/x"]
    refusals = [(one["Key"], one.get("VersionId"), one["Code"]) for one in answer["Errors"]]
    assert refusals == [("b/x", None, "AccessDenied"), ("a/x", "null", "AccessDenied")]
    assert [one["Key"] for one in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["b/x"]


def test_parameters(roles, client, account):
    client("ssm").put_parameter(Name="/team/a", Value="1", Type="String")
    below = f"arn:aws:ssm:eu-central-1:{account}:parameter/team/*"
    session = roles.session(allow("ssm:GetParameter*", "ssm:PutParameter", Resource=below))
    ssm = session("ssm")
    ssm.get_parameter(Name="/team/a:1")
    ssm.put_parameter(Name="/team/b", Value="1", Type="String")
    with refused("AccessDeniedException", 400, "ssm:AddTagsToResource"):
        ssm.put_parameter(Name="/team/c", Value="1", Type="String", Tags=[{"Key": "k", "Value": "v"}])
    with refused("AccessDeniedException", 400, "parameter/other"):
        ssm.get_parameters(Names=["/team/a", "/other"])


def test_keys_are_the_resource_and_aliases_a_condition(roles, client, account):
    kms = client("kms")
    spec = {"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"}
    key, other = (kms.create_key(**spec)["KeyMetadata"] for _ in range(2))
    kms.create_alias(AliasName="alias/anchor", TargetKeyId=key["KeyId"])
    session = roles.session(allow("kms:Sign", Condition={"StringEquals": {"kms:RequestAlias": "alias/anchor"}}))
    message = {"Message": b"m", "SigningAlgorithm": "ECDSA_SHA_256"}
    session("kms").sign(KeyId="alias/anchor", **message)
    with refused("AccessDeniedException", 400, key["Arn"]):
        session("kms").sign(KeyId=key["KeyId"], **message)
    by_resource = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/anchor"}}
    roles.put("r", allow("kms:Sign", Condition=by_resource))
    session("kms").sign(KeyId=key["KeyId"], **message)
    with refused("AccessDeniedException", 400):
        session("kms").sign(KeyId=other["KeyId"], **message)
    roles.put("r", allow("kms:Sign", Resource=f"arn:aws:kms:*:{account}:alias/*"))
    with refused("AccessDeniedException", 400):
        session("kms").sign(KeyId="alias/anchor", **message)


def test_alarms_by_namespace_and_name(roles, account):
    own = f"arn:aws:cloudwatch:eu-central-1:{account}:alarm:mine-*"
    named = {"StringEquals": {"cloudwatch:namespace": "mine"}}
    session = roles.session(
        allow("cloudwatch:PutMetricData", Condition=named), allow("cloudwatch:DescribeAlarms", Resource=own)
    )
    watch = session("cloudwatch")
    watch.put_metric_data(Namespace="mine", MetricData=[{"MetricName": "m", "Value": 1}])
    watch.describe_alarms(AlarmNames=["mine-a"])
    for call, params in (
        (watch.put_metric_data, {"Namespace": "other", "MetricData": [{"MetricName": "m", "Value": 1}]}),
        (watch.describe_alarms, {}),
        (watch.describe_alarms, {"AlarmNames": ["mine-a", "other"]}),
    ):
        with refused("AccessDenied", 403):
            call(**params)


def test_appconfig_data_by_names(roles, client, account):
    app = client("appconfig").create_application(Name="app")["Id"]
    place = client("appconfig").create_environment(ApplicationId=app, Name="prod")["Id"]
    profile = client("appconfig").create_configuration_profile(ApplicationId=app, Name="conf", LocationUri="hosted")[
        "Id"
    ]
    arn = f"arn:aws:appconfig:eu-central-1:{account}:application/{app}/environment/{place}/configuration/{profile}"
    named = {
        "ApplicationIdentifier": "app",
        "EnvironmentIdentifier": "prod",
        "ConfigurationProfileIdentifier": "conf",
    }
    session = roles.session(allow("appconfig:StartConfigurationSession", Resource=arn))
    token = session("appconfigdata").start_configuration_session(**named)["InitialConfigurationToken"]
    with refused("AccessDeniedException", 403, f"appconfig:GetLatestConfiguration on resource: {arn}"):
        session("appconfigdata").get_latest_configuration(ConfigurationToken=token)
    roles.put("r", allow("appconfig:Get*", Resource=arn))
    with refused("ResourceNotFoundException", 404):
        session("appconfigdata").get_latest_configuration(ConfigurationToken=token)


def test_a_session_policy_narrows_and_never_widens(roles):
    arn = roles.make("r", allow("bedrock:List*"))
    narrowed = roles.assume(arn, Policy=document(allow("bedrock:ListGuardrails", "bedrock:GetGuardrail")))
    narrowed("bedrock").list_guardrails()
    with refused("AccessDeniedException", 403, "no session policy allows the bedrock:ListFoundationModels action"):
        narrowed("bedrock").list_foundation_models()
    with refused("AccessDeniedException", 403, "no identity-based policy"):
        narrowed("bedrock").get_guardrail(guardrailIdentifier="abcdefghijkl")
    with refused("MalformedPolicyDocument", 400):
        roles.assume(arn, Policy=json.dumps({"Statement": []}))
    with refused("NotInTheSandbox", 501, "PolicyArns"):
        roles.assume(arn, PolicyArns=[{"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}])


def test_keys_of_the_role_itself(roles, account):
    arn = roles.make(
        "r",
        allow(
            "bedrock:List*",
            Resource="*",
            Condition={"ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{account}:role/r"}},
        ),
        allow("ssm:GetParameter", Resource=f"arn:aws:ssm:*:{account}:parameter/${{aws:PrincipalTag/team}}/*"),
        Tags=[{"Key": "team", "Value": "red"}],
    )
    session = roles.assume(arn)
    session("bedrock").list_guardrails()
    with refused("ParameterNotFound", 400):
        session("ssm").get_parameter(Name="/red/x")
    with refused("AccessDeniedException", 400):
        session("ssm").get_parameter(Name="/blue/x")


def test_a_region_can_be_ruled_out(roles, box):
    abroad = {"StringNotEquals": {"aws:RequestedRegion": "eu-central-1"}}
    arn = roles.make("r", allow("*"), deny("bedrock:*", Condition=abroad))
    keys = box.client("sts", roles.account).assume_role(RoleArn=arn, RoleSessionName="job")["Credentials"]
    with_keys(box, keys)("bedrock").list_guardrails()
    with refused("AccessDeniedException", 403, "explicit deny"):
        with_keys(box, keys)("bedrock", region="us-east-1").list_guardrails()


def test_a_role_that_may_do_everything_can_do_what_the_account_can(roles):
    session = roles.session(allow("*"))
    made = session("bedrock").create_guardrail(name="g", **MESSAGES, tags=[{"key": "k", "value": "v"}])
    session("bedrock").delete_guardrail(guardrailIdentifier=made["guardrailId"])
    session("iam").create_role(RoleName="another", AssumeRolePolicyDocument=trusting({"AWS": roles.account}))
    assert {one["RoleName"] for one in session("iam").list_roles()["Roles"]} == {"r", "another"}
