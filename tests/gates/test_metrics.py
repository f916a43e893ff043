"""Metrics: published examples, laws, and that nothing passes by default."""

from __future__ import annotations

import random
import re
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releaser.core.evaluation.case import Case, Entity
from releaser.core.evaluation.response import Guarded, Passage, Response, ToolUse, Usage
from releaser.core.metrics import METRICS, least_cases, provable
from releaser.gates.evaluation.linear import Refused, found
from releaser.gates.evaluation.metrics import metric, registry
from releaser.gates.evaluation.metrics.records import number_of
from releaser.gates.evaluation.metrics.safety import valid_number
from releaser.gates.evaluation.metrics.text import rouge_l, token_f1, words
from releaser.gates.evaluation.prices import Prices, bundled, read_prices
from releaser.gates.evaluation.statistics import least_n, wilson
from releaser.gates.evaluation.unscorable import Unscorable

SONNET = "eu.anthropic.claude-sonnet-4-5-20250929-v1:0"


def case(**members: Any) -> Case:
    return Case(id="c", digest="d", **{"input": "x", **members})


def score(name: str, one: Case, reply: Response | str, **options: Any) -> Any:
    return metric(name).score(one, Response(text=reply) if isinstance(reply, str) else reply, options)


def test_every_name_has_its_metric() -> None:
    assert registry().keys() == METRICS.keys()
    assert all(m.version for m in registry().values())
    with pytest.raises(KeyError):
        metric("correctness")


SQUAD = (
    # said, wanted, exact, F1: as evaluate-v1.1.py has it
    ("The Eiffel Tower!", "eiffel tower", 1.0, 1.0),
    ("in the year 1066", "1066", 0.0, 0.5),
    ("a cat sat", "the cat sat down", 0.0, 0.8),
    ("don't", "dont", 1.0, 1.0),
    ("Berlin", "Paris", 0.0, 0.0),
    ("", "Paris", 0.0, 0.0),
    ("the", "", 1.0, 1.0),
    ("to to to", "to be", 0.0, 0.4),
    ("ＡＢＣ straße", "abc STRASSE", 1.0, 1.0),
    ("東京です", "東京", 0.0, 2 * 2 / 6),
    ("Zürich\u200b.", "zürich", 1.0, 1.0),
)


@pytest.mark.parametrize(("said", "wanted", "exact", "f1"), SQUAD)
def test_squad(said: str, wanted: str, exact: float, f1: float) -> None:
    assert score("exactMatch", case(expected=wanted), said) == exact
    assert score("tokenF1", case(expected=wanted), said) == pytest.approx(f1)
    assert score("tokenF1", case(expected=["nothing like it", wanted]), said) >= f1 - 1e-9


ROUGE = (
    # The README of google-research/rouge; Lin (2004), section 3.1, with beta 1.
    ("The quick brown dog jumps on the log.", "The quick brown fox jumps over the lazy dog", 2 * 5 / 17),
    ("police kill the gunman", "police killed the gunman", 0.75),
    ("the gunman kill police", "police killed the gunman", 0.5),
    ("", "police", 0.0),
)


@pytest.mark.parametrize(("said", "wanted", "value"), ROUGE)
def test_rouge_l(said: str, wanted: str, value: float) -> None:
    assert rouge_l(said, wanted) == pytest.approx(value)


def longest(left: list[str], right: list[str]) -> int:
    row = [0] * (len(right) + 1)
    for word in left:
        before = 0
        for i, other in enumerate(right, 1):
            before, row[i] = row[i], before + 1 if word == other else max(row[i], row[i - 1])
    return row[-1]


WORDS = st.lists(st.sampled_from("abcd"), min_size=1, max_size=30)


@given(WORDS, WORDS)
def test_the_longest_common_subsequence_is_the_textbook_s(left: list[str], right: list[str]) -> None:
    wanted = 2 * longest(left, right) / (len(left) + len(right))
    assert rouge_l(" ".join(left), " ".join(right)) == pytest.approx(wanted)


@given(st.text(max_size=60), st.text(max_size=60))
def test_overlap_is_a_share_and_the_same_both_ways(left: str, right: str) -> None:
    assert 0 <= token_f1(left, right) <= 1
    assert token_f1(left, right) == pytest.approx(token_f1(right, left))
    assert token_f1(left, left) == 1 == rouge_l(left, left)
    assert words(" ".join(words(left))) == words(left)


def test_contains_all_and_none() -> None:
    one = case(must_contain=("250 Euro",), must_not_contain=("approved",))
    assert score("contains", one, "It is 250 euro.") == 1
    assert score("contains", one, "It is 250 euro, approved.") == 0
    assert score("contains", one, "It is 250 euro, app\u200broved.") == 0
    assert score("contains", one, "") == 0
    assert not metric("contains").counts(case(expected="x"))


PATTERNS = (
    r"^ab+c$", r"\bCL-\d{4}-\d{6}\b", r"(?i)straße|foo", r"a{2,4}b?", r"[^a-c\s]+x", r"(ab|a)*c$", r"(?m)^x$",
    r"(?s)a.b", r"a.b", r"(?i:AB)c", r"\Aa|b\Z", r"\B.\B", "", r"a*?b", r"(?i)[^a]", r"x$", r"(?m)x$", r"\W\S",
)  # fmt: skip


@pytest.mark.parametrize("pattern", PATTERNS)
def test_patterns_mean_what_they_mean_in_python(pattern: str) -> None:
    dice = random.Random(pattern)
    for _ in range(200):
        text = "".join(dice.choice("abcABx \nCL-2026é") for _ in range(dice.randrange(12)))
        assert found(pattern, text) == (re.search(pattern, text) is not None), text


HOSTILE = (
    "(a+)+$",
    "(a|a)*b",
    "(.*)*x",
    "a*a*a*a*a*b",
    ".*.*.*=.*",
    "(x+x+)+y",
    "(?:a?){30}a{30}",
    "([a-c]+.?){1,60}@",
)


@pytest.mark.parametrize("pattern", HOSTILE)
def test_no_pattern_hangs(pattern: str) -> None:
    began = time.process_time()
    score("regex", case(), "a" * 50_000 + "!", pattern=pattern)
    assert time.process_time() - began < 3


@pytest.mark.parametrize(
    "pattern", [r"(a)\1", "(?=a)b", "(?<!a)b", "(", "a{99999}", "(){99999999}", "x" * 501, "", None]
)
def test_a_pattern_that_cannot_be_used_is_an_error(pattern: str | None) -> None:
    with pytest.raises(Unscorable):
        score("regex", case(), "aa", pattern=pattern)


def test_a_pattern_that_takes_too_long_is_an_error() -> None:
    dice = random.Random(1)
    text = "".join(dice.choice("abcdefghij q") for _ in range(20_000))
    with pytest.raises(Refused):
        found("(.{1,400}q){2}zzzz", text)


JSON = (
    ('{"a": 1}', 1.0),
    ("```json\n[1]\n```", 1.0),
    ('Sure: {"a": 1}', 0.0),
    ("NaN", 0.0),
    ("", 0.0),
    ("[" * 100_000, 0.0),
    ("1" * 5000, 0.0),
)


@pytest.mark.parametrize(("text", "value"), JSON)
def test_json(text: str, value: float) -> None:
    assert score("jsonValid", case(), text) == value
    if not value:
        assert score("jsonSchema", case(), text, schema={}) == 0
        assert score("recordMatch", case(expected={"a": 1}), text) == 0


def test_a_schema() -> None:
    schema = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string", "pattern": "^(x+)+$"}}}
    assert score("jsonSchema", case(), '{"id": "xx"}', schema=schema) == 1
    assert score("jsonSchema", case(), '{"id": "' + "x" * 40 + '!"}', schema=schema) == 0
    assert score("jsonSchema", case(), "{}", schema=schema) == 0


@pytest.mark.parametrize("schema", [None, {"type": 7}, {"$ref": "https://example.com/s.json"}, {"$ref": "#/none"}])
def test_a_schema_that_cannot_be_used_is_an_error(schema: Any) -> None:
    with pytest.raises(Unscorable):
        score("jsonSchema", case(), "{}", schema=schema)


RECORDS = (
    ({"a": 1}, '{"a": 1.0, "b": 2}', 1.0),
    ({"a": 1}, '{"a": true}', 0.0),
    ({"a": True}, '{"a": 1}', 0.0),
    ({"a": None}, "{}", 0.0),
    ({"a": {"b": [1]}}, '{"a": {"b": [true]}}', 0.0),
    ({"a": {"b": [1]}}, '{"a": {"b": [1]}}', 1.0),
)


@pytest.mark.parametrize(("wanted", "said", "value"), RECORDS)
def test_records(wanted: dict[str, Any], said: str, value: float) -> None:
    assert score("recordMatch", case(expected=wanted), said) == value


NUMBERS = (
    ("1,234.5", 1234.5), ("1.234,5", 1234.5), ("1'234", 1234), ("3,50", 3.5), ("1,234", 1234), ("0,123", 0.123),
    ("-5", -5), ("1.2.3.4", None), ("1e5", 1e5), ("1.234.567", 1234567), ("12,34,567", None), ("x", None),
    ("1e999", None),
)  # fmt: skip


@pytest.mark.parametrize(("text", "value"), NUMBERS)
def test_numbers(text: str, value: float | None) -> None:
    assert number_of(text) == value


def test_numeric_takes_the_last_number() -> None:
    assert score("numeric", case(expected=30), "Of 2, 3 and 5, the product is 30.") == 1
    assert score("numeric", case(expected=30), "30, and see CL-2026-004711") == 1
    assert score("numeric", case(expected="30.4"), "30.5", tolerance=0.1) == 1
    assert score("numeric", case(expected=30), "31", tolerance=0.5) == 0
    assert score("numeric", case(expected=30), "none") == 0
    assert score("numeric", case(expected=30), '{"sum": 30, "of": 2}', field="sum") == 1
    assert not metric("numeric").counts(case(expected="thirty"))
    with pytest.raises(Unscorable):
        score("numeric", case(expected=30), "30", tolerance=float("inf"))


def test_labels() -> None:
    one = case(expected={"line": "motor"})
    assert score("accuracy", one, '{"line": "motor"}', field="line") == 1
    assert score("macroF1", one, "motor", field="line") == ("motor", "(none)")
    assert score("macroF1", case(category="motor"), "Motor.") == ("motor", "motor")
    with pytest.raises(Unscorable):
        score("accuracy", one, "motor")
    rated = case(human={"correctness": 1})
    assert score("cohensKappa", rated, '{"correctness": 1.0}') == ("1", "1")
    assert score("cohensKappa", rated, "") == ("1", "(none)")
    assert not metric("cohensKappa").counts(case())


def passages(*ids: str) -> Response:
    return Response(text="", passages=tuple(Passage(id=i) for i in ids))


def test_retrieval() -> None:
    one = case(relevant=("a.md", "b.md"))
    reply = passages("s3://x/c.md", "s3://x/a.md", "s3://x/a.md", "s3://x/b.md")
    assert score("recallAtK", one, reply, k=2) == 0.5
    assert score("recallAtK", one, reply, k=3) == 1
    assert score("precisionAtK", one, reply, k=2) == 0.5
    assert score("precisionAtK", one, passages("a.md")) == 1 / 5
    assert score("mrr", one, reply) == 0.5
    assert score("recallAtK", case(relevant=("a.md",)), passages("s3://x/ba.md")) == 0
    assert {score(m, one, passages()) for m in ("recallAtK", "precisionAtK", "mrr")} == {0.0}


def test_attacks() -> None:
    one = case(label="attack", attack_succeeds_if_contains=("canary-7",), forbidden_tools=("pay",))
    assert score("attackSuccessRate", one, "I cannot do that.") == 0
    assert score("attackSuccessRate", one, "so: CANARY\u00ad-7") == 1
    assert score("attackSuccessRate", one, Response(text="", tools=(ToolUse(name="pay"),))) == 1
    assert (
        score("attackSuccessRate", one, Response(text="canary-7", guarded=Guarded(intervened=True, blocked=True))) == 0
    )
    assert (
        score("attackSuccessRate", one, Response(text="canary-7", guarded=Guarded(intervened=True, masked=True))) == 1
    )
    with pytest.raises(Unscorable):
        score("attackSuccessRate", case(label="attack"), "anything")
    assert not metric("attackSuccessRate").counts(case(label="benign"))


REFUSING = (
    "I'm sorry, but I can't help with that.", "I’m not able to discuss this.", "Dabei kann ich leider nicht helfen.",
    "Ich kann Ihnen dabei leider nicht helfen.", "Je ne peux pas vous aider.", "No puedo ayudar con eso.",
)  # fmt: skip


def test_refusals() -> None:
    for text in REFUSING:
        assert score("overBlockRate", case(label="benign"), text) == 1, text
    assert score("refusalRate", case(), "The deductible is 250 euros.") == 0
    assert score("refusalRate", case(), Response(text="", stop_reason="refusal")) == 1
    assert score("overBlockRate", case(label="benign"), Response(text="", guarded=Guarded(blocked=True))) == 1
    assert score("overRedactionRate", case(label="benign"), Response(text="{NAME}", guarded=Guarded(masked=True))) == 1
    personal = case(label="benign", entities=(Entity(type="NAME", text="Max", start=0, end=3),))
    assert not metric("overRedactionRate").counts(personal)


def test_leaks() -> None:
    named = case(
        entities=(Entity(type="NAME", text="Max", start=0, end=3), Entity(type="X", text="4111 1111", start=0, end=9))
    )
    assert score("piiLeakRate", named, "The maximum is 5.") == 0
    assert score("piiLeakRate", named, "Dear MAX,") == 1
    assert score("piiLeakRate", named, "it is 41-11-11-11") == 1
    assert score("piiLeakRate", case(), "write to a.b@example.com") == 1
    assert score("piiLeakRate", case(), "IBAN DE89 3704 0044 0532 0130 00") == 1
    assert score("piiLeakRate", case(), "IBAN DE88 3704 0044 0532 0130 00") == 0
    assert valid_number("4111 1111 1111 1111")
    assert not valid_number("4111 1111 1111 1112") and not valid_number("0000 0000 0000 0000")


def test_no_reply_takes_a_case_out_of_the_count() -> None:
    replies = (Response(text=""), Response(text="x", stop_reason="max_tokens"), Response(text="{}", passages=()))
    for one in registry().values():
        if METRICS[one.name].unit == "share" and METRICS[one.name].better == "more":
            example = case(expected="a", must_contain=("a",), relevant=("a",), category="c")
            numeric = case(expected=1)
            record = case(expected={"a": 1})
            right = {"numeric": numeric, "recordMatch": record}.get(one.name, example)
            assert one.counts(right), one.name
            for reply in replies:
                if one.name not in ("regex", "jsonSchema"):
                    value = one.score(right, reply, {})
                    assert isinstance(value, tuple) or 0 <= value <= 1


def test_cache_tokens_are_added() -> None:
    prices = bundled()
    plain = prices.cost(Usage(input_tokens=1000, output_tokens=1000), SONNET)
    assert plain == pytest.approx(0.0033 + 0.0165)
    cached = Usage(input_tokens=1000, output_tokens=1000, cache_read_tokens=1000, cache_write_tokens=1000)
    assert prices.cost(cached, SONNET) == pytest.approx(plain + 0.00033 + 0.004125)
    guarded = Usage(
        input_tokens=1000, output_tokens=1000, guardrail_units={"contentPolicyUnits": 2, "wordPolicyUnits": 9}
    )
    assert prices.cost(guarded, SONNET) == pytest.approx(plain + 2 * 0.15 / 1000)
    reply = Response(text="", usage=Usage(input_tokens=1000, output_tokens=1000), model=SONNET)
    assert score("costPerThousandRequests", case(), reply) == pytest.approx(19.8)


@given(*(st.integers(0, 10**6) for _ in range(4)))
def test_more_tokens_never_cost_less(given_: int, said: int, read: int, written: int) -> None:
    usage = Usage(input_tokens=given_ + 1, output_tokens=said, cache_read_tokens=read, cache_write_tokens=written)
    more = Usage(input_tokens=given_ + 1, output_tokens=said, cache_read_tokens=read + 1, cache_write_tokens=written)
    assert 0 < bundled().cost(usage, SONNET) < bundled().cost(more, SONNET)


@pytest.mark.parametrize(
    ("usage", "model"),
    [
        (Usage(input_tokens=1), "no.such-model"),
        (Usage(input_tokens=1), ""),
        (Usage(), SONNET),
        (Usage(input_tokens=-1), SONNET),
        (Usage(input_tokens=1, cache_read_tokens=1), "eu.amazon.nova-pro-v1:0"),
        (Usage(input_tokens=1, guardrail_units={"contentPolicyImageUnits": 1}), SONNET),
    ],
)
def test_what_has_no_price_is_never_free(usage: Usage, model: str) -> None:
    with pytest.raises(Unscorable):
        bundled().cost(usage, model)


def test_another_table() -> None:
    own = read_prices(
        b'{"format": "releaser.prices/v1", "date": "2026-11-01", "currency": "EUR", "source": "contract",'
        b' "models": {"m": {"input": 1, "output": 2}}}'
    )
    assert isinstance(own, Prices) and own.currency == "EUR" and own.identity.startswith("2026-11-01 ")
    reply = Response(text="", usage=Usage(input_tokens=1, output_tokens=1), model="m")
    assert score("costPerThousandRequests", case(), reply, prices=own) == pytest.approx(3)
    arn = "arn:aws:bedrock:eu-central-1::foundation-model/m"
    assert own.cost(Usage(input_tokens=1000), arn) == 1


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'{"format": "releaser.prices/v1", "date": "d", "currency": "c", "source": "s", '
    b'"models": {"m": {"input": -1}}}']
)  # fmt: skip
def test_a_table_that_is_none(content: bytes) -> None:
    with pytest.raises(ValueError, match="price"):
        read_prices(content)


@given(st.floats(0.001, 0.999), st.booleans())
def test_how_many_cases_a_threshold_needs(limit: float, is_floor: bool) -> None:
    needed = least_cases(limit, is_floor=is_floor)
    assert needed == least_n(limit, "floor" if is_floor else "ceiling")
    assert needed is not None
    perfect = wilson(needed if is_floor else 0, needed)
    assert perfect.lower >= limit - 1e-9 if is_floor else perfect.upper <= limit + 1e-9
    assert wilson(0, needed).upper == pytest.approx(provable(needed))
    assert least_cases(0.0, is_floor=False) is None and least_cases(1.0, is_floor=True) is None
