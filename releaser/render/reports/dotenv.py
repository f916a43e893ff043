"""GitLab's ``dotenv`` report: ids and digests for the jobs that follow.

A file must be smaller than 5 KB, without comments and empty lines, with at most 20 variables on Free
(app/services/ci/parse_dotenv_artifact_service.rb; docs.gitlab.com: CI/CD artifacts reports). GitLab expands ``$`` in
values, and later jobs inherit every variable: none of them is called like one that sets an option here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from releaser.core.plan import Plan

PREFIX = "RELEASER_REPORT_"
LIST = 2000
"""Bytes of one of two lists; what else stands there is less than 1 KB."""
_PLAIN = re.compile(r"[A-Za-z0-9._:/@+-]{1,200}")
_PAIR = re.compile(r"[A-Za-z0-9._-]{1,100}:[A-Za-z0-9._/-]{1,100}")


def dotenv(plan: Plan, released: Mapping[str, str] | None = None) -> str:
    """The plan's digests, and what was released: use case -> release. Of lists, what fits; how many do not is said."""
    values = {
        "ENVIRONMENT": plan.environment,
        "REGION": plan.region,
        "COMMIT": plan.commit,
        "PLAN_DIGEST": plan.digest,
    }
    lists = _list("CHANGE_DIGESTS", {part.use_case: part.change_digest for part in plan.use_cases if part.steps})
    if released is not None:
        lists |= _list("RELEASED", released)
    plain = {key: value for key, value in values.items() if _PLAIN.fullmatch(value)}
    return "".join(f"{PREFIX}{key}={value}\n" for key, value in {**plain, **lists}.items())


def _list(key: str, pairs: Mapping[str, str]) -> dict[str, str]:
    """``name:value,name:value``; nothing for none."""
    said: list[str] = []
    for name, value in sorted(pairs.items()):
        pair = f"{name}:{value}"
        if _PAIR.fullmatch(pair) and len(",".join((*said, pair))) <= LIST:
            said.append(pair)
    left = len(pairs) - len(said)
    return {**({key: ",".join(said)} if said else {}), **({f"{key}_LEFT_OUT": str(left)} if left else {})}
