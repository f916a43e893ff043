"""Tags of bedrock resources: a list of key and value, the ARN in the body."""

from __future__ import annotations

from typing import Any

from releaser.sandbox import tags
from releaser.sandbox.call import Call
from releaser.sandbox.kind import Kind

KIND = Kind("bedrock-tags")


@KIND.operation("bedrock", "TagResource")
def tag_resource(call: Call) -> dict[str, Any]:
    """Adds tags. ``updatedAt`` of the resource does not move (AWS does not say)."""
    arn = tags.require(call, "bedrock", call.params["resourceARN"])
    tags.attach(call, arn, tags.from_list(call.params["tags"]))
    return {}


@KIND.operation("bedrock", "UntagResource")
def untag_resource(call: Call) -> dict[str, Any]:
    """Removes tags by key."""
    tags.detach(call, tags.require(call, "bedrock", call.params["resourceARN"]), call.params["tagKeys"])
    return {}


@KIND.operation("bedrock", "ListTagsForResource")
def list_tags(call: Call) -> dict[str, Any]:
    """The tags as a list."""
    found = tags.read(call, tags.require(call, "bedrock", call.params["resourceARN"]))
    return {"tags": [{"key": key, "value": value} for key, value in found.items()]}
