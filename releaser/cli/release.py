"""``releaser release``: give merged content its number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from releaser.cli.options import Output, OutputFormat, Root, UseCases

if TYPE_CHECKING:
    from collections.abc import Mapping

    from releaser import wiring
    from releaser.core.workspace import UseCaseFiles
    from releaser.engine.compile import ReleaseName

FORMAT = "releaser.release/v1"


def release(
    use_cases: UseCases = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be cut, and cut nothing.")] = False,
    output: OutputFormat = Output.text,
    root: Root = None,
) -> None:
    """Cut a release tag for each use case whose content is new at HEAD; what reconcile does first.

    The tag's message says what changes. Content that has a release keeps it: the same command again does nothing.
    Examples: releaser release | releaser release claims-assistant --dry-run
    """
    from releaser import wiring
    from releaser.engine.compile import ReleaseName
    from releaser.pipeline import cutting, work
    from releaser.pipeline.superseded import superseded
    from releaser.pipeline.telling import say

    repo = wiring.repository(root)
    if not dry_run and (overtaken := superseded(repo)):
        say(overtaken)
        return
    work.sync(repo, offline=dry_run)
    commit = repo.git.head()
    files = _content(repo, commit, use_cases or ())
    before = wiring.predicted(files, repo.tags.known(), dirty=False)
    known = {(n, t.release) for n, tags in repo.tags.known().items() for t in tags}
    if not dry_run:
        _refuse_unmerged(repo, commit)
        tags = cutting.cut(repo, files, commit)
        before = {n: ReleaseName(t.release, t.digest) for n, t in tags.items()}
    fresh = {n for n, found in before.items() if (n, found.name) not in known}
    _show(before, fresh, output, "would be cut" if dry_run else "cut")


def _refuse_unmerged(repo: wiring.Repository, commit: str) -> None:
    """Only what was merged gets a number; a repository without a remote has one engineer."""
    from releaser.pipeline import branch

    default = branch.default_branch(repo)
    if default is not None:
        branch.refuse_elsewhere(repo, commit, default, f"releases are cut on {default}", plan="ENVIRONMENT")


def _content(repo: wiring.Repository, commit: str, only: list[str] | tuple[str, ...]) -> dict[str, UseCaseFiles]:
    """The use cases of a commit. Raises ReleaserError for one that no environment could take, WrongUsage for one that
    is not there."""
    from releaser.core.errors import ReleaserError, WrongUsage
    from releaser.core.suggest import did_you_mean
    from releaser.core.validate import validate_use_case
    from releaser.kinds import registry
    from releaser.kinds.models import model

    workspace = repo.load(repo.at(commit))
    for name in sorted(set(only) - workspace.use_cases.keys()):
        hint = did_you_mean(name, workspace.use_cases) or "a use case is a folder of manifests/ that is committed"
        raise WrongUsage(f"no use case {name}", code="P102", hint=hint)
    files = {n: f for n, f in workspace.use_cases.items() if not only or n in only}
    wrong = [d for d in workspace.diagnostics if d.path.startswith("manifests/") and not only]
    wrong += [d for f in files.values() for d in validate_use_case(f, registry(), model, {}).diagnostics]
    for found in (d for d in wrong if d.severity == "error"):
        raise ReleaserError(
            f"{found.path}:{found.line}:{found.column}: {found.message}",
            code=found.code,
            hint="`releaser validate` shows all problems with their lines",
        )
    return files


def _show(releases: Mapping[str, ReleaseName], fresh: set[str], output: Output, verb: str) -> None:
    import json

    rows = [
        {"useCase": n, "release": r.name, "releaseDigest": r.digest, "isNew": n in fresh}
        for n, r in sorted(releases.items())
    ]
    if output is Output.json:
        typer.echo(json.dumps({"format": FORMAT, "releases": rows}, indent=2))
        return
    for row in rows:
        said = verb if row["isNew"] else "as before"
        text = f"{row['useCase']} {row['release']}", f"sha256:{str(row['releaseDigest'])[:12]}", said
        typer.echo(f"- {text[0]}, {text[1]}: {text[2]}" if output is Output.markdown else "  ".join(text))
    if not rows:
        typer.echo("no use case is committed here", err=True)
