"""Counts and notes every call: which operation, how long, which request id; never what was sent."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from typing import Any

from releaser.engine.ports import Aws


class Audited:
    """``Aws`` with a tally by ``service.operation`` and the last request ids of each thread."""

    def __init__(self, inner: Aws) -> None:
        self._inner = inner
        self._lock = threading.Lock()
        self._local = threading.local()
        self.calls: Counter[str] = Counter()

    def call(self, service: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        with self._lock:
            self.calls[f"{service}.{operation}"] += 1
        reply = self._inner.call(service, operation, params)
        request_id = reply.get("ResponseMetadata", {}).get("RequestId")
        if request_id:
            self._seen().append(str(request_id))
        return reply

    def take_request_ids(self) -> tuple[str, ...]:
        """The request ids that this thread saw since it last asked."""
        seen = self._seen()
        found = tuple(seen)
        seen.clear()
        return found

    def _seen(self) -> list[str]:
        if not hasattr(self._local, "ids"):
            self._local.ids = []
        ids: list[str] = self._local.ids
        return ids
