"""What another team owns, against its pin: the same content under the same version, or the use case stops."""

from __future__ import annotations

from releaser.core.diagnostic import Diagnostic
from releaser.core.graph import Node
from releaser.core.kind import Kind
from releaser.core.snapshot import Absent, Observation, Seen, Unreadable


def against_pin(node: Node, kind: Kind, seen: Observation, environment: str) -> Diagnostic | None:
    """What of it is not as it was pinned. The first of ``seen.versions`` is what was found under the pin."""
    pin = node.external
    assert pin is not None
    what = f"{kind.name} {pin.id}" + (f" version {pin.version}" if pin.version else "")
    number = f" --version {pin.version}" if pin.version else ""
    again = f"to accept it: `releaser pin -e {environment} {kind.name} {pin.id}{{}}` and paste what it prints"
    match seen:
        case Unreadable(reason):
            return _problem(node, "P110", f"{what}, which another team owns, could not be read: {reason}", _READ)
        case Seen(versions=(found, *_)) if found.version != pin.version:
            message = f"{what}: it points at version {found.version} now ({_short(found.body_digest)}"
            return _problem(node, "P186", f"{message}; pinned: {_short(pin.sha256)})", again.format(""))
        case Seen(versions=(found, *_)) if found.body_digest != pin.sha256:
            message = f"{what} has other content than was pinned: found {found.body_digest}, expected {pin.sha256}"
            return _problem(node, "P187", message, again.format(number))
        case Seen(versions=(_, *_)):
            return None
        case Absent() | _:
            hint = "ask its owner, or pin another version: `releaser pin` shows what there is"
            return _problem(node, "P185", f"{what}, which another team owns, is not there", hint)


_READ = (
    "nothing is concluded from a failed read: allow it, as `releaser iam policy --role plan -e ENV` prints, or run the "
    "same command again"
)


def _short(digest: str | None) -> str:
    return f"sha256 {(digest or '')[:12]}"


def _problem(node: Node, code: str, message: str, hint: str) -> Diagnostic:
    path = f"manifests/{node.address.use_case}/manifest.yaml"
    return Diagnostic(code, f"{node.address}: {message}", path=path, hint=hint)
