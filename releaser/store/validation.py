"""``validate`` over a repository: reads, checks every use case, on several processes when there are many."""

from __future__ import annotations

import gc
import multiprocessing
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

from releaser.core.diagnostic import Diagnostic, in_order
from releaser.core.environment import Environment
from releaser.core.estate import validate_environments, validate_quotas
from releaser.core.kind import Kind
from releaser.core.validate import Checked, validate_use_case
from releaser.core.workspace import UseCaseFiles
from releaser.kinds import registry
from releaser.kinds.models import model
from releaser.store.approvers import check_approvers
from releaser.store.git import Git
from releaser.store.pin_checks import check_pins, read_pins
from releaser.store.reader import Reader
from releaser.store.workspace import load_environments, load_use_case, manifest_names

SEVERAL = 60
"""From how many use cases on a second process pays for its start."""


@dataclass(frozen=True, slots=True)
class Report:
    """What was found, and what could not be looked at because of it."""

    diagnostics: tuple[Diagnostic, ...]
    files: tuple[str, ...]
    """What was looked at."""
    skipped: int = 0


def validate(
    reader: Reader,
    *,
    use_cases: Iterable[str] | None = None,
    environments: Iterable[str] | None = None,
    kinds: Mapping[str, Kind] | None = None,
    workers: int | None = None,
    git: Callable[[], Git | None] = lambda: None,
) -> Report:
    """All problems of the repository; with names only those of the named use cases and environments.

    Use cases are always judged against every environment; quotas only when all of them were read. ``git`` is asked for
    when there are pins: their tags, and what these hold.
    """
    known = kinds or registry()
    diagnostics: list[Diagnostic] = []
    files = load_environments(reader, diagnostics)
    declared = {name: file.environment for name, file in files.items() if file.environment}
    diagnostics += validate_environments(files)
    if environments is not None:
        wanted = {f"environments/{name}/environment.yaml" for name in environments}
        diagnostics = [d for d in diagnostics if d.path in wanted]
    else:
        diagnostics += _without_document(reader, "environments", "environment.yaml")
    names = manifest_names(reader) if use_cases is None else tuple(use_cases)
    checked = _check_all(names, reader, known, declared, workers)
    for result in checked:
        diagnostics += result.diagnostics
    if use_cases is None:
        diagnostics += _without_document(reader, "manifests", "manifest.yaml")
        diagnostics += validate_quotas(files, known, (c.footprint or {} for c in checked))
    asked = {n: f.environment for n, f in files.items() if environments is None or n in set(environments)}
    pins = read_pins(reader, asked)
    diagnostics += check_approvers(reader, asked)
    repository = git() if pins.files else None
    diagnostics += pins.diagnostics
    if repository is not None:
        judged = {name: c.digest for name, c in zip(names, checked, strict=True) if c.digest}
        diagnostics += check_pins(repository, pins.files, declared, judged, known)
    read = [f"manifests/{name}/manifest.yaml" for name in names]
    read += [f.document.path for f in pins.files]
    read += [f"environments/{name}/environment.yaml" for name in (files if environments is None else environments)]
    return Report(in_order(diagnostics), tuple(read), sum(c.skipped for c in checked))


def _without_document(reader: Reader, top: str, document: str) -> list[Diagnostic]:
    """Folders that are there and mean nothing: what somebody wrote in them would be passed over in silence."""
    folders: dict[str, set[str]] = {}
    for path in reader.list(top):
        _, folder, *rest = path.split("/")
        if rest and not folder.startswith("."):
            folders.setdefault(folder, set()).add("/".join(rest))
    found = []
    for folder, files in folders.items():
        if document not in files:
            close = document.removesuffix("yaml") + "yml"
            wrong = close if close in files else document
            message = f"the folder has no {document}, so nothing in it is checked or released"
            hint = f"rename {close} to {document}" if close in files else f"write {document}, or remove the folder"
            found.append(Diagnostic("E213", message, f"{top}/{folder}/{wrong}", hint=hint, severity="warning"))
    return found


def check_one(name: str, reader: Reader, kinds: Mapping[str, Kind], environments: Mapping[str, Environment]) -> Checked:
    """One use case, from its files to its verdict."""
    loaded = load_use_case(reader, name, kinds)
    if isinstance(loaded, UseCaseFiles):
        return validate_use_case(loaded, kinds, model, environments)
    return Checked(loaded, len(kinds))


def _check_all(
    names: Sequence[str],
    reader: Reader,
    kinds: Mapping[str, Kind],
    environments: Mapping[str, Environment],
    workers: int | None,
) -> list[Checked]:
    check = partial(check_one, reader=reader, kinds=kinds, environments=environments)
    workers = min(workers or _processors(), 1 + len(names) // SEVERAL)
    if workers < 2 or "fork" not in multiprocessing.get_all_start_methods():
        return _quietly(check, names)
    for service in {kind.service for kind in kinds.values()}:
        model(service)  # read once, shared with the forked workers
    parts = [names[i :: workers * 2] for i in range(workers * 2)]
    gc.freeze()
    with ProcessPoolExecutor(workers, mp_context=_Forked(check)) as pool:
        found = list(pool.map(_work, parts))
    by_name = {
        name: one for part, results in zip(parts, found, strict=True) for name, one in zip(part, results, strict=True)
    }
    return [by_name[name] for name in names]


_check: partial[Checked] | None = None


def _Forked(check: partial[Checked]) -> multiprocessing.context.BaseContext:
    """A context whose children inherit ``check``: kinds hold functions, which no pickle carries."""
    global _check
    _check = check
    return multiprocessing.get_context("fork")


def _work(names: Sequence[str]) -> list[Checked]:
    assert _check is not None
    return _quietly(_check, names)


def _quietly(check: partial[Checked], names: Sequence[str]) -> list[Checked]:
    """Without the collector: the documents hold no cycles worth looking for."""
    was = gc.isenabled()
    gc.disable()
    try:
        return [check(name) for name in names]
    finally:
        if was:
            gc.enable()


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
