"""Where data may go: what is known is told whole, what is not known is said to be unknown."""

from __future__ import annotations

import pytest

from releaser.core.geography import (
    ANYWHERE,
    GEOGRAPHY,
    GUARDRAILS,
    MODELS,
    guardrail_reach,
    is_guardrail_profile,
    members_reach,
    model_reach,
    plain_model,
)

HERE = "eu-central-1"
NOVA = "amazon.nova-pro-v1:0"


@pytest.mark.parametrize(
    ("value", "prefix"),
    [
        (f"eu.{NOVA}", "eu"),
        (f"us-gov.{NOVA}", "us-gov"),
        (f"global.{NOVA}", "global"),
        (f"mx.{NOVA}", "mx"),
        (f"latam.{NOVA}", "latam"),
        ("in.newcomer.model-v1", "in"),
        (NOVA, None),
        ("zai.glm-4.7", None),
        ("minimax.minimax-m2.1", None),
        ("ai21.jamba-1-5-large-v1:0", None),
        ("deepseek.v3-v1:0", None),
    ],
)
def test_a_geography_is_told_from_a_provider(value: str, prefix: str | None) -> None:
    found = GEOGRAPHY.match(value)
    assert (found[1] if found else None) == prefix


@pytest.mark.parametrize(
    ("value", "regions", "doubt"),
    [
        (NOVA, (HERE,), ""),
        (f"arn:aws:bedrock:us-east-1::foundation-model/{NOVA}", ("us-east-1",), ""),
        (f"ca.{NOVA}", ("ca-central-1", "ca-west-1", HERE), ""),
        (f"arn:aws:bedrock:ap-northeast-1:1:inference-profile/jp.{NOVA}", ("ap-northeast-1", "ap-northeast-3"), ""),
        (f"global.{NOVA}", (HERE, ANYWHERE), ""),
        (f"mx.{NOVA}", (), "prefix"),
        ("arn:aws:bedrock:eu-central-1:1:application-inference-profile/abc", (), "resource"),
        ("arn:aws:bedrock:eu-central-1:1:default-prompt-router/anthropic.claude:1", (), "resource"),
        ("arn:aws:sagemaker:eu-west-1:1:endpoint/mine", ("eu-west-1",), ""),
    ],
)
def test_models(value: str, regions: tuple[str, ...], doubt: str) -> None:
    found = model_reach(value, HERE)
    assert (found.regions, found.doubt) == (regions, doubt)


@pytest.mark.parametrize(
    ("profile", "region", "regions", "doubt"),
    [
        ("eu", HERE, "eu-central-1 eu-north-1 eu-south-1 eu-south-2 eu-west-1 eu-west-3", ""),
        ("us", "us-east-1", "us-east-1 us-east-2 us-west-2", ""),
        ("us", "us-west-1", "us-east-1 us-east-2 us-west-1 us-west-2", ""),
        ("uk", "eu-west-2", "eu-west-2", ""),
        ("uk", HERE, "", "source"),
        ("eu", "eu-west-2", "", "source"),
        ("xx", HERE, "", "prefix"),
    ],
)
def test_guardrails_by_the_region_they_are_called_in(profile: str, region: str, regions: str, doubt: str) -> None:
    for value in (
        f"{profile}.guardrail.v1:0",
        f"arn:aws:bedrock:{region}:1:guardrail-profile/{profile}.guardrail.v1:0",
    ):
        found = guardrail_reach(value, region)
        assert (" ".join(found.regions), found.doubt) == (regions, doubt)
        assert is_guardrail_profile(value)


def test_what_the_environment_says_wins() -> None:
    said = {"eu": (HERE,), "mx": ("mx-central-1",)}
    assert model_reach(f"eu.{NOVA}", HERE, said).regions == (HERE,)
    assert model_reach(f"mx.{NOVA}", HERE, said).regions == (HERE, "mx-central-1")
    assert guardrail_reach("mx.guardrail.v1:0", "mx-central-1", said).regions == ("mx-central-1",)


def test_a_member_without_a_region_is_everywhere() -> None:
    arns = [f"arn:aws:bedrock:{HERE}::foundation-model/{NOVA}", f"arn:aws:bedrock:::foundation-model/{NOVA}"]
    found = members_reach(arns, HERE)
    assert found.regions == (HERE, ANYWHERE)
    assert found.outside(["eu-*"]) == (ANYWHERE,)
    assert found.outside(["*"]) == ()


def test_the_tables_are_sound() -> None:
    for sources in GUARDRAILS.values():
        assert all(len(set(found)) == len(found) for found in sources.values())
    for prefix in MODELS:
        assert plain_model(f"{prefix}.{NOVA}") == NOVA
    for source in ("ap-east-2", "ap-southeast-5", "ap-southeast-7", "me-central-1"):
        assert source in GUARDRAILS["apac"][source]
