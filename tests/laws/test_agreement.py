"""Laws of who agreed: another approval never makes it worse, makers never count, order does not matter."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from releaser.core.approvals import asked_of, lacking, rules_for
from releaser.core.change_facts import is_maker
from releaser.core.environment import ApprovalRule
from releaser.core.plan import Risk

PEOPLE = ["ana", "bo", "cy", "dana", "eli"]
NAMES = st.lists(st.sampled_from(PEOPLE), max_size=4)
SOME = st.lists(st.sampled_from(PEOPLE), max_size=3).map(tuple)
FOUND = st.dictionaries(st.sampled_from(["g", "h"]), st.none() | SOME)
RULES = st.builds(
    ApprovalRule,
    count=st.integers(1, 3),
    users=SOME,
    groups=st.lists(st.sampled_from(["g", "h"]), max_size=2, unique=True).map(tuple),
    codeowners=st.lists(st.sampled_from(["g", "h"]), max_size=1).map(tuple),
)
RISKS = st.sampled_from([Risk.COSMETIC, Risk.BEHAVIOURAL, Risk.WEAKENING, Risk.DESTRUCTIVE])
ASKED = st.lists(st.builds(asked_of, RISKS, RULES, FOUND, FOUND), min_size=1, max_size=3)


@given(ASKED, NAMES, NAMES, st.sampled_from(PEOPLE))
def test_another_approval_never_makes_it_worse(asked, agreed, made, one) -> None:  # type: ignore[no-untyped-def]
    before, after = lacking(asked, agreed, made), lacking(asked, [*agreed, one], made)
    assert {lack.asked for lack in after} <= {lack.asked for lack in before}
    assert sum(lack.missing for lack in after) <= sum(lack.missing for lack in before)


@given(ASKED, NAMES, NAMES)
def test_makers_never_count(asked, agreed, made) -> None:  # type: ignore[no-untyped-def]
    others = [who for who in agreed if who not in made]
    own = lacking(asked, agreed, made)
    assert [(x.asked, x.by) for x in own] == [(x.asked, x.by) for x in lacking(asked, others, made)]
    assert len(lacking(asked, made, made)) == len(asked), "those who made it alone never suffice"


@given(ASKED, NAMES, NAMES, st.randoms(use_true_random=False))
def test_neither_order_nor_saying_it_twice_matters(asked, agreed, made, random) -> None:  # type: ignore[no-untyped-def]
    other = [*agreed, *agreed]
    random.shuffle(other)
    assert lacking(asked, other, made[::-1]) == lacking(asked, agreed, made)
    assert lacking(asked, [who.upper() for who in agreed], made) == lacking(asked, agreed, made)


@given(RULES, FOUND)
def test_who_could_not_be_looked_up_is_named_and_nobody_by_that(rule: ApprovalRule, found) -> None:  # type: ignore[no-untyped-def]
    asked = asked_of(Risk.BEHAVIOURAL, rule, found, {})
    if not (rule.users or rule.groups or rule.codeowners):
        assert asked.people is None
        return
    assert len(asked.unchecked) == sum(found.get(g) is None for g in rule.groups) + len(rule.codeowners)
    assert asked.people is not None and asked.people >= set(rule.users)
    outsider = lacking([asked], ["zoe", "yan", "xia"], [])
    assert [lack.by for lack in outsider] == [()], "a rule with names is met by those people only"


@given(st.dictionaries(RISKS.map(lambda r: r.value), RULES), RISKS, RISKS)
def test_a_worse_change_never_needs_less(rules, one: Risk, other: Risk) -> None:  # type: ignore[no-untyped-def]
    order = list(Risk)
    better, worse = sorted([one, other], key=order.index)
    assert all(rule in rules_for(rules, worse) for rule in rules_for(rules, better))
    assert rules_for(rules, Risk.NONE) == []


def test_a_name_is_that_of_an_address() -> None:
    made = ["Dana@Example.com", "4711-bo.li@users.noreply.gitlab.com", "eli"]
    assert [is_maker(who, made) for who in ("dana", "bo.li", "ELI", "dana@example.com")] == [True] * 4
    assert [is_maker(who, made) for who in ("ana", "bo", "dana@other.org", "example.com", "")] == [False] * 5
