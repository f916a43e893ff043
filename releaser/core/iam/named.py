"""What the use cases of an environment name and IAM can restrict a role to: models, roles, keys, documents. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from releaser.core.address import Bound
from releaser.core.graph import Node
from releaser.core.kind import Kind, View
from releaser.core.model_ids import Models, uses
from releaser.core.values import leaves

_ROLE = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]+")
_KEY = re.compile(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[\w-]+")
_PASSED_TO = {"bedrock": "bedrock", "bedrock-agent": "bedrock", "appconfig": "appconfig"}
_SECRET = "credentialsSecretArn"
"""Member of every vector store outside AWS that a knowledge base can use."""


@dataclass(frozen=True, slots=True)
class Named:
    """Everything that is named, each once and in order."""

    called: tuple[str, ...] = ()
    """Models and profiles that are called, or copied into profiles, with the permissions of whoever runs us. Those of
    agents, flows and knowledge bases are called with the roles that these name."""
    guardrail_profiles: tuple[str, ...] = ()
    roles: tuple[tuple[str, str], ...] = ()
    """Role, and the service that it is passed to."""
    keys: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    documents: tuple[tuple[str, str], ...] = ()
    """Bucket and prefix of pinned documents."""
    datasets: tuple[str, ...] = ()
    """``s3://`` addresses of data sets."""
    externals: tuple[tuple[str, str], ...] = ()
    """Kind and id of what other teams own."""
    kinds: frozenset[str] = field(default_factory=frozenset)
    """Kinds that anything of ours is of."""


def named(
    nodes: Iterable[Node],
    views: Iterable[View],
    live: Iterable[Mapping[str, Any]],
    region: str,
    kinds: Mapping[str, Kind],
    models: Models,
) -> Named:
    """What compiled use cases name. ``live``: sections ``models`` of what is live, which evaluation asks beside what
    is new."""
    listed, seen = list(nodes), list(views)
    texts = {n.address: tuple(_texts(n.body)) for n in listed}
    roles = {
        (text, f"{_PASSED_TO[kinds[n.kind].service]}.amazonaws.com")
        for n in listed
        if kinds[n.kind].service in _PASSED_TO
        for _, text in texts[n.address]
        if _ROLE.fullmatch(text)
    }
    without_role = [n for n in listed if not any(_ROLE.fullmatch(text) for _, text in texts[n.address])]
    sections = [*(v.section("models") for v in seen), *live]
    declared = {f"{number}.{name}": entry for number, s in enumerate(sections) for name, entry in s.items()}
    called = uses(without_role, declared, region, kinds, models)
    profiles = uses(listed, {}, region, kinds, models)
    found = [(member, text) for some in texts.values() for member, text in some]
    return Named(
        called=_sorted(u.value for u in called if not u.is_guardrail),
        guardrail_profiles=_sorted(u.value for u in profiles if u.is_guardrail),
        roles=tuple(sorted(roles)),
        keys=_sorted(text for _, text in found if _KEY.fullmatch(text)),
        secrets=_sorted(text for member, text in found if member == _SECRET),
        documents=tuple(sorted({(p.bucket, x) for n in listed for p in n.pins for x in p.prefixes or ("",)})),
        datasets=_sorted(str(d["uri"]) for v in seen for d in v.section("datasets").values() if "uri" in d),
        externals=tuple(sorted({(n.kind, n.external.id) for n in listed if n.external is not None})),
        kinds=frozenset(n.kind for n in listed if n.external is None),
    )


def _sorted(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(values)))


def _texts(body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The last member and the text of every leaf, bindings filled in."""
    for at, value in leaves(body):
        text = value.value if isinstance(value, Bound) else value
        if isinstance(text, str):
            yield next((str(part) for part in reversed(at) if isinstance(part, str)), ""), text
