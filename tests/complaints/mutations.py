"""For every complaint's test one line of the engine that protects from it, and the line that would not.

Each is a text that stands exactly once in its file, and what replaces it. ``pytest tests/complaints/mutants.py`` (or
``make mutants``) proves that the test sees the difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mutation:
    """One line: ``file`` is below ``releaser/``."""

    file: str
    old: str
    new: str


MUTATIONS: Mapping[str, Mutation] = {
    # -- guardrails
    "test_cdk_38674_a_change_elsewhere_leaves_the_versions_alone": Mutation(
        "core/planner.py",
        "publishes = kind.versioned and version is None",
        "publishes = kind.versioned and (version is None or bool(fields))",
    ),
    "test_awscc_2063_a_second_version_is_published": Mutation(
        "core/planner.py",
        "publishes = kind.versioned and version is None",
        "publishes = kind.versioned and not seen.versions",
    ),
    "test_awscc_2372_a_version_holds_the_draft_that_was_just_written": Mutation(
        "engine/driver.py",
        'accepted = {"ready", "idle"}',
        'accepted = {"ready", "idle", "pending"}',
    ),
    "test_aws_38853_old_versions_stay": Mutation(
        "core/garbage.py",
        "if until is not None and until < now - window:",
        "if until is not None:",
    ),
    "test_generative_ai_use_cases_641_applications_are_told_a_number_that_follows": Mutation(
        "kinds/guardrail.py",
        '"version": Ref(address, "version")}',
        '"version": "DRAFT"}',
    ),
    "test_aws_40041_filters_in_another_order_are_no_difference": Mutation(
        "kinds/guardrail.py",
        '**{f"{policy}.{member}": key for (policy, member), key in _KEYS.items()},',
        '**{f"{policy}.{member}": key for (policy, member), key in _KEYS.items() if "content" not in policy},',
    ),
    "test_aws_48772_modalities_and_blocks_that_come_later_read_back_as_written": Mutation(
        "kinds/guardrail.py",
        '"contentPolicyConfig.filtersConfig[].inputModalities": None,',
        "",
    ),
    "test_aws_44224_what_the_server_fills_in_is_no_difference": Mutation(
        "kinds/guardrail.py",
        '"topicPolicyConfig.tierConfig": {"tierName": "CLASSIC"},',
        "",
    ),
    "test_terraform_aws_runtask_tf_plan_analyzer_14_no_list_of_a_guardrail_drifts": Mutation(
        "core/normal.py",
        "listed.sort(key=sort_key)",
        "listed.sort(key=sort_key) if 'private' in at else None",
    ),
    "test_aws_42975_what_aws_added_late_is_there": Mutation(
        "kinds/guardrail.py",
        '_RENAMED = {"tier": "tierConfig"}',
        "_RENAMED: dict[str, str] = {}",
    ),
    "test_aws_47400_what_the_account_enforces_is_never_collected": Mutation(
        "core/garbage.py",
        'return f"used by {user}"',
        "pass",
    ),
    "test_awscc_1905_prompt_attack_filters_no_output_and_is_told_so_offline": Mutation(
        "kinds/guardrail.py",
        "yield from _check_filters(entry.data)",
        "pass",
    ),
    "test_awscc_1647_a_guardrail_without_a_policy_is_told_so_offline": Mutation(
        "kinds/guardrail.py",
        "if not any(policy in entry.data for policy in _READ_AS):",
        "if not entry.data:",
    ),
    "test_aistudio_731_too_many_examples_are_told_before_a_merge": Mutation(
        "core/shapes.py",
        'return _one("max", f"{_count(length, noun)}; AWS allows at most {high:,}")',
        "return []",
    ),
    # -- prompts
    "test_aws_42616_a_prompt_has_versions": Mutation(
        "kinds/prompt.py",
        'publish="CreatePromptVersion",',
        "",
    ),
    "test_boto3_4671_one_version_is_the_one_in_production": Mutation(
        "core/planner.py",
        "fitting = [v for v in seen.versions if v.body_digest in wanted]",
        "fitting = [v for v in seen.versions[:1] if v.body_digest in wanted]",
    ),
    "test_module_66_prompts_alone_need_prompts_alone": Mutation(
        "kinds/guardrail.py",
        'for name, entry in view.section("guardrails").items():',
        'for name, entry in view.spec["guardrails"].items():',
    ),
}
