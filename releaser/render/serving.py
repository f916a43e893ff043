"""What callers get, for a terminal and as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from releaser.core.address import Address
from releaser.core.serving import Pointer, Serving
from releaser.render.escape import code, prose
from releaser.render.line import Line, Piece, line

Standings = Mapping[Address, tuple[str, str]]
_STYLES = {"as recorded": "green", "unreadable": "yellow"}


def serving_lines(found: Serving, standings: Standings) -> Iterator[Line]:
    """One use case in one environment. ``standings``: how pointers stand in the account, when somebody looked."""
    opened = found.account.opened
    yield line(Piece(f"{opened.environment} / {opened.use_case}", "bold"), f"  {opened.release}  {_since(found)}")
    for pointer in found.pointers:
        yield line("  ", Piece(f"{pointer.address.kind}/{pointer.address.name}", "cyan"), f"  {pointer.name}")
        if pointer.address in standings:
            word, why = standings[pointer.address]
            yield line("    live: ", Piece(word, _STYLES.get(word, "bold red")), f"  {why}" if why else "")
        for version in pointer.versions:
            name = f"{version.address.kind}/{version.address.name}"
            yield line(f"    -> {name}  version {version.version}  sha256 {version.body_digest[:12]}")
    for title, value in _trail(found):
        yield line("  ", Piece(f"{title:<14}", "dim"), value)


def serving_markdown(found: Serving, standings: Standings) -> Iterator[str]:
    """The same, as lines of Markdown."""
    opened = found.account.opened
    yield f"## {prose(opened.environment)} / {prose(opened.use_case)}: {prose(opened.release)}, {prose(_since(found))}"
    yield ""
    yield "| pointer | leads to | version | content |"
    yield "|---|---|---|---|"
    for pointer in found.pointers:
        yield from _rows(pointer, standings)
    yield ""
    yield from (f"- {title}: {prose(value)}" for title, value in _trail(found))
    yield ""


def _rows(pointer: Pointer, standings: Standings) -> Iterator[str]:
    live = f" ({prose(standings[pointer.address][0])})" if pointer.address in standings else ""
    cell = code(pointer.name or pointer.id, cell=True) + live
    if not pointer.versions:
        yield f"| {cell} | | | |"
    for version in pointer.versions:
        name = code(f"{version.address.kind}/{version.address.name}", cell=True)
        yield f"| {cell} | {name} | {code(version.version, cell=True)} | {code(version.body_digest[:12], cell=True)} |"


def _since(found: Serving) -> str:
    closed = found.account.closed
    return f"since {closed.closed_at:%Y-%m-%d %H:%M} UTC" if closed else ""


def _trail(found: Serving) -> Iterator[tuple[str, str]]:
    opened, closed = found.account.opened, found.account.closed
    record = found.underway
    if record is not None and record.delivering is not None:
        reached = f"{record.delivering.delivery.percentage} % of readers by {record.delivering.at:%Y-%m-%d %H:%M} UTC"
        yield "on its way", f"{record.opened.release} had reached {reached}; the others have {opened.release}"
    yield "digest", f"sha256:{opened.release_digest}"
    yield "commit", f"{opened.commit[:12]}" + (f"  tag {opened.use_case}/{opened.release}" if opened.tag else "")
    yield "merge request", found.account.merge_request or "not recorded"
    yield "approved by", ", ".join(found.account.approvers) or "not recorded"
    if opened.emergency is not None:
        yield "emergency", f"{opened.emergency.kind}: {opened.emergency.reason}"
    if closed is None:
        return
    if closed.verdicts:
        yield "gates", ", ".join(dict.fromkeys(f"{v.get('gate')} {v.get('result')}" for v in closed.verdicts))
    yield (
        "evidence",
        ", ".join(f"{name} sha256 {ref.sha256[:12]}" for name, ref in sorted(closed.evidence.items()))
        or "none recorded",
    )
    yield "verified", "a new plan was empty" if closed.verified else "no"
