"""Reading a repository: named files, refused paths, environments."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from releaser.core.errors import WrongUsage
from releaser.core.workspace import UseCaseFiles
from releaser.store.reader import DiskReader, MemoryReader, Outside
from releaser.store.workspace import find_root, load_use_case, load_workspace, normal_text

MANIFEST = """\
spec:
  governance: {documents: {dpia: docs/dpia.pdf}}
  prompts:
    answer: {file: prompts/answer.md, system: prompts/system.md, model: m}
  datasets: {golden: {path: data/golden.jsonl, sha256: x}}
"""
FILES: dict[str, bytes | str] = {
    "manifests/a/manifest.yaml": MANIFEST,
    "manifests/a/prompts/answer.md": "\ufeffone\r\ntwo\n\n",
    "manifests/a/prompts/system.md": "s",
    "manifests/a/docs/dpia.pdf": b"%PDF\xff",
    "manifests/a/data/golden.jsonl": b'{"id": "1"}\n',
    "manifests/a/notes.txt": "not named",
}


def use_case(files: dict[str, bytes | str] = FILES, **edits: str) -> UseCaseFiles:
    text = MANIFEST
    for old, new in edits.items():
        text = text.replace(old, new)
    found = load_use_case(MemoryReader({**files, "manifests/a/manifest.yaml": text}), "a")
    assert isinstance(found, UseCaseFiles)
    return found


def test_named_files_are_read_and_hashed() -> None:
    found = use_case()
    assert found.texts == {"prompts/answer.md": "one\ntwo\n", "prompts/system.md": "s"}
    assert set(found.digests) == {"prompts/answer.md", "prompts/system.md", "docs/dpia.pdf", "data/golden.jsonl"}
    assert found.digests["docs/dpia.pdf"] == hashlib.sha256(b"%PDF\xff").hexdigest()
    assert found.cases == {"data/golden.jsonl": b'{"id": "1"}\n'}
    assert found.problems == ()


def test_the_release_digest_covers_what_is_named_and_nothing_else() -> None:
    before = use_case().digest
    assert use_case({**FILES, "manifests/a/notes.txt": "other"}).digest == before
    assert use_case({**FILES, "manifests/a/docs/dpia.pdf": b"%PDF"}).digest != before
    assert use_case(m="n").digest != before
    commented = "# a comment\n" + MANIFEST
    again = load_use_case(MemoryReader({**FILES, "manifests/a/manifest.yaml": commented}), "a")
    assert isinstance(again, UseCaseFiles) and again.digest == before


def test_text_is_lf_with_one_newline_less() -> None:
    assert normal_text("a\r\nb\rc\n\n") == "a\nb\nc\n"


@pytest.mark.parametrize(
    "path", ["../b/x.md", "/etc/passwd", "a/../x.md", "./x.md", "a//b", "a\\b", "c:/x", "", "x" * 500, "a/."]
)
def test_paths_that_are_refused(path: str) -> None:
    document = f"spec: {{prompts: {{p: {{file: '{path}'}}}}}}"
    found = load_use_case(MemoryReader({"manifests/a/manifest.yaml": document}), "a")
    assert isinstance(found, UseCaseFiles)
    assert [p.code for p in found.problems] == ["E308"]


def test_links_and_pipes_on_disk(tmp_path: Path) -> None:
    folder = tmp_path / "manifests" / "a"
    (folder / "prompts").mkdir(parents=True)
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "real.md").write_text("real")
    (folder / "prompts" / "inside.md").symlink_to("../real.md")
    (folder / "prompts" / "outside.md").symlink_to(tmp_path / "secret.txt")
    (folder / "elsewhere").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe.md")
    reader = DiskReader(tmp_path)
    assert reader.read("manifests/a/real.md") == b"real"
    assert reader.read("manifests/a/pipe.md") is None
    assert reader.read("manifests/a/prompts") is None
    assert reader.read("manifests/a/nothing.md") is None
    paths = ("prompts/inside.md", "prompts/outside.md", "elsewhere/secret.txt", "elsewhere/none/deep.txt")
    for path in paths:
        with pytest.raises(Outside):
            reader.read(f"manifests/a/{path}")


def test_the_root_is_found_from_below(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "manifests" / "a" / "prompts").mkdir(parents=True)
    assert find_root(tmp_path / "manifests" / "a" / "prompts") == tmp_path.resolve()
    (tmp_path / "other").mkdir()
    assert find_root(tmp_path / "other") == tmp_path.resolve()
    (tmp_path / "other" / ".git").mkdir()
    with pytest.raises(WrongUsage):
        find_root(tmp_path / "other")


def test_environments_that_are_not_valid_are_not_declared() -> None:
    reader = MemoryReader({"environments/dev/environment.yaml": "spec: {}", "environments/bad/environment.yaml": "["})
    found = load_workspace(reader)
    assert set(found.environments) == {"dev"} and not found.declared
    assert [d.path for d in found.diagnostics] == ["environments/bad/environment.yaml"]
