"""Small words the sandbox tests share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

MESSAGES = {"blockedInputMessaging": "no question", "blockedOutputsMessaging": "no answer"}


@contextmanager
def refused(code: str, status: int | None = None, saying: str = "") -> Iterator[None]:
    """The block must end in this AWS error."""
    with pytest.raises(ClientError) as caught:
        yield
    error = caught.value.response["Error"]
    assert error["Code"] == code, error
    assert saying in error["Message"], error
    if status is not None:
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


def body(response: dict[str, Any]) -> dict[str, Any]:
    """A reply without boto3's metadata."""
    return {name: value for name, value in response.items() if name != "ResponseMetadata"}


def text_prompt(text: str = "Hello {{name}}", **variant: Any) -> dict[str, Any]:
    """Arguments of a prompt with one text variant."""
    template = {"text": {"text": text, "inputVariables": [{"name": "name"}]}}
    first = {"name": "main", "templateType": "TEXT", "templateConfiguration": template, **variant}
    return {"variants": [first], "defaultVariant": "main"}


def all_pages(operation: Any, rows: str, token: str, size: str, per_page: int, **more: Any) -> list[Any]:
    """Every row, asked for page by page."""
    found: list[Any] = []
    page = operation(**{size: per_page}, **more)
    while True:
        assert len(page[rows]) <= per_page
        found += page[rows]
        if not page.get(token):
            return found
        page = operation(**{size: per_page, token: page[token]}, **more)


EMBEDDING = "arn:aws:bedrock:eu-central-1::foundation-model/amazon.titan-embed-text-v2:0"
ROLE = "arn:aws:iam::111111111111:role/knowledge"
VECTOR = {"type": "VECTOR", "vectorKnowledgeBaseConfiguration": {"embeddingModelArn": EMBEDDING}}
FIELDS = {"vectorField": "v", "textField": "t", "metadataField": "m"}
OPENSEARCH = {
    "type": "OPENSEARCH_SERVERLESS",
    "opensearchServerlessConfiguration": {
        "collectionArn": "arn:aws:aoss:eu-central-1:111111111111:collection/" + "a" * 20,
        "vectorIndexName": "index",
        "fieldMapping": FIELDS,
    },
}
S3_VECTORS = {
    "type": "S3_VECTORS",
    "s3VectorsConfiguration": {"indexArn": "arn:aws:s3vectors:eu-central-1:111111111111:bucket/vectors/index/one"},
}
AURORA = {
    "type": "RDS",
    "rdsConfiguration": {
        "resourceArn": "arn:aws:rds:eu-central-1:111111111111:cluster:vectors",
        "credentialsSecretArn": "arn:aws:secretsmanager:eu-central-1:111111111111:secret:vectors-AbCdEf",
        "databaseName": "db",
        "tableName": "chunks",
        "fieldMapping": {"primaryKeyField": "id", **FIELDS},
    },
}


def knowledge_base(name: str = "manuals", storage: Any = None) -> dict[str, Any]:
    """Arguments of a VECTOR knowledge base over OpenSearch Serverless, or over ``storage``."""
    configuration = {"knowledgeBaseConfiguration": VECTOR, "storageConfiguration": storage or OPENSEARCH}
    return {"name": name, "roleArn": ROLE, **configuration}


def s3_source(bucket: str = "documents", **more: Any) -> dict[str, Any]:
    """The configuration of an S3 data source."""
    return {"type": "S3", "s3Configuration": {"bucketArn": f"arn:aws:s3:::{bucket}", **more}}


AGENT = {
    "foundationModel": "anthropic.claude-3-haiku-20240307-v1:0",
    "agentResourceRoleArn": "arn:aws:iam::111111111111:role/agent",
}
INSTRUCTION = "Answer questions about the weather, and about nothing else."


def new_agent(agents: Any, name: str = "a", **more: Any) -> str:
    """The id of a new agent that could be prepared."""
    body = {**AGENT, "instruction": INSTRUCTION, **more}
    return str(agents.create_agent(agentName=name, **body)["agent"]["agentId"])


def new_alias(agents: Any, id: str, name: str = "live", **more: Any) -> str:
    """The id of a new alias of an agent, which is prepared first."""
    agents.prepare_agent(agentId=id)
    made = agents.create_agent_alias(agentId=id, agentAliasName=name, **more)
    return str(made["agentAlias"]["agentAliasId"])
