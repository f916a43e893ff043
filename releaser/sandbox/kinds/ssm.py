"""SSM parameters (Parameter Store).

Sources: SSM service model and its documentation strings; AWS Systems Manager endpoints and quotas: 10,000 standard
parameters, 100 versions kept, 40 reads a second shared by GetParameter, GetParameters and GetParametersByPath. The
3 writes and 5 deletes a second are AWS's default throughput as commonly cited, not looked up again.
"""

from __future__ import annotations

from typing import Any

from releaser.sandbox import parameters, tags
from releaser.sandbox.buckets import Rate
from releaser.sandbox.call import Call
from releaser.sandbox.errors import AwsError, validation
from releaser.sandbox.kind import Kind, Taggable
from releaser.sandbox.paging import page

_KEPT_VERSIONS = 100
_READS = Rate(40, "ssm.reads")
_BAD_TOKEN = AwsError("InvalidNextToken", "The specified token isn't valid.")
_VERSIONED = ("Name", "Type", "KeyId", "Description", "AllowedPattern", "Tier", "DataType", "Policies")


def _exists(call: Call, resource: str) -> bool:
    path = resource.removeprefix("parameter")
    return parameters.stored(call, path) is not None or parameters.stored(call, path.removeprefix("/")) is not None


KIND = Kind(
    "ssm-parameter",
    quotas={"ssmParameters": 10_000},
    rates={
        "ssm.GetParameter": _READS,
        "ssm.GetParameters": _READS,
        "ssm.GetParametersByPath": _READS,
        "ssm.PutParameter": Rate(3),
        "ssm.DeleteParameter": Rate(5),
        "ssm.DeleteParameters": Rate(5),
    },
    taggables=(Taggable("ssm", "parameter/", _exists, "ssm:parameter", arn_service="ssm"),),
)


@KIND.operation("ssm", "PutParameter")
def put_parameter(call: Call) -> dict[str, Any]:
    """Creates a parameter, or with ``Overwrite`` adds a version."""
    params, name = call.params, call.params["Name"].strip()
    old = parameters.stored(call, name)
    parameters.check_request(params, name, old)
    tier = parameters.tier_of(params, old)
    parameters.check_value(params, tier)
    if old is None:
        if len(call.rows("parameter")) >= call.settings.quota("ssmParameters"):
            raise AwsError("ParameterLimitExceeded", "You have exceeded the number of parameters for this account.")
        tags.attach(call, parameters.arn_of(call, name), {tag["Key"]: tag["Value"] for tag in params.get("Tags", ())})
    last = old["versions"][-1] if old else None
    version = {name_: params[name_] for name_ in _VERSIONED if name_ in params and params[name_] != ""}
    version |= {"Name": name, "Type": params.get("Type") or (last or {})["Type"], "Tier": tier}
    version |= {"Value": params["Value"], "DataType": params.get("DataType", "text")}
    if version["Type"] == "SecureString":
        version.setdefault("KeyId", (last or {}).get("KeyId", "alias/aws/ssm"))
    number = last["Version"] + 1 if last else 1
    version |= {
        "Version": number,
        "LastModifiedDate": call.clock.stamp(),
        "LastModifiedUser": call.caller.arn,
    }
    versions = [*(old["versions"] if old else []), version][-_KEPT_VERSIONS:]
    call.put("parameter", name, {"versions": versions})
    return {"Version": number, "Tier": tier}


@KIND.operation("ssm", "GetParameter")
def get_parameter(call: Call) -> dict[str, Any]:
    """One parameter by name, ``name:version`` or ARN."""
    return {"Parameter": _pick(call, call.params["Name"])}


@KIND.operation("ssm", "GetParameters")
def get_parameters(call: Call) -> dict[str, Any]:
    """Up to ten parameters; what does not exist is listed as invalid."""
    found, invalid = [], []
    for name in call.params["Names"]:
        try:
            found.append(_pick(call, name))
        except AwsError:
            invalid.append(name)
    return {"Parameters": found, "InvalidParameters": invalid}


@KIND.operation("ssm", "GetParametersByPath")
def get_parameters_by_path(call: Call) -> dict[str, Any]:
    """The parameters below a path, one level or all; at most ten a page."""
    if call.params.get("ParameterFilters"):
        raise AwsError("InvalidFilterKey", "The sandbox plays GetParametersByPath without filters.")
    path = call.params["Path"]
    if not path.startswith("/"):
        raise validation("The parameter doesn't meet the parameter name requirements: a path starts with /.")
    prefix, deep = path.rstrip("/") + "/", bool(call.params.get("Recursive"))
    decrypt = bool(call.params.get("WithDecryption"))
    rows = [
        ((doc["versions"][-1]["Name"],), parameters.show(call, doc["versions"][-1], decrypt))
        for name, doc in call.rows("parameter").items()
        if name.startswith(prefix) and (deep or "/" not in name[len(prefix) :])
    ]
    found, more = _page(call, rows, 10, [path, deep])
    return {"Parameters": found, "NextToken": more}


@KIND.operation("ssm", "DescribeParameters")
def describe_parameters(call: Call) -> dict[str, Any]:
    """Parameters without their values, at most fifty a page (ten unless asked)."""
    if call.params.get("Filters") and call.params.get("ParameterFilters"):
        raise validation("You can use either Filters or ParameterFilters in a single request.")
    filters = call.params.get("ParameterFilters", [])
    filters = filters or [{**old, "Option": "Equals"} for old in call.params.get("Filters", [])]
    rows = []
    for doc in call.rows("parameter").values():
        last = doc["versions"][-1]
        if all(parameters.passes(call, last, one) for one in filters):
            shown = {name: last[name] for name in _VERSIONED if name in last and name != "Policies"}
            shown |= {name: last[name] for name in ("Version", "LastModifiedDate", "LastModifiedUser")}
            rows.append(((last["Name"],), {**shown, "ARN": parameters.arn_of(call, last["Name"])}))
    found, more = _page(call, rows, 10, [filters])
    return {"Parameters": found, "NextToken": more}


@KIND.operation("ssm", "GetParameterHistory")
def get_parameter_history(call: Call) -> dict[str, Any]:
    """All versions kept, oldest first."""
    doc = parameters.stored(call, call.params["Name"])
    if doc is None:
        raise AwsError("ParameterNotFound", f"Parameter {call.params['Name']} not found.")
    decrypt = bool(call.params.get("WithDecryption"))
    rows = [((v["Version"],), parameters.hide({**v, "Labels": []}, decrypt)) for v in doc["versions"]]
    for _, shown in rows:
        shown.pop("Policies", None)
    found, more = _page(call, rows, 50, [call.params["Name"]])
    return {"Parameters": found, "NextToken": more}


@KIND.operation("ssm", "DeleteParameter")
def delete_parameter(call: Call) -> dict[str, Any]:
    """Deletes one parameter with its history and tags."""
    if not _remove(call, call.params["Name"]):
        raise AwsError("ParameterNotFound", f"Parameter {call.params['Name']} not found.")
    return {}


@KIND.operation("ssm", "DeleteParameters")
def delete_parameters(call: Call) -> dict[str, Any]:
    """Deletes up to ten; what does not exist is listed as invalid."""
    done = {name: _remove(call, name) for name in call.params["Names"]}
    gone, not_there = [n for n, ok in done.items() if ok], [n for n, ok in done.items() if not ok]
    return {"DeletedParameters": gone, "InvalidParameters": not_there}


@KIND.operation("ssm", "AddTagsToResource")
def add_tags(call: Call) -> dict[str, Any]:
    """Tags a parameter by name."""
    tags.attach(call, _tagged(call), {tag["Key"]: tag["Value"] for tag in call.params["Tags"]})
    return {}


@KIND.operation("ssm", "RemoveTagsFromResource")
def remove_tags(call: Call) -> dict[str, Any]:
    """Removes tags of a parameter by key."""
    tags.detach(call, _tagged(call), call.params["TagKeys"])
    return {}


@KIND.operation("ssm", "ListTagsForResource")
def list_tags(call: Call) -> dict[str, Any]:
    """A parameter's tags."""
    return {"TagList": [{"Key": k, "Value": v} for k, v in tags.read(call, _tagged(call)).items()]}


def _tagged(call: Call) -> str:
    if call.params["ResourceType"] != "Parameter":
        raise AwsError("InvalidResourceType", "The sandbox tags parameters only.")
    if parameters.stored(call, call.params["ResourceId"]) is None:
        raise AwsError("InvalidResourceId", "The resource ID isn't valid. Verify that you entered the correct ID.")
    return parameters.arn_of(call, call.params["ResourceId"])


def _remove(call: Call, name: str) -> bool:
    if parameters.stored(call, name) is None:
        return False
    call.delete("parameter", name)
    tags.forget(call, parameters.arn_of(call, name))
    return True


def _pick(call: Call, asked: str) -> dict[str, Any]:
    name = asked.strip()
    here = call.arn("ssm", "parameter")
    if name.startswith(f"{here}/"):
        name = name.removeprefix(here)
    name, _, selector = name.partition(":")
    doc = parameters.stored(call, name)
    if doc is None:
        raise AwsError("ParameterNotFound", f"Parameter {asked} not found.")
    versions = {str(v["Version"]): v for v in doc["versions"]}
    version = versions.get(selector) if selector else doc["versions"][-1]
    if version is None:
        raise AwsError("ParameterVersionNotFound", f"Systems Manager could not find version {selector} of {name}.")
    shown = parameters.show(call, version, bool(call.params.get("WithDecryption")))
    return {**shown, "Selector": f":{selector}"} if selector else shown


def _page(call: Call, rows: list[Any], size: int, question: list[Any]) -> tuple[list[Any], str | None]:
    wanted, token = call.params.get("MaxResults", size), call.params.get("NextToken")
    return page(call, rows, size=wanted, token=token, question=question, bad_token=_BAD_TOKEN)
