"""``releaser evidence``: what proves a release; and its erasure, when the law asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from releaser.cli.options import Root

if TYPE_CHECKING:
    from releaser.core.proof.evidence import NamedEvidence
    from releaser.wiring import Repository

app = typer.Typer(
    help="Evidence of releases: erase what must not be kept.",
    epilog='Example: releaser evidence erase s3://bucket/key --why "erasure request 17"',
    rich_markup_mode=None,
    no_args_is_help=True,
)


@app.callback()
def evidence() -> None:
    """Evidence of releases."""


@app.command()
def erase(
    which: Annotated[str, typer.Argument(metavar="WHICH", help="Its path on the branch, s3:// address, or sha256.")],
    why: Annotated[str, typer.Option("--why", help="Kept for ever: give a case number, never a name.")],
    root: Root = None,
) -> None:
    """Erase one piece of evidence and leave a tombstone: what it was by digest, who erased it, when, why.

    The chain stays valid. An object in S3 is deleted with its version. A file on the branch leaves the branch's files,
    but stays in git's history: evidence about persons belongs into S3 (`evidenceStore`).
    Example: releaser evidence erase prod/mail/0003-r2/evidence/3f1c...-plan.json --why "erasure request 17"
    """
    from releaser.core.errors import WrongUsage
    from releaser.pipeline.recorded import fetched
    from releaser.store.branch import ReleasesBranch
    from releaser.store.evidence import erase as entomb
    from releaser.store.evidence import find
    from releaser.store.ledger import Ledger
    from releaser.wiring import repository

    if len(why.strip()) < 4 or len(why) > 500:
        raise WrongUsage("say why, in 4 to 500 characters", code="G-evidence", hint='--why "erasure request 17"')
    repo = fetched(repository(root))
    branch = ReleasesBranch(repo.git, repo.remote, lambda: repo.clock.now().replace(microsecond=0), repo.clock.sleep)
    one, version = find(Ledger(repo.git, branch.tip()), which)
    if not one.is_here:
        _delete(repo, one, version)
    at = repo.clock.now().replace(microsecond=0)
    stone = entomb(branch, one, by=repo.actor(), why=why.strip(), at=at)
    typer.echo(f"erased; the tombstone is {stone}")
    if one.is_here:
        typer.echo("the bytes stay in the history of the branch `releases`; S3 forgets, git does not", err=True)


def _delete(repo: Repository, one: NamedEvidence, version: str) -> None:
    """Delete the version in S3, with the credentials of the environment that wrote it."""
    from releaser import wiring
    from releaser.core.errors import ReleaserError
    from releaser.store.evidence import split_uri

    environment = wiring.choose_environment(wiring.environments(repo.on_disk()), one.entry.split("/")[0])
    bucket, key = split_uri(one.uri)
    which = {"Bucket": bucket, "Key": key} | ({"VersionId": version} if version else {})
    connection = wiring.connection(environment, environment.spec.targets[0], repo.environ, read_only=False)
    try:
        connection.aws.call("s3", "DeleteObject", which)
    except ReleaserError as error:
        raise ReleaserError(
            f"{one.uri} was not deleted: {error}",
            code="G-erase",
            hint="under Object Lock a version stays until its date; then erase it again",
        ) from None
