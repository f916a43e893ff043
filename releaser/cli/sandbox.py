"""``releaser sandbox``: a Bedrock on this machine, for trying things out, tests and CI."""

from __future__ import annotations

import json
import shlex
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

if TYPE_CHECKING:
    from releaser.sandbox.process import Running

app = typer.Typer(
    no_args_is_help=True,
    help="A local Bedrock: one process on 127.0.0.1, no AWS account needed.",
    epilog='Example: releaser sandbox start --detach && eval "$(releaser sandbox env)"',
)

Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="DIR",
        envvar="RELEASER_SANDBOX_DATA",
        help="Where it keeps its state. Default: .releaser/sandbox below the current folder.",
    ),
]


class Output(StrEnum):
    """How a result is printed."""

    text = "text"
    json = "json"


DEFAULT = Path(".releaser") / "sandbox"


def _made(data: Path | None) -> Path:
    """The folder; the default one stands in a repository, beside files that are committed, and git passes it over."""
    folder = _folder(data)
    if data is None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".gitignore").write_text("*\n", encoding="utf-8")
    return folder


def _folder(data: Path | None) -> Path:
    return data if data is not None else DEFAULT


def _running(data: Path | None) -> Running:
    from releaser.sandbox.process import find

    folder = _folder(data)
    found = find(folder)
    if found is None:
        typer.echo(f"no sandbox is running on {folder}; start one with: releaser sandbox start --detach", err=True)
        raise typer.Exit(1)
    return found


def _is_address(url: str) -> bool:
    try:
        where = urlsplit(url)
        return where.scheme in ("http", "https") and bool(where.hostname) and where.port != 0
    except ValueError:
        return False


def _ready_line(running: Running) -> str:
    return f"sandbox ready on {running.url} (data {running.data})"


@app.command(epilog="Examples: releaser sandbox start --detach   |   releaser sandbox start --port 0 --time-scale 0")
def start(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 picks a free one and prints it.")
    ] = 4700,
    data: Data = None,
    time_scale: Annotated[
        float,
        typer.Option(
            min=0.0, help="1: delays and rate limits as on AWS. 0.1: ten times faster. 0: instant, no limits."
        ),
    ] = 1.0,
    detach: Annotated[bool, typer.Option("--detach", help="Return when it is ready; it goes on running.")] = False,
    llm_url: Annotated[
        str | None,
        typer.Option(
            "--llm-url",
            metavar="URL",
            help="Models answer from this OpenAI-compatible server. Without: with sentences of what they were given.",
        ),
    ] = None,
    llm_model: Annotated[
        str, typer.Option("--llm-model", metavar="NAME", help="The model's name there. Default: the Bedrock id.")
    ] = "",
) -> None:
    """Start the sandbox: in the foreground (stop with Ctrl-C), or detached."""
    from releaser.sandbox.process import CannotStart, run, start_detached
    from releaser.sandbox.upstream import Upstream

    if llm_url is not None and not _is_address(llm_url):
        typer.echo(f"--llm-url is an http or https address, not {llm_url!r}", err=True)
        raise typer.Exit(64)
    upstream = Upstream(llm_url, llm_model) if llm_url else None
    try:
        if detach:
            typer.echo(_ready_line(start_detached(port, _made(data), time_scale, upstream=upstream)))
        else:
            run(port, _made(data), time_scale, lambda running: typer.echo(_ready_line(running)), upstream=upstream)
    except CannotStart as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error


@app.command(epilog="Examples: releaser sandbox stop   |   releaser sandbox stop --data /tmp/sandbox")
def stop(data: Data = None) -> None:
    """Stop the sandbox of a data folder. What it holds stays on disk."""
    from releaser.sandbox.process import stop as stop_process

    running = _running(data)
    if not stop_process(running):
        typer.echo(f"the sandbox (pid {running.pid}) was asked to stop and has not stopped yet", err=True)
        raise typer.Exit(1)
    typer.echo(f"stopped (was {running.url}, pid {running.pid})")


@app.command(epilog="Examples: releaser sandbox status   |   releaser sandbox status --output json")
def status(
    data: Data = None,
    output: Annotated[Output, typer.Option("--output", help="text or json.")] = Output.text,
) -> None:
    """Say whether a sandbox runs on a data folder, where, and what it has seen (exit code 1: none runs)."""
    from releaser.sandbox.process import find

    folder = _folder(data)
    found = find(folder)
    if output is Output.json:
        more = found.admin.info() | {"url": found.url} if found else {"data": str(folder.resolve())}
        document = {"format": "releaser.sandbox-status/v1", "running": found is not None, **more}
        typer.echo(json.dumps(document, indent=2))
    elif found:
        info = found.admin.info()
        accounts = ", ".join(info["accounts"]) or "none yet"
        typer.echo(f"running on {found.url}, pid {found.pid}, time scale {info['timeScale']:g}")
        typer.echo(f"data {found.data}; {info['calls']} calls; accounts: {accounts}")
        typer.echo(f"models answer with {info['model']}")
    else:
        typer.echo(f"no sandbox is running on {folder}")
    if found is None:
        raise typer.Exit(1)


@app.command(epilog="Examples: releaser sandbox reset   |   releaser sandbox reset --account 222222222222")
def reset(
    data: Data = None,
    account: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Only this account. Without: everything, settings included."),
    ] = None,
) -> None:
    """Forget resources: of one account, or all of them with settings, faults and clock."""
    _running(data).admin.reset(account)
    typer.echo(f"reset {'account ' + account if account else 'everything'}")


@app.command(epilog='Example: eval "$(releaser sandbox env --account 222222222222)"')
def env(
    data: Data = None,
    account: Annotated[str, typer.Option(metavar="ID", help="12 digits; any account exists.")] = "111111111111",
    region: Annotated[
        str, typer.Option(envvar=["AWS_REGION", "AWS_DEFAULT_REGION"], help="The region to work in.")
    ] = "eu-central-1",
) -> None:
    """Print the export lines that point any AWS SDK at the sandbox."""
    from releaser.sandbox.process import DEFAULT_PORT, find
    from releaser.sandbox.testing import environment_for

    if len(account) != 12 or not account.isdigit():
        typer.echo(f"an account is 12 digits, not {account!r}", err=True)
        raise typer.Exit(64)
    found = find(_folder(data))
    url = found.url if found else f"http://127.0.0.1:{DEFAULT_PORT}"
    if found is None:
        typer.echo(f"# no sandbox is running on {_folder(data)}; this is where one would listen", err=True)
    for name, value in environment_for(url, account, region).items():
        typer.echo(f"export {name}={shlex.quote(value)}")
