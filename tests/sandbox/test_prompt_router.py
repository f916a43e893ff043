"""Prompt routers as boto3 sees them."""

from __future__ import annotations

import pytest
from botocore.session import get_session

from sandbox.checks import all_pages, body, refused

TOKEN = "t" * 40


def model(name, region="eu-central-1"):
    return {"modelArn": f"arn:aws:bedrock:{region}::foundation-model/{name}"}


LITE, PRO, MICRO = (model(f"amazon.nova-{size}-v1:0") for size in ("lite", "pro", "micro"))
HAIKU = model("anthropic.claude-3-haiku-20240307-v1:0")
GOOD = {"models": [LITE, PRO], "fallbackModel": PRO, "routingCriteria": {"responseQualityDifference": 10}}


def test_a_router_reads_back_as_written(client):
    bedrock = client("bedrock")
    made = bedrock.create_prompt_router(promptRouterName="claims answer", description="d", **GOOD)
    read = body(bedrock.get_prompt_router(promptRouterArn=made["promptRouterArn"]))
    assert {k: read[k] for k in GOOD} == GOOD
    assert (read["promptRouterName"], read["description"]) == ("claims answer", "d")
    assert (read["status"], read["type"]) == ("AVAILABLE", "custom")
    assert read["createdAt"] == read["updatedAt"]
    (row,) = bedrock.list_prompt_routers(type="custom")["promptRouterSummaries"]
    assert row == read
    bedrock.delete_prompt_router(promptRouterArn=made["promptRouterArn"])
    for gone in (bedrock.get_prompt_router, bedrock.delete_prompt_router):
        with refused("ResourceNotFoundException", 404):
            gone(promptRouterArn=made["promptRouterArn"])


def test_a_quality_difference_keeps_its_digits(client):
    """It is a double, unlike the floats of guardrails and prompts."""
    given = {**GOOD, "routingCriteria": {"responseQualityDifference": 0.1}}
    made = client("bedrock").create_prompt_router(promptRouterName="r", **given)
    read = client("bedrock").get_prompt_router(promptRouterArn=made["promptRouterArn"])
    assert read["routingCriteria"] == {"responseQualityDifference": 0.1}


@pytest.mark.parametrize(
    ("models", "fallback", "saying"),
    [
        ([LITE], LITE, "exactly two"),
        ([LITE, PRO, MICRO], LITE, "exactly two"),
        ([LITE, PRO], MICRO, "exactly two"),
        ([LITE, HAIKU], LITE, "same model family"),
    ],
)
def test_exactly_two_models_of_one_family(client, models, fallback, saying):
    given = {**GOOD, "models": models, "fallbackModel": fallback}
    with refused("ValidationException", 400, saying):
        client("bedrock").create_prompt_router(promptRouterName="r", **given)


def test_the_fallback_beside_the_other_model_as_in_the_guide(client):
    client("bedrock").create_prompt_router(promptRouterName="r", **{**GOOD, "models": [LITE]})


@pytest.mark.parametrize("missing", [model("amazon.nova-mega-v1:0"), model("amazon.nova-pro-v1:0", "us-east-1")])
def test_models_exist_here(client, missing):
    with refused("ResourceNotFoundException", 404, missing["modelArn"]):
        client("bedrock").create_prompt_router(promptRouterName="r", **{**GOOD, "models": [LITE, missing]})


def test_inference_profiles_are_models_too(client, account):
    bedrock = client("bedrock")
    system = f"arn:aws:bedrock:eu-central-1:{account}:inference-profile/eu.amazon.nova-pro-v1:0"
    own = bedrock.create_inference_profile(inferenceProfileName="p", modelSource={"copyFrom": LITE["modelArn"]})
    models = [{"modelArn": system}, {"modelArn": own["inferenceProfileArn"]}]
    bedrock.create_prompt_router(promptRouterName="r", **{**GOOD, "models": models, "fallbackModel": models[0]})
    bedrock.delete_inference_profile(inferenceProfileIdentifier=own["inferenceProfileArn"])
    with refused("ResourceNotFoundException", 404, own["inferenceProfileArn"]):
        bedrock.create_prompt_router(promptRouterName="s", **{**GOOD, "models": models, "fallbackModel": models[0]})


def test_names_are_unique_in_account_and_region(client):
    bedrock = client("bedrock")
    first = bedrock.create_prompt_router(promptRouterName="r", **GOOD)["promptRouterArn"]
    with refused("ConflictException", 400):
        bedrock.create_prompt_router(promptRouterName="r", **GOOD)
    bedrock.delete_prompt_router(promptRouterArn=first)
    bedrock.create_prompt_router(promptRouterName="r", **GOOD)


def test_a_token_answers_again(client):
    bedrock = client("bedrock")
    one = bedrock.create_prompt_router(promptRouterName="r", clientRequestToken=TOKEN, **GOOD)
    two = bedrock.create_prompt_router(promptRouterName="r", clientRequestToken=TOKEN, **GOOD)
    assert one["promptRouterArn"] == two["promptRouterArn"]
    with refused("ConflictException", 400, "token"):
        bedrock.create_prompt_router(promptRouterName="s", clientRequestToken=TOKEN, **GOOD)


def test_five_hundred_an_account(client, box):
    assert box.admin.settings()["quotas"]["promptRouters"] == 500
    box.admin.set_quotas(promptRouters=1)
    try:
        client("bedrock").create_prompt_router(promptRouterName="r", **GOOD)
        with refused("ServiceQuotaExceededException", 400):
            client("bedrock").create_prompt_router(promptRouterName="s", **GOOD)
    finally:
        box.admin.set_quotas(promptRouters=500)


def test_pages(client):
    bedrock = client("bedrock")
    for n in range(5):
        bedrock.create_prompt_router(promptRouterName=f"r{n}", **GOOD)
    ask = (bedrock.list_prompt_routers, "promptRouterSummaries", "nextToken", "maxResults")
    found = all_pages(*ask, 2, type="custom")
    assert {r["promptRouterName"] for r in found} == {f"r{n}" for n in range(5)}
    assert len(found) == 5
    token = bedrock.list_prompt_routers(maxResults=1)["nextToken"]
    with refused("ValidationException", 400):
        bedrock.list_prompt_routers(maxResults=1, type="custom", nextToken=token)


def test_default_routers_are_listed_and_stay(client):
    bedrock = client("bedrock")
    bedrock.create_prompt_router(promptRouterName="r", **GOOD)
    default = bedrock.list_prompt_routers(type="default")["promptRouterSummaries"]
    assert {r["type"] for r in default} == {"default"}
    assert all(r["fallbackModel"] in r["models"] and len(r["models"]) == 2 for r in default)
    everything = bedrock.list_prompt_routers()["promptRouterSummaries"]
    assert [r["type"] for r in everything] == ["default"] * len(default) + ["custom"]
    arn = default[0]["promptRouterArn"]
    assert body(bedrock.get_prompt_router(promptRouterArn=arn)) == default[0]
    with refused("ValidationException", 400):
        bedrock.delete_prompt_router(promptRouterArn=arn)


def test_tags(client):
    bedrock = client("bedrock")
    tags = [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}]
    arn = bedrock.create_prompt_router(promptRouterName="r", tags=tags, **GOOD)["promptRouterArn"]
    assert bedrock.list_tags_for_resource(resourceARN=arn)["tags"] == tags
    bedrock.untag_resource(resourceARN=arn, tagKeys=["a"])
    bedrock.tag_resource(resourceARN=arn, tags=[{"key": "c", "value": "3"}])
    assert {t["key"] for t in bedrock.list_tags_for_resource(resourceARN=arn)["tags"]} == {"b", "c"}
    found = client("resourcegroupstaggingapi").get_resources()["ResourceTagMappingList"]
    assert arn not in {row["ResourceARN"] for row in found}
    bedrock.delete_prompt_router(promptRouterArn=arn)
    with refused("ResourceNotFoundException", 404):
        bedrock.list_tags_for_resource(resourceARN=arn)


def test_replies_have_what_the_model_requires(client):
    bedrock = client("bedrock")
    arn = bedrock.create_prompt_router(promptRouterName="r", **GOOD)["promptRouterArn"]
    shape = get_session().get_service_model("bedrock").operation_model("GetPromptRouter").output_shape
    read = body(bedrock.get_prompt_router(promptRouterArn=arn))
    assert set(shape.required_members) <= set(read) <= set(shape.members)


@pytest.mark.parametrize(
    "wrong",
    [
        {"promptRouterName": "r!"},
        {"promptRouterName": "r" * 65},
        {"description": "no (brackets)"},
        {"routingCriteria": {"responseQualityDifference": 101}},
        {"fallbackModel": {"modelArn": "amazon.nova-pro-v1:0"}},
    ],
)
def test_the_model_s_limits_hold(client, wrong):
    with refused("ValidationException", 400, "failed to satisfy constraint"):
        client("bedrock").create_prompt_router(**{"promptRouterName": "r", **GOOD, **wrong})
