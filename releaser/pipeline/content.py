"""Where the content of each use case comes from: one place for all (a commit, the working tree), or its own release."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from releaser import wiring
from releaser.core.diagnostic import Diagnostic
from releaser.core.environment import Environment
from releaser.core.errors import WrongUsage
from releaser.core.pin import Pinned, Retire
from releaser.core.proof.files import RELEASE, UNRELEASED
from releaser.core.record import Closed, Witness
from releaser.core.suggest import did_you_mean
from releaser.core.workspace import UseCaseFiles, Workspace
from releaser.store.pins import PinFile, PinnedContent, Pins, load_pins, read_content, tags_named
from releaser.store.reader import Reader


@dataclass(frozen=True)
class Content:
    """What an environment is to have, before use cases are placed in targets."""

    files: Mapping[str, UseCaseFiles]
    diagnostics: tuple[Diagnostic, ...] = ()
    """What stops a use case; without pins: what could not become a document at all."""
    pins: Pins | None = None
    """None where one commit, or the working tree, says everything."""
    pinned: Mapping[str, PinnedContent] = field(default_factory=dict)
    retired: Mapping[str, Retire] = field(default_factory=dict)

    @property
    def declared(self) -> frozenset[str]:
        """Every use case that this environment has something to say about."""
        return frozenset(self.files) | (self.pins.named if self.pins else frozenset())

    def without(self, use_case: str, why: Diagnostic) -> Content:
        """The same, where a use case is left out for a reason."""
        files = {n: f for n, f in self.files.items() if n != use_case}
        return replace(self, files=files, diagnostics=(*self.diagnostics, why))


def of_files(reader: Reader) -> Content:
    """What a commit or the working tree holds."""
    from releaser.store.workspace import load_workspace

    workspace: Workspace = load_workspace(reader)
    return Content(workspace.use_cases, workspace.diagnostics)


def of_pins(
    repo: wiring.Repository,
    reader: Reader,
    environment: Environment,
    only: Sequence[str],
    witnesses: Mapping[str, Witness],
    now: datetime,
) -> Content:
    """What the pins name. Pins come from ``reader``, content from the tags; the working tree says nothing.

    A pin that waits (``notBefore``) stands for what is live until then.
    """
    pins = load_pins(reader, environment.name, only)
    _refuse_unknown(reader, pins, only)
    followed = {n: _now(f, witnesses.get(n), now) for n, f in pins.files.items()}
    files = [f for f in followed.values() if isinstance(f, PinFile)]
    found, wrong = read_content(repo.git, files, tags_named(repo.git, files))
    told = [*pins.diagnostics, *wrong, *(_waits(f) for f in pins.files.values() if f.pin.waits(now))]
    told += _without_pins(environment, pins, only)
    told += [] if only else _unpinned(environment, pins, witnesses)
    return Content(
        files={n: c.files for n, c in found.items()},
        diagnostics=tuple(told),
        pins=pins,
        pinned=found,
        retired={f.pin.use_case: f.pin for f in files if isinstance(f.pin, Retire)},
    )


def _refuse_unknown(reader: Reader, pins: Pins, only: Sequence[str]) -> None:
    """A misspelt name is no use case without a pin."""
    from releaser.store.workspace import manifest_names

    missing = sorted(set(only) - pins.named)
    known = pins.named | set(manifest_names(reader)) if missing else pins.named
    for name in missing:
        if name not in known:
            hint = did_you_mean(name, known) or f"there are: {', '.join(sorted(known)) or 'none'}"
            raise WrongUsage(f"no use case {name}", code="P102", hint=hint)


def _now(file: PinFile, witness: Witness | None, now: datetime) -> PinFile | None:
    """The pin that holds at this moment; None when nothing does."""
    if not file.pin.waits(now):
        return file
    live: Closed | None = witness.released if witness else None
    if live is None or live.record.release == UNRELEASED or not RELEASE.fullmatch(live.record.release):
        return None
    return replace(file, pin=Pinned(file.pin.use_case, live.record.release, live.record.release_digest))


def _waits(file: PinFile) -> Diagnostic:
    what = f"{file.pin.release} waits" if isinstance(file.pin, Pinned) else "the removal waits"
    message = f"{file.pin.use_case}: {what} until {file.pin.not_before:%Y-%m-%d %H:%M} UTC; what is live stays"
    return file.problem("P307", message, "take notBefore out of the pin to release it now", warning=True)


def _without_pins(environment: Environment, pins: Pins, only: Sequence[str]) -> list[Diagnostic]:
    """That there is nothing to look at, where somebody might wonder."""
    from releaser.store.pins import pin_path

    name = environment.name
    hint = f"`releaser promote USE_CASE --to {name}` writes it; `plan --from files` shows what that would do"
    if not pins.named and not only:
        message, path = f"{name} follows pins and has none", f"environments/{name}/environment.yaml"
        return [Diagnostic("P314", f"{message}: nothing is released there", path, hint=hint, severity="warning")]
    message = f"has no pin: nothing of it is released in {name}"
    missing = sorted(set(only) - pins.named)
    return [Diagnostic("P314", f"{m} {message}", pin_path(name, m), hint=hint, severity="warning") for m in missing]


def _unpinned(environment: Environment, pins: Pins, witnesses: Mapping[str, Witness]) -> list[Diagnostic]:
    """What is live and has no pin is left as it is: nothing is deleted because a file is gone."""
    from releaser.store.pins import pin_path

    return [
        Diagnostic(
            "P308",
            f"{name} is live in {environment.name} and has no pin: it is left as it is",
            pin_path(environment.name, name),
            hint="restore the pin; `release: retired` in it takes the use case away",
            severity="warning",
        )
        for name, witness in sorted(witnesses.items())
        if witness.released is not None and name not in pins.named
    ]
