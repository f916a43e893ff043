"""The YAML door: what it reads, what it refuses, how long it takes, and edits of one line."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from releaser.core.document import Document
from releaser.store import yaml
from releaser.store.yaml_write import dump, splice


def data(text: str) -> Any:
    found = yaml.load(text, "f.yaml")
    assert isinstance(found, Document), found
    return found.data


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("yes", "yes"), ("no", "no"), ("on", "on"), ("true", True), ("False", False), ("null", None), ("~", None),
        ("", None), ("012", 12), ("0o14", 12), ("0x1F", 31), ("1_000", "1_000"), ("1:30", "1:30"), ("-7", -7),
        ("+.5", 0.5), ("1.", 1.0), ("1e3", 1000.0), ("1.5.1", "1.5.1"), ("2026-11-22", "2026-11-22"), ("'1'", "1"),
        ('"a\\tb"', "a\tb"), ("é ü", "é ü"), ("!", ""),
    ],
)  # fmt: skip
def test_the_core_schema(written: str, value: Any) -> None:
    assert data(f"a: {written}") == {"a": value}


def test_bytes_with_a_mark_and_windows_line_ends() -> None:
    found = yaml.load(b"\xef\xbb\xbfa: 1\r\nb:\r\n  - c\r\n", "f.yaml")
    assert isinstance(found, Document)
    assert found.data == {"a": 1, "b": ["c"]}
    assert found.locate(("b", 0)).line == 3


def test_positions_of_keys_and_values() -> None:
    found = yaml.load("a: 1\nbc:\n  - {d: é, e: [x, yz]}\n  - |\n    text\n", "f.yaml")
    assert isinstance(found, Document)
    at = found.locate
    assert (at(("a",)).line, at(("a",)).column, at(("a",)).end_column) == (1, 4, 5)
    assert (at(("a",), key=True).column, at(("a",), key=True).end_column) == (1, 2)
    assert (at(("bc", 0, "e", 1)).line, at(("bc", 0, "e", 1)).column) == (3, 19)
    assert at(("bc",)).line == 2
    assert at(("bc", 1)).line == 4
    assert at(("bc", 0, "nothing", 3)).line == 3
    assert at(("nowhere",)).line == 1


HOSTILE: dict[str, tuple[bytes, str]] = {
    "brackets": (b"[" * 500_000, "E105"),
    "braces": (b"{a: " * 200_000, "E105"),
    "dashes": (b"- " * 300_000, "E105"),
    "questions": (b"? " * 300_000, "E105"),
    "mixed": (b"? - " * 200_000, "E105"),
    "indents": ("\n".join(" " * i + "a:" for i in range(1400)).encode(), "E105"),
    "itself": (b"a: &a [*a]", "E105"),
    "a list as key": (b"? [a]\n: b", "E109"),
    "wide block": (b"- a\n" * 260_000, "E106"),
    "wide flow": (b"[" + b"a," * 500_000 + b"]", "E106"),
    "empty keys": (b"?\n" * 300_000, "E106"),
    "one tag": (b"!" * 900_000, "E107"),
    "one long key": (b"a" * 500_000 + b": b", "E101"),
    "many directives": (b"%" * 900_000, "E101"),
    "anchors": (b"&" * 900_000, "E101"),
    "stars": (b"*a " * 300_000, "E101"),
    "too large": (b"a: " + b"x" * 2_000_000, "E104"),
    "zero": (b"a: \x00", "E112"),
    "escape sequence": (b"a: \x1b[31m", "E112"),
    "half a character": (b"a: \xe2\x82", "E103"),
    "surrogate": (b"a: \xed\xa0\x80", "E103"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_cost_little_and_say_why(name: str) -> None:
    content, code = HOSTILE[name]
    start = time.process_time()
    found = yaml.load(content, "f.yaml")
    assert time.process_time() - start < 2
    assert not isinstance(found, Document)
    assert code in {d.code for d in found}, found
    assert all(len(d.message) < 300 for d in found)


def test_everything_wrong_in_the_data_at_once() -> None:
    found = yaml.load("a: 1\nb: {c: 1, c: 2}\na: 3\nd: !x y\n1: 2\n<<: {e: f}\ng: 1e999\n", "f.yaml")
    assert not isinstance(found, Document)
    assert [(d.code, d.line) for d in found] == [
        ("E102", 2), ("E102", 3), ("E107", 4), ("E109", 5), ("E114", 6), ("E113", 7),
    ]  # fmt: skip


@given(st.text(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_text_gives_a_document_or_diagnostics(text: str) -> None:
    found = yaml.load(text, "f.yaml")
    assert isinstance(found, Document) or all(d.code.startswith("E1") for d in found)


@given(st.binary(max_size=200))
@settings(max_examples=100, deadline=None)
def test_any_bytes_too(content: bytes) -> None:
    found = yaml.load(content, "f.yaml")
    assert isinstance(found, Document) or found


_WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp"), exclude_characters="\ufeff\ufffe\uffff"),
    max_size=12,
)
_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | _WORDS
    | st.floats(allow_nan=False, allow_infinity=False)
)
_VALUES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_WORDS, inner, max_size=4), max_leaves=20
)
_DOCUMENTS = st.dictionaries(_WORDS, _VALUES, min_size=1, max_size=5)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from value
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


@given(_DOCUMENTS)
@settings(max_examples=150, deadline=None)
def test_agrees_with_ruamel_on_what_ruamel_writes(value: dict[str, Any]) -> None:
    # libyaml refuses some plain texts with : or ? that YAML 1.2 allows; ruamel writes them.
    assume(not any(set(":?") & set(text) for text in _texts(value)))
    out = io.StringIO()
    writer = YAML(typ="safe", pure=True)
    writer.allow_unicode = True
    writer.width = 100_000  # it would fold keys, which YAML does not allow
    writer.dump(value, out)
    reader = YAML(typ="safe", pure=True)
    assert data(out.getvalue()) == reader.load(out.getvalue())


@given(_DOCUMENTS)
@settings(max_examples=150, deadline=None)
def test_what_dump_writes_loads_as_the_same(value: dict[str, Any]) -> None:
    assert data(dump(value)) == value


def test_splice_changes_one_line_and_keeps_comments() -> None:
    text = "# pins\nrelease: r12@sha256:abc  # promoted in May\nother: {a: 'x', b: [1, \"two\"]}\n"
    assert splice(text, ("release",), "r13@sha256:def") == text.replace("r12@sha256:abc", "r13@sha256:def")
    assert splice(text, ("other", "a"), "it's") == text.replace("'x'", "'it''s'")
    assert splice(text, ("other", "b", 1), 'a "b"') == text.replace('"two"', '"a \\"b\\""')
    assert splice(text, ("other", "b", 0), None) == text.replace("[1,", "[null,")


@given(_WORDS, st.sampled_from([("a",), ("b", "c"), ("b", "d", 1)]))
@settings(max_examples=100, deadline=None)
def test_splice_any_text(word: str, path: tuple[str | int, ...]) -> None:
    text = "a: x # one\nb: {c: 'y', d: [1, \"z\"]} # two\n"
    changed = splice(text, path, word)
    found = data(changed)
    for part in path:
        found = found[part]
    assert found == word
    assert changed.count("\n") == 2 and changed.count("#") >= 2


@pytest.mark.parametrize(
    ("text", "path", "error"),
    [
        ("a: 1", ("b",), KeyError),
        ("a: [1]", ("a", 7), KeyError),
        ("a: {b: 1}", ("a",), ValueError),
        ("a: |\n  x\n", ("a",), ValueError),
        ("a: &x 1\nb: *x\n", ("a",), ValueError),
        ("a: [", ("a",), ValueError),
    ],
)
def test_splice_refuses(text: str, path: tuple[str | int, ...], error: type[Exception]) -> None:
    with pytest.raises(error):
        splice(text, path, "new")


def test_the_pure_parser_finds_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "a: [1, {b: 'x'}]\nc: |\n  d\n"
    fast = yaml.load(text, "f.yaml")
    monkeypatch.setattr(yaml, "_Parser", yaml._Pure)
    slow = yaml.load(text, "f.yaml")
    assert isinstance(fast, Document) and isinstance(slow, Document)
    assert fast.data == slow.data
    assert fast.locate(("a", 1, "b")) == slow.locate(("a", 1, "b"))
    assert [d.code for d in yaml.load("a: 1\na: 2", "f.yaml")] == ["E102"]  # type: ignore[union-attr]
    assert not isinstance(yaml.load("[" * 3000, "f.yaml"), Document)
