"""Responses of models in a folder: by the key of their request, and by their own digest.

``keys/<aa>/<sha256 of the key>.json`` names the digest, ``objects/<aa>/<digest>.json`` is the response in canonical
JSON. Files appear whole or not at all, also with several processes; the first response to a key stays.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Callable, Iterable
from pathlib import Path

from releaser.core.evaluation.response import Response
from releaser.core.shape import ShapeError, plain, typed
from releaser.core.values import canonical, digest


def _silent(text: str) -> None:
    pass


class ResponseFolder:
    """A folder of responses. ``say``: hears which file is corrupted; what it held counts as not there.

    Only the owner may read it: replies can hold what the cases hold.
    """

    def __init__(self, path: Path, say: Callable[[str], None] = _silent) -> None:
        self._keys, self._objects, self._say = path / "keys", path / "objects", say
        for folder in (path, self._keys, self._objects):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def get(self, key: str) -> Response | None:
        """The response to a request."""
        sha256 = self._named(_file(self._keys, hashlib.sha256(key.encode()).hexdigest()))
        return self.read(sha256) if sha256 else None

    def put(self, key: str, response: Response) -> str:
        """Keeps it and returns its digest. Raises ValueError for what has no canonical JSON."""
        raw = canonical(plain(response))
        sha256 = hashlib.sha256(raw).hexdigest()
        if self._raw(sha256) is None:
            _write(_file(self._objects, sha256), raw)
        by_key = _file(self._keys, hashlib.sha256(key.encode()).hexdigest())
        named = canonical({"key": key, "response": sha256})
        if not _write(by_key, named, only_new=True) and self.get(key) is None:
            _write(by_key, named)
        return sha256

    def forget(self, key: str) -> None:
        """The request counts as never answered."""
        _file(self._keys, hashlib.sha256(key.encode()).hexdigest()).unlink(missing_ok=True)

    def read(self, sha256: str) -> Response | None:
        """By its own digest."""
        raw = self._raw(sha256)
        if raw is None:
            return None
        try:
            found: Response = typed(Response, json.loads(raw))
        except (ShapeError, ValueError):
            self._say(f"the stored response {sha256} cannot be read by this version")
            return None
        return found

    def listing(self, of: Iterable[str] | None = None) -> str:
        """sha256 over the sorted digests: of all responses, or of these."""
        found = set(of) if of is not None else {p.stem for p in self._objects.glob("??/*.json")}
        return digest(sorted(found))

    def _named(self, path: Path) -> str:
        try:
            said = json.loads(path.read_bytes())["response"]
        except FileNotFoundError:
            return ""
        except (ValueError, KeyError, TypeError):
            said = None
        if isinstance(said, str) and len(said) == 64 and said.isalnum():
            return said
        self._say(f"{path.name} among the keys of responses is corrupted")
        return ""

    def _raw(self, sha256: str) -> bytes | None:
        try:
            raw = _file(self._objects, sha256).read_bytes()
        except FileNotFoundError:
            return None
        if hashlib.sha256(raw).hexdigest() != sha256:
            self._say(f"the stored response {sha256} is corrupted")
            return None
        return raw


def _file(folder: Path, name: str) -> Path:
    return folder / name[:2] / f"{name}.json"


def _write(path: Path, raw: bytes, *, only_new: bool = False) -> bool:
    """Whole or not at all, and on the disk. ``only_new``: False when there is one already."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    making = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(making, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        if only_new:
            os.link(making, path)
        else:
            making.replace(path)
    except FileExistsError:
        return False
    finally:
        making.unlink(missing_ok=True)
    return True
