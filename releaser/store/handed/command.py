"""``python verify.py [BUNDLE.zip]``: what an auditor runs. Exit code 0: everything holds."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from releaser.core.proof.bundle import Proof, lapsed, prove, signed_objects
from releaser.core.proof.contents import SIGNERS
from releaser.core.proof.sequence import Break
from releaser.store.handed.keys import Signatures, judge
from releaser.store.handed.members import Refused, Unpacked, Zipped, opened

MOST_SHOWN = 1000


def checked(
    members: Zipped | Unpacked, allowed: bytes | None, require: bool, anchors: Mapping[str, bytes] | None = None
) -> tuple[Proof, Signatures]:
    """Everything that is wrong with a bundle, and what its signatures are worth. ``allowed``: who may sign, known from
    elsewhere; None: the list that the bundle brings. ``require``: an unsigned commit or tag is wrong; ``anchors``: see
    ``prove``."""
    proof = prove(members, anchors)
    listed = allowed if allowed is not None else members.get(SIGNERS, b"")
    objects = signed_objects(members)
    signatures = judge(objects, listed)
    wrong = {*proof.breaks, *signatures.bad}
    wrong |= {Break(name, f"it cannot be read: {why}") for name, why in members.damaged.items()}
    wrong |= set(lapsed(members, {objects[where] for where in signatures.good}))
    if require:
        wrong |= {Break(place, "it is not signed") for place in signatures.unsigned}
        wrong |= {Break(SIGNERS, signatures.note)} if signatures.note else set()
    return proof._replace(breaks=tuple(sorted(wrong))), signatures


def report(proof: Proof, signatures: Signatures) -> list[str]:
    """What was found, as lines."""
    lines = [f"{_plain(found.path)}: {_plain(found.reason)}" for found in proof.breaks[:MOST_SHOWN]]
    if len(proof.breaks) > MOST_SHOWN:
        lines.append(f"and {len(proof.breaks) - MOST_SHOWN} more")
    lines.append(_looked_at(proof.counts))
    lines.append(
        f"signatures: {len(signatures.good)} good, {len(signatures.bad)} bad, {len(signatures.unsigned)} unsigned"
    )
    if signatures.note:
        lines.append(f"note: {signatures.note}")
    if proof.withheld:
        lines.append(f"left out, by digest only: {len(proof.withheld)} members")
    lines.append(f"head of the records: {proof.head or 'none'}")
    lines.append(f"bundle digest: sha256:{proof.digest}")
    places = len({found.path for found in proof.breaks})
    lines.append(f"WRONG: {places} places" if places else "everything holds")
    return lines


def _looked_at(counts: Mapping[str, int]) -> str:
    return "looked at: " + ", ".join(f"{count} {what}" for what, count in counts.items())


def _plain(text: str) -> str:
    """One line: what is not printable is shown as its escape."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def main(arguments: Sequence[str], here: Path | None) -> int:
    """The exit code. ``here``: the folder that is looked at when none is named."""
    parser = argparse.ArgumentParser(prog="verify.py", description="Verifies a bundle of releaser, offline.")
    parser.add_argument("bundle", nargs="?", help="the zip file, or the folder that it was unpacked to")
    parser.add_argument("--allowed-signers", metavar="FILE", help="who may sign, known from elsewhere")
    parser.add_argument("--anchor", metavar="FILE", action="append", default=[], help="an anchor from elsewhere")
    parser.add_argument("--require-signatures", action="store_true", help="an unsigned commit or tag is wrong")
    given = parser.parse_args(arguments)
    place = Path(given.bundle) if given.bundle else here
    if place is None:
        parser.error("name the bundle")
    try:
        allowed = Path(given.allowed_signers).read_bytes() if given.allowed_signers else None
        anchors = {name: Path(name).read_bytes() for name in given.anchor}
        proof, signatures = checked(opened(place), allowed, given.require_signatures, anchors)
    except (Refused, OSError) as error:
        sys.stderr.write(f"refused: {_plain(str(error))}\n")
        return 2
    sys.stdout.write("\n".join(report(proof, signatures)) + "\n")
    return 1 if proof.breaks else 0
