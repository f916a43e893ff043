"""Small words the sandbox tests share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

MESSAGES = {"blockedInputMessaging": "no question", "blockedOutputsMessaging": "no answer"}


@contextmanager
def refused(code: str, status: int | None = None, saying: str = "") -> Iterator[None]:
    """The block must end in this AWS error."""
    with pytest.raises(ClientError) as caught:
        yield
    error = caught.value.response["Error"]
    assert error["Code"] == code, error
    assert saying in error["Message"], error
    if status is not None:
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


def body(response: dict[str, Any]) -> dict[str, Any]:
    """A reply without boto3's metadata."""
    return {name: value for name, value in response.items() if name != "ResponseMetadata"}


def text_prompt(text: str = "Hello {{name}}", **variant: Any) -> dict[str, Any]:
    """Arguments of a prompt with one text variant."""
    template = {"text": {"text": text, "inputVariables": [{"name": "name"}]}}
    first = {"name": "main", "templateType": "TEXT", "templateConfiguration": template, **variant}
    return {"variants": [first], "defaultVariant": "main"}


def all_pages(operation: Any, rows: str, token: str, size: str, per_page: int, **more: Any) -> list[Any]:
    """Every row, asked for page by page."""
    found: list[Any] = []
    page = operation(**{size: per_page}, **more)
    while True:
        assert len(page[rows]) <= per_page
        found += page[rows]
        if not page.get(token):
            return found
        page = operation(**{size: per_page, token: page[token]}, **more)
