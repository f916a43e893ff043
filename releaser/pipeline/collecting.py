"""What ``gc`` does with the account and the records."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from releaser import wiring
from releaser.core.environment import duration
from releaser.core.record import ApprovedStep, Intent, Witness
from releaser.engine.collect import Collected, Collector, Inventory, Surveyor
from releaser.engine.run import Source
from releaser.engine.stepping import Stepping
from releaser.kinds import registry
from releaser.pipeline import work
from releaser.pipeline.desk import Desk
from releaser.pipeline.provenance import provenance_of


def survey(
    root: Path | None,
    environment: str,
    target: str | None,
    use_cases: Sequence[str] | None,
    *,
    keep: int,
    read_only: bool,
) -> tuple[Desk, Inventory]:
    """Every version of the use cases with the verdict on it."""
    repo = wiring.repository(root)
    desk = work.desk(repo, environment, target, use_cases, commit=repo.git.head(), read_only=read_only)
    look = desk.look
    witnesses = {n: w for n, w in desk.witnesses().items() if n in desk.files}
    history = desk.repo.records(desk.environment).history(environment=desk.environment.name)
    surveyor = Surveyor(look.observer.driver, registry(), look.observer.workers)
    window = duration(desk.environment.spec.rollbackWindow)
    return desk, surveyor.survey(witnesses, history, look.rows, desk.repo.clock.now(), window, keep)


def collect(desk: Desk, found: Inventory, *, take_over: bool) -> Collected:
    """Delete what the survey found, under records, with progress on stderr."""
    from releaser.render.console import console

    look = desk.look
    with console(desk.repo.environ) as sink:
        collector = Collector(
            driver=look.observer.driver,
            kinds=registry(),
            ledger=desk.repo.records(desk.environment),
            stepping=Stepping(desk.repo.clock, sink, look.connection.tally.take_request_ids),
            intent=lambda name, witness, steps, plan: _intent(desk, name, witness, steps, plan),
        )
        return collector.collect(found.unneeded, desk.witnesses(), take_over=take_over)


def _intent(desk: Desk, name: str, witness: Witness, steps: tuple[ApprovedStep, ...], plan: str) -> Intent:
    """The release that is live stays what it is: the record is about it."""
    released = witness.released
    if released is None:
        raise ValueError(f"{name} was never released")
    commit = released.record.commit
    told = provenance_of(desk, {name: Source(commit, desk.repo.tree_of(commit), None)})
    source = told.sources[name]
    return Intent(
        use_case=name,
        environment=desk.environment.name,
        account=desk.target.account,
        region=desk.target.region,
        release=released.record.release,
        release_digest=released.record.release_digest,
        commit=source.commit,
        tree=source.tree,
        tag=source.tag,
        plan_digest=plan,
        change_digest=plan,
        steps=steps,
        previous_release=released.record.release,
        tool_version=told.tool_version,
        actor=told.actor,
        trigger=told.trigger,
        dirty=False,
    )


def exit_code(collected: Collected) -> int:
    """1 when a deletion failed, 4 when somebody else holds a use case, else 0."""
    if collected.failed:
        return 1
    return 4 if collected.refused else 0
