"""What a manifest may say of a knowledge base and its content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from world.manifest import text

from releaser.core.diagnostic import Diagnostic
from releaser.core.sources import Source, check_sources, sources, written
from releaser.store.reader import MemoryReader
from releaser.store.validation import validate

FILE = "data/policies.sources.jsonl"
GOOD = written([Source("policies/a.pdf", "v1", "1" * 64, 3), Source("policies/b.pdf", "v1", "2" * 64)])
STORE = {
    "type": "S3_VECTORS",
    "s3VectorsConfiguration": {"indexArn": "arn:aws:s3vectors:eu-central-1:111111111111:bucket/v/index/one"},
}
VECTOR = {
    "type": "VECTOR",
    "vectorKnowledgeBaseConfiguration": {"embeddingModelArn": "amazon.titan-embed-text-v2:0"},
}


def source(name: str = "documents", *prefixes: str) -> dict[str, Any]:
    s3 = {"bucketArn": "arn:aws:s3:::acme-data", "inclusionPrefixes": list(prefixes or ("policies/",))}
    return {"name": name, "dataSourceConfiguration": {"type": "S3", "s3Configuration": s3}}


def base(**more: Any) -> dict[str, Any]:
    pinned = {"manifest": FILE, "sha256": hashlib.sha256(GOOD.encode()).hexdigest()}
    return {
        "roleArn": "arn:aws:iam::111111111111:role/knowledge",
        "knowledgeBaseConfiguration": VECTOR,
        "storageConfiguration": STORE,
        "dataSources": [source()],
        "content": {"documents": pinned},
        **more,
    }


def judged(bases: dict[str, Any], objects: str = GOOD, policy: dict[str, Any] | None = None) -> list[Diagnostic]:
    use_case = {
        "apiVersion": "releaser.dev/v1",
        "kind": "UseCase",
        "metadata": {"name": "claims", "owner": "claims@example.com"},
        "spec": {"governance": {"riskTier": "minimal", "dataClassification": "internal"}, "knowledgeBases": bases},
    }
    environment = {
        "apiVersion": "releaser.dev/v1",
        "kind": "Environment",
        "metadata": {"name": "dev"},
        "spec": {"targets": [{"account": "111111111111", "region": "eu-central-1"}], "policy": policy or {}},
    }
    files = {
        "manifests/claims/manifest.yaml": text(use_case),
        f"manifests/claims/{FILE}": objects,
        "environments/dev/environment.yaml": text(environment),
    }
    return list(validate(MemoryReader(files), workers=1).diagnostics)


def codes(found: list[Diagnostic]) -> list[str]:
    return [d.code for d in found]


def test_a_good_one_passes() -> None:
    assert judged({"policies": base()}) == []


NO_CONTENT = {k: v for k, v in base().items() if k != "content"}
WEB = {"name": "site", "dataSourceConfiguration": {"type": "CUSTOM"}}
PIN = base()["content"]["documents"]


@pytest.mark.parametrize(
    ("bases", "code", "place"),
    [
        ({"p": base(content={"others": PIN})}, "E541", "content.others"),
        ({"p": base(dataSources=[WEB], content={"site": PIN})}, "E545", "content.site"),
        ({"p": NO_CONTENT}, "E546", "dataSources"),
        ({"p": {**NO_CONTENT, "updates": "inPlace", "dataSources": [source(f"s{n}") for n in range(6)]}}, "E547", ""),
        ({"p": {**NO_CONTENT, "updates": "inPlace", "dataSources": [source(), source()]}}, "E547", ""),
        ({"p": base(knowledgeBaseConfiguration={**VECTOR, "type": "SQL"})}, "E548", "knowledgeBaseConfiguration.type"),
        ({"p": {k: v for k, v in base().items() if k != "storageConfiguration"}}, "E548", ""),
        ({"p": base(), "q": base()}, "E549", "storageConfiguration"),
        ({"p": base(content={"documents": {**PIN, "sha256": "0" * 64}})}, "E701", "content.documents.sha256"),
        ({"p": base(content={"documents": {**PIN, "manifest": "data/other.jsonl"}})}, "E307", "content.documents"),
        ({"p": base(updates="sometimes")}, "E204", "updates"),
        ({"p": base(content={"documents": {**PIN, "maxFailed": -1}})}, "E205", "content.documents.maxFailed"),
    ],
)
def test_each_rule_tells_its_place(bases: dict[str, Any], code: str, place: str) -> None:
    found = judged(bases)
    assert code in codes(found), found
    (one, *_) = [d for d in found if d.code == code]
    assert place in ".".join(map(str, one.pointer)) and one.path == "manifests/claims/manifest.yaml"


LINE = {"key": "policies/a.pdf", "versionId": "v1", "sha256": "1" * 64}
BROKEN: dict[str, tuple[str, str, int]] = {
    "no JSON": ("{", "E542", 1),
    "a list": ("[]", "E542", 1),
    "no digest": (json.dumps({k: v for k, v in LINE.items() if k != "sha256"}), "E542", 1),
    "a version that is a number": (json.dumps({**LINE, "versionId": 7}), "E542", 1),
    "a short digest": (json.dumps({**LINE, "sha256": "12"}), "E542", 1),
    "a negative size": (json.dumps({**LINE, "size": -1}), "E542", 1),
    "something else": (json.dumps({**LINE, "etag": "x"}), "E542", 1),
    "twice": (json.dumps(LINE) + "\n" + json.dumps(LINE), "E543", 2),
    "elsewhere": (json.dumps({**LINE, "key": "letters/a.pdf"}), "E544", 1),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_wrong_line_is_told_with_its_number_and_no_key(name: str) -> None:
    content, code, line = BROKEN[name]
    pinned = {**PIN, "sha256": hashlib.sha256(content.encode()).hexdigest()}
    (found,) = judged({"p": base(content={"documents": pinned})}, content)
    assert (found.code, found.line) == (code, line)
    assert "a.pdf" not in found.message
    assert found.path == f"manifests/claims/{FILE}"


def test_an_empty_one_is_told_where_it_is_named() -> None:
    pinned = {**PIN, "sha256": hashlib.sha256(b"").hexdigest()}
    (found,) = judged({"p": base(content={"documents": pinned})}, "")
    assert (found.code, found.path) == ("E542", "manifests/claims/manifest.yaml")


def test_many_wrong_lines_are_told_once_and_for_all() -> None:
    found = list(check_sources("f", "x\n" * 5000, (), ()))
    assert len(found) < 30 and "more lines" in found[-1].message


OBJECTS = st.builds(
    Source,
    st.text(min_size=1, max_size=20),
    st.text("abc123", min_size=1),
    st.text("0123456789abcdef", min_size=64, max_size=64),
    st.none() | st.integers(0, 10**12),
)


@given(st.lists(OBJECTS, min_size=1, unique_by=lambda s: s.key))
def test_what_is_written_is_read(found: list[Source]) -> None:
    content = written(found)
    assert sorted(sources(content), key=lambda s: s.key) == sorted(found, key=lambda s: s.key)
    assert list(check_sources("f", content, (), ())) == []
    assert written(reversed(found)) == content


MODELS: dict[str, Callable[[str], dict[str, Any]]] = {
    "embedding": lambda m: base(
        knowledgeBaseConfiguration={**VECTOR, "vectorKnowledgeBaseConfiguration": {"embeddingModelArn": m}}
    ),
    "parsing": lambda m: base(
        dataSources=[
            {
                **source(),
                "vectorIngestionConfiguration": {
                    "parsingConfiguration": {
                        "parsingStrategy": "BEDROCK_FOUNDATION_MODEL",
                        "bedrockFoundationModelConfiguration": {"modelArn": m},
                    }
                },
            }
        ]
    ),
}


@pytest.mark.parametrize("use", MODELS)
def test_policies_see_the_models_that_read_documents(use: str) -> None:
    policy = {"allowedModels": ["amazon.titan-*"], "residency": {"internal": ["eu-central-1"]}}
    assert codes(judged({"p": MODELS[use]("amazon.titan-text-premier-v1:0")}, policy=policy)) == []
    wrong = judged({"p": MODELS[use]("us.cohere.embed-multilingual-v3")}, policy=policy)
    assert {"E603", "E607"} <= set(codes(wrong))
