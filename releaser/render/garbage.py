"""What ``gc`` would delete, deleted, and keeps, with the reason for each version."""

from __future__ import annotations

from typing import Any

from releaser.core.garbage import Judged
from releaser.engine.collect import Collected, Inventory
from releaser.render.data import to_json
from releaser.render.escape import safe
from releaser.render.words import counted

FORMAT = "releaser.gc/v1"


def shown(environment: str, inventory: Inventory, collected: Collected | None, output: str) -> str:
    """The survey, and what became of it once it was acted upon, in one of the formats of ``--output``."""
    if output == "json":
        return to_json(_data(environment, inventory, collected))
    lines = list(_lines(environment, inventory, collected))
    if output == "markdown":
        return "\n".join(["```text", *lines, "```"]) + "\n"
    return "\n".join(lines) + "\n"


def _data(environment: str, inventory: Inventory, collected: Collected | None) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "environment": environment,
        "applied": collected is not None,
        "versions": [
            {
                "address": str(j.published.address),
                "id": j.published.id,
                "version": j.published.version,
                "kept": j.kept,
                "state": _state(j, collected),
            }
            for j in inventory.judged
        ],
        "refused": {n: str(e) for n, e in sorted(collected.refused.items())} if collected else {},
    }


def _state(judged: Judged, collected: Collected | None) -> str:
    if judged.kept:
        return "kept"
    if collected is None or judged.published.address.use_case in collected.refused:
        return "unneeded"
    return "failed" if judged.published in collected.failed else "deleted"


def _lines(environment: str, inventory: Inventory, collected: Collected | None) -> list[str]:
    lines = [f"Versions in {environment}"]
    last = ""
    for judged in inventory.judged:
        one = judged.published
        if str(one.address) != last:
            last = str(one.address)
            lines.append(f"  {safe(last)}")
        state = _state(judged, collected)
        word = "to delete" if state == "unneeded" else state
        lines.append(f"    {one.version:>5}  {word:<9}  {safe(judged.kept)}".rstrip())
        if collected and one in collected.failed:
            lines.append(f"           {safe(str(collected.failed[one]))}")
    for name, error in sorted((collected.refused if collected else {}).items()):
        lines.append(f"  {safe(name)}: {safe(str(error))}")
    number = len(inventory.unneeded)
    if collected is None:
        lines.append(f"{counted(number, 'version')} to delete." if number else "Nothing to delete.")
        if number:
            lines.append(f"Delete with: releaser gc -e {environment} --apply")
    else:
        lines.append(f"{counted(len(collected.deleted), 'version')} deleted.")
    return lines
