"""The commands under one name, and the one place where exceptions become exit codes."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer
from typer.core import TyperGroup

from releaser.cli import (
    adopt,
    apply,
    audit,
    bom,
    comment,
    dataset,
    doctor,
    drift,
    evaluate,
    evidence,
    explain,
    gate,
    gc,
    history,
    iam,
    notes,
    pin,
    plan,
    promote,
    publish,
    reconcile,
    records,
    release,
    render,
    retire,
    rollback,
    sandbox,
    schema,
    site,
    sources,
    status,
    validate,
)


class Cancelled(Exception):
    """Ctrl-C, with what to say; typer itself would end in silence."""


class Commands(TyperGroup):
    """The commands; an interruption that nothing below dealt with is told in one line."""

    def invoke(self, ctx: typer.Context) -> object:  # type: ignore[override]
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise Cancelled(_LEFT.get(ctx.invoked_subcommand or "", "nothing was written")) from None


_LEFT = {
    # Ctrl-C while steps run never gets here: they are finished and recorded.
    "apply": "no step was running; `releaser status` shows where it stands",
    "reconcile": "no step was running; `releaser status` shows where it stands",
    "rollback": "no step was running; the same command again goes on from there",
    "evaluate": "what was answered is kept; the same command again goes on from there",
    "demo": "its folder in the temporary folder may be left",
    "sandbox": "`releaser sandbox status` says whether it runs",
}

app = typer.Typer(
    name="releaser",
    cls=Commands,
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
app.command()(doctor.doctor)
app.command()(drift.drift)
app.command()(status.status)
app.command()(pin.pin)
app.command()(sources.sources)
app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(adopt.adopt)
app.command()(evaluate.evaluate)
app.command()(gate.gate)
app.command()(reconcile.reconcile)
app.command()(notes.notes)
app.command()(release.release)
app.command()(promote.promote)
app.command()(rollback.rollback)
app.command()(retire.retire)
app.command()(publish.publish)
app.command()(comment.comment)
app.command()(site.site)
app.command()(gc.gc)
app.command()(bom.bom)
app.add_typer(history.app, name="history", short_help="What was live when, and what callers get.")
app.add_typer(records.app, name="records")
app.add_typer(dataset.app, name="dataset")
app.add_typer(audit.app, name="audit")
app.add_typer(evidence.app, name="evidence")
app.add_typer(iam.app, name="iam")
app.add_typer(sandbox.app, name="sandbox")


@app.command()
def demo(
    keep: bool = typer.Option(False, "--keep", help="Leave the sandbox and the repository for a look around."),
) -> None:
    """The guided first run: four use cases from manifest to release, on the embedded sandbox.

    Needs no account and no network, and leaves nothing behind.

    Examples: releaser demo | releaser demo --keep
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
    code = _run(arguments)
    failure = _undelivered()
    if failure is None:
        return code
    if not isinstance(failure, BrokenPipeError):
        complain(_as_releaser_error(failure))
    return code or 1


def _run(arguments: Sequence[str]) -> int:
    from releaser.core.errors import ReleaserError

    try:
        code = app(args=list(arguments), prog_name="releaser", standalone_mode=False)
    except typer.Exit as leaving:
        return leaving.exit_code
    except Cancelled as cancelled:
        complain_of(f"interrupted: {cancelled}")
        return INTERRUPTED
    except (typer.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except typer.TyperException as wrong:
        _usage(wrong)
        return USAGE
    except BrokenPipeError:
        _undelivered()
        return 1
    except ReleaserError as error:
        complain(error)
        return error.exit_code
    except OSError as error:
        _undelivered()
        complain(_as_releaser_error(error))
        return 1
    return code if isinstance(code, int) else 0


def _undelivered() -> OSError | None:
    """Why what was printed could not be: a full disk, a reader that left. The rest then goes nowhere, also at exit."""
    try:
        sys.stdout.flush()
    except OSError as error:
        from releaser.render.console import silence

        silence(sys.stdout)
        return error
    return None


def complain(error: BaseException) -> None:
    """One error as people read it: code, what, and what to do."""
    code = getattr(error, "code", "")
    hint = getattr(error, "hint", "")
    complain_of(f"error[{code}]: {error}" if code else f"error: {error}", *([f"  hint: {hint}"] if hint else []))


def complain_of(*lines: str) -> None:
    """Lines on stderr, whether or not somebody still reads it."""
    from releaser.render.escape import safe

    try:
        for line in lines:
            typer.echo(safe(line), err=True)
    except OSError:
        from releaser.render.console import silence

        silence(sys.stderr)


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
