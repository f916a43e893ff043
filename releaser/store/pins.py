"""The pins of an environment, and the content that they name: from the tags' trees, never from the working tree."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from releaser.core.conform import AT_KEY
from releaser.core.diagnostic import Diagnostic, Severity
from releaser.core.document import Document
from releaser.core.pin import Pinned, Retire, check_pin, pinned_of
from releaser.core.proof.files import NAME
from releaser.core.values import Path
from releaser.core.workspace import UseCaseFiles
from releaser.store.folders import FolderReader, read_folders
from releaser.store.git import Git, HistoryMissing
from releaser.store.reader import Reader
from releaser.store.tags import ReleaseTag, known_tags
from releaser.store.workspace import load_document, load_use_case

RELEASE: Path = ("spec", "release")


@dataclass(frozen=True, slots=True)
class PinFile:
    """One pin where it stands."""

    environment: str
    document: Document
    pin: Pinned | Retire

    def problem(self, code: str, message: str, hint: str, *, warning: bool = False) -> Diagnostic:
        """A diagnostic at the line that names the release."""
        severity: Severity = "warning" if warning else "error"
        found = self.document.problem(code, message, RELEASE, hint=hint, severity=severity)
        lines = self.document.text.splitlines()
        return found.with_source(lines[found.line - 1][:400]) if len(lines) >= found.line else found


@dataclass(frozen=True, slots=True)
class PinnedContent:
    """What a pin stands for: the files at its tag, read from git."""

    pin: Pinned
    tag: ReleaseTag
    tree: str
    files: UseCaseFiles


@dataclass(frozen=True, slots=True)
class Pins:
    """The pins of one environment by use case. ``diagnostics`` are about those that cannot be used, which are left
    out."""

    files: Mapping[str, PinFile] = field(default_factory=dict)
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def named(self) -> frozenset[str]:
        """Every use case that has a pin, also one that cannot be used."""
        return frozenset({*self.files, *(d.path.rpartition("/")[2].removesuffix(".yaml") for d in self.diagnostics)})


def pin_path(environment: str, use_case: str) -> str:
    """Where the pin of a use case stands."""
    return f"environments/{environment}/releases/{use_case}.yaml"


def load_pins(reader: Reader, environment: str, only: Collection[str] = ()) -> Pins:
    """Every pin of an environment; with ``only`` those of the named use cases."""
    folder = f"environments/{environment}/releases"
    found: dict[str, PinFile] = {}
    wrong: list[Diagnostic] = []
    for path in reader.list(folder):
        file = path.removeprefix(f"{folder}/")
        name = file.removesuffix(".yaml")
        if name == file or not NAME.fullmatch(name):
            wrong += _no_pin(path, file, only)
        elif not only or name in only:
            read = _load(reader, environment, name)
            if isinstance(read, PinFile):
                found[name] = read
            else:
                wrong += read
    return Pins(found, tuple(wrong))


def _no_pin(path: str, file: str, only: Collection[str]) -> list[Diagnostic]:
    """A file that would be passed over in silence."""
    if file.startswith(".") or only:
        return []
    hint = "one file for each use case, named <use-case>.yaml"
    return [Diagnostic("E214", f"{file[:80]} is no pin: nothing reads it", path, hint=hint, severity="warning")]


def _load(reader: Reader, environment: str, name: str) -> PinFile | tuple[Diagnostic, ...]:
    document = load_document(reader, pin_path(environment, name))
    if not isinstance(document, Document):
        return document
    problems = list(check_pin(name, document.data))
    if problems:
        return tuple(document.problem(p.code, p.message, p.path, hint=p.hint, key=p.code in AT_KEY) for p in problems)
    return PinFile(environment, document, pinned_of(document.data))


def tags_named(git: Git, pins: Iterable[PinFile]) -> dict[str, list[ReleaseTag]]:
    """The tags that pins name; where one does not say what its pin says, every tag of that use case."""
    named = [p.pin for p in pins if isinstance(p.pin, Pinned)]
    found = known_tags(git, [f"refs/tags/{p.use_case}/{p.release}" for p in named])
    digests = {(n, t.release): t.digest for n, tags in found.items() for t in tags}
    wrong = {p.use_case for p in named if digests.get((p.use_case, p.release)) != p.digest}
    return found | known_tags(git, [f"refs/tags/{name}/" for name in sorted(wrong)])


def read_content(
    git: Git, pins: Iterable[PinFile], tags: Mapping[str, list[ReleaseTag]]
) -> tuple[dict[str, PinnedContent], list[Diagnostic]]:
    """By use case what the pins of one environment name, all by few git calls. A pin that does not agree with its tag,
    or a tag with its tree, is an error at the pin's line, and its use case is left out."""
    found, wrong = read_contents(git, pins, tags)
    return {pin.pin.use_case: content for pin, content in found}, wrong


def read_contents(
    git: Git, pins: Iterable[PinFile], tags: Mapping[str, list[ReleaseTag]]
) -> tuple[list[tuple[PinFile, PinnedContent]], list[Diagnostic]]:
    """As ``read_content``, for pins of several environments. What several name is read once."""
    wanted: dict[ReleaseTag, list[tuple[PinFile, Pinned]]] = {}
    wrong: list[Diagnostic] = []
    for file in pins:
        if isinstance(file.pin, Pinned):
            tag = _tag_of(git, file.pin, tags)
            if isinstance(tag, ReleaseTag):
                wanted.setdefault(tag, []).append((file, file.pin))
            else:
                wrong.append(tag.at(file))
    folders = read_folders(git, [(tag.commit, f"manifests/{tag.use_case}") for tag in wanted])
    found: list[tuple[PinFile, PinnedContent]] = []
    for (tag, files), reader in zip(wanted.items(), folders, strict=True):
        content = _content(tag, reader)
        for file, pin in files:
            if isinstance(content, _Wrong):
                wrong.append(content.at(file))
            else:
                tree = reader.tree if isinstance(reader, FolderReader) else ""
                found.append((file, PinnedContent(pin, tag, tree, content)))
    return found, wrong


@dataclass(frozen=True, slots=True)
class _Wrong:
    """Why a pin cannot be followed; said at each pin that it concerns."""

    code: str
    message: str
    hint: str

    def at(self, file: PinFile) -> Diagnostic:
        return file.problem(self.code, self.message, self.hint)


def _tag_of(git: Git, pin: Pinned, tags: Mapping[str, list[ReleaseTag]]) -> ReleaseTag | _Wrong:
    known = tags.get(pin.use_case, [])
    tag = next((t for t in known if t.release == pin.release), None)
    if tag is None:
        hint = f"there are: {', '.join(t.release for t in known[:5]) or 'none'}; was it cut, and fetched?"
        if git.is_shallow():
            hint = "this clone is shallow: git fetch --unshallow --tags (in GitLab CI: GIT_DEPTH: 0)"
        return _Wrong("P310", f"there is no release tag {pin.use_case}/{pin.release} in this clone", hint)
    if tag.digest != pin.digest:
        said = f"sha256:{tag.digest[:12]}" if tag.digest else "no digest"
        message = f"the pin says sha256:{pin.digest[:12]}, the tag {pin.use_case}/{pin.release} says {said}"
        close = next((t for t in known if t.digest == pin.digest), None)
        hint = f"{close.release} has that digest; " if close else ""
        return _Wrong("P304", message, f"{hint}write what the tag says, or find out who changed the tag")
    return tag


def _content(tag: ReleaseTag, reader: FolderReader | HistoryMissing) -> UseCaseFiles | _Wrong:
    """The files at a tag, proven to be what the tag says."""
    name = f"{tag.use_case} {tag.release}"
    if isinstance(reader, HistoryMissing):
        return _Wrong("P305", f"{name} cannot be read: {reader}", reader.hint)
    try:
        loaded = load_use_case(reader, tag.use_case)
    except HistoryMissing as missing:
        return _Wrong("P305", f"{name} cannot be read: {missing}", missing.hint)
    if not isinstance(loaded, UseCaseFiles):
        first = loaded[0]
        message = f"{name} cannot be read: {first.path}:{first.line}: {first.message}"
        return _Wrong("P305", message, "pin a release that holds its manifest")
    if loaded.digest != tag.digest:
        was, says = loaded.digest[:12], tag.digest[:12]
        message = f"the content at {name} is sha256:{was}, and its tag says sha256:{says}: the tag is not true"
        return _Wrong("P306", message, "find out who made that tag, and pin a release that is what it says")
    return loaded
