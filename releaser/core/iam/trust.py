"""Who may assume a role: trust in the jobs of one GitLab project, and why a trust policy refuses a token. Pure.

AWS looks at ``aud`` and ``sub`` of GitLab's tokens alone (IAM user guide, "Available keys for AWS OIDC federation"), so
project and branch have to be asked for in ``sub``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from releaser.core.iam.document import VERSION
from releaser.core.iam.role import Role
from releaser.core.values import Path

ACTION = "sts:AssumeRoleWithWebIdentity"
_KNOWN = ("aud", "sub")
_OPERATOR = re.compile(r"(?:(ForAnyValue|ForAllValues):)?(\w+?)(IfExists)?")


@dataclass(frozen=True, slots=True)
class Project:
    """A project on a GitLab server, as its tokens name it."""

    server: str
    """The issuer: ``https://gitlab.example.com``."""
    path: str
    audience: str
    branch: str
    """The one that is released from."""

    @property
    def provider(self) -> str:
        """The issuer as IAM names it."""
        return self.server.partition("://")[2].rstrip("/")

    def subject(self, role: Role) -> str:
        """What ``sub`` is to be: that branch for the role that writes, any branch for the others."""
        branch = self.branch if role is Role.APPLY else "*"
        return f"project_path:{self.path}:ref_type:branch:ref:{branch}"


def trust_policy(project: Project, role: Role, account: str, partition: str) -> dict[str, Any]:
    """The trust policy of a role."""
    subject = {f"{project.provider}:sub": project.subject(role)}
    audience = {f"{project.provider}:aud": project.audience}
    exact = role is Role.APPLY
    condition = {"StringEquals": audience | subject} if exact else {"StringEquals": audience, "StringLike": subject}
    return {
        "Version": VERSION,
        "Statement": [
            {
                "Sid": "JobsOfTheReleasedBranch" if exact else "JobsOfAnyBranch",
                "Effect": "Allow",
                "Principal": {"Federated": f"arn:{partition}:iam::{account}:oidc-provider/{project.provider}"},
                "Action": ACTION,
                "Condition": condition,
            }
        ],
    }


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of a trust policy that matters. ``unknown``: it depends on more than the token."""

    at: Path
    weight: Literal["refuses", "unknown", "open"]
    said: str
    hint: str = ""


def judged(policy: Mapping[str, Any], claims: Mapping[str, Any]) -> tuple[bool, tuple[Finding, ...]]:
    """Whether a policy takes a token, and what stands in its way, or what is open to others."""
    found: list[Finding] = []
    taken = denied = False
    for index, statement in enumerate(_listed(policy.get("Statement"))):
        if not isinstance(statement, Mapping) or not _is_asked(statement):
            continue
        at: Path = ("Statement", index)
        against = tuple(_against(statement, claims, at))
        refuses = any(f.weight == "refuses" for f in against)
        if statement.get("Effect") == "Deny":
            if not refuses:
                denied = True
                found.append(Finding((*at, "Effect"), "refuses", "this statement denies what the token asks for"))
            continue
        taken = taken or not refuses
        found += against
    if not found and not taken:
        found.append(Finding(("Statement",), "refuses", f"no statement allows {ACTION}"))
    if taken and not denied:
        found = [f for f in found if f.weight != "refuses"]
    return taken and not denied, tuple(found)


def _is_asked(statement: Mapping[str, Any]) -> bool:
    """Whether a statement is about the action; IAM takes stars in actions, and letters of any case."""
    return any(_like(ACTION.lower(), str(a).lower()) for a in _listed(statement.get("Action")))


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else () if value is None else (value,)


def _against(statement: Mapping[str, Any], claims: Mapping[str, Any], at: Path) -> Iterator[Finding]:
    issuer = str(claims.get("iss", "")).partition("://")[2].rstrip("/")
    principal = statement.get("Principal")
    federated = [str(p) for p in _listed(principal.get("Federated"))] if isinstance(principal, Mapping) else []
    providers = [p.partition(":oidc-provider/")[2] for p in federated]
    if issuer not in providers:
        said = (
            f"the token comes from {issuer or 'nowhere'}, the role trusts {', '.join(providers) or 'no such provider'}"
        )
        yield Finding((*at, "Principal"), "refuses", said, "add the GitLab server as an OIDC provider of the account")
    conditions = statement.get("Condition")
    said_of: set[str] = set()
    for operator, keys in (conditions if isinstance(conditions, Mapping) else {}).items():
        for key, wanted in (keys if isinstance(keys, Mapping) else {}).items():
            place = (*at, "Condition", operator, key)
            said_of.add(str(key).rpartition(":")[2].lower())
            yield from _judged(str(operator), str(key), [str(w) for w in _listed(wanted)], issuer, claims, place)
    if "sub" not in said_of:
        said = "nothing is asked of sub: every project of the GitLab server may assume the role"
        yield Finding(at, "open", said, "ask for the project and the branch, as `releaser iam trust` prints")


def _judged(
    operator: str, key: str, wanted: list[str], issuer: str, claims: Mapping[str, Any], at: Path
) -> Iterator[Finding]:
    provider, _, claim = key.rpartition(":")
    if provider.lower() != issuer.lower():
        if "." in provider or "/" in provider:
            yield Finding(at, "refuses", f"{key} is not of the token's provider, {issuer}")
        else:
            yield Finding(at, "unknown", f"{key} depends on more than the token")
        return
    parts = _OPERATOR.fullmatch(operator)
    if parts is None or parts[2] not in _COMPARING:
        yield Finding(at, "unknown", f"what {operator} says is not judged here")
        return
    is_known = claim.lower() in _KNOWN
    values = [str(v) for v in _listed(claims.get(claim.lower()))] if is_known else []
    if _holds(parts, values, wanted):
        if claim.lower() == "sub" and "Not" not in parts[2] and any(_is_open(w) for w in wanted):
            said = f"{key} takes jobs of other projects too: {', '.join(w for w in wanted if _is_open(w))}"
            yield Finding(at, "open", said, "name the whole path of the project before the first star")
        return
    if not is_known:
        said = f"AWS does not look at {claim} of this provider's tokens: the condition never holds"
        yield Finding(at, "refuses", said, "ask for it in sub: GitLab's ci_id_token_sub_claim_components")
        return
    told = ", ".join(values) or "nothing"
    yield Finding(
        at,
        "refuses",
        f"{operator}: {claim} is {told}, it must be {' or '.join(wanted)}",
        _hint(claim, operator, values, wanted),
    )


def _holds(parts: re.Match[str], values: list[str], wanted: list[str]) -> bool:
    compare, negated = _COMPARING[parts[2]]
    if not values:
        return bool(parts[3]) or negated or parts[1] == "ForAllValues"
    matches = [any(compare(v, w) for w in wanted) != negated for v in values]
    return all(matches) if parts[1] == "ForAllValues" or (negated and parts[1] is None) else any(matches)


def _equal(value: str, wanted: str) -> bool:
    return value == wanted


def _equal_letters(value: str, wanted: str) -> bool:
    return value.lower() == wanted.lower()


def _like(value: str, wanted: str) -> bool:
    pattern = "".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in wanted)
    return re.fullmatch(pattern, value, re.DOTALL) is not None


_COMPARING = {
    "StringEquals": (_equal, False),
    "StringNotEquals": (_equal, True),
    "StringEqualsIgnoreCase": (_equal_letters, False),
    "StringNotEqualsIgnoreCase": (_equal_letters, True),
    "StringLike": (_like, False),
    "StringNotLike": (_like, True),
}


def _is_open(subject: str) -> bool:
    """Whether a star stands where the project's path should be."""
    found = re.fullmatch(r"project_path:([^:]*)(?::.*)?", subject)
    return "*" in (found[1] if found else subject)


def _hint(claim: str, operator: str, values: list[str], wanted: list[str]) -> str:
    if any("*" in w or "?" in w for w in wanted) and "Like" not in operator:
        return f"{operator} takes * and ? to the letter: StringLike does not"
    if claim == "aud":
        return "give `aud` under `id_tokens` of the job the value of the policy; the provider in IAM must know it too"
    mine, theirs = (_subject(s[0]) if s else {} for s in (values, wanted))
    if mine.get("project_path") != theirs.get("project_path"):
        return "the role trusts another project: GitLab's path is told to the letter, capitals too"
    if mine.get("ref_type") != theirs.get("ref_type"):
        return f"the job runs on a {mine.get('ref_type', 'ref')}, the role is for a {theirs.get('ref_type', 'ref')}"
    if mine.get("ref") != theirs.get("ref"):
        return f"the job runs on {mine.get('ref')}; from there only the roles that read can be assumed"
    return "GitLab may be set to another form of sub: ci_id_token_sub_claim_components of the project"


def _subject(text: str) -> dict[str, str]:
    found = re.fullmatch(r"project_path:([^:]*):ref_type:([^:]*):ref:(.*)", text)
    return dict(zip(("project_path", "ref_type", "ref"), found.groups(), strict=True)) if found else {}
