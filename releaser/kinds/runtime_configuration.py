"""Runtime configuration: the document that applications read, kept as one SSM parameter.

Prompts and guardrails have no alias, so what is live must be said somewhere that moves in one step. The parameter
is that pointer: it moves last, in the PROMOTE wave, and a rollback moves nothing else.

Facts: a standard parameter holds 4,096 bytes; SSM reads ``{{`` in a value as a reference to another parameter and
refuses it, so ``{`` inside strings is written as an escape; PutParameter takes no tags together with Overwrite.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from releaser.core.address import Address
from releaser.core.delivery import SSM, store
from releaser.core.kind import Calls, Draft, Fields, Identity, Kind, Tagging, View
from releaser.core.runtime_document import GUARDS, LABELS, SHOWN, decode, describe, document, encode, place
from releaser.core.values import FrozenMap

NAME = "runtime"


def _declare(view: View) -> Iterator[Draft]:
    if store(view.spec) == SSM:
        yield Draft(NAME, FrozenMap({"document": document(view)}))


def _write(body: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"Value": encode(body["document"]), "Type": "String", "Tier": "Standard", "DataType": "text"}


def _read(reply: Mapping[str, Any]) -> Mapping[str, Any]:
    value = reply.get("Value", "")
    body: dict[str, Any] = {"document": decode(value) or {"unreadable": value}}
    if reply.get("Type", "String") != "String":
        body["Type"] = reply["Type"]
    if reply.get("DataType", "text") != "text":
        body["DataType"] = reply["DataType"]
    return body


def _physical_name(address: Address) -> str:
    return f"/releaser/{address.use_case}/{address.name}"


KIND = Kind(
    name="runtime-configuration",
    service="ssm",
    tag_index="ssm:parameter",
    declare=_declare,
    describe=describe,
    read=_read,
    write=_write,
    pointer=True,
    place=place,
    physical_name=_physical_name,
    calls=Calls(
        create="PutParameter",
        get="GetParameter",
        update="PutParameter",
        delete="DeleteParameter",
        list="DescribeParameters",
        list_root="Parameters",
        list_params=FrozenMap({"ParameterFilters": [{"Key": "Path", "Option": "Recursive", "Values": ["/releaser"]}]}),
        batch="GetParameters",
        batch_in="Names",
        batch_root="Parameters",
        page_size=50,
        page_size_in="MaxResults",
        page_token_in="NextToken",
        id_in="Name",
        root="Parameter",
        update_params=FrozenMap({"Overwrite": True}),
    ),
    identity=Identity(
        id="Name",
        arn="ARN",
        name="Name",
        row_id="Name",
        row_arn="ARN",
        row_name="Name",
        revision="Version,LastModifiedDate",
    ),
    fields=Fields(
        omitted=frozenset({"Name", "Tags", "Overwrite", "Description", "KeyId", "AllowedPattern", "Policies"}),
        labels=LABELS,
        opaque=frozenset({"document"}),
        guards=GUARDS,
        shown=SHOWN,
    ),
    tagging=Tagging(
        "AddTagsToResource",
        "RemoveTagsFromResource",
        "ListTagsForResource",
        "ResourceId",
        tags_in="Tags",
        keys_in="TagKeys",
        tags_out="TagList",
        form="List",
        by="name",
        params=FrozenMap({"ResourceType": "Parameter"}),
    ),
    runtime_limit=4096,
)
