"""Whether what records rest on is protected in GitLab: the branches, the tags. Pure.

Of several rules that cover a name the most permissive counts (docs.gitlab.com: protected branches).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

DEVELOPERS, MAINTAINERS = 30, 40
"""GitLab's levels of the roles."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule for branches or tags. ``who``: each one who may push or create, by level (0: nobody) and in words."""

    pattern: str
    who: tuple[tuple[int, str], ...]
    can_force: bool = False

    def covers(self, name: str) -> bool:
        """By GitLab's one wildcard, which stands for slashes too."""
        return re.fullmatch(".*".join(map(re.escape, self.pattern.split("*"))), name, re.DOTALL) is not None


@dataclass(frozen=True, slots=True)
class Protection:
    """What the rules say of one name."""

    is_protected: bool
    can_force: bool
    level: int
    """The lowest role that may write; 0: nobody may."""
    who: tuple[str, ...]


def protection(name: str, rules: Iterable[Rule]) -> Protection:
    """Of a branch or tag."""
    ours = [rule for rule in rules if rule.covers(name)]
    may = [(level, said) for rule in ours for level, said in rule.who if level]
    return Protection(
        bool(ours),
        any(rule.can_force for rule in ours),
        min((level for level, _ in may), default=0),
        tuple(sorted({said for _, said in may})),
    )
