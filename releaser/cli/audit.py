"""``releaser audit``: what an auditor asks. ``verify`` proves the records, offline or against the account;
``export`` hands them over."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from releaser.cli import audit_export
from releaser.cli.options import Output, OutputFormat, Root

if TYPE_CHECKING:
    from releaser.core.verification import Proof

app = typer.Typer(
    help="Prove the records, and hand them over.",
    epilog="Example: releaser audit verify -e prod",
    rich_markup_mode=None,
    no_args_is_help=True,
)


@app.callback()
def audit() -> None:
    """Prove the records, and hand them over."""


app.command()(audit_export.export)


@app.command()
def verify(
    bundle: Annotated[
        Path | None, typer.Argument(metavar="[BUNDLE]", help="A bundle, or its folder, instead of the repository.")
    ] = None,
    environment: Annotated[
        str | None, typer.Option("--environment", "-e", help="Also compare the account of this environment.")
    ] = None,
    signers: Annotated[
        Path | None,
        typer.Option("--allowed-signers", metavar="FILE", help="Who may sign; default: .releaser/allowed_signers."),
    ] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Do not ask the git remote.")] = False,
    output: OutputFormat = Output.text,
    root: Root = None,
) -> None:
    """Prove that the records are whole, unchanged and true; name the place of everything that is not.

    Looked at: the chain of every sequence; every commit of the branch (it only adds, names a digest of what it adds);
    signatures; release tags; the digest of every release, recomputed from git; notes; evidence. With -e also its
    anchors, its evidence in S3, and the live account, every resource read. Ends with 1 when anything is wrong.
    Examples: releaser audit verify -e prod --output json | releaser audit verify q1.zip
    """
    from releaser.render.audit import proof_json, proof_markdown, proof_text

    allowed = signers.read_bytes() if signers else None
    proof = _of_bundle(bundle, environment, allowed) if bundle else _of_repository(root, environment, allowed, offline)
    shown = {Output.json: proof_json, Output.markdown: proof_markdown, Output.text: proof_text}[output](proof)
    typer.echo(shown, nl=False)
    raise typer.Exit(1 if proof.problems else 0)


def _of_bundle(bundle: Path, environment: str | None, allowed: bytes | None) -> Proof:
    from releaser.core.errors import WrongUsage
    from releaser.pipeline.verifying_bundle import proof_of_bundle

    if environment:
        raise WrongUsage("a bundle is proven by itself", hint="leave out -e, or the bundle")
    return proof_of_bundle(bundle, allowed)


def _of_repository(root: Path | None, environment: str | None, allowed: bytes | None, offline: bool) -> Proof:
    from releaser.pipeline import verifying

    proof = verifying.proof_of(root, allowed, offline=offline)
    if environment:
        verifying.against_account(proof, root, environment)
    return proof
