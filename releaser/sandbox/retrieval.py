"""What a knowledge base finds: passages of what its data sources' last COMPLETE jobs indexed, as it was then.

Sources: bedrock-agent-runtime service model (RetrievalFilter's operators and what they say of stores); user guide:
``NAME.metadata.json`` (plain values, or with a type), the ``x-amz-bedrock-kb-`` attributes, 5 results unless told;
published replies show numbers of metadata as floats.
"""

from __future__ import annotations

import json
import uuid
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from releaser.sandbox import knowledge, passages
from releaser.sandbox.call import Call
from releaser.sandbox.errors import conflict, not_found, not_in_the_sandbox, validation
from releaser.sandbox.passages import Passage
from releaser.sandbox.store import Doc

RESULTS = 5
_PREFIX = "x-amz-bedrock-kb-"
_TYPED = ("stringValue", "numberValue", "booleanValue", "stringListValue")
_NOT_PLAYED = ("rerankingConfiguration", "implicitFilterConfiguration")
_REMEMBERED = 2000
_split: OrderedDict[tuple[str, str, str], list[Passage]] = OrderedDict()


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that was found."""

    passage: Passage
    uri: str
    metadata: Mapping[str, Any]
    score: float

    @property
    def text(self) -> str:
        """What is given."""
        return self.passage.given

    def reference(self) -> dict[str, Any]:
        """As a RetrievedReference."""
        location = {"type": "S3", "s3Location": {"uri": self.uri}}
        return {"content": {"text": self.text, "type": "TEXT"}, "location": location, "metadata": dict(self.metadata)}

    def result(self) -> dict[str, Any]:
        """As a KnowledgeBaseRetrievalResult."""
        return {**self.reference(), "score": self.score}


def base(call: Call, identifier: str) -> Doc:
    """The knowledge base of an id or ARN, when it can be asked."""
    id = identifier.removeprefix(call.arn("bedrock", "knowledge-base/"))
    doc = knowledge.find_base(call, id)
    if doc is None:
        raise not_found(f"Knowledge Base with id {id} does not exist.")
    status = knowledge.status(call, doc)
    if status in ("CREATING", "DELETING", "FAILED"):
        raise conflict(f"The knowledge base is {status}; it can be queried when it is ACTIVE.")
    return doc


def search(call: Call, doc: Doc, question: str, configuration: Mapping[str, Any] | None = None) -> list[Hit]:
    """The best passages for a question under a KnowledgeBaseRetrievalConfiguration, the best first."""
    given = _accept(call, doc, configuration or {})
    pool = [one for one in _indexed(call, doc) if _allowed(given.get("filter"), one.metadata)]
    found: dict[tuple[str, str], Hit] = {}
    for score, place in passages.rank(question, [one.passage for one in pool]):
        one = pool[place]
        found.setdefault((one.uri, one.text), Hit(one.passage, one.uri, one.metadata, score))
    return list(found.values())[: given.get("numberOfResults", RESULTS)]


def _accept(call: Call, doc: Doc, configuration: Mapping[str, Any]) -> Mapping[str, Any]:
    managed = doc["knowledgeBaseConfiguration"]["type"] == "MANAGED"
    wanted, other = ("managedSearchConfiguration", "vectorSearchConfiguration")[:: 1 if managed else -1]
    if other in configuration:
        raise validation(f"A knowledge base of this type is searched with {wanted}.")
    given: Mapping[str, Any] = configuration.get(wanted, {})
    for member in _NOT_PLAYED:
        if member in given:
            raise not_in_the_sandbox(f"{call.operation.key} with {member}")
    store = doc.get("storageConfiguration", {}).get("type")
    if given.get("overrideSearchType") == "HYBRID" and store == "S3_VECTORS":
        raise validation("HYBRID search type is not supported for search operation on this vector store.")
    _check_filter(given.get("filter"), store)
    return given


def _check_filter(filter: Mapping[str, Any] | None, store: str | None) -> None:
    for operator, operand in (filter or {}).items():
        if operator in ("andAll", "orAll"):
            for one in operand:
                _check_filter(one, store)
        elif operator == "startsWith" and store != "OPENSEARCH_SERVERLESS":
            raise validation("The filter startsWith is supported for Amazon OpenSearch Serverless vector stores only.")
        elif operator in ("in", "notIn") and not isinstance(operand["value"], list):
            raise validation(f"The value of the filter {operator} must be a list.")


def _allowed(filter: Mapping[str, Any] | None, metadata: Mapping[str, Any]) -> bool:
    if not filter:
        return True
    operator, operand = next(iter(filter.items()))
    if operator == "andAll":
        return all(_allowed(one, metadata) for one in operand)
    if operator == "orAll":
        return any(_allowed(one, metadata) for one in operand)
    if operand["key"] not in metadata:
        return operator in ("notEquals", "notIn")
    return _compare(operator, metadata[operand["key"]], operand["value"])


def _compare(operator: str, mine: Any, theirs: Any) -> bool:
    numbers = all(isinstance(one, int | float) and not isinstance(one, bool) for one in (mine, theirs))
    match operator:
        case "equals" | "notEquals":
            return bool(mine == theirs) == (operator == "equals")
        case "in" | "notIn":
            return (mine in theirs) == (operator == "in")
        case "greaterThan":
            return bool(numbers and mine > theirs)
        case "greaterThanOrEquals":
            return bool(numbers and mine >= theirs)
        case "lessThan":
            return bool(numbers and mine < theirs)
        case "lessThanOrEquals":
            return bool(numbers and mine <= theirs)
        case "startsWith":
            return isinstance(mine, str) and mine.startswith(str(theirs))
        case "listContains":
            return isinstance(mine, list) and theirs in mine
        case _:  # stringContains
            return any(str(theirs) in str(one) for one in (mine if isinstance(mine, list) else [mine]))


def _indexed(call: Call, doc: Doc) -> list[Hit]:
    """Every passage of the knowledge base."""
    id = doc["knowledgeBaseId"]
    return [one for source in knowledge.sources(call, id) for one in _of_source(call, id, source)]


def _of_source(call: Call, base_id: str, source: Doc) -> list[Hit]:
    kept = _last(call, base_id, source["dataSourceId"])
    if kept is None:
        return []
    chunking = source.get("vectorIngestionConfiguration", {}).get("chunkingConfiguration", {})
    found, bodies = list[Hit](), kept.get("bodies", {})
    for key in kept["documents"]:
        if key not in bodies:
            continue
        uri = f"s3://{kept['bucket']}/{key}"
        own = _attributes(call, bodies.get(f"{key}.metadata.json"))
        for one in _passages(call, key, bodies[key], chunking):
            chunk = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{source['dataSourceId']}/{bodies[key]}/{key}#{one.number}"))
            about = {"source-uri": uri, "chunk-id": chunk, "data-source-id": source["dataSourceId"]}
            found.append(Hit(one, uri, {**{_PREFIX + name: value for name, value in about.items()}, **own}, 0.0))
    return found


def _last(call: Call, base_id: str, source_id: str) -> Doc | None:
    """What the last COMPLETE job of a data source indexed."""
    jobs = [job for job in call.rows(f"ingestion-job/{base_id}").values() if job["dataSourceId"] == source_id]
    done = [
        job
        for job in jobs
        if knowledge.job_status(call, job) == "COMPLETE" and call.row(f"ingested/{base_id}", job["ingestionJobId"])
    ]
    last = max(done, key=lambda job: float(job["startedAt"]), default=None)
    return call.row(f"ingested/{base_id}", last["ingestionJobId"]) if last is not None else None


def _passages(call: Call, key: str, blob: str, chunking: Mapping[str, Any]) -> list[Passage]:
    """A document's passages; the last ones asked for are remembered, as bytes of a name never change."""
    name = (key, blob, json.dumps(chunking, sort_keys=True))
    if name not in _split:
        _split[name] = passages.split(passages.read(key, call.store.blobs.get(blob)), chunking)
        while len(_split) > _REMEMBERED:
            _split.popitem(last=False)
    _split.move_to_end(name)
    return _split[name]


def _attributes(call: Call, blob: str | None) -> dict[str, Any]:
    """The attributes in a metadata file; none where it is not what the user guide describes."""
    if blob is None:
        return {}
    try:
        given = json.loads(call.store.blobs.get(blob))["metadataAttributes"]
        return {str(name): _attribute(value) for name, value in given.items()}
    except (ValueError, KeyError, TypeError, AttributeError, StopIteration):
        return {}


def _attribute(value: Any) -> Any:
    if isinstance(value, dict):
        value = next(value["value"][member] for member in _TYPED if member in value["value"])
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value
