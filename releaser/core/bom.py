"""The bill of materials of a release: CycloneDX 1.6 as JSON, from what git holds and what its record measured. Pure.

Deterministic: the serial number is the UUIDv5 of the release digest, the timestamp the commit's; nothing is random.
Texts of prompts and data stand in it by digest only. Shapes: https://cyclonedx.org/docs/1.6/json/.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from releaser.core.address import Address
from releaser.core.geography import plain_model
from releaser.core.proof.bundle import serial_number
from releaser.core.release_content import Content, ReleaseContent, mapping
from releaser.core.scores import Score
from releaser.core.shape import moment
from releaser.core.values import leaves, references

SERVICES = ("guardrail", "knowledge-base", "agent", "flow", "prompt-router")
"""Kinds that do something with data when they are called; every other kind is content."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a release comes from. ``at``: the time of the commit."""

    commit: str
    at: datetime
    owner: str
    tool_version: str


def bom(content: ReleaseContent, origin: Origin, scores: Iterable[Score] = ()) -> Json:
    """``scores``: what was measured of this release, the newest that there is."""
    measured = tuple(scores)
    components = [*_models(content, measured), *_prompts(content), *_datasets(content), *_documents(content)]
    found: Json = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": serial_number(content.digest),
        "version": 1,
        "metadata": {
            "timestamp": moment(origin.at),
            "tools": {"components": [{"type": "application", "name": "releaser", "version": origin.tool_version}]},
            "component": _use_case(content, origin),
        },
        "components": components,
        "services": list(_services(content)),
    }
    return {**found, "dependencies": list(_dependencies(content, found))}


def _use_case(content: ReleaseContent, origin: Origin) -> Json:
    governance = content.governance
    told = {
        "commit": origin.commit,
        "releaseDigest": f"sha256:{content.digest}",
        "owner": origin.owner,
        "riskTier": governance.get("riskTier"),
        "dataClassification": governance.get("dataClassification"),
        "intendedUse": governance.get("intendedUse"),
    }
    return {
        "type": "application",
        "bom-ref": _root(content),
        "name": content.use_case,
        "version": content.release,
        "description": str(content.spec.get("description") or ""),
        "hashes": [_sha256(content.digest)],
        "properties": _properties(told),
    }


def _root(content: ReleaseContent) -> str:
    return f"use-case/{content.use_case}"


def _models(content: ReleaseContent, scores: tuple[Score, ...]) -> Iterator[Json]:
    """Every model that is named, wherever; those of the section ``models`` with their parameters."""
    declared: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}
    for name, entry in mapping(content.spec.get("models")).items():
        declared.setdefault(str(mapping(entry).get("modelId", "")), []).append((name, mapping(entry)))
    for model in _named_models(content):
        entries = declared.get(model, [])
        provider = plain_model(model).split(".")[0] if "." in model else ""
        told: Json = {f"{name}.{k}": v for name, e in entries for k, v in mapping(e.get("inference")).items()}
        told |= {"places": ", ".join(sorted(u.at for u in content.uses if u.value == model))}
        yield {
            "type": "machine-learning-model",
            "bom-ref": f"model/{model}",
            "name": model,
            **({"publisher": provider} if provider else {}),
            "modelCard": _model_card(content, scores),
            "properties": _properties(told),
        }


def _named_models(content: ReleaseContent) -> list[str]:
    named = {u.value for u in content.uses if not u.is_guardrail}
    named |= {str(mapping(e).get("modelId", "")) for e in mapping(content.spec.get("models")).values()}
    return sorted(named - {""})


def _model_card(content: ReleaseContent, scores: tuple[Score, ...]) -> Json:
    """What the use case says and measured; the provider's own card is the provider's."""
    card: Json = {"modelParameters": {"datasets": [{"ref": f"data/{name}"} for name in _dataset_names(content)]}}
    if scores:
        card["quantitativeAnalysis"] = {
            "performanceMetrics": [
                {"type": s.metric, "value": f"{s.value:g}", **({"slice": s.suite} if s.suite else {})} for s in scores
            ]
        }
    use = str(content.governance.get("intendedUse") or content.spec.get("description") or "")
    if use:
        card["considerations"] = {"useCases": [use]}
    suites = mapping(mapping(content.spec.get("evaluation")).get("suites"))
    told = {
        f"threshold {suite}/{metric}": ", ".join(f"{k} {v}" for k, v in sorted(mapping(rule).items()))
        for suite, entry in suites.items()
        for metric, rule in mapping(mapping(entry).get("metrics")).items()
    }
    return {**card, "properties": _properties(told)} if told else card


def _prompts(content: ReleaseContent) -> Iterator[Json]:
    for address, body in sorted(content.bodies.items()):
        if body.kind == "prompt":
            entry = mapping(mapping(content.spec.get("prompts")).get(address.name))
            digest = content.files.get(str(entry.get("file", "")), "")
            yield _data(_ref(address), f"prompt {address.name}", "definition", digest, {"contentStamp": body.stamp})


def _dataset_names(content: ReleaseContent) -> list[str]:
    return sorted(mapping(content.spec.get("datasets")))


def _datasets(content: ReleaseContent) -> Iterator[Json]:
    for name in _dataset_names(content):
        entry = mapping(mapping(content.spec.get("datasets")).get(name))
        digest = str(entry.get("sha256") or content.files.get(str(entry.get("path", "")), ""))
        told = {k: entry.get(k) for k in ("path", "uri", "versionId")}
        yield _data(f"data/{name}", name, "dataset", digest, told)
    for address, body in sorted(content.bodies.items()):
        for pin in body.pins:
            told = {"bucket": pin.bucket, "prefixes": ", ".join(pin.prefixes), "contentDigest": pin.digest}
            yield _data(f"{_ref(address)}#{pin.item}", f"{address.name} {pin.item}", "dataset", "", told)


def _documents(content: ReleaseContent) -> Iterator[Json]:
    for name, path in sorted(mapping(content.governance.get("documents")).items()):
        yield _data(f"document/{name}", name, "other", content.files.get(str(path), ""), {"path": path})


def _data(ref: str, name: str, kind: str, digest: str, told: Mapping[str, Any]) -> Json:
    return {
        "type": "data",
        "bom-ref": ref,
        "name": name,
        **({"hashes": [_sha256(digest)]} if _is_sha256(digest) else {}),
        "data": [{"type": kind, "name": name}],
        "properties": _properties(told),
    }


def _services(content: ReleaseContent) -> Iterator[Json]:
    classification = str(content.governance.get("dataClassification") or "unclassified")
    for address, body in sorted(content.bodies.items()):
        if body.kind in SERVICES:
            yield {
                "bom-ref": _ref(address),
                "provider": {"name": "Amazon Web Services"},
                "group": body.kind,
                "name": address.name,
                "data": [{"flow": "bi-directional", "classification": classification}],
                "properties": _properties({"contentStamp": body.stamp}),
            }


def _dependencies(content: ReleaseContent, found: Json) -> Iterator[Json]:
    """The use case needs everything; a resource needs what its body refers to, and the models that it names."""
    refs = {c["bom-ref"] for c in (*found["components"], *found["services"])}
    yield {"ref": _root(content), "dependsOn": sorted(refs)}
    for address, body in sorted(content.bodies.items()):
        if _ref(address) in refs:
            yield {"ref": _ref(address), "dependsOn": sorted(set(_needs(content, address, body)) & refs)}


def _needs(content: ReleaseContent, address: Address, body: Content) -> Iterator[str]:
    yield from (f"{_ref(address)}#{pin.item}" for pin in body.pins)
    seen, rest = {address}, [r.address for r in references(body.body)]
    while rest:  # through what is no part of the bill, as an application inference profile
        one = rest.pop()
        if one in seen or one not in content.bodies:
            continue
        seen.add(one)
        yield _ref(one)
        if content.bodies[one].kind not in (*SERVICES, "prompt"):
            rest.extend(r.address for r in references(content.bodies[one].body))
    through = [a for a in seen if a == address or content.bodies[a].kind not in (*SERVICES, "prompt")]
    texts = [str(leaf) for a in through for _, leaf in leaves(content.bodies[a].body)]
    for model in _named_models(content):
        if any(model in text for text in texts):
            yield f"model/{model}"


def _ref(address: Address) -> str:
    return f"{address.kind}/{address.name}"


def _sha256(digest: str) -> Json:
    return {"alg": "SHA-256", "content": digest}


def _is_sha256(digest: str) -> bool:
    return len(digest) == 64 and set(digest) <= set("0123456789abcdef")


def _properties(told: Mapping[str, Any]) -> list[Json]:
    """Sorted by name; what is not known is left out."""
    return [{"name": f"releaser:{k}", "value": str(v)} for k, v in sorted(told.items()) if v not in (None, "")]
