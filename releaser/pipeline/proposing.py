"""From moves of pins to a branch, a merge request and the report of it."""

from __future__ import annotations

from dataclasses import replace

from releaser.core.errors import ReleaserError
from releaser.core.move import FORMAT, Moves, ProposalReport, Skipped
from releaser.pipeline.merge_requesting import requester_of
from releaser.pipeline.pin_moves import Site
from releaser.render import move as printed
from releaser.store.pin_edit import path_of
from releaser.store.proposal import Edit, Request


def propose(site: Site, moves: Moves, *, push: bool) -> ProposalReport:
    """One branch with a commit for each use case, or nothing when there is nothing to do."""
    if not moves.moves:
        return _report(site, moves, "nothing")
    moves = _with_rivals(site, moves)
    request = Request(moves.title, printed.merge_request(moves))
    edits = [
        Edit(
            path_of(site.name, m.use_case), site.edits[m.use_case].encode("utf-8", "surrogateescape"), moves.subject(m)
        )
        for m in moves.moves
    ]
    requester = requester_of(site.repo) if push else None
    done = site.proposals.propose(moves.branch, site.base, edits, None if requester else request, push=push)
    if requester is not None:
        done = replace(done, url=requester.put(moves, request, done.branch, site.base.branch))
    return replace(_report(site, moves, done.state), branch=done.branch, commit=done.commit, url=done.url)


def _with_rivals(site: Site, moves: Moves) -> Moves:
    """Says which other proposals move the same pin: whichever is merged second will conflict."""
    found = []
    for move in moves.moves:
        rivals = site.proposals.rivals(moves.branch, path_of(site.name, move.use_case), site.base)
        if rivals:
            said = f"another proposal moves the same pin and will conflict with this one: {', '.join(rivals)}"
            move = replace(move, remarks=(*move.remarks, said))
        found.append(move)
    return replace(moves, moves=tuple(found))


def _report(site: Site, moves: Moves, state: str) -> ProposalReport:
    return ProposalReport(
        format=FORMAT,
        verb=moves.verb,
        environment=moves.environment,
        state=state,  # type: ignore[arg-type]
        branch="",
        commit="",
        base=site.base.branch,
        url="",
        title=moves.title if moves.moves else "",
        text=printed.merge_request(moves) if moves.moves else "",
        moves=moves.moves,
        skipped=moves.skipped,
    )


def skipped(use_case: str, error: ReleaserError) -> Skipped:
    """A use case that is left as it is, for a reason."""
    return Skipped(use_case=use_case, code=error.code, reason=str(error), hint=error.hint)
