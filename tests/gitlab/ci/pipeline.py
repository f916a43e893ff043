"""The jobs of a pipeline: includes, extends, matrices and rules, for the variables that it starts with."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ci import component, expression
from ci.component import InvalidPipeline

_TOP = {"include", "workflow", "stages", "variables", "default"}
_KEYS = {"extends", "image", "timeout", "interruptible", "retry", "variables", "before_script", "script"}
_KEYS |= {"parallel", "id_tokens", "stage", "environment", "artifacts", "resource_group", "cache", "needs", "rules"}
_KEYS |= {"allow_failure", "manual_confirmation", "pages"}
STAGES = (".pre", "build", "test", "deploy", ".post")
_NAME = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


@dataclass(frozen=True)
class Need:
    """What a job waits for."""

    job: str
    optional: bool = False
    artifacts: bool = True


@dataclass(frozen=True)
class Job:
    """One job of one pipeline. ``group``: its name without that of the matrix's cell."""

    name: str
    group: str
    stage: int
    when: str
    needs: tuple[Need, ...] | None
    allowed: frozenset[int] | bool
    """Exit codes that are a warning only; True: every one."""
    cell: Mapping[str, str]
    words: Mapping[str, Any] = field(repr=False)

    @property
    def script(self) -> str:
        return "\n".join([*self.words.get("before_script", ()), *self.words["script"]])


def merged(root: Path, components: Mapping[str, Path] = MappingProxyType({})) -> dict[str, Any]:
    """The file with what it includes and extends; components by their path on the server. Raises InvalidPipeline."""
    own = dict(component.read(root / ".gitlab-ci.yml").body)
    found: dict[str, Any] = {}
    for item in own.pop("include", []):
        if "component" in item:
            path = components[item["component"].removeprefix("$CI_SERVER_FQDN/").rpartition("@")[0]]
        else:
            path = root / item["local"]
        found = deep(found, component.read(path).rendered(item.get("inputs", {})))
    return extended(deep(found, own))


def extended(every: Mapping[str, Any]) -> dict[str, Any]:
    """Every job with what it inherits. Raises InvalidPipeline."""
    return {k: v if k in _TOP else _extended(k, every) for k, v in every.items()}


def deep(low: Mapping[str, Any], high: Mapping[str, Any]) -> dict[str, Any]:
    """Hashes are merged, everything else is replaced."""
    both = {k: deep(low[k], v) if isinstance(v, dict) and isinstance(low.get(k), dict) else v for k, v in high.items()}
    return {**low, **both}


def _extended(name: str, every: Mapping[str, Any]) -> dict[str, Any]:
    if name not in every:
        raise InvalidPipeline(f"extends {name}, which is not there")
    words = every[name]
    if unknown := words.keys() - _KEYS:
        raise InvalidPipeline(f"{name}: this CI does not know {sorted(unknown)}")
    parents = words.get("extends", [])
    found: dict[str, Any] = {}
    for parent in [parents] if isinstance(parents, str) else parents:
        found = deep(found, _extended(parent, every))
    return deep(found, {k: v for k, v in words.items() if k != "extends"})


def jobs(every: Mapping[str, Any], variables: Mapping[str, str]) -> list[Job]:
    """The jobs that a pipeline has; none when it is not created. Raises InvalidPipeline."""
    rules = every.get("workflow", {}).get("rules")
    if rules is not None and _decided(rules, variables) is None:
        return []
    stages = [".pre", *(s for s in every.get("stages", STAGES) if s not in (".pre", ".post")), ".post"]
    known = {**every.get("variables", {}), **variables}
    found = [
        j for name in every if name not in _TOP and name[0] != "." for j in _made(name, every[name], known, stages)
    ]
    groups = {j.group for j in found}
    for job in found:
        for need in job.needs or ():
            if need.job not in groups and not need.optional:
                raise InvalidPipeline(f"'{job.name}' job needs '{need.job}' job, but it is not in the pipeline")
    return found


def _made(name: str, words: Mapping[str, Any], variables: Mapping[str, str], stages: list[str]) -> Iterator[Job]:
    if words.get("stage", "test") not in stages:
        raise InvalidPipeline(f"{name}: the stage {words['stage']} does not exist")
    if "script" not in words:
        raise InvalidPipeline(f"{name}: no script")
    for cell in _cells(words.get("parallel")):
        rule = _decided(words.get("rules", [{}]), {**variables, **cell})
        if rule is None:
            continue
        needs = rule.get("needs", words.get("needs"))
        allowed = rule.get("allow_failure", words.get("allow_failure", False))
        yield Job(
            name=f"{name}: [{', '.join(cell.values())}]" if cell else name,
            group=name,
            stage=stages.index(words.get("stage", "test")),
            when=rule.get("when", "on_success"),
            needs=None if needs is None else tuple(_need(n) for n in needs),
            allowed=allowed if isinstance(allowed, bool) else frozenset(allowed["exit_codes"]),
            cell=cell,
            words=words,
        )


def _cells(parallel: Mapping[str, Any] | None) -> list[dict[str, str]]:
    if parallel is None:
        return [{}]
    found = []
    for row in parallel["matrix"]:
        columns = [[(k, v) for v in ([values] if isinstance(values, str) else values)] for k, values in row.items()]
        found += [dict(cell) for cell in itertools.product(*columns)]
    return found


def _need(said: str | Mapping[str, Any]) -> Need:
    return Need(said) if isinstance(said, str) else Need(**said)


def _decided(rules: list[Mapping[str, Any]], variables: Mapping[str, str]) -> Mapping[str, Any] | None:
    """The first rule that holds; None: no job."""
    for rule in rules:
        if unknown := rule.keys() - {"if", "when", "allow_failure", "needs"}:
            raise InvalidPipeline(f"rules: {sorted(unknown)}")
        if "if" not in rule or expression.is_true(rule["if"], variables):
            return None if rule.get("when") == "never" else rule
    return None


def expanded(text: str, variables: Mapping[str, str]) -> str:
    """As a runner expands variables: what is not set is empty."""
    return _NAME.sub(lambda m: variables.get(m[1] or m[2], ""), text)
