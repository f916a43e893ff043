"""Knowledge bases: asynchronous, full replace, not versioned; type, embedding and storage never change.

Sources: bedrock-agent service model; quota page: 100 knowledge bases an account and region, not adjustable. VECTOR
knowledge bases over OpenSearch Serverless, S3 Vectors and Aurora are played; other types and stores are taken as the
model describes them, and nothing more is known about them. No store is ever opened: index, table, secret and role
need not exist, and two knowledge bases may name the same index (AWS does not forbid it).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from releaser.sandbox import knowledge, tags
from releaser.sandbox.call import Call
from releaser.sandbox.errors import conflict, quota_exceeded, validation
from releaser.sandbox.kind import Kind, Taggable
from releaser.sandbox.paging import page
from releaser.sandbox.store import Doc
from releaser.sandbox.tokens import once

_CONTENT = ("name", "description", "roleArn", "knowledgeBaseConfiguration", "storageConfiguration")
_IDENTITY = ("knowledgeBaseId", "knowledgeBaseArn", "createdAt", "updatedAt")
_SUMMARY = ("knowledgeBaseId", "name", "description", "updatedAt")
_PAGE = 10
_BY_TYPE = {
    "VECTOR": "vectorKnowledgeBaseConfiguration",
    "KENDRA": "kendraKnowledgeBaseConfiguration",
    "SQL": "sqlKnowledgeBaseConfiguration",
    "MANAGED": "managedKnowledgeBaseConfiguration",
}
_BY_STORE = {
    "OPENSEARCH_SERVERLESS": "opensearchServerlessConfiguration",
    "OPENSEARCH_MANAGED_CLUSTER": "opensearchManagedClusterConfiguration",
    "PINECONE": "pineconeConfiguration",
    "REDIS_ENTERPRISE_CLOUD": "redisEnterpriseCloudConfiguration",
    "RDS": "rdsConfiguration",
    "MONGO_DB_ATLAS": "mongoDbAtlasConfiguration",
    "NEPTUNE_ANALYTICS": "neptuneAnalyticsConfiguration",
    "S3_VECTORS": "s3VectorsConfiguration",
}
_DELETE_DENIED = "Unable to delete data from the vector store: access to it was denied."


def _exists(call: Call, resource: str) -> bool:
    return knowledge.find_base(call, resource.removeprefix("knowledge-base/")) is not None


KIND = Kind(
    "knowledge-base",
    quotas={"knowledgeBases": 100},
    switches={
        "knowledgeBaseDefaults": ("observed", "all"),
        "knowledgeBaseCreate": ("works", "fails"),
        "knowledgeBaseUpdate": ("works", "fails"),
        "knowledgeBaseUpdateOmitsStorage": ("refuse", "keep"),
        "vectorStoreDelete": ("works", "fails"),
    },
    delays={"knowledgeBase.create": 5.0, "knowledgeBase.update": 2.0, "knowledgeBase.delete": 5.0},
    taggables=(Taggable("bedrock-agent", "knowledge-base/", _exists, "bedrock:knowledge-base"),),
)


@KIND.operation("bedrock-agent", "CreateKnowledgeBase")
def create_knowledge_base(call: Call) -> dict[str, Any]:
    """A new knowledge base: CREATING, later ACTIVE (or, by switch, FAILED)."""
    return once(call, lambda: _create(call))


def _create(call: Call) -> dict[str, Any]:
    body = _accept(call)
    _require_unique_name(call, body["name"])
    if len(knowledge.bases(call)) >= call.settings.quota("knowledgeBases"):
        raise quota_exceeded("You have reached the maximum number of knowledge bases for this account.")
    id, now = knowledge.fresh_id(lambda id: call.row("knowledge-base", id)), call.clock.stamp()
    arn = call.arn("bedrock", f"knowledge-base/{id}")
    fails = call.settings.switch("knowledgeBaseCreate") == "fails"
    busy = knowledge.busy(call, "CREATING", "knowledgeBase.create", "FAILED" if fails else "ACTIVE")
    why = {"failureReasons": ["The vector index could not be reached."]} if fails else {}
    doc = {**body, **busy, **why, "knowledgeBaseId": id, "knowledgeBaseArn": arn, "createdAt": now, "updatedAt": now}
    call.put("knowledge-base", id, doc)
    tags.attach(call, arn, call.params.get("tags", {}))
    return {"knowledgeBase": _show(doc, "CREATING")}


@KIND.operation("bedrock-agent", "UpdateKnowledgeBase")
def update_knowledge_base(call: Call) -> dict[str, Any]:
    """Replaces name, description and role; what is left out is cleared. UPDATING, later ACTIVE."""
    old = knowledge.base(call, call.params["knowledgeBaseId"])
    if knowledge.status(call, old) not in ("ACTIVE", "UPDATE_UNSUCCESSFUL"):
        raise conflict(f"The knowledge base is {knowledge.status(call, old)}; it can be updated when it is ACTIVE.")
    body = _accept(call, old)
    if body["knowledgeBaseConfiguration"] != old["knowledgeBaseConfiguration"]:
        # The wording of hashicorp/terraform-provider-aws issue 38022.
        raise validation("You cannot modify the knowledge base configuration once it is created.")
    if body.get("storageConfiguration") != old.get("storageConfiguration"):
        raise validation("You cannot modify the storage configuration once it is created.")
    if body["name"] != old["name"]:
        _require_unique_name(call, body["name"])
    fails = call.settings.switch("knowledgeBaseUpdate") == "fails"
    busy = knowledge.busy(call, "UPDATING", "knowledgeBase.update", "UPDATE_UNSUCCESSFUL" if fails else "ACTIVE")
    kept = {name: old[name] for name in _IDENTITY}
    why = {"failureReasons": ["The role cannot be assumed."]} if fails else {}
    doc = {**(_content(old) if fails else body), **busy, **why, **kept, "updatedAt": call.clock.stamp()}
    call.put("knowledge-base", doc["knowledgeBaseId"], doc)
    return {"knowledgeBase": _show(doc, "UPDATING")}


@KIND.operation("bedrock-agent", "GetKnowledgeBase")
def get_knowledge_base(call: Call) -> dict[str, Any]:
    """One knowledge base by id."""
    doc = knowledge.base(call, call.params["knowledgeBaseId"])
    return {"knowledgeBase": _show(doc, knowledge.status(call, doc))}


@KIND.operation("bedrock-agent", "ListKnowledgeBases")
def list_knowledge_bases(call: Call) -> dict[str, Any]:
    """Summaries, newest first: no ARN, no role, no configuration."""
    rows = [((-doc["createdAt"], doc["knowledgeBaseId"]), doc) for doc in knowledge.bases(call)]
    size, token = call.params.get("maxResults", _PAGE), call.params.get("nextToken")
    found, more = page(call, rows, size=size, token=token)
    summaries = [knowledge.pick(doc, _SUMMARY) | {"status": knowledge.status(call, doc)} for doc in found]
    return {"knowledgeBaseSummaries": summaries, "nextToken": more}


@KIND.operation("bedrock-agent", "DeleteKnowledgeBase")
def delete_knowledge_base(call: Call) -> dict[str, Any]:
    """DELETING, then gone with its data sources and jobs; DELETE_UNSUCCESSFUL when the store refuses (switch)."""
    doc = knowledge.base(call, call.params["knowledgeBaseId"])
    id = doc["knowledgeBaseId"]
    if knowledge.status(call, doc) in ("CREATING", "UPDATING", "DELETING"):
        raise conflict(f"The knowledge base is {knowledge.status(call, doc)}; it cannot be deleted now.")
    if knowledge.running_jobs(call, id):
        raise conflict(f"Knowledge base {id} has an ongoing ingestion job; wait for it, or stop it first.")
    stuck = [d for d in knowledge.sources(call, id) if d.get("dataDeletionPolicy") != "RETAIN"]
    fails = bool(stuck) and call.settings.switch("vectorStoreDelete") == "fails"
    busy = knowledge.busy(call, "DELETING", "knowledgeBase.delete", "DELETE_UNSUCCESSFUL" if fails else "")
    why = {"failureReasons": [_DELETE_DENIED]} if fails else {}
    call.put("knowledge-base", id, {**doc, **busy, **why})
    if not fails and busy["busyUntil"] <= call.clock.now():
        _bury(call, id)
    return {"knowledgeBaseId": id, "status": "DELETING"}


def _bury(call: Call, id: str) -> None:
    for source in list(call.rows(f"data-source/{id}")):
        knowledge.bury_source(call, id, source)
    call.delete("knowledge-base", id)
    tags.forget(call, call.arn("bedrock", f"knowledge-base/{id}"))


def _content(doc: Doc) -> dict[str, Any]:
    return knowledge.pick(doc, _CONTENT)


def _show(doc: Doc, now: str) -> dict[str, Any]:
    """The knowledge base in the status ``now``: a create answers CREATING however fast the clock is."""
    why = {"failureReasons": doc["failureReasons"]} if now == doc["then"] and "failureReasons" in doc else {}
    return knowledge.pick(doc, (*_CONTENT, *_IDENTITY)) | {"status": now} | why


def _accept(call: Call, old: Doc | None = None) -> dict[str, Any]:
    """The body of a create or update, checked beyond the model and filled in as the server does."""
    body = knowledge.pick(call.params, _CONTENT)
    configuration, storage = body["knowledgeBaseConfiguration"], body.get("storageConfiguration")
    knowledge.require_member(configuration, _BY_TYPE, "knowledge base configuration")
    if storage is None and old is not None and call.settings.switch("knowledgeBaseUpdateOmitsStorage") == "keep":
        body |= knowledge.pick(old, ("storageConfiguration",))
    elif storage is None and configuration["type"] == "VECTOR" and old is None:
        raise validation("A knowledge base of type VECTOR needs a storageConfiguration.")
    elif storage is not None:
        _check_storage(configuration["type"], storage)
    if call.settings.switch("knowledgeBaseDefaults") == "all":
        body["knowledgeBaseConfiguration"] = _filled(configuration)
    return body


def _check_storage(type: str, storage: Mapping[str, Any]) -> None:
    if type != "VECTOR":
        raise validation(f"A knowledge base of type {type} takes no storageConfiguration.")
    knowledge.require_member(storage, _BY_STORE, "knowledge base storage configuration")
    vectors = storage.get("s3VectorsConfiguration")
    # Index ARN, or bucket ARN and index name: hashicorp/terraform-provider-aws pull request 45468.
    if vectors is not None and ("indexArn" in vectors) == ({"vectorBucketArn", "indexName"} <= set(vectors)):
        raise validation(
            "The knowledge base storage configuration provided is invalid: "
            "give indexArn, or vectorBucketArn and indexName."
        )


def _filled(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """FLOAT32 is what a model embeds to unless told; whether AWS shows it when it was not given is not known."""
    vector = configuration.get("vectorKnowledgeBaseConfiguration")
    if vector is None:
        return dict(configuration)
    embedding = vector.get("embeddingModelConfiguration", {})
    bedrock = {"embeddingDataType": "FLOAT32", **embedding.get("bedrockEmbeddingModelConfiguration", {})}
    shown = {**vector, "embeddingModelConfiguration": {**embedding, "bedrockEmbeddingModelConfiguration": bedrock}}
    return {**configuration, "vectorKnowledgeBaseConfiguration": shown}


def _require_unique_name(call: Call, name: str) -> None:
    """Names are unique in an account and region; one being deleted still holds its name."""
    if any(doc["name"] == name for doc in knowledge.bases(call)):
        raise conflict(f"KnowledgeBase with name {name} already exists.")
