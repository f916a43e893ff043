"""releaser on a generated estate."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import estate
from benchmarks.measure import Sample, best, floor, measure
from releaser.aws.budget import RATES, SERVICE_RATES, is_read
from releaser.sandbox import SandboxProcess, running

LATENCY = 0.06
REPEATS = 3
_RELEASER = (sys.executable, "-m", "releaser")


@dataclass(frozen=True, slots=True)
class Figures:
    """All samples of one estate."""

    use_cases: int
    limited: bool
    samples: tuple[Sample, ...]

    def get(self, name: str) -> Sample:
        return next(s for s in self.samples if s.name == name)

    def over_floor(self, name: str) -> float:
        """How many times the rate-limit floor a command took."""
        sample = self.get(name)
        lowest = floor(sample.calls, rates_of(sample.calls))
        return sample.wall / lowest if lowest else 0.0


def rates_of(calls: Mapping[str, int]) -> dict[str, float]:
    """The rate of each operation, as both the engine and the sandbox have it by default."""
    return {op: SERVICE_RATES.get(op, RATES["read" if is_read(op.split(".")[1]) else "write"]) for op in calls}


@contextmanager
def sandbox(*, limited: bool) -> Iterator[SandboxProcess]:
    """Real delays, 60 ms a call; with AWS's rates or with none."""
    with running(time_scale=1.0) as box:
        box.admin.set_latency(LATENCY)
        box.admin.set_quotas(prompts=2000)
        if not limited:
            box.admin.set_rates({"*": None})
        yield box


def run(use_cases: int, *, limited: bool, profiles: bool = True) -> Figures:
    """First apply, no-op plan, deep plan, one-change plan and apply, and that one change taken back at once."""
    sys.stderr.write(f"{use_cases} use cases, {'with' if limited else 'without'} rate limits\n")
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, sandbox(limited=limited) as box:
        root = Path(folder, "repository")
        estate.write(root, use_cases, profiles=profiles, unlimited=not limited)
        env = box.env()

        def once(name: str, *words: str, expect: tuple[int, ...] = (0,)) -> Sample:
            return measure(name, [*_RELEASER, *words], box, cwd=root, env=env, expect=expect)

        def repeated(name: str, *words: str, expect: tuple[int, ...] = (0,)) -> Sample:
            return best([once(name, *words, expect=expect) for _ in range(1 if limited else REPEATS)])

        samples = [once("first apply", "reconcile", "-e", "dev")]
        samples.append(repeated("no-op plan", "plan", "-e", "dev", "--detailed-exitcode"))
        samples.append(repeated("deep plan", "plan", "-e", "dev", "--deep", "--detailed-exitcode"))
        estate.change_one(root, use_cases // 2)
        samples.append(repeated("one-change plan", "plan", "-e", "dev", "--detailed-exitcode", expect=(2,)))
        samples.append(once("one-change apply", "reconcile", "-e", "dev"))
        back = ("rollback", estate.use_case(use_cases // 2), "-e", "dev", "--now", "--reason", "It is measured.")
        samples.append(once("rollback at once", *back))
    return Figures(use_cases, limited, tuple(samples))
