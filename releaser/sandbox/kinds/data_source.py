"""Data sources of knowledge bases: full replace, not taggable; type, chunking and parsing never change.

Sources: bedrock-agent service model; CloudFormation's createOnly properties (type, chunking, parsing); user guide: at
most 5 data sources a knowledge base, ``dataDeletionPolicy`` is DELETE unless given, managed knowledge bases know
nothing else; default chunking makes chunks of about 300 tokens. S3 sources are played; other connectors are taken as
the model describes them and never contain a document.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from releaser.sandbox import knowledge
from releaser.sandbox.call import Call
from releaser.sandbox.errors import conflict, quota_exceeded, validation
from releaser.sandbox.kind import Kind
from releaser.sandbox.paging import page
from releaser.sandbox.store import Doc
from releaser.sandbox.tokens import once

_CONTENT = (
    "name",
    "description",
    "dataSourceConfiguration",
    "dataDeletionPolicy",
    "serverSideEncryptionConfiguration",
    "vectorIngestionConfiguration",
)
_IDENTITY = ("knowledgeBaseId", "dataSourceId", "createdAt", "updatedAt")
_SUMMARY = ("knowledgeBaseId", "dataSourceId", "name", "description", "updatedAt")
_PAGE = 10
_BY_TYPE = {
    "S3": "s3Configuration",
    "WEB": "webConfiguration",
    "CONFLUENCE": "confluenceConfiguration",
    "SALESFORCE": "salesforceConfiguration",
    "SHAREPOINT": "sharePointConfiguration",
    "MANAGED_KNOWLEDGE_BASE_CONNECTOR": "managedKnowledgeBaseConnectorConfiguration",
}
_BY_CHUNKING = {
    "FIXED_SIZE": "fixedSizeChunkingConfiguration",
    "HIERARCHICAL": "hierarchicalChunkingConfiguration",
    "SEMANTIC": "semanticChunkingConfiguration",
}
_DEFAULT_CHUNKS = {"maxTokens": 300, "overlapPercentage": 20}

KIND = Kind(
    "data-source",
    quotas={"dataSourcesPerKnowledgeBase": 5},
    switches={"dataSourceDefaults": ("observed", "all"), "dataSourceSettles": ("atOnce", "later")},
    delays={"dataSource.settle": 2.0, "dataSource.delete": 5.0},
)


@KIND.operation("bedrock-agent", "CreateDataSource")
def create_data_source(call: Call) -> dict[str, Any]:
    """A new data source of an ACTIVE knowledge base."""
    return once(call, lambda: _create(call))


def _create(call: Call) -> dict[str, Any]:
    base = _active_base(call)
    id = base["knowledgeBaseId"]
    body = _accept(call, base)
    _require_unique_name(call, id, body["name"])
    if len(knowledge.sources(call, id)) >= call.settings.quota("dataSourcesPerKnowledgeBase"):
        raise quota_exceeded(f"You have reached the maximum number of data sources for knowledge base {id}.")
    source, now = knowledge.fresh_id(lambda one: call.row(f"data-source/{id}", one)), call.clock.stamp()
    identity = {"knowledgeBaseId": id, "dataSourceId": source, "createdAt": now, "updatedAt": now}
    doc = {**body, **_settling(call, "CREATING"), **identity}
    call.put(f"data-source/{id}", source, doc)
    return {"dataSource": _show(call, doc)}


@KIND.operation("bedrock-agent", "UpdateDataSource")
def update_data_source(call: Call) -> dict[str, Any]:
    """Replaces the data source; what is left out is cleared, and chunking and parsing must be as they were."""
    base = _active_base(call)
    id = base["knowledgeBaseId"]
    old = knowledge.source(call, id, call.params["dataSourceId"])
    if knowledge.status(call, old) not in ("AVAILABLE", "DELETE_UNSUCCESSFUL"):
        raise conflict(f"The data source is {knowledge.status(call, old)}; it can be updated when it is AVAILABLE.")
    body = _accept(call, base)
    _require_same(old, body)
    if body["name"] != old["name"]:
        _require_unique_name(call, id, body["name"])
    doc = {**body, **_settling(call, "UPDATING"), **knowledge.pick(old, _IDENTITY), "updatedAt": call.clock.stamp()}
    call.put(f"data-source/{id}", doc["dataSourceId"], doc)
    return {"dataSource": _show(call, doc)}


@KIND.operation("bedrock-agent", "GetDataSource")
def get_data_source(call: Call) -> dict[str, Any]:
    """One data source by ids."""
    doc = knowledge.source(call, call.params["knowledgeBaseId"], call.params["dataSourceId"])
    return {"dataSource": _show(call, doc)}


@KIND.operation("bedrock-agent", "ListDataSources")
def list_data_sources(call: Call) -> dict[str, Any]:
    """Summaries, newest first."""
    id = knowledge.base(call, call.params["knowledgeBaseId"])["knowledgeBaseId"]
    rows = [((-doc["createdAt"], doc["dataSourceId"]), doc) for doc in knowledge.sources(call, id)]
    size, token = call.params.get("maxResults", _PAGE), call.params.get("nextToken")
    found, more = page(call, rows, size=size, token=token, question=[id])
    summaries = [knowledge.pick(doc, _SUMMARY) | {"status": knowledge.status(call, doc)} for doc in found]
    return {"dataSourceSummaries": summaries, "nextToken": more}


@KIND.operation("bedrock-agent", "DeleteDataSource")
def delete_data_source(call: Call) -> dict[str, Any]:
    """DELETING, then gone; with policy DELETE a store that refuses (switch) ends in DELETE_UNSUCCESSFUL."""
    id = call.params["knowledgeBaseId"]
    doc = knowledge.source(call, id, call.params["dataSourceId"])
    source, now = doc["dataSourceId"], knowledge.status(call, doc)
    if now in ("CREATING", "UPDATING", "DELETING"):
        raise conflict(f"The data source is {now}; it cannot be deleted now.")
    if any(job["dataSourceId"] == source for job in knowledge.running_jobs(call, id)):
        raise conflict(f"Data source {source} has an ongoing ingestion job; wait for it, or stop it first.")
    keeps = doc.get("dataDeletionPolicy") == "RETAIN"
    fails = not keeps and call.settings.switch("vectorStoreDelete") == "fails"
    busy = knowledge.busy(call, "DELETING", "dataSource.delete", "DELETE_UNSUCCESSFUL" if fails else "")
    why = {"failureReasons": ["Unable to delete data from the vector store: access to it was denied."]} if fails else {}
    call.put(f"data-source/{id}", source, {**doc, **busy, **why})
    if not fails and busy["busyUntil"] <= call.clock.now():
        knowledge.bury_source(call, id, source)
    return {"knowledgeBaseId": id, "dataSourceId": source, "status": "DELETING"}


def _active_base(call: Call) -> Doc:
    base = knowledge.base(call, call.params["knowledgeBaseId"])
    if knowledge.status(call, base) != "ACTIVE":
        raise conflict(f"The knowledge base is {knowledge.status(call, base)}; it must be ACTIVE.")
    return base


def _settling(call: Call, status: str) -> dict[str, Any]:
    """AWS answers AVAILABLE at once; the model also has CREATING and UPDATING, which a switch plays."""
    if call.settings.switch("dataSourceSettles") == "later":
        return knowledge.busy(call, status, "dataSource.settle", "AVAILABLE")
    return {"busy": status, "busyUntil": 0.0, "then": "AVAILABLE"}


def _show(call: Call, doc: Doc) -> dict[str, Any]:
    now = knowledge.status(call, doc)
    why = {"failureReasons": doc["failureReasons"]} if now == doc["then"] and "failureReasons" in doc else {}
    return knowledge.pick(doc, (*_CONTENT, *_IDENTITY)) | {"status": now} | why


def _accept(call: Call, base: Doc) -> dict[str, Any]:
    """The body of a create or update, checked beyond the model and filled in as the server does."""
    body = knowledge.pick(call.params, _CONTENT)
    configuration = body["dataSourceConfiguration"]
    if configuration["type"] in _BY_TYPE:
        knowledge.require_member(configuration, _BY_TYPE, "data source configuration")
    elif any(member in configuration for member in _BY_TYPE.values()):
        raise validation(f"A data source of type {configuration['type']} takes no configuration of another type.")
    managed = base["knowledgeBaseConfiguration"]["type"] == "MANAGED"
    if managed and body.get("dataDeletionPolicy") == "RETAIN":
        raise validation("A data source of a managed knowledge base can only have the data deletion policy DELETE.")
    body.setdefault("dataDeletionPolicy", "DELETE")
    ingestion = body.get("vectorIngestionConfiguration", {})
    _check_chunking(ingestion.get("chunkingConfiguration"))
    _check_parsing(ingestion.get("parsingConfiguration"))
    if call.settings.switch("dataSourceDefaults") == "all":
        chunking = {"chunkingStrategy": "FIXED_SIZE", **ingestion.get("chunkingConfiguration", {})}
        if chunking["chunkingStrategy"] == "FIXED_SIZE":
            chunking = {"fixedSizeChunkingConfiguration": _DEFAULT_CHUNKS, **chunking}
        body["vectorIngestionConfiguration"] = {**ingestion, "chunkingConfiguration": chunking}
    return body


def _check_chunking(chunking: Mapping[str, Any] | None) -> None:
    if chunking is None:
        return
    strategy = chunking["chunkingStrategy"]
    wanted = _BY_CHUNKING.get(strategy)
    if any(member in chunking for member in _BY_CHUNKING.values() if member != wanted):
        raise validation(f"The chunking strategy {strategy} does not go with the configuration of another strategy.")
    if strategy in ("HIERARCHICAL", "SEMANTIC") and wanted not in chunking:
        raise validation(f"The chunking strategy {strategy} needs {wanted}.")
    levels = [
        level["maxTokens"] for level in chunking.get(_BY_CHUNKING["HIERARCHICAL"], {}).get("levelConfigurations", ())
    ]
    if len(levels) == 2 and levels[1] > levels[0]:
        raise validation("A child chunk cannot be larger than its parent chunk.")


def _check_parsing(parsing: Mapping[str, Any] | None) -> None:
    by_strategy = {
        "BEDROCK_FOUNDATION_MODEL": "bedrockFoundationModelConfiguration",
        "BEDROCK_DATA_AUTOMATION": "bedrockDataAutomationConfiguration",
    }
    if parsing is None:
        return
    strategy = parsing["parsingStrategy"]
    wanted = by_strategy.get(strategy)
    if any(member in parsing for member in by_strategy.values() if member != wanted):
        raise validation(f"The parsing strategy {strategy} does not go with the configuration of another strategy.")
    if strategy == "BEDROCK_FOUNDATION_MODEL" and wanted not in parsing:
        raise validation(f"The parsing strategy {strategy} needs {wanted}.")


def _require_same(old: Doc, new: Mapping[str, Any]) -> None:
    """Type, chunking and parsing as they were; left out where they were given is a change."""
    if old["dataSourceConfiguration"]["type"] != new["dataSourceConfiguration"]["type"]:
        raise validation("You cannot modify the data source type once it is created.")
    for member in ("chunkingConfiguration", "parsingConfiguration"):
        before, after = (doc.get("vectorIngestionConfiguration", {}).get(member) for doc in (old, new))
        if before != after:
            raise validation(f"You cannot modify the {member} once the data source is created.")


def _require_unique_name(call: Call, base_id: str, name: str) -> None:
    """Names are unique in a knowledge base."""
    if any(doc["name"] == name for doc in knowledge.sources(call, base_id)):
        raise conflict(f"DataSource with name {name} already exists in KnowledgeBase with id {base_id}.")
