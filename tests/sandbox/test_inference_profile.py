"""Inference profiles and the model catalogue as boto3 sees them."""

from __future__ import annotations

from datetime import UTC, datetime

from sandbox.checks import body, refused

SONNET = "anthropic.claude-sonnet-4-5-20250929-v1:0"


def test_a_profile_of_a_system_profile_shows_member_models(client, account):
    bedrock = client("bedrock")
    source = f"arn:aws:bedrock:eu-central-1:{account}:inference-profile/eu.{SONNET}"
    made = bedrock.create_inference_profile(
        inferenceProfileName="claims answer", description="d", modelSource={"copyFrom": source}
    )
    assert made["status"] == "ACTIVE"
    read = bedrock.get_inference_profile(inferenceProfileIdentifier=made["inferenceProfileArn"])
    by_id = bedrock.get_inference_profile(inferenceProfileIdentifier=read["inferenceProfileId"])
    assert body(read) == body(by_id)
    assert read["type"] == "APPLICATION" and "modelSource" not in read
    system = bedrock.get_inference_profile(inferenceProfileIdentifier=f"eu.{SONNET}")
    assert read["models"] == system["models"] and len(read["models"]) > 1
    bedrock.delete_inference_profile(inferenceProfileIdentifier=made["inferenceProfileArn"])
    with refused("ResourceNotFoundException", 404):
        bedrock.get_inference_profile(inferenceProfileIdentifier=read["inferenceProfileId"])


def test_a_profile_of_a_model_of_this_region(client):
    bedrock = client("bedrock")
    arn = "arn:aws:bedrock:eu-central-1::foundation-model/amazon.nova-micro-v1:0"
    made = bedrock.create_inference_profile(inferenceProfileName="p", modelSource={"copyFrom": arn})
    read = bedrock.get_inference_profile(inferenceProfileIdentifier=made["inferenceProfileArn"])
    assert read["models"] == [{"modelArn": arn}]
    for bad in (arn.replace("eu-central-1", "us-east-1"), arn.replace("micro", "mega")):
        with refused("ValidationException", 400, "neither"):
            bedrock.create_inference_profile(inferenceProfileName="p", modelSource={"copyFrom": bad})


def test_system_profiles_by_geography(box, account):
    def prefixes(region):
        listed = box.client("bedrock", account, region).list_inference_profiles(typeEquals="SYSTEM_DEFINED")
        return {one["inferenceProfileId"].split(".")[0] for one in listed["inferenceProfileSummaries"]}

    assert prefixes("eu-central-1") == {"eu", "global"}
    assert prefixes("us-east-1") == {"us", "global"}
    assert prefixes("ap-northeast-1") == {"apac", "global"}
    assert prefixes("sa-east-1") == set()


def test_type_filter(client):
    bedrock = client("bedrock")
    arn = "arn:aws:bedrock:eu-central-1::foundation-model/amazon.nova-micro-v1:0"
    bedrock.create_inference_profile(inferenceProfileName="p", modelSource={"copyFrom": arn})
    own = bedrock.list_inference_profiles(typeEquals="APPLICATION")["inferenceProfileSummaries"]
    assert [one["inferenceProfileName"] for one in own] == ["p"]
    everything = bedrock.list_inference_profiles()["inferenceProfileSummaries"]
    assert {one["type"] for one in everything} == {"APPLICATION", "SYSTEM_DEFINED"}
    with refused("ValidationException", 400):
        bedrock.delete_inference_profile(inferenceProfileIdentifier=everything[0]["inferenceProfileId"])


def test_models_have_a_lifecycle(client):
    bedrock = client("bedrock")
    models = {m["modelId"]: m for m in bedrock.list_foundation_models()["modelSummaries"]}
    assert models[SONNET]["modelLifecycle"]["status"] == "ACTIVE"
    statuses = {m["modelLifecycle"]["status"] for m in models.values()}
    assert statuses == {"ACTIVE", "LEGACY"}
    now = datetime.now(UTC)
    ends = [m["modelLifecycle"]["endOfLifeTime"] for m in models.values() if "endOfLifeTime" in m["modelLifecycle"]]
    assert all(end > now for end in ends) and any((end - now).days < 30 for end in ends)
    detail = bedrock.get_foundation_model(modelIdentifier=models[SONNET]["modelArn"])["modelDetails"]
    assert detail == models[SONNET]
    with refused("ResourceNotFoundException", 404):
        bedrock.get_foundation_model(modelIdentifier="amazon.titan-text-express-v1")


def test_filters_of_models(client):
    bedrock = client("bedrock")
    found = bedrock.list_foundation_models(byOutputModality="EMBEDDING")["modelSummaries"]
    assert {m["modelId"] for m in found} >= {"amazon.titan-embed-text-v2:0", "cohere.embed-multilingual-v3"}
    found = bedrock.list_foundation_models(byProvider="Anthropic")["modelSummaries"]
    assert {m["providerName"] for m in found} == {"Anthropic"}


def test_the_clock_moves_models_to_legacy_and_away(slow, paced):
    bedrock = slow("bedrock")

    def legacy():
        rows = bedrock.list_foundation_models()["modelSummaries"]
        return {m["modelId"] for m in rows if m["modelLifecycle"]["status"] == "LEGACY"}, len(rows)

    before, count = legacy()
    paced.admin.advance(100 * 86_400)
    after, fewer = legacy()
    assert after - before and before - after and fewer < count


def test_availability_of_a_model(box, client):
    bedrock = client("bedrock")
    plain = "amazon.nova-micro-v1:0"
    granted = bedrock.get_foundation_model_availability(modelId=plain)
    granted.pop("ResponseMetadata")
    assert granted == {
        "modelId": plain,
        "agreementAvailability": {"status": "AVAILABLE"},
        "authorizationStatus": "AUTHORIZED",
        "entitlementAvailability": "AVAILABLE",
        "regionAvailability": "AVAILABLE",
    }
    box.admin.set_switches(modelsWithoutAgreement=f"some.other,{plain}", modelsNotAuthorized=plain)
    try:
        refused_now = bedrock.get_foundation_model_availability(modelId=plain)
    finally:
        box.admin.set_switches(modelsWithoutAgreement="", modelsNotAuthorized="")
    assert refused_now["agreementAvailability"] == {"status": "NOT_AVAILABLE"}
    assert refused_now["authorizationStatus"] == "NOT_AUTHORIZED"
    with refused("ResourceNotFoundException", 404):
        bedrock.get_foundation_model_availability(modelId="amazon.nova-mega-v1:0")


def test_a_global_profile_has_a_member_without_a_region(client):
    bedrock = client("bedrock")
    found = bedrock.get_inference_profile(inferenceProfileIdentifier=f"global.{SONNET}")
    regions = [m["modelArn"].split(":")[3] for m in found["models"]]
    assert regions == ["eu-central-1", ""]
