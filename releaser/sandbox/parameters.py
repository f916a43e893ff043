"""What SSM says about parameters, beyond its service model.

Sources: the model's documentation strings (value limits, tags and overwrite, hierarchy, types); AWS's error
messages.
"""

from __future__ import annotations

import base64
import re
from typing import Any

from releaser.sandbox import tags
from releaser.sandbox.call import Call
from releaser.sandbox.errors import AwsError, validation
from releaser.sandbox.store import Doc

_NAME = re.compile(r"[a-zA-Z0-9_.\-/]+")
_LIMITS = {"Standard": 4096, "Advanced": 8192}
_LEVELS = 15


def check_request(params: dict[str, Any], name: str, old: Doc | None) -> None:
    """Refuses what AWS refuses about name, tags, type and overwriting."""
    if not _NAME.fullmatch(name) or ("/" in name and not name.startswith("/")) or name.endswith("/"):
        raise validation(
            "Parameter name: if formed as a path, it can consist of sub-paths divided by slash symbol; each "
            "sub-path can be formed as a mix of letters, numbers and the following 3 symbols .-_"
        )
    if re.match(r"/?(aws|ssm)", name, re.IGNORECASE):
        raise validation("Parameter name: can't be prefixed with 'aws' or 'ssm' (case-insensitive).")
    if name.strip("/").count("/") >= _LEVELS:
        raise AwsError("HierarchyLevelLimitExceededException", "A hierarchy can have a maximum of 15 levels.")
    if params.get("Tags") and params.get("Overwrite"):
        raise validation(
            "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, "
            "please remove overwrite flag. To update tags for an existing parameter, please use "
            "AddTagsToResource or RemoveTagsFromResource."
        )
    if old is None and "Type" not in params:
        raise validation("A parameter type is required when you create a parameter.")
    if old is not None and not params.get("Overwrite"):
        raise AwsError(
            "ParameterAlreadyExists",
            "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.",
        )
    if old is not None and params.get("Type", old["versions"][-1]["Type"]) != old["versions"][-1]["Type"]:
        raise AwsError("HierarchyTypeMismatchException", "Parameter Store doesn't support changing a parameter type.")


def tier_of(params: dict[str, Any], old: Doc | None) -> str:
    """The tier the parameter gets: asked for, kept, or chosen by size (Intelligent-Tiering)."""
    before = str(old["versions"][-1]["Tier"]) if old else "Standard"
    asked = params.get("Tier", before)
    if asked == "Intelligent-Tiering":
        return "Advanced" if len(params["Value"].encode()) > _LIMITS["Standard"] else before
    if before == "Advanced" and asked == "Standard":
        raise validation("This parameter uses the advanced-parameter tier. You can't downgrade it to standard.")
    return str(asked)


def check_value(params: dict[str, Any], tier: str) -> None:
    """Refuses empty, nested and too large values, and those that miss their own pattern."""
    value = params["Value"]
    if not value:
        raise validation("Parameter value can't be empty.")
    if "{{" in value:
        raise validation('Parameter value can\'t nest another parameter. Do not use "{{}}" in the value.')
    if len(value.encode()) > _LIMITS[tier]:
        raise validation(
            f"{tier} tier parameters support a maximum parameter value of {_LIMITS[tier]} characters. To "
            "create a larger parameter value, upgrade the parameter to use the advanced-parameter tier."
        )
    pattern = params.get("AllowedPattern")
    if pattern:
        try:
            matches = re.search(pattern, value)
        except re.error as error:
            raise AwsError("InvalidAllowedPatternException", "The regular expression isn't valid.") from error
        if not matches:
            raise AwsError("ParameterPatternMismatchException", f"Parameter value, cannot be validated: {pattern}")


def show(call: Call, version: Doc, decrypt: bool) -> dict[str, Any]:
    """A version as GetParameter shows it."""
    names = ("Name", "Type", "Value", "Version", "LastModifiedDate", "DataType")
    shown = {name: version[name] for name in names}
    return hide({**shown, "ARN": arn_of(call, version["Name"])}, decrypt)


def hide(version: dict[str, Any], decrypt: bool) -> dict[str, Any]:
    """Seals a SecureString that was not asked for in the clear."""
    if version["Type"] == "SecureString" and not decrypt:
        version["Value"] = base64.b64encode(b"sealed:" + version["Value"].encode()).decode()
    return version


def passes(call: Call, last: Doc, one: dict[str, Any]) -> bool:
    """Whether a parameter passes one filter of DescribeParameters."""
    key, option, values = one["Key"], one.get("Option", "Equals"), one.get("Values", [])
    if key.startswith("tag:"):
        own = tags.read(call, arn_of(call, last["Name"]))
        return key[4:] in own and (not values or own[key[4:]] in values)
    if key == "Path":
        deep = option == "Recursive"
        return any(below(last["Name"], path, deep) for path in values)
    if key not in ("Name", "Type", "KeyId", "Tier", "DataType"):
        raise AwsError("InvalidFilterKey", f"The filter key {key} isn't valid.")
    mine = str(last.get(key, ""))
    match option:
        case "Equals":
            return mine in values
        case "BeginsWith":
            return any(mine.startswith(v) for v in values)
        case "Contains" if key == "Name":
            return any(v in mine for v in values)
    raise AwsError("InvalidFilterOption", f"The filter option {option} isn't valid.")


def below(name: str, path: str, deep: bool) -> bool:
    """Whether a name is below a path, one level or at any depth."""
    prefix = path.rstrip("/") + "/"
    return name.startswith(prefix) and (deep or "/" not in name[len(prefix) :])


def stored(call: Call, name: str) -> Doc | None:
    """A parameter with its versions, None when there is none."""
    return call.row("parameter", name)


def arn_of(call: Call, name: str) -> str:
    """A parameter's ARN in the caller's account and region."""
    return call.arn("ssm", "parameter" + (name if name.startswith("/") else f"/{name}"))
