"""AWS failures by what to do about them. Codes decide, never HTTP statuses, which differ between services."""

from __future__ import annotations

import re
from typing import Any

from releaser.core.errors import AwsError, Failure
from releaser.core.iam.denial import denial
from releaser.core.quotations import shortened, without_content

_BY_CODE = {
    "ThrottlingException": Failure.THROTTLED,
    "Throttling": Failure.THROTTLED,
    "TooManyRequestsException": Failure.THROTTLED,
    "RequestLimitExceeded": Failure.THROTTLED,
    "TooManyUpdates": Failure.THROTTLED,
    "ConflictException": Failure.CONFLICT,
    "ParameterAlreadyExists": Failure.CONFLICT,
    "ResourceInUseException": Failure.CONFLICT,
    "ResourceNotFoundException": Failure.NOT_FOUND,
    "NoSuchBucket": Failure.NOT_FOUND,
    "NoSuchKey": Failure.NOT_FOUND,
    # S3's HEAD has no body, so botocore makes the status the code.
    "404": Failure.NOT_FOUND,
    "403": Failure.DENIED,
    "SlowDown": Failure.THROTTLED,
    "ParameterNotFound": Failure.NOT_FOUND,
    "AccessDeniedException": Failure.DENIED,
    "AccessDenied": Failure.DENIED,
    "UnrecognizedClientException": Failure.DENIED,
    "InvalidClientTokenId": Failure.DENIED,
    "ExpiredTokenException": Failure.DENIED,
    "ExpiredToken": Failure.DENIED,
    "SignatureDoesNotMatch": Failure.DENIED,
    "ServiceQuotaExceededException": Failure.QUOTA,
    "ParameterLimitExceeded": Failure.QUOTA,
    "ParameterMaxVersionLimitExceeded": Failure.QUOTA,
    "LimitExceededException": Failure.QUOTA,
    "TooManyTagsException": Failure.QUOTA,
    "ServiceUnavailableException": Failure.AMBIGUOUS,
    "ServiceUnavailable": Failure.AMBIGUOUS,
    "InternalServerException": Failure.AMBIGUOUS,
    "InternalServerError": Failure.AMBIGUOUS,
    "InternalFailure": Failure.AMBIGUOUS,
    "RequestTimeout": Failure.AMBIGUOUS,
    "ModelErrorException": Failure.AMBIGUOUS,
    "ModelTimeoutException": Failure.AMBIGUOUS,
    "ModelStreamErrorException": Failure.AMBIGUOUS,
    # The SDK's own name for "try again soon": HTTP 429.
    "ModelNotReadyException": Failure.THROTTLED,
    "RequestTimeoutException": Failure.AMBIGUOUS,
    # "There was an issue with a dependency due to a server issue. Retry your request."
    "DependencyFailedException": Failure.AMBIGUOUS,
    # In the middle of a stream there is no status to tell it by.
    "ValidationException": Failure.INVALID,
}

# The request never left, or never reached a server.
_NOT_SENT = frozenset({"EndpointConnectionError", "ConnectTimeoutError", "ProxyConnectionError"})
_NO_CREDENTIALS = frozenset(
    {
        "NoCredentialsError",
        "PartialCredentialsError",
        "CredentialRetrievalError",
        "UnknownCredentialError",
        "ProfileNotFound",
        "NoAuthTokenError",
        "TokenRetrievalError",
        "UnknownTokenProviderError",
        "RefreshWithMFAUnsupportedError",
        "MetadataRetrievalError",
        "InvalidClientTokenId",
        "UnrecognizedClientException",
        "IncompleteSignature",
        "SignatureDoesNotMatch",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
    }
)
_CREDENTIALS_LIKE = ("ExpiredToken", "SSO", "UnauthorizedSSO", "Login")
_OUR_FAULT = frozenset({"ParamValidationError", "UnknownServiceError", "NoRegionError", "InvalidRegionError"})

_NO_CREDENTIALS_HINT = (
    "there are no usable credentials: log in again, or check AWS_PROFILE and the AWS_... variables; "
    "`aws sts get-caller-identity` must work first"
)
_SETTINGS_HINT = (
    "the settings for AWS do not work: check AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL, AWS_CA_BUNDLE and the files "
    "in ~/.aws"
)
# terraform-provider-aws #49327: "Bedrock Agents is in Maintenance Mode. New agent creation is not available for
# accounts without prior service usage."
_CLOSED = re.compile(r"maintenance mode|no longer open to new customers|without prior service usage", re.IGNORECASE)
_CLOSED_HINT = (
    "agents (classic) are closed to accounts that had none; no permission changes that: build it on Amazon Bedrock "
    "AgentCore, release into an account that has agents, or ask AWS"
)
# terraform-provider-aws #42845: a ValidationException, "Prepare operation can't be performed on Agent when it is in
# Preparing state. Retry the request when the agent is in a valid state."
_BUSY = re.compile(r"can(?:'|\u2019|no)t be performed on .{1,80}? when .{0,20}?is in .{1,30}? state", re.IGNORECASE)
# aws-sdk-js-v3 #6931: a role that does not exist is told as a missing permission of the caller; terraform-provider-aws
# #42847: so is one that was made a moment ago.
_ROLE_HINT = (
    "; AWS says the same when agentResourceRoleArn names a role that does not exist, may not use the model, or was "
    "made a moment ago"
)
_LOOPBACK = re.compile(r"https?://(?:127\.\d+\.\d+\.\d+|localhost|\[::1\])(?=[:/]|$)")
_SECONDS = re.compile(r"[0-9]{1,5}(\.[0-9]{1,3})?")
_DISTRUST = ("certificate", "[errno 2]", "[errno 13]", "[errno 21]", "pem lib")


def classify(error: Exception, service: str, operation: str, *, sent: bool = True) -> AwsError:
    """The AwsError for whatever a botocore call raised. Unknown 5xx and broken connections are AMBIGUOUS.

    ``sent``: False when the failure came before there was a request; nothing is ambiguous then.
    """
    response: dict[str, Any] = getattr(error, "response", None) or {}
    detail = response.get("Error", {})
    code = str(detail.get("Code", "")) or type(error).__name__
    meta = response.get("ResponseMetadata", {})
    message = str(detail.get("Message") or error)
    settings = not response and (not sent or _is_settings(code, message))
    failure = _failure(code, int(meta.get("HTTPStatusCode", 0)), bool(response))
    if code == "ValidationException" and _BUSY.search(message):
        failure = Failure.CONFLICT
    closed = (operation, code) == ("CreateAgent", "AccessDeniedException") and _CLOSED.search(message) is not None
    if settings and failure is Failure.AMBIGUOUS:
        failure = Failure.INVALID
    ours = not response and (settings or code in _NOT_SENT or _is_credentials(code))
    return AwsError(
        f"{service} {operation}: {code}: {shortened(message) if ours else without_content(message)}",
        failure=failure,
        service=service,
        operation=operation,
        aws_code=code,
        request_id=str(meta.get("RequestId", "")),
        hint=_CLOSED_HINT
        if closed
        else _hint(code, error, settings) or _role_hint(failure, service, operation, message),
        code="A-closed" if closed else "",
        retry_after=_retry_after(meta),
    )


def _retry_after(meta: dict[str, Any]) -> float | None:
    """Seconds of the header, when it has them; a date is none."""
    said = str((meta.get("HTTPHeaders") or {}).get("retry-after", ""))
    return float(said) if _SECONDS.fullmatch(said) else None


def in_stream(error: Exception, service: str, operation: str) -> AwsError:
    """An exception that came as an event: its code has the member's spelling, as ``throttlingException``."""
    response: dict[str, Any] = getattr(error, "response", None) or {}
    detail = response.get("Error", {})
    code = str(detail.get("Code") or "")
    code = code[:1].upper() + code[1:]
    return AwsError(
        f"{service} {operation}: {code}: {without_content(str(detail.get('Message') or ''))}",
        failure=_BY_CODE.get(code, Failure.AMBIGUOUS),
        service=service,
        operation=operation,
        aws_code=code,
    )


def _role_hint(failure: Failure, service: str, operation: str, message: str) -> str:
    """Which permission is missing, and where to see what a role needs."""
    found = denial(message, service, operation) if failure is Failure.DENIED else None
    if found is None:
        return ""
    return found.hint + (_ROLE_HINT if operation in ("CreateAgent", "UpdateAgent") else "")


def _failure(code: str, status: int, answered: bool) -> Failure:
    if code in _BY_CODE:
        return _BY_CODE[code]
    if code in _NOT_SENT:
        return Failure.TRANSIENT
    if _is_credentials(code):
        return Failure.DENIED
    if code in _OUR_FAULT:
        return Failure.INVALID
    if not answered or status >= 500:
        return Failure.AMBIGUOUS
    return Failure.INVALID


def _is_credentials(code: str) -> bool:
    return code in _NO_CREDENTIALS or code.startswith(_CREDENTIALS_LIKE)


def _is_settings(code: str, message: str) -> bool:
    """No request leaves with a certificate bundle that cannot be read, or to a host that cannot be trusted."""
    return code in ("SSLError", "HTTPClientError") and any(sign in message.lower() for sign in _DISTRUST)


def _hint(code: str, error: Exception, settings: bool) -> str:
    """What to do, where the kind of failure alone does not tell."""
    if _is_credentials(code):
        return _NO_CREDENTIALS_HINT
    if code in _NOT_SENT:
        url = str(getattr(error, "kwargs", {}).get("endpoint_url", ""))
        if _LOOPBACK.match(url):
            return "the endpoint could not be reached: is the sandbox running? `releaser sandbox start --detach`"
        return "the endpoint could not be reached: check the network, the region, the proxy and AWS_ENDPOINT_URL"
    return _SETTINGS_HINT if settings else ""
