"""Guardrails as boto3 sees them: asynchronous, renamed on read, reordered, snapshotted late."""

from __future__ import annotations

import pytest

from sandbox.checks import MESSAGES, body, refused

FILTERS = [{"type": t, "inputStrength": "HIGH", "outputStrength": "LOW"} for t in ("HATE", "SEXUAL", "VIOLENCE")]


def make(guardrails, name="g", **more):
    return guardrails.create_guardrail(name=name, **MESSAGES, **more)["guardrailId"]


def test_statuses_take_their_time(slow, paced):
    guardrails = slow("bedrock")
    made = guardrails.create_guardrail(name="g", **MESSAGES)
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 202
    id = made["guardrailId"]

    def status(version="DRAFT"):
        return guardrails.get_guardrail(guardrailIdentifier=id, guardrailVersion=version)["status"]

    assert status() == "CREATING"
    for call in (
        lambda: guardrails.update_guardrail(guardrailIdentifier=id, name="g", **MESSAGES),
        lambda: guardrails.create_guardrail_version(guardrailIdentifier=id),
        lambda: guardrails.delete_guardrail(guardrailIdentifier=id),
    ):
        with refused("ConflictException", 400, "CREATING"):
            call()
    paced.admin.advance(4)
    assert status() == "READY"
    guardrails.update_guardrail(guardrailIdentifier=id, name="g", **MESSAGES)
    assert status() == "UPDATING"
    paced.admin.advance(4)
    guardrails.create_guardrail_version(guardrailIdentifier=id)
    assert (status(), status("1")) == ("VERSIONING", "CREATING")
    with refused("ConflictException", 400, "VERSIONING"):
        guardrails.create_guardrail_version(guardrailIdentifier=id)
    paced.admin.advance(4)
    assert (status(), status("1")) == ("READY", "READY")
    guardrails.delete_guardrail(guardrailIdentifier=id)
    assert (status(), status("1")) == ("DELETING", "DELETING")
    with refused("ConflictException", 400, "already has the name"):
        guardrails.create_guardrail(name="g", **MESSAGES)
    paced.admin.advance(4)
    with refused("ResourceNotFoundException", 404):
        status()
    guardrails.create_guardrail(name="g", **MESSAGES)


def test_a_version_cut_before_the_draft_settled_keeps_the_old_content(slow, paced):
    guardrails = slow("bedrock")
    id = make(guardrails, description="old")
    paced.admin.advance(4)
    guardrails.update_guardrail(guardrailIdentifier=id, name="g", **{**MESSAGES, "blockedInputMessaging": "new"})
    draft = guardrails.get_guardrail(guardrailIdentifier=id)
    assert draft["blockedInputMessaging"] == "new" and draft["status"] == "UPDATING"
    guardrails.create_guardrail_version(guardrailIdentifier=id)
    paced.admin.advance(4)
    one = guardrails.get_guardrail(guardrailIdentifier=id, guardrailVersion="1")
    assert one["blockedInputMessaging"] == MESSAGES["blockedInputMessaging"]
    guardrails.create_guardrail_version(guardrailIdentifier=id)
    two = guardrails.get_guardrail(guardrailIdentifier=id, guardrailVersion="2")
    assert two["blockedInputMessaging"] == "new"


def test_update_replaces_and_clears(client):
    guardrails = client("bedrock")
    id = make(guardrails, description="d", contentPolicyConfig={"filtersConfig": FILTERS})
    before = guardrails.get_guardrail(guardrailIdentifier=id)
    guardrails.update_guardrail(guardrailIdentifier=before["guardrailArn"], name="g", **MESSAGES)
    after = guardrails.get_guardrail(guardrailIdentifier=id)
    assert "description" not in after and "contentPolicy" not in after
    assert after["updatedAt"] > before["updatedAt"] and after["createdAt"] == before["createdAt"]


def test_server_adds_tier_classic_and_reorders_filters(client):
    guardrails = client("bedrock")
    modal = [{**FILTERS[0], "inputModalities": ["TEXT", "IMAGE"]}, *FILTERS[1:]]
    topics = [{"name": n, "definition": "d", "type": "DENY"} for n in "abc"]
    id = make(guardrails, contentPolicyConfig={"filtersConfig": modal}, topicPolicyConfig={"topicsConfig": topics})
    read = guardrails.get_guardrail(guardrailIdentifier=id)
    content = read["contentPolicy"]
    assert content["tier"] == read["topicPolicy"]["tier"] == {"tierName": "CLASSIC"}
    order = [one["type"] for one in content["filters"]]
    assert sorted(order) == sorted(one["type"] for one in modal) and order != [one["type"] for one in modal]
    hate = next(one for one in content["filters"] if one["type"] == "HATE")
    assert hate["inputModalities"] == ["IMAGE", "TEXT"]
    assert "inputAction" not in hate and read["topicPolicy"]["topics"] == topics


def test_a_harsher_server_by_switch(client, box):
    guardrails = client("bedrock")
    pii = [{"type": t, "action": a} for t, a in (("NAME", "BLOCK"), ("EMAIL", "ANONYMIZE"))]
    id = make(guardrails, sensitiveInformationPolicyConfig={"piiEntitiesConfig": pii})
    box.admin.set_switches(guardrailDefaults="all", guardrailListOrder="all")
    try:
        read = guardrails.get_guardrail(guardrailIdentifier=id)["sensitiveInformationPolicy"]["piiEntities"]
    finally:
        box.admin.set_switches(guardrailDefaults="observed", guardrailListOrder="observed")
    assert [one["type"] for one in read] == ["EMAIL", "NAME"]
    assert read[0] == {
        "type": "EMAIL",
        "action": "ANONYMIZE",
        "inputAction": "ANONYMIZE",
        "outputAction": "ANONYMIZE",
        "inputEnabled": True,
        "outputEnabled": True,
    }


def test_names_are_unique_on_create_and_rename(client):
    guardrails = client("bedrock")
    make(guardrails, "first")
    second = make(guardrails, "second")
    with refused("ConflictException", 400):
        make(guardrails, "first")
    with refused("ConflictException", 400):
        guardrails.update_guardrail(guardrailIdentifier=second, name="first", **MESSAGES)
    guardrails.update_guardrail(guardrailIdentifier=second, name="second", **MESSAGES)


def test_keys_and_profiles_are_resolved(client, account):
    guardrails = client("bedrock")
    profile = {"guardrailProfileIdentifier": "eu.guardrail.v1:0"}
    id = make(guardrails, kmsKeyId="alias/mine", crossRegionConfig=profile)
    read = guardrails.get_guardrail(guardrailIdentifier=id)
    assert read["kmsKeyArn"].startswith(f"arn:aws:kms:eu-central-1:{account}:key/")
    arn = f"arn:aws:bedrock:eu-central-1:{account}:guardrail-profile/eu.guardrail.v1:0"
    assert read["crossRegionDetails"] == {"guardrailProfileId": "eu.guardrail.v1:0", "guardrailProfileArn": arn}
    again = make(guardrails, "h", crossRegionConfig={"guardrailProfileIdentifier": arn})
    assert guardrails.get_guardrail(guardrailIdentifier=again)["crossRegionDetails"] == read["crossRegionDetails"]
    with refused("ValidationException", 400, "does not exist in eu-central-1"):
        make(guardrails, "i", crossRegionConfig={"guardrailProfileIdentifier": "us.guardrail.v1:0"})


@pytest.mark.parametrize(
    ("policy", "saying"),
    [
        (
            {"contentPolicyConfig": {"filtersConfig": [{**FILTERS[0], "type": "PROMPT_ATTACK"}]}},
            "outputStrength must be NONE",
        ),
        ({"contentPolicyConfig": {"filtersConfig": [FILTERS[0], FILTERS[0]]}}, "more than once"),
        (
            {"contextualGroundingPolicyConfig": {"filtersConfig": [{"type": "GROUNDING", "threshold": 1.0}]}},
            "below 1",
        ),
        (
            {"sensitiveInformationPolicyConfig": {"regexesConfig": [{"name": "r", "pattern": "(", "action": "BLOCK"}]}},
            "does not compile",
        ),
        (
            {"contentPolicyConfig": {"filtersConfig": FILTERS, "tierConfig": {"tierName": "STANDARD"}}},
            "requires crossRegionConfig",
        ),
    ],
)
def test_rules_that_are_not_in_the_model(client, policy, saying):
    with refused("ValidationException", 400, saying):
        make(client("bedrock"), **policy)


def test_versions_list_delete_and_numbers(client):
    guardrails = client("bedrock")
    id = make(guardrails, description="of the guardrail")
    made = guardrails.create_guardrail_version(guardrailIdentifier=id, description="first")
    assert body(made) == {"guardrailId": id, "version": "1"}
    guardrails.create_guardrail_version(guardrailIdentifier=id)
    rows = guardrails.list_guardrails(guardrailIdentifier=id)["guardrails"]
    assert [row["version"] for row in rows] == ["DRAFT", "2", "1"]
    assert [row.get("description") for row in rows] == ["of the guardrail", None, "first"]
    guardrails.delete_guardrail(guardrailIdentifier=id, guardrailVersion="2")
    assert guardrails.create_guardrail_version(guardrailIdentifier=id)["version"] == "3"
    rows = guardrails.list_guardrails(guardrailIdentifier=id)["guardrails"]
    assert [row["version"] for row in rows] == ["DRAFT", "3", "1"]
    assert guardrails.get_guardrail(guardrailIdentifier=id)["status"] == "READY"
    with refused("ResourceNotFoundException", 404):
        guardrails.delete_guardrail(guardrailIdentifier=id, guardrailVersion="2")


def test_which_description_a_version_shows_is_a_switch(client, box):
    guardrails = client("bedrock")
    id = make(guardrails, description="of the guardrail")
    guardrails.create_guardrail_version(guardrailIdentifier=id, description="of the version")

    def description():
        return guardrails.get_guardrail(guardrailIdentifier=id, guardrailVersion="1")["description"]

    assert description() == "of the version"
    box.admin.set_switches(guardrailVersionDescription="guardrail")
    try:
        assert description() == "of the guardrail"
    finally:
        box.admin.set_switches(guardrailVersionDescription="version")


def test_list_rows_have_the_summary_members_and_nothing_else(client):
    guardrails = client("bedrock")
    make(guardrails, description="d", crossRegionConfig={"guardrailProfileIdentifier": "eu.guardrail.v1:0"})
    (row,) = guardrails.list_guardrails()["guardrails"]
    always = {"id", "arn", "status", "name", "version", "createdAt", "updatedAt"}
    assert set(row) == always | {"description", "crossRegionDetails"}
