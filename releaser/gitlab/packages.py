"""Files of GitLab's generic packages, which releases link to. A job token may write them (lib/api/generic_packages.rb).

A file's name is never used for other content here: it holds the content's digest. So a file that is there is the file.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from releaser.gitlab.api import Api, Path
from releaser.gitlab.errors import GitlabError


@dataclass(frozen=True, slots=True)
class File:
    """One file of one version of a package. ``name``: with its ending, letters, digits, dots and dashes."""

    package: str
    version: str
    name: str
    content: bytes

    @property
    def unique(self) -> str:
        """Its name with its digest, before the endings."""
        stem, _, endings = self.name.partition(".")
        return f"{stem}-{sha256(self.content).hexdigest()[:16]}.{endings}"


def address(api: Api, file: File) -> str:
    """Where it is, or will be."""
    return api.address(_path(api, file))


def put_file(api: Api, file: File) -> str:
    """The address of the file, which is there afterwards. Raises GitlabError."""
    try:
        api.put_file(_path(api, file), file.content)
    except GitlabError as error:
        # A project may refuse a second file of the same name; ours has the same content.
        if error.status != 400 or "Duplicate package" not in str(error):
            raise
    return address(api, file)


def _path(api: Api, file: File) -> Path:
    return api.here("packages", "generic", file.package, file.version, file.unique)
