"""Git objects from their bytes: the id they must have, and what their text says."""

from __future__ import annotations

import hashlib
import re
from typing import NamedTuple

_TRAILER = re.compile(r"([A-Z][A-Za-z-]*): (.*)")
_TAG_SIGNATURE = re.compile(rb"^-----BEGIN (?:SSH|PGP) SIGNATURE-----$", re.MULTILINE)
_COMMIT_SIGNATURE = b"gpgsig"


class Text(NamedTuple):
    """A commit or a tag: its headers in order, and its message without a signature."""

    headers: tuple[tuple[str, str], ...]
    message: str

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a header."""
        return tuple(value for key, value in self.headers if key == name)

    def one(self, name: str) -> str:
        """The value of a header that stands once; empty otherwise."""
        found = self.all(name)
        return found[0] if len(found) == 1 else ""

    def trailers(self) -> dict[str, tuple[str, ...]]:
        """The ``Key: value`` lines of the message's last paragraph."""
        found: dict[str, tuple[str, ...]] = {}
        for line in self.message.rstrip().rpartition("\n\n")[2].split("\n"):
            match = _TRAILER.fullmatch(line)
            if match:
                found[match[1]] = (*found.get(match[1], ()), match[2].strip())
        return found

    def trailer(self, key: str) -> str:
        """The value of a trailer that stands once; empty otherwise."""
        found = self.trailers().get(key, ())
        return found[0] if len(found) == 1 else ""


class Signed(NamedTuple):
    """The bytes that a signature is over, and the signature in ASCII armor; empty when there is none."""

    payload: bytes
    signature: bytes


def object_id(kind: str, raw: bytes) -> str:
    """What git calls these bytes: SHA-1 over type, size and content."""
    head = f"{kind} {len(raw)}\0".encode()
    return hashlib.sha1(head + raw).hexdigest()


def text_of(raw: bytes) -> Text:
    """The text of a commit or a tag. Never raises: bytes that are no such object give no headers that match."""
    head, _, message = split_signature(raw).payload.partition(b"\n\n")
    headers: list[tuple[str, str]] = []
    for line in head.decode("utf-8", "replace").split("\n"):
        if line.startswith(" ") and headers:
            headers[-1] = (headers[-1][0], headers[-1][1] + "\n" + line[1:])
        else:
            key, _, value = line.partition(" ")
            headers.append((key, value))
    return Text(tuple(headers), message.decode("utf-8", "replace"))


def split_signature(raw: bytes) -> Signed:
    """A commit without its ``gpgsig`` header, or a tag without the signature at its end, as git signs them."""
    head, blank, message = raw.partition(b"\n\n")
    if not head.startswith(b"object "):
        return _from_commit(head, blank + message)
    begins = [found.start() for found in _TAG_SIGNATURE.finditer(raw)]
    return Signed(raw[: begins[-1]], raw[begins[-1] :]) if begins else Signed(raw, b"")


def _from_commit(head: bytes, rest: bytes) -> Signed:
    kept: list[bytes] = []
    signature: list[bytes] = []
    inside = False
    for line in head.split(b"\n"):
        key, _, value = line.partition(b" ")
        inside = (inside and line.startswith(b" ")) or key == _COMMIT_SIGNATURE
        if not inside:
            kept.append(line)
        elif key == _COMMIT_SIGNATURE:
            signature.append(value)
        else:
            signature.append(line[1:])
    return Signed(b"\n".join(kept) + rest, b"\n".join(signature) + b"\n" if signature else b"")


def tree_of(raw: bytes) -> dict[str, tuple[str, str]]:
    """A tree object: name -> (mode, object id); as far as it can be read."""
    rows: dict[str, tuple[str, str]] = {}
    at = 0
    while at < len(raw):
        space, end = raw.find(b" ", at), raw.find(b"\0", at)
        if not at < space < end or end + 21 > len(raw):
            break
        rows[raw[space + 1 : end].decode("utf-8", "replace")] = (
            raw[at:space].decode("utf-8", "replace"),
            raw[end + 1 : end + 21].hex(),
        )
        at = end + 21
    return rows
