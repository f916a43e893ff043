"""Sessions by an OIDC token, as GitLab's jobs get them: with boto3's own provider as the client."""

from __future__ import annotations

import base64
import json

import boto3
import botocore
import pytest
from botocore.config import Config
from botocore.session import Session
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from releaser.sandbox import SandboxRefused
from releaser.sandbox.errors import AwsError
from releaser.sandbox.iam import providers
from releaser.sandbox.iam.issuer import Issuer
from releaser.sandbox.iam.web_identity import verify
from releaser.sandbox.store import Store
from sandbox.checks import refused
from sandbox.iam_checks import Roles, allow, document, trusting

URL = "https://gitlab.example.com"
HOST = "gitlab.example.com"
SUBJECT = "project_path:group/releases:ref_type:branch:ref:main"
ACTION = "sts:AssumeRoleWithWebIdentity"


@pytest.fixture(scope="module")
def gitlab():
    return Issuer(URL)


@pytest.fixture(scope="module")
def stranger():
    """Another key under the same name."""
    return Issuer(URL)


class World:
    """An account that takes the issuer's tokens, and a role for one project's main branch."""

    def __init__(self, box, account, issuer):
        self.box, self.account, self.issuer = box, account, issuer
        self.roles = Roles(box, account)
        box.admin.publish_keys(URL, issuer.keys)
        made = self.roles.iam.create_open_id_connect_provider(Url=URL, ClientIDList=["aws"])
        self.provider = made["OpenIDConnectProviderArn"]
        self.arn = self.roles.make("apply", allow("bedrock:ListGuardrails"), trust=self.trust())

    def trust(self, **condition):
        given = condition or {
            "StringEquals": {f"{HOST}:aud": "aws"},
            "StringLike": {f"{HOST}:sub": "project_path:group/releases:*:ref:main"},
        }
        return trusting({"Federated": self.provider}, ACTION, Condition=given)

    def claims(self, **more):
        now = int(self.box.admin.clock()["now"])
        given = {"sub": SUBJECT, "aud": "aws", "iat": now, "nbf": now - 5, "exp": now + 300, **more}
        return {name: value for name, value in given.items() if value is not None}

    def assume(self, token=None, arn=None, **more):
        token = self.issuer.token(**self.claims()) if token is None else token
        sts = self.box.client("sts", aws_access_key_id="", aws_secret_access_key="", config=UNSIGNED)
        return sts.assume_role_with_web_identity(
            RoleArn=arn or self.arn, RoleSessionName="job-1", WebIdentityToken=token, **more
        )


UNSIGNED = Config(signature_version=botocore.UNSIGNED)


@pytest.fixture
def world(box, account, gitlab):
    return World(box, account, gitlab)


def test_botocores_own_provider(world, tmp_path, monkeypatch):
    """What a GitLab job does: a token in a file, a role in the environment, and nothing else."""
    file = tmp_path / "token"
    file.write_text(world.issuer.token(**world.claims()))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {
        "AWS_ROLE_ARN": world.arn,
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(file),
        "AWS_ROLE_SESSION_NAME": "pipeline-7",
        "AWS_ENDPOINT_URL": world.box.url,
        "AWS_REGION": "eu-central-1",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
    }.items():
        monkeypatch.setenv(name, value)
    session = boto3.Session(botocore_session=Session())
    who = session.client("sts").get_caller_identity()
    assert who["Arn"] == f"arn:aws:sts::{world.account}:assumed-role/apply/pipeline-7"
    session.client("bedrock").list_guardrails()
    with refused("AccessDeniedException", 403, "bedrock:ListFoundationModels"):
        session.client("bedrock").list_foundation_models()


def test_what_sts_answers(world):
    answer = world.assume(DurationSeconds=900)
    assert answer["SubjectFromWebIdentityToken"] == SUBJECT
    assert (answer["Audience"], answer["Provider"]) == ("aws", world.provider)
    assert answer["Credentials"]["AccessKeyId"].startswith("ASIA")
    assert answer["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{world.account}:assumed-role/apply/job-1"
    left = answer["Credentials"]["Expiration"].timestamp() - world.box.admin.clock()["now"]
    assert 890 < left <= 900


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": "project_path:group/other:ref_type:branch:ref:main"},
        {"sub": "project_path:group/releases:ref_type:branch:ref:main-2"},
        {"sub": SUBJECT.upper()},
    ],
)
def test_whom_the_role_does_not_trust(world, claims):
    with refused("AccessDenied", 403, "Not authorized to perform sts:AssumeRoleWithWebIdentity"):
        world.assume(world.issuer.token(**world.claims(**claims)))


def test_a_role_that_is_not_there_is_not_told(world, account):
    for arn in (f"arn:aws:iam::{account}:role/none", f"arn:aws:iam::{account}:role/path/apply"):
        with refused("AccessDenied", 403, "Not authorized to perform sts:AssumeRoleWithWebIdentity"):
            world.assume(arn=arn)


def test_other_claims_are_no_condition_keys(world):
    """Of GitLab's claims AWS knows ``sub`` and ``aud`` alone: a condition on another one is never met."""
    update = world.roles.iam.update_assume_role_policy
    token = world.issuer.token(**world.claims(project_path="group/releases"))
    update(RoleName="apply", PolicyDocument=world.trust(StringEquals={f"{HOST}:project_path": "group/releases"}))
    with refused("AccessDenied", 403):
        world.assume(token)
    update(RoleName="apply", PolicyDocument=world.trust(StringEquals={f"{HOST}:sub": SUBJECT}))
    world.assume(token)
    update(RoleName="apply", PolicyDocument=world.trust(**{"ForAnyValue:StringLike": {f"{HOST}:aud": ["a*", "b"]}}))
    world.assume(token)


def test_a_trust_policy_for_another_action_or_principal(world, account):
    update = world.roles.iam.update_assume_role_policy
    for trust in (
        trusting({"Federated": world.provider}, "sts:AssumeRole"),
        trusting({"Federated": f"arn:aws:iam::{account}:oidc-provider/other.example.com"}, ACTION),
        trusting({"AWS": "*"}, ACTION),
        document(
            {"Principal": {"Federated": world.provider}, "Action": ACTION},
            {"Principal": {"Federated": world.provider}, "Action": "sts:*", "Effect": "Deny"},
        ),
    ):
        update(RoleName="apply", PolicyDocument=trust)
        with refused("AccessDenied", 403):
            world.assume()


@pytest.mark.parametrize(
    ("claims", "code", "saying"),
    [
        ({"aud": "other"}, "InvalidIdentityToken", "Incorrect token audience"),
        ({"aud": []}, "InvalidIdentityToken", "Incorrect token audience"),
        ({"iss": "https://gitlab.example.org"}, "InvalidIdentityToken", "No OpenIDConnect provider found"),
        ({"iss": "gitlab.example.com"}, "InvalidIdentityToken", "No OpenIDConnect provider found"),
        ({"sub": None}, "InvalidIdentityToken", "sub"),
        ({"exp": None}, "InvalidIdentityToken", "exp"),
        ({"exp": "tomorrow"}, "InvalidIdentityToken", "not a valid JWT"),
        ({"exp": True}, "InvalidIdentityToken", "not a valid JWT"),
        ({"sub": ["a"]}, "InvalidIdentityToken", "not a valid JWT"),
    ],
)
def test_tokens_that_say_the_wrong_thing(world, claims, code, saying):
    with refused(code, 400, saying):
        world.assume(world.issuer.token(**world.claims(**claims)))


def test_several_audiences(world):
    world.assume(world.issuer.token(**world.claims(aud=["other", "aws"])))


def test_time(world):
    now = int(world.box.admin.clock()["now"])
    with refused("ExpiredTokenException", 400, "Token expired"):
        world.assume(world.issuer.token(**world.claims(exp=now)))
    with refused("InvalidIdentityToken", 400, "not valid yet"):
        world.assume(world.issuer.token(**world.claims(nbf=now + 100)))
    world.assume(world.issuer.token(**world.claims(nbf=None)))


def changed(token, part, change):
    """The token with one of its three parts changed, the signature kept."""
    parts = token.split(".")
    padded = parts[part] + "=" * (-len(parts[part]) % 4)
    parts[part] = base64.urlsafe_b64encode(change(base64.urlsafe_b64decode(padded))).decode().rstrip("=")
    return ".".join(parts)


def test_signatures(world, stranger):
    token = world.issuer.token(**world.claims())
    forged = lambda raw: raw.replace(b"releases", b"released")  # noqa: E731
    unsigned = lambda raw: raw.replace(b"RS256", b"none")  # noqa: E731
    symmetric = lambda raw: raw.replace(b"RS256", b"HS256")  # noqa: E731
    flip = lambda raw: raw[:-1] + bytes([raw[-1] ^ 1])  # noqa: E731
    for bad in (
        stranger.token(**world.claims()),
        changed(token, 1, forged),
        changed(token, 0, unsigned),
        changed(token, 0, symmetric),
        changed(token, 2, flip),
        changed(token, 2, lambda raw: b"\0" + raw),
        changed(token, 2, lambda raw: raw[1:]),
        changed(token, 2, lambda raw: b""),
        changed(token, 0, lambda raw: raw.replace(b'"one"', b'"two"')),
    ):
        with refused("InvalidIdentityToken", 400, "signature"):
            world.assume(bad)
    for bad in (
        "a" * 20,
        token.replace(".", "", 1),
        token + ".x",
        token + "=",
        "....",
        changed(token, 1, lambda r: b"[]"),
    ):
        with refused("InvalidIdentityToken", 400, "not a valid JWT"):
            world.assume(bad)
    world.assume(token)


def test_a_key_is_used_under_its_own_id_only(world, gitlab):
    other = Issuer(URL, "two")
    renamed = [{**key, "kid": "three"} for key in other.keys]
    try:
        world.box.admin.publish_keys(URL, gitlab.keys + renamed)
        with refused("InvalidIdentityToken", 400, "signature"):
            world.assume(other.token(**world.claims()))
    finally:
        world.box.admin.publish_keys(URL, gitlab.keys)


@given(st.integers(-3, 3), st.integers(-3, 3))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_token_lives_from_nbf_until_exp(kept, gitlab, until, since):
    """To the second: at its ``exp`` it is over, at its ``nbf`` it has begun."""
    now = 1_800_000_000
    token = gitlab.token(sub="s", aud="aws", iat=now, exp=now + until, nbf=now + since)
    expected = "ExpiredTokenException" if until <= 0 else "InvalidIdentityTokenException" if since > 0 else ""
    try:
        verify(kept, "111111111111", token, float(now))
        found = ""
    except AwsError as error:
        found = error.code
    assert found == expected


@pytest.fixture
def kept(tmp_path, gitlab):
    """A store with the issuer as a provider."""
    store = Store(tmp_path / "store.sqlite3")
    with store.transaction(0.0):
        providers.put(store, "111111111111", HOST, {"ClientIDList": ["aws"]})
        providers.publish(store, URL, gitlab.keys)
    yield store
    store.close()


def test_keys_are_rotated(world, gitlab):
    new = Issuer(URL, "two")
    old_token, new_token = gitlab.token(**world.claims()), new.token(**world.claims())
    try:
        world.box.admin.publish_keys(URL, gitlab.keys + new.keys)
        world.assume(old_token)
        world.assume(new_token)
        world.box.admin.publish_keys(URL, new.keys)
        world.assume(new_token)
        with refused("InvalidIdentityToken", 400, "signature"):
            world.assume(old_token)
        world.box.admin.publish_keys(URL, [])
        with refused("InvalidIdentityToken", 400, "Couldn't retrieve verification key"):
            world.assume(new_token)
    finally:
        world.box.admin.publish_keys(URL, gitlab.keys)


def test_keys_that_are_none(box, gitlab):
    key = gitlab.keys[0]
    for bad in ({"kty": "EC"}, {**key, "d": "AQAB"}, {**key, "n": key["n"][:100]}, {**key, "e": "AQ"}, {"kty": "RSA"}):
        with pytest.raises(SandboxRefused):
            box.admin.publish_keys(URL, [bad])


def test_sessions_and_calls_are_counted_in_the_roles_account(world):
    before = world.box.admin.calls(world.account).get("sts.AssumeRoleWithWebIdentity", 0)
    world.assume()
    assert world.box.admin.calls(world.account)["sts.AssumeRoleWithWebIdentity"] == before + 1


def test_claims_of_a_token_are_json(gitlab):
    """The issuer of the tests makes what the standard says: three parts, the claims in the middle."""
    middle = gitlab.token(sub="x").split(".")[1]
    assert json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4))) == {"iss": URL, "sub": "x"}
