"""What AWS's failures become: a class to act on, a hint that is true, and no content of a prompt."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import botocore.exceptions as boto
import pytest

from releaser.aws.budget import Patient
from releaser.aws.client import BotoAws
from releaser.aws.errors import classify
from releaser.aws.session import SystemClock
from releaser.core.errors import AwsError, Failure
from releaser.core.quotations import without_content

NO_CREDENTIALS = [
    boto.NoCredentialsError(),
    boto.PartialCredentialsError(provider="env", cred_var="AWS_SECRET_ACCESS_KEY"),
    boto.CredentialRetrievalError(provider="custom-process", error_msg="exit 1"),
    boto.ProfileNotFound(profile="nobody"),
    boto.TokenRetrievalError(provider="sso", error_msg="expired"),
    boto.SSOTokenLoadError(error_msg="expired"),
    boto.UnauthorizedSSOTokenError(),
    *(
        boto.ClientError({"Error": {"Code": code, "Message": "no"}}, "GetPrompt")
        for code in ("ExpiredToken", "ExpiredTokenException", "UnrecognizedClientException", "InvalidClientTokenId")
    ),
]


def answered(message: str, code: str = "ValidationException") -> AwsError:
    response = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": 400, "RequestId": "0a1b"},
    }
    return classify(boto.ClientError(response, "UpdatePrompt"), "bedrock-agent", "UpdatePrompt")  # type: ignore[arg-type]


@pytest.mark.parametrize("error", NO_CREDENTIALS, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("sent", [True, False])
def test_credentials_have_a_hint_of_their_own(error: Exception, sent: bool) -> None:
    found = classify(error, "sts", "GetCallerIdentity", sent=sent)
    assert found.failure is Failure.DENIED
    assert found.hint.startswith("there are no usable credentials")


def test_a_denied_call_still_lacks_a_permission() -> None:
    assert "permission" in answered("no", "AccessDeniedException").hint


def refused(message: str, operation: str, code: str = "AccessDeniedException") -> AwsError:
    response = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": 403}}
    return classify(boto.ClientError(response, operation), "bedrock-agent", operation)  # type: ignore[arg-type]


def test_aws_49327_an_account_that_is_closed_to_agents_lacks_no_permission() -> None:
    message = "Bedrock Agents is in Maintenance Mode. New agent creation is not available without prior service usage."
    found = refused(message, "CreateAgent")
    assert (found.failure, found.code) == (Failure.DENIED, "A-closed")
    assert "AgentCore" in found.hint
    assert "the role lacks" not in found.hint
    assert refused(message, "CreatePrompt").code == "A-denied"
    assert refused("User is not authorized to perform: bedrock:CreateAgent", "CreateAgent").code == "A-denied"


@pytest.mark.parametrize("operation", ["CreateAgent", "UpdateAgent"])
def test_a_role_that_does_not_exist_is_told_as_a_missing_permission(operation: str) -> None:
    found = refused(f"User is not authorized to perform: bedrock:{operation}", operation)
    assert "agentResourceRoleArn" in found.hint


@pytest.mark.parametrize("state", ["Preparing", "Versioning", "Creating"])
def test_aws_42845_a_busy_agent_is_a_conflict(state: str) -> None:
    message = f"Prepare operation can't be performed on Agent when it is in {state} state. Retry the request when ..."
    assert refused(message, "PrepareAgent", "ValidationException").failure is Failure.CONFLICT
    assert refused("The value can't be used", "PrepareAgent", "ValidationException").failure is Failure.INVALID


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("Value 'x' at 'name' is wrong", "Value 'x' at 'name' is wrong"),
        (f"Value '{'secret ' * 9}' at 'name' is wrong", "Value '…' at 'name' is wrong"),
        (f'the text "{"secret " * 9}" can\'t be', 'the text "…" can\'t be'),
        (f"the text `{'secret ' * 9}`", "the text `…`"),
        (f"Value 'a' at 'b' failed to satisfy the constraint of '{'secret ' * 9}'", None),
        (f"Value '{'secret ' * 9}", None),
        (f"Value '{'customers’ ' * 3}the customers' own secret {'secret ' * 9}' at 'name'", None),
        (f"the customer's '{'secret ' * 9}' isn't valid", "the customer's '…' isn't valid"),
    ],
)
def test_content_that_aws_quotes_is_left_out(message: str, told: str | None) -> None:
    found = answered(message)
    assert "secret" not in str(found)
    assert str(found).startswith("bedrock-agent UpdatePrompt: ValidationException: ")
    assert found.request_id == "0a1b"
    if told is not None:
        assert without_content(message) == told


def test_a_message_is_capped() -> None:
    assert len(without_content("word " * 500)) == 400


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No configuration but what the test writes; no machine that hands out credentials."""
    import os

    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return tmp_path


def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "111111111111")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")


def caught() -> AwsError:
    begun = time.monotonic()
    with pytest.raises(AwsError) as info:
        Patient(BotoAws("eu-central-1"), SystemClock(), jitter=lambda: 1.0).call("sts", "GetCallerIdentity", {})
    assert time.monotonic() - begun < 5
    return info.value


def test_nothing_at_all(alone: Path) -> None:
    assert "no usable credentials" in caught().hint


def test_an_unknown_profile(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    found = caught()
    assert "no usable credentials" in found.hint and "nobody" in str(found)


@pytest.mark.parametrize("command", ["false", "no-such-command-here", "echo not-json"])
def test_a_credential_process_that_fails(alone: Path, command: str) -> None:
    (alone / "config").write_text(f"[default]\ncredential_process = {command}\n")
    found = caught()
    assert found.failure in (Failure.DENIED, Failure.INVALID)
    assert "AWS_PROFILE" in found.hint


def test_an_endpoint_that_is_no_url(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys(monkeypatch)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "nonsense")
    found = caught()
    assert found.failure is Failure.INVALID and "AWS_ENDPOINT_URL" in found.hint


@pytest.mark.parametrize("content", [None, "", "no certificate"])
def test_a_certificate_bundle_that_is_none(alone: Path, monkeypatch: pytest.MonkeyPatch, content: str | None) -> None:
    keys(monkeypatch)
    if content is not None:
        (alone / "bundle.pem").write_text(content)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(alone / "bundle.pem"))
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"https://127.0.0.1:{server.getsockname()[1]}")
        found = caught()
    assert found.failure is Failure.INVALID and "AWS_CA_BUNDLE" in found.hint, str(found)


def test_a_sandbox_that_does_not_run_is_told_soon(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys(monkeypatch)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    begun = time.monotonic()
    found = caught()
    assert time.monotonic() - begun < 8  # at most 2 s of pauses, and what a busy machine adds
    assert found.failure is Failure.TRANSIENT
    assert f"127.0.0.1:{port}" in str(found) and "is the sandbox running?" in found.hint
