"""Git as an auditor reads it: what it gives is not believed until the bytes give the id under which they came.

git checks an object's digest when it is written and in ``git fsck``, not on every reading: bytes that were exchanged on
the disk would be passed on. Here every object is hashed again; replacement refs and grafts are not followed. One that
is damaged costs no other: it counts as missing, and is named in ``damaged``.
"""

from __future__ import annotations

from collections.abc import Sequence

from releaser.core.proof.objects import object_id
from releaser.store.cat_file import Found
from releaser.store.git import Git, GitError

_NOT_FOLLOWED = {"GIT_NO_REPLACE_OBJECTS": "1", "GIT_GRAFT_FILE": "/dev/null"}
_BATCH = 5000


class ExactGit(Git):
    """A repository whose objects are hashed on reading."""

    def __init__(self, git: Git) -> None:
        super().__init__(git.root, git.git_dir, {**git.environ, **_NOT_FOLLOWED}, git.prefix)
        self.damaged: set[str] = set()
        """Names of objects, as they were asked for, that cannot be read or whose bytes are others."""

    def objects(self, names: Sequence[str]) -> list[tuple[str, bytes] | None]:
        """As ``Git.objects``; what is damaged is None too."""
        found: list[tuple[str, bytes] | None] = []
        for start in range(0, len(names), _BATCH):
            found += self._whole(names[start : start + _BATCH])
        return found

    def _whole(self, names: Sequence[str]) -> list[tuple[str, bytes] | None]:
        """git gives up at the first object that it cannot read: halves find which."""
        try:
            found = self.read(names)
        except (GitError, ValueError):
            if len(names) == 1:
                self.damaged.add(names[0])
                return [None]
            middle = len(names) // 2
            return [*self._whole(names[:middle]), *self._whole(names[middle:])]
        return [self._checked(name, item) for name, item in zip(names, found, strict=True)]

    def _checked(self, name: str, item: Found | None) -> tuple[str, bytes] | None:
        if item is None:
            return None
        if object_id(item.type, item.content) == item.oid:
            return item.type, item.content
        self.damaged.add(name)
        return None
