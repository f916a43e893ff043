"""Pages are written whole or not at all, and nobody else's file is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from releaser.core.errors import Refused, ReleaserError
from releaser.store.page_folder import pages


def write(place: Path, *names: str) -> None:
    with pages(place) as folder:
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(name)


def there(place: Path) -> set[str]:
    return {p.relative_to(place).as_posix() for p in place.rglob("*") if p.is_file() and not p.name.startswith(".")}


def test_a_new_a_free_and_our_own_folder_are_filled(tmp_path: Path) -> None:
    write(tmp_path / "deep" / "new", "index.html", "a/r1.html")
    assert there(tmp_path / "deep" / "new") == {"index.html", "a/r1.html"}
    (tmp_path / "free").mkdir()
    write(tmp_path / "free", "index.html")
    write(tmp_path / "free", "other.html")
    assert there(tmp_path / "free") == {"other.html"}
    assert {p.name for p in tmp_path.iterdir()} == {"deep", "free"}


def test_what_is_not_ours_is_left_as_it_is(tmp_path: Path) -> None:
    place = tmp_path / "site"
    write(place, "index.html")
    (place / "letter.txt").write_text("mine")
    with pytest.raises(Refused, match=r"letter\.txt"):
        write(place, "index.html")
    assert there(place) == {"index.html", "letter.txt"}
    other = tmp_path / "work"
    other.mkdir()
    (other / "work.txt").write_text("mine")
    with pytest.raises(Refused):
        write(other, "index.html")
    (tmp_path / "file").write_text("mine")
    with pytest.raises(Refused):
        write(tmp_path / "file", "index.html")
    (tmp_path / "link").symlink_to(place)
    with pytest.raises(Refused):
        write(tmp_path / "link", "index.html")
    assert {p.name for p in tmp_path.iterdir()} == {"site", "work", "file", "link"}


def test_a_mark_that_somebody_wrote_claims_nothing_more_than_it_names(tmp_path: Path) -> None:
    place = tmp_path / "site"
    place.mkdir()
    (place / "a.txt").write_text("mine")
    begin = '{"format": "releaser.site/v1", "files": '
    for text in ("{}", "[", f"{begin}7}}", f"{begin}[]}}"):
        (place / ".releaser-site.json").write_text(text)
        with pytest.raises(Refused):
            write(place, "index.html")
    assert (place / "a.txt").read_text() == "mine"


def test_a_run_that_fails_changes_nothing(tmp_path: Path) -> None:
    place = tmp_path / "site"
    write(place, "index.html")
    with pytest.raises(ZeroDivisionError), pages(place) as folder:
        (folder / "index.html").write_text("half")
        raise ZeroDivisionError
    with pytest.raises(ReleaserError), pages(place) as folder:
        raise OSError(28, "No space left on device")
    assert (place / "index.html").read_text() == "index.html"
    assert [p.name for p in tmp_path.iterdir()] == ["site"]


def test_a_move_that_fails_brings_the_old_one_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "site"
    write(place, "index.html")
    rename = Path.rename

    def refuse(self: Path, target: Path) -> Path:
        if self.name.endswith(".partial"):
            raise OSError(13, "Permission denied")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(ReleaserError, match="Permission"):
        write(place, "other.html")
    assert there(place) == {"index.html"}
    assert [p.name for p in tmp_path.iterdir()] == ["site"]
