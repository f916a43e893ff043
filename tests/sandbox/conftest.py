"""One sandbox per session; tests keep apart by account."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from releaser import sandbox

_ACCOUNTS = itertools.count(1)


@pytest.fixture(scope="session")
def box() -> Iterator[sandbox.SandboxProcess]:
    """A sandbox without delays and rate limits."""
    with sandbox.running(time_scale=0) as process:
        yield process


@pytest.fixture(scope="session")
def paced() -> Iterator[sandbox.SandboxProcess]:
    """A sandbox with AWS's delays and no rate limits; its clock is advanced by tests."""
    with sandbox.running(time_scale=1) as process:
        process.admin.set_rates({"*": None})
        yield process


@pytest.fixture
def account() -> str:
    """An account nobody else uses."""
    return f"{os.getpid() % 1_000_000:06d}{next(_ACCOUNTS):06d}"


Client = Callable[..., Any]


@pytest.fixture
def client(box: sandbox.SandboxProcess, account: str) -> Client:
    """boto3 clients of the instant sandbox in the test's own account."""
    return lambda service, **more: box.client(service, account, **more)


@pytest.fixture
def slow(paced: sandbox.SandboxProcess, account: str) -> Client:
    """boto3 clients of the paced sandbox in the test's own account."""
    return lambda service, **more: paced.client(service, account, **more)
