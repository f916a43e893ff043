"""Knowledge base with its data sources, and the content that a release pins.

Facts: nothing of it is versioned, and there is no alias. Type, embedding and storage are fixed at creation ("You must
use the same configuration as when the knowledge base was created", API reference, UpdateKnowledgeBase); so are a data
source's type, chunking and parsing (CloudFormation, createOnlyProperties of AWS::Bedrock::DataSource). Other content is
therefore another knowledge base beside the live one, under another name, until callers have been moved to it; or, when
the manifest says ``updates: inPlace``, a change that callers see at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from releaser.core.address import Bound, Ref
from releaser.core.diagnostic import Code
from releaser.core.geography import plain_model
from releaser.core.kind import (
    AGENT_TAGS,
    Calls,
    Draft,
    Effect,
    Entry,
    Fields,
    Identity,
    Inclusion,
    Ingestion,
    Kind,
    Part,
    Pin,
    Problem,
    Remark,
    Site,
    Status,
    Verb,
    View,
    Written,
)
from releaser.core.model_arn import model_arn
from releaser.core.quotas import Quota
from releaser.core.sources import check_sources
from releaser.core.values import EMPTY, FrozenMap, digest

MOST_SOURCES = 5
"""Data sources of a knowledge base (service quotas; not adjustable)."""

_MODELS = frozenset({"embeddingModelArn", "modelArn"})
_S3 = ("dataSourceConfiguration", "s3Configuration")


class _Ours(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PinnedContent(_Ours):
    manifest: str = Field(min_length=1, description="The source manifest, a .jsonl file in this folder.")
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] = Field(description="Of that file's bytes.")
    maxFailed: Annotated[int, Field(ge=0, strict=True)] = Field(
        0, description="How many documents may fail: a job that AWS calls complete may hide some."
    )


class OwnMembers(_Ours):
    """What an entry says beyond AWS's own members."""

    content: dict[str, PinnedContent] = Field({}, description="Data source -> the objects that it is to hold.")
    updates: Literal["blueGreen", "inPlace"] = Field(
        "blueGreen",
        description="`blueGreen`: other content is a new knowledge base, and callers are moved to it. "
        "`inPlace`: callers see a change at once.",
    )


def _declare(view: View) -> Iterator[Draft]:
    for name, entry in view.section("knowledgeBases").items():
        body = {k: _with_arns(v, view) for k, v in entry.items() if k not in OwnMembers.model_fields}
        pins = tuple(_pins(entry, view.files))
        if pins:
            body["content"] = {pin.item: pin.digest for pin in pins}
        yield Draft(name, FrozenMap(body), pins, entry.get("updates") == "inPlace")


def _written(entry: str, body: FrozenMap, models: FrozenMap, site: Site) -> Written:
    """What was ingested by hand is not pinned: until it is, changes are made in place."""
    return Written({**body, "updates": "inPlace"})


def _with_arns(value: Any, view: View) -> Any:
    """Models by ARN, where the manifest names them by id."""
    if isinstance(value, Mapping):
        return {k: _arn(v, view) if k in _MODELS else _with_arns(v, view) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_with_arns(v, view) for v in value]
    return value


def _arn(value: Any, view: View) -> Any:
    if isinstance(value, Bound):
        return Bound(value.template, str(model_arn(value.value, view.site)))
    return model_arn(value, view.site) if isinstance(value, str) else value


def _sources(entry: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Data sources by name; tolerates any data."""
    listed = entry.get("dataSources")
    items = [i for i in listed if isinstance(i, Mapping)] if isinstance(listed, list | tuple) else []
    return {str(i.get("name")): i for i in items}


def _at(value: Any, *path: str) -> Mapping[str, Any]:
    for member in path:
        value = value.get(member) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else EMPTY


def _pinned(entry: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield from ((str(k), v) for k, v in _at(entry, "content").items() if isinstance(v, Mapping))


def _pins(entry: Mapping[str, Any], files: Mapping[str, str]) -> Iterator[Pin]:
    there = _sources(entry)
    for item, pinned in sorted(_pinned(entry)):
        s3 = _at(there.get(item), *_S3)
        bucket = str(s3.get("bucketArn", "")).rpartition(":")[2]
        prefixes = tuple(str(p) for p in s3.get("inclusionPrefixes", ()))
        owner = str(s3.get("bucketOwnerAccountId", ""))
        yield Pin(
            item=item,
            # An update of where documents come from ingests none: a job in the old place is not one in the new.
            digest=digest([str(pinned["sha256"]), bucket, sorted(prefixes), owner])[:16],
            max_failed=int(pinned.get("maxFailed", 0)),
            bucket=bucket,
            prefixes=prefixes,
            objects=files.get(str(pinned["manifest"]), ""),
            owner=owner,
        )


def _includes(entry: Mapping[str, Any]) -> Iterator[Inclusion]:
    for item, pinned in _pinned(entry):
        at = ("content", item)
        yield Inclusion(pinned.get("manifest"), (*at, "manifest"), pinned.get("sha256"), (*at, "sha256"))


def _fixed(draft: Draft) -> FrozenMap:
    """Embedding and storage always; with blue/green whatever callers would see, down to the documents."""
    body = draft.body
    kept = {m: body[m] for m in ("knowledgeBaseConfiguration", "storageConfiguration") if m in body}
    if not draft.in_place:
        inside = ("name", "dataSourceConfiguration", "vectorIngestionConfiguration")
        kept["dataSources"] = [{m: s[m] for m in inside if m in s} for s in body.get("dataSources", ())]
        kept["content"] = body.get("content", EMPTY)
    return FrozenMap(kept)


_OUTSIDE = ("fieldMapping", "credentialsSecretArn", "endpointServiceName", "textIndexName")


def _exclusive(body: Mapping[str, Any]) -> dict[str, Any]:
    """The place where the vectors are kept."""
    found = {}
    for store, settings in _at(body, "storageConfiguration").items():
        for member, value in settings.items() if isinstance(settings, Mapping) else ():
            if member not in _OUTSIDE:
                found[f"storageConfiguration.{store}.{member}"] = value
    return found


def _exports(view: View) -> Mapping[str, Mapping[str, Any]]:
    names = view.section("knowledgeBases")
    return {"knowledgeBases": {name: {"id": Ref(view.address("knowledge-base", name), "id")} for name in names}}


# -- rules


def _check(entry: Entry) -> Iterator[Problem]:
    there = _sources(entry.data)
    listed = entry.data.get("dataSources", ())
    if len(listed) > MOST_SOURCES:
        said = f"a knowledge base has at most {MOST_SOURCES} data sources, not {len(listed)}"
        yield Problem("E547", said, ("dataSources",))
    if len(there) < len(listed):
        yield Problem("E547", "two data sources have the same name", ("dataSources",))
    yield from _check_configuration(entry.data)
    yield from _check_place(entry)
    for item, pinned in _pinned(entry.data):
        at = ("content", item)
        if item not in there:
            yield Problem("E541", f"there is no data source {item!r}", at, f"there are: {', '.join(there) or 'none'}")
            continue
        s3 = _at(there[item], *_S3)
        if not s3:
            yield Problem("E545", f"{item} is no S3 source: its content cannot be pinned", at)
            continue
        path = pinned.get("manifest")
        text = entry.files.get(path) if isinstance(path, str) else None
        if text is not None:
            prefixes = [p for p in s3.get("inclusionPrefixes", ()) if isinstance(p, str)]
            yield from check_sources(str(path), text, prefixes, (*at, "manifest"))
    yield from _check_unpinned(entry.data, there)


def _check_unpinned(data: Mapping[str, Any], there: Mapping[str, Any]) -> Iterator[Problem]:
    pinned = dict(_pinned(data))
    loose = [name for name in there if name not in pinned]
    if loose and data.get("updates") != "inPlace":
        message = f"nothing pins the content of {', '.join(loose)}: a new knowledge base would stay empty"
        hint = "pin it under content, or say `updates: inPlace` and start its ingestion yourself"
        yield Problem("E546", message, ("dataSources",), hint)


_CONFIGURATIONS: Mapping[str, Mapping[str, str]] = {
    "knowledgeBaseConfiguration": {
        "VECTOR": "vectorKnowledgeBaseConfiguration",
        "KENDRA": "kendraKnowledgeBaseConfiguration",
        "SQL": "sqlKnowledgeBaseConfiguration",
        "MANAGED": "managedKnowledgeBaseConfiguration",
    },
    "storageConfiguration": {
        "OPENSEARCH_SERVERLESS": "opensearchServerlessConfiguration",
        "OPENSEARCH_MANAGED_CLUSTER": "opensearchManagedClusterConfiguration",
        "PINECONE": "pineconeConfiguration",
        "REDIS_ENTERPRISE_CLOUD": "redisEnterpriseCloudConfiguration",
        "RDS": "rdsConfiguration",
        "MONGO_DB_ATLAS": "mongoDbAtlasConfiguration",
        "NEPTUNE_ANALYTICS": "neptuneAnalyticsConfiguration",
        "S3_VECTORS": "s3VectorsConfiguration",
    },
}


def _check_configuration(data: Mapping[str, Any]) -> Iterator[Problem]:
    """A type and the member that belongs to it."""
    for member, choices in _CONFIGURATIONS.items():
        part = _at(data, member)
        wanted = choices.get(str(part.get("type")))
        given = [m for m in part if m in choices.values()]
        if wanted is not None and given and given != [wanted]:
            said = f"the type {part['type']} goes with {wanted}, not with {', '.join(given)}"
            yield Problem("E548", said, (member, "type"))
    vector = _at(data, "knowledgeBaseConfiguration").get("type") == "VECTOR"
    if vector and "storageConfiguration" not in data:
        yield Problem("E548", "a knowledge base of type VECTOR needs a storageConfiguration", ())


def _check_place(entry: Entry) -> Iterator[Problem]:
    mine = _exclusive(entry.data)
    for other, data in _at(entry.spec, "knowledgeBases").items():
        if mine and other < entry.name and isinstance(data, Mapping) and _exclusive(data) == mine:
            said = f"{other} keeps its vectors in the same place"
            yield Problem("E549", said, ("storageConfiguration",), "give each knowledge base an index of its own")


# -- in words


def _describe(before: FrozenMap | None, after: FrozenMap | None) -> Iterator[Remark]:
    """What people find in it, and by which means."""
    if before is None or after is None:
        whole = after if after is not None else before or EMPTY
        count = len(whole.get("dataSources", ()))
        said = f"{count} data source{'' if count == 1 else 's'}, {_embedding(whole)}"
        yield Remark(f"is {'new' if before is None else 'removed'}: {said}", "changed")
        return
    yield from _describe_base(before, after)
    yield from _describe_sources(before, after)
    yield from _describe_content(before, after)


def _embedding(body: Mapping[str, Any]) -> str:
    base = _at(body, "knowledgeBaseConfiguration")
    for member in ("vectorKnowledgeBaseConfiguration", "managedKnowledgeBaseConfiguration"):
        arn = _at(base, member).get("embeddingModelArn")
        if arn is not None:
            text = arn.value if isinstance(arn, Bound) else str(arn)
            return f"embedded by {plain_model(text.removeprefix('${model.').removesuffix('}'))}"
    return f"of type {base.get('type', 'unknown')}"


def _describe_base(before: FrozenMap, after: FrozenMap) -> Iterator[Remark]:
    old, new = _embedding(before), _embedding(after)
    at = "knowledgeBaseConfiguration"
    if old != new:
        yield Remark(f"documents are {new} instead of {old.removeprefix('embedded ')}", "changed", at)
    elif before.get(at) != after.get(at):
        yield Remark("the settings of the embedding changed", "changed", at)
    at = "storageConfiguration"
    if _exclusive(before) != _exclusive(after):
        yield Remark("vectors are kept in another place", "changed", at)
    elif before.get(at) != after.get(at):
        yield Remark("the settings of the vector store changed", "changed", at)
    if before.get("roleArn") != after.get("roleArn"):
        yield Remark("it works under another role", "changed", "roleArn")
    if before.get("description") != after.get("description"):
        yield Remark("its description changed", "neutral", "description")


_SAID: Mapping[str, str] = {
    "dataSourceConfiguration": "documents are taken from elsewhere, or others of them",
    "dataDeletionPolicy": "what becomes of its vectors when it is deleted changed",
}


def _describe_sources(before: FrozenMap, after: FrozenMap) -> Iterator[Remark]:
    was, now = _sources(before), _sources(after)
    for name in sorted({*was, *now}):
        old, new = was.get(name), now.get(name)
        at = f"dataSources[{name}]"
        if old is None or new is None:
            yield Remark(f"the data source {name} is {'new' if old is None else 'removed'}", "changed", at)
            continue
        for member, said in _SAID.items():
            if old.get(member) != new.get(member):
                yield Remark(f"{name}: {said}", "changed", f"{at}.{member}")
        yield from _describe_ingestion(name, old, new, f"{at}.vectorIngestionConfiguration")
        key = "serverSideEncryptionConfiguration"
        if old.get(key) != new.get(key):
            yield Remark(f"{name}: the encryption of documents in transit {_came(old, new, key)}", _kept(old, new, key))


def _came(old: Mapping[str, Any], new: Mapping[str, Any], member: str) -> str:
    if member in old and member in new:
        return "uses another key"
    return "uses a key of its own" if member in new else "no longer uses a key of its own"


def _kept(old: Mapping[str, Any], new: Mapping[str, Any], member: str) -> Effect:
    if member in old and member in new:
        return "changed"
    return "stronger" if member in new else "weaker"


def _describe_ingestion(name: str, old: Mapping[str, Any], new: Mapping[str, Any], at: str) -> Iterator[Remark]:
    left, right = (_at(s, "vectorIngestionConfiguration") for s in (old, new))
    if left.get("chunkingConfiguration") != right.get("chunkingConfiguration"):
        was, now = (_at(s, "chunkingConfiguration").get("chunkingStrategy", "AWS's default") for s in (left, right))
        said = f"cut by {now} instead of {was}" if was != now else f"cut by {now} with other sizes"
        yield Remark(f"{name}: documents are {said}", "changed", f"{at}.chunkingConfiguration")
    if left.get("parsingConfiguration") != right.get("parsingConfiguration"):
        was, now = (_at(s, "parsingConfiguration").get("parsingStrategy", "AWS's default") for s in (left, right))
        said = f"read by {now} instead of {was}" if was != now else f"read by {now} in another way"
        yield Remark(f"{name}: documents are {said}", "changed", f"{at}.parsingConfiguration")
    for member in ("customTransformationConfiguration", "contextEnrichmentConfiguration"):
        if left.get(member) != right.get(member):
            yield Remark(f"{name}: {member} changed", "changed", f"{at}.{member}")


def _describe_content(before: FrozenMap, after: FrozenMap) -> Iterator[Remark]:
    was, now = _at(before, "content"), _at(after, "content")
    for name in sorted({*was, *now}):
        old, new = was.get(name, "nothing"), now.get(name, "nothing")
        if old != new:
            said = f"{name} holds other documents: content {new} instead of {old}"
            yield Remark(said, "changed", f"content.{name}")


KIND = Kind(
    name="knowledge-base",
    service="bedrock-agent",
    section="knowledgeBases",
    # What was ingested is not in git.
    needs_allowance_to_remove=True,
    declare=_declare,
    written=_written,
    exports=_exports,
    check=_check,
    describe=_describe,
    ours=OwnMembers,
    extra=frozenset(OwnMembers.model_fields),
    includes=_includes,
    fixed=_fixed,
    exclusive=_exclusive,
    visible=frozenset({Verb.UPDATE, Verb.INGEST}),
    codes=(
        Code("E541", "content of a data source that is not there", "`content` names data sources of the same entry."),
        Code(
            "E542",
            "a line of a source manifest is not right",
            "A source manifest is JSON Lines: one object version a line. `releaser sources` writes one from a bucket.",
            '{"key": "policies/a.pdf", "versionId": "3sL4kqtJlcpXroDTDmJ", "sha256": "9f86d0..."}',
        ),
        Code("E543", "an object stands twice in a source manifest", "Each key once, in the version that is meant."),
        Code(
            "E544",
            "an object that the data source does not take in",
            "Bedrock ingests keys under inclusionPrefixes only, so the content could never be as pinned.",
        ),
        Code("E545", "pinned content of a source that is not S3", "Only objects in S3 can be pinned by version."),
        Code(
            "E546",
            "a data source whose content nothing pins",
            "Other settings mean a new knowledge base, which releaser fills with pinned content. Where it cannot, say "
            "`updates: inPlace`, and ingestion is yours.",
            "updates: inPlace",
        ),
        Code("E547", "too many data sources", "At most five, each with a name of its own; AWS does not raise it."),
        Code("E548", "a type without its configuration", "The type says which of the other members is meant."),
        Code(
            "E549",
            "two knowledge bases in one index",
            "They would answer with each other's documents. Give each an index of its own.",
        ),
    ),
    calls=Calls(
        create="CreateKnowledgeBase",
        get="GetKnowledgeBase",
        update="UpdateKnowledgeBase",
        delete="DeleteKnowledgeBase",
        list="ListKnowledgeBases",
        list_root="knowledgeBaseSummaries",
        root="knowledgeBase",
        id_in="knowledgeBaseId",
        token="clientToken",
    ),
    identity=Identity(
        id="knowledgeBaseId",
        arn="knowledgeBaseArn",
        name="name",
        row_id="knowledgeBaseId",
        row_arn="",
        row_name="name",
    ),
    status=Status(
        member="status",
        ready=frozenset({"ACTIVE"}),
        pending=frozenset({"CREATING", "UPDATING", "DELETING"}),
        failed=frozenset({"FAILED", "DELETE_UNSUCCESSFUL", "UPDATE_UNSUCCESSFUL"}),
        reasons="failureReasons",
        repairable=True,
    ),
    parts=(
        Part(
            member="dataSources",
            key="name",
            create="CreateDataSource",
            update="UpdateDataSource",
            delete="DeleteDataSource",
            get="GetDataSource",
            root="dataSource",
            list="ListDataSources",
            list_root="dataSourceSummaries",
            id="dataSourceId",
            id_in="dataSourceId",
            owner_in="knowledgeBaseId",
            token="clientToken",
            # What was ingested under other settings stays as it is: a sync takes in changed documents only.
            fixed=frozenset({"dataSourceConfiguration.type", "vectorIngestionConfiguration"}),
            goes_first=True,
            status=Status(
                member="status",
                ready=frozenset({"AVAILABLE"}),
                pending=frozenset({"CREATING", "UPDATING", "DELETING"}),
                failed=frozenset({"FAILED", "DELETE_UNSUCCESSFUL"}),
                reasons="failureReasons",
            ),
        ),
    ),
    ingestion=Ingestion(
        start="StartIngestionJob",
        get="GetIngestionJob",
        list="ListIngestionJobs",
        list_root="ingestionJobSummaries",
        newest_first=FrozenMap({"sortBy": {"attribute": "STARTED_AT", "order": "DESCENDING"}}),
        root="ingestionJob",
        id="ingestionJobId",
        owner_in="knowledgeBaseId",
        item_in="dataSourceId",
        token="clientToken",
        status=Status(
            member="status",
            ready=frozenset({"COMPLETE"}),
            pending=frozenset({"STARTING", "IN_PROGRESS", "STOPPING"}),
            failed=frozenset({"FAILED", "STOPPED"}),
            reasons="failureReasons",
        ),
        statistics="statistics",
        failed="numberOfDocumentsFailed",
        part="dataSources",
    ),
    fields=Fields(
        omitted=frozenset({"clientToken", "tags", "name"}),
        labels=frozenset({"description", "dataSources[].description"}),
        immutable=frozenset({"knowledgeBaseConfiguration", "storageConfiguration"}),
        # Console and published examples: what was ingested goes with its data source unless it is said otherwise.
        defaults={"dataSources[].dataDeletionPolicy": "DELETE"},
        unordered={
            "dataSources": "name",
            **{
                f"dataSources[].dataSourceConfiguration.{path}": key
                for path, key in {
                    "webConfiguration.sourceConfiguration.urlConfiguration.seedUrls": "#url",
                    "webConfiguration.crawlerConfiguration.inclusionFilters": "#",
                    "webConfiguration.crawlerConfiguration.exclusionFilters": "#",
                    "sharePointConfiguration.sourceConfiguration.siteUrls": "#",
                }.items()
            },
        },
        opaque=frozenset(
            {
                "dataSources[].dataSourceConfiguration.managedKnowledgeBaseConnectorConfiguration.connectorParameters",
                *(
                    f"knowledgeBaseConfiguration.{kind}KnowledgeBaseConfiguration.embeddingModelConfiguration"
                    ".bedrockEmbeddingModelConfiguration.modelConfiguration"
                    for kind in ("vector", "managed")
                ),
            }
        ),
        markers=frozenset(
            f"dataSources[].dataSourceConfiguration.managedKnowledgeBaseConnectorConfiguration.syncSchedule.{path}"
            for path in ("daily", "monthly.dayOfMonth.lastDayOfMonth")
        ),
        shown=frozenset({"dataSources[].name", "content"}),
    ),
    tagging=AGENT_TAGS,
    account_quota=Quota(100),
)
