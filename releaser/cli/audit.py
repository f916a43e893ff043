"""``releaser audit``: what an auditor asks. ``verify`` proves the records, offline or against the account."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from releaser.cli.options import Output, OutputFormat, Root

app = typer.Typer(
    help="Prove the records.",
    epilog="Example: releaser audit verify -e prod",
    rich_markup_mode=None,
    no_args_is_help=True,
)


@app.callback()
def audit() -> None:
    """Prove the records."""


@app.command()
def verify(
    environment: Annotated[
        str | None, typer.Option("--environment", "-e", help="Also compare the account of this environment.")
    ] = None,
    signers: Annotated[
        Path | None,
        typer.Option("--allowed-signers", metavar="FILE", help="Who may sign; default: .releaser/allowed_signers."),
    ] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Do not ask the git remote, nor S3 or KMS.")] = False,
    output: OutputFormat = Output.text,
    root: Root = None,
) -> None:
    """Prove that the records are whole, unchanged and true; name the place of everything that is not.

    Looked at: the chain of every sequence; every commit of the branch (it only adds, names a digest of what it adds);
    signatures; release tags; the digest of every release, recomputed from git; notes; evidence; anchors. With -e also
    the live account, every resource read. Ends with 1 when anything is wrong.
    Example: releaser audit verify -e prod --output json
    """
    from releaser.cli import verifying
    from releaser.render.audit import proof_json, proof_markdown, proof_text

    proof = verifying.proof_of(root, signers.read_bytes() if signers else None, offline=offline)
    if environment:
        verifying.against_account(proof, root, environment)
    shown = {Output.json: proof_json, Output.markdown: proof_markdown, Output.text: proof_text}[output](proof)
    typer.echo(shown, nl=False)
    raise typer.Exit(1 if proof.problems else 0)
