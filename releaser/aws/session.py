"""A connection to one account and region, with the caller's identity checked before anything else."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from random import random

from releaser.aws.audit import Audited
from releaser.aws.budget import Patient
from releaser.aws.client import BotoAws, Credentials
from releaser.aws.readonly import ReadOnly
from releaser.aws.runtime import SpeakingOnly
from releaser.core.errors import Refused
from releaser.engine.ports import Aws, Runtime


class SystemClock:
    """The machine's time."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


@dataclass(frozen=True, slots=True)
class Connection:
    """AWS as the engine uses it, and the tally of what was called."""

    aws: Aws
    tally: Audited
    caller: str
    runtime: Runtime
    """What applications call, with the same credentials; nothing managed can be changed by it."""


def connect(
    account: str,
    region: str,
    role: str | None,
    *,
    session_name: str,
    rates: Mapping[str, float] | None = None,
    connections: int = 32,
    read_only: bool,
) -> Connection:
    """Credentials of the environment, or of the target's role when they belong to another account.

    Raises Refused when the account reached is not the one declared.
    """
    clock = SystemClock()
    boto = BotoAws(region, connections=connections)
    tally = Audited(boto)
    aws = Patient(tally, clock, rates=rates, jitter=random)
    caller = aws.call("sts", "GetCallerIdentity", {})
    if caller["Account"] != account and role is not None:
        request = {"RoleArn": role, "RoleSessionName": session_name}
        keys = aws.call("sts", "AssumeRole", request)["Credentials"]
        temporary = Credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
        boto = BotoAws(region, connections=connections, credentials=temporary)
        tally = Audited(boto)
        aws = Patient(tally, clock, rates=rates, jitter=random)
        caller = aws.call("sts", "GetCallerIdentity", {})
    if caller["Account"] != account:
        raise Refused(
            f"these credentials belong to account {caller['Account']}, the environment declares {account}",
            code="P141",
            hint="use credentials of that account, or give the target a role in it",
        )
    return Connection(ReadOnly(aws) if read_only else aws, tally, str(caller["Arn"]), SpeakingOnly(boto))
