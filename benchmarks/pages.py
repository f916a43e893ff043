"""The history pages of a large estate: ``python -m benchmarks.pages [USE_CASES RELEASES]`` (100 and 50 by default, in
three environments). Prints how long the pages took, not how long the history did."""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from benchmarks import history
from releaser.pipeline.site_build import build
from releaser.wiring import repository


def main() -> None:
    """Measure once."""
    use_cases, releases = (int(n) for n in sys.argv[1:3] or (100, 50))
    with tempfile.TemporaryDirectory(prefix="pages-") as folder:
        root = Path(folder, "repository")
        history.write(root, use_cases, releases)
        begin, before = time.perf_counter(), _cpu()
        made = build(repository(root), Path(folder, "site"), title="Releases", as_of=date(2027, 1, 15))
        wall, cpu = time.perf_counter() - begin, _cpu() - before
    said = f"{use_cases} use cases with {releases} releases each"
    print(f"{made.pages:,} pages of {said} in {wall:.1f} s ({cpu:.1f} s of CPU)")


def _cpu() -> float:
    """Of this process and of those that ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


if __name__ == "__main__":
    main()
