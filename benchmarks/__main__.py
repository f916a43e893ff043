"""``make bench``: print the figures as Markdown; ``--write FILE`` puts them into a document.

BENCH_SIZES (default 10,100,500) chooses the estates, BENCH_LIMITED (default the same) those that also run with AWS's
rate limits; empty: none.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from benchmarks import ours, terraform
from benchmarks.ours import Figures

_MARK = "<!-- figures: written by make bench -->\n"


def main() -> None:
    """Run everything and print."""
    sizes = _sizes("BENCH_SIZES", "10,100,500")
    with_limits = _sizes("BENCH_LIMITED", ",".join(map(str, sizes)))
    lines = [f"Machine: {os.cpu_count()} cores, Python {sys.version.split()[0]}, 60 ms latency a call.", ""]
    if sizes:
        free = [ours.run(n, limited=False) for n in sizes]
        lines += ["### Without rate limits", "", *_table(free), ""]
    if with_limits:
        limited = [ours.run(n, limited=True) for n in with_limits]
        lines += ["### With AWS's rate limits", "", *_table(limited), "", *_floors(limited), ""]
    if terraform.available():
        lines += ["### Beside Terraform, without rate limits", "", *_beside()]
    else:
        lines += ["Terraform was not measured: it needs terraform on PATH and TF_PLUGIN_DIR."]
    _put("\n".join(lines).rstrip() + "\n")


def _sizes(variable: str, default: str) -> list[int]:
    return [int(n) for n in os.environ.get(variable, default).split(",") if n]


def _table(figures: list[Figures]) -> list[str]:
    rows = ["| use cases | command | wall s | CPU s | peak MiB | calls |", "|---|---|---|---|---|---|"]
    for estate in figures:
        for s in estate.samples:
            cells = (estate.use_cases, s.name, f"{s.wall:.2f}", f"{s.cpu:.2f}", f"{s.memory:.0f}", s.total_calls)
            rows.append("| " + " | ".join(map(str, cells)) + " |")
    return rows


def _floors(figures: list[Figures]) -> list[str]:
    head = ["| use cases | command | times the rate-limit floor |", "|---|---|---|"]
    rows = [(e.use_cases, name, e.over_floor(name)) for e in figures for name in ("first apply", "deep plan")]
    return head + [f"| {n} | {name} | {times:.2f} |" for n, name, times in rows]


_PEERS = (("no-op plan", "plan -refresh=false"), ("deep plan", "plain plan"), ("first apply", "first apply"))


def _beside() -> list[str]:
    """200 and 500 resources: 100 guardrails with 100 and with 400 prompts."""
    rows = [
        "| resources | | Terraform s (MiB) | releaser s (MiB) | times faster | memory |",
        "|---|---|---|---|---|---|",
    ]
    for guardrails, prompts in ((100, 100), (100, 400)):
        theirs = terraform.run(guardrails, prompts)
        mine = ours.run(prompts, limited=False, profiles=False)
        for what, peer in _PEERS:
            a, b = theirs.get(peer), mine.get(what)
            took = f"{a.wall:.2f} ({a.memory:.0f}) | {b.wall:.2f} ({b.memory:.0f})"
            ratio = f"{a.wall / b.wall:.1f} | {b.memory / a.memory:.2f}"
            rows.append(f"| {guardrails + prompts} | {what} against {peer} | {took} | {ratio} |")
    return rows


def _put(text: str) -> None:
    sys.stdout.write(text)
    if "--write" in sys.argv:
        path = Path(sys.argv[sys.argv.index("--write") + 1])
        head = path.read_text(encoding="utf-8").split(_MARK)[0]
        path.write_text(head + _MARK + "\n" + text, encoding="utf-8")


if __name__ == "__main__":
    main()
