"""What goes into a bundle: gathered from git a part at a time, in an order that is always the same."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from releaser.core.audit_index import Scope, index_csv, index_data, index_rows, is_in
from releaser.core.entry import decode
from releaser.core.errors import ReleaserError
from releaser.core.proof.anchors import ANCHORS_FOLDER
from releaser.core.proof.branch import Commit, every_digest
from releaser.core.proof.bundle import ANCHORS, BOMS, CHANGES, COMMITS, DIGESTS, RECORDS, TAGS
from releaser.core.proof.contents import CONTENTS, SIGNERS
from releaser.core.proof.evidence import ERASED, is_evidence
from releaser.core.proof.files import compact, sha256
from releaser.core.record import Closed, Opened
from releaser.core.release_content import CONFIDENTIAL
from releaser.core.timeline import Account, live_at
from releaser.pipeline.bill import bom_of
from releaser.pipeline.tag_content import files_of
from releaser.render.audit_index import index_page
from releaser.store import branch_line
from releaser.store.handed.joined import verify_source
from releaser.store.signatures import allowed_signers
from releaser.store.tag_content import carried
from releaser.store.tags import ReleaseTag
from releaser.wiring import Repository

Member = tuple[str, bytes]


@dataclass
class Gathering:
    """One export. ``members`` is to be read once; what it learns on the way stands in the other fields."""

    repo: Repository
    scope: Scope
    with_content: bool
    mappings: Mapping[str, Any]
    names: set[str] = field(default_factory=set)
    withheld: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    accounts: list[Account] = field(default_factory=list)
    """Of the chosen sequences, all of them."""
    rows: list[dict[str, str]] = field(default_factory=list)

    def members(self) -> Iterator[Member]:
        """Every member of the bundle but the list of them."""
        for name, raw in self._all():
            self.names.add(name)
            yield name, raw

    def _all(self) -> Iterator[Member]:
        yield "verify.py", verify_source().encode()
        commits = branch_line.commits_of(self.repo.git, self.scope.head)
        yield from self._records(commits)
        yield from self._branch(commits)
        tags = {(t.use_case, t.release): t for rows in self.repo.tags.known().values() for t in rows}
        named = sorted({(a.opened.use_case, a.opened.release) for a in self.accounts} & tags.keys())
        told = self._in_period()
        wanted = {(a.opened.use_case, a.opened.release) for a in told}
        for place in named:
            yield from self._release(tags[place], is_whole=place in wanted)
        signers = allowed_signers(self.repo.git, "HEAD")
        if signers:
            yield SIGNERS, signers
        yield from self._index(told)

    def _records(self, commits: list[Commit]) -> Iterator[Member]:
        """The files of the chosen sequences, and the digests of every file that the branch had."""
        git, digests = self.repo.git, {}
        opened: dict[str, Opened] = {}
        closed: dict[str, Closed] = {}
        files = branch_line.files_at(git, self.scope.head)
        for path, raw in branch_line.contents(git, files):
            digests[path] = sha256(raw)
            if path.startswith(f"{ANCHORS_FOLDER}/"):
                below = path[len(ANCHORS_FOLDER) + 1 :]
                if self.scope.environment in ("", below.partition("/")[0]):
                    yield ANCHORS + below, raw
                continue
            if not self._is_chosen(path):
                continue
            folder, _, name = path.rpartition("/")
            if name == "closed.json" and isinstance(entry := _decoded(raw, path), Closed):
                closed[folder] = entry
            elif name == "opened.json" and isinstance(entry := _decoded(raw, path), Opened):
                opened[folder] = entry
            if self._stays(path, closed.get(folder.rpartition("/")[0])):
                self.withheld[RECORDS + path] = digests[path]
            else:
                yield RECORDS + path, raw
        self.accounts = [Account(one, closed.get(folder)) for folder, one in sorted(opened.items())]
        yield DIGESTS, compact(every_digest(commits, digests))

    def _is_chosen(self, path: str) -> bool:
        environment, _, rest = path.partition("/")
        use_case = rest.partition("/")[0]
        chosen = not self.scope.use_cases or use_case in self.scope.use_cases
        return chosen and self.scope.environment in ("", environment)

    def _stays(self, path: str, closed: Closed | None) -> bool:
        """Evidence of a use case whose data is confidential: it may quote what users wrote."""
        if self.with_content or not is_evidence(path) or path.endswith(ERASED):
            return False
        return closed is None or closed.facts.governance.get("dataClassification") in CONFIDENTIAL

    @staticmethod
    def _branch(commits: list[Commit]) -> Iterator[Member]:
        yield COMMITS, b"".join(b"%s commit %d\n%s\n" % (c.id.encode(), len(c.raw), c.raw) for c in commits)
        yield CHANGES, compact({c.id: [list(change) for change in c.changes] for c in commits})

    def _in_period(self) -> list[Account]:
        """Records at work within the period, and those that made what was live when it began."""
        before = {a.opened.id for a in live_at(self.accounts, self.scope.since)}
        return [a for a in self.accounts if is_in(a, self.scope) or a.opened.id in before]

    def _release(self, tag: ReleaseTag, *, is_whole: bool) -> Iterator[Member]:
        name = f"{tag.use_case}/{tag.release}"
        found = self.repo.git.objects([tag.object_id])[0]
        if found is not None and found[0] == "tag":
            yield f"{TAGS}{name}.tag", found[1]
        if not is_whole:
            return
        try:
            files = files_of(self.repo, tag)
            bill = bom_of(self.repo, tag, files, reversed(self._of(tag)))
            content = carried(
                self.repo.git, self.repo.at(tag.commit), tag.commit, files, with_content=self.with_content
            )
        except ReleaserError as error:
            self.notes.append(f"the content of {name}: {error}")
            return
        self.withheld |= {f"{CONTENTS}{name}/{path}": digest for path, digest in content.withheld.items()}
        for path, raw in sorted(content.members.items()):
            yield f"{CONTENTS}{name}/{path}", raw
        yield f"{BOMS}{name}.cdx.json", json.dumps(bill, indent=2, sort_keys=True, ensure_ascii=False).encode() + b"\n"

    def _of(self, tag: ReleaseTag) -> list[Account]:
        mine = [a for a in self.accounts if (a.opened.use_case, a.opened.release) == (tag.use_case, tag.release)]
        return sorted(mine, key=lambda a: (a.opened.opened_at, a.opened.environment))

    def _index(self, told: list[Account]) -> Iterator[Member]:
        elsewhere = sorted({r.uri for a in told if a.closed for r in a.closed.evidence.values() if "://" in r.uri})
        self.notes += [f"evidence that is kept elsewhere: {uri}" for uri in elsewhere]
        if self.withheld:
            self.notes.append(f"{len(self.withheld)} files of confidential use cases: by digest only")
        self.rows = index_rows(told, self.names)
        notes = sorted(self.notes)
        data = index_data(self.scope, self.rows, self.mappings, notes)
        yield "index.csv", index_csv(self.rows).encode()
        yield "index.json", json.dumps(data, indent=2, ensure_ascii=False).encode() + b"\n"
        yield "index.html", index_page(self.scope, self.rows, self.mappings, notes).encode()


def _decoded(raw: bytes, path: str) -> object:
    """The entry; None for one that cannot be read: it goes into the bundle as it is, and verify.py names it."""
    try:
        return decode(raw, path)
    except ReleaserError:
        return None
