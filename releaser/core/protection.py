"""Whether what records rest on is protected in GitLab: the branches, the tags. Pure.

Of several rules that cover a name the most permissive counts (docs.gitlab.com: protected branches).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

MAINTAINERS = 40
"""GitLab's level of the role."""


@dataclass(frozen=True, slots=True)
class Writer:
    """Who may push or create: everybody from a role's level on (0: nobody), or one person or group by number."""

    level: int
    said: str
    """GitLab's own words."""
    user: int = 0
    group: int = 0

    @property
    def is_role(self) -> bool:
        return not self.user and not self.group


@dataclass(frozen=True, slots=True)
class Actor:
    """Whose token it is, with the level of the role in the project."""

    user: int
    level: int
    name: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule for branches or tags."""

    pattern: str
    writers: tuple[Writer, ...]
    can_force: bool = False

    def covers(self, name: str) -> bool:
        """By GitLab's one wildcard, which stands for slashes too."""
        return re.fullmatch(".*".join(map(re.escape, self.pattern.split("*"))), name, re.DOTALL) is not None


@dataclass(frozen=True, slots=True)
class Protection:
    """What the rules say of one name. ``writers``: none where nobody may write."""

    is_protected: bool
    can_force: bool
    writers: frozenset[Writer]

    @property
    def who(self) -> str:
        """Who may write, in words."""
        return " and ".join(sorted({writer.said for writer in self.writers}))

    @property
    def is_for_developers(self) -> bool:
        """Whether a role below maintainers may write."""
        return any(writer.is_role and writer.level < MAINTAINERS for writer in self.writers)

    def lets(self, actor: Actor) -> bool | None:
        """Whether somebody may write here; None where it depends on who is in a group."""
        if any(w.user == actor.user if w.user else w.is_role and actor.level >= w.level for w in self.writers):
            return True
        return None if any(writer.group for writer in self.writers) else False


def protection(name: str, rules: Iterable[Rule]) -> Protection:
    """Of a branch or tag."""
    ours = [rule for rule in rules if rule.covers(name)]
    writers = (writer for rule in ours for writer in rule.writers if writer.level or not writer.is_role)
    return Protection(bool(ours), any(rule.can_force for rule in ours), frozenset(writers))
