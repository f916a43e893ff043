"""A GitLab for each test, a clock that never waits, and our client with each kind of token."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import urllib3
from ci.merges import merges  # noqa: F401  (a fixture)
from stub import Gitlab, running
from tick import ApiMaker, Clock

from releaser.gitlab.api import Api
from releaser.gitlab.errors import Token


@pytest.fixture
def gitlab() -> Iterator[Gitlab]:
    with running() as found:
        found.state.token("glpat-writes", "api", "releaser-bot")
        found.state.token("glpat-reads", "read_api", "auditor")
        found.state.token("job-1", "job", "dana")
        yield found


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def new_api(gitlab: Gitlab, clock: Clock) -> ApiMaker:
    """Makes clients: with the token that may write, unless another one is named."""

    def make(token: str = "glpat-writes", project: int | str = 12, kind: str = "private") -> Api:
        pool = urllib3.PoolManager(num_pools=1)
        return Api(gitlab.api, Token(kind, token), project, clock, pool, spread=lambda: 1.0)  # type: ignore[arg-type]

    return make


@pytest.fixture
def api(new_api: ApiMaker) -> Api:
    return new_api()
