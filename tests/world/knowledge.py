"""A use case with one knowledge base over documents in S3, and what people do to both."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from releaser.core.sources import Source, written
from world.desk import Desk
from world.manifest import use_case

_BUCKETS = itertools.count(1)
HERE = {"LocationConstraint": "eu-central-1"}
MANIFEST = "data/policies.sources.jsonl"


@dataclass
class Library:
    """The documents and the knowledge base ``policies`` of the use case ``mail``."""

    desk: Desk
    owner: str = ""
    """The account of the bucket, where it is not the desk's."""
    spec: dict[str, Any] = field(default_factory=dict)
    index: int = 1
    bucket: str = ""

    def __post_init__(self) -> None:
        self.bucket = f"library-{self.desk.account}-{next(_BUCKETS)}"
        self.s3.create_bucket(Bucket=self.bucket, CreateBucketConfiguration=HERE)
        enabled = {"Status": "Enabled"}
        self.s3.put_bucket_versioning(Bucket=self.bucket, VersioningConfiguration=enabled)

    @property
    def s3(self) -> Any:
        return self.desk.box.client("s3", self.owner or self.desk.account)

    @property
    def agent(self) -> Any:
        return self.desk.client("bedrock-agent")

    def put(self, **documents: str) -> None:
        """Documents by name; ``_`` stands for the dot before the ending."""
        for name, text in documents.items():
            key = f"policies/{name.replace('_', '.')}"
            self.s3.put_object(Bucket=self.bucket, Key=key, Body=text.encode(), ChecksumAlgorithm="SHA256")

    def drop(self, name: str) -> None:
        self.s3.delete_object(Bucket=self.bucket, Key=f"policies/{name}")

    def sources(self) -> str:
        """The source manifest of what is there now."""
        found = []
        for row in self.s3.list_objects_v2(Bucket=self.bucket, Prefix="policies/").get("Contents", ()):
            if row["Key"].endswith("/"):
                continue  # what a console shows as a folder
            got = self.s3.get_object(Bucket=self.bucket, Key=row["Key"])
            content = got["Body"].read()
            digest = hashlib.sha256(content).hexdigest()
            found.append(Source(row["Key"], got["VersionId"], digest, len(content)))
        return written(found)

    def declare(
        self,
        *,
        chunk: int = 300,
        max_failed: int = 0,
        description: str = "",
        bare: bool = False,
        prefix: str = "policies/",
        **entry: Any,
    ) -> None:
        """Writes the manifest with the documents as they are, and commits it."""
        text = self.sources()
        self.desk.repo.write(f"manifests/mail/{MANIFEST}", text)
        digest = hashlib.sha256(text.encode()).hexdigest()
        owner = {"bucketOwnerAccountId": self.owner} if self.owner else {}
        base: dict[str, Any] = {
            "roleArn": f"arn:aws:iam::{self.desk.account}:role/knowledge",
            "knowledgeBaseConfiguration": {
                "type": "VECTOR",
                "vectorKnowledgeBaseConfiguration": {"embeddingModelArn": "amazon.titan-embed-text-v2:0"},
            },
            "storageConfiguration": {
                "type": "OPENSEARCH_SERVERLESS",
                "opensearchServerlessConfiguration": {
                    "collectionArn": f"arn:aws:aoss:eu-central-1:{self.desk.account}:collection/vectors",
                    "vectorIndexName": f"policies-{self.index}",
                    "fieldMapping": {"vectorField": "v", "textField": "t", "metadataField": "m"},
                },
            },
            "dataSources": [
                {
                    "name": "documents",
                    "dataSourceConfiguration": {
                        "type": "S3",
                        "s3Configuration": {
                            "bucketArn": f"arn:aws:s3:::{self.bucket}",
                            "inclusionPrefixes": [prefix],
                            **owner,
                        },
                    },
                    "vectorIngestionConfiguration": {
                        "chunkingConfiguration": {
                            "chunkingStrategy": "FIXED_SIZE",
                            "fixedSizeChunkingConfiguration": {"maxTokens": chunk, "overlapPercentage": 20},
                        }
                    },
                }
            ],
            "content": {"documents": {"manifest": MANIFEST, "sha256": digest, "maxFailed": max_failed}},
            **({"description": description} if description else {}),
            **entry,
        }
        if bare:
            del base["dataSources"][0]["vectorIngestionConfiguration"]
        document = use_case(knowledgeBases={"policies": base}, **self.spec)
        self.desk.repo.declare(document)
        self.desk.repo.commit("change")

    def bases(self) -> dict[str, dict[str, Any]]:
        """Name -> knowledge base, of all that the account holds."""
        rows = self.agent.list_knowledge_bases()["knowledgeBaseSummaries"]
        ids = [row["knowledgeBaseId"] for row in rows]
        found = [self.agent.get_knowledge_base(knowledgeBaseId=i)["knowledgeBase"] for i in ids]
        return {base["name"]: base for base in found}

    def jobs(self, base: str) -> list[Mapping[str, Any]]:
        """The ingestion jobs of one knowledge base's data sources, newest first."""
        found: list[Mapping[str, Any]] = []
        for source in self.agent.list_data_sources(knowledgeBaseId=base)["dataSourceSummaries"]:
            where = {"knowledgeBaseId": base, "dataSourceId": source["dataSourceId"]}
            found += self.agent.list_ingestion_jobs(**where)["ingestionJobSummaries"]
        return found

    def sync(self, base: str, description: str = "") -> None:
        """Somebody starts a job by hand."""
        (source,) = self.agent.list_data_sources(knowledgeBaseId=base)["dataSourceSummaries"]
        said = {"description": description} if description else {}
        self.agent.start_ingestion_job(knowledgeBaseId=base, dataSourceId=source["dataSourceId"], **said)

    def live(self) -> str:
        """The id that applications are told."""
        state = self.desk.client("ssm").get_parameter(Name="/releaser/mail/runtime")["Parameter"]["Value"]
        found: str = json.loads(state)["knowledgeBases"]["policies"]["id"]
        return found
