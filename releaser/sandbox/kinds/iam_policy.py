"""Customer managed policies of IAM and their versions. AWS's own managed policies are not played.

Sources: IAM API reference; user guide, "IAM and AWS STS quotas": 6,144 characters without white space, five versions,
one of them the default.
"""

from __future__ import annotations

import secrets
import string
from typing import Any
from urllib.parse import quote

from releaser.sandbox.buckets import Rate
from releaser.sandbox.call import Call
from releaser.sandbox.errors import AwsError
from releaser.sandbox.iam import managed
from releaser.sandbox.iam.policy import length, read
from releaser.sandbox.kind import Kind
from releaser.sandbox.paging import page
from releaser.sandbox.store import Doc

_PAGE = 100
_LETTERS = string.ascii_uppercase + string.digits
_NAMES = (
    "CreatePolicy CreatePolicyVersion DeletePolicy DeletePolicyVersion GetPolicy GetPolicyVersion ListPolicyVersions "
    "SetDefaultPolicyVersion"
)

KIND = Kind(
    "iam-policy",
    quotas={"managedPolicies": 1500, "managedPolicyCharacters": 6144, "managedPolicyVersions": 5},
    rates={f"iam.{name}": Rate(20, "iam") for name in _NAMES.split()},
)


@KIND.operation("iam", "CreatePolicy")
def create_policy(call: Call) -> dict[str, Any]:
    """A policy, attached to nothing yet."""
    params = call.params
    path, name = params.get("Path", "/"), params["PolicyName"]
    known = managed.everyone(call.store, call.account).values()
    if any(one["PolicyName"].lower() == name.lower() for one in known):
        raise AwsError(
            "EntityAlreadyExistsException", f"A policy called {name} already exists. Duplicate names are not allowed."
        )
    if len(known) >= call.settings.quota("managedPolicies"):
        raise _too_many(f"Cannot exceed quota for PoliciesPerAccount: {call.settings.quota('managedPolicies')}")
    now = float(int(call.clock.now()))
    doc = {
        "PolicyName": name,
        "PolicyId": "ANPA" + "".join(secrets.choice(_LETTERS) for _ in range(17)),
        "Arn": f"arn:aws:iam::{call.account}:policy{path}{name}",
        "Path": path,
        "Description": params.get("Description"),
        "CreateDate": now,
        "UpdateDate": now,
        "Tags": params.get("Tags", []),
        "default": "v1",
        "next": 2,
        "versions": {"v1": {"document": _document(call), "created": now}},
    }
    managed.put(call.store, call.account, doc)
    return {"Policy": _shown(call, doc)}


@KIND.operation("iam", "GetPolicy")
def get_policy(call: Call) -> dict[str, Any]:
    """A policy without its text."""
    return {"Policy": _shown(call, _policy(call))}


@KIND.operation("iam", "DeletePolicy")
def delete_policy(call: Call) -> dict[str, Any]:
    """A policy that nothing uses and that has no version but its default."""
    doc = _policy(call)
    if managed.attachments(call.store, call.account, doc["Arn"]) or managed.boundaries(
        call.store, call.account, doc["Arn"]
    ):
        raise _in_the_way("Cannot delete a policy attached to entities.")
    if len(doc["versions"]) > 1:
        raise _in_the_way(
            "This policy has more than one version. Before you delete a policy, you must delete the policy's versions."
        )
    managed.delete(call.store, call.account, doc["Arn"])
    return {}


@KIND.operation("iam", "CreatePolicyVersion")
def create_version(call: Call) -> dict[str, Any]:
    """One version more, in force at once when it is the default."""
    doc, most = _policy(call), call.settings.quota("managedPolicyVersions")
    if len(doc["versions"]) >= most:
        raise _too_many(f"A managed policy can have up to {most} versions. Delete one to create another.")
    id, now = f"v{doc['next']}", float(int(call.clock.now()))
    versions = {**doc["versions"], id: {"document": _document(call), "created": now}}
    default = id if call.params.get("SetAsDefault") else doc["default"]
    doc = {**doc, "versions": versions, "default": default, "next": doc["next"] + 1, "UpdateDate": now}
    managed.put(call.store, call.account, doc)
    return {"PolicyVersion": _version(doc, id)}


@KIND.operation("iam", "GetPolicyVersion")
def get_version(call: Call) -> dict[str, Any]:
    """A version with its text."""
    doc, id = _with_version(call)
    text = quote(doc["versions"][id]["document"], safe="")
    return {"PolicyVersion": {**_version(doc, id), "Document": text}}


@KIND.operation("iam", "ListPolicyVersions")
def list_versions(call: Call) -> dict[str, Any]:
    """The versions there are, without their texts."""
    doc = _policy(call)
    rows = [((int(id[1:]),), _version(doc, id)) for id in doc["versions"]]
    size, token = call.params.get("MaxItems", _PAGE), call.params.get("Marker")
    bad = AwsError("ValidationError", "Invalid Marker.", 400)
    found, more = page(call, rows, size=size, token=token, question=[doc["Arn"]], bad_token=bad)
    return {"Versions": found, "IsTruncated": more is not None, **({"Marker": more} if more else {})}


@KIND.operation("iam", "SetDefaultPolicyVersion")
def set_default(call: Call) -> dict[str, Any]:
    """Another version is in force."""
    doc, id = _with_version(call)
    managed.put(call.store, call.account, {**doc, "default": id, "UpdateDate": float(int(call.clock.now()))})
    return {}


@KIND.operation("iam", "DeletePolicyVersion")
def delete_version(call: Call) -> dict[str, Any]:
    """A version that is not the default."""
    doc, id = _with_version(call)
    if id == doc["default"]:
        raise _in_the_way("Cannot delete the default version of a policy.")
    kept = {one: version for one, version in doc["versions"].items() if one != id}
    managed.put(call.store, call.account, {**doc, "versions": kept})
    return {}


def _policy(call: Call) -> Doc:
    return managed.find(call.store, call.account, call.params["PolicyArn"])


def _with_version(call: Call) -> tuple[Doc, str]:
    doc, id = _policy(call), call.params["VersionId"]
    if id not in doc["versions"]:
        raise AwsError(
            "NoSuchEntityException", f"Policy {doc['Arn']} version {id} does not exist or is not attachable."
        )
    return doc, id


def _document(call: Call) -> str:
    text: str = call.params["PolicyDocument"]
    read(text)
    most = call.settings.quota("managedPolicyCharacters")
    if length(text) > most:
        raise _too_many(f"Cannot exceed quota for PolicySize: {most}")
    return text


def _shown(call: Call, doc: Doc) -> dict[str, Any]:
    names = ("PolicyName", "PolicyId", "Arn", "Path", "Description", "CreateDate", "UpdateDate", "Tags")
    return {
        **{name: doc[name] for name in names if doc[name] is not None},
        "DefaultVersionId": doc["default"],
        "AttachmentCount": managed.attachments(call.store, call.account, doc["Arn"]),
        "PermissionsBoundaryUsageCount": managed.boundaries(call.store, call.account, doc["Arn"]),
        "IsAttachable": True,
    }


def _version(doc: Doc, id: str) -> dict[str, Any]:
    return {"VersionId": id, "IsDefaultVersion": id == doc["default"], "CreateDate": doc["versions"][id]["created"]}


def _too_many(message: str) -> AwsError:
    return AwsError("LimitExceededException", message)


def _in_the_way(message: str) -> AwsError:
    return AwsError("DeleteConflictException", message)
