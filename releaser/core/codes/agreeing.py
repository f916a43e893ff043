"""P23.: why a change that nobody else agreed to, or that nobody saw, is not applied."""

from __future__ import annotations

from releaser.core.diagnostic import Code

AGREEING = (
    Code(
        "P230",
        "an approval that is missing",
        "policy.approvals of the environment asks for it, by the class of the change. Approve the merge request, or "
        "the deployment, then run the same job again.",
        "policy: {approvals: {behavioural: {count: 1}, safety-weakening: {users: [dana]}}}",
    ),
    Code(
        "P231",
        "approved by its makers only",
        "Whoever wrote a change, or committed to it, does not count among those who agree to it. git knows mail "
        "addresses and GitLab names: the part before the @ is taken for a name.",
    ),
    Code(
        "P232",
        "approvals that cannot be checked",
        "policy.approvals asks for somebody, and who agreed, or who is meant, could not be read. The job needs "
        "RELEASER_GITLAB_TOKEN with `read_api`; or the environment a file approvers.yaml on the target branch, and "
        "whoever it lists signs a tag on the head of the branch: `git tag -s approved/ana/COMMIT COMMIT`.",
        "approvers: [{user: ana, key: ssh-ed25519 AAAA...}]",
    ),
    Code(
        "P235",
        "another change than the reviewed one",
        "The comment of the merge request showed another change of this use case than what would be done now: somebody "
        "changed git or the account since. Look at `releaser plan`; then merge again, or run the protected manual job "
        "with `--accept-divergence`. Other use cases go on.",
    ),
)
