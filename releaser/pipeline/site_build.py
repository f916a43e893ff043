"""Makes the history pages: use cases apart from each other, a few at a time, in several processes where it pays."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

from releaser.core.account_notes import seen_of
from releaser.core.environment import Environment
from releaser.core.errors import ReleaserError
from releaser.core.notes import Notes, release_notes
from releaser.core.release_content import ReleaseContent, mapping
from releaser.core.site import Cell, cell_of, events, in_order, series, stretches
from releaser.core.site_pages import ReleasePage, Row, Subject, UseCasePage
from releaser.core.timeline import Account
from releaser.core.workspace import UseCaseFiles
from releaser.engine.contents import content_as_written
from releaser.kinds import registry
from releaser.render.site.matrix import matrix_page
from releaser.render.site.parts import Frame
from releaser.render.site.release import release_page
from releaser.render.site.style import SITE_STYLE
from releaser.render.site.use_case import use_case_page
from releaser.store.git import Git
from releaser.store.ledger import Ledger
from releaser.store.page_folder import pages
from releaser.store.site_source import Loaded, Wanted, files_at, tag_dates, use_cases_at
from releaser.store.tags import ReleaseTag, Tags
from releaser.wiring import Repository

_TOGETHER = 500
"""Releases whose contents are held at a time."""
_WORTH = 400
"""Releases from which a second process pays for its start."""


@dataclass(frozen=True, slots=True)
class Made:
    """What was written."""

    use_cases: int
    pages: int


@dataclass(frozen=True, slots=True)
class Job:
    """Some use cases, whose pages go into a folder."""

    root: Path
    folder: Path
    frame: Frame
    environments: tuple[str, ...]
    head: str | None
    records: str | None
    use_cases: tuple[str, ...]
    tags: Mapping[str, Sequence[ReleaseTag]]
    """Newest first."""
    dates: Mapping[str, datetime]


def build(repo: Repository, out: Path, *, title: str, as_of: date, workers: int | None = None) -> Made:
    """Write the whole site. The same git and the same day give the same bytes."""
    with pages(out) as folder:
        jobs, environments, frame = _jobs(repo, folder, title, as_of)
        rows = sorted(_rows(jobs, workers), key=lambda row: row.subject.name)
        _write(folder / "style.css", SITE_STYLE)
        _write(folder / "index.html", matrix_page(frame, environments, rows))
    return Made(len(rows), 1 + sum(1 + row.releases for row in rows))


def _jobs(repo: Repository, folder: Path, title: str, as_of: date) -> tuple[list[Job], tuple[str, ...], Frame]:
    git = repo.git
    head, records = git.resolve("HEAD"), _records_tip(repo)
    ledger = Ledger(git, records)
    declared = _declared(repo, head)
    above = dict.fromkeys(ledger.environments()) | {n: e.spec.promotesFrom for n, e in declared.items()}
    environments = in_order(above)
    tags = {name: [t for t in rows if t.digest] for name, rows in Tags(git, None, repo.clock.now).known().items()}
    recorded = {name for environment in above for name in ledger.folders(environment)}
    names = sorted({*tags, *recorded, *use_cases_at(git, head)})
    sources = tuple((name, commit) for name, commit in (("content", head), ("records", records)) if commit)
    frame = Frame(title, as_of, sources)
    dates = tag_dates(git)
    jobs = []
    for some in _batches(names, tags):
        own = {name: tags.get(name, []) for name in some}
        when = {t.ref: dates[t.ref] for rows in own.values() for t in rows if t.ref in dates}
        jobs.append(Job(repo.root, folder, frame, environments, head, records, some, own, when))
    return jobs, environments, frame


def _records_tip(repo: Repository) -> str | None:
    from releaser.pipeline.recorded import records_of

    return records_of(repo).branch.tip()


def _declared(repo: Repository, head: str | None) -> dict[str, Environment]:
    from releaser.store.workspace import load_environments

    if head is None:
        return {}
    found = load_environments(repo.at(head), [])
    return {name: f.environment for name, f in found.items() if f.environment}


def _batches(names: Sequence[str], tags: Mapping[str, Sequence[ReleaseTag]]) -> Iterator[tuple[str, ...]]:
    some: list[str] = []
    held = 0
    for name in names:
        some.append(name)
        held += 1 + len(tags.get(name, ()))
        if held >= _TOGETHER:
            yield tuple(some)
            some, held = [], 0
    if some:
        yield tuple(some)


def _rows(jobs: Sequence[Job], workers: int | None) -> list[Row]:
    count = min(workers or os.cpu_count() or 1, len(jobs))
    if count < 2 or sum(len(rows) for job in jobs for rows in job.tags.values()) < _WORTH:
        return [row for job in jobs for row in work(job)]
    # spawn: a fork would copy the locks of threads that git's launcher may have started
    with ProcessPoolExecutor(count, mp_context=get_context("spawn")) as pool:
        return [row for rows in pool.map(work, jobs) for row in rows]


def work(job: Job) -> list[Row]:
    """Write the pages of some use cases."""
    gc.set_threshold(200_000, 50, 50)  # many small immutable values: collecting them early only costs
    git = Git.open(job.root)
    accounts = _accounts(git, job)
    wanted = [Wanted(name, t.commit) for name in job.use_cases for t in job.tags[name]]
    wanted += [Wanted(name, job.head) for name in job.use_cases if job.head and not job.tags[name]]
    loaded = files_at(git, wanted)
    return [_use_case(job, git, name, accounts.get(name, {}), loaded) for name in job.use_cases]


Sequences = Mapping[str, Sequence[Account]]
"""Environment -> the records of a use case there, newest first."""


def _accounts(git: Git, job: Job) -> dict[str, dict[str, list[Account]]]:
    ledger = Ledger(git, job.records)
    found: dict[str, dict[str, list[Account]]] = {}
    for environment in job.environments:
        folders = ledger.folders(environment, job.use_cases)
        read = iter(ledger.accounts([f for rows in folders.values() for f in rows]))
        for name, rows in folders.items():
            found.setdefault(name, {})[environment] = [next(read) for _ in rows]
    return found


def _use_case(job: Job, git: Git, name: str, accounts: Sequences, loaded: Mapping[Wanted, Loaded]) -> Row:
    tags = job.tags[name]
    newest = loaded.get(Wanted(name, tags[0].commit if tags else job.head or ""))
    told = events(a for rows in accounts.values() for a in rows)
    row = Row(_subject(name, newest), tuple(_cells(job, git, name, accounts)), len(tags))
    made = _releases(name, tags, loaded, accounts)
    releases = [
        ReleasePage(
            release=tag.release,
            digest=tag.digest,
            commit=tag.commit,
            cut=job.dates.get(tag.ref),
            notes=notes,
            trouble=trouble,
            events=tuple(e for e in told if e.release == tag.release),
            older=tags[i + 1].release if i + 1 < len(tags) else "",
            newer=tags[i - 1].release if i else "",
        )
        for i, (tag, notes, trouble) in enumerate(made)
    ]
    lanes = {environment: stretches(accounts.get(environment, ())) for environment in job.environments}
    page = UseCasePage(row, tuple(releases), tuple(told), lanes, tuple(series(accounts)))
    folder = job.folder / name
    folder.mkdir()
    _write(folder / "index.html", use_case_page(job.frame, page))
    for release in releases:
        _write(folder / f"{release.release}.html", release_page(job.frame, row.subject, release))
    return row


def _subject(name: str, files: Loaded | None) -> Subject:
    if not isinstance(files, UseCaseFiles):
        return Subject(name)
    governance = mapping(files.spec.get("governance"))
    metadata = mapping(files.data.get("metadata"))
    return Subject(
        name,
        description=" ".join(str(files.spec.get("description") or "").split()),
        owner=str(metadata.get("owner") or ""),
        risk_tier=str(governance.get("riskTier") or ""),
        data=str(governance.get("dataClassification") or ""),
    )


def _cells(job: Job, git: Git, name: str, accounts: Sequences) -> Iterator[Cell]:
    now = datetime.combine(job.frame.as_of, time.max, UTC)
    for environment in job.environments:
        rows = accounts.get(environment, ())
        open_ = None
        if rows and rows[0].closed is None:
            state = Ledger(git, job.records).states(environment, [name]).get(name)
            open_ = state.open if state else None
        yield cell_of(environment, rows, open_, now)


def _releases(
    name: str, tags: Sequence[ReleaseTag], loaded: Mapping[Wanted, Loaded], accounts: Sequences
) -> list[tuple[ReleaseTag, Notes | None, str]]:
    """The notes of each release against the one before it, newest first; why there are none, where there are none."""
    contents = [_told(partial(_content, t, loaded[Wanted(name, t.commit)])) for t in tags]
    found: list[tuple[ReleaseTag, Notes | None, str]] = []
    for i, (tag, content) in enumerate(zip(tags, contents, strict=True)):
        if isinstance(content, str):
            found.append((tag, None, content))
            continue
        older = next((c for c in contents[i + 1 :] if not isinstance(c, str)), None)
        history = {t.release: t.digest for t in tags[i + 1 :]}
        happened = seen_of(tag.release, older.release if older else "", accounts)
        make = partial(release_notes, older, content, kinds=registry(), history=history, happened=happened)
        notes = _told(make)
        found.append((tag, None, notes) if isinstance(notes, str) else (tag, notes, ""))
    return found


def _content(tag: ReleaseTag, files: Loaded) -> ReleaseContent | str:
    if isinstance(files, str):
        return files
    if files.digest != tag.digest:
        return f"the tag names the digest {tag.digest[:16]}, and the content at its commit has {files.digest[:16]}"
    return content_as_written(files, tag.release)


T = TypeVar("T")


def _told(make: Callable[[], T]) -> T | str:
    """What is made, or why it cannot be: anybody may push a tag, and no page of another release fails for it."""
    try:
        return make()
    except ReleaserError as error:
        return str(error)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        return f"the manifest at its commit is none that this version understands ({type(error).__name__})"


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
