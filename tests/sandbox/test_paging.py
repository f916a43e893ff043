"""The law of paging: any page size gives the same rows; tokens are opaque and belong to one question."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.checks import MESSAGES, all_pages, refused
from sandbox.flow_samples import prepared
from sandbox.test_appconfig import deploy, new
from sandbox.test_appconfig import version as hosted
from sandbox.test_cloudwatch import put

MODEL = "arn:aws:bedrock:eu-central-1::foundation-model/amazon.nova-micro-v1:0"
COUNT = 13


@pytest.fixture(scope="module")
def filled(box):
    """An account with thirteen of everything that is listed."""
    account = "700000000001"
    agent, bedrock, ssm = (box.client(s, account) for s in ("bedrock-agent", "bedrock", "ssm"))
    appconfig, cloudwatch = box.client("appconfig", account), box.client("cloudwatch", account)
    app, env, profile = new(appconfig)
    for n in range(COUNT):
        prompt = agent.create_prompt(name=f"p{n}")["id"]
        guardrail = bedrock.create_guardrail(name=f"g{n}", **MESSAGES)["guardrailId"]
        bedrock.create_inference_profile(inferenceProfileName=f"i{n}", modelSource={"copyFrom": MODEL})
        ssm.put_parameter(Name=f"/p/{n}", Value="v", Type="String")
        flow = prepared(agent, f"f{n}")
        appconfig.create_application(Name=f"a{n}")
        appconfig.create_environment(ApplicationId=app, Name=f"e{n}")
        hosted(appconfig, app, profile)
        stop = deploy(appconfig, app, env, profile, n + 1)["DeploymentNumber"]
        appconfig.stop_deployment(ApplicationId=app, EnvironmentId=env, DeploymentNumber=stop, AllowRevert=True)
        put(cloudwatch, f"alarm{n}")
    for _ in range(9):
        version = agent.create_flow_version(flowIdentifier=flow)["version"]
        agent.create_flow_alias(flowIdentifier=flow, name="a", routingConfiguration=[{"flowVersion": version}])
        agent.create_prompt_version(promptIdentifier=prompt)
        bedrock.create_guardrail_version(guardrailIdentifier=guardrail)
    camel, pascal = ("nextToken", "maxResults"), ("NextToken", "MaxResults")
    return {
        "prompts": (agent.list_prompts, "promptSummaries", *camel, {}),
        "prompt versions": (agent.list_prompts, "promptSummaries", *camel, {"promptIdentifier": prompt}),
        "flows": (agent.list_flows, "flowSummaries", *camel, {}),
        "flow versions": (agent.list_flow_versions, "flowVersionSummaries", *camel, {"flowIdentifier": flow}),
        "flow aliases": (agent.list_flow_aliases, "flowAliasSummaries", *camel, {"flowIdentifier": flow}),
        "guardrails": (bedrock.list_guardrails, "guardrails", *camel, {}),
        "guardrail versions": (
            bedrock.list_guardrails,
            "guardrails",
            *camel,
            {"guardrailIdentifier": guardrail},
        ),
        "profiles": (bedrock.list_inference_profiles, "inferenceProfileSummaries", *camel, {}),
        "by path": (ssm.get_parameters_by_path, "Parameters", "NextToken", "MaxResults", {"Path": "/p"}),
        "applications": (appconfig.list_applications, "Items", *pascal, {}),
        "environments": (appconfig.list_environments, "Items", *pascal, {"ApplicationId": app}),
        "configurations": (
            appconfig.list_hosted_configuration_versions,
            "Items",
            *pascal,
            {"ApplicationId": app, "ConfigurationProfileId": profile},
        ),
        "deployments": (appconfig.list_deployments, "Items", *pascal, {"ApplicationId": app, "EnvironmentId": env}),
        "alarms": (cloudwatch.describe_alarms, "MetricAlarms", "NextToken", "MaxRecords", {}),
        "describe": (ssm.describe_parameters, "Parameters", "NextToken", "MaxResults", {}),
    }


LISTS = ("prompts", "prompt versions", "flows", "flow versions", "flow aliases", "guardrails", "guardrail versions",
         "profiles", "by path", "describe", "applications", "environments", "configurations", "deployments",
         "alarms")  # fmt: skip


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(which=st.sampled_from(LISTS), size=st.integers(1, 10))
def test_any_page_size_gives_the_same_rows(filled, which, size):
    operation, rows, token, sizes, more = filled[which]
    found = all_pages(operation, rows, token, sizes, size, **more)
    assert found == all_pages(operation, rows, token, sizes, 10, **more)
    assert len(found) >= (9 if which.endswith(("versions", "aliases")) else COUNT)


@pytest.mark.parametrize("which", LISTS)
def test_tokens_that_are_not_ours(filled, which):
    operation, rows, token, sizes, more = filled[which]
    code = "InvalidNextToken" if token == "NextToken" else "ValidationException"
    code = "BadRequestException" if rows == "Items" else code
    with refused(code, 400):
        operation(**{token: "bm90LW91cnM", sizes: 2}, **more)


def test_a_token_belongs_to_its_question(filled, box):
    operation, _, _, _, more = filled["prompt versions"]
    token = filled["prompts"][0](maxResults=2)["nextToken"]
    with refused("ValidationException", 400):
        operation(nextToken=token, **more)
    with refused("ValidationException", 400):
        box.client("bedrock-agent", "700000000002").list_prompts(nextToken=token)


def test_default_and_maximum_page_sizes(filled):
    operation = filled["prompts"][0]
    assert len(operation()["promptSummaries"]) == 10
    assert len(operation(maxResults=1000)["promptSummaries"]) == COUNT
    for bad in (1001,):
        with refused("ValidationException", 400, "less than or equal to 1000"):
            operation(maxResults=bad)


def test_rows_added_between_pages_neither_repeat_nor_hide_others(client):
    agent = client("bedrock-agent")
    made = {agent.create_prompt(name=f"p{n}")["id"] for n in range(6)}
    first = agent.list_prompts(maxResults=3)
    agent.create_prompt(name="new")
    gone = first["promptSummaries"][0]["id"]
    agent.delete_prompt(promptIdentifier=gone)
    second = agent.list_prompts(maxResults=10, nextToken=first["nextToken"])
    seen = [row["id"] for row in first["promptSummaries"] + second["promptSummaries"]]
    assert sorted(seen) == sorted(made)
