"""What a change touches is told by what is desired, on both sides."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from releaser.core.affected import Resolved, affected, gone

NAMES = st.sampled_from(["a", "b", "c", "d"])
DIGESTS = st.sampled_from(["1", "2"])
RESOLVED = st.builds(
    Resolved,
    release=DIGESTS,
    stamps=st.dictionaries(st.sampled_from(["x/prompt/p", "x/flow/f"]), DIGESTS),
    place=DIGESTS,
    problem=st.sampled_from(["", "E301"]),
)
SIDES = st.dictionaries(NAMES, RESOLVED)


@given(SIDES, SIDES)
def test_exactly_what_differs_is_touched(before: dict[str, Resolved], after: dict[str, Resolved]) -> None:
    differs = {name for name, now in after.items() if before.get(name) != now}
    found = affected(before, after)
    assert set(found) == differs
    assert all(found.values())
    assert gone(before, after) == tuple(sorted(set(before) - set(after)))
    assert not affected(after, after)


@given(SIDES, NAMES)
def test_a_change_of_one_touches_no_other(sides: dict[str, Resolved], name: str) -> None:
    if name in sides:
        changed = {**sides, name: replace(sides[name], release=sides[name].release + "!")}
        assert affected(sides, changed) == {name: "its content"}
