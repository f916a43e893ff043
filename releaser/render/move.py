"""A proposed move of pins, as the text of a merge request and for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from releaser.core.move import Move, Moves, ProposalReport
from releaser.core.pin import RETIRED
from releaser.render.escape import code, prose, safe
from releaser.render.words import short


def merge_request(moves: Moves) -> str:
    """The text of the merge request: GitLab's Markdown, in which nothing from content, records or AWS is markup."""
    return "\n".join(_document(moves)).rstrip("\n") + "\n"


def _document(moves: Moves) -> Iterator[str]:
    yield f"| use case | {prose(moves.environment)} has | it would have |"
    yield "|---|---|---|"
    for move in moves.moves:
        was = _cell(move.release_before, move.digest_before)
        yield f"| {code(move.use_case, cell=True)} | {was} | {_after(move)} |"
    yield ""
    looks = sorted({(look.who, look.why) for m in moves.moves for look in m.looks})
    if looks:
        yield "**Who should look before this is merged:**"
        yield ""
        yield from (f"- {prose(who)}: {prose(why)}" for who, why in looks)
        yield ""
    for move in moves.moves:
        yield from _section(move, alone=len(moves.moves) == 1)
    yield "This merge request changes pins and nothing else: content comes from git, at the release tags."


def _section(move: Move, *, alone: bool) -> Iterator[str]:
    if not alone:
        yield f"## {prose(move.use_case)}"
        yield ""
    if move.waiver is not None:
        waiver = move.waiver
        said = f"{prose(waiver.reason)} Until {prose(waiver.until)}; {prose(waiver.owner)} answers for it."
        yield f"⚠ **Emergency**: {said}"
        yield ""
    for line in move.changes:
        text = line.removeprefix("- ")
        yield f"- {prose(text)}" if line != text else f"{prose(text)}"
        if line == text:
            yield ""
    yield ""
    yield f"- Why it may go there: {prose(move.ground)}{_proof(move)}"
    yield from (f"- Models: {prose(text)}" for text in move.models)
    if move.way_back:
        yield f"- Way back: {prose(move.way_back)}"
    yield from (f"- {prose(text)}" for text in move.remarks)
    yield ""


def _proof(move: Move) -> str:
    proof = move.proof
    if proof is None:
        return ""
    verified = "verified" if proof.verified else "not verified"
    return f" ({prose(proof.environment)}, {proof.at:%Y-%m-%d %H:%M} UTC, {verified}; record {code(proof.folder)})"


def _cell(release: str, digest: str) -> str:
    if not release:
        return "no pin"
    return prose(release) + (f" {code(short(digest), cell=True)}" if digest else "")


def _after(move: Move) -> str:
    return f"**{prose(move.release)}**" if move.release == RETIRED else _cell(f"{move.release}", move.digest)


def proposal_text(report: ProposalReport) -> str:
    """For a terminal: what was done, then the merge request's title and text to paste where none was made."""
    return "\n".join(_lines(report)).rstrip("\n") + "\n"


def _lines(report: ProposalReport) -> Iterator[str]:
    for move in report.moves:
        yield f"{safe(move.use_case)}: {safe(move.release_before) or 'no pin'} -> {safe(move.release)}"
        yield from (f"  {safe(line)}" for line in move.changes)
        yield from (f"  {safe(line)}" for line in (move.ground, *move.models, move.way_back, *move.remarks) if line)
    for skipped in report.skipped:
        yield f"{safe(skipped.use_case)}: left as it is: {safe(skipped.reason)}"
        if skipped.hint:
            yield f"  hint: {safe(skipped.hint)}"
    if report.state == "nothing":
        yield f"Nothing to do in {safe(report.environment)}."
        return
    said = {
        "pushed": f"Pushed {report.branch}, to be merged into {safe(report.base)}.",
        "found": f"{report.branch} says so already.",
        "local": f"{report.branch} stands in this clone: git push origin {report.branch}",
    }
    yield said[report.state]
    if report.url:
        yield f"Merge request: {safe(report.url)}"
    elif report.state != "found":
        yield f"Title: {safe(report.title)}"


def proposal_markdown(report: ProposalReport) -> str:
    """The text of the merge request, under its title."""
    if report.state == "nothing":
        return f"Nothing to do in {prose(report.environment)}.\n"
    return f"# {prose(report.title)}\n\n{report.text}"
