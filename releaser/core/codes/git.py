"""G-...: git, the records on the branch ``releases``, and the lock."""

from __future__ import annotations

from releaser.core.diagnostic import Code

GIT = (
    Code("G-no-git", "git cannot be run", "Install git 2.34 or newer, and see that it is on PATH."),
    Code("G-git", "git failed", "The message carries git's own last lines."),
    Code("G-timeout", "git gave no answer in time", "git is never allowed to prompt: look at credentials and hooks."),
    Code("G-not-a-repository", "no git repository here", "Give --root, or run `git init` and commit the manifests."),
    Code("G-no-commit", "the repository has no commit yet", "Commit the manifests first."),
    Code(
        "G-history-missing",
        "a commit is not in this clone",
        "A shallow clone has only the newest commits. Fetch the rest: git fetch --unshallow. In GitLab CI set "
        "GIT_DEPTH to 0.",
    ),
    Code(
        "G-offline",
        "the git remote cannot be reached",
        "Reading goes on from what was fetched last; nothing is written, since the lock lives on the remote.",
    ),
    Code(
        "G-declined",
        "the git server declined a push",
        "The token needs write_repository, and the right to push the protected branch `releases` and the protected "
        "tags `*/r*`.",
    ),
    Code("G-contended", "others were faster, in every attempt", "Run the same command again."),
    Code("G-name", "a name that cannot become a ref", "Use cases have lower-case letters, digits and hyphens."),
    Code(
        "G-lock-held",
        "another run holds the use case",
        "Its open record is the lock. It is freed when that run ends, when its process is seen to be gone, when its "
        "job is retried, or when its lease runs out. --take-over continues it now: only when you know it is dead.",
    ),
    Code(
        "G-moved-on",
        "there is a newer record than the plan was made from",
        "Another run released or opened the use case between the plan and the lock. Run the same command again.",
    ),
    Code("G-lock-lost", "another run took over and closed the record", "Run the same command again: it plans anew."),
    Code(
        "G-history-rewritten",
        "the remote lost records that this clone has seen",
        "The branch `releases` is only ever added to. Somebody deleted or rewrote it: push the tracking branch of a "
        "clone that has it all, and protect the branch.",
    ),
    Code(
        "G-history-diverged",
        "local records and remote records went two ways",
        "Records were written while the repository had no remote. Keep one of them.",
    ),
    Code("G-record-unreadable", "an entry of a record cannot be read", "A newer version wrote it, or a person did."),
    Code("G-chain", "the entries of a record do not form one chain", "Was the branch `releases` edited by hand?"),
    Code("G-rewrite", "an entry would have been written twice", "A defect: please report it."),
    Code("G-date", "not a date or time", "Write 2026-03-03, or 2026-03-03T14:00+01:00.", "--at 2026-03-03"),
    Code(
        "G-anchor",
        "the head of the records was not anchored",
        "What was released is recorded; the next run anchors it. The role needs s3:PutObject below the anchor's "
        "prefix, or kms:GetPublicKey and kms:Sign on its key.",
    ),
    Code(
        "G-evidence",
        "no record names this evidence, or several do",
        "Name it by its path on the branch, by its s3:// address, or by its sha256: `closed.json` lists what there is.",
    ),
    Code("G-evidence-lost", "evidence could not be stored", "The release is recorded without it; see the reason."),
    Code(
        "G-erase",
        "evidence could not be erased",
        "Object Lock keeps a version until its date, whoever asks; without the right to delete versions nothing is "
        "erased either. No tombstone was written.",
    ),
    Code(
        "G-sign",
        "a signing key is configured and does not sign",
        "Nothing unsigned is written while a key is configured. RELEASER_SIGNING_KEY names a key file without a "
        "passphrase; git's user.signingkey (with gpg.format=ssh) may also be a key that an agent holds.",
    ),
    Code(
        "G-unsigned",
        "records are to be signed here, and no key is configured",
        "`.releaser/allowed_signers` lists who may sign, so an unsigned record or tag would be wrong for ever. Nothing "
        "is written. In CI, RELEASER_SIGNING_KEY is a variable of the type file.",
    ),
    Code("G-no-notes", "no record with notes has that name", "`releaser history` lists the records there are."),
)
