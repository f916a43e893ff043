"""The only door to boto3. Retries are not here: botocore sends every request once."""

from __future__ import annotations

import struct
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from urllib3.exceptions import HTTPError as Urllib3Error

from releaser.aws.errors import classify, in_stream
from releaser.core.errors import AwsError, Failure

if TYPE_CHECKING:
    from botocore.client import BaseClient

# A reply without these members is a truncated one. The service model marks required members in replies; SSM's and
# the tagging API's models mark none.
_PROMISED = {
    ("ssm", "PutParameter"): ("Version",),
    ("ssm", "GetParameter"): ("Parameter",),
    ("ssm", "DescribeParameters"): ("Parameters",),
    ("ssm", "ListTagsForResource"): ("TagList",),
    ("ssm", "GetParameters"): ("Parameters", "InvalidParameters"),
    ("s3", "PutObject"): ("ETag",),
    ("kms", "Sign"): ("Signature",),
    ("kms", "Verify"): ("SignatureValid",),
    ("kms", "GetPublicKey"): ("SigningAlgorithms",),
    ("resourcegroupstaggingapi", "GetResources"): ("ResourceTagMappingList",),
    ("service-quotas", "GetServiceQuota"): ("Quota",),
    ("sts", "GetCallerIdentity"): ("Account", "Arn"),
    ("sts", "AssumeRole"): ("Credentials",),
    ("bedrock", "ListGuardrails"): ("guardrails",),
    ("bedrock", "ListInferenceProfiles"): ("inferenceProfileSummaries",),
    ("bedrock", "ListFoundationModels"): ("modelSummaries",),
    ("bedrock", "GetFoundationModelAvailability"): ("agreementAvailability", "authorizationStatus"),
    ("bedrock", "ListTagsForResource"): ("tags",),
    ("bedrock-agent", "ListTagsForResource"): ("tags",),
    ("bedrock-agent", "ListPrompts"): ("promptSummaries",),
}

_PATIENCE = {"bedrock-agent-runtime": 180}
"""Service -> seconds without a byte that are borne; 60 elsewhere. Agents and flows say nothing while they work."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Temporary credentials of an assumed role."""

    access_key: str
    secret_key: str
    token: str


def _session() -> Any:
    """A botocore session whose replies' timestamps are parsed by the standard library.

    Botocore's own parser takes a tenth of a call's time, and a list of 1,000 rows has 2,000 timestamps.
    """
    from botocore.parsers import ResponseParserFactory
    from botocore.session import Session

    session = Session()
    factory = ResponseParserFactory()
    factory.set_parser_defaults(timestamp_parser=parse_timestamp)
    session.register_component("response_parser_factory", factory)
    return session


def parse_timestamp(value: Any) -> datetime:
    """ISO 8601 text or seconds since 1970, as AWS sends them; anything else goes to botocore's parser."""
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        from botocore.utils import parse_timestamp as patient

        return cast(datetime, patient(value))
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _garbled(error: Exception, service: str, operation: str) -> AwsError:
    """Bytes of a stream that are no frame: their text may be a part of the reply, so only the kind of error is told."""
    code = type(error).__name__
    return AwsError(
        f"{service} {operation}: {code}: a frame of the stream is damaged",
        failure=Failure.AMBIGUOUS,
        service=service,
        operation=operation,
        aws_code=code,
    )


class BotoAws:
    """AWS over boto3: one session, clients made once under a lock and shared by threads (boto3's own rule)."""

    def __init__(self, region: str, *, connections: int = 32, credentials: Credentials | None = None) -> None:
        self._region = region
        self._connections = connections
        self._credentials = credentials
        self._lock = threading.Lock()
        self._session: Any = None
        self._clients: dict[str, BaseClient] = {}

    def call(self, service: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """One request, one reply. Raises AwsError."""
        from botocore import xform_name
        from botocore.exceptions import BotoCoreError, ClientError
        from botocore.parsers import ResponseParserError  # a truncated XML reply (STS); no BotoCoreError

        client: BaseClient | None = None
        try:
            client = self._client(service)
            reply: dict[str, Any] = getattr(client, xform_name(operation))(**params)
        except (ClientError, BotoCoreError, ResponseParserError, OSError, ValueError, Urllib3Error) as error:
            # Of an operation that streams, botocore reads the body of an error itself: cut off, it is urllib3's error.
            raise classify(error, service, operation, sent=client is not None) from error
        self._demand_members(client, service, operation, reply)
        return reply

    def stream(
        self, service: str, operation: str, params: Mapping[str, Any], member: str
    ) -> Iterator[tuple[float, dict[str, Any]]]:
        """The events of an event stream as they arrive. Raises AwsError, also in the middle."""
        from botocore.eventstream import ParserError  # a frame whose checksum or length is wrong; no BotoCoreError
        from botocore.exceptions import BotoCoreError, ClientError, EventStreamError
        from botocore.parsers import ResponseParserError

        reply = self.call(service, operation, params)
        events = reply.get(member)
        if events is None:
            return
        try:
            for event in events:
                yield time.monotonic(), event
        except EventStreamError as error:
            raise in_stream(error, service, operation) from error
        except (ClientError, BotoCoreError, ResponseParserError, OSError, ValueError, Urllib3Error) as error:
            raise classify(error, service, operation) from error
        except (ParserError, struct.error, KeyError) as error:
            raise _garbled(error, service, operation) from error
        finally:
            events.close()

    def _client(self, service: str) -> BaseClient:
        found = self._clients.get(service)
        if found is not None:
            return found
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._make(service)
            return self._clients[service]

    def _make(self, service: str) -> BaseClient:
        import boto3
        from botocore.config import Config

        from releaser import __version__

        if self._session is None:
            keys = self._credentials
            self._session = boto3.Session(
                botocore_session=_session(),
                region_name=self._region,
                aws_access_key_id=keys.access_key if keys else None,
                aws_secret_access_key=keys.secret_key if keys else None,
                aws_session_token=keys.token if keys else None,
            )
        config = Config(
            retries={"total_max_attempts": 1, "mode": "standard"},
            max_pool_connections=self._connections,
            connect_timeout=5,
            read_timeout=_PATIENCE.get(service, 60),
            tcp_keepalive=True,
            user_agent_extra=f"releaser/{__version__}",
            parameter_validation=False,
        )
        client: BaseClient = self._session.client(service, config=config)
        return client

    def _demand_members(self, client: BaseClient, service: str, operation: str, reply: dict[str, Any]) -> None:
        """botocore parses a truncated body as ``{}`` without an error; what AWS promises must be there."""
        shape = client.meta.service_model.operation_model(operation).output_shape
        promised = _PROMISED.get((service, operation)) or tuple(shape.required_members if shape else ())
        missing = [m for m in promised if m not in reply]
        if missing:
            raise AwsError(
                f"{service} {operation}: the reply lacks {', '.join(missing)}: it was cut off",
                failure=Failure.AMBIGUOUS,
                service=service,
                operation=operation,
                request_id=reply.get("ResponseMetadata", {}).get("RequestId", ""),
            )
