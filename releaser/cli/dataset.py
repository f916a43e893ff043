"""``releaser dataset``: the digest of a data set, its cases, and what they can prove."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from releaser.cli.options import Output, OutputFormat, Root

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from releaser.core.workspace import UseCaseFiles
    from releaser.gates.evaluation.datasets import LfsObjects

app = typer.Typer(
    help="Data sets: digest, check, and what they can prove.",
    epilog="Example: releaser dataset check claims-assistant",
    rich_markup_mode=None,
    no_args_is_help=True,
)
UseCase = Annotated[str, typer.Argument(help="Use case.", show_default=False)]
Names = Annotated[list[str] | None, typer.Argument(metavar="[DATASET...]", help="All when none is named.")]


@app.callback()
def dataset() -> None:
    """Data sets."""


@app.command("hash")
def hash_(
    use_case: UseCase,
    names: Names = None,
    write: Annotated[bool, typer.Option("--write", help="Put the digests into the manifest; comments stay.")] = False,
    output: OutputFormat = Output.text,
    root: Root = None,
) -> None:
    """Print the sha256 of data sets as the manifest wants it: the data that is approved is the data that is used.

    Examples: releaser dataset hash claims-assistant golden | releaser dataset hash claims-assistant --write
    """
    from hashlib import sha256

    from releaser.core.evaluation.lfs import pointer_of

    top, files = _files(root, use_case)
    rows: list[dict[str, Any]] = []
    for name, declared in _chosen(files, names).items():
        content = files.cases.get(str(declared.get("path")))
        pointer = pointer_of(content) if content is not None else None
        actual = pointer.sha256 if pointer else sha256(content).hexdigest() if content is not None else None
        rows.append({"dataset": name, "path": _place(declared), "sha256": actual, "declared": declared.get("sha256")})
    if write:
        _write(top, files, {r["dataset"]: r["sha256"] for r in rows if r["sha256"] and r["sha256"] != r["declared"]})
    if output is Output.json:
        _json("releaser.dataset-hash/v1", rows)
        return
    for row in rows:
        typer.echo(f"{row['sha256'] or 'not in this folder'}  {row['path']}")


@app.command()
def check(use_case: UseCase, names: Names = None, output: OutputFormat = Output.text, root: Root = None) -> None:
    """Verify digests, and read every case: each problem with its line. Exits 1 when there is one.

    Data in S3 is verified when it is evaluated. Example: releaser dataset check claims-assistant attacks
    """
    from releaser import wiring

    rows: list[dict[str, Any]] = []
    top, files = _files(root, use_case)
    for name, declared in _chosen(files, names).items():
        cases, problems = _checked(name, declared, files, wiring.repository(top).lfs_object)
        rows.append({"dataset": name, "path": _place(declared), "cases": cases, "problems": problems})
    if output is Output.json:
        _json("releaser.dataset-check/v1", rows)
    else:
        for row in rows:
            for problem in row["problems"]:
                typer.echo(f"{row['path']}:{problem['line']}: {problem['code']} {problem['message']}")
            if not row["problems"]:
                typer.echo(
                    f"{row['dataset']}: "
                    + ("in S3, not looked at" if row["cases"] is None else f"{row['cases']} cases")
                )
    if any(row["problems"] for row in rows):
        raise typer.Exit(1)


@app.command()
def stats(use_case: UseCase, names: Names = None, output: OutputFormat = Output.text, root: Root = None) -> None:
    """Count cases by label, category, language and weight, and say what so many can prove at best.

    A threshold is kept only when the 95 % bound keeps it: 50 perfect cases prove a floor of 0.948 and no more.
    Example: releaser dataset stats claims-assistant --output json
    """
    from releaser import wiring

    top, files = _files(root, use_case)
    objects = wiring.repository(top).lfs_object
    rows = [_counted(name, declared, files, objects) for name, declared in _chosen(files, names).items()]
    if output is Output.json:
        _json("releaser.dataset-stats/v1", rows)
        return
    for row in rows:
        if row["cases"] is None:
            typer.echo(f"{row['dataset']}: not looked at: in S3, or results that are brought")
            continue
        typer.echo(f"{row['dataset']}: {row['cases']} cases, {row['critical']} critical")
        for what in ("label", "category", "lang"):
            if row[what]:
                typer.echo(f"  {what}: " + ", ".join(f"{k} {n}" for k, n in row[what].items()))
        for metrics, best in row["provable"].items():
            typer.echo(f"  {metrics}: floor {best['floor']:g}, ceiling {best['ceiling']:g} ({best['cases']} cases)")


def _files(root: Path | None, use_case: str) -> tuple[Path, UseCaseFiles]:
    from releaser.core.errors import ReleaserError, WrongUsage
    from releaser.core.suggest import did_you_mean
    from releaser.core.workspace import UseCaseFiles
    from releaser.store.reader import DiskReader
    from releaser.store.workspace import find_root, load_use_case, manifest_names

    top = (root or find_root()).resolve()
    reader = DiskReader(top)
    known = manifest_names(reader)
    if use_case not in known:
        raise WrongUsage(f"there is no use case {use_case}", hint=did_you_mean(use_case, known))
    found = load_use_case(reader, use_case)
    if not isinstance(found, UseCaseFiles):
        raise ReleaserError(found[0].message, code=found[0].code, hint="`releaser validate` lists every problem")
    return top, found


def _chosen(files: UseCaseFiles, names: list[str] | None) -> dict[str, Mapping[str, Any]]:
    from releaser.core.checks import parts
    from releaser.core.errors import WrongUsage
    from releaser.core.suggest import did_you_mean

    declared = dict(parts(files.spec, "datasets"))
    for name in names or ():
        if name not in declared:
            hint = did_you_mean(name, declared) or "the manifest declares none"
            raise WrongUsage(f"{files.name} has no data set {name}", hint=hint)
    return {name: declared[name] for name in names or declared}


def _place(declared: Mapping[str, Any]) -> str:
    return str(declared.get("path") or declared.get("uri"))


def _checked(
    name: str, declared: Mapping[str, Any], files: UseCaseFiles, objects: LfsObjects
) -> tuple[int | None, list[dict[str, Any]]]:
    """How many cases there are, and what is wrong. None: it is in S3."""
    from releaser.core.cases import count_cases
    from releaser.core.checks import brought
    from releaser.core.errors import ReleaserError
    from releaser.core.evaluation.lfs import pointer_of
    from releaser.core.evaluation.reading import read_dataset
    from releaser.gates.evaluation.datasets import verified_bytes

    if not isinstance(declared.get("path"), str):
        return None, []
    path = str(declared["path"])
    problems: list[dict[str, Any]] = []
    content = files.cases.get(path, b"")
    try:
        content = verified_bytes(name, declared, files.cases, objects=objects)
    except ReleaserError as error:
        problems.append({"line": 1, "code": error.code, "message": str(error)})
    if pointer_of(content) or name in brought(files.spec):
        return count_cases(content), problems
    found, wrong = read_dataset(name, path, content, "")
    problems += [{"line": w.line, "code": w.code, "message": w.message} for w in sorted(wrong)]
    return len(found.cases), problems


def _counted(name: str, declared: Mapping[str, Any], files: UseCaseFiles, objects: LfsObjects) -> dict[str, Any]:
    from collections import Counter

    from releaser.core.checks import brought
    from releaser.gates.evaluation.datasets import load
    from releaser.gates.evaluation.metrics import registry

    row: dict[str, Any] = {"dataset": name, "path": _place(declared), "cases": None}
    if not isinstance(declared.get("path"), str) or name in brought(files.spec):
        return row
    cases = load(name, declared, files.cases, objects=objects).cases
    row |= {"cases": len(cases), "critical": sum(c.critical for c in cases)}
    for what in ("label", "category", "lang"):
        row[what] = dict(sorted(Counter(getattr(c, what) for c in cases if getattr(c, what)).items()))
    row["provable"] = {}
    for metric in _rates(files, name):
        one = registry().get(metric)
        n = sum(one.counts(c) for c in cases) if one else len(cases)
        row["provable"][metric] = {"cases": n, **_best(n)}
    row["provable"] = row["provable"] or {"any rate": {"cases": len(cases), **_best(len(cases))}}
    return row


def _rates(files: UseCaseFiles, dataset: str) -> list[str]:
    """Metrics of suites that use the data set and are rates."""
    from releaser.core.checks import part, parts
    from releaser.core.metrics import METRICS

    suites = [s for _, s in parts(files.spec, "evaluation", "suites") if s.get("dataset") == dataset]
    named = dict.fromkeys(m for s in suites for m in part(s, "metrics"))
    return [m for m in named if m in METRICS and METRICS[m].statistic == "rate" and METRICS[m].unit == "share"]


def _best(cases: int) -> dict[str, float]:
    """The greatest floor and the smallest ceiling that so many cases prove, if all of them succeed."""
    import math

    from releaser.core.metrics import provable

    edge = provable(cases)
    return {"floor": math.floor((1 - edge) * 1000) / 1000, "ceiling": math.ceil(edge * 1000) / 1000}


def _write(top: Path, files: UseCaseFiles, digests: Mapping[str, str]) -> None:
    from releaser.core.errors import ReleaserError
    from releaser.store.yaml_write import splice

    path = top / files.folder / "manifest.yaml"
    with path.open(encoding="utf-8", newline="") as source:
        text = source.read()
    try:
        for name, sha256 in digests.items():
            text = splice(text, ("spec", "datasets", name, "sha256"), sha256)
    except (KeyError, ValueError) as error:
        raise ReleaserError(
            f"{files.folder}/manifest.yaml cannot be edited: {error}", code="P228", hint="paste the digest by hand"
        ) from None
    if digests:
        path.write_text(text, encoding="utf-8", newline="")


def _json(format_: str, rows: list[dict[str, Any]]) -> None:
    from releaser.render.data import to_json

    typer.echo(to_json({"format": format_, "datasets": rows}), nl=False)
