"""``releaser render``: the effective manifest, and where each value came from."""

from __future__ import annotations

import json
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from releaser.cli.options import Environment, From, Root, TargetName
from releaser.pipeline.chosen import ContentFrom

if TYPE_CHECKING:
    import pathlib

    from releaser.core.effective import Effective
    from releaser.core.environment import Target
    from releaser.core.workspace import EnvironmentFile, UseCaseFiles, Workspace


class Output(StrEnum):
    text = "text"
    json = "json"


def render(
    use_case: Annotated[str, typer.Argument(help="Name of the use case.")],
    environment: Environment,
    explain: Annotated[bool, typer.Option("--explain", help="Say of every value where it stands.")] = False,
    output: Annotated[Output, typer.Option("--output", help="How the result is printed.")] = Output.text,
    origin: From = ContentFrom.declared,
    target: TargetName = None,
    root: Root = None,
) -> None:
    """Print the manifest as one environment sees it: bindings filled in, with the file and line they come
    from.

    Where the environment has a pin of it, the manifest of that release; else, and with --from files, the one here.
    Examples: releaser render claims-assistant -e prod | releaser render claims-assistant -e dev --output json
    """
    from releaser.core.effective import effective
    from releaser.kinds import registry
    from releaser.store.reader import DiskReader
    from releaser.store.workspace import find_root, load_workspace

    top = root or find_root()
    released = _pinned(top, use_case, environment) if origin is ContentFrom.declared else None
    workspace = load_workspace(DiskReader(top), use_cases=[] if released else [use_case])
    if released is not None:
        workspace = replace(workspace, use_cases={use_case: released})
    files, placed, chosen = _select(workspace, use_case, environment, target)
    found = effective(files, placed, chosen, registry())
    if found.problems:
        _refuse(files, found)
    if output is Output.json:
        typer.echo(json.dumps(_data(files, placed, chosen, found), indent=2), nl=False)
        typer.echo()
    else:
        typer.echo(_text(files, placed, chosen, found, explain=explain), nl=False)


def _pinned(top: pathlib.Path, use_case: str, environment: str) -> UseCaseFiles | None:
    """The content of a use case as an environment has it pinned; None without a pin. Raises for one that is wrong."""
    from releaser.core.errors import ReleaserError
    from releaser.core.pin import Pinned
    from releaser.store.pins import load_pins, read_content, tags_named
    from releaser.store.reader import DiskReader
    from releaser.wiring import repository

    pins = load_pins(DiskReader(top), environment, [use_case])
    for wrong in pins.diagnostics:
        raise ReleaserError(f"{wrong.path}:{wrong.line}: {wrong.message}", code=wrong.code, hint=wrong.hint)
    if not any(isinstance(f.pin, Pinned) for f in pins.files.values()):
        return None
    repo = repository(top)
    found, problems = read_content(repo.git, pins.files.values(), tags_named(repo.git, pins.files.values()))
    for wrong in problems:
        raise ReleaserError(f"{wrong.path}:{wrong.line}: {wrong.message}", code=wrong.code, hint=wrong.hint)
    return found[use_case].files


def _select(
    workspace: Workspace, use_case: str, environment: str, target: str | None
) -> tuple[UseCaseFiles, EnvironmentFile, Target]:
    from releaser.core.errors import ReleaserError, WrongUsage
    from releaser.core.suggest import did_you_mean

    if use_case not in workspace.use_cases:
        for wrong in workspace.diagnostics:
            raise ReleaserError(f"{wrong.path}:{wrong.line}: {wrong.message}", code=wrong.code, hint=wrong.hint)
        raise WrongUsage(f"there is no use case {use_case}", code="P102")
    if environment not in workspace.environments:
        hint = did_you_mean(environment, workspace.environments)
        raise WrongUsage(f"there is no environment {environment}", hint=hint)
    files, placed = workspace.use_cases[use_case], workspace.environments[environment]
    if placed.environment is None:
        hint = f"releaser validate environments/{environment}"
        raise ReleaserError(f"the environment {environment} is not valid", code="E205", hint=hint)
    fitting = [t for t in placed.environment.spec.targets if t.takes(files.labels) and target in (None, t.name)]
    if not fitting:
        raise WrongUsage(f"{use_case} is placed in no such target of {environment}")
    return files, placed, fitting[0]


def _refuse(files: UseCaseFiles, found: Effective) -> None:
    from releaser.render.diagnostics import Findings, as_text

    wrong = [files.document.problem(p.code, p.message, ("spec", *p.path), hint=p.hint) for p in found.problems]
    typer.echo(as_text(Findings(wrong, [files.document.path])), err=True, nl=False)
    raise typer.Exit(1)


def _data(files: UseCaseFiles, environment: EnvironmentFile, target: Target, found: Effective) -> dict[str, object]:
    from releaser.core.values import show_path

    return {
        "format": "releaser.render/v1",
        "useCase": files.name,
        "environment": environment.name,
        "target": target.name,
        "account": target.account,
        "region": target.region,
        "digest": f"sha256:{files.digest}",
        "files": dict(files.digests),
        "manifest": found.manifest,
        "origins": [
            {"path": show_path(p), "file": o.file, "line": o.line, "column": o.column, "template": o.template}
            for p, o in found.origins.items()
        ],
        "resources": list(found.resources),
    }


def _text(files: UseCaseFiles, environment: EnvironmentFile, target: Target, found: Effective, *, explain: bool) -> str:
    from releaser.core.effective import file_notes
    from releaser.core.values import Path
    from releaser.kinds import registry
    from releaser.render.escape import safe
    from releaser.store.yaml_write import dump

    digests = file_notes(files, registry())

    def note(path: Path) -> str:
        origin = found.origins.get(path)
        parts = [digests[path]] if path in digests else []
        if origin and origin.template:
            parts.append(f"{origin.template} from {origin.file}:{origin.line}")
        elif origin and explain:
            parts.append(f"{origin.file}:{origin.line}")
        return safe(", ".join(parts))

    head = f"# {files.name} in {environment.name}, account {target.account}, {target.region}\n"
    return f"{head}# release digest sha256:{files.digest}\n{dump(found.manifest, note)}"
