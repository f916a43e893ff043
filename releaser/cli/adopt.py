"""``releaser adopt``: manifests from what is live, with a proven empty plan."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from releaser.cli.options import Output, OutputFormat, Root

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from releaser import wiring
    from releaser.pipeline.adopting import Account, Adopted, Wanted


def adopt(
    context: typer.Context,
    environments: Annotated[
        str, typer.Option("--environment", "-e", help="Environments, as dev,preprod,prod; the first is the model.")
    ],
    use_case: Annotated[str | None, typer.Option("--use-case", help="What the use case is to be called.")] = None,
    name: Annotated[list[str] | None, typer.Option("--name", help="Live names, as 'claims-*'.")] = None,
    tag: Annotated[list[str] | None, typer.Option("--tag", help="Live tags, as app=claims.")] = None,
    batch: Annotated[
        Path | None, typer.Option("--batch", help="YAML: use case -> kind, name or tag -> what to take.")
    ] = None,
    by_tag: Annotated[str | None, typer.Option("--by-tag", help="A tag whose value is the use case.")] = None,
    by_name: Annotated[str | None, typer.Option("--by-name", help="A pattern of live names: '{use-case}_*'.")] = None,
    owner: Annotated[str | None, typer.Option("--owner", help="Who answers for it.", show_default="you")] = None,
    classification: Annotated[
        str, typer.Option("--classification", help="Of its data: public, internal, confidential, restricted.")
    ] = "",
    take_first: Annotated[
        bool, typer.Option("--take-first", help="Where environments diverge, write what the first one has.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Write manifests that are there already anew.")] = False,
    mark: Annotated[
        bool, typer.Option("--mark", help="Put our tags on what is proven: from then on it is ours.")
    ] = False,
    output: OutputFormat = Output.text,
    root: Root = None,
) -> None:
    """Write manifests from live resources, in observe mode, and prove that their plans are empty.

    Any kind can be named: --guardrail ID, --prompt NAME, --agent dev=ID1,prod=ID2. Nothing is written to AWS without
    --mark, which marks what is committed. Examples: releaser adopt -e dev,prod --use-case claims --name 'claims-*' |
    releaser adopt -e dev,prod --by-tag app | releaser adopt -e dev,prod --mark
    """
    from releaser import wiring
    from releaser.pipeline import adopting, marking
    from releaser.render import adoption as report

    repo = wiring.repository(root)
    names = [e.strip() for e in environments.split(",") if e.strip()]
    by_kind = _kinds(context.args)
    selects = bool(by_kind or name or tag or batch or by_tag or by_name)
    if not selects:
        results = _existing(repo, use_case)
        places = adopting.accounts(repo, names)
    else:
        places = adopting.accounts(repo, names)
        wanted = _wanted(places, use_case, by_kind, name or [], tag or [], batch, by_tag, by_name, owner or _me(repo))
        writer = adopting.Writer(repo, places, take_first=take_first, classification=classification, force=force)
        results = adopting.run(writer, wanted, lambda said: typer.echo(said, err=True))
    adopting.prove(repo, places, results)
    if mark or (selects and _agreed(marking.can_be_asked(repo, places, results), results)):
        marking.mark(repo, names, results)
    typer.echo(report.as_json(results) if output is Output.json else report.as_text(results, names), nl=False)
    raise typer.Exit(_exit_code(results, marked=mark))


def _exit_code(results: Sequence[Adopted], *, marked: bool) -> int:
    """1 when something failed or is not proven, 4 when environments diverge and nothing was written, else 0."""
    if any(r.state == "failed" for r in results):
        return 1
    if any(r.state == "diverges" for r in results):
        return 4
    missed = marked and any(not r.marked or set(r.marked.values()) - {"marked", "ours"} for r in results)
    return 1 if missed or any(not r.is_proven for r in results) else 0


def _kinds(arguments: Sequence[str]) -> dict[str, list[str]]:
    """``--KIND VALUE`` pairs. WrongUsage for anything else."""
    from releaser.core.errors import WrongUsage
    from releaser.core.ours import section_of
    from releaser.core.suggest import did_you_mean
    from releaser.kinds import registry

    known = [k.name for k in registry().values() if section_of(k)]
    found: dict[str, list[str]] = {}
    words = [part for word in arguments for part in (word.split("=", 1) if word.startswith("--") else [word])]
    while words:
        option = words.pop(0)
        kind = option.removeprefix("--")
        if not option.startswith("--") or kind not in known:
            hint = did_you_mean(kind, known) or f"kinds: {', '.join(known)}"
            raise WrongUsage(f"unknown option {option}", hint=hint)
        if not words:
            raise WrongUsage(f"{option} needs an id, an ARN or a name")
        found.setdefault(kind, []).append(words.pop(0))
    return found


def _me(repo: wiring.Repository) -> str:
    return repo.git.identity().email if repo.has_git else "unknown"


def _existing(repo: wiring.Repository, use_case: str | None) -> list[Adopted]:
    """The use cases in observe mode, or the one that is named."""
    from releaser.pipeline.adopting import Adopted, is_observed

    found = repo.load().use_cases
    return [Adopted(n, "kept") for n, f in found.items() if is_observed(f) and use_case in (None, n)]


def _wanted(
    places: Sequence[Account],
    use_case: str | None,
    by_kind: Mapping[str, Sequence[str]],
    names: Sequence[str],
    tags: Sequence[str],
    batch: Path | None,
    by_tag: str | None,
    by_name: str | None,
    owner: str,
) -> list[Wanted]:
    from releaser.core.errors import WrongUsage

    if batch is not None:
        return _batch(places, batch, owner)
    if by_tag or by_name:
        return _grouped(places, by_tag, by_name, owner)
    if use_case is None:
        raise WrongUsage("what is it to be called?", hint="add --use-case NAME")
    return [_one(places, use_case, by_kind, names, tags, owner)]


def _one(
    places: Sequence[Account],
    use_case: str,
    by_kind: Mapping[str, Sequence[str]],
    names: Sequence[str],
    tags: Sequence[str],
    owner: str,
) -> Wanted:
    from releaser.core.matching import spread
    from releaser.engine.survey import Choice
    from releaser.pipeline.adopting import Wanted

    environments = [p.name for p in places]
    chosen = [(kind, spread(environments, one), "=" in one) for kind, each in by_kind.items() for one in each]
    choices = {}
    for environment in environments:
        own: dict[str, list[str]] = {}
        for kind, ids, _ in chosen:
            if environment in ids:
                own.setdefault(kind, []).append(ids[environment])
        tagged = dict(t.split("=", 1) for t in tags if "=" in t)
        choices[environment] = Choice({k: tuple(v) for k, v in own.items()}, tuple(names), tagged)
    return Wanted(use_case, choices, owner, tuple((kind, ids) for kind, ids, paired in chosen if paired))


def _batch(places: Sequence[Account], path: Path, owner: str) -> list[Wanted]:
    from releaser.core.document import Document
    from releaser.core.errors import WrongUsage
    from releaser.pipeline import work
    from releaser.store.yaml import load

    document = load(work.read_file(path), str(path))
    if not isinstance(document, Document) or not all(isinstance(v, dict) for v in document.data.values()):
        raise WrongUsage(f"{path} is no mapping of use cases", hint="claims: {name: 'claims-*'}")
    found = []
    for use_case, said in document.data.items():
        lists = {k: [str(i) for i in (v if isinstance(v, list) else [v])] for k, v in said.items()}
        who, names, tags = lists.pop("owner", [owner])[0], lists.pop("name", []), lists.pop("tag", [])
        _kinds([word for kind, each in lists.items() for one in each for word in (f"--{kind}", one)])
        found.append(_one(places, str(use_case), lists, names, tags, who))
    return found


def _grouped(places: Sequence[Account], by_tag: str | None, by_name: str | None, owner: str) -> list[Wanted]:
    """The use cases that a tag or a part of the names tells."""
    from releaser.core.matching import grouped_by_name, use_case_name
    from releaser.engine.survey import Choice
    from releaser.pipeline.adopting import Wanted

    environments = [p.name for p in places]
    found: dict[str, dict[str, dict[str, list[str]]]] = {}
    for place in places:
        for one in place.survey.everything(tagged=by_tag is not None):
            if by_tag is not None:
                group = use_case_name(str(one.tags.get(by_tag, "")))
            else:
                group = grouped_by_name(one.row.name, by_name or "", environments)
            if group and not place.survey.owner(one):
                found.setdefault(group, {}).setdefault(place.name, {}).setdefault(one.kind, []).append(one.row.id)
    return [
        Wanted(name, {e: Choice({k: tuple(v) for k, v in kinds.items()}) for e, kinds in each.items()}, owner)
        for name, each in sorted(found.items())
    ]


def _agreed(ask: bool, results: Sequence[Adopted]) -> bool:
    count = sum(r.is_proven for r in results)
    return ask and typer.confirm(f"Mark the resources of {count} use cases as owned by releaser?", err=True)
