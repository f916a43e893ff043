"""Taking over what exists: survey, write, prove. One use case's failure stops no other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from releaser import wiring
from releaser.core.adoption import Divergence, Draft, Entries, Live, Place, adopt
from releaser.core.body_shape import body_shape
from releaser.core.environment import Environment, Target, duration
from releaser.core.errors import ReleaserError
from releaser.core.kind import Kind, Verb
from releaser.core.matching import Key, entry_names, plain_name
from releaser.core.ours import OBSERVE, pointer_to
from releaser.core.plan import UseCasePlan
from releaser.core.record import Witness
from releaser.core.shapes import check
from releaser.core.validate import validate_use_case
from releaser.core.values import FrozenMap
from releaser.core.workspace import UseCaseFiles
from releaser.engine.compile import compile_all, site_of
from releaser.engine.driver import Driver
from releaser.engine.observe import Observer, Rows
from releaser.engine.planning import Planning
from releaser.engine.survey import Candidate, Choice, Survey
from releaser.kinds import registry
from releaser.kinds.models import model
from releaser.store.workspace import load_use_case
from releaser.store.yaml_write import dump, put

HEAD = "# yaml-language-server: $schema=../../schemas/use-case.v1.json\n"


@dataclass
class Account:
    """One environment with what a look at it gave."""

    environment: Environment
    target: Target
    observer: Observer
    rows: Mapping[str, Rows]
    survey: Survey
    added: dict[str, str] = field(default_factory=dict)
    """Bindings that were written since."""

    @property
    def name(self) -> str:
        return self.environment.name

    @property
    def place(self) -> Place:
        known = {**self.environment.bindings(self.target), **self.added}
        return Place(self.name, self.target.account, self.target.region, known)


@dataclass(frozen=True, slots=True)
class Wanted:
    """One use case that is to be written: what to take in each environment."""

    use_case: str
    choices: Mapping[str, Choice]
    owner: str
    paired: tuple[tuple[str, Mapping[str, str]], ...] = ()
    """(kind, environment -> id): what was said to be one, whatever its names."""


@dataclass
class Adopted:
    """What became of one use case."""

    use_case: str
    state: str = "failed"
    """``written``, ``kept`` (a manifest is there), ``diverges`` (nothing written), ``failed``."""
    resources: int = 0
    divergences: tuple[Divergence, ...] = ()
    notes: list[str] = field(default_factory=list)
    proofs: dict[str, list[str]] = field(default_factory=dict)
    """Environment -> what its plan holds beside tags and the runtime configuration; empty: proven."""
    marked: dict[str, str] = field(default_factory=dict)

    @property
    def is_proven(self) -> bool:
        return self.state in ("written", "kept") and bool(self.proofs) and not any(self.proofs.values())


def accounts(repo: wiring.Repository, names: Sequence[str]) -> list[Account]:
    """A look at every environment, all at once. Read-only."""
    found = wiring.environments(repo.on_disk())
    chosen = [wiring.choose_environment(found, name) for name in names]
    with ThreadPoolExecutor(max_workers=len(chosen)) as pool:
        return list(pool.map(lambda e: _look(repo, e, wiring.choose_target(e, None)), chosen))


def _look(repo: wiring.Repository, environment: Environment, target: Target) -> Account:
    connection = wiring.connection(environment, target, repo.environ, read_only=True)
    driver = Driver(connection.aws, repo.clock, site=site_of(environment, target))
    observer = Observer(driver, registry(), environment.name, target.account, target.region, workers=32)
    rows = observer.list_all()
    return Account(environment, target, observer, rows, Survey(driver, registry(), rows))


# -- one use case


@dataclass
class Writer:
    """Writes manifests, files and bindings below a root."""

    repo: wiring.Repository
    accounts: Sequence[Account]
    take_first: bool = False
    classification: str = ""
    force: bool = False

    def write(self, wanted: Wanted) -> Adopted:
        """One use case, from the accounts to its folder."""
        result = Adopted(wanted.use_case)
        folder = self.repo.root / "manifests" / wanted.use_case
        if (folder / "manifest.yaml").exists() and not self.force:
            result.state = "kept"
            return result
        try:
            draft = self._draft(wanted, result)
            result.divergences = tuple(draft.divergences)
            if draft.divergences and not self.take_first:
                result.state = "diverges"
                return result
            self._bind(draft)
            for path, text in draft.files.items():
                _write(folder / path, text + "\n")
            _write(folder / "manifest.yaml", HEAD + dump(draft.document(wanted.owner, self.classification)))
            result.state = "written"
        except ReleaserError as error:
            result.notes.append(f"{error}" + (f" ({error.hint})" if error.hint else ""))
        except ValueError as error:
            result.notes.append(str(error))
        return result

    def _draft(self, wanted: Wanted, result: Adopted) -> Draft:
        grouped = self._grouped(wanted, result)
        if not grouped:
            raise ReleaserError(
                f"nothing to take over for {wanted.use_case}", hint="what was named is there already ours"
            )
        names = entry_names(grouped, wanted.use_case)
        result.resources = len(grouped)
        kinds = registry()
        return adopt(
            wanted.use_case, tuple(a.place for a in self.accounts), self._read(grouped, names, kinds), kinds, _fits
        )

    def _grouped(self, wanted: Wanted, result: Adopted) -> dict[Key, dict[str, Candidate]]:
        environments = [a.name for a in self.accounts]
        found: dict[Key, dict[str, Candidate]] = {}
        pairs: dict[tuple[str, str, str], int] = {
            (kind, environment, id_): n
            for n, (kind, ids) in enumerate(wanted.paired)
            for environment, id_ in ids.items()
        }
        keys: dict[int, Key] = {}
        for account in self.accounts:
            for one in account.survey.chosen(wanted.choices.get(account.name, Choice())):
                owner = account.survey.owner(one)
                if owner and owner.split("/")[0] != wanted.use_case:
                    result.notes.append(f"{one.kind} {one.row.name} in {account.name} belongs to {owner}: left alone")
                    continue
                key = (one.kind, plain_name(one.row.name, environments))
                number = next(
                    (
                        n
                        for i in (one.row.id, one.row.name, one.row.arn)
                        if (n := pairs.get((one.kind, account.name, i))) is not None
                    ),
                    None,
                )
                if number is not None:
                    key = keys.setdefault(number, key)
                if account.name in found.setdefault(key, {}):
                    other = found[key][account.name].row
                    raise ReleaserError(
                        f"{one.kind} {one.row.name} and {other.name} in {account.name} would be one entry",
                        code="P189",
                        hint=f"say which is which: --{one.kind} {account.name}={one.row.id},...",
                    )
                found[key][account.name] = one
        return found

    def _read(
        self, grouped: Mapping[Key, Mapping[str, Candidate]], names: Mapping[Key, str], kinds: Mapping[str, Kind]
    ) -> Entries:
        by_name = {a.name: a.survey for a in self.accounts}
        tasks = [(key, environment, one) for key, each in grouped.items() for environment, one in each.items()]
        with ThreadPoolExecutor(max_workers=16) as pool:
            read = list(pool.map(lambda t: by_name[t[1]].read(t[2]), tasks))
        entries: dict[tuple[str, str], dict[str, Live]] = {}
        for (key, environment, _), (own, alias) in zip(tasks, read, strict=True):
            entries.setdefault((key[0], names[key]), {})[environment] = own
            pointer = pointer_to(kinds[key[0]], kinds)
            if alias is not None and pointer is not None:
                entries.setdefault((pointer.name, names[key]), {})[environment] = alias
        return {k: entries[k] for k in sorted(entries)}

    def _bind(self, draft: Draft) -> None:
        """New bindings go into every environment before a manifest asks for them."""
        for account in self.accounts:
            path = self.repo.root / "environments" / account.name / "environment.yaml"
            text = path.read_text(encoding="utf-8")
            for name, values in draft.bindings.items():
                if name not in account.place.bindings:
                    text = put(text, ("spec", "bindings"), name, values[account.name])
                    account.added[name] = values[account.name]
            _write(path, text)


def _fits(kind: Kind, body: FrozenMap) -> bool:
    return not any(v.rule == "required" for v in check(body_shape(kind, model(kind.service)), body))


def _write(path: Path, text: str) -> None:
    from releaser.pipeline.work import write_whole

    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, text)


# -- the proof


def prove(repo: wiring.Repository, environments: Iterable[Account], results: Sequence[Adopted]) -> None:
    """The ordinary plan of every written use case in every environment: nothing but tags and the runtime
    configuration."""
    reader = repo.on_disk()
    declared = {n: e for n, f in wiring.environments(reader).items() if (e := f.environment) is not None}
    files: dict[str, UseCaseFiles] = {}
    for result in results:
        if result.state in ("written", "kept"):
            loaded = load_use_case(reader, result.use_case)
            if isinstance(loaded, UseCaseFiles):
                files[result.use_case] = loaded
            else:
                result.notes.append(loaded[0].message)
    for account in environments:
        _prove_in(repo, account, declared[account.name], files, {r.use_case: r for r in results})


def _prove_in(
    repo: wiring.Repository,
    account: Account,
    environment: Environment,
    files: Mapping[str, UseCaseFiles],
    results: Mapping[str, Adopted],
) -> None:
    target = next(t for t in environment.spec.targets if t.name == account.target.name)
    sound: dict[str, UseCaseFiles] = {}
    for name, found in files.items():
        if not target.takes(found.labels):
            continue
        checked = validate_use_case(found, registry(), model, {environment.name: environment})
        wrong = [f"{d.code} line {d.line}: {d.message}" for d in checked.diagnostics if d.severity == "error"]
        results[name].proofs[account.name] = wrong
        if not wrong:
            sound[name] = found
    releases = wiring.unreleased(sound)
    compiled = compile_all(sound, environment, target, registry(), releases)
    witnesses: dict[str, Witness] = {}
    if repo.has_git:
        witnesses = {n: w for n, w in repo.records(environment).witnesses(environment.name).items() if n in sound}
    window = duration(environment.spec.rollbackWindow)
    planning = Planning(account.observer, registry(), repo.clock.now(), window, "")
    planned = planning.plan(compiled, witnesses, releases, deep=True, rows=account.rows)
    for part in planned.plan.use_cases:
        results[part.use_case].proofs[account.name] = against(part)


def against(part: UseCasePlan) -> list[str]:
    """What a plan holds that is more than taking over."""
    if part.blocked:
        return [f"{d.code}: {d.message}" for d in part.blocked]
    more = {s.key for s in part.steps if not is_taking_over(s.verb, s.address.kind, s.before)}
    found = [f"{key}" for key in sorted(more)]
    for change in part.changes:
        if any(key.address == change.address for key in more):
            found += [f"{change.address}: {f.path} differs" for f in change.fields if not f.path.startswith("tags.")]
            found += (
                [f"{change.address}: no version holds the draft's content; publish one"] if change.publishes else []
            )
    return found


def is_taking_over(verb: Verb, kind: str, before: str) -> bool:
    """Whether a step only marks what is there, or tells applications of it for the first time."""
    return verb is Verb.ADOPT or (verb is Verb.REPOINT and registry()[kind].is_known_by_name and not before)


def released_only(part: UseCasePlan, names: Iterable[str]) -> UseCasePlan:
    """A plan that may be applied because it only takes over; all others stay observed."""
    may = part.use_case in set(names) and not against(part)
    return replace(part, observed=False) if may else part


def is_observed(files: UseCaseFiles) -> bool:
    return files.spec.get("mode") == OBSERVE


Told = Callable[[str], None]


def run(writer: Writer, wanted: Sequence[Wanted], tell: Told) -> list[Adopted]:
    """Every use case, with progress."""
    results = []
    for number, one in enumerate(wanted, 1):
        result = writer.write(one)
        tell(f"[{number}/{len(wanted)}] {one.use_case}: {result.state}")
        results.append(result)
    return results
