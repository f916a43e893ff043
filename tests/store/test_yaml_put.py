"""One member more or less: comments and layout stay."""

from __future__ import annotations

from pathlib import Path

import pytest

from releaser.core.document import Document
from releaser.store.yaml import load
from releaser.store.yaml_write import drop, put

TEXT = """# the top
spec:
  targets:  # where
    - name: main
      account: "1"
  bindings:
    a: one  # said of a
    # said of b
    b: two  # the end

  # said of what follows
  workers: 3
"""


def data(text: str) -> object:
    found = load(text, "x")
    assert isinstance(found, Document)
    return found.data


def test_a_member_is_added_after_the_last() -> None:
    added = put(TEXT, ("spec", "bindings"), "c", "arn:aws:s3:::x")
    assert added == TEXT.replace("# the end\n", '# the end\n    c: "arn:aws:s3:::x"\n')


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("spec:\n  workers: 3\n", "spec:\n  workers: 3\n  bindings:\n    c: x\n"),
        ("spec: {bindings: {a: b}} # c\n", "spec: {bindings: {a: b, c: x}} # c\n"),
        ("spec:\n  bindings: {}\n", "spec:\n  bindings: {c: x}\n"),
        ("spec:\n  targets: [{a: b}]", "spec:\n  targets: [{a: b}]\n  bindings:\n    c: x"),
        ('{"spec": {"bindings": {"a": "b"}}}\n', '{"spec": {"bindings": {"a": "b", c: x}}}\n'),
    ],
)
def test_a_mapping_is_made_where_there_is_none(text: str, expected: str) -> None:
    assert put(text, ("spec", "bindings"), "c", "x") == expected


def test_what_is_there_is_not_added_twice() -> None:
    with pytest.raises(ValueError, match="already"):
        put(TEXT, ("spec", "bindings"), "a", "x")


def test_a_line_is_dropped() -> None:
    assert drop(TEXT, ("spec", "workers")) == TEXT.replace("  workers: 3\n", "")
    with pytest.raises(ValueError, match="one line"):
        drop(TEXT, ("spec", "bindings"))


def test_every_environment_of_the_examples_takes_a_binding() -> None:
    for path in (Path(__file__).resolve().parents[2] / "environments").glob("*/environment.yaml"):
        text = path.read_text(encoding="utf-8")
        added = put(text, ("spec", "bindings"), "another", "x")
        assert set(text.splitlines()) - set(added.splitlines()) == set()
