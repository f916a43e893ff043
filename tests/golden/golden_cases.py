"""Golden cases: folders with inputs and what must come of them. ``RELEASER_BLESS=1 pytest tests/golden`` rewrites."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from releaser.core.address import Address
from releaser.core.content import resolve_body, version_digest
from releaser.core.environment import Environment, Policy
from releaser.core.facts import facts_of
from releaser.core.graph import Node
from releaser.core.model_ids import uses
from releaser.core.model_life import Catalog
from releaser.core.normal import comparable
from releaser.core.plan import Known, Plan, plan_digest
from releaser.core.planner import Question, plan_use_case
from releaser.core.record import Binding
from releaser.core.snapshot import Absent, Depth, Foreign, Observation, Seen, Snapshot, Unreadable, Version
from releaser.core.values import FrozenMap, freeze, thaw
from releaser.core.witness import bind
from releaser.core.workspace import UseCaseFiles
from releaser.engine.compile import ReleaseName, compile_all
from releaser.gates.lifecycle import routes
from releaser.kinds import registry
from releaser.kinds.models import model
from releaser.store.reader import MemoryReader
from releaser.store.workspace import load_use_case

HERE = Path(__file__).parent
ACCOUNT, REGION = "111111111111", "eu-central-1"


def cases(group: str) -> list[Path]:
    """The folders of a group, by name."""
    return sorted(p for p in (HERE / group).iterdir() if p.is_dir())


def hold(path: Path, text: str) -> None:
    """The file says exactly this; under RELEASER_BLESS it is rewritten instead."""
    if os.environ.get("RELEASER_BLESS"):
        path.write_text(text, encoding="utf-8")
        return
    assert path.exists(), f"{path} is missing; RELEASER_BLESS=1 pytest tests/golden writes it"
    assert path.read_text(encoding="utf-8") == text, f"{path} is stale; RELEASER_BLESS=1 pytest tests/golden"


def use_case_of(case: Path, manifest: str) -> UseCaseFiles:
    """A manifest of a case with the files beside it."""
    files = {f"manifests/x/{p.relative_to(case)}": p.read_bytes() for p in case.rglob("*") if p.is_file()}
    files["manifests/x/manifest.yaml"] = (case / manifest).read_bytes()
    found = load_use_case(MemoryReader(files), "x")
    assert isinstance(found, UseCaseFiles), found
    assert not found.problems, found.problems
    return replace(found, name=found.data["metadata"]["name"])


def nodes_of(files: UseCaseFiles, release: str) -> tuple[Node, ...]:
    """The compiled resources of one use case."""
    target = {"account": ACCOUNT, "region": REGION}
    document = {
        "apiVersion": "releaser.dev/v1",
        "kind": "Environment",
        "metadata": {"name": "dev"},
        "spec": {"targets": [target]},
    }
    environment = Environment.model_validate(document)
    compiled = compile_all(
        {files.name: files},
        environment,
        environment.spec.targets[0],
        registry(),
        {files.name: ReleaseName(release, files.digest)},
    )
    assert not compiled.diagnostics, compiled.diagnostics
    return compiled.graph.nodes


def plan_of(case: Path) -> Plan:
    """The plan of a case: ``manifest.yaml`` against an account that holds ``released.yaml``, as ``live.json`` says."""
    live: dict[str, Any] = json.loads((case / "live.json").read_text())
    files = use_case_of(case, "manifest.yaml")
    nodes = nodes_of(files, "r2" if (case / "released.yaml").exists() else "r1")
    seen: dict[Address, Seen] = {}
    known: dict[Address, Binding] = {}
    facts = None
    if (case / "released.yaml").exists():
        then = use_case_of(case, "released.yaml")
        seen, known = _as_released(nodes_of(then, "r1"), live)
        facts = facts_of(then.spec, nodes_of(then, "r1"), then.digests)
    wanted = {n.address: n.name for n in nodes}
    observations = {a: _observed(a, seen.get(a), live, wanted[a]) for a in wanted}
    leaving = {a: (b,) for a, b in known.items() if a not in wanted or b.name != wanted[a]}
    snapshot = Snapshot("dev", ACCOUNT, REGION, observations, leaving)
    part = plan_use_case(
        Question(
            use_case=files.name,
            nodes=nodes,
            snapshot=snapshot,
            known=Known(bindings=known, facts=facts),
            kinds=registry(),
            now=datetime(2026, 1, 1, tzinfo=UTC),
            rollback_window=timedelta(days=14),
            release="r2" if known else "r1",
            release_digest=files.digest,
            spec=files.spec,
        )
    )
    part = replace(part, processing=processing(files, nodes))
    plan = Plan("dev", ACCOUNT, REGION, "0" * 40, (part,), "0" * 64, assumed=snapshot.assumed, read=snapshot.read)
    return replace(plan, digest=plan_digest(plan))


def processing(files: UseCaseFiles, nodes: tuple[Node, ...]) -> dict[str, tuple[str, ...]]:
    """Where data of a case may go, by the tables alone."""
    found = uses(nodes, files.spec.get("models", {}), REGION, registry(), model)
    return {v: r.regions for v, r in routes(found, Catalog({}), REGION, Policy()).items()}


def _as_released(
    nodes: tuple[Node, ...], live: Mapping[str, Any]
) -> tuple[dict[Address, Seen], dict[Address, Binding]]:
    outputs: dict[Address, dict[str, str]] = {}
    seen: dict[Address, Seen] = {}
    known: dict[Address, Binding] = {}
    for node in nodes:
        kind = registry()[node.kind]
        body = comparable(kind, resolve_body(node, lambda ref: outputs[ref.address].get(ref.output)))
        count = live.get("versions", {}).get(str(node.address), 1) if kind.versioned else 0
        versions = tuple(
            Version(str(i + 1), node.stamp[:16], version_digest(kind, body) if i + 1 == count else "")
            for i in range(count)
        )
        id_ = f"{node.kind}-{node.address.name}"
        arn = f"arn:aws:bedrock:{REGION}:{ACCOUNT}:{node.kind}/{id_}"
        found = Seen(id_, arn, node.name, "2025-12-01T00:00:00Z", Depth.READ, body, node.tags, versions)
        version = str(count) if count else None
        outputs[node.address] = found.outputs(version, kind.identity.version_arn)
        seen[node.address] = found
        known[node.address] = bind(kind, node, found, version, body)
    return seen, known


def _observed(address: Address, seen: Seen | None, live: Mapping[str, Any], name: str) -> Observation:
    said = live.get("observations", {}).get(str(address), {})
    if "unreadable" in said:
        return Unreadable(said["unreadable"])
    if "foreign" in said:
        return Foreign(said["foreign"], name, said.get("owner", ""))
    if seen is None or seen.name != name or said.get("absent"):
        return Absent(seen.id if seen and said.get("absent") else "")
    body = thaw(seen.body)
    for path, value in said.get("set", {}).items():
        _set(body, path.split("/"), value)
    changed = freeze(body)
    assert isinstance(changed, FrozenMap)
    return replace(seen, body=changed)


def _set(body: Any, path: list[str], value: Any) -> None:
    for part in path[:-1]:
        body = body[int(part) if isinstance(body, list) else part]
    last: Any = int(path[-1]) if isinstance(body, list) else path[-1]
    if value is None:
        del body[last]
    else:
        body[last] = value
