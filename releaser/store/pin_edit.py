"""Writing a pin: one line changes, comments and layout stay; a new file where there is none."""

from __future__ import annotations

from collections.abc import Mapping

from releaser.core.document import Document
from releaser.core.errors import ReleaserError
from releaser.core.proof.files import NAME
from releaser.core.values import Path
from releaser.store.pins import pin_path
from releaser.store.yaml import load
from releaser.store.yaml_write import dump, inline, splice

_SCHEMA = "# yaml-language-server: $schema=../../../schemas/pin.v1.json\n"
_SPEC: Path = ("spec",)
_RELEASE: Path = ("spec", "release")
_OF_ONE_RELEASE = ("notBefore", "waiver")
"""What a pin says of the release that it names: it does not hold for the next one."""


def path_of(environment: str, use_case: str) -> str:
    """Where the pin stands. Raises ValueError for a name that must not become a path."""
    for name in (environment, use_case):
        if not NAME.fullmatch(name):
            raise ValueError(f"not a name that can become a path: {name!r}")
    return pin_path(environment, use_case)


def repinned(
    before: str | None, environment: str, use_case: str, release: str, waiver: Mapping[str, str] | None = None
) -> str:
    """The text of the pin with another release (``r12@sha256:...`` or ``retired``).

    ``before``: the text as it is, None where there is no pin. ``notBefore`` and ``waiver`` were said of the release
    before and go with it. Raises ReleaserError for a text that cannot be edited so that only this changes.
    """
    path = path_of(environment, use_case)
    if before is None:
        return _with_waiver(_new(use_case, release), waiver)
    try:
        text = splice(before, _RELEASE, release)
        for member in _OF_ONE_RELEASE:
            text = _without(text, member)
        return _with_waiver(text, waiver)
    except (KeyError, ValueError) as error:
        raise ReleaserError(
            f"{path} cannot be edited: {error}", code="P315", hint=f"write `release: {release}` under `spec` by hand"
        ) from None


def _new(use_case: str, release: str) -> str:
    pin = {
        "apiVersion": "releaser.dev/v1",
        "kind": "Pin",
        "metadata": {"name": use_case},
        "spec": {"release": release},
    }
    return _SCHEMA + dump(pin)


def _with_waiver(text: str, waiver: Mapping[str, str] | None) -> str:
    """With the waiver on a line of its own under the release."""
    if not waiver:
        return text
    found = _document(text)
    at = found.positions.keys[_RELEASE]
    lines = text.split("\n")
    lines.insert(at.line, " " * (at.column - 1) + "waiver: " + inline(waiver))
    changed = "\n".join(lines)
    after = _document(changed)
    if after.data != {**found.data, "spec": {**found.data["spec"], "waiver": dict(waiver)}}:
        raise ValueError("the waiver has no place on a line of its own")
    return changed


def _without(text: str, member: str) -> str:
    """Without the lines of one member of ``spec``."""
    found = _document(text)
    path = (*_SPEC, member)
    key = found.positions.keys.get(path)
    if key is None:
        return text
    ends = [s.end_line for p, s in found.positions.values.items() if p[: len(path)] == path and _is_leaf(found, p)]
    lines = text.split("\n")
    last = max(ends, default=key.line)
    while last > key.line and _stands_apart(lines[last - 1], key.column):
        last -= 1  # the mark of a block of text ends behind comments that are none of it
    del lines[key.line - 1 : last]
    changed = "\n".join(lines)
    spec = {k: v for k, v in found.data["spec"].items() if k != member}
    if _document(changed).data != {**found.data, "spec": spec}:
        raise ValueError(f"`{member}` shares its lines with something else")
    return changed


def _stands_apart(line: str, column: int) -> bool:
    shown = line.lstrip()
    return not shown or (shown.startswith("#") and len(line) - len(shown) < column)


def _is_leaf(found: Document, path: Path) -> bool:
    value: object = found.data
    for part in path:
        value = value[part] if isinstance(value, dict | list) else None  # type: ignore[index]
    return not isinstance(value, dict | list) or not value or _is_flow(found, path)


def _is_flow(found: Document, path: Path) -> bool:
    span = found.positions.values[path]
    return found.text.split("\n")[span.line - 1][span.column - 1 : span.column] in ("{", "[")


def _document(text: str) -> Document:
    found = load(text, "pin")
    if not isinstance(found, Document):
        raise ValueError(found[0].message)
    return found
