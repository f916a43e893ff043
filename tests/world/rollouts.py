"""A sandbox in which roll-outs take their time, and applications that read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from releaser import sandbox
from world.desk import Desk

CANARY = {"strategy": "canary-10-percent-20-minutes"}
_SCALE = 0.05


def slow_sandbox() -> Iterator[sandbox.SandboxProcess]:
    """A minute is three seconds."""
    with sandbox.running(time_scale=_SCALE) as process:
        yield process


def slow_desk(desk: Desk, box: sandbox.SandboxProcess) -> Desk:
    """The desk with its account in another sandbox."""
    return Desk(desk.zygote, box, desk.repo, desk.account)


def minutes(count: float) -> float:
    """So many minutes of a roll-out on the sandbox's clock."""
    return count * 60.0 * _SCALE


class Readers:
    """Applications that read the runtime document."""

    def __init__(self, desk: Desk, count: int) -> None:
        self.client = desk.client("appconfigdata")
        names = {
            "ApplicationIdentifier": "releaser-mail",
            "EnvironmentIdentifier": "live",
            "ConfigurationProfileIdentifier": "runtime",
        }
        self.tokens = [
            self.client.start_configuration_session(**names)["InitialConfigurationToken"] for _ in range(count)
        ]
        self.known: list[dict[str, Any]] = [{} for _ in range(count)]

    def releases(self) -> dict[str, int]:
        """Release -> how many readers have it."""
        found: dict[str, int] = {}
        for i, token in enumerate(self.tokens):
            reply = self.client.get_latest_configuration(ConfigurationToken=token)
            self.tokens[i] = reply["NextPollConfigurationToken"]
            content = reply["Configuration"].read()
            if content:
                self.known[i] = json.loads(content)
                # What releaser.runtime holds a document against.
                expected = f"{self.known[i]['release']}-{self.known[i]['digest'][7:15]}"
                assert reply.get("VersionLabel", expected) == expected
            release = self.known[i].get("release", "")
            found[release] = found.get(release, 0) + 1
        return found


def roll_out(desk: Desk) -> None:
    """A release from its start to its end."""
    desk.reconcile("--wait", "1s", ok=5)
    desk.admin.advance(minutes(31))
    desk.reconcile("--wait", "20s")
