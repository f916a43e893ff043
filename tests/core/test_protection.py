"""What rules for branches and tags say of a name: laws."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releaser.core.protection import Actor, Rule, Writer, protection

PATTERNS = st.text("ab/*.", min_size=1, max_size=6)
LEVELS = st.sampled_from([0, 30, 40])
WRITERS = st.one_of(
    st.builds(Writer, LEVELS, st.text("xyz", max_size=2)),
    st.builds(Writer, LEVELS, st.just("person"), user=st.integers(1, 3)),
    st.builds(Writer, LEVELS, st.just("group"), group=st.integers(1, 3)),
)
RULES = st.builds(Rule, PATTERNS, st.lists(WRITERS, max_size=3).map(tuple), st.booleans())
ACTORS = st.builds(Actor, st.integers(1, 4), st.sampled_from([0, 20, 30, 40, 50]), st.just("bot"))
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


@given(NAMES, st.lists(RULES, max_size=5), RULES, ACTORS)
def test_one_more_rule_protects_and_shuts_nobody_out(name: str, rules: list[Rule], one: Rule, actor: Actor) -> None:
    before, after = protection(name, rules), protection(name, [*rules, one])
    assert after.is_protected >= before.is_protected
    assert after.can_force >= before.can_force
    assert after.writers >= before.writers
    assert after.lets(actor) or not before.lets(actor)
    if not one.covers(name):
        assert before == after


@given(NAMES, st.lists(RULES, max_size=5), ACTORS)
def test_a_higher_role_is_let_in_where_a_lower_one_is(name: str, rules: list[Rule], actor: Actor) -> None:
    found = protection(name, rules)
    assert found.lets(replace(actor, level=50)) or not found.lets(actor)
    if found.lets(actor):
        assert found.writers and found.who is not None


def test_a_person_that_is_named_is_no_role_and_a_group_is_not_known() -> None:
    person, group, role = Writer(40, "dana", user=7), Writer(40, "managers", group=3), Writer(40, "Maintainers")
    mine, other = Actor(7, 30, "dana"), Actor(8, 50, "omar")
    for writers, expected in (
        ((person,), (True, False)),
        ((person, group), (True, None)),
        ((role,), (False, True)),
        ((Writer(0, "No one"),), (False, False)),
    ):
        found = protection("x", [Rule("x", writers)])
        assert (found.lets(mine), found.lets(other)) == expected


@given(NAMES, st.lists(RULES, max_size=5).flatmap(lambda rules: st.tuples(st.just(rules), st.permutations(rules))))
def test_the_order_of_rules_says_nothing(name: str, both: tuple[list[Rule], list[Rule]]) -> None:
    assert protection(name, both[0]) == protection(name, both[1])
