"""What ``validate`` says of pins: their shape, their tags, the content there, and whether it fits the environment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from releaser.core.diagnostic import Diagnostic
from releaser.core.environment import Environment
from releaser.core.kind import Kind
from releaser.core.validate import validate_use_case
from releaser.kinds.models import model
from releaser.store.git import Git
from releaser.store.pins import PinFile, PinnedContent, load_pins, read_contents, tags_named
from releaser.store.reader import Reader


@dataclass(frozen=True, slots=True)
class PinsRead:
    """The pins of some environments, and what is wrong with them as documents."""

    files: tuple[PinFile, ...]
    diagnostics: tuple[Diagnostic, ...]


def read_pins(reader: Reader, environments: Mapping[str, Environment | None]) -> PinsRead:
    """Every pin. In an environment that follows a branch nobody reads them."""
    files: list[PinFile] = []
    found: list[Diagnostic] = []
    for name, environment in environments.items():
        pins = load_pins(reader, name)
        found += pins.diagnostics
        track = environment.spec.track if environment is not None else None
        if track is not None:
            message = f"{name} follows {track}: its pins are read by nobody"
            hint = "remove the pin, or `track`"
            found += [f.problem("E214", message, hint, warning=True) for f in pins.files.values()]
        else:
            files += pins.files.values()
    return PinsRead(tuple(files), tuple(found))


def check_pins(
    git: Git,
    pins: Iterable[PinFile],
    environments: Mapping[str, Environment | None],
    checked: Mapping[str, str],
    kinds: Mapping[str, Kind],
) -> list[Diagnostic]:
    """What git says of the pins. ``checked``: use case -> digest of content that was judged in every environment."""
    files = list(pins)
    if not files:
        return []
    found, wrong = read_contents(git, files, tags_named(git, files))
    if git.is_shallow():
        wrong = [_unknown(d) if d.code in ("P310", "P305") else d for d in wrong]
    for file, content in found:
        environment = environments.get(file.environment)
        if environment is not None and checked.get(content.pin.use_case) != content.pin.digest:
            wrong += _unfit(file, content, environment, kinds)
    return wrong


def _unknown(found: Diagnostic) -> Diagnostic:
    """A pipeline's shallow clone cannot know: what releases there fetches first."""
    return replace(found, severity="warning", message=f"not checked: {found.message}")


def _unfit(
    file: PinFile, content: PinnedContent, environment: Environment, kinds: Mapping[str, Kind]
) -> Iterator[Diagnostic]:
    checked = validate_use_case(content.files, kinds, model, {environment.name: environment})
    errors = [d for d in checked.diagnostics if d.severity == "error"]
    if errors:
        yield unfit(file, content, environment.name, errors)


def unfit(file: PinFile, content: PinnedContent, environment: str, errors: list[Diagnostic]) -> Diagnostic:
    """That a release is not valid in an environment, at the pin that asks for it."""
    first, name = errors[0], f"{content.pin.use_case} {content.pin.release}"
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    place = f"{first.path}:{first.line}:{first.column}"
    hint = f"{first.hint}; " if first.hint else ""
    message = f"{name} cannot go to {environment}: {place}: {first.message}{more} [{first.code}]"
    return file.problem("P309", message, f"{hint}mend it on the branch, and promote that release")
