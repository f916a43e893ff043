"""What an AppConfig profile's validators say about a configuration.

Source: user guide, "Understanding validators": JSON Schema of version 4 for inline schemas; a validator runs when a
deployment is started and at ValidateConfiguration. LAMBDA validators pass: there are no functions here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from releaser.sandbox.appconfig import bad_request


def check_validators(validators: Iterable[Mapping[str, Any]]) -> None:
    """Refuses a schema that is none, and a function that is no ARN."""
    for one in validators:
        if one["Type"] == "LAMBDA" and not one["Content"].startswith("arn:"):
            raise bad_request("A LAMBDA validator's Content is the ARN of a function")
        if one["Type"] == "JSON_SCHEMA":
            _schema(one["Content"])


def check_content(validators: Iterable[Mapping[str, Any]], content: bytes) -> None:
    """BadRequestException with the reason InvalidConfiguration and every violation, if there is one."""
    found = [detail for one in validators if one["Type"] == "JSON_SCHEMA" for detail in _failures(one, content)]
    if found:
        details = {"InvalidConfiguration": found}
        text = "Error in configuration: " + "; ".join(detail["Reason"] for detail in found)
        raise bad_request(text, Reason="InvalidConfiguration", Details=details)


def _failures(validator: Mapping[str, Any], content: bytes) -> list[dict[str, str]]:
    from jsonschema import Draft4Validator

    try:
        document = json.loads(content)
    except ValueError:
        return [{"Type": "JSON_SCHEMA", "Reason": "The configuration is not valid JSON"}]
    return [
        {
            "Type": "JSON_SCHEMA",
            "Constraint": str(error.validator),
            "Location": "/" + "/".join(str(part) for part in error.absolute_path),
            "Reason": error.message[:1000],
        }
        for error in Draft4Validator(_schema(validator["Content"])).iter_errors(document)
    ]


def _schema(text: str) -> Any:
    from jsonschema import Draft4Validator, SchemaError

    try:
        schema = json.loads(text)
        Draft4Validator.check_schema(schema)
    except ValueError as error:
        raise bad_request(f"The JSON Schema of a validator is not JSON: {error}") from error
    except SchemaError as error:
        raise bad_request(f"The JSON Schema of a validator is not one of version 4: {error.message}") from error
    return schema
