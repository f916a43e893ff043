"""E4xx: AWS's limits as its service model states them. E5xx: AWS's rules that stand only in its
documentation."""

from __future__ import annotations

from releaser.core.diagnostic import Code

_WAIVE = (
    " If AWS does accept the value, waive the rule at this place: the service model is known to be wrong in places."
)


def _limit(code: str, title: str, explanation: str, example: str = "") -> Code:
    return Code(code, title, explanation + _WAIVE, example, waivable=True)


def _rule(code: str, title: str, explanation: str, example: str = "") -> Code:
    return Code(code, title, explanation, example, waivable=True)


LIMITS = (
    _limit("E401", "AWS expects another type", "The value's type is not the one in AWS's service model."),
    _limit("E402", "AWS requires this member", "The operation is refused without it."),
    _limit("E403", "AWS knows no such member", "Bodies use AWS's own camelCase names.", "contentPolicy: {...}"),
    _limit("E404", "exactly one member", "AWS's structure is a union: one member, not none, not two."),
    _limit("E405", "not in AWS's enum", "The service model lists the words that AWS accepts.", "inputStrength: STRONG"),
    _limit("E406", "AWS's pattern does not match", "The whole value must match the pattern (Java semantics)."),
    _limit("E407", "below AWS's minimum", "A text or list is too short, or a number too small."),
    _limit("E408", "above AWS's maximum", "A text or list is too long, or a number too large."),
)

RULES = (
    _rule(
        "E501",
        "PROMPT_ATTACK has no output side",
        "The prompt-attack filter looks at input only. AWS refuses an outputStrength other than NONE.",
        "{type: PROMPT_ATTACK, inputStrength: HIGH, outputStrength: HIGH}",
    ),
    _rule(
        "E502",
        "a grounding threshold of 1 or more",
        "AWS allows 0 to 0.99; its service model states only the minimum. A threshold of 1 would block everything.",
    ),
    _rule("E503", "a guardrail regex that AWS refuses", "It does not compile, or uses lookarounds."),
    _rule("E504", "the STANDARD tier alone", "Guardrails of the STANDARD tier need crossRegionConfig."),
    _rule("E505", "a guardrail without a policy", "AWS refuses a guardrail that filters nothing."),
    _rule(
        "E506",
        "a KMS key that is not an ARN",
        "AWS takes ids and aliases too, and answers with the ARN: every plan would show a difference.",
    ),
    _rule("E507", "an entry stands twice", "AWS keeps filters, topics, words and patterns by this member."),
    _rule("E511", "a variable is used and not declared", "Declare it under `variables`, or AWS rejects the template."),
    _rule("E512", "a variable is declared and not used", "Callers would be asked for a value that changes nothing."),
    _rule("E513", "a placeholder that is no variable", "Between {{ and }} stand letters, digits, single _ or -."),
    _rule("E514", "an empty template", "The prompt file holds no text."),
    _rule("E515", "defaultVariant names nothing", "It must be the name of the prompt's one variant."),
    Code("E521", "more resources than an account may have", "AWS's quota for one account and region is exceeded."),
    Code(
        "E522",
        "the name in AWS is too long",
        "Resources are called <use-case>_<name>, with nine more characters for kinds that can only be replaced; "
        "AWS allows so many, and cutting names off would make two of them equal.",
    ),
    Code(
        "E523",
        "the runtime configuration is too large",
        "A standard SSM parameter holds 4,096 bytes. Fewer prompts in one use case, or shorter names; or "
        "`delivery: {store: appconfig}`, which holds 2 MB.",
    ),
    Code(
        "E580",
        "a parameter has no roll-out",
        "`delivery.store: ssm` keeps the runtime configuration in one SSM parameter, which changes for everybody at "
        "once: strategy, alarms and alarmRole belong to AppConfig.",
        "delivery: {store: ssm, strategy: canary-10-percent-20-minutes}",
    ),
    Code("E581", "more alarms than AppConfig watches", "An AppConfig environment has at most 5 monitors."),
    Code(
        "E582",
        "alarms without a role",
        "AppConfig looks at CloudWatch alarms with a role of yours: without one no alarm would take a release back.",
        'delivery: {alarms: ["${env.errorAlarm}"]}',
    ),
    Code("E583", "no CloudWatch alarm", "AppConfig's monitors take the ARN of an alarm, not its name."),
    Code("E584", "no IAM role", "AppConfig takes the ARN of the role."),
)
