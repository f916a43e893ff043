"""Who must agree to a change, who did, and what is missing. Pure.

Whoever made a change is never counted: not as the author, not as one who committed to it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from releaser.core.change_facts import is_maker
from releaser.core.environment import ApprovalRule
from releaser.core.plan import Risk


@dataclass(frozen=True, slots=True)
class Asked:
    """One rule with the people that it means. ``people``: names in lower case; None: anybody.

    ``unchecked``: what it names and nobody could look up, as ``group finance``.
    """

    count: int
    risk: Risk
    people: frozenset[str] | None = None
    unchecked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lacking:
    """A rule that is not met. ``by``: who agreed and counts; ``own``: who agreed and made the change."""

    asked: Asked
    by: tuple[str, ...]
    own: tuple[str, ...]

    @property
    def missing(self) -> int:
        return self.asked.count - len(self.by)


def rules_for(rules: Mapping[str, ApprovalRule], risk: Risk) -> list[tuple[Risk, ApprovalRule]]:
    """What a class of change needs: its own rule, and those of the lesser classes. A worse change never needs less."""
    order = list(Risk)
    return [(r, rules[r.value]) for r in order[: order.index(risk) + 1] if r.value in rules]


def asked_of(
    risk: Risk,
    rule: ApprovalRule,
    groups: Mapping[str, Iterable[str] | None],
    owners: Mapping[str, Iterable[str] | None],
) -> Asked:
    """The rule with its people. ``groups``, ``owners``: name -> people, None where they could not be looked up."""
    named = [("group", name, groups.get(name)) for name in rule.groups]
    named += [("section", name, owners.get(name)) for name in rule.codeowners]
    if not (rule.users or named):
        return Asked(rule.count, risk)
    people = [*rule.users, *(who for _, _, found in named for who in found or ())]
    unchecked = tuple(f"{what} {name}" for what, name, found in named if found is None)
    return Asked(rule.count, risk, frozenset(map(str.casefold, people)), unchecked)


def lacking(asked: Iterable[Asked], given: Iterable[str], made_by: Collection[str]) -> list[Lacking]:
    """The rules that are not met. ``given``: who agreed; ``made_by``: names and mail addresses."""
    agreed = {who.casefold() for who in given}
    own = {who for who in agreed if is_maker(who, made_by)}
    found = []
    for one in asked:
        by = agreed - own if one.people is None else (agreed - own) & one.people
        if len(by) < one.count:
            found.append(Lacking(one, tuple(sorted(by)), tuple(sorted(own))))
    return found
