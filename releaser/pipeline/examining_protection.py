"""Whether the branches and tags that records rest on are protected, and whether the one who pushes may write there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from releaser.core.checkup import Check
from releaser.core.protection import Actor, Protection, Rule, Writer, protection
from releaser.gitlab.api import Api
from releaser.gitlab.protections import Access, protected_branches, protected_tags

_PUSHER = "the user of the token that the pipeline pushes with, and nobody else"


def branches(api: Api, default: str, pusher: Actor | None) -> Iterator[Check]:
    """The branch of records, and the one that is reviewed. ``pusher``: None where it is not known."""
    rows = protected_branches(api)
    rules = [Rule(row.name, _writers(row.push), row.allows_force_push) for row in rows]
    records, reviewed = protection("releases", rules), protection(default, rules)
    yield _forced("`releases`", records) or _pushed("the branch `releases`", "branches", records, pusher)
    yield _forced(f"`{default}`", reviewed) or _reviewed(default, reviewed)


def tags(api: Api, use_cases: Sequence[str], pusher: Actor | None) -> Iterator[Check]:
    """Release tags of each use case: the first that is not as it should be is told."""
    rules = [Rule(row.name, _writers(row.create)) for row in protected_tags(api)]
    names = [f"{name}/r1" for name in use_cases or ["use-case"]]
    found = [(name, protection(name, rules)) for name in names]
    for name, one in found:
        check = _pushed(f"the release tags, as {name},", "tags", one, pusher)
        if check.state == "problem":
            yield check
            return
    who = " and ".join(sorted({one.who for _, one in found}))
    yield Check("tags", "ok", f"release tags are protected; {who} may create them")


def _writers(entries: Sequence[Access]) -> tuple[Writer, ...]:
    return tuple(Writer(a.level, a.said, a.user, a.group) for a in entries)


def _forced(name: str, found: Protection) -> Check | None:
    """What is wrong with any branch."""
    if not found.is_protected:
        return Check("branches", "problem", f"the branch {name} is not protected", "protect it: no force push")
    if found.can_force:
        said = f"the branch {name} may be force-pushed: what it holds can be taken away"
        return Check("branches", "problem", said, "turn off `Allowed to force push` in every rule that covers it")
    return None


def _reviewed(default: str, found: Protection) -> Check:
    if found.is_for_developers:
        said = f"the branch `{default}` may be pushed to by {found.who}, past review"
        return Check("branches", "problem", said, "allow nobody to push there: merge requests are what is reviewed")
    said = f"protected; {found.who} may push past review" if found.writers else "changed by merge requests only"
    return Check("branches", "ok", f"the branch `{default}` is {said}")


def _pushed(name: str, area: str, found: Protection, pusher: Actor | None) -> Check:
    """What the pipeline writes: nobody else should, and it must be able to."""
    if not found.is_protected:
        return Check(area, "problem", f"{name} are not protected", f"protect `*/r*`; allowed to create: {_PUSHER}")
    if not found.writers:
        return Check(area, "problem", f"{name} can be written by nobody", f"allow {_PUSHER}")
    if pusher and found.lets(pusher) is False:
        return Check(area, "problem", f"{name} can be written by {found.who}: not by {pusher.name}", f"allow {_PUSHER}")
    return Check(area, "ok", f"{name} is protected; {found.who} may push")
