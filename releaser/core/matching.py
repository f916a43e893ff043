"""Which resources of several environments are one entry, and what it is called. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

Key = tuple[str, str]
"""Kind, and the name without what tells environments apart; or a choice that was given for each environment."""


def plain_name(name: str, environments: Iterable[str]) -> str:
    """A live name without the environment's: ``claims-prod-answer`` and ``claims-dev-answer`` are one."""
    for environment in sorted(environments, key=len, reverse=True):
        name = re.sub(rf"(^|[^A-Za-z0-9]){re.escape(environment)}($|[^A-Za-z0-9])", r"\1\2", name, flags=re.IGNORECASE)
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")


def entry_names(keys: Iterable[Key], use_case: str) -> dict[Key, str]:
    """Entry names: what is left of the live name without the use case's, ``main`` for nothing, unique by kind."""
    found: dict[Key, str] = {}
    taken: set[Key] = set()
    for kind, name in sorted(keys):
        short = re.sub(rf"^{re.escape(use_case)}(-|$)", "", name, flags=re.IGNORECASE) or "main"
        short = re.sub(r"^[^A-Za-z]+", "", short)[:40].strip("-") or "main"
        choices = [short, *(f"{short[:36]}-{n}" for n in range(2, 1000))]
        chosen = next(c for c in choices if (kind, c) not in taken)
        taken.add((kind, chosen))
        found[kind, name] = chosen
    return found


def use_case_name(text: str) -> str:
    """A text as a use case may be called: lower case, digits, hyphens; empty when nothing is left."""
    found = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    return re.sub(r"^[^a-z]+", "", found)[:40].strip("-")


def grouped_by_name(name: str, pattern: str, environments: Iterable[str]) -> str:
    """The use case in a live name: ``{use-case}`` in the pattern stands for it, ``*`` for anything. Empty: none."""
    regex = re.escape(pattern).replace(r"\{use\-case\}", "(?P<found>.+?)").replace(r"\*", ".*")
    match = re.fullmatch(regex, name)
    return use_case_name(plain_name(match["found"], environments)) if match else ""


def spread(environments: Iterable[str], chosen: str) -> Mapping[str, str]:
    """``dev=ID1,prod=ID2`` by environment; one word for all of them."""
    if "=" not in chosen:
        return dict.fromkeys(environments, chosen)
    return {e.strip(): id_.strip() for e, _, id_ in (part.partition("=") for part in chosen.split(","))}
