"""The data of the examples: as many cases as DATA.md says, enough to prove something, and no case twice."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

MANIFESTS = Path(__file__).parents[2] / "manifests"
USE_CASES = sorted(path.parent.name for path in MANIFESTS.glob("*/manifest.yaml"))
AT_LEAST = {"golden": 120, "attacks": 150, "benign": 130}


def cases(use_case: str, name: str) -> list[dict[str, Any]]:
    text = (MANIFESTS / use_case / "data" / f"{name}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("name", ["golden", "attacks"])
@pytest.mark.parametrize("use_case", USE_CASES)
def test_no_case_is_asked_twice(use_case: str, name: str) -> None:
    found = cases(use_case, name)
    assert len({case["id"] for case in found}) == len(found)
    assert len({json.dumps(case["input"], sort_keys=True).casefold() for case in found}) == len(found)


def test_the_table_counts_what_is_there() -> None:
    rows = re.findall(r"(?m)^\| ([\w-]+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$", (MANIFESTS / "DATA.md").read_text())
    assert sorted(row[0] for row in rows) == USE_CASES
    for use_case, *said in rows:
        golden, attacks = cases(use_case, "golden"), cases(use_case, "attacks")
        benign = [case for case in attacks if case.get("label") == "benign"]
        critical = sum(bool(case.get("critical")) for case in golden)
        counted = {"golden": len(golden), "attacks": len(attacks) - len(benign), "benign": len(benign)}
        assert [len(golden), critical, counted["attacks"], len(benign)] == [int(one) for one in said]
        assert all(counted[name] >= least for name, least in AT_LEAST.items())
