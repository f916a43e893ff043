"""Whether what the records say was delivered, or is on its way, was taken back since: told by the newest job's mark."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from releaser.core.address import Address
from releaser.core.diagnostic import Diagnostic
from releaser.core.graph import Node
from releaser.core.kind import Kind
from releaser.core.record import Outcome, Witness
from releaser.core.snapshot import Seen, Snapshot

_MARK = re.compile(r"#(\d+) ([A-Z_]+) \S*$")


@dataclass(frozen=True, slots=True)
class LostDelivery:
    """A job that no longer counts. ``id``: of what it delivered to."""

    use_case: str
    address: Address
    id: str
    job: int
    release: str
    release_digest: str
    is_open: bool
    """Its record waits for the end of the job; else it was released, and taken back by hand since."""

    @property
    def problem(self) -> Diagnostic:
        return Diagnostic(
            "P359",
            f"{self.use_case} {self.release} was taken back: deployment {self.job} no longer counts, and readers have "
            "what they had before",
            f"manifests/{self.use_case}/manifest.yaml",
            hint="`releaser reconcile` records it and holds the release; then merge a fix or a revert",
        )


def lost_delivery(
    use_case: str, witness: Witness | None, nodes: Iterable[Node], snapshot: Snapshot, kinds: Mapping[str, Kind]
) -> LostDelivery | None:
    """The job of the open record, or of the last release, when it failed since."""
    if witness is None:
        return None
    for node in nodes:
        how, seen = kinds[node.kind].delivery, snapshot.observations.get(node.address)
        mark = _MARK.search(seen.revision) if isinstance(seen, Seen) else None
        if how is None or not isinstance(seen, Seen) or mark is None or mark[2] not in how.status.failed:
            continue
        job, expected = int(mark[1]), _expected(witness, node.address, mark[0])
        if expected is not None and expected[0] == job:
            _, release, digest, is_open = expected
            return LostDelivery(use_case, node.address, seen.id, job, release, digest, is_open)
    return None


def _expected(witness: Witness, address: Address, now: str) -> tuple[int, str, str, bool] | None:
    """The job that the records count on, and whose it is. What a record saw as it is now it does not count on."""
    if witness.open is not None:
        opened, delivering = witness.open.opened, witness.open.delivering
        job = delivering.delivery.deployment if delivering else None
        return (job, opened.release, opened.release_digest, True) if job else None
    live, latest = witness.released, witness.latest
    binding = live.bindings.get(address) if live else None
    mark = _MARK.search(binding.revision) if binding else None
    if live is None or mark is None or mark[0] == now:
        return None
    is_known = latest is not None and latest.outcome is Outcome.ROLLED_BACK
    if is_known and latest is not None and latest.delivery.get("deployment") == int(mark[1]):
        return None
    return int(mark[1]), live.record.release, live.record.release_digest, False
