"""E6xx: what this organisation asks for, and what governance needs."""

from __future__ import annotations

from releaser.core.diagnostic import Code

GOVERNANCE = (
    Code(
        "E601",
        "a secret",
        "The value looks like a credential. Git never forgets: revoke it, remove it, and let the application read it "
        "from a secret store. The value is not shown here.",
    ),
    Code(
        "E602",
        "the risk tier asks for more",
        "minimal: an owner. limited: also intendedUse and dataClassification. high: also the documents responsibleAI "
        "and dpia, at least one data set, and at least one evaluation suite with thresholds.",
        "governance: {riskTier: high}",
    ),
    Code("E603", "a model that is not allowed here", "policy.allowedModels of an environment does not match it."),
    Code("E604", "a prompt without a guardrail", "policy.requireGuardrail of an environment asks for one."),
    Code(
        "E605",
        "a DRAFT",
        "A draft changes under those who use it. Refer to a published version.",
        "guardrailVersion: DRAFT",
    ),
    Code("E606", "no KMS key", "policy.requireKmsKey of an environment asks for a customer managed key."),
    Code(
        "E607",
        "data could leave where it must stay",
        "A cross-Region profile can route to every region of its geography, `global.` to all. policy.residency says "
        "where data of this classification may go.",
    ),
    Code(
        "E608",
        "a gate that this version cannot run",
        "An environment requires a gate that would never be checked. Remove it until the version that runs it: a "
        "required gate must not pass by absence.",
        "gates: {required: [quality]}",
    ),
    Code("E609", "one account and region, two environments", "Each (account, region) belongs to one environment."),
    Code("E610", "a waiver that silences nothing", "The rule does not fail there (any more). Remove the waiver."),
    Code("E611", "a rule that cannot be waived", "Only AWS's limits (E4xx) and rules (E5xx) can be waived."),
    Code("E612", "a freeze that ends before it begins", "`from` and `to` are days, both included."),
    Code("E613", "a role of another account", "A target's role lives in the target's account."),
    Code(
        "E614",
        "no classification for residency",
        "An environment restricts where classified data may go, and the use case does not say what data it sees.",
    ),
    Code(
        "E615",
        "a profile of which nobody knows where it leads",
        "A cross-Region profile sends data to the regions of its geography. This one's geography, or its use from this "
        "region, stands in no table, and where data goes is not assumed. AWS's user guide names the regions; an "
        "environment may say them, and a plan checks them against what AWS says in the account.",
        "policy: {geographies: {eu: [eu-central-1, eu-west-1]}}",
    ),
)
