"""Promotion: a pinned release goes where it was proven before, or where somebody answers for it."""

from __future__ import annotations

from collections.abc import Mapping

from releaser.core.gate import Result, Verdict
from releaser.core.pin import Pinned
from releaser.core.promotion import Denied, Passage


def judge(pins: Mapping[str, Pinned], passages: Mapping[str, Passage | Denied]) -> list[Verdict]:
    """One verdict for each pinned release: FAIL, or a PASS that says on what ground and by which record."""
    return [_judge(pins[name], found) for name, found in passages.items() if name in pins]


def _judge(pin: Pinned, found: Passage | Denied) -> Verdict:
    if isinstance(found, Denied):
        return Verdict("promotion", Result.FAIL, found.reason, found.hint, pin.use_case, found.code)
    proof = f" (record {found.proof.opened.ref.folder})" if found.proof else ""
    if found.is_emergency and pin.waiver is not None:
        waiver = pin.waiver
        said = f"{pin.release} goes ahead on the waiver of {waiver.owner}, which ends on {waiver.until}"
        return Verdict("promotion", Result.PASS, f"{said}: {waiver.reason}", use_case=pin.use_case, code="P311")
    return Verdict("promotion", Result.PASS, f"{pin.release}: {found.ground.value}{proof}", use_case=pin.use_case)
