"""For every complaint's test one line of the engine that protects from it, and the line that would not.

Each is a text that stands exactly once in its file, and what replaces it. ``pytest tests/complaints/mutants.py`` (or
``make mutants``) proves that the test sees the difference.
"""

from __future__ import annotations

from collections.abc import Mapping

from complaints import mutations_gating, mutations_running
from complaints.mutation import Mutation

_RELEASES: Mapping[str, Mutation] = {
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
        "core/planner.py",
        "late = is_published or not fields",
        "late = True",
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
        "fitting = [v for v in seen.versions if",
        "fitting = [v for v in seen.versions[:1] if",
    ),
    "test_module_66_prompts_alone_need_prompts_alone": Mutation(
        "kinds/guardrail.py",
        'for name, entry in view.section("guardrails").items():',
        'for name, entry in view.spec["guardrails"].items():',
    ),
    # -- agents
    "test_aws_42845_parts_are_written_one_by_one_and_prepared_once": Mutation(
        "engine/parts.py",
        "self._do(kind, id_, one, token)",
        "self._do(kind, id_, one, token), self._aws.call(kind.service, 'PrepareAgent', {'agentId': id_})",
    ),
    "test_aws_43059_a_supervisor_comes_after_its_collaborators": Mutation(
        "core/planner.py",
        "around = {node.address, *node.needs}",
        "around = {node.address}",
    ),
    "test_aws_42225_another_alias_of_a_collaborator_is_an_update": Mutation(
        "kinds/agent.py",
        'update="UpdateAgentCollaborator",',
        "update=None,",
    ),
    "test_aws_37321_the_alias_leads_to_the_version_of_the_change": Mutation(
        "kinds/agent_alias.py",
        'target = {"agentVersion": Ref(agent, "version")}',
        'target = {"agentVersion": "1"}',
    ),
    "test_aws_42586_a_version_comes_of_a_change_and_of_nothing_else": Mutation(
        "core/planner.py",
        "publishes = kind.versioned and version is None",
        "publishes = kind.versioned",
    ),
    "test_aws_43406_the_routing_is_always_said": Mutation(
        "kinds/agent_alias.py",
        '"routingConfiguration": [target],',
        '"routingConfiguration": [],',
    ),
    "test_aws_44656_throughput_may_be_left_out": Mutation(
        "kinds/agent_alias.py",
        'if "provisionedThroughput" in said:',
        "if said is not None:",
    ),
    "test_aws_38660_a_version_has_the_knowledge_base": Mutation(
        "engine/parts.py",
        "asked = {str(w[part.key]): w for w in desired.get(part.member, ())}",
        "asked = {str(w[part.key]): w for w in desired.get(part.member, ()) if part.key != 'knowledgeBaseId'}",
    ),
    "test_module_105_another_model_is_a_new_version": Mutation(
        "core/planner.py",
        "if v.body_digest in wanted and",
        "if",
    ),
    "test_module_140_nothing_drifts_after_an_apply": Mutation(
        "core/normal.py",
        "        return float32(value)",
        "        return value",
    ),
    "test_constructs_969_the_alias_keeps_its_id": Mutation(
        "kinds/agent_alias.py",
        'row_name="agentAliasName",',
        'row_name="agentAliasName", stamped_name=True,',
    ),
    "test_constructs_767_a_new_action_group_is_a_new_version": Mutation(
        "core/planner.py",
        "return max(fitting, key=_version_order).version if fitting else None",
        "return max(fitting or seen.versions, key=_version_order).version if seen.versions else None",
    ),
    "test_constructs_1044_versions_are_cut_by_an_alias_that_nobody_calls": Mutation(
        "engine/minting.py",
        "named = {kind.calls.id_in: id_, how.name: how.alias}",
        "named = {kind.calls.id_in: id_, how.name: 'live'}",
    ),
    "test_constructs_747_two_agents_share_a_function": Mutation(
        "engine/parts.py",
        "(step, part.member, key, again)",
        "(part.member, key, again)",
    ),
    "test_aws_48681_an_update_keeps_the_guardrail": Mutation(
        "engine/driver.py",
        "request = self._request(kind, name, body) |",
        "request = self._request(kind, name, _without(body, kind.fields.guards)) |",
    ),
    "test_aws_39548_an_update_keeps_the_key_and_the_overrides": Mutation(
        "engine/driver.py",
        "request = self._request(kind, name, body) |",
        "request = self._request(kind, name, _without(body, frozenset({'customerEncryptionKeyArn'}))) |",
    ),
    "test_aws_43849_another_instruction_alone_reads_back_as_written": Mutation(
        "engine/perform.py",
        "if not _same_but_parts(kind, owner, body) or owner.name not in node.names:",
        "if owner.name not in node.names:",
    ),
    "test_aws_37168_prompts_that_aws_fills_in_are_no_content": Mutation(
        "kinds/agent.py",
        'and "OVERRIDDEN" in (prompt.get("promptCreationMode"), prompt.get("parserMode"))',
        "",
    ),
    "test_aws_42867_one_override_stands_beside_aws_own_prompts": Mutation(
        "kinds/agent.py",
        "tuple(p for p in listed if _is_overridden(p))",
        "tuple(listed)",
    ),
    "test_aws_37161_an_alias_of_somebody_else_holds_one_agent_and_nothing_more": Mutation(
        "engine/driver.py",
        "self._minting.forget(kind, kind.mint, id_)",
        "pass",
    ),
    "test_aws_42256_collaborators_made_before_a_failure_are_known": Mutation(
        "engine/parts.py",
        "item = there.get(key)",
        "item = None",
    ),
    "test_constructs_1114_what_a_failed_run_made_is_gone_on_with": Mutation(
        "engine/observe.py",
        "if any(is_owned(tags, a, self.environment) for a in (node.address, *node.former)):",
        "if not tags:",
    ),
    "test_aws_37903_an_override_without_content_is_told_offline": Mutation(
        "kinds/agent.py",
        "missing = [m for m in _PROMPT_MEMBERS if not prompt.get(m)]",
        "missing: list[str] = []",
    ),
    # -- plans, locks, rates
    "test_awscc_3295_retries_are_not_stacked": Mutation(
        "aws/budget.py",
        "return self._attempts * 4 if error.failure is Failure.THROTTLED else self._attempts",
        "return self._attempts * 40",
    ),
    "test_aws_34669_throttling_is_waited_out": Mutation(
        "aws/budget.py",
        "if error.failure in (Failure.THROTTLED, Failure.TRANSIENT):",
        "if error.failure is Failure.TRANSIENT:",
    ),
    "test_awscc_618_a_plan_asks_for_lists_alone": Mutation(
        "engine/observe.py",
        "assumed = {} if deep else self._assume(graph, known, rows, to_read)",
        "assumed: dict[Address, Seen] = {}",
    ),
    "test_aws_48790_a_deep_look_reads_each_once": Mutation(
        "engine/driver.py",
        "found = self._get(kind, id_, version)",
        "found = self._get(kind, id_, version) and self._get(kind, id_, version)",
    ),
    "test_driftctl_1344_a_throttled_look_says_the_truth": Mutation(
        "aws/errors.py",
        '"ThrottlingException": Failure.THROTTLED,',
        '"ThrottlingException": Failure.DENIED,',
    ),
    "test_provider_aws_847_nothing_to_do_costs_some_lists_and_no_write": Mutation(
        "cli/reconcile.py",
        "work.make_plan(desk, deep=deep, releases=releases)",
        "work.make_plan(desk, deep=True, releases=releases)",
    ),
    "test_gitlab_219255_one_summary_counts_every_use_case": Mutation(
        "core/plan.py",
        "for change in plan.changes:",
        "for change in plan.use_cases[0].changes:",
    ),
    "test_semantic_release_915_notes_are_made_from_content": Mutation(
        "render/notes_view.py",
        'yield Heading(1, f"{notes.use_case} {notes.release}{where}")',
        'yield Heading(1, f"{notes.release}{where}")',
    ),
    "test_pulumi_5939_the_rate_of_an_operation_can_be_set": Mutation(
        "aws/budget.py",
        "for key in (name, operation, fallback):",
        "for key in (fallback,):",
    ),
    "test_terraform_31094_without_a_word_aws_own_rates_are_kept": Mutation(
        "aws/budget.py",
        "self._next = start + 1.0 / self._rate",
        "self._next = start",
    ),
    "test_aws_45705_a_profile_that_is_the_same_is_not_replaced": Mutation(
        "kinds/inference_profile.py",
        'body["modelSource"] = {"model": ",".join(names), "crossRegion": len(models) > 1}',
        'body["modelSource"] = {"model": ",".join(models), "crossRegion": len(models) > 1}',
    ),
    "test_terraform_27721_a_saved_plan_is_applied_once": Mutation(
        "pipeline/running.py",
        "and _was_applied(saved, witness.latest.record.id, desk)",
        "and not saved",
    ),
    "test_cloud_platform_6008_half_an_apply_is_gone_on_with_under_the_same_plan": Mutation(
        "pipeline/running.py",
        "if witness and witness.open is not None and witness.open.opened.plan_digest == saved.digest:",
        "if not saved:",
    ),
    "test_terraform_28710_a_killed_run_holds_nobody_up": Mutation(
        "store/holder.py",
        'return None if running(them.pid, them.started) else "holder-gone"',
        "return None",
    ),
    "test_atlantis_6377_one_use_case_in_trouble_stops_no_other": Mutation(
        "engine/run.py",
        "report.refused[part.use_case] = refusal(answer)",
        "raise refusal(answer)",
    ),
    "test_agentcore_438_what_is_not_ours_is_not_deleted": Mutation(
        "engine/perform.py",
        "if tags.get(OWNER_TAG) != str(step.address) or not marked:",
        "if not binding:",
    ),
    "test_crossplane_5863_what_taking_over_would_change_is_shown_and_not_done": Mutation(
        "engine/planning.py",
        'observed=name in compiled.views and compiled.views[name].spec.get("mode") == OBSERVE,',
        "observed=False,",
    ),
    "test_upjet_2101_guardrails_are_a_kind": Mutation(
        "kinds/guardrail.py",
        'for name, entry in view.section("guardrails").items():',
        "for name, entry in ():",
    ),
    # -- knowledge bases
    "test_aws_38022_other_settings_are_another_one_beside_it": Mutation(
        "kinds/knowledge_base.py",
        "    fixed=_fixed,",
        "    fixed=None,",
    ),
    "test_constructs_690_the_same_content_is_the_same_one": Mutation(
        "kinds/knowledge_base.py",
        'for m in ("knowledgeBaseConfiguration", "storageConfiguration") if m in body}',
        'for m in ("knowledgeBaseConfiguration", "storageConfiguration", "roleArn") if m in body}',
    ),
    "test_constructs_408_a_release_brings_the_content_in": Mutation(
        "core/planner.py",
        "    if node.pins:",
        "    if node.pins and seen:",
    ),
    "test_blueprints_22_a_role_that_is_not_known_yet_costs_a_second_run": Mutation(
        "engine/observe.py",
        "if any(is_owned(tags, a, self.environment) for a in (node.address, *node.former)):",
        "if not tags:",
    ),
    "test_module_40_an_index_that_is_not_there_yet_costs_a_second_run": Mutation(
        "aws/errors.py",
        'f"{service} {operation}: {code}: {shortened(message) if ours else without_content(message)}",',
        'f"{service} {operation}: {code}",',
    ),
    "test_airflow_55201_a_refusal_is_not_tried_again_blindly": Mutation(
        "aws/budget.py",
        "if error.failure in (Failure.THROTTLED, Failure.TRANSIENT):",
        "if error.failure in (Failure.THROTTLED, Failure.TRANSIENT, Failure.INVALID):",
    ),
    # -- models
    "test_aws_47779_the_end_of_a_model_is_told_and_stops_a_release": Mutation(
        "core/model_life.py",
        "if isinstance(end, datetime) and end - now <= within:",
        "if not cycle:",
    ),
    # -- flows
    "test_aws_43594_a_prompt_node_keeps_its_prompt": Mutation(
        "engine/perform.py",
        'outputs["versionArn"] = f"{work.outputs[node.address][\'arn\']}:{version}"',
        'outputs["versionArn"] = work.outputs[node.address]["arn"]',
    ),
    "test_aws_43653_a_flow_is_prepared_before_a_version_is_cut": Mutation(
        "kinds/flow.py",
        'prepare="PrepareFlow",',
        "",
    ),
    "test_coverage_2115_every_node_type_of_the_model_is_known": Mutation(
        "core/flow_graph.py",
        '"Iterator": Ports("iterator", {"array": "Array"}, {"arrayItem": None, "arraySize": "Number"}, is_bare=True),',
        "",
    ),
    # -- what exists
    "test_aws_44180_guardrails_are_found_by_name": Mutation(
        "engine/survey.py",
        "by_name = any(fnmatchcase(candidate.row.name, pattern) for pattern in choice.names)",
        "by_name = candidate.row.name in choice.names",
    ),
    "test_aws_43052_an_agent_is_found_by_name": Mutation(
        "kinds/agent.py",
        'section="agents",',
        "section=None,",
    ),
}

MUTATIONS: Mapping[str, Mutation] = {**_RELEASES, **mutations_gating.MUTATIONS, **mutations_running.MUTATIONS}
