"""One step with its account: told when it begins and ends, timed, with AWS's request ids."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from releaser.core.errors import Awaiting, AwsError, Failure, ReleaserError
from releaser.core.events import StepEnded, StepStarted
from releaser.core.outcome import Outcome, Status
from releaser.core.plan import StepKey
from releaser.engine.ports import Clock, Sink


@dataclass(frozen=True, slots=True)
class Stepping:
    """Performs steps for whoever decides which. ``request_ids`` hands out the ids since it was last asked."""

    clock: Clock
    sink: Sink
    request_ids: Callable[[], tuple[str, ...]] = tuple

    def step(self, key: StepKey, do: Callable[[], str]) -> tuple[Outcome, ReleaserError | None]:
        """``do`` returns a sentence for people, or raises ReleaserError."""
        self.sink.emit(StepStarted(key))
        started, begun = self.clock.now().isoformat(), self.clock.monotonic()
        self.request_ids()
        failure: ReleaserError | None = None
        message = ""
        try:
            message = do()
        except ReleaserError as error:
            failure = error
        outcome = Outcome(
            key=key,
            status=_status(failure),
            message=str(failure) if failure else message,
            code=failure.code if failure else "",
            hint=failure.hint if failure else "",
            request_ids=self.request_ids(),
            started_at=started,
            duration_ms=round((self.clock.monotonic() - begun) * 1000),
        )
        self.sink.emit(StepEnded(outcome))
        return outcome, failure


def _status(failure: ReleaserError | None) -> Status:
    if failure is None:
        return Status.DONE
    if isinstance(failure, Awaiting):
        return Status.SKIPPED  # it goes on in AWS: neither done nor failed
    lost = isinstance(failure, AwsError) and failure.failure is Failure.AMBIGUOUS
    return Status.UNKNOWN if lost else Status.FAILED
