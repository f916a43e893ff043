"""Which merge brought a use case where it is, who made it and who agreed: read from the branch's own commits.

GitLab's default merge message ends with ``See merge request group/project!12``; a project's template may add
``Approved-by`` and other trailers (docs.gitlab.com: commit message templates). In the pipeline of the default branch
there are no ``CI_MERGE_REQUEST_*`` variables (docs.gitlab.com: predefined variables), so the commit is what tells.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from releaser.core.change_facts import ChangeFacts, Signed, change_of
from releaser.core.errors import ReleaserError
from releaser.core.proof.objects import text_of
from releaser.store.git import Git

_MERGES = 300
"""So many merges are looked through for the one that touched a use case."""
_COMMITS = 1000
"""So many commits of one merge are asked for their authors."""


def changes_of(git: Git, head: str, environment: str, use_cases: Collection[str]) -> dict[str, ChangeFacts]:
    """By use case the newest change on ``head``'s own line of its manifest, its pin, or the environment. A use case
    that no known merge touched is left out."""
    try:
        touching = _touching(git, head, environment, use_cases)
        told = {commit: _told(git, commit) for commit in set(touching.values())}
    except ReleaserError:
        return {}  # a clone that lacks them: what is not known is not told
    return {name: told[commit] for name, commit in touching.items()}


def _touching(git: Git, head: str, environment: str, use_cases: Collection[str]) -> dict[str, str]:
    settings = f"environments/{environment}"
    paths = [git.prefix + path for path in ("manifests", settings)]
    listed = git.run("rev-list", "--first-parent", "--parents", f"-n{_MERGES}", head, "--", *paths).text.splitlines()
    pairs = [" ".join(row.split()[:2]) for row in listed]
    if not pairs:
        return {}
    real = _true_parents(git, [pair.split()[0] for pair in pairs])
    send = "".join(f"{commit} {parent}".strip() + "\n" for commit, parent in real.items()).encode()
    out = git.run("diff-tree", "--stdin", "-r", "--root", "--name-only", "-z", send=send).out
    found: dict[str, str] = {}
    current = ""
    for row in out.decode("utf-8", "replace").split("\0"):
        if row.strip() in real:
            current = row.strip()
        else:
            for name in _meant(row.removeprefix(git.prefix), settings, use_cases):
                found.setdefault(name, current)
    return found


def _true_parents(git: Git, commits: Sequence[str]) -> dict[str, str]:
    """Commit -> its first parent; with paths given, git lists simplified parents."""
    texts = (text_of(item[1]) for item in git.objects(commits) if item is not None)
    return {c: next(iter(text.all("parent")), "") for c, text in zip(commits, texts, strict=True)}


def _meant(path: str, settings: str, use_cases: Collection[str]) -> Iterable[str]:
    if path == f"{settings}/environment.yaml":
        return use_cases
    parts = path.split("/")
    if parts[0] == "manifests" and len(parts) > 2:
        return {parts[1]} & set(use_cases)
    pin = path.removeprefix(f"{settings}/releases/").removesuffix(".yaml")
    return {pin} & set(use_cases)


def _told(git: Git, commit: str) -> ChangeFacts:
    item = git.objects([commit])[0]
    text = text_of(item[1] if item else b"")
    parents = text.all("parent")
    below = makers(git, parents) if len(parents) > 1 else [Signed.of(text)]
    return change_of(commit, text, below, _servers(git.environ))


def makers(git: Git, parents: Sequence[str], without: Collection[str] = ()) -> list[Signed]:
    """Who made the commits that a merge brought, oldest first; ``without`` those that change nothing."""
    listed = git.run("rev-list", "--reverse", f"-n{_COMMITS}", parents[1], f"^{parents[0]}").text.split()
    found = git.objects([oid for oid in listed if oid not in without])
    return [Signed.of(text_of(item[1])) for item in found if item is not None]


def _servers(environ: Mapping[str, str]) -> str:
    return environ.get("CI_SERVER_URL", "").rstrip("/")
