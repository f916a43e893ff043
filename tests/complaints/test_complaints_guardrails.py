"""Guardrails and their versions: one life, looked at from every complaint."""

from __future__ import annotations

import json
from typing import Any

import pytest
from world.desk import DAY
from world.manifest import use_case
from world.repository import LETTER

from complaints.conftest import LifeMaker
from complaints.life import Life

PLAIN: dict[str, Any] = {
    "description": "For letters.",
    "blockedInputMessaging": "I cannot help with that.",
    "blockedOutputsMessaging": "I cannot answer that.",
}
FILTERS: list[dict[str, Any]] = [
    {"type": "VIOLENCE", "inputStrength": "HIGH", "outputStrength": "HIGH"},
    {
        "type": "HATE",
        "inputStrength": "MEDIUM",
        "outputStrength": "HIGH",
        "inputModalities": ["TEXT", "IMAGE"],
        "outputModalities": ["TEXT", "IMAGE"],
    },
    {"type": "INSULTS", "inputStrength": "LOW", "outputStrength": "LOW"},
    {"type": "PROMPT_ATTACK", "inputStrength": "HIGH", "outputStrength": "NONE"},
]
WORDS = {"wordsConfig": [{"text": t} for t in ("guaranteed", "reserve", "certain")]}
TOPICS = {
    "topicsConfig": [
        {"name": name, "type": "DENY", "definition": f"Advice on {name}.", "examples": ["Shall I?", "What if?", "How?"]}
        for name in ("Law", "Medicine", "Money")
    ]
}
PRIVATE = {
    "piiEntitiesConfig": [{"type": t, "action": "BLOCK"} for t in ("PHONE", "EMAIL", "NAME")],
    "regexesConfig": [{"name": n, "pattern": f"{n}-[0-9]+", "action": "ANONYMIZE"} for n in ("CL", "AB", "ZZ")],
}


def guardrail(strength: str = "MEDIUM", **more: Any) -> dict[str, Any]:
    filters = [{**f, "inputStrength": strength} if f["type"] == "HATE" else f for f in FILTERS]
    return {**PLAIN, "contentPolicyConfig": {"filtersConfig": filters}, "wordPolicyConfig": WORDS, **more}


FULL: dict[str, Any] = {
    "topicPolicyConfig": TOPICS,
    "sensitiveInformationPolicyConfig": PRIVATE,
    "contextualGroundingPolicyConfig": {"filtersConfig": [{"type": "RELEVANCE", "threshold": 0.5}]},
}
NEW: dict[str, Any] = {
    "crossRegionConfig": {"guardrailProfileIdentifier": "eu.guardrail.v1:0"},
    "contentPolicyConfig": {"filtersConfig": FILTERS, "tierConfig": {"tierName": "STANDARD"}},
    "topicPolicyConfig": {**TOPICS, "tierConfig": {"tierName": "STANDARD"}},
    "wordPolicyConfig": {
        "wordsConfig": [{"text": "never", "inputAction": "NONE", "outputAction": "BLOCK", "outputEnabled": True}]
    },
}


def document(main: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return use_case(guardrails={"main": main}, **spec)


@pytest.fixture(scope="module")
def life(new_life: LifeMaker) -> Life:
    """Three contents in four releases, a look after each, and what gc says right away and much later."""
    found = new_life()
    found.release("first", document(guardrail()))
    found.look("after the first")
    renamed = document(guardrail(description="Other words for people."))
    renamed["metadata"] |= {"owner": "others@example.com", "labels": {"costCenter": "1"}}
    found.release("unrelated", renamed, {"answer": LETTER.replace("three", "two")})
    found.keep("after unrelated", lambda: versions(found))
    found.release("second", document(guardrail("HIGH", **FULL)))
    found.keep("runtime", lambda: runtime(found))
    found.look("after the second")
    found.release("third", document(guardrail(**FULL, **{k: v for k, v in NEW.items() if k not in FULL})))
    found.look("after the third")
    found.keep("without records", found.plan_without_records)
    found.run("gc at once", "gc", "-e", "dev", "--apply", "--keep", "1")
    found.keep("versions", lambda: versions(found))
    return found


def guardrail_id(life: Life) -> str:
    (row,) = life.desk.client("bedrock").list_guardrails()["guardrails"]
    return str(row["id"])


def versions(life: Life) -> dict[str, dict[str, Any]]:
    """Number -> body as AWS shows it."""
    bedrock, own = life.desk.client("bedrock"), guardrail_id(life)
    rows = bedrock.list_guardrails(guardrailIdentifier=own)["guardrails"]
    numbers = sorted(r["version"] for r in rows if r["version"] != "DRAFT")
    return {n: bedrock.get_guardrail(guardrailIdentifier=own, guardrailVersion=n) for n in numbers}


def runtime(life: Life) -> dict[str, Any]:
    """What applications are told."""
    value = life.desk.client("ssm").get_parameter(Name="/releaser/mail/runtime")["Parameter"]["Value"]
    found: dict[str, Any] = json.loads(value)
    return found


def strength(version: dict[str, Any]) -> str:
    (hate,) = (f for f in version["contentPolicy"]["filters"] if f["type"] == "HATE")
    return str(hate["inputStrength"])


def test_cdk_38674_a_change_elsewhere_leaves_the_versions_alone(life: Life) -> None:
    """Owner, labels, description and a prompt change: same content, so the same version and nothing replaced."""
    assert life["unrelated"].ended.code == 0, life["unrelated"].ended.said
    assert life["unrelated"].count("UpdateGuardrail") == 1, "the description is AWS's to show"
    assert life["unrelated"].count("CreateGuardrailVersion") == 0
    assert not [o for o in life["unrelated"].effects if "DeleteGuardrail" in o]
    assert list(life.kept["after unrelated"]) == ["1"]


def test_awscc_2063_a_second_version_is_published(life: Life) -> None:
    assert life["second"].count("CreateGuardrailVersion") == 1
    assert list(life.kept["versions"])[:2] == ["1", "2"]


def test_awscc_2372_a_version_holds_the_draft_that_was_just_written(life: Life) -> None:
    """AWS cuts what had settled, not what is being written: the draft settles first, and the version is read back."""
    writes = [o for o in life["second"].effects if "Guardrail" in o]
    assert writes == ["bedrock.UpdateGuardrail", "bedrock.CreateGuardrailVersion"]
    assert [strength(life.kept["versions"][n]) for n in ("1", "2")] == ["MEDIUM", "HIGH"]
    assert life["second"].ended.code == 0, life["second"].ended.said


def test_aws_38853_old_versions_stay(life: Life) -> None:
    """Not even gc takes what a rollback would need."""
    assert life["gc at once"].ended.code == 0, life["gc at once"].ended.said
    assert life["gc at once"].effects == []
    assert list(life.kept["versions"]) == ["1", "2", "3"]


def test_generative_ai_use_cases_641_applications_are_told_a_number_that_follows(life: Life) -> None:
    assert life.kept["runtime"]["guardrails"]["main"] == {"id": guardrail_id(life), "version": "2"}
    assert runtime(life)["guardrails"]["main"]["version"] == "3"


def test_aws_40041_filters_in_another_order_are_no_difference(life: Life) -> None:
    shown = [f["type"] for f in life.kept["versions"]["1"]["contentPolicy"]["filters"]]
    assert shown != [f["type"] for f in FILTERS], "AWS gave them back in another order"
    assert life["after the first"].ended.code == 0, life["after the first"].ended.said
    assert "filtersConfig" not in fields(life)


def test_aws_48772_modalities_and_blocks_that_come_later_read_back_as_written(life: Life) -> None:
    (hate,) = (f for f in life.kept["versions"]["2"]["contentPolicy"]["filters"] if f["type"] == "HATE")
    assert hate["inputModalities"] != ["TEXT", "IMAGE"], "AWS gave them back in another order"
    assert {"topicPolicy", "sensitiveInformationPolicy"} <= life.kept["versions"]["2"].keys()
    assert life["second"].ended.code == 0, life["second"].ended.said
    assert "Modalities" not in fields(life)
    assert life["after the second"].ended.code == 0, life["after the second"].ended.said


def fields(life: Life) -> str:
    """What a look without any record finds to differ."""
    return json.dumps([c["fields"] for c in life.kept["without records"]["changes"]])


def test_aws_44224_what_the_server_fills_in_is_no_difference(life: Life) -> None:
    """Tier, actions, modalities: not even where no record says that we left them out."""
    assert life.kept["versions"]["1"]["contentPolicy"]["tier"] == {"tierName": "CLASSIC"}
    changed = [(c["address"], c["fields"]) for c in life.kept["without records"]["changes"] if c["fields"]]
    assert changed == []


def test_terraform_aws_runtask_tf_plan_analyzer_14_no_list_of_a_guardrail_drifts(life: Life) -> None:
    second = life.kept["versions"]["2"]
    shown = [t["name"] for t in second["topicPolicy"]["topics"]]
    assert shown != ["Law", "Medicine", "Money"], "AWS gave them back in another order"
    private = second["sensitiveInformationPolicy"]
    assert [p["type"] for p in private["piiEntities"]] != ["PHONE", "EMAIL", "NAME"]
    assert [p["name"] for p in private["regexes"]] != ["CL", "AB", "ZZ"]
    for name in ("after the first", "after the second"):
        assert life[name].ended.code == 0, life[name].ended.said


def test_aws_42975_what_aws_added_late_is_there(life: Life) -> None:
    """Cross-Region profile, tiers, actions of words (42975, 43482, 44220): what the model knows can be written."""
    assert life["third"].ended.code == 0, life["third"].ended.said
    third = life.kept["versions"]["3"]
    assert third["crossRegionDetails"]["guardrailProfileId"] == "eu.guardrail.v1:0"
    assert third["contentPolicy"]["tier"] == {"tierName": "STANDARD"}
    assert third["wordPolicy"]["words"][0]["inputAction"] == "NONE"
    assert life["after the third"].ended.code == 0, life["after the third"].ended.said


def test_aws_47400_what_the_account_enforces_is_never_collected(new_life: LifeMaker) -> None:
    """The enforcement itself belongs to the account, and is not written here."""
    found = new_life()
    for n, level in enumerate(("LOW", "MEDIUM", "HIGH"), 1):
        found.release(f"release {n}", document(guardrail(level)))
    held = {"guardrailIdentifier": guardrail_id(found), "guardrailVersion": "1"}
    found.desk.client("bedrock").put_enforced_guardrail_configuration(guardrailInferenceConfig=held)
    found.desk.later = 40 * DAY
    found.run("gc", "gc", "-e", "dev", "--apply", "--keep", "1")
    assert list(versions(found)) == ["1", "3"], found["gc"].ended.said


BROKEN = {
    "attack": {"contentPolicyConfig": {"filtersConfig": [{**FILTERS[3], "outputStrength": "LOW"}]}},
    "bare": {},
    "wordy": {
        "topicPolicyConfig": {
            "topicsConfig": [{**TOPICS["topicsConfig"][0], "examples": [f"Example {n}?" for n in range(8)]}]
        }
    },
}


@pytest.fixture(scope="module")
def verdicts(new_life: LifeMaker) -> dict[str, set[str]]:
    """Use case -> codes of ``validate``, which asks nobody."""
    life = new_life()
    for name, body in BROKEN.items():
        manifest = use_case(name, guardrails={"main": {**PLAIN, **body}})
        life.desk.repo.declare(manifest)
    ran = life.run("validate", "validate", "--format", "json")
    assert ran.rows == ()
    found: dict[str, set[str]] = {name: set() for name in BROKEN}
    for problem in ran.ended.json()["diagnostics"]:
        found[problem["path"].split("/")[1]].add(problem["code"])
    return found


def test_awscc_1905_prompt_attack_filters_no_output_and_is_told_so_offline(verdicts: dict[str, set[str]]) -> None:
    assert "E501" in verdicts["attack"]


def test_awscc_1647_a_guardrail_without_a_policy_is_told_so_offline(verdicts: dict[str, set[str]]) -> None:
    assert "E505" in verdicts["bare"]


def test_aistudio_731_too_many_examples_are_told_before_a_merge(verdicts: dict[str, set[str]]) -> None:
    assert verdicts["wordy"], "AWS takes five example phrases for a topic"
