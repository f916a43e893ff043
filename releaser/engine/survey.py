"""What is live and nobody's in one account, chosen by id, name or tag, and read. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from releaser.core.adoption import Live
from releaser.core.content import version_digest
from releaser.core.errors import ReleaserError
from releaser.core.graph import OWNER_TAG
from releaser.core.kind import Kind
from releaser.core.ours import pointer_to, section_of
from releaser.engine.driver import Driver
from releaser.engine.observe import Rows
from releaser.engine.pinned import target
from releaser.engine.reading import Row


@dataclass(frozen=True, slots=True)
class Choice:
    """What to take: ids, ARNs or name patterns of a kind; name patterns of any kind; tags."""

    by_kind: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        return not (self.by_kind or self.names or self.tags)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that could be taken over."""

    kind: str
    row: Row
    tags: Mapping[str, str]


class Survey:
    """One account and region."""

    def __init__(self, driver: Driver, kinds: Mapping[str, Kind], rows: Mapping[str, Rows], workers: int = 16) -> None:
        self._driver, self._kinds, self._rows, self._workers = driver, kinds, rows, workers
        self._tags: dict[str, Mapping[str, str]] = {}

    def everything(self, *, tagged: bool) -> list[Candidate]:
        """Every resource of a kind that a manifest can name. With its tags where ``tagged``."""
        found = [(kind.name, row) for kind in self._own() for row in self._listed(kind)]
        with ThreadPoolExecutor(max_workers=self._workers) as pool:
            tags = list(pool.map(lambda f: self._tags_of(*f) if tagged else {}, found))
        return [Candidate(kind, row, tag) for (kind, row), tag in zip(found, tags, strict=True)]

    def chosen(self, choice: Choice) -> list[Candidate]:
        """What a choice names, without what is somebody's. Raises ReleaserError for a name that leads nowhere."""
        every = self.everything(tagged=bool(choice.tags))
        found = [c for c in every if _is_chosen(c, choice)]
        for kind, wanted in choice.by_kind.items():
            for one in wanted:
                if not any(c.kind == kind and _is_named(c.row, one) for c in found):
                    raise ReleaserError(f"there is no {kind} {one}", code="P189", hint="`--name '*'` takes everything")
        return found

    def owner(self, candidate: Candidate) -> str:
        """The address that its tag names; empty when it is nobody's."""
        return self._tags_of(candidate.kind, candidate.row).get(OWNER_TAG, "")

    def _own(self) -> list[Kind]:
        return [k for k in self._kinds.values() if section_of(k) is not None and k.parent is None]

    def _listed(self, kind: Kind) -> Iterable[Row]:
        rows = self._rows[kind.name]
        if rows.failure:
            hint = "allow it, as `releaser iam policy --role plan -e ENV` prints, and run again"
            raise ReleaserError(f"{kind.name}: {rows.failure}", code="P110", hint=hint)
        return rows.by_id.values()

    def _tags_of(self, kind: str, row: Row) -> Mapping[str, str]:
        if row.id not in self._tags:
            self._tags[row.id] = self._driver.tags_of(self._kinds[kind], row)
        return self._tags[row.id]

    def read(self, candidate: Candidate) -> tuple[Live, Live | None]:
        """The resource with the version that holds its draft; and the alias that callers follow, where it has one."""
        kind = self._kinds[candidate.kind]
        own = self._live(kind, candidate.row.id)
        pointer = pointer_to(kind, self._kinds)
        return own, self._alias(pointer, own) if pointer is not None else None

    def _live(self, kind: Kind, id_: str) -> Live:
        found = self._driver.settle(kind, id_)
        return Live(
            found.id, found.arn, found.name, self._version(kind, found.id, version_digest(kind, found.body)), found.body
        )

    def _version(self, kind: Kind, id_: str, held: str) -> str:
        """The newest version with this content."""
        numbers = sorted((r.version for r in self._driver.versions(kind, id_)), key=_number, reverse=True)
        for number in numbers:
            seen = self._driver.read(kind, id_, number)
            if seen is not None and version_digest(kind, seen.body) == held:
                return number
        return ""

    def _alias(self, kind: Kind, own: Live) -> Live | None:
        """The alias at the version that holds the draft, else the first by name; none that leads to a draft."""
        found = []
        mint = self._kinds[kind.parent or ""].mint
        for row in self._driver.rows(kind, own.id):
            if mint is not None and row.name == mint.alias:
                continue
            seen = self._driver.read(kind, row.id)
            leads = target(seen.body) if seen is not None else {"DRAFT"}
            if seen is not None and all(n.isdigit() for n in leads):
                found.append((leads != {own.version}, seen.name, Live(seen.id, seen.arn, seen.name, "", seen.body)))
        return min(found, key=lambda f: f[:2])[2] if found else None


def _number(version: str) -> tuple[int, str]:
    return (int(version) if version.isdigit() else 0, version)


def _is_named(row: Row, wanted: str) -> bool:
    return wanted in (row.id, row.arn) or fnmatchcase(row.name, wanted)


def _is_chosen(candidate: Candidate, choice: Choice) -> bool:
    by_kind = any(_is_named(candidate.row, w) for w in choice.by_kind.get(candidate.kind, ()))
    by_name = any(fnmatchcase(candidate.row.name, pattern) for pattern in choice.names)
    tagged = bool(choice.tags) and all(candidate.tags.get(k) == v for k, v in choice.tags.items())
    return by_kind or by_name or tagged
