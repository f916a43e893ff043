"""What a pin may say, and what it means."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releaser.core.pin import Pinned, Retire, check_pin, pinned_of, written

DIGEST = "ab" * 32


def pin(release: str = f"r12@sha256:{DIGEST}", name: str = "mail", **more: Any) -> dict[str, Any]:
    spec = {"release": release, **more}
    return {"apiVersion": "releaser.dev/v1", "kind": "Pin", "metadata": {"name": name}, "spec": spec}


def test_a_release_and_its_digest() -> None:
    assert pinned_of(pin()) == Pinned("mail", "r12", DIGEST)


def test_a_tombstone() -> None:
    assert pinned_of(pin("retired")) == Retire("mail")


@given(number=st.integers(1, 999_999_999), digest=st.binary(min_size=32, max_size=32))
def test_what_is_written_is_read(number: int, digest: bytes) -> None:
    found = pinned_of(pin(written(f"r{number}", digest.hex())))
    assert found == Pinned("mail", f"r{number}", digest.hex())


def test_a_time_is_the_same_for_every_reader() -> None:
    eight = datetime(2026, 12, 1, 8, tzinfo=UTC)
    for text in ("2026-12-01T08:00:00Z", "2026-12-01T09:00:00+01:00"):
        found = pinned_of(pin(notBefore=text))
        assert found.not_before == eight
        assert found.waits(datetime(2026, 12, 1, 7, 59, tzinfo=UTC)) and not found.waits(eight)


def test_a_waiver() -> None:
    waiver = {"owner": "claims@example.com", "until": "2026-12-08", "reason": "The live prompt leaks."}
    found = pinned_of(pin(waiver=waiver))
    assert isinstance(found, Pinned) and found.waiver is not None
    assert found.waiver.until == date(2026, 12, 8)


@pytest.mark.parametrize(
    ("document", "code", "path"),
    [
        (pin("r12"), "E205", ("spec", "release")),
        (pin(f"r0@sha256:{DIGEST}"), "E205", ("spec", "release")),
        (pin(f"r12@sha256:{DIGEST.upper()}"), "E205", ("spec", "release")),
        (pin(f"r12@sha256:{DIGEST}\n"), "E205", ("spec", "release")),
        (pin(notBefore="2026-12-01"), "E205", ("spec", "notBefore")),
        (pin(notBefore="2026-12-01T08:00:00"), "E205", ("spec", "notBefore")),
        (pin(notBefore="0001-01-01T00:00:00+14:00"), "E205", ("spec", "notBefore")),
        (pin(waiver={"owner": "x@example.com"}), "E202", ("spec", "waiver")),
        (pin(name="post"), "E209", ("metadata", "name")),
        (pin(relaese="r1"), "E201", ("spec", "relaese")),
    ],
)
def test_what_a_pin_may_not_say(document: dict[str, Any], code: str, path: tuple[str, ...]) -> None:
    assert (code, path) in [(p.code, p.path) for p in check_pin("mail", document)]
