"""Tags of bedrock-agent resources: a map, the ARN in the path."""

from __future__ import annotations

from typing import Any

from releaser.sandbox import tags
from releaser.sandbox.call import Call
from releaser.sandbox.kind import Kind

# `/d{12}` is written where `\d{12}` was meant.
KIND = Kind("agent-tags", wrong_patterns=frozenset({("bedrock-agent", "TaggableResourcesArn")}))


@KIND.operation("bedrock-agent", "TagResource")
def tag_resource(call: Call) -> dict[str, Any]:
    """Adds tags. ``updatedAt`` of the resource does not move (AWS does not say)."""
    tags.attach(call, tags.require(call, "bedrock-agent", call.params["resourceArn"]), call.params["tags"])
    return {}


@KIND.operation("bedrock-agent", "UntagResource")
def untag_resource(call: Call) -> dict[str, Any]:
    """Removes tags by key."""
    tags.detach(call, tags.require(call, "bedrock-agent", call.params["resourceArn"]), call.params["tagKeys"])
    return {}


@KIND.operation("bedrock-agent", "ListTagsForResource")
def list_tags(call: Call) -> dict[str, Any]:
    """The tags as a map."""
    return {"tags": tags.read(call, tags.require(call, "bedrock-agent", call.params["resourceArn"]))}
