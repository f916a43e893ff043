"""Codes of moving pins: promote, roll back, retire."""

from releaser.core.diagnostic import Code

MOVES = (
    Code(
        "P315",
        "a pin that cannot be edited",
        "Its `release` does not stand on a line of its own as a plain value, or the file is no pin. Nothing was "
        "written: an edit that would change more than the release is not made.",
        "spec:\n  release: r12@sha256:<64 hex digits>",
    ),
    Code(
        "P316",
        "a branch of a proposal that holds somebody's own commits",
        "The branch was made by an earlier run of the same command, and somebody added to it. It is not replaced: "
        "merge or delete it first.",
    ),
    Code(
        "P317",
        "a branch of a proposal that is checked out",
        "Moving it would leave that work tree behind. Switch to another branch.",
    ),
    Code(
        "P318",
        "a proposal that the git server declined",
        "A hook or the protection of branches said no. `--no-push` leaves the branch in this clone.",
    ),
    Code(
        "P319",
        "an environment that has no pins",
        "It follows a branch (`track`): what is merged there is released there, and a revert is the way back. "
        "`rollback --now` works there too, and holds what it takes back.",
    ),
    Code(
        "P320",
        "a release that was taken back here",
        "An emergency or the delivery took it back in this environment, and it is held. Release a fix under a new "
        "number, or let it in again with a waiver that names who answers for it.",
    ),
    Code(
        "P321",
        "nothing to go back to",
        "No other release of this use case was live in this environment before. `--to` names one that was released "
        "in the environment before this one.",
    ),
    Code(
        "P322",
        "a release that was taken back while git could not be told",
        "The tag `releaser:held` on the pointer names it. The record waits on the machine where it was taken back: "
        "`releaser records push` there hands it in, and from then on the records say what is held.",
    ),
    Code(
        "P323",
        "a release that is not taken back: a model of it is dead",
        "Its end of life has passed, it is not offered in the region, or the account has no access: every call of what "
        "would be live again would fail. Go forward instead, or go back further with `--to`.",
    ),
    Code(
        "P324",
        "records that wait for the git server",
        "Runs that could not reach it are recorded on this machine. Any command that reaches it hands them in, and "
        "`releaser records push` does nothing else.",
    ),
)
