"""A reply that lacks what it is about is no answer, for any kind: nothing is concluded from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from kinds.cases import KINDS
from kinds.estate import StillClock
from releaser.core.errors import AwsError, Failure
from releaser.core.kind import Kind
from releaser.engine.driver import Driver


class Silent:
    """AWS, every reply cut off: botocore makes an empty dict of it."""

    def call(self, service: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        return {}


@pytest.mark.parametrize("kind", KINDS, ids=lambda k: k.name)
def test_an_empty_reply_is_neither_a_list_nor_a_resource(kind: Kind) -> None:
    driver = Driver(Silent(), StillClock())
    with pytest.raises(AwsError) as listed:
        driver.rows(kind)
    with pytest.raises(AwsError) as read:
        driver.read(kind, "id")

    assert {listed.value.failure, read.value.failure} == {Failure.AMBIGUOUS}
