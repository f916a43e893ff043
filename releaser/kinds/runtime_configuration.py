"""Runtime configuration: the document that applications read, kept as one SSM parameter.

Prompts and guardrails have no alias, so what is live must be said somewhere that moves in one step. The parameter
is that pointer: it moves last, in the PROMOTE wave, and a rollback moves nothing else.

Facts: a standard parameter holds 4,096 bytes; SSM reads ``{{`` in a value as a reference to another parameter and
refuses it, so ``{`` inside strings is written as an escape; PutParameter takes no tags together with Overwrite.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from releaser.core.address import Address
from releaser.core.kind import Calls, Draft, Fields, Identity, Kind, Remark, Tagging, View
from releaser.core.values import EMPTY, FrozenMap, thaw

FORMAT = "releaser.runtime/v1"
NAME = "runtime"
_DEEPEST = 32


def _declare(view: View) -> Iterator[Draft]:
    document = {
        "format": FORMAT,
        "useCase": view.use_case,
        "release": view.release,
        "digest": view.digest,
        "enabled": view.spec.get("enabled", True) is not False,
        **{section: entries for section, entries in view.exports.items() if entries},
    }
    yield Draft(NAME, FrozenMap({"document": document}))


def encode(document: Any) -> str:
    """The parameter's value: compact JSON in which no string holds a bare ``{``."""
    text = json.dumps(thaw(document), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    parts: list[str] = []
    inside = escaped = False
    for char in text:
        parts.append("\\u007b" if inside and char == "{" else char)
        if inside and not escaped and char == "\\":
            escaped = True
            continue
        if char == '"' and not escaped:
            inside = not inside
        escaped = False
    return "".join(parts)


def decode(value: str) -> Mapping[str, Any] | None:
    """The document in a parameter's value; None for what is not one: anybody may have written anything there."""
    try:
        document = json.loads(value)
        # What Python reads beyond JSON (NaN, half a surrogate pair) has no canonical form.
        json.dumps(document, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, Mapping) and _is_shallow(document, _DEEPEST) else None


def _is_shallow(value: Any, levels: int) -> bool:
    below = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return levels > 0 and all(_is_shallow(v, levels - 1) for v in below)


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


def _place(_name: str, path: str) -> str:
    """The document is made from many entries: a place in it is declared where that entry is."""
    return path.removeprefix("document.") if path.startswith("document.") else ""


def _part(holder: Mapping[str, Any], member: str) -> Mapping[str, Any]:
    """A live document may have been edited by hand: what is no mapping is taken as empty."""
    found = holder.get(member)
    return found if isinstance(found, Mapping) else EMPTY


def _describe(before: FrozenMap | None, after: FrozenMap | None) -> Iterator[Remark]:
    """What applications must know: which guardrail belongs to a prompt. Versions are told where they are made."""
    if before is None or after is None:
        return
    old, new = _part(before, "document"), _part(after, "document")
    was, now = _part(old, "prompts"), _part(new, "prompts")
    for name in sorted({*was} & {*now}):
        left, right = _part(was, name).get("guardrail"), _part(now, name).get("guardrail")
        at = f"document.prompts.{name}.guardrail"
        if left and not right:
            yield Remark(f"prompt {name} is no longer used with guardrail {left}", "weaker", at)
        elif right and not left:
            yield Remark(f"prompt {name} is now used with guardrail {right}", "stronger", at)
        elif left != right:
            yield Remark(f"prompt {name} is used with guardrail {right} instead of {left}", "changed", at)
    if old.get("enabled") != new.get("enabled"):
        said = "may call the models again" if new.get("enabled") else "are told to stop calling the models"
        yield Remark(f"applications {said}", "changed", "document.enabled")


KIND = Kind(
    name="runtime-configuration",
    service="ssm",
    tag_index="ssm:parameter",
    declare=_declare,
    describe=_describe,
    read=_read,
    write=_write,
    pointer=True,
    place=_place,
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
        labels=frozenset({"document.release", "document.digest"}),
        opaque=frozenset({"document"}),
        guards=frozenset({"document.prompts.*.guardrail"}),
        # Not the whole document: whoever edits it by hand may leave anything there.
        shown=frozenset(
            f"document.{member}"
            for member in (
                *("format", "useCase", "release", "digest", "<section>"),
                *("models.*.modelId", "models.*.inference.temperature"),
            )
        ),
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
