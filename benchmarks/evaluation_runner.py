"""A suite against a slow target: ``python -m benchmarks.evaluation_runner [CASES] [CEILING] [--over process|http]``.

2,000 cases and a ceiling of 50 by default. The target answers after 300 ms and throttles what comes while 50 calls
run. Over ``http`` it is ConverseStream of a sandbox in a process of its own, called through boto3. Responses and
checkpoint are on the disk. Prints the time against the ideal, the peak of memory (the sandbox's aside), and how long
it takes to go on when all is done already.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from releaser import sandbox
from releaser.aws.client import BotoAws
from releaser.aws.runtime import SpeakingOnly
from releaser.aws.session import SystemClock
from releaser.core.evaluation.case import Case
from releaser.core.evaluation.response import Failure, Response, Timing, Usage
from releaser.gates.evaluation.asker import Calls
from releaser.gates.evaluation.checkpoint import Checkpoint
from releaser.gates.evaluation.limiter import Limiter
from releaser.gates.evaluation.ports import Answer, Refusal, Request, Target
from releaser.gates.evaluation.runner import Ran, Spec, run_suite
from releaser.gates.evaluation.targets.prompt import Converses
from releaser.store.responses import ResponseFolder

LATENCY, PARALLEL = 0.3, 50
MODEL = "amazon.nova-lite-v1:0"


class Slow:
    """Answers after ``LATENCY`` seconds, ``PARALLEL`` calls at once."""

    def __init__(self) -> None:
        self._free = threading.BoundedSemaphore(PARALLEL)

    def request(self, case: Case) -> Request:
        """The case's text."""
        return Request("111111111111/eu-central-1/slow", "Converse", {"model": "slow", "text": case.input})

    def ask(self, request: Request) -> Answer:
        """A kilobyte of text, or a throttle."""
        if not self._free.acquire(blocking=False):
            raise Refusal(Failure(trouble="throttled"))
        try:
            began = time.monotonic()
            time.sleep(LATENCY)
            text = f"{request.content['text']} " * 40
            took = (time.monotonic() - began) * 1000
            return Answer(
                Response(text=text, usage=Usage(input_tokens=300, output_tokens=200)), Timing(last_token=took)
            )
        finally:
            self._free.release()


@contextmanager
def over_http(ceiling: int) -> Iterator[Target]:
    """A model of a sandbox that is as slow and takes as many calls at once."""
    with sandbox.running(time_scale=1) as box:
        box.admin.set_rates({"*": None})
        box.admin.set_model_pace(LATENCY, 0)
        box.admin.set_model_parallel(PARALLEL)
        os.environ.update(box.env())
        runtime = SpeakingOnly(BotoAws("eu-central-1", connections=ceiling))
        yield Converses(runtime, f"111111111111/eu-central-1/{MODEL}", MODEL, {"modelId": MODEL}, plain=True)


@contextmanager
def in_process(ceiling: int) -> Iterator[Target]:
    """A target without a socket."""
    yield Slow()


def run(folder: Path, target: Target, cases: int, ceiling: int) -> Ran:
    """One run, or what is left of it."""
    clock = SystemClock()
    calls = Calls(ResponseFolder(folder / "responses"), Limiter(clock, ceiling=ceiling), clock)
    asked = tuple(Case(id=f"case-{n:05d}", input=f"question {n}", digest=f"{n:064x}") for n in range(cases))
    spec = Spec(
        suite="speed",
        run="run",
        cases=asked,
        want_timing=True,
        scorers={"length": lambda case, response: float(len(response.text))},
    )
    with Checkpoint(folder / "checkpoint.jsonl", "speed") as log:
        return run_suite(spec, target, calls, log=log)


def main() -> None:
    """Runs it twice."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.evaluation_runner")
    parser.add_argument("cases", type=int, nargs="?", default=2000)
    parser.add_argument("ceiling", type=int, nargs="?", default=50)
    parser.add_argument("--over", choices=["process", "http"], default="process")
    asked = parser.parse_args()
    ideal = asked.cases * LATENCY / PARALLEL
    reached = over_http if asked.over == "http" else in_process
    with tempfile.TemporaryDirectory() as folder, reached(asked.ceiling) as target:
        for what in ("from nothing", "all done before"):
            began = time.monotonic()
            ran = run(Path(folder), target, asked.cases, asked.ceiling)
            took = time.monotonic() - began
            errors = sum(o.trouble is not None for o in ran.observations)
            print(f"{what}: {took:.1f} s (ideal {ideal:.1f} s: {took / ideal:.0%}), {ran.calls} calls,")
            print(f"  {ran.throttles} throttles, {ran.retries} retries, {ran.reused} reused, {errors} errors")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    cpu = resource.getrusage(resource.RUSAGE_SELF)
    print(f"peak {memory:.0f} MiB, cpu {cpu.ru_utime + cpu.ru_stime:.1f} s")


if __name__ == "__main__":
    main()
