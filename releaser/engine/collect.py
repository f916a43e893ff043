"""Deletes versions that nothing needs: finds them, and takes them away under a record of its own.

Never a call that could delete a parent: a version is always named, and after each deletion its resource must still
be there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from releaser.core.address import Address
from releaser.core.errors import Refused, ReleaserError
from releaser.core.garbage import Judged, Mention, Published, ever_cut, is_of_gc, judge, mention, needed_by_records
from releaser.core.graph import read_label
from releaser.core.kind import Kind, Verb
from releaser.core.plan import Known, StepKey
from releaser.core.record import ApprovedStep, Binding, Conclusion, Intent, StepOutcome, Witness
from releaser.core.record import Outcome as Ending
from releaser.core.timeline import Account
from releaser.core.values import digest, freeze
from releaser.engine.conclude import by_address, only_retired, step_outcome
from releaser.engine.driver import Driver
from releaser.engine.observe import Rows
from releaser.engine.planning import known_of
from releaser.engine.ports import Ledger
from releaser.engine.stepping import Stepping

ENFORCED = "the account's enforced guardrail"


@dataclass(frozen=True, slots=True)
class Inventory:
    """What is published, who mentions what, and the verdict on each version."""

    judged: tuple[Judged, ...]

    @property
    def unneeded(self) -> tuple[Published, ...]:
        return tuple(j.published for j in self.judged if not j.kept)


@dataclass(frozen=True, slots=True)
class Surveyor:
    """Looks at one account and region."""

    driver: Driver
    kinds: Mapping[str, Kind]
    workers: int = 16

    def survey(
        self,
        witnesses: Mapping[str, Witness],
        history: Sequence[Account],
        rows: Mapping[str, Rows],
        now: datetime,
        window: timedelta,
        keep: int,
    ) -> Inventory:
        """The verdict on every version of what the records say is ours.

        Raises ReleaserError or AwsError when anything that may use a version cannot be read: then nothing is known.
        """
        cut = ever_cut(history)
        with ThreadPoolExecutor(max_workers=self.workers, thread_name_prefix="survey") as pool:
            held = [(a, b) for w in witnesses.values() for a, b in _bindings(w) if self.kinds[b.kind].versioned]
            versions = pool.map(lambda ab: self._published(ab[0], ab[1], cut), held)
            published = [p for found in versions for p in found]
            used = {b.kind for w in witnesses.values() for _, b in _bindings(w)}
            mentions = self._mentions(pool, rows, used) if published else []
        return Inventory(tuple(judge(published, needed_by_records(history, now, window), mentions, keep)))

    def _published(self, address: Address, binding: Binding, cut: set[tuple[str, str]]) -> list[Published]:
        kind = self.kinds[binding.kind]
        found = []
        for row in self.driver.versions(kind, binding.id):
            label = read_label(row.description) if kind.labels_versions else None
            if label is None and kind.versions is not None and (binding.id, row.version) not in cut:
                seen = self.driver.read(kind, binding.id, row.version)
                label = read_label(seen.description) if seen is not None else None
            ours = label is not None or (binding.id, row.version) in cut
            found.append(Published(address, binding.id, binding.arn, row.version, ours))
        return found

    def _mentions(self, pool: ThreadPoolExecutor, rows: Mapping[str, Rows], used: Set[str]) -> list[Mention]:
        """What everything live in the account says, ours or not: drafts, pointers, and versions that pointers name. Of
        kinds that few use only where the records know one."""
        mentions = list(self._enforced())
        for name, kind in self.kinds.items():
            if kind.parent is not None or (kind.on_demand and name not in used):
                continue
            if name in rows and rows[name].failure:
                hint = "allow it, as `releaser iam policy --role plan -e ENV` prints, or run the same command again"
                raise ReleaserError(rows[name].failure, code="P110", hint=hint)
            listed = rows[name].by_id.values() if name in rows else self.driver.rows(kind)
            read = pool.map(lambda row, kind=kind: self._of(kind, row.id, row.name), listed)
            mentions += [m for found in read for m in found]
        return mentions

    def _of(self, kind: Kind, id_: str, name: str) -> list[Mention]:
        found = []
        seen = self.driver.read(kind, id_)
        if seen is not None:
            found.append(mention(f"{kind.name} {name}", seen.body))
        for inside in self.kinds.values():
            if inside.parent != kind.name:
                continue
            for row in self.driver.rows(inside, id_):
                pointing = freeze({"of": id_, **row.reply})  # not every row says what it belongs to
                where = f"{inside.name} {row.name} of {kind.name} {name}"
                pointer = mention(where, pointing)
                found.append(pointer)
                if inside.delivery is not None:
                    found.append(mention(where, self.driver.delivered(inside, row.id)))
                    continue
                for version in sorted(t for t in pointer.texts if t.isdigit()):
                    used = self.driver.read(kind, id_, version)
                    if used is not None:
                        found.append(mention(f"version {version} of {kind.name} {name}", used.body))
        return found

    def _enforced(self) -> Iterable[Mention]:
        for config in self.driver.enforced_guardrails():
            yield mention(ENFORCED, freeze({k: v for k, v in config.items() if isinstance(v, str)}))


@dataclass
class Collected:
    """What became of it."""

    deleted: list[Published] = field(default_factory=list)
    failed: dict[Published, ReleaserError] = field(default_factory=dict)
    refused: dict[str, ReleaserError] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Collector:
    """Deletes what a survey found, one record for each use case."""

    driver: Driver
    kinds: Mapping[str, Kind]
    ledger: Ledger
    stepping: Stepping
    intent: Callable[[str, Witness, tuple[ApprovedStep, ...], str], Intent]

    def collect(self, unneeded: Sequence[Published], witnesses: Mapping[str, Witness], *, take_over: bool) -> Collected:
        """Delete each version. One's failure stops no other; a use case that somebody else works on is left alone."""
        report = Collected()
        mine: dict[str, list[Published]] = {}
        for one in unneeded:
            mine.setdefault(one.address.use_case, []).append(one)
        for name in [n for n in mine if (w := witnesses[n]).open is not None and not is_of_gc(w.open.opened)]:
            report.refused[name] = _interrupted(name)
            del mine[name]
        plan = digest([[str(p.address), p.id, p.version] for found in mine.values() for p in found])
        intents = [self.intent(name, witnesses[name], _approved(found), plan) for name, found in mine.items()]
        opening = self.ledger.open(intents, take_over=take_over, since=witnesses) if intents else None
        if opening is None:
            return report
        report.refused |= opening.held
        endings = []
        for name, record in {**opening.opened, **opening.resumed}.items():
            outcomes = [self._delete(one, report) for one in mine.get(name, ())]
            known = known_of(witnesses[name], self.kinds)
            endings.append((record, _conclusion(outcomes, known), ""))
        self.ledger.close(endings)
        return report

    def _delete(self, one: Published, report: Collected) -> StepOutcome:
        kind = self.kinds[one.address.kind]

        def delete() -> str:
            self.driver.delete_version(kind, one.id, one.version)
            return f"version {one.version} deleted"

        done, failure = self.stepping.step(StepKey(one.address, Verb.PRUNE, one.version), delete)
        if failure is None:
            report.deleted.append(one)
        else:
            report.failed[one] = failure
        return step_outcome(done)


def _interrupted(name: str) -> ReleaserError:
    return Refused(
        f"{name}: a run was interrupted, and what it needs is not told yet",
        code="P135",
        hint="run reconcile first: it continues, and gc comes after",
    )


def _bindings(witness: Witness) -> Iterable[tuple[Address, Binding]]:
    return sorted(witness.released.bindings.items()) if witness.released else ()


def _approved(found: Iterable[Published]) -> tuple[ApprovedStep, ...]:
    return tuple(
        ApprovedStep(address=p.address, verb=Verb.PRUNE.value, stamp=f"{p.id}:{p.version}", before=None) for p in found
    )


def _conclusion(outcomes: list[StepOutcome], known: Known) -> Conclusion:
    return Conclusion(
        outcome=Ending.PRUNED,
        outcomes=tuple(outcomes),
        bindings={},
        retired=only_retired(known.retired),
        verified=False,
        duration_ms=sum(o.duration_ms for o in outcomes),
        attempted=by_address(known.attempted),
    )
