"""What rules for branches and tags say of a name: laws."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releaser.core.protection import Rule, protection

PATTERNS = st.text("ab/*.", min_size=1, max_size=6)
LEVELS = st.sampled_from([0, 30, 40])
RULES = st.builds(Rule, PATTERNS, st.lists(st.tuples(LEVELS, st.text("xyz", max_size=2))).map(tuple), st.booleans())
NAMES = st.text("ab/.", min_size=1, max_size=6)


@pytest.mark.parametrize(
    ("pattern", "name", "covered"),
    [
        ("*/r*", "mail/r1", True),
        ("*/r*", "mail", False),
        ("*", "a/b", True),
        ("rel*", "releases", True),
        ("releases", "releases-2", False),
        ("r.leases", "releases", False),
        ("*s", "releases", True),
        ("mail/r*", "post/r1", False),
    ],
)
def test_what_a_wildcard_covers(pattern: str, name: str, covered: bool) -> None:
    assert Rule(pattern, ()).covers(name) is covered


@given(NAMES, st.lists(RULES, max_size=5), RULES)
def test_one_more_rule_protects_and_never_forbids(name: str, rules: list[Rule], one: Rule) -> None:
    before, after = protection(name, rules), protection(name, [*rules, one])
    assert after.is_protected >= before.is_protected
    assert after.can_force >= before.can_force
    assert set(after.who) >= set(before.who)
    assert before.level == 0 or 0 < after.level <= before.level
    if not one.covers(name):
        assert before == after


@given(NAMES, st.lists(RULES, max_size=5).flatmap(lambda rules: st.tuples(st.just(rules), st.permutations(rules))))
def test_the_order_of_rules_says_nothing(name: str, both: tuple[list[Rule], list[Rule]]) -> None:
    assert protection(name, both[0]) == protection(name, both[1])
