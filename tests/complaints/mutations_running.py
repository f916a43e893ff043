"""Runs of evaluations: for every test of theirs the line of the engine that it would miss (``mutations.py``)."""

from __future__ import annotations

from collections.abc import Mapping

from complaints.mutation import Mutation

_RETRYABLE = 'RETRYABLE: frozenset[str] = frozenset({"throttled", "timeout", "unavailable", "truncated"})'

MUTATIONS: Mapping[str, Mutation] = {
    # -- throttled
    "test_promptfoo_1508_a_throttled_judge_fails_no_case": Mutation(
        "gates/evaluation/runner.py",
        '(unasked if refusal.failure.trouble == "budget" else unscored)[metric] = why',
        "scores[metric] = 0.0",
    ),
    "test_promptfoo_121_a_rate_limit_ends_no_run": Mutation(
        "core/evaluation/response.py",
        _RETRYABLE,
        'RETRYABLE: frozenset[str] = frozenset({"timeout", "unavailable", "truncated"})',
    ),
    "test_ragas_2061_nobody_calls_before_the_service_said_so": Mutation(
        "gates/evaluation/limiter.py",
        "self._until = max(self._until, now + max(retry_after, pause))",
        "self._until = max(self._until, now + pause)",
    ),
    "test_mlflow_18212_all_judges_of_a_model_share_its_limit": Mutation(
        "gates/evaluation/judging.py",
        'return Request(f"{judging.place}/{judging.model}", "ConverseStream", content)',
        'return Request(f"{judging.place}/{judging.model}/{judging.rubric.name}", "ConverseStream", content)',
    ),
    "test_mlflow_24404_the_limiter_hears_every_throttle": Mutation(
        "aws/client.py",
        'retries={"total_max_attempts": 1, "mode": "standard"},',
        'retries={"total_max_attempts": 5, "mode": "standard"},',
    ),
    "test_langfuse_5338_a_throttle_is_tried_again": Mutation(
        "gates/evaluation/targets/saying.py",
        'trouble = "throttled"',
        'trouble = "refused"',
    ),
    # -- no answer
    "test_ragas_1519_a_case_that_times_out_is_not_left_out": Mutation(
        "gates/evaluation/table.py",
        'return f"no answer ({found.trouble})" + (f": {found.message[:160]}" if found.message else "")',
        "return None",
    ),
    "test_ragas_733_a_score_that_is_no_number_is_an_error_and_the_run_goes_on": Mutation(
        "gates/evaluation/runner.py",
        "if not isinstance(value, int | float) or not math.isfinite(value):",
        "if not isinstance(value, int | float):",
    ),
    "test_fmbench_247_a_service_that_is_not_there_for_a_while_ends_no_run": Mutation(
        "core/evaluation/response.py",
        _RETRYABLE,
        'RETRYABLE: frozenset[str] = frozenset({"throttled", "timeout", "truncated"})',
    ),
    # -- the end
    "test_deepeval_984_tries_are_counted": Mutation(
        "gates/evaluation/asker.py",
        "if trouble not in RETRYABLE or throttles + failures >= self.calls.tries:",
        "if trouble not in RETRYABLE:",
    ),
    "test_deepeval_2232_a_call_that_nobody_answers_ends_by_itself": Mutation(
        "aws/client.py",
        "read_timeout=_PATIENCE.get(service, 60),",
        "read_timeout=None,",
    ),
    "test_deepeval_2232_a_run_that_waits_can_be_stopped": Mutation(
        "gates/evaluation/limiter.py",
        "while not stopped():",
        "while True:",
    ),
    "test_langfuse_14525_what_a_dead_run_was_told_is_not_asked_again": Mutation(
        "gates/evaluation/asker.py",
        "found = self.calls.responses.get(key)",
        "found = None",
    ),
    # -- cost
    "test_langsmith_sdk_1858_no_cache_makes_a_cost_negative": Mutation(
        "gates/evaluation/targets/saying.py",
        'input_tokens=count("inputTokens"),',
        'input_tokens=count("inputTokens") - count("cacheReadInputTokens"),',
    ),
    "test_openinference_2381_what_was_read_from_the_cache_is_not_paid_as_input": Mutation(
        "gates/evaluation/prices.py",
        "return prices[kind]",
        'return prices[kind.replace("cacheRead", "input")]',
    ),
    "test_litellm_15270_each_token_is_counted_once": Mutation(
        "gates/evaluation/targets/saying.py",
        'input_tokens=count("inputTokens"),',
        'input_tokens=count("inputTokens") + count("cacheReadInputTokens"),',
    ),
    "test_langfuse_14249_what_is_written_to_the_cache_is_paid": Mutation(
        "gates/evaluation/prices.py",
        "(usage.input_tokens, usage.output_tokens, usage.cache_read_tokens, usage.cache_write_tokens),",
        "(usage.input_tokens, usage.output_tokens, usage.cache_read_tokens, 0),",
    ),
    "test_langfuse_4072_a_model_without_a_price_is_not_free": Mutation(
        "gates/evaluation/prices.py",
        "prices = self.models.get(model) or self.models.get(base_of(model))",
        "prices = self.models.get(base_of(model), dict.fromkeys(_KINDS, 0.0))",
    ),
    "test_langfuse_2112_what_was_there_already_is_not_paid_again": Mutation(
        "gates/evaluation/asker.py",
        "self.calls.count(reused=1)",
        "self.calls.count(reused=1) or self.calls.settle(found)",
    ),
    "test_deepeval_641_a_run_tells_what_it_cost": Mutation(
        "gates/evaluation/verdict.py",
        "found[item.run.currency] = found.get(item.run.currency, 0.0) + item.run.cost",
        "found[item.run.currency] = item.run.cost",
    ),
    "test_sample_strands_agentcore_starter_32_judges_are_a_part_of_the_cost": Mutation(
        "gates/evaluation/asker.py",
        "return Asker(self, call, cases)",
        "return Asker(Calls(self.responses, self.limiter, self.clock), call, cases)",
    ),
    "test_promptfoo_1848_an_average_cost_is_told_and_stops_nothing": Mutation(
        "gates/evaluation/verdict.py",
        'if tier == "advisory" or (metric.waived is not None and result is not Result.ERROR):',
        "if metric.waived is not None and result is not Result.ERROR:",
    ),
    # -- time
    "test_promptfoo_5680_the_time_to_the_first_token_is_told": Mutation(
        "gates/evaluation/targets/prompt.py",
        "first = at if first is None else first",
        "first = at",
    ),
    "test_promptfoo_312_throughput_is_told": Mutation(
        "gates/evaluation/table.py",
        "elif value is not None:",
        "else:",
    ),
    # -- attacks, guardrails
    "test_promptfoo_5808_attacks_are_judged_here_and_nothing_goes_elsewhere": Mutation(
        "gates/evaluation/metrics/safety.py",
        'raise Unscorable("the case does not say when its attack succeeds")',
        "return 0.0",
    ),
    "test_promptfoo_3076_benign_questions_that_are_blocked_fail_the_gate": Mutation(
        "gates/evaluation/metrics/safety.py",
        "if reply.guarded.blocked or reply.stop_reason in REFUSED:",
        "if reply.stop_reason in REFUSED:",
    ),
    "test_promptfoo_6426_what_is_flagged_or_masked_is_not_blocked": Mutation(
        "gates/evaluation/targets/saying.py",
        'blocked = intervened and any(action == "BLOCKED" for _, action in acted)',
        "blocked = intervened",
    ),
    "test_harness_sdk_3617_a_block_without_the_optional_detected_is_a_block": Mutation(
        "gates/evaluation/targets/saying.py",
        'yield name, str(row.get("action", "NONE")), row.get("detected") is not False',
        'yield name, str(row.get("action", "NONE")), row.get("detected") is True',
    ),
    # -- the ends of models
    "test_maestro_319_the_calendar_is_read_into_the_pins": Mutation(
        "core/model_life.py",
        "if isinstance(end, datetime) and end <= now:",
        "if isinstance(end, datetime) and end <= now - within:",
    ),
    "test_helicone_5820_a_price_does_not_make_a_model_alive": Mutation(
        "core/model_life.py",
        'return Standing(State.UNAVAILABLE, "is not offered in this region", hint)',
        "return Standing(State.ACTIVE)",
    ),
    "test_hephaestus_1384_a_deprecated_model_is_told": Mutation(
        "core/model_life.py",
        'if cycle.get("status") == "LEGACY":',
        'if cycle.get("status") == "DEPRECATED":',
    ),
}
