"""What tags, records and content say of one another: one release has one digest, wherever it is named."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from releaser.core.proof.objects import Text, object_id, text_of
from releaser.core.proof.sequence import Break

_RELEASE_REF = re.compile(r"refs/tags/([a-z0-9][a-z0-9-]{0,62})/(r[1-9][0-9]{0,8})")


class Tag(NamedTuple):
    """A release tag: its ref, the id of the tag object, the object's bytes."""

    ref: str
    id: str
    raw: bytes

    @property
    def text(self) -> Text:
        return text_of(self.raw)

    @property
    def use_case(self) -> str:
        match = _RELEASE_REF.fullmatch(self.ref)
        return match[1] if match else ""

    @property
    def release(self) -> str:
        match = _RELEASE_REF.fullmatch(self.ref)
        return match[2] if match else ""

    @property
    def digest(self) -> str:
        """The release digest that it states; empty when it states none."""
        return self.text.trailer("Release-Digest").replace("sha256:", "", 1)


class Content(NamedTuple):
    """What was recomputed of a use case at a commit. Empty members: not to be had, ``why`` says why."""

    tree: str
    """Id of the commit's tree."""
    digest: str
    """The release digest."""
    why: str = ""
    manifest: str = ""
    """sha256 of the bytes of manifest.yaml; empty where they are not known."""


Contents = Mapping["tuple[str, str]", Content]
"""(commit, use case) -> its content. What is absent was not looked at."""


def tag_problems(tags: Mapping[str, Tag], contents: Contents) -> Iterator[Break]:
    """What is wrong with the release tags (by ref), and with the content that they name."""
    for ref, tag in sorted(tags.items()):
        if object_id("tag", tag.raw) != tag.id:
            yield Break(ref, "the tag's bytes are not those that its id names")
        text = tag.text
        wrong = [what for what, is_so in _stated(tag, text) if not is_so]
        if wrong:
            yield Break(ref, "it does not say what a tag of this release says: " + ", ".join(wrong))
            continue
        content = contents.get((text.one("object"), tag.use_case))
        if content is not None and content.digest != tag.digest:
            yield Break(ref, content.why or f"the content of {text.one('object')[:12]} has another digest than it says")
        elif content and content.manifest and text.trailer("Manifest-Digest") not in ("", f"sha256:{content.manifest}"):
            yield Break(ref, f"manifest.yaml at {text.one('object')[:12]} has another digest than it says")


def _stated(tag: Tag, text: Text) -> Iterator[tuple[str, bool]]:
    title = f"{tag.use_case} {tag.release}"
    yield "its type", text.one("type") == "commit"
    yield "its name", text.one("tag") == f"{tag.use_case}/{tag.release}"
    yield "its first line", text.message.split("\n", 1)[0] == title
    yield "Release-Digest", re.fullmatch(r"[0-9a-f]{64}", tag.digest) is not None
    expected = {"Manifest-Commit": text.one("object"), "Use-Case": tag.use_case, "Release": tag.release}
    for key, value in expected.items():
        said = text.trailers().get(key)
        yield key, said is None or said == (value,)


def record_problems(
    opened: Mapping[str, Mapping[str, Any]], tags: Mapping[str, Tag], contents: Contents
) -> Iterator[Break]:
    """What records say that tags and content do not. ``opened``: path of each ``opened.json`` -> its data."""
    for path, data in sorted(opened.items()):
        commit, use_case, digest = (str(data.get(k, "")) for k in ("commit", "useCase", "releaseDigest"))
        if data.get("tag") is not None:
            yield from _tagged(path, data, tags.get(f"refs/tags/{use_case}/{data.get('release')}"))
        content = contents.get((commit, use_case))
        if content is None or data.get("dirty") or unheld(data, content):
            continue
        if content.digest != digest:
            yield Break(path, content.why or f"the content of {commit[:12]} has another digest than the record says")
        elif content.tree != data.get("tree"):
            yield Break(path, f"the tree of {commit[:12]} is not the one that the record names")


def unheld(opened: Mapping[str, Any], content: Content | None) -> str:
    """Why the content of a record cannot be had, where no tag ever promised to hold it: applied from a branch that is
    gone. That is no proof of anything wrong."""
    return content.why if content is not None and not content.tree and opened.get("tag") is None else ""


def environment_problems(
    opened: Mapping[str, Mapping[str, Any]], digests: Mapping[tuple[str, str], str]
) -> Iterator[Break]:
    """Records that name another environment than git has. ``digests``: (commit, environment) -> sha256 of its
    environment.yaml, empty where it cannot be had; what is absent was not looked at."""
    for path, data in sorted(opened.items()):
        said = data.get("environmentDigest")
        found = digests.get(environment_of(data))
        gone = not found and data.get("tag") is None  # as the content: nothing promised to hold that commit
        if said and not data.get("dirty") and found is not None and found != said and not gone:
            commit, name = environment_of(data)
            yield Break(path, f"environments/{name}/environment.yaml at {commit[:12]} is not the one that it names")


def environment_of(data: Mapping[str, Any]) -> tuple[str, str]:
    """Where a record's environment comes from: commit and name."""
    return str(data.get("environmentCommit") or data.get("commit")), str(data.get("environment"))


def _tagged(path: str, data: Mapping[str, Any], tag: Tag | None) -> Iterator[Break]:
    name = f"{data.get('useCase')}/{data.get('release')}"
    if tag is None:
        yield Break(path, f"the tag {name} is missing")
    elif tag.id != data["tag"]:
        yield Break(tag.ref, f"{path} names another tag object: the tag was made anew")
    elif tag.digest != data.get("releaseDigest"):
        yield Break(path, f"the tag {name} states another digest")


def unrecorded(tags: Mapping[str, Tag], opened: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Refs of tags that no record names: cut and never applied, or the record was dropped."""
    named = {f"refs/tags/{d.get('useCase')}/{d.get('release')}" for d in opened.values()}
    return sorted(set(tags) - named)
