"""Checks of a manifest that need no environment: governance, names, thresholds, data sets."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from releaser.core.cases import check_cases, check_digest, count_cases
from releaser.core.diagnostic import Code
from releaser.core.evaluation.lfs import pointer_of
from releaser.core.included import named_files
from releaser.core.kind import Kind, NameIn, Problem, marked
from releaser.core.manifest import REQUIRED_AT
from releaser.core.metrics import METRICS, check_metric, least_cases, provable
from releaser.core.rubrics import BUILT_IN, rubric_of
from releaser.core.secrets import secret_at, secrets_in
from releaser.core.suggest import did_you_mean
from releaser.core.values import Path
from releaser.core.workspace import UseCaseFiles


def part(value: Any, *path: str) -> Mapping[str, Any]:
    """The mapping at a path; empty when something else stands there."""
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def parts(value: Any, *path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Entries of the mapping at a path that are mappings themselves."""
    yield from ((k, v) for k, v in part(value, *path).items() if isinstance(v, Mapping))


def check_name(folder: str, data: Mapping[str, Any]) -> Iterator[Problem]:
    name = part(data, "metadata").get("name")
    if isinstance(name, str) and name != folder:
        yield Problem("E209", f"the folder is {folder!r}, the name {name[:60]!r}", ("metadata", "name"))


def check_secrets(files: UseCaseFiles) -> Iterator[Problem]:
    yield from secrets_in(files.data, files.document.text)
    for path, text in files.texts.items():
        if found := secret_at(text):
            what, start, end = found
            line = text.count("\n", 0, start) + 1
            column = start - text.rfind("\n", 0, start)
            hint = "remove it, revoke it, and read it from a secret store"
            yield Problem("E601", f"this looks like {what}", (), hint, path, line, column, end - start)


def check_governance(spec: Mapping[str, Any]) -> Iterator[Problem]:
    """What the risk tier asks for and the manifest does not say."""
    governance = part(spec, "governance")
    tier = governance.get("riskTier")
    documents = part(governance, "documents")
    for path in REQUIRED_AT.get(tier, ()) if isinstance(tier, str) else ():
        if part(spec, *path[:-1]).get(path[-1]) in (None, "", {}, []):
            hint = ""
            if "documents" in path:
                hint = did_you_mean(path[-1], documents) or f"add {path[-1]}: docs/FILE.md"
            message = f"risk tier {tier} needs {'.'.join(path)}"
            yield Problem("E602", message, ("spec", "governance", "riskTier"), hint)


def check_names(spec: Mapping[str, Any], kinds: Iterable[Kind]) -> Iterator[Problem]:
    """Members that name an entry of another section."""
    for kind in kinds:
        for member, mark in marked(kind, NameIn).items():
            for name, entry in parts(spec, kind.section or ""):
                at = ("spec", kind.section or "", name, member)
                yield from _known(entry.get(member), spec, mark.section, at)


def _known(value: Any, spec: Mapping[str, Any], section: str, at: Path) -> Iterator[Problem]:
    entries = part(spec, section)
    if isinstance(value, str) and value not in entries:
        hint = did_you_mean(value, entries) or f"{section} declares nothing"
        yield Problem("E306", f"{section} has no entry {value[:60]!r}", at, hint)


def check_suites(files: UseCaseFiles, kinds: Iterable[Kind]) -> Iterator[Problem]:
    """Targets, data sets, judges and thresholds of every suite."""
    spec = files.spec
    sections = {kind.name: kind.section for kind in kinds if kind.section} | {"model": "models", "results": "datasets"}
    evaluation = part(spec, "evaluation")
    for name, suite in parts(spec, "evaluation", "suites"):
        at: Path = ("spec", "evaluation", "suites", name)
        for what, entry in part(suite, "target").items():
            if what == "application":
                yield from _known(entry, evaluation, "applications", (*at, "target", what))
            elif what not in sections:
                hint = did_you_mean(what, sections | {"application": ""})
                yield Problem("E201", f"a suite cannot have the target {what[:60]!r}", (*at, "target", what), hint)
            else:
                yield from _known(entry, spec, sections[what] or "", (*at, "target", what))
        yield from _known(suite.get("dataset"), spec, "datasets", (*at, "dataset"))
        cases = _cases(files, suite.get("dataset"))
        for metric, threshold in parts(suite, "metrics"):
            here = (*at, "metrics", metric)
            yield from check_metric(metric, threshold, here)
            yield from _known(threshold.get("judge"), spec, "models", (*here, "judge"))
            yield from _known(threshold.get("human"), evaluation, "humanReviews", (*here, "human"))
            if threshold.get("judge") is not None and metric not in METRICS:
                yield from _has_rubric(evaluation, metric, here)
            if threshold.get("pairwise"):
                yield from _is_called_while_live(part(suite, "target"), (*here, "pairwise"))
            least = threshold.get("minN")
            if cases is not None and type(least) is int and least > cases * (threshold.get("repeats") or 1):
                yield Problem("E710", f"the data set has {cases} cases, minN asks for {least}", (*here, "minN"))
            if cases is not None:
                yield from _can_be_proved(metric, threshold, min(cases, _sampled(suite, cases)), here)
    for name, rubric in parts(evaluation, "rubrics"):
        at = ("spec", "evaluation", "rubrics", name)
        yield from _known(part(rubric, "calibration").get("dataset"), spec, "datasets", (*at, "calibration", "dataset"))
    yield from _waived(evaluation)


def _has_rubric(evaluation: Mapping[str, Any], metric: str, at: Path) -> Iterator[Problem]:
    try:
        rubric_of(evaluation, metric)
    except KeyError:
        hint = did_you_mean(metric, {*BUILT_IN, *part(evaluation, "rubrics")})
        yield Problem("E713", f"there is no rubric {metric!r}", at, hint)
    except ValueError as error:
        yield Problem("E713", str(error), ("spec", "evaluation", "rubrics", metric))


def _is_called_while_live(target: Mapping[str, Any], at: Path) -> Iterator[Problem]:
    for what in ("application", "results", "model"):
        if what in target and not target.keys() - {what, "guardrail"}:
            message = f"what was live of {what} {str(target[what])[:60]!r} cannot be asked again to compare with"
            yield Problem("E715", message, at, "compare by maxRegression")


def _sampled(suite: Mapping[str, Any], cases: int) -> int:
    size = part(suite, "sample").get("size")
    return size if type(size) is int else cases


def _can_be_proved(metric: str, threshold: Mapping[str, Any], cases: int, at: Path) -> Iterator[Problem]:
    """A warning for a rate that not even perfect replies to all cases would keep."""
    meaning = METRICS.get(metric)
    if (
        meaning is None
        or meaning.statistic != "rate"
        or meaning.unit != "share"
        or metric in ("errorRate", "throttleRate")
    ):
        return
    if threshold.get("tier") == "advisory":
        return
    for side in ("floor", "ceiling"):
        limit = threshold.get(side)
        if isinstance(limit, bool) or not isinstance(limit, int | float) or not 0 <= limit <= 1:
            continue
        needed = least_cases(limit, is_floor=side == "floor")
        if needed is None or needed > cases:
            edge = provable(cases)
            best = f"{cases} cases prove at most {'a floor' if side == 'floor' else 'a ceiling'} of "
            best += (
                f"{math.floor((1 - edge) * 1000) / 1000:g}" if side == "floor" else f"{math.ceil(edge * 1000) / 1000:g}"
            )
            message = f"{side} {limit:g} needs {needed or 'endlessly many'} cases that all succeed; there are {cases}"
            yield Problem("E714", message, (*at, side), best, severity="warning")


def _waived(evaluation: Mapping[str, Any]) -> Iterator[Problem]:
    """Waivers of metrics that no suite has."""
    known = [f"{s}.{m}" for s, suite in parts(evaluation, "suites") for m in part(suite, "metrics")]
    for index, waiver in waivers(evaluation):
        place = waiver.get("at")
        if isinstance(place, str) and place not in known:
            at = ("spec", "evaluation", "waivers", index, "at")
            yield Problem("E306", f"no suite has {place[:80]}", at, did_you_mean(place, known))


def _cases(files: UseCaseFiles, dataset: Any) -> int | None:
    path = part(files.spec, "datasets", str(dataset)).get("path")
    content = files.cases.get(path) if isinstance(path, str) else None
    return count_cases(content, str(path)) if content is not None and pointer_of(content) is None else None


def check_pinned_files(files: UseCaseFiles, kinds: Iterable[Kind]) -> Iterator[Problem]:
    """Files that kinds pin by digest: the content that was approved is the content that is used."""
    for named in named_files(files.data, kinds):
        actual = files.digests.get(named.path)
        if named.sha256 is not None and len(named.sha256) == 64 and actual is not None and actual != named.sha256:
            hint = f"if the change is meant: {actual}"
            yield Problem("E701", f"{named.path} has another sha256", named.pinned_at, hint)


def check_datasets(files: UseCaseFiles) -> Iterator[Problem]:
    spec = files.spec
    takers = _takers(spec)
    results = brought(spec)
    for name, dataset in parts(spec, "datasets"):
        path = dataset.get("path")
        if not isinstance(path, str):
            continue
        content = files.cases.get(path)
        pointer = pointer_of(content) if content is not None else None
        yield from check_digest(name, dataset, pointer.sha256 if pointer else files.digests.get(path))
        if content is not None and pointer is None and name not in results:
            at = ("spec", "datasets", name, "path")
            for variables in takers.get(name) or [None]:
                yield from check_cases(path, content, variables, at)


def brought(spec: Mapping[str, Any]) -> frozenset[str]:
    """Data sets that are no cases but results, brought from elsewhere."""
    found = (part(s, "target").get("results") for _, s in parts(spec, "evaluation", "suites"))
    return frozenset(name for name in found if isinstance(name, str))


def _takers(spec: Mapping[str, Any]) -> dict[str, list[frozenset[str] | None]]:
    """Data set -> the variables of each prompt that is evaluated with it."""
    found: dict[str, list[frozenset[str] | None]] = {}
    for _, suite in parts(spec, "evaluation", "suites"):
        entry = part(spec, "prompts", str(part(suite, "target").get("prompt")))
        variables = entry.get("variables")
        if isinstance(variables, list | tuple) and isinstance(suite.get("dataset"), str):
            names = frozenset(v for v in variables if isinstance(v, str))
            if names not in found.setdefault(suite["dataset"], []):
                found[suite["dataset"]].append(names)
    return found


def check_waivers(spec: Mapping[str, Any], codes: Mapping[str, Code]) -> Iterator[Problem]:
    """Waivers of rules that cannot be waived or do not exist."""
    for index, waiver in waivers(spec):
        rule = waiver.get("rule")
        if isinstance(rule, str) and not (rule in codes and codes[rule].waivable):
            known = [code for code, entry in codes.items() if entry.waivable]
            hint = did_you_mean(rule, known) if rule not in codes else ""
            yield Problem("E611", f"{rule[:60]} cannot be waived", ("spec", "waivers", index, "rule"), hint)


def waivers(spec: Mapping[str, Any]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    listed = spec.get("waivers")
    for index, waiver in enumerate(listed if isinstance(listed, list | tuple) else ()):
        if isinstance(waiver, Mapping):
            yield index, waiver
