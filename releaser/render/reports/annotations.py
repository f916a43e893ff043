"""GitLab's ``annotations`` report: links beside the job, to what changed in AWS and to what the job leaves.

At most 1000 links a list, 80 KB in all (ci_job_annotation_data.json, plan limit ci_job_annotations_size). AWS documents
the console's address and not its parts, so links lead to the list of a kind, never to one resource.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from releaser.core.plan import Action, Plan
from releaser.render.escape import safe
from releaser.render.words import counted

BYTES, LABEL = 80 * 1024, 200
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]{1,2}")
_CONSOLES = (
    ("cn-", "console.amazonaws.cn"),
    ("us-gov-", "console.amazonaws-us-gov.com"),
    ("", "console.aws.amazon.com"),
)
_ELSEWHERE = ("us-iso", "eu-iso", "eusc-")
"""Regions whose console is not reached from the internet, or whose address is not known here."""
_BEDROCK = {
    "agent": "agents",
    "agent-alias": "agents",
    "flow": "flows",
    "flow-alias": "flows",
    "guardrail": "guardrails",
    "inference-profile": "inference-profiles",
    "knowledge-base": "knowledge-bases",
    "prompt": "prompt-management",
    "prompt-router": "prompt-routers",
}


@dataclass(frozen=True, slots=True)
class Link:
    """A place to look."""

    label: str
    url: str


def links(plan: Plan, artifacts: Iterable[Link] = ()) -> str:
    """The report: a list for the console, one for what the job leaves; lists without links are left out."""
    lists = {
        f"{plan.environment}: changed in AWS": list(_fitting(console_links(plan), BYTES // 2)),
        f"{plan.environment}: reports": list(_fitting(artifacts, BYTES // 4)),
    }
    shown = {safe(name)[:LABEL]: found for name, found in lists.items() if found}
    return json.dumps(shown, indent=1) + "\n"


def console_links(plan: Plan) -> Iterator[Link]:
    """One for each kind that changes."""
    changed: dict[str, set[str]] = {}
    for part in plan.use_cases:
        for change in part.changes:
            if not part.blocked and (change.action is not Action.NONE or change.publishes):
                changed.setdefault(change.address.kind, set()).add(str(change.address))
    for kind, addresses in sorted(changed.items()):
        url = console_url(kind, plan.region)
        if url:
            yield Link(f"{counted(len(addresses), kind)} in {plan.region}", url)


def console_url(kind: str, region: str) -> str:
    """The console's list of a kind; empty where none is known."""
    if not _REGION.fullmatch(region) or region.startswith(_ELSEWHERE):
        return ""
    host = next(console for start, console in _CONSOLES if region.startswith(start))
    if kind.startswith("appconfig-"):
        return f"https://{region}.{host}/systems-manager/appconfig/applications?region={region}"
    if kind == "runtime-configuration":
        return f"https://{region}.{host}/systems-manager/parameters?region={region}"
    page = _BEDROCK.get(kind)
    return f"https://{region}.{host}/bedrock/home?region={region}#/{page}" if page else ""


def job_artifacts(job_url: str, folder: str) -> Iterator[Link]:
    """What the job leaves below a folder of the project."""
    parts = folder.replace("\\", "/").split("/")
    if job_url and folder and not {"", ".."} & set(parts):
        below = "/".join(quote(p, safe="", errors="surrogatepass") for p in parts if p != ".")
        yield Link("reports of this job", f"{job_url}/artifacts/browse/{below}")


def _fitting(found: Iterable[Link], room: int) -> Iterator[dict[str, dict[str, str]]]:
    """Links over https, as many as there is room for: so few bytes hold no 1000 links."""
    for link in found:
        parts = urlsplit(link.url)
        entry = {"external_link": {"label": safe(link.label)[:LABEL], "url": link.url}}
        room -= len(json.dumps(entry, indent=1)) + 40
        if room < 0:
            return
        if parts.scheme == "https" and parts.hostname and link.url.isascii() and link.url.isprintable():
            yield entry
