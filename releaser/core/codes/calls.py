"""A-...: calls of AWS that failed, by what to do about them. R...: releaser itself."""

from __future__ import annotations

from releaser.core.diagnostic import Code

CALLS = (
    Code(
        "A-throttled",
        "AWS throttled, through every attempt",
        "Throttled requests are repeated with growing pauses. Run the same command again, or lower `rates` in the "
        "environment.",
    ),
    Code(
        "A-transient",
        "the endpoint could not be reached",
        "The request never arrived, in three attempts. Check the network, the region, the proxy and AWS_ENDPOINT_URL; "
        "with the sandbox: releaser sandbox start --detach.",
    ),
    Code(
        "A-conflict",
        "the resource is being changed, or its name is taken",
        "Look at the resource in AWS, then run the same command again.",
    ),
    Code("A-not-found", "the resource is gone", "`releaser plan` shows what that means."),
    Code(
        "A-denied",
        "AWS does not let us",
        "The role lacks a permission for the operation in the message, or there are no usable credentials (none, "
        "expired, or an unknown profile); the hint says which. It is never repeated: nothing passes by waiting.",
    ),
    Code(
        "A-closed",
        "AWS takes no new agents in this account",
        "Agents (classic) are in maintenance mode since July 30, 2026: accounts that had none before cannot create "
        "any. No permission changes that. Build the agent on Amazon Bedrock AgentCore, release it into an account that "
        "has agents, or ask AWS.",
    ),
    Code(
        "A-invalid",
        "AWS rejected the content, or the settings for AWS do not work",
        "`releaser validate` should find content that AWS rejects: please report the message. Long quotations are left "
        "out of AWS's messages, since they may hold a prompt's text.",
    ),
    Code("A-quota", "an AWS quota is used up", "Delete what is no longer needed, or ask AWS for more."),
    Code(
        "A-ambiguous",
        "the answer was lost",
        "The write may or may not have taken effect. Run the same command again: it looks before it writes.",
    ),
    Code(
        "A-failed",
        "AWS accepted a resource and then failed on it",
        "The message carries AWS's reason, if it gave one. The next run tries again.",
    ),
    Code(
        "A-undeleted",
        "AWS accepted a deletion and then failed on it",
        "The message carries AWS's reason. A knowledge base cannot delete its vectors when its role has lost access to "
        "the vector store, or the store is gone: give access back, or set `dataDeletionPolicy` of its data sources to "
        "RETAIN; the next run tries again.",
    ),
    Code(
        "A-gone",
        "a resource that AWS has just named is not there",
        "Somebody deleted it. Run again, with --supersede when it was made by an interrupted run.",
    ),
    Code(
        "A-unsettled",
        "a resource did not become ready in time",
        "Run the same command again: it continues from what it finds.",
    ),
)

OURSELVES = (
    Code("R000", "a failure without a code of its own", "The message says what happened, and the hint what to do."),
    Code("R001", "a file cannot be read or written", "Free the disk, or fix the path or its permissions; run again."),
    Code("R002", "the example manifests are not installed", "Run the demo from a checkout of the repository."),
)
