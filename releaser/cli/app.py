"""The commands under one name, and the one place where exceptions become exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import typer

from releaser.cli import apply, drift, explain, history, plan, reconcile, render, sandbox, schema, status, validate

app = typer.Typer(
    name="releaser",
    help="A GitOps release manager for Amazon Bedrock: what was reviewed is what is live, and git can prove it.",
    epilog="Start with: releaser demo",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.command()(validate.validate)
app.command()(render.render)
app.command()(explain.explain)
app.command()(schema.schema)
app.command()(plan.plan)
app.command()(apply.apply)
app.command()(drift.drift)
app.command()(status.status)
app.command()(reconcile.reconcile)
app.command()(history.history)
app.add_typer(sandbox.app, name="sandbox")


@app.command()
def demo(
    keep: bool = typer.Option(False, "--keep", help="Leave the sandbox and the repository for a look around."),
) -> None:
    """The guided first run: three use cases from manifest to release, on the embedded sandbox.

    Needs no account and no network, and leaves nothing behind.
    """
    from releaser.cli.demo import run as run_demo

    raise typer.Exit(run_demo(keep=keep))


@app.callback(invoke_without_command=True)
def top(
    version: bool = typer.Option(False, "--version", help="Print the version and stop."),
) -> None:
    if version:
        from releaser import __version__

        typer.echo(f"releaser {__version__}")
        raise typer.Exit


USAGE = 64
INTERRUPTED = 130


def run(arguments: Sequence[str]) -> int:
    """The exit code of a command line. Expected failures are one message on stderr, never a traceback."""
    from releaser.core.errors import ReleaserError

    try:
        code = app(args=list(arguments), prog_name="releaser", standalone_mode=False)
        sys.stdout.flush()
    except typer.Exit as leaving:
        return leaving.exit_code
    except typer.Abort:
        return INTERRUPTED
    except KeyboardInterrupt:
        return INTERRUPTED
    except typer.TyperException as wrong:
        _usage(wrong)
        return USAGE
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except ReleaserError as error:
        complain(error)
        return error.exit_code
    except OSError as error:
        complain(_as_releaser_error(error))
        return 1
    return code if isinstance(code, int) else 0


def complain(error: BaseException) -> None:
    """One error as people read it: code, what, and what to do."""
    from releaser.render.escape import safe

    code = getattr(error, "code", "")
    hint = getattr(error, "hint", "")
    typer.echo(f"error[{code}]: {safe(str(error))}" if code else f"error: {safe(str(error))}", err=True)
    if hint:
        typer.echo(f"  hint: {safe(hint)}", err=True)


def _usage(wrong: typer.TyperException) -> None:
    show = getattr(wrong, "show", None)
    if show is not None:
        show()
    else:
        typer.echo(f"Error: {wrong.format_message()}", err=True)


def _as_releaser_error(error: OSError) -> BaseException:
    from releaser.core.errors import ReleaserError

    where = f"{error.filename}: " if error.filename else ""
    return ReleaserError(
        f"{where}{error.strerror or error}", code="R001", hint="free the disk or fix the path, then run again"
    )
