"""Laws of what was reviewed: the hidden line survives, nothing else is read as one, and more reviews never harm."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from releaser.core.reviewed import Reviewed, compare, line, marker, reviewed_in

DIGESTS = st.integers(0, 5).map(lambda n: f"{n:x}" * 64)
NAMES = st.from_regex(r"[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,5}){0,2}", fullmatch=True)
FOUND = st.builds(Reviewed, st.sampled_from(["", "a" * 40, "b" * 64]), st.dictionaries(NAMES, DIGESTS, max_size=5))
SHOWN = st.lists(st.tuples(st.sampled_from(["!1", "!2", "!3"]), DIGESTS), max_size=5)
HOSTILE = st.text(st.sampled_from('<!-->releaser:viwd {}"\\,[]0a\n\r\u2028'), max_size=60)


@given(FOUND, HOSTILE)
def test_what_is_printed_is_read(found: Reviewed, rest: str) -> None:
    text = line(found)
    assert reviewed_in(f"{marker('dev')}\n{text}\n{rest}", "dev") == found
    assert reviewed_in(f"{marker('dev')}\r\n{text}\r\n{rest}", "dev") == found
    assert "\n" not in text and text.count("-->") == 1 and text.endswith("-->")


@given(FOUND)
def test_it_counts_at_its_place_and_for_its_environment_only(found: Reviewed) -> None:
    text = line(found)
    for body in (text, f"x{marker('dev')}\n{text}", f"{marker('dev')}\n\n{text}", f"{marker('dev')}\n{text} x"):
        assert reviewed_in(body, "dev") is None
    assert reviewed_in(f"{marker('prod')}\n{text}", "dev") is None


@given(st.dictionaries(st.text(max_size=12), st.text(max_size=12) | st.integers() | st.none(), min_size=1), HOSTILE)
def test_no_name_and_no_text_ends_the_comment(digests: dict[str, str], head: str) -> None:
    """Whatever stands in it, the line has one end; and it is not read back when it is not plain."""
    text = line(Reviewed(head, digests))
    assert text.count("-->") == 1 and "\n" not in text and "--" not in text[4:-3].replace("-->", "")
    read = reviewed_in(f"{marker('dev')}\n{text}", "dev")
    assert read is None or read == Reviewed(head, digests)


@given(HOSTILE, HOSTILE)
def test_what_is_not_plain_is_nothing(inside: str, after: str) -> None:
    found = reviewed_in(f"{marker('dev')}\n<!-- releaser:reviewed {inside} -->{after}", "dev")
    assert found is None


def test_a_name_that_stands_twice_and_depth_are_nothing() -> None:
    twice = f'{{"head":"","useCases":{{"mail":"{"a" * 64}","mail":"{"b" * 64}"}}}}'
    for inside in (twice, "[" * 100_000, '{"head":"","useCases":{},"more":1}', '{"head":1,"useCases":{}}'):
        assert reviewed_in(f"{marker('dev')}\n<!-- releaser:reviewed {inside} -->", "dev") is None


@given(DIGESTS, SHOWN, st.tuples(st.just("!9"), DIGESTS))
def test_another_review_of_the_same_change_never_harms(
    digest: str, shown: list[tuple[str, str]], one: tuple[str, str]
) -> None:
    before, after = compare(digest, shown), compare(digest, [*shown, one])
    assert (before.state == "same") <= (after.state == "same")
    assert (before.state == "unknown") == (not shown)
    assert (after.state == "same") == any(seen == digest for _, seen in [*shown, one])
