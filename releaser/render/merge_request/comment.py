"""The comment as GitLab's Markdown, short enough to be read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from releaser.core.reviewed import Reviewed, line, marker
from releaser.render.document_markdown import markdown
from releaser.render.escape import code, html
from releaser.render.merge_request.facts import Situation
from releaser.render.merge_request.view import Section, sections
from releaser.render.words import counted

LARGEST = 60_000
"""Characters; GitLab takes 1,000,000, and nobody reads them."""
_ADDRESS = re.compile(r"https?://[A-Za-z0-9._~:/%-]+")


def comment(found: Situation, largest: int = LARGEST) -> str:
    """The whole of it: what is too long is left out by whole sections, the longest first."""
    plan = found.plan
    digests = {u.name: u.change_digest for u in plan.use_cases} if plan else {}
    first = [marker(found.environment), line(Reviewed(found.head, digests))] if plan else [marker(found.environment)]
    start = "\n".join([*first, "", f"### Release to {code(found.environment)}", "", ""])
    parts = [(section, _printed(section)) for section in sections(found) if section.blocks]
    left: list[str] = []
    while _length(parts) + len(start) + len(_end(found, left)) > largest:
        most = max((n for n, (s, _) in enumerate(parts) if not s.stays), key=lambda n: len(parts[n][1]), default=None)
        if most is None:
            most = max(range(1, len(parts)), key=lambda n: len(parts[n][1]), default=None)
        if most is None:
            break
        section, _ = parts.pop(most)
        left.append(section.title or "a table")
    return start + "\n".join(text for _, text in parts) + _end(found, left)


def _length(parts: Sequence[tuple[Section, str]]) -> int:
    return sum(len(text) + 1 for _, text in parts)


def _printed(section: Section) -> str:
    text = markdown(section.blocks)
    if not section.title:
        return text
    # Markdown is read between the tags only where blank lines stand around it.
    return f"<details>\n<summary>{html(section.title)}</summary>\n\n{text}\n</details>\n"


def _end(found: Situation, left: Iterable[str]) -> str:
    names = list(left)
    where = (
        f"[the job's files]({found.artifacts})" if _ADDRESS.fullmatch(found.artifacts) else code(found.folder or ".")
    )
    if names:
        return (
            f"\nLeft out, because this would be too long: {counted(len(names), 'section')}. The whole is in {where}.\n"
        )
    return f"\nPlan, judgements and evidence: {where}.\n"
