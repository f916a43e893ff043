"""Runs the steps of cleared plans on a pool of workers, in any order that their edges permit."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from releaser.core.errors import Awaiting, GateNotPassed, Interrupted, ReleaserError
from releaser.core.gate import Blocked, Cleared, Result, Verdict
from releaser.core.outcome import Outcome, Status
from releaser.core.plan import Step, StepKey, Wave
from releaser.core.schedule import Schedule
from releaser.engine.perform import Performer, Workspace
from releaser.engine.ports import Clock, Sink
from releaser.engine.stepping import Stepping

GATE = "gate"
VERIFY = "verify"

Task = tuple[str, StepKey | str]


@dataclass
class Job:
    """One use case's part of a run. ``between`` judges the staged candidates; ``verify`` looks afterwards."""

    cleared: Cleared
    work: Workspace
    between: Callable[[Workspace], Cleared | Blocked]
    verify: Callable[[Workspace], None]
    outcomes: dict[StepKey, Outcome] = field(default_factory=dict)
    blocked: Blocked | None = None
    judged: tuple[Verdict, ...] = ()
    """What evaluation of the candidates said."""
    verified: bool = False
    error: ReleaserError | None = None

    @property
    def use_case(self) -> str:
        return self.cleared.plan.use_case

    @property
    def steps(self) -> tuple[Step, ...]:
        return self.cleared.plan.steps

    def in_order(self) -> tuple[Outcome, ...]:
        """Outcomes in the order of the plan; what never started is SKIPPED."""
        return tuple(self.outcomes.get(s.key) or Outcome(s.key, Status.SKIPPED, "not reached") for s in self.steps)


class Stop:
    """Asked from another thread (Ctrl-C): nothing new starts, what runs is finished."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def ask(self) -> None:
        self._event.set()

    @property
    def asked(self) -> bool:
        return self._event.is_set()


@dataclass
class Applier:
    """Applies jobs. Ends when every task is done, failed or skipped."""

    performer: Performer
    clock: Clock
    sink: Sink
    workers: int
    request_ids: Callable[[], tuple[str, ...]] = tuple
    stop: Stop = field(default_factory=Stop)

    def apply(self, jobs: Iterable[Job], ended: Callable[[Job], None]) -> None:
        """Run all jobs together. ``ended`` is told, in this thread, of each use case that has no task left."""
        by_name = {job.use_case: job for job in jobs}
        schedule: Schedule[Task] = Schedule(_edges(by_name.values()))
        left = {name: sum(task[0] == name for task in schedule.needs) for name in by_name}
        running: dict[Future[None], Task] = {}
        with ThreadPoolExecutor(max_workers=self.workers, thread_name_prefix="apply") as pool:
            while not schedule.is_over:
                if not self.stop.asked:
                    for task in schedule.ready()[: self.workers - len(running)]:
                        schedule.start(task)
                        running[pool.submit(self._run, by_name[task[0]], task[1])] = task
                if not running:
                    break
                done, _ = wait(running, timeout=0.5, return_when=FIRST_COMPLETED)
                for future in done:
                    task = running.pop(future)
                    for resolved in self._resolve(schedule, by_name[task[0]], task, future):
                        left[resolved[0]] -= 1
                        if not left[resolved[0]]:
                            ended(by_name[resolved[0]])
        for name, count in left.items():
            if count:
                by_name[name].error = by_name[name].error or Interrupted("stopped before it was finished")
                ended(by_name[name])

    def _resolve(self, schedule: Schedule[Task], job: Job, task: Task, future: Future[None]) -> list[Task]:
        error = future.exception()
        if error is None:
            schedule.finish(task)
            return [task]
        if not isinstance(error, ReleaserError):
            raise error
        job.error = job.error or error
        skipped = schedule.fail(task)
        for _, what in skipped:
            if isinstance(what, StepKey):
                job.outcomes[what] = Outcome(what, Status.SKIPPED, "something it needs did not happen")
        return [task, *skipped]

    def _run(self, job: Job, what: StepKey | str) -> None:
        if isinstance(what, StepKey):
            self._step(job, next(s for s in job.steps if s.key == what))
        elif what == GATE:
            self._gate(job)
        else:
            job.verify(job.work)
            job.verified = True

    def _gate(self, job: Job) -> None:
        answer = job.between(job.work)
        if isinstance(answer, Blocked):
            job.blocked = answer
            raise _against(answer)
        if answer.wave is not Wave.PROMOTE or answer.plan.change_digest != job.cleared.plan.change_digest:
            raise ReleaserError("the gate cleared something else than was staged", code="P201")

    def _step(self, job: Job, step: Step) -> None:
        stepping = Stepping(self.clock, self.sink, self.request_ids)
        outcome, failure = stepping.step(step.key, lambda: self.performer.perform(step, job.work))
        job.outcomes[step.key] = outcome
        if failure is not None:
            raise failure


def _against(blocked: Blocked) -> ReleaserError:
    """Why callers do not get it, with the exit code of that: evidence says no, is awaited, or we refuse."""
    verdicts = blocked.verdicts
    if all(not v.refusal and v.result is Result.PENDING for v in verdicts):
        error: type[ReleaserError] = Awaiting
    else:
        error = GateNotPassed if any(not v.refusal for v in verdicts) else ReleaserError
        verdicts = tuple(v for v in verdicts if v.result is not Result.PENDING or v.refusal)
    first = verdicts[0]
    more = f" (and {len(verdicts) - 1} more)" if len(verdicts) > 1 else ""
    return error(f"{first.reason}{more}", code=first.code or "P200", hint=first.hint)


def _edges(jobs: Iterable[Job]) -> Mapping[Task, frozenset[Task]]:
    """Steps with their own edges; the gate after everything staged, PROMOTE after the gate, verification after that.

    Removal comes last: a release that holds is a release, whatever becomes of what it no longer needs.
    """
    found: dict[Task, frozenset[Task]] = {}
    for job in jobs:
        name = job.use_case
        staged = frozenset[Task]((name, s.key) for s in job.steps if s.wave is Wave.STAGE)
        for step in job.steps:
            needs: set[Task] = {(name, n) for n in step.needs}
            if step.wave is Wave.PROMOTE:
                needs.add((name, VERIFY if step.removes else GATE))
            found[name, step.key] = frozenset(needs)
        found[name, GATE] = staged
        found[name, VERIFY] = frozenset[Task]({(name, GATE), *((name, s.key) for s in job.steps if not s.removes)})
    return found
