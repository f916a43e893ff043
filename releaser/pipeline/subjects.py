"""What is evaluated: the content of a use case, its resources in the account, and what is live meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from releaser.core.address import Address, Bound, Ref
from releaser.core.content import resolve_body
from releaser.core.errors import ReleaserError
from releaser.core.evaluation.case import Case
from releaser.core.evaluation.evidence import Subject, Via
from releaser.core.graph import Node
from releaser.core.rubrics import rubric_of
from releaser.core.values import digest, thaw, transform
from releaser.core.workspace import UseCaseFiles
from releaser.gates.evaluation.calibration import labels_of
from releaser.gates.evaluation.datasets import LfsObjects, load, no_objects, verified_bytes
from releaser.gates.evaluation.judging import Judging, judging_of
from releaser.gates.evaluation.metrics.measured import MEASURED
from releaser.gates.evaluation.ports import Target
from releaser.gates.evaluation.prices import Prices, bundled
from releaser.gates.evaluation.targets import Kind, Live, Wanted, kind_of
from releaser.pipeline.suites import SuitePlan, allowed_of, evaluator_of, sampled_of

if TYPE_CHECKING:
    from releaser.core.record import Binding
    from releaser.engine.perform import Workspace
    from releaser.engine.planning import Planned
    from releaser.engine.ports import Aws, Runtime


@dataclass(frozen=True, slots=True)
class Around:
    """What evaluations of one use case share, whatever is evaluated."""

    runtime: Runtime
    aws: Aws
    alias_of: Callable[[str, Live], str]
    """(kind, resource) -> the id of an alias that leads to its version; empty: there is none."""
    check: Callable[[str, Live], None]
    """Raises when the alias of a resource leads elsewhere by now."""
    body_of: Callable[[str, Live], Mapping[str, Any]]
    """(kind, resource) -> what its version says, as AWS has it."""
    objects: LfsObjects = no_objects
    prices: Prices = field(default_factory=bundled)
    live_release: str = ""
    live: Mapping[Address, Binding] = field(default_factory=dict)
    live_models: Mapping[str, Any] = field(default_factory=dict)
    """The section ``models`` of what is live."""


@dataclass(frozen=True, slots=True)
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
    account: str
    region: str
    around: Around

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
        options = {metric: thaw(entry) for metric, entry in suite["metrics"].items()}
        used = self._used(kind.needs(target))
        cases, dataset = self._cases(str(suite.get("dataset") or ""))
        judgings, labelled = self._judges(options)
        via = kind.via or (self.via if kind.inline else "published")
        prices = self.around.prices.known_as(self._profiles())
        sampled = sampled_of(suite, sample)
        against = self._against(name, sample) if any(j.pairwise for j in judgings.values()) else None
        subject = Subject(
            use_case=self.use_case,
            suite=name,
            region=self.region,
            via=via,
            target=dict(target),
            behaviour=self._named(target) | {str(a): self.nodes[a].behaviour for a in sorted(used)},
            models=self._models(used, target),
            dataset=dataset,
            evaluators={metric: evaluator_of(metric, entry, prices) for metric, entry in sorted(options.items())},
            judges={metric: judging.identity for metric, judging in sorted(judgings.items())},
            sample=str(sampled),
            against=_as_known(against.subject) if against else {},
        )
        resources = self._with_aliases(kind.needs(target)) if kind.aliased else self.resources
        return SuitePlan(
            subject=subject,
            target=self._target(name, kind, target, via, resources),
            cases=cases,
            repeats=max((int(e.get("repeats") or 1) for e in options.values()), default=1),
            options=options,
            want_timing=bool(options.keys() & MEASURED),
            prices=prices,
            sample=sampled,
            allowed=allowed_of(suite),
            judgings=judgings,
            labelled=labelled,
            aliased=tuple((a.kind, live) for a, live in resources.items() if live.alias),
            against=against,
        )

    def _against(self, name: str, sample: int) -> SuitePlan | None:
        """What is live, for judges that compare with it."""
        live = self.as_live(name)
        return live.suite(name, sample) if live else None

    def as_live(self, name: str) -> Subjects | None:
        """The same suite of what is live: a member of its target that is not live is not called. None where nothing
        is, or not what the suite calls."""
        target: Mapping[str, str] = self.spec["evaluation"]["suites"][name].get("target") or {}
        kind = kind_of(target)
        bound = self.around.live
        if not self.around.live_release or kind is None:
            return None
        needed = {Address(self.use_case, k, entry): k for k, entry in kind.needs(target)}
        gone = {k for a, k in needed.items() if a not in bound}
        # What was called before by that name is asked again; a model that is named anew was never called.
        models = self.around.live_models
        if kind.name in gone or not (needed or kind.name == "model") or target.get("model", "") not in {"", *models}:
            return None
        used = [a for a in self._used(kind.needs(target)) if a in bound]
        nodes = {a: replace(self.nodes[a], behaviour=bound[a].behaviour) for a in used}
        suite = self.spec["evaluation"]["suites"][name]
        kept = {member: entry for member, entry in target.items() if member not in gone}
        # What is live is what others are compared with: it is in no pair itself.
        alone = {metric: entry for metric, entry in suite["metrics"].items() if not entry.get("pairwise")}
        suites = {name: {**suite, "target": kept, "metrics": alone}}
        return replace(
            self,
            release=self.around.live_release,
            nodes=nodes,
            resources={a: self._as_bound(a, bound[a]) for a in used},
            spec={
                **self.spec,
                "models": self.around.live_models or self.spec.get("models") or {},
                "evaluation": {**self.spec["evaluation"], "suites": suites},
            },
            via="published",
        )

    def _as_bound(self, address: Address, bound: Binding) -> Live:
        found = Live(bound.id, bound.arn, bound.version or "", stamp=bound.behaviour)
        return replace(found, body=self.around.body_of(address.kind, found))

    def _target(
        self, name: str, kind: Kind, target: Mapping[str, str], via: Via, resources: Mapping[Address, Live]
    ) -> Target:
        brought = {
            name: verified_bytes(name, self._declared(name), self.files.cases, self.around.aws, self.around.objects)
            for name in (target.get("results"),)
            if name is not None
        }
        wanted = Wanted(
            use_case=self.use_case,
            target=target,
            runtime=self.around.runtime,
            place=f"{self.account}/{self.region}",
            via=via,
            resources=resources,
            models=self.spec.get("models") or {},
            brought=brought,
            applications=self._applications(),
            epoch=self._epoch,
        )
        try:
            return kind.build(wanted)
        except KeyError as error:
            raise ReleaserError(
                f"{name}: the account has no {error.args[0]} that behaves as this content says",
                code="P226",
                hint="`reconcile` evaluates what it stages; before that only what is live unchanged can take part",
            ) from None
        except ValueError as error:
            raise ReleaserError(f"{name}: {error}", code="P225", hint="mend what the suite's target names") from None

    def _with_aliases(self, needs: Iterable[tuple[str, str]]) -> Mapping[Address, Live]:
        """What is called, with an alias that leads to the version that is meant."""
        found = dict(self.resources)
        for address in (Address(self.use_case, k, entry) for k, entry in needs):
            live = found.get(address)
            if live is not None and live.version:
                found[address] = replace(live, alias=self.around.alias_of(address.kind, live))
        return found

    def _judges(
        self, options: Mapping[str, Mapping[str, Any]]
    ) -> tuple[dict[str, Judging], dict[str, tuple[Case, ...]]]:
        """Judged metric -> its judge; and the answers that it is calibrated on."""
        judgings: dict[str, Judging] = {}
        labelled: dict[str, tuple[Case, ...]] = {}
        evaluation, models = self.spec["evaluation"], self.spec.get("models") or {}
        for metric, entry in options.items():
            judge = entry.get("judge")
            if not judge:
                continue
            try:
                rubric = rubric_of(evaluation, metric)
                judging = judging_of(rubric, models[judge], f"{self.account}/{self.region}")
                judging = replace(judging, pairwise=bool(entry.get("pairwise")))
                asked = ((evaluation.get("rubrics") or {}).get(metric) or {}).get("calibration")
                if asked:
                    cases, sha256 = self._cases(str(asked["dataset"]))
                    labels_of(cases, rubric)
                    judging, labelled[metric] = replace(judging, calibration=sha256), cases
            except KeyError as error:
                raise ReleaserError(f"{metric}: there is no {error}", code="P225", hint="declare it") from None
            except ValueError as error:
                raise ReleaserError(f"{metric}: {error}", code="P228", hint="mend the rubric or the labels") from None
            judgings[metric] = judging
        return judgings, labelled

    def _profiles(self) -> dict[str, str]:
        """ARN of a profile of our own -> what is behind it: it is priced as that."""
        models = self.spec.get("models") or {}
        profiles = {a.name: live.arn for a, live in self.resources.items() if a.kind == "inference-profile"}
        return {arn: str(models[name].get("modelId", "")) for name, arn in profiles.items() if arn and name in models}

    def _applications(self) -> dict[str, str]:
        declared = self.spec["evaluation"].get("applications") or {}
        return {name: str(entry.get("url", "")) for name, entry in declared.items()}

    def _named(self, target: Mapping[str, str]) -> dict[str, str]:
        """What behaves and is no resource: results are of what they were made with, so their digest stands for them; an
        application is what is deployed while a release is evaluated."""
        found = {}
        if "results" in target:
            found[f"results/{target['results']}"] = str(self._declared(target["results"])["sha256"])
        if "model" in target and (
            inference := (self.spec.get("models") or {}).get(target["model"], {}).get("inference")
        ):
            found[f"inference/{target['model']}"] = digest(inference)
        if "application" in target:
            found[f"application/{target['application']}"] = self._epoch
        return found

    @property
    def _epoch(self) -> str:
        """What an application answers before a merge is of what was deployed then: it says nothing of the release."""
        return self.release if self.via == "published" else f"before {self.release}"

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
        found = load(dataset, self._declared(dataset), self.files.cases, self.around.aws, self.around.objects)
        return found.cases, found.sha256


def _as_known(live: Subject) -> dict[str, str]:
    """What is live, as evidence of a comparison names it."""
    return {**live.behaviour, **{f"models/{name}": model for name, model in live.models.items()}}


def staged(planned: Planned, use_case: str, work: Workspace, around: Around) -> Subjects:
    """The candidates that a run has staged."""
    nodes = {n.address: n for n in planned.compiled.graph.of(use_case)}
    resources = {}
    for address, node in nodes.items():
        outputs = work.outputs.get(address, {})
        if outputs.get("id"):
            body = resolve_body(node, work.value)
            arn, version = outputs.get("arn", ""), outputs.get("version", "")
            resources[address] = Live(outputs["id"], arn, version, body, stamp=node.behaviour)
    return _subjects(planned, use_case, nodes, resources, "published", around)


def inline(planned: Planned, use_case: str, around: Around) -> Subjects:
    """Content that is published nowhere, beside what the account has already that behaves as it says."""
    nodes = {n.address: n for n in planned.compiled.graph.of(use_case)}
    resources = {}
    for address, node in nodes.items():
        bound = around.live.get(address)
        if bound is not None and bound.behaviour == node.behaviour:
            body = _inline_body(node, nodes, around.live)
            resources[address] = Live(bound.id, bound.arn, bound.version or "", body, stamp=node.behaviour)
        elif node.kind == "prompt":
            resources[address] = Live("", "", "", _inline_body(node, nodes, around.live), stamp=node.behaviour)
    return _subjects(planned, use_case, nodes, resources, "inline", around)


def _subjects(
    planned: Planned,
    use_case: str,
    nodes: Mapping[Address, Node],
    resources: Mapping[Address, Live],
    via: Via,
    around: Around,
) -> Subjects:
    part = planned.plan.of(use_case)
    return Subjects(
        use_case=use_case,
        release=part.release if part else "",
        spec=thaw(transform(planned.compiled.views[use_case].spec, _told)),
        files=planned.compiled.files[use_case],
        nodes=nodes,
        resources=resources,
        via=via,
        account=planned.plan.account,
        region=planned.plan.region,
        around=around,
    )


def _told(value: object) -> object:
    return value.value if isinstance(value, Bound) else value


def _inline_body(node: Node, nodes: Mapping[Address, Node], live: Mapping[Address, Binding]) -> Mapping[str, Any]:
    """A body with what it refers to: what is live and behaves as declared; of a profile that is not, its source."""

    def leaf(value: object) -> object:
        if not isinstance(value, Ref):
            return _told(value)
        other, bound = nodes.get(value.address), live.get(value.address)
        if other is not None and bound is not None and bound.behaviour == other.behaviour:
            return {"id": bound.id, "arn": bound.arn, "version": bound.version}.get(value.output, "")
        source = other.body.get("modelSource") if other is not None else None
        return _told(source.get("copyFrom")) if isinstance(source, Mapping) else ""

    found: Mapping[str, Any] = transform(node.body, leaf)
    return found
