"""Tags of any resource, by ARN, under AWS's general rules: 50 tags a resource, no ``aws:`` keys of one's own.

A resource that lost all its tags keeps its (empty) record: the tagging API still lists it, and never one
that never had a tag.
"""

from __future__ import annotations

from collections.abc import Mapping

from releaser.sandbox.call import Call
from releaser.sandbox.errors import AwsError, not_found, validation
from releaser.sandbox.kind import Taggable

_MOST = 50


def attach(call: Call, arn: str, tags: Mapping[str, str]) -> None:
    """Adds tags to those the resource has."""
    if not tags:
        return
    if any(key.lower().startswith("aws:") for key in tags):
        raise validation("Tag keys that begin with aws: are reserved.")
    merged = {**read(call, arn), **tags}
    if len(merged) > _MOST:
        shape = "TooManyTagsException" if call.operation.service.name == "bedrock" else "ValidationException"
        raise AwsError(shape, f"The resource would have {len(merged)} tags; {_MOST} are allowed.")
    call.put("tags", arn, {"tags": merged})


def detach(call: Call, arn: str, keys: list[str]) -> None:
    """Removes tags; keys that are not there do not matter."""
    kept = call.row("tags", arn)
    if kept is not None:
        call.put("tags", arn, {"tags": {k: v for k, v in kept["tags"].items() if k not in keys}})


def read(call: Call, arn: str) -> dict[str, str]:
    """The tags of a resource, sorted by key: not in the order they were given."""
    kept = call.row("tags", arn)
    return dict(sorted(kept["tags"].items())) if kept is not None else {}


def forget(call: Call, arn: str) -> None:
    """The resource is gone, and its tags with it."""
    if call.row("tags", arn) is not None:
        call.delete("tags", arn)


def require(call: Call, service: str, arn: str) -> str:
    """The ARN, if it names a taggable resource of this API that exists here."""
    taggable = find(call, arn)
    if taggable is None or taggable.service != service:
        raise validation(f"{arn} is not the ARN of a resource that can be tagged here.")
    _, _, _, region, account, resource = arn.split(":", 5)
    if (region, account) != (call.region, call.account) or not taggable.exists(call, resource):
        raise not_found(f"The resource {arn} was not found.")
    return arn


def find(call: Call, arn: str) -> Taggable | None:
    """The kind that an ARN belongs to."""
    parts = arn.split(":", 5)
    if len(parts) < 6 or parts[0] != "arn":
        return None
    taggables: tuple[Taggable, ...] = call.catalogue.taggables()
    fitting = [
        t for t in taggables if parts[2] == t.arn_service and parts[5].startswith(t.prefix) and t.below in parts[5]
    ]
    return max(fitting, key=lambda taggable: len(taggable.below), default=None)


def from_list(tags: list[dict[str, str]]) -> dict[str, str]:
    """``[{key, value}]`` as a map; a key given twice is refused."""
    found = {tag["key"]: tag["value"] for tag in tags}
    if len(found) != len(tags):
        raise validation("A tag key is given more than once.")
    return found
