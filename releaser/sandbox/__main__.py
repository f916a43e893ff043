"""``python -m releaser.sandbox``: a sandbox in the foreground, without the rest of the command line."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from releaser.sandbox.process import CannotStart, Running, run
from releaser.sandbox.upstream import Upstream


def main() -> int:
    """Runs until stopped; prints one line when ready."""
    parser = argparse.ArgumentParser(prog="python -m releaser.sandbox")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--time-scale", type=float, default=1.0)
    parser.add_argument("--until-stdin-closes", action="store_true")
    parser.add_argument("--llm-url", default="")
    parser.add_argument("--llm-model", default="")
    options = parser.parse_args()
    upstream = Upstream(options.llm_url, options.llm_model) if options.llm_url else None
    try:
        run(options.port, options.data, options.time_scale, announce, options.until_stdin_closes, upstream)
    except CannotStart as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def announce(running: Running) -> None:
    """The one line that says it is ready."""
    sys.stdout.write(f"sandbox ready on {running.url} (data {running.data})\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
