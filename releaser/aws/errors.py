"""AWS failures by what to do about them. Codes decide, never HTTP statuses, which differ between services."""

from __future__ import annotations

from typing import Any

from releaser.core.errors import AwsError, Failure

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
    "RequestTimeoutException": Failure.AMBIGUOUS,
}

# The request never left, or never reached a server.
_NOT_SENT = frozenset({"EndpointConnectionError", "ConnectTimeoutError", "ProxyConnectionError"})
_NO_CREDENTIALS = frozenset({"NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError"})
_OUR_FAULT = frozenset({"ParamValidationError", "UnknownServiceError", "NoRegionError", "InvalidRegionError"})


def classify(error: Exception, service: str, operation: str) -> AwsError:
    """The AwsError for whatever a botocore call raised. Unknown 5xx and broken connections are AMBIGUOUS."""
    response: dict[str, Any] = getattr(error, "response", None) or {}
    detail = response.get("Error", {})
    code = str(detail.get("Code", "")) or type(error).__name__
    meta = response.get("ResponseMetadata", {})
    message = str(detail.get("Message") or error)
    return AwsError(
        f"{service} {operation}: {code}: {message}",
        failure=_failure(code, int(meta.get("HTTPStatusCode", 0)), bool(response)),
        service=service,
        operation=operation,
        aws_code=code,
        request_id=str(meta.get("RequestId", "")),
    )


def _failure(code: str, status: int, answered: bool) -> Failure:
    if code in _BY_CODE:
        return _BY_CODE[code]
    if code in _NOT_SENT:
        return Failure.TRANSIENT
    if code in _NO_CREDENTIALS:
        return Failure.DENIED
    if code in _OUR_FAULT:
        return Failure.INVALID
    if not answered or status >= 500:
        return Failure.AMBIGUOUS
    return Failure.INVALID
