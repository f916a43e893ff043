"""Gates and evidence: for every test of theirs the line of the engine that it would miss (``mutations.py``)."""

from __future__ import annotations

from collections.abc import Mapping

from complaints.mutation import Mutation

MUTATIONS: Mapping[str, Mutation] = {
    # -- what passes
    "test_promptfoo_1441_one_failed_case_stops_no_release": Mutation(
        "gates/evaluation/metric.py",
        "if r.critical and r.score != right)",
        "if r.score != right)",
    ),
    "test_promptfoo_5847_a_case_that_always_fails_is_not_hidden_by_the_others": Mutation(
        "gates/evaluation/metric.py",
        "if r.critical and r.score != right)",
        "if r.critical and r.score > right)",
    ),
    "test_promptfoo_5947_what_must_always_succeed_does_not_pass_by_one_try": Mutation(
        "gates/evaluation/table.py",
        "score=math.fsum(v for v, _ in values) / len(values),",
        "score=max(v for v, _ in values),",
    ),
    "test_promptfoo_action_865_a_case_is_asked_as_often_as_was_said": Mutation(
        "gates/evaluation/table.py",
        "wanted = max(threshold.repeats, len({o.repeat for o in item.observations}))",
        "wanted = len({o.repeat for o in item.observations})",
    ),
    "test_deepeval_770_the_exit_code_is_the_verdict": Mutation(
        "cli/gate.py",
        "raise typer.Exit(rejudging.exit_code(found.judgement))",
        "raise typer.Exit(0)",
    ),
    "test_langfuse_docs_3761_a_gate_that_is_asked_for_is_there": Mutation(
        "pipeline/gatekeeping.py",
        "verdicts = [self._missing(name, suite) for suite in asked.missing]",
        "verdicts = [self._missing(name, suite) for suite in ()]",
    ),
    # -- against what was before
    "test_promptfoo_1395_a_run_is_compared_with_a_previous_one": Mutation(
        "gates/evaluation/comparing.py",
        "worse=() if obstacle else tuple(p.after.case for p in pairs if sign * p.difference < 0),",
        "worse=(),",
    ),
    "test_deepeval_2948_a_regression_stops_the_gate_on_a_laptop": Mutation(
        "pipeline/rejudging.py",
        '{s: ("the baseline", es) for s, es in _by_suite(before).items()},',
        "{},",
    ),
    "test_inspect_ai_3511_a_loss_by_chance_is_told_from_a_loss": Mutation(
        "gates/evaluation/statistics.py",
        "return Result.FAIL if upper < -margin else Result.INCONCLUSIVE",
        "return Result.FAIL",
    ),
    # -- under other thresholds
    "test_deepeval_2889_new_thresholds_need_no_new_answers": Mutation(
        "gates/evaluation/thresholds.py",
        'floor=_number(metric.get("floor")),',
        "floor=0.9,",
    ),
    # -- answers and judges that change their mind
    "test_deepeval_3110_scores_around_the_threshold_are_no_verdict": Mutation(
        "gates/evaluation/statistics.py",
        "if bound.lower >= floor:",
        "if bound.estimate >= floor:",
    ),
    "test_deepeval_3283_a_judge_that_is_not_understood_passes_nothing": Mutation(
        "gates/evaluation/judging.py",
        'raise Unscorable("the judge\'s reply is not the JSON that was asked for") from None',
        'data = {"score": 1.0, "reason": said.text}',
    ),
    "test_deepeval_1265_where_a_case_stands_changes_no_score": Mutation(
        "gates/evaluation/runner.py",
        "found = sorted(cases, key=lambda c: c.id)",
        "found = list(cases)",
    ),
    "test_deepeval_1895_runs_that_disagree_all_count": Mutation(
        "pipeline/rejudging.py",
        "by.setdefault(one.subject.suite, []).append(one)",
        "by[one.subject.suite] = [one]",
    ),
    "test_mlflow_24531_many_rounds_in_one_run_have_a_mean_and_its_bounds": Mutation(
        "gates/evaluation/runner.py",
        "for repeat in range(1, spec.repeats + 1) for case in self._cases",
        "for repeat in (1,) for case in self._cases",
    ),
    "test_ragas_1125_the_same_again_has_the_same_scores": Mutation(
        "gates/evaluation/asker.py",
        "found = self.calls.responses.get(key)",
        "found = None",
    ),
    # -- data sets
    "test_mlflow_25313_data_that_changed_are_not_used": Mutation(
        "gates/evaluation/datasets.py",
        "if actual != wanted:",
        "if not wanted:",
    ),
    "test_mlflow_25821_a_number_leads_to_the_data_that_it_is_of": Mutation(
        "core/evaluation/evidence.py",
        "if found.key != found.subject.key:",
        "if not found.key:",
    ),
    # -- what is live
    "test_langfuse_16170_a_prompt_on_a_branch_is_released_when_it_is_merged": Mutation(
        "pipeline/branch.py",
        "if branch is not None and branch != track:",
        "if branch is not None and not track:",
    ),
    "test_langfuse_16007_what_was_live_when_is_known": Mutation(
        "core/timeline.py",
        "if ending.outcome not in DECIDES or ending.closed_at > moment:",
        "if ending.outcome not in DECIDES:",
    ),
    # -- the same again
    "test_mlflow_18844_a_seed_of_somebody_else_changes_nothing": Mutation(
        "gates/evaluation/statistics.py",
        "n, ordered, dice = len(values), sorted(values), random.Random(seed)",
        "n, ordered, dice = len(values), sorted(values), random",
    ),
    # -- what is declared
    "test_ragas_1711_what_is_declared_has_an_effect": Mutation(
        "gates/evaluation/thresholds.py",
        'min_n=metric.get("minN") or 0,',
        "min_n=0,",
    ),
    "test_deepeval_3126_scores_by_case_have_one_form": Mutation(
        "core/evaluation/evidence.py",
        "if found.format != FORMAT:",
        "if not found.format:",
    ),
    # -- answers that are kept
    "test_promptfoo_1431_each_round_asks_anew": Mutation(
        "gates/evaluation/asker.py",
        'return digest({"operation": request.operation, "content": request.content, "repeat": repeat})',
        'return digest({"operation": request.operation, "content": request.content})',
    ),
    "test_promptfoo_1667_a_kept_answer_took_no_time": Mutation(
        "gates/evaluation/asker.py",
        "return Asked(found, digest(plain(found)), None)",
        "return Asked(found, digest(plain(found)), Timing(last_token=0.0))",
    ),
    "test_ragas_726_what_was_answered_is_kept_when_a_run_ends_early": Mutation(
        "store/responses.py",
        "return self.read(sha256) if sha256 else None",
        "return None",
    ),
    "test_deepeval_734_a_kept_answer_has_its_score": Mutation(
        "gates/evaluation/runner.py",
        "found = self._scored(case, known.key, found, response, missing)",
        "found = known.observation",
    ),
}
