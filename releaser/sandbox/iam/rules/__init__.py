"""What each operation of the sandbox takes: the IAM actions, on which resources.

Source: Service Authorization Reference, one page a service. An operation that is not here is refused to every role.
"""

from __future__ import annotations

from releaser.sandbox.iam.demands import Rule
from releaser.sandbox.iam.rules import appconfig, bedrock, bedrock_agent, identity, inference, kms, others, s3, ssm

RULES: dict[str, Rule] = {
    f"{service}.{name}": rule
    for module in (appconfig, bedrock, bedrock_agent, identity, inference, kms, others, s3, ssm)
    for service, rules in module.RULES.items()
    for name, rule in rules.items()
}
"""By ``service.Operation``."""
