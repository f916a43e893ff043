"""The catalogue: every stable code once, for ``explain`` and for SARIF. Add an area here, a code in its
area."""

from __future__ import annotations

from releaser.core.codes import aws, content, documents, files, git, policy
from releaser.core.diagnostic import Code

AREAS: dict[str, tuple[Code, ...]] = {
    "E1 YAML": files.YAML,
    "E2 shape of documents": documents.SHAPE,
    "E3 references, bindings, files": documents.REFERENCES,
    "E4 AWS's limits, from the service model": aws.LIMITS,
    "E5 AWS's rules outside the service model": aws.RULES,
    "E6 policy and governance": policy.GOVERNANCE,
    "E7 data sets and thresholds": content.DATA,
    "G git, records and the lock": git.GIT,
}

CODES: dict[str, Code] = {code.code: code for area in AREAS.values() for code in area}
