"""Laws of the policy evaluator."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from releaser.sandbox.errors import AwsError
from releaser.sandbox.iam.conditions import Condition, holds
from releaser.sandbox.iam.evaluation import Decision, Demand, decide
from releaser.sandbox.iam.matching import expand, glob, same_arn
from releaser.sandbox.iam.policy import Policy, Statement, Use, read

LETTERS = "ab:/[-]"
NAMES = st.text(LETTERS, max_size=8)
PATTERNS = st.text(LETTERS + "*?", max_size=8)
ACTIONS = st.sampled_from(["bedrock:GetAgent", "bedrock:GetFlow", "bedrock:DeleteAgent", "s3:GetObject"])
ACTION_PATTERNS = st.sampled_from(
    ["*", "bedrock:*", "bedrock:get*", "bedrock:getagent", "*:GetObject".lower(), "s3:?etobject"]
)
ARNS = st.sampled_from(
    [f"arn:aws:bedrock:eu-central-1:111111111111:{r}" for r in ("agent/A", "agent/B", "flow/F")] + ["*"]
)
RESOURCES = st.sampled_from(
    [
        "*",
        "arn:aws:bedrock:*:*:agent/*",
        "arn:aws:bedrock:eu-central-1:111111111111:agent/A",
        "arn:aws:bedrock",
        "arn:aws:s3:::*",
    ]
)
CONTEXTS = st.dictionaries(
    st.sampled_from(["aws:requesttag/team", "aws:tagkeys"]), st.lists(NAMES, max_size=3).map(tuple), max_size=2
)
CONDITIONS = st.builds(
    Condition,
    st.sampled_from(
        ["StringEquals", "StringLike", "StringNotEquals", "StringEqualsIfExists", "ForAllValues:StringEquals"]
    ),
    st.sampled_from(["aws:RequestTag/team", "aws:TagKeys"]),
    st.lists(PATTERNS, min_size=1, max_size=3).map(tuple),
)


@st.composite
def statements(draw, allow=None):
    actions = tuple(draw(st.lists(ACTION_PATTERNS, min_size=1, max_size=2)))
    resources = tuple(draw(st.lists(RESOURCES, min_size=1, max_size=2)))
    turn_actions, turn_resources = draw(st.booleans()), draw(st.booleans())
    return Statement(
        draw(st.booleans()) if allow is None else allow,
        *(((), actions) if turn_actions else (actions, ())),
        *(((), resources) if turn_resources else (resources, ())),
        tuple(draw(st.lists(CONDITIONS, max_size=1))),
    )


POLICIES = st.lists(st.lists(statements(), min_size=1, max_size=3).map(lambda s: Policy(tuple(s))), max_size=3)
DEMANDS = st.builds(Demand, ACTIONS, ARNS, CONTEXTS)


def reference(pattern, text):
    """A wildcard match by its definition, case by case."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(reference(pattern[1:], text[cut:]) for cut in range(len(text) + 1))
    return bool(text) and pattern[0] in ("?", text[0]) and reference(pattern[1:], text[1:])


@given(PATTERNS, NAMES)
def test_wildcards_match_as_defined(pattern, text):
    assert glob(pattern, text) == reference(pattern, text)


@given(PATTERNS)
def test_a_pattern_matches_what_it_was_made_into(pattern):
    assert glob(pattern, pattern.replace("*", "a:b").replace("?", "/"))


@given(st.text("a*?$", max_size=2), st.text("a*?$-", max_size=4))
@example("*", "a-")
@example("?", "a-")
def test_a_variable_is_taken_literally(value, text):
    expanded = expand("x${aws:PrincipalTag/Team}-*", {"aws:principaltag/team": (value,)})
    assert expanded is not None and glob(expanded, f"x{text}") == text.startswith(f"{value}-")


def test_a_variable_without_a_value_matches_nothing():
    assert expand("${aws:PrincipalTag/team}", {}) is None
    assert expand("${aws:PrincipalTag/team, 'all'}", {}) == "all"
    assert glob(expand("a${*}${?}${$}", {}), "a*?$") and not glob(expand("a${*}", {}), "ab")


def test_an_arn_is_matched_field_by_field():
    arn = "arn:aws:bedrock:eu-central-1:111111111111:agent/A:b"
    for pattern in ("*", "arn:aws:bedrock", "arn:aws:bedrock:*:*:agent/*", "arn:*:bedrock:*:*:*", arn):
        assert same_arn(pattern, arn), pattern
    for pattern in ("arn:aws:*:agent/A:b", "arn:aws:s3", "arn:aws:bedrock:*:*:flow/*", "arn:aws:bedrock:*:*:agent/A"):
        assert not same_arn(pattern, arn), pattern
    assert same_arn("*", "*") and not same_arn("arn:aws:bedrock:*:*:*", "*")


FIELDS = st.lists(st.text("a/*?", max_size=3), min_size=6, max_size=6)


@given(st.lists(st.text("a/*?", max_size=3), min_size=1, max_size=7), FIELDS, st.text("a:", max_size=3))
def test_an_arn_is_matched_as_its_fields_are(pattern, fields, more):
    text, arn = ":".join(pattern), ":".join(fields) + more
    theirs = arn.split(":", 5)
    mine = text.split(":", 5) + ["*"] * 6
    expected = text == "*" or all(glob(field, other) for field, other in zip(mine[:6], theirs, strict=True))
    assert same_arn(text, arn) == expected


@given(POLICIES, statements(allow=False), DEMANDS, st.data())
def test_an_explicit_deny_wins_wherever_it_stands(policies, deny, demand, data):
    alone = decide([Policy((deny,))], demand)
    at = data.draw(st.integers(0, len(policies)))
    together = decide([*policies[:at], Policy((deny,)), *policies[at:]], demand)
    assert together == (Decision.denied if alone == Decision.denied else decide(policies, demand))


@given(POLICIES, DEMANDS)
def test_without_an_allow_that_applies_nothing_is_allowed(policies, demand):
    applies = [
        one.allow
        for policy in policies
        for one in policy.statements
        if decide([Policy((one,))], demand) != "no policy allows it"
    ]
    expected = Decision.denied if False in applies else Decision.allowed if applies else Decision.not_allowed
    assert decide(policies, demand) == expected


@given(POLICIES, DEMANDS, st.data())
def test_less_is_never_more(policies, demand, data):
    """Taking an Allow away never allows what was refused, and never hides a denial."""
    allows = [(p, s) for p, policy in enumerate(policies) for s, one in enumerate(policy.statements) if one.allow]
    if not allows:
        return
    p, s = data.draw(st.sampled_from(allows))
    kept = tuple(one for number, one in enumerate(policies[p].statements) if number != s)
    fewer = [Policy(kept) if number == p else policy for number, policy in enumerate(policies)]
    before, after = decide(policies, demand), decide(fewer, demand)
    assert after == before or (before, after) == (Decision.allowed, Decision.not_allowed)


@given(
    st.sampled_from(["StringEquals", "StringLike", "StringEqualsIgnoreCase", "ArnLike"]),
    PATTERNS,
    st.lists(NAMES, max_size=3),
)
def test_a_negated_operator_is_the_opposite(operator, pattern, given_values):
    opposite = (
        operator.replace("Equals", "NotEquals", 1) if "Equals" in operator else operator.replace("Like", "NotLike")
    )
    context = {"a:k": tuple(given_values)}
    one, other = Condition(operator, "a:K", (pattern,)), Condition(opposite, "a:K", (pattern,))
    assert holds(one, context, True) != holds(other, context, True)


@given(CONDITIONS, CONTEXTS)
def test_if_exists_adds_only_the_absent_key(condition, context):
    base = condition.operator.removesuffix("IfExists")
    absent = not context.get(condition.key.lower())
    lenient = holds(Condition(f"{base}IfExists", condition.key, condition.values), context, True)
    assert lenient == (absent or holds(Condition(base, condition.key, condition.values), context, True))


@pytest.mark.parametrize(
    ("operator", "values", "has", "expected"),
    [
        ("Null", ["true"], [], True),
        ("Null", ["true"], ["x"], False),
        ("Null", ["false"], ["x"], True),
        ("Bool", ["true"], ["true"], True),
        ("Bool", ["true"], [], False),
        ("ForAllValues:StringEquals", ["a", "b"], ["a"], True),
        ("ForAllValues:StringEquals", ["a", "b"], ["a", "c"], False),
        ("ForAllValues:StringEquals", ["a"], [], True),
        ("ForAnyValue:StringEquals", ["a", "b"], ["c", "a"], True),
        ("ForAnyValue:StringEquals", ["a"], [], False),
        ("ForAnyValue:StringLike", ["a*"], ["b", "ab"], True),
        ("ForAllValues:StringNotEquals", ["a"], ["b", "a"], False),
        ("NumericLessThan", ["10"], ["9"], True),
        ("NumericLessThan", ["10"], ["ten"], False),
        ("DateGreaterThan", ["2026-01-01T00:00:00Z"], ["2026-01-01T00:00:01Z"], True),
        ("StringEquals", ["a*"], ["ab"], False),
    ],
)
def test_operators(operator, values, has, expected):
    assert holds(Condition(operator, "a:k", tuple(values)), {"a:k": tuple(has)}, True) is expected


def policy(**more):
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*", **more}]}


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("{", "invalid Json"),
        ('{"Version": "2012-10-17", "Version": "2012-10-17", "Statement": []}', "invalid Json"),
        (json.dumps(policy(Effect="allow")), "Syntax"),
        (json.dumps(policy(Extra=1)), "Syntax"),
        (json.dumps(policy(NotAction="s3:*")), "Syntax"),
        (json.dumps(policy(Action=[])), "must contain actions"),
        (json.dumps(policy(Resource=[])), "must contain resources"),
        (json.dumps(policy(Action="GetObject")), "prefaced by a vendor"),
        (json.dumps(policy(Resource="bucket")), "ARN format"),
        (json.dumps(policy(Principal="*")), "principal"),
        (json.dumps(policy(Sid="a b")), "SID"),
        (json.dumps(policy(Condition={"StringSame": {"aws:k": "v"}})), "Invalid Condition type"),
        (json.dumps({"Version": "2026-01-01", "Statement": policy()["Statement"]}), "Syntax"),
        (json.dumps({"Statement": [policy(Sid="A")["Statement"][0]] * 2}), "unique"),
    ],
)
def test_malformed_policies(document, message):
    with pytest.raises(AwsError, match=message) as refused:
        read(document)
    assert refused.value.code == "MalformedPolicyDocumentException"


def test_trust_policies_have_principals_and_no_resources():
    good = {"Effect": "Allow", "Principal": {"Federated": "arn:x"}, "Action": "sts:AssumeRoleWithWebIdentity"}
    assert read(json.dumps({"Statement": good}), Use.trust).statements[0].principals == (("Federated", "arn:x"),)
    for bad in ({"Resource": "*"}, {"Principal": {"Somebody": "x"}}, {"Principal": None}):
        with pytest.raises(AwsError, match=r"Resource|rincipal"):
            read(json.dumps({"Statement": {**good, **bad}}), Use.trust)


def test_the_old_version_knows_no_variables():
    for version, expected in (("2012-10-17", Decision.allowed), ("2008-10-17", Decision.not_allowed)):
        text = json.dumps({**policy(Resource="arn:aws:s3:::${aws:PrincipalTag/team}/*"), "Version": version})
        demand = Demand("s3:GetObject", "arn:aws:s3:::red/x", {"aws:principaltag/team": ("red",)})
        assert decide([read(text)], demand) == expected
