"""One command as a whole process: wall, CPU, peak memory, and the AWS calls it made."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from releaser.sandbox import SandboxProcess


class Unexpected(Exception):
    """A measured command did not end as it should: its time would mean nothing."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What a command took. Seconds, MiB, calls by ``service.Operation``."""

    name: str
    wall: float
    cpu: float
    memory: float
    calls: Mapping[str, int] = field(default_factory=dict)

    @property
    def total_calls(self) -> int:
        return sum(self.calls.values())


def measure(
    name: str,
    command: Sequence[str],
    box: SandboxProcess,
    *,
    cwd: Path,
    env: Mapping[str, str],
    expect: Sequence[int] = (0,),
) -> Sample:
    """Run once. CPU and memory are those of the process and of the children it waited for."""
    box.admin.reset_calls()
    log = cwd.parent / "last.log"
    with log.open("wb") as out:
        started = time.monotonic()
        process = subprocess.Popen(command, cwd=cwd, env={**os.environ, **env}, stdout=out, stderr=out)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.monotonic() - started
    process.returncode = code = os.waitstatus_to_exitcode(status)
    if code not in expect:
        raise Unexpected(f"{name}: {' '.join(command)} ended with {code}:\n{log.read_text()[-2000:]}")
    found = Sample(name, wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, box.admin.calls())
    sys.stderr.write(
        f"  {name}: {found.wall:.2f} s, cpu {found.cpu:.2f} s, {found.memory:.0f} MiB, {found.total_calls} calls\n"
    )
    return found


def best(samples: Sequence[Sample]) -> Sample:
    """The fastest of several runs of one command: the machine's noise only ever adds."""
    return min(samples, key=lambda s: s.wall)


def floor(calls: Mapping[str, int], rates: Mapping[str, float]) -> float:
    """Seconds below which these calls cannot be made: the slowest operation at its rate, after a burst of a second."""
    return max((max(0.0, n - rates[op]) / rates[op] for op, n in calls.items() if rates.get(op)), default=0.0)
