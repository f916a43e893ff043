"""The document that applications read: what is live of one use case. Where it is kept, the kinds know."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from releaser.core.kind import Remark, View
from releaser.core.values import EMPTY, FrozenMap, thaw

FORMAT = "releaser.runtime/v1"
_DEEPEST = 32

LABELS = frozenset({"document.release", "document.digest"})
GUARDS = frozenset({"document.prompts.*.guardrail"})
# Not the whole document: whoever edits it by hand may leave anything there.
SHOWN = frozenset(
    f"document.{member}"
    for member in (
        *("format", "useCase", "release", "digest", "<section>"),
        *("models.*.modelId", "models.*.inference.temperature"),
    )
)


def document(view: View) -> FrozenMap:
    """The document of a use case, with references."""
    return FrozenMap(
        {
            "format": FORMAT,
            "useCase": view.use_case,
            "release": view.release,
            "digest": view.digest,
            "enabled": view.spec.get("enabled", True) is not False,
            **{section: entries for section, entries in view.exports.items() if entries},
        }
    )


def plain(document: Any) -> str:
    """Compact JSON, keys sorted."""
    return json.dumps(thaw(document), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def encode(document: Any) -> str:
    """Compact JSON in which no string holds a bare ``{``."""
    text = plain(document)
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
    """The document in a text; None for what is not one: anybody may have written anything there."""
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


def _part(holder: Mapping[str, Any], member: str) -> Mapping[str, Any]:
    """A live document may have been edited by hand: what is no mapping is taken as empty."""
    found = holder.get(member)
    return found if isinstance(found, Mapping) else EMPTY


def describe(before: FrozenMap | None, after: FrozenMap | None) -> Iterator[Remark]:
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


def place(_name: str, path: str) -> str:
    """The document is made from many entries: a place in it is declared where that entry is."""
    return path.removeprefix("document.") if path.startswith("document.") else ""


def version_label(document: Mapping[str, Any]) -> str:
    """What a stored version of the document is called: the release, and the first 8 digits of the release digest.

    The same release may have another document later, since a resource that was made anew has another id: that version
    goes without a label.
    """
    release, digest = (document.get(m) for m in ("release", "digest"))
    if not isinstance(release, str) or not isinstance(digest, str) or not 0 < len(release) <= 40:
        return "document"
    return f"{release}-{digest.removeprefix('sha256:')[:8]}"


def schema(use_case: str) -> str:
    """A JSON Schema (draft 4, the one that AppConfig takes) that keeps what is no runtime document of the use case
    from being delivered. The same text for ever: sections are open, for kinds to come."""
    text: dict[str, Any] = {"type": "string"}
    members = {
        "format": {"enum": [FORMAT]},
        "useCase": {"enum": [use_case]},
        "release": {**text, "minLength": 1},
        "digest": {**text, "pattern": "^(sha256:[0-9a-f]{64})?$"},
        "enabled": {"type": "boolean"},
    }
    found = {
        "$schema": "http://json-schema.org/draft-04/schema#",
        "type": "object",
        "required": sorted(members),
        "properties": members,
        "additionalProperties": {"type": "object"},
    }
    return json.dumps(found, sort_keys=True, separators=(",", ":"))
