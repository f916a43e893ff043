"""Editing a pin: what is not the release stays, byte for byte."""

from __future__ import annotations

import difflib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releaser.core.document import Document
from releaser.core.errors import ReleaserError
from releaser.store.pin_edit import path_of, repinned
from releaser.store.yaml import load

OLD, NEW = "r11@sha256:" + "a" * 64, "r12@sha256:" + "b" * 64
PIN = f"""\
# yaml-language-server: $schema=../../../schemas/pin.v1.json
apiVersion: releaser.dev/v1
kind: Pin      # the one that prod has
metadata: {{name: claims-assistant}}

spec:
    # agreed with the claims desk
    release: {OLD}  # was r10 in spring
"""


def data(text: str) -> object:
    found = load(text, "pin.yaml")
    assert isinstance(found, Document), found
    return found.data


def changed(before: str, after: str) -> tuple[list[str], list[str]]:
    rows = list(difflib.ndiff(before.split("\n"), after.split("\n")))
    return [r[2:] for r in rows if r.startswith("- ")], [r[2:] for r in rows if r.startswith("+ ")]


def test_one_line_changes_and_keeps_its_comment() -> None:
    after = repinned(PIN, "prod", "claims-assistant", NEW)
    assert changed(PIN, after) == (
        [f"    release: {OLD}  # was r10 in spring"],
        [f"    release: {NEW}  # was r10 in spring"],
    )


def test_a_new_pin_is_whole_and_names_its_schema() -> None:
    text = repinned(None, "prod", "claims-assistant", NEW)
    assert text.startswith("# yaml-language-server: $schema=../../../schemas/pin.v1.json\napiVersion")
    assert data(text) == {
        "apiVersion": "releaser.dev/v1",
        "kind": "Pin",
        "metadata": {"name": "claims-assistant"},
        "spec": {"release": NEW},
    }


@pytest.mark.parametrize(
    "more",
    [
        "    waiver: {owner: a@example.com, until: '2026-12-08', reason: The prompt leaks.}\n",
        "    waiver:\n      owner: a@example.com\n      until: 2026-12-08\n      reason: |\n        It\n        is.\n",
        "    notBefore: 2026-12-01T08:00:00Z\n    waiver: {owner: a@example.com,\n      until: 2026-12-08}\n",
    ],
)
def test_what_was_said_of_the_release_before_goes_with_it(more: str) -> None:
    tail = "    # the last word\n"
    after = repinned(PIN + more + tail, "prod", "claims-assistant", NEW)
    assert after == repinned(PIN, "prod", "claims-assistant", NEW) + tail


def test_a_waiver_stands_on_one_line_and_goes_again() -> None:
    waiver = {"owner": "a@example.com", "until": "2026-12-08", "reason": 'It "leaks": {a} # now'}
    after = repinned(PIN, "prod", "claims-assistant", NEW, waiver)
    gone, come = changed(PIN, after)
    assert len(gone) == 1 and len(come) == 2
    assert data(after)["spec"] == {"release": NEW, "waiver": waiver}  # type: ignore[index]
    assert repinned(after, "prod", "claims-assistant", OLD) == PIN


@pytest.mark.parametrize("text", ["", "spec: [", "spec: {}\n", "kind: Pin\nspec:\n  release: [a]\n"])
def test_what_cannot_be_edited_is_refused_with_the_line_to_write(text: str) -> None:
    with pytest.raises(ReleaserError, match="cannot be edited") as caught:
        repinned(text, "prod", "claims-assistant", NEW)
    assert NEW in caught.value.hint


def test_a_flow_mapping_is_edited_too() -> None:
    text = f"spec: {{release: {OLD}}} # all on one line\n"
    assert repinned(text, "prod", "x", "retired") == "spec: {release: retired} # all on one line\n"


@given(st.text(max_size=80))
def test_no_name_leads_elsewhere(name: str) -> None:
    try:
        path = path_of("prod", name)
    except ValueError:
        return
    assert path.count("/") == 3 and ".." not in path and path.isascii()
