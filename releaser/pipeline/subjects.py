"""What is evaluated: the content of a use case, its resources in the account, and what is live meanwhile."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from releaser.core.address import Address, Bound, Ref
from releaser.core.content import resolve_body
from releaser.core.errors import ReleaserError
from releaser.core.evaluation.case import Case
from releaser.core.evaluation.evidence import Subject, Via
from releaser.core.evaluation.response import Response
from releaser.core.graph import Node
from releaser.core.values import thaw, transform
from releaser.core.workspace import UseCaseFiles
from releaser.gates.evaluation.datasets import load, verified_bytes
from releaser.gates.evaluation.metrics import registry as metrics
from releaser.gates.evaluation.metrics.measured import MEASURED
from releaser.gates.evaluation.ports import Target
from releaser.gates.evaluation.runner import Scorer
from releaser.gates.evaluation.targets import Live, Wanted, kind_of
from releaser.gates.evaluation.unscorable import Unscorable

if TYPE_CHECKING:
    from releaser.core.record import Binding
    from releaser.engine.perform import Workspace
    from releaser.engine.planning import Planned
    from releaser.engine.ports import Aws, Runtime
    from releaser.gates.evaluation.asker import Calls


@dataclass(frozen=True)
class SuitePlan:
    """One suite, ready to be run."""

    subject: Subject
    target: Target
    cases: tuple[Case, ...]
    repeats: int
    options: Mapping[str, Mapping[str, Any]]
    """Metric -> its entry in the manifest."""
    want_timing: bool
    sample: int = 0

    def counts(self, case: Case) -> tuple[str, ...]:
        """The metrics that count a case, decided from the case alone."""
        return tuple(name for name in self.options if name not in metrics() or metrics()[name].counts(case))

    def scorers(self, _: Calls) -> Mapping[str, Scorer]:
        """What scores each reply; what is measured has none."""
        return {name: partial(_score, name, options) for name, options in self.options.items() if name not in MEASURED}


def _score(name: str, options: Mapping[str, Any], case: Case, reply: Response) -> float | tuple[str, str]:
    if name not in metrics():
        raise Unscorable("this version cannot compute it")
    return metrics()[name].score(case, reply, options)


@dataclass(frozen=True)
class Subjects:
    """One use case's content and resources. ``resources``: what the account has that behaves as the content says."""

    use_case: str
    release: str
    spec: Mapping[str, Any]
    """With the environment's bindings."""
    files: UseCaseFiles
    nodes: Mapping[Address, Node]
    resources: Mapping[Address, Live]
    via: Via
    runtime: Runtime
    aws: Aws
    account: str
    region: str
    live_release: str = ""
    live: Mapping[Address, Binding] = field(default_factory=dict)
    live_models: Mapping[str, Any] = field(default_factory=dict)
    """The section ``models`` of what is live."""

    def suite(self, name: str, sample: int = 0) -> SuitePlan:
        """A suite with its data verified. Raises ReleaserError for what stands in its way."""
        suite = self.spec["evaluation"]["suites"][name]
        target: Mapping[str, str] = suite.get("target") or {}
        kind = kind_of(target)
        if kind is None:
            said = ", ".join(target) or "nothing"
            raise ReleaserError(
                f"{name}: no target can be built from {said}", code="P225", hint="name one, as {prompt: x}"
            )
        if self.via == "inline" and not kind.inline:
            raise ReleaserError(
                f"{name}: a {kind.name} cannot be evaluated before it is published",
                code="P226",
                hint="`reconcile` evaluates it between staging and promotion",
            )
        options = {metric: thaw(entry) for metric, entry in suite["metrics"].items()}
        used = self._used(kind.needs(target))
        cases, digest = self._cases(str(suite.get("dataset") or ""))
        subject = Subject(
            use_case=self.use_case,
            suite=name,
            region=self.region,
            via="brought" if kind.name == "results" else self.via,
            target=dict(target),
            behaviour=self._brought(target) | {str(a): self.nodes[a].behaviour for a in sorted(used)},
            models=self._models(used, target),
            dataset=digest,
            evaluators={metric: _version(metric, entry) for metric, entry in sorted(options.items())},
            sample=f"{sample} of seed" if sample else "",
        )
        return SuitePlan(
            subject=subject,
            target=self._target(name, kind, target),
            cases=cases,
            repeats=max((int(e.get("repeats") or 1) for e in options.values()), default=1),
            options=options,
            want_timing=bool(options.keys() & MEASURED),
            sample=sample,
        )

    def _brought(self, target: Mapping[str, str]) -> dict[str, str]:
        """Results are of what they were made with: their digest stands for it."""
        if "results" not in target:
            return {}
        return {f"results/{target['results']}": str(self._declared(target["results"])["sha256"])}

    def as_live(self, name: str) -> Subjects | None:
        """The same suite of what is live; None where nothing is, or not all that the suite's target consists of."""
        target = self.spec["evaluation"]["suites"][name].get("target") or {}
        kind = kind_of(target)
        used = self._used(kind.needs(target)) if kind else frozenset()
        if not self.live_release or not used or any(a not in self.live for a in used):
            return None
        bound = {a: self.live[a] for a in used}
        return replace(
            self,
            release=self.live_release,
            nodes={a: replace(self.nodes[a], behaviour=b.behaviour) for a, b in bound.items()},
            resources={a: Live(b.id, b.arn, b.version or "", self.nodes[a].body) for a, b in bound.items()},
            spec={**self.spec, "models": self.live_models or self.spec.get("models") or {}},
            via="published",
        )

    def _target(self, name: str, kind: Any, target: Mapping[str, str]) -> Target:
        models = self.spec.get("models") or {}
        place = f"{self.account}/{self.region}"
        brought = {
            name: verified_bytes(name, self._declared(name), self.files.cases, self.aws)
            for name in (target.get("results"),)
            if name is not None
        }
        wanted = Wanted(self.use_case, target, self.runtime, place, self.via, self.resources, models, brought)
        try:
            built: Target = kind.build(wanted)
        except KeyError as error:
            raise ReleaserError(
                f"{name}: the account has no {error.args[0]} that behaves as this content says",
                code="P226",
                hint="`reconcile` evaluates what it stages; before that only unchanged guardrails can take part",
            ) from None
        except ValueError as error:
            raise ReleaserError(f"{name}: {error}", code="P225", hint="look at the file of results") from None
        return built

    def _used(self, needs: Iterable[tuple[str, str]]) -> frozenset[Address]:
        """What a target consists of, with all that it refers to."""
        found: set[Address] = set()
        waiting = [Address(self.use_case, kind, entry) for kind, entry in needs]
        while waiting:
            address = waiting.pop()
            if address in self.nodes and address not in found:
                found.add(address)
                waiting += self.nodes[address].needs
        return frozenset(found)

    def _models(self, used: Collection[Address], target: Mapping[str, str]) -> dict[str, str]:
        """Name under ``models`` -> id, of those that the target names."""
        declared = self.spec.get("models") or {}
        prompts = self.spec.get("prompts") or {}
        named = {str((prompts.get(a.name) or {}).get("model", "")) for a in used if a.kind == "prompt"}
        named |= {target["model"]} if "model" in target else set()
        return {name: str(declared[name].get("modelId", "")) for name in sorted(named) if name in declared}

    def _declared(self, dataset: str) -> Mapping[str, Any]:
        """A data set's entry. Raises ReleaserError when there is none."""
        found = (self.spec.get("datasets") or {}).get(dataset)
        if found is None:
            raise ReleaserError(
                f"there is no data set {dataset!r}", code="P225", hint="the suite names it as `dataset`"
            )
        declared: Mapping[str, Any] = found
        return declared

    def _cases(self, dataset: str) -> tuple[tuple[Case, ...], str]:
        """The cases of a data set whose bytes have the declared digest, and that digest."""
        found = load(dataset, self._declared(dataset), self.files.cases, self.aws)
        return found.cases, found.sha256


def _version(metric: str, entry: Mapping[str, Any]) -> str:
    """Of a metric's code and the options that it goes by; thresholds are no part of it."""
    from releaser.core.values import digest

    options = {k: entry[k] for k in ("pattern", "schema", "tolerance", "k", "field") if entry.get(k) is not None}
    version = metrics()[metric].version if metric in metrics() else "0"
    return version + (f"+{digest(options)[:12]}" if options else "")


def staged(planned: Planned, use_case: str, work: Workspace, runtime: Runtime, aws: Aws, **told: Any) -> Subjects:
    """The candidates that a run has staged."""
    nodes = {n.address: n for n in planned.compiled.graph.of(use_case)}
    resources = {}
    for address, node in nodes.items():
        outputs = work.outputs.get(address, {})
        if outputs.get("id"):
            body = resolve_body(node, work.value)
            resources[address] = Live(outputs["id"], outputs.get("arn", ""), outputs.get("version", ""), body)
    return _subjects(planned, use_case, nodes, resources, "published", runtime, aws, told)


def _subjects(
    planned: Planned,
    use_case: str,
    nodes: Mapping[Address, Node],
    resources: Mapping[Address, Live],
    via: Via,
    runtime: Runtime,
    aws: Aws,
    told: Mapping[str, Any],
) -> Subjects:
    plan = planned.plan
    part = plan.of(use_case)
    return Subjects(
        use_case=use_case,
        release=part.release if part else "",
        spec=thaw(planned.compiled.views[use_case].spec),
        files=planned.compiled.files[use_case],
        nodes=nodes,
        resources=resources,
        via=via,
        runtime=runtime,
        aws=aws,
        account=plan.account,
        region=plan.region,
        **told,
    )


def _inline_body(node: Node, nodes: Mapping[Address, Node], live: Mapping[Address, Binding]) -> Mapping[str, Any]:
    """A body with what it refers to: what is live and behaves as declared; of a profile that is not, its source."""

    def leaf(value: object) -> object:
        if not isinstance(value, Ref):
            return value.value if isinstance(value, Bound) else value
        other, bound = nodes.get(value.address), live.get(value.address)
        if other is not None and bound is not None and bound.behaviour == other.behaviour:
            return {"id": bound.id, "arn": bound.arn, "version": bound.version}.get(value.output, "")
        source = other.body.get("modelSource") if other is not None else None
        return _inline_source(source.get("copyFrom")) if isinstance(source, Mapping) else ""

    found: Mapping[str, Any] = transform(node.body, leaf)
    return found


def _inline_source(value: object) -> str:
    return str(value.value if isinstance(value, Bound) else value)


def inline(planned: Planned, use_case: str, runtime: Runtime, aws: Aws, **told: Any) -> Subjects:
    """Content that is published nowhere, beside what the account has already that behaves as it says."""
    nodes = {n.address: n for n in planned.compiled.graph.of(use_case)}
    live: Mapping[Address, Binding] = told.get("live", {})
    resources = {}
    for address, node in nodes.items():
        bound = live.get(address)
        if bound is not None and bound.behaviour == node.behaviour:
            resources[address] = Live(bound.id, bound.arn, bound.version or "", _inline_body(node, nodes, live))
        elif node.kind == "prompt":
            resources[address] = Live("", "", "", _inline_body(node, nodes, live))
    return _subjects(planned, use_case, nodes, resources, "inline", runtime, aws, told)
