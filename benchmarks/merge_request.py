"""What a merge request waits for: ``python -m benchmarks.merge_request [USE_CASES [TOUCHED]]`` (500 and 3 by default).

An estate that is live, on a sandbox with 60 ms latency and AWS's rates; a branch that changes some prompts. Times
``validate``, ``plan --affected`` and ``comment`` as whole processes. Ends with 1 when they take more than the limit.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from benchmarks import estate
from benchmarks.measure import Sample, measure
from benchmarks.ours import sandbox

LIMIT = 15.0
_RELEASER = (sys.executable, "-m", "releaser")
_JOBS = (
    ("validate", "validate", "--format", "gitlab", "--out", "gl-code-quality-report.json"),
    ("plan", "plan", "-e", "dev", "--affected", "--base", "main", "--reports", "reports"),
    ("comment", "comment", "--reports", "reports"),
)


def run(use_cases: int, touched: int) -> list[Sample]:
    """A sample of each job."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, sandbox(limited=False) as box:
        root = Path(folder, "repository")
        estate.write(root, use_cases, unlimited=True)
        env = box.env()
        measure("first apply", [*_RELEASER, "reconcile", "-e", "dev"], box, cwd=root, env=env)
        box.admin.clear_rates()
        estate.git(root, "checkout", "-q", "-b", "change")
        for number in range(touched):
            estate.change_one(root, number * use_cases // touched)
        return [measure(name, [*_RELEASER, *words], box, cwd=root, env=env) for name, *words in _JOBS]


def main(use_cases: int = 500, touched: int = 3) -> int:
    """Prints the sum against the limit."""
    samples = run(use_cases, touched)
    total = sum(s.wall for s in samples)
    parts = ", ".join(f"{s.name} {s.wall:.1f} s" for s in samples)
    print(f"{use_cases} use cases, {touched} touched: {parts}")
    print(f"together {total:.1f} s, {total / LIMIT:.0%} of {LIMIT:g} s")
    return 0 if total <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
