"""OpenID Connect providers of IAM: whose tokens an account takes. What keys an issuer has says the admin API.

Sources: IAM API reference, CreateOpenIDConnectProvider (the URL begins with https://, is the token's ``iss``, and is
unique in the account; at most 100 client ids).
"""

from __future__ import annotations

from typing import Any

from releaser.sandbox.buckets import Rate
from releaser.sandbox.call import Call
from releaser.sandbox.errors import AwsError
from releaser.sandbox.iam import providers
from releaser.sandbox.kind import Kind
from releaser.sandbox.store import Doc

_NAMES = "CreateOpenIDConnectProvider DeleteOpenIDConnectProvider GetOpenIDConnectProvider ListOpenIDConnectProviders"
_MOST_CLIENTS = 100

KIND = Kind(
    "iam-oidc-provider",
    quotas={"openIDConnectProviders": 100},
    rates={f"iam.{name}": Rate(20, "iam") for name in _NAMES.split()},
)


@KIND.operation("iam", "CreateOpenIDConnectProvider")
def create_provider(call: Call) -> dict[str, Any]:
    """A provider by the issuer's URL."""
    url, clients = call.params["Url"], call.params.get("ClientIDList", [])
    name = providers.name_of(url)
    if not url.startswith("https://") or not name or "?" in name or "#" in name:
        raise AwsError("InvalidInputException", "Invalid Open ID Connect Provider URL")
    if providers.find(call.store, call.account, name) is not None:
        raise AwsError("EntityAlreadyExistsException", f"Provider with url {url} already exists.")
    if len(clients) > _MOST_CLIENTS:
        raise AwsError("LimitExceededException", f"Cannot exceed quota for ClientIdsPerProvider: {_MOST_CLIENTS}")
    most = call.settings.quota("openIDConnectProviders")
    if len(providers.everyone(call.store, call.account)) >= most:
        raise AwsError("LimitExceededException", f"Cannot exceed quota for OpenIdConnectProvidersPerAccount: {most}")
    doc = {
        "Url": name,
        "ClientIDList": clients,
        "ThumbprintList": call.params.get("ThumbprintList", []),
        "CreateDate": float(int(call.clock.now())),
        "Tags": call.params.get("Tags", []),
    }
    providers.put(call.store, call.account, name, doc)
    return {"OpenIDConnectProviderArn": providers.arn_of(call.account, name), "Tags": doc["Tags"]}


@KIND.operation("iam", "GetOpenIDConnectProvider")
def get_provider(call: Call) -> dict[str, Any]:
    """A provider by its ARN."""
    return dict(_provider(call)[1])


@KIND.operation("iam", "ListOpenIDConnectProviders")
def list_providers(call: Call) -> dict[str, Any]:
    """All ARNs."""
    names = sorted(providers.everyone(call.store, call.account))
    return {"OpenIDConnectProviderList": [{"Arn": providers.arn_of(call.account, name)} for name in names]}


@KIND.operation("iam", "DeleteOpenIDConnectProvider")
def delete_provider(call: Call) -> dict[str, Any]:
    """Its tokens are taken no more; sessions that there are go on."""
    name = _name(call)
    if providers.find(call.store, call.account, name) is not None:
        providers.delete(call.store, call.account, name)
    return {}


def _provider(call: Call) -> tuple[str, Doc]:
    name = _name(call)
    found = providers.find(call.store, call.account, name)
    if found is None:
        arn = call.params["OpenIDConnectProviderArn"]
        raise AwsError("NoSuchEntityException", f"OpenIDConnect Provider not found for arn {arn}")
    return name, found


def _name(call: Call) -> str:
    arn: str = call.params["OpenIDConnectProviderArn"]
    prefix = providers.arn_of(call.account, "")
    if not arn.startswith(prefix):
        raise AwsError("InvalidInputException", f"Invalid ARN: {arn}")
    return arn.removeprefix(prefix)
