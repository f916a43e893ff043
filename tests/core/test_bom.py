"""The bill of materials: valid by the official schema, the same every time, and without any text of the user's."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from referencing import Registry, Resource

from releaser.core.bom import Origin, bom
from releaser.core.proof.bundle import serial_number
from releaser.core.scores import Score
from releaser.engine.contents import content_as_written
from releaser.store.reader import DiskReader
from releaser.store.workspace import load_use_case

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted(p.parent.name for p in (ROOT / "manifests").glob("*/manifest.yaml"))
ORIGIN = Origin("a" * 40, datetime(2026, 3, 3, 14, tzinfo=UTC), "claims@example.com", "0.1.0")
SCORES = (Score("quality", "tokenF1", 0.71, "at least 0.62"), Score("", "refusalRate", 0.02))


@cache
def validator() -> Any:
    """CycloneDX's own schema, as cyclonedx-python-lib brings it (Apache-2.0)."""
    folder = files("cyclonedx.schema._res")
    read = {n: json.loads((folder / f"{n}.SNAPSHOT.schema.json").read_text()) for n in ("bom-1.6", "spdx", "jsf-0.82")}
    known = Registry().with_resources([(d["$id"], Resource.from_contents(d)) for d in read.values()])
    return jsonschema.Draft7Validator(read["bom-1.6"], registry=known)


def made(name: str) -> dict[str, Any]:
    loaded = load_use_case(DiskReader(ROOT), name)
    return bom(content_as_written(loaded, "r3"), ORIGIN, SCORES)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", EXAMPLES)
def test_it_is_valid_and_whole(name: str) -> None:
    found = made(name)
    assert [e.message for e in validator().iter_errors(found)] == []
    refs = [c["bom-ref"] for c in (*found["components"], *found["services"])]
    assert len(refs) == len(set(refs))
    everything = {found["metadata"]["component"]["bom-ref"], *refs}
    for row in found["dependencies"]:
        assert {row["ref"], *row["dependsOn"]} <= everything
    models = [c for c in found["components"] if c["type"] == "machine-learning-model"]
    assert models and all("quantitativeAnalysis" in m["modelCard"] for m in models)
    for card in (m["modelCard"] for m in models):
        assert {d["ref"] for d in card["modelParameters"]["datasets"]} <= everything


def test_the_schema_is_no_rubber_stamp() -> None:
    found = made(EXAMPLES[0])
    found["components"][0]["modelCard"]["considerations"]["unheardOf"] = True
    assert list(validator().iter_errors(found))


def test_what_a_prompt_needs_is_its_model() -> None:
    rows = {d["ref"]: d["dependsOn"] for d in made("policy-advisor")["dependencies"]}
    assert rows["prompt/answer"] == ["model/eu.anthropic.claude-sonnet-4-5-20250929-v1:0"]
    assert "knowledge-base/policies#documents" in rows["knowledge-base/policies"]


def test_the_serial_number_is_the_digest() -> None:
    loaded = load_use_case(DiskReader(ROOT), EXAMPLES[0])
    assert made(EXAMPLES[0])["serialNumber"] == serial_number(loaded.digest)  # type: ignore[union-attr]
    assert serial_number("a" * 64) == "urn:uuid:7c006d5a-ee62-517d-84ce-8982de429c2a"
    assert made(EXAMPLES[0]) == made(EXAMPLES[0])


def test_no_text_of_a_prompt_or_data_stands_in_it() -> None:
    text = json.dumps(made("claims-assistant"), ensure_ascii=False)
    for path in (ROOT / "manifests/claims-assistant").rglob("*"):
        if path.suffix in (".md", ".jsonl"):
            lines = [line for line in path.read_text().splitlines() if len(line) > 30]
            assert not [line for line in lines if line in text]


def test_it_does_not_change_between_processes() -> None:
    """Sets have another order in every process."""
    code = (
        "import sys, json; sys.path.insert(0, 'tests/core'); from test_bom import made;"
        "print(json.dumps(made('policy-advisor')))"
    )
    env = {"PYTHONHASHSEED": "7", "PATH": "/usr/bin:/bin"}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    assert done.stdout == json.dumps(made("policy-advisor")) + "\n"
