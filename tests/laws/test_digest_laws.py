"""A release digest is one of content: layout, key order and comments do not count; every value does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from world.manifest import guardrail, use_case
from world.repository import LETTER

from releaser.store.workspace import load_workspace

MAIL = use_case(prompts=("answer", "plain"), guardrails={"main": guardrail(), "strict": guardrail("HIGH")})


class Files:
    """A repository in memory."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = {path: text.encode() for path, text in files.items()}

    def read(self, path: str) -> bytes | None:
        return self._files.get(path)

    def list(self, prefix: str) -> tuple[str, ...]:
        return tuple(sorted(p for p in self._files if p.startswith(prefix)))


def digest(document: Any, *, indent: int | None = 2, above: str = "", text: str = LETTER) -> str:
    prompts = {f"manifests/mail/prompts/{p}.md": text for p in document["spec"]["prompts"]}
    files = {"manifests/mail/manifest.yaml": above + json.dumps(document, indent=indent) + "\n", **prompts}
    return load_workspace(Files(files)).use_cases["mail"].digest


def shuffled(draw: st.DrawFn, value: Any) -> Any:
    if isinstance(value, dict):
        return {k: shuffled(draw, value[k]) for k in draw(st.permutations(sorted(value)))}
    return [shuffled(draw, v) for v in value] if isinstance(value, list) else value


@st.composite
def layouts(draw: st.DrawFn) -> tuple[Any, int | None, str]:
    return shuffled(draw, MAIL), draw(st.sampled_from([None, 0, 1, 4])), draw(st.sampled_from(["", "# note\n", "\n\n"]))


@settings(max_examples=40, deadline=None)
@given(layout=layouts())
def test_layout_does_not_count(layout: tuple[Any, int | None, str]) -> None:
    document, indent, above = layout
    assert digest(document, indent=indent, above=above) == digest(MAIL)


def leaves(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [p for k, v in value.items() for p in leaves(v, (*at, k))]
    if isinstance(value, list):
        return [p for i, v in enumerate(value) for p in leaves(v, (*at, i))]
    return [at]


IDENTITY = {("apiVersion",), ("kind",), ("metadata", "name")}
"""What a manifest cannot change and still be this use case's."""


@settings(max_examples=60, deadline=None)
@given(path=st.sampled_from([p for p in leaves(MAIL) if p not in IDENTITY and p[-1] != "file"]))
def test_every_value_counts(path: tuple[Any, ...]) -> None:
    changed = json.loads(json.dumps(MAIL))
    place = changed
    for part in path[:-1]:
        place = place[part]
    old = place[path[-1]]
    place[path[-1]] = not old if isinstance(old, bool) else old + 1 if isinstance(old, int | float) else f"{old}x"
    assert digest(changed) != digest(MAIL)


def test_files_count_by_their_bytes() -> None:
    """An auditor computes it with ``sha256sum``: nothing is normalised first."""
    assert digest(MAIL, text=LETTER + "x") != digest(MAIL)
    assert digest(MAIL, text=LETTER.rstrip("\n")) != digest(MAIL)
