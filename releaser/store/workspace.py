"""Reading a repository: manifests, environments, and the files that manifests name."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from pydantic import ValidationError

from releaser.core.diagnostic import Diagnostic
from releaser.core.document import Document
from releaser.core.environment import Environment
from releaser.core.errors import WrongUsage
from releaser.core.included import Named, named_files
from releaser.core.kind import Kind, Problem
from releaser.core.suggest import did_you_mean
from releaser.core.workspace import EnvironmentFile, UseCaseFiles, Workspace
from releaser.kinds import registry
from releaser.store import yaml
from releaser.store.reader import MAX_FILE, Outside, Reader, TooLarge

MAX_TEXT = 1 << 20


def find_root(start: Path | None = None) -> Path:
    """The nearest folder upwards that holds ``manifests`` or ``environments``, not beyond the repository's
    top."""
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / "manifests").is_dir() or (folder / "environments").is_dir():
            return folder
        if (folder / ".git").exists():
            break
    raise WrongUsage(
        f"no manifests/ or environments/ in {here} or above",
        hint="change into the repository, or say where it is with --root",
    )


def load_workspace(
    reader: Reader, *, use_cases: Iterable[str] | None = None, kinds: Mapping[str, Kind] | None = None
) -> Workspace:
    """Everything under ``manifests`` and ``environments``; with ``use_cases`` only those manifests."""
    names = manifest_names(reader) if use_cases is None else tuple(use_cases)
    found: dict[str, UseCaseFiles] = {}
    diagnostics: list[Diagnostic] = []
    for name in names:
        loaded = load_use_case(reader, name, kinds)
        if isinstance(loaded, UseCaseFiles):
            found[name] = loaded
        else:
            diagnostics += loaded
    environments = load_environments(reader, diagnostics)
    return Workspace(found, environments, tuple(diagnostics))


def manifest_names(reader: Reader) -> tuple[str, ...]:
    """Folders of ``manifests`` that hold a manifest."""
    return _folders(reader, "manifests", "manifest.yaml")


def _folders(reader: Reader, top: str, file: str) -> tuple[str, ...]:
    parts = (path.split("/") for path in reader.list(top))
    return tuple(p[1] for p in parts if len(p) == 3 and p[2] == file)


def load_document(reader: Reader, path: str) -> Document | tuple[Diagnostic, ...]:
    """One YAML file of the repository."""
    try:
        content = reader.read(path)
    except TooLarge:
        return (Diagnostic("E104", "the file is far too large for a manifest", path),)
    except Outside:
        return (Diagnostic("E308", "the file is a symbolic link, and a commit does not hold what it leads to", path),)
    if content is None:
        return (Diagnostic("E307", "there is no such file", path),)
    return yaml.load(content, path)


def load_use_case(
    reader: Reader, name: str, kinds: Mapping[str, Kind] | None = None
) -> UseCaseFiles | tuple[Diagnostic, ...]:
    """One manifest with the files it names; diagnostics when the manifest is no document at all."""
    folder = f"manifests/{name}"
    document = load_document(reader, f"{folder}/manifest.yaml")
    if not isinstance(document, Document):
        return document
    files = _Files(reader, folder)
    for mention in named_files(document.data, (kinds or registry()).values()):
        files.include(mention)
    return UseCaseFiles(name, folder, document, files.texts, files.digests, files.cases, tuple(files.problems))


def read_reviews(reader: Reader, use_case: UseCaseFiles) -> dict[str, bytes]:
    """The files of reviews that a manifest names, as they are elsewhere than where the manifest comes from."""
    files = _Files(reader, use_case.folder)
    for mention in named_files(use_case.data, registry().values()):
        if mention.use == "reviews":
            files.include(mention)
    return files.cases


@dataclass
class _Files:
    """Gathers the named files of one use case."""

    reader: Reader
    folder: str
    texts: dict[str, str] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    cases: dict[str, bytes] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def include(self, named: Named) -> None:
        content = self.content(named)
        if content is None:
            return
        if named.use in ("text", "lines"):
            self.text(named, content, MAX_TEXT if named.use == "text" else MAX_FILE)
        elif named.use in ("cases", "reviews"):
            self.cases[named.path] = content

    def content(self, named: Named) -> bytes | None:
        if wrong := _unsafe(named.path):
            self.problems.append(Problem("E308", wrong, named.at, "name a file in the use case's own folder"))
            return None
        try:
            content = self.reader.read(f"{self.folder}/{named.path}")
        except TooLarge:
            self.problems.append(Problem("E309", f"{named.path} is too large", named.at, "keep it in S3"))
            return None
        except Outside:
            message = f"{named.path} is a symbolic link, or stands behind one"
            self.problems.append(Problem("E308", message, named.at, "put the file itself there"))
            return None
        if content is None:
            if named.use != "reviews":  # people write them once there are answers
                self.problems.append(self._missing(named))
            return None
        if named.use != "reviews":
            self.digests[named.path] = hashlib.sha256(content).hexdigest()
        return content

    def _missing(self, named: Named) -> Problem:
        there = [path.removeprefix(f"{self.folder}/") for path in self.reader.list(self.folder)]
        hint = did_you_mean(named.path, (path for path in there if path != "manifest.yaml"))
        return Problem("E307", f"there is no file {named.path[:200]}", named.at, hint)

    def text(self, named: Named, content: bytes, most: int) -> None:
        if len(content) > most:
            self.problems.append(Problem("E309", f"{named.path} has {len(content):,} bytes", named.at))
            return
        try:
            text = content.decode("utf-8").removeprefix("\ufeff")
        except UnicodeDecodeError as error:
            self.problems.append(Problem("E309", f"{named.path}: byte {error.start} is not UTF-8", named.at))
            return
        self.texts[named.path] = normal_text(text)


def normal_text(text: str) -> str:
    """LF line ends, one final newline stripped."""
    return text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n")


def _unsafe(path: str) -> str:
    """Why a named path is refused; empty when it is fine."""
    parts = path.split("/")
    if path.startswith("/") or "\\" in path or "\0" in path or ":" in parts[0]:
        return f"{path[:200]!r} is not a relative path with /"
    if ".." in parts:
        return f"{path[:200]!r} leads out of the use case's folder"
    if not path or "" in parts or "." in parts or str(PurePosixPath(path)) != path or len(path) > 400:
        return f"{path[:200]!r} is not written plainly"
    return ""


def load_environments(reader: Reader, diagnostics: list[Diagnostic]) -> dict[str, EnvironmentFile]:
    """Every environment; those that are not valid carry None, and ``validate`` says why."""
    found = {}
    for name in _folders(reader, "environments", "environment.yaml"):
        document = load_document(reader, f"environments/{name}/environment.yaml")
        if isinstance(document, Document):
            found[name] = EnvironmentFile(name, document, _environment(document))
        else:
            diagnostics += document
    return found


def _environment(document: Document) -> Environment | None:
    try:
        return Environment.model_validate(document.data)
    except ValidationError:
        return None
