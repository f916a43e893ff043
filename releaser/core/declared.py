"""What changed in the parts of a manifest that are no resources: models, data sets, thresholds, governance."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from releaser.core.kind import Effect, Remark
from releaser.core.parameters import model_remarks, parameter_remarks, reach
from releaser.core.values import EMPTY

Spec = Mapping[str, Any]
Found = Iterator[tuple[str, Remark]]
"""What it is about, and the remark."""

_LEVELS: Mapping[str, tuple[str, ...]] = {
    "riskTier": ("minimal", "limited", "high"),
    "dataClassification": ("public", "internal", "confidential", "restricted"),
    "tier": ("advisory", "supporting", "critical"),
}


def models(before: Spec, after: Spec) -> Found:
    """Models that come, go or are exchanged."""
    for name, old, new in pairs(before.get("models"), after.get("models")):
        if new is None:
            yield name, Remark("is no longer used", "neutral")
        elif old is None:
            model_id = str(new.get("modelId", ""))
            yield name, Remark(f"is new: {model_id}, processed in {reach(model_id)}", "changed")
        else:
            for remark in model_remarks(str(old.get("modelId", "")), str(new.get("modelId", ""))):
                yield name, remark


def parameters(before: Spec, after: Spec) -> Found:
    """Parameters of models that stay declared."""
    for name, old, new in pairs(before.get("models"), after.get("models")):
        if old is not None and new is not None:
            for remark in parameter_remarks(old.get("inference") or EMPTY, new.get("inference") or EMPTY):
                yield name, remark


def datasets(before: Spec, after: Spec) -> Found:
    """Data sets whose content changed, by digest."""
    for name, old, new in pairs(before.get("datasets"), after.get("datasets")):
        if new is None:
            yield name, Remark("is no longer part of the release", "weaker")
        elif old is None:
            yield name, Remark(f"is new (sha256 {_short(new)})", "stronger")
        elif old.get("sha256") != new.get("sha256"):
            yield name, Remark(f"has new content: sha256 {_short(old)} -> {_short(new)}", "changed", "sha256")
        elif old != new:
            yield name, Remark("stands in another place, its content is the same", "neutral")


def thresholds(before: Spec, after: Spec) -> Found:
    """Metrics whose thresholds became easier (weaker) or harder (stronger) to pass."""
    old_suites, new_suites = (_of(_of(s, "evaluation"), "suites") for s in (before, after))
    for suite, old, new in pairs(old_suites, new_suites):
        for metric, left, right in pairs(_of(old, "metrics"), _of(new, "metrics")):
            name = f"{suite}/{metric}"
            if right is None:
                yield name, Remark(f"is no longer checked (was: {_bound(left or EMPTY)})", "weaker")
            elif left is None:
                yield name, Remark(f"is now checked: {_bound(right)}", "stronger")
            else:
                for remark in _metric(left, right):
                    yield name, remark
        for member, word in (("dataset", "data set"), ("target", "target")):
            if old is not None and new is not None and old.get(member) != new.get(member):
                yield suite, Remark(f"is measured with another {word}", "changed", member)


_SENSE: Mapping[str, int] = {"floor": 1, "ceiling": -1, "maxRegression": -1, "minN": 1, "repeats": 1}
"""1: a higher value is harder to pass."""


def _metric(old: Spec, new: Spec) -> Iterator[Remark]:
    for member, sense in _SENSE.items():
        was, now = old.get(member), new.get(member)
        if was == now:
            continue
        if now is None:
            yield Remark(f"{member} {was} is gone: easier to pass", "weaker", member)
        elif was is None:
            yield Remark(f"{member} {now} is new: harder to pass", "stronger", member)
        else:
            yield _moved(member, was, now, sense)
    was, now = (_rank("tier", v.get("tier", "supporting")) for v in (old, new))
    if was != now:
        said = f"counts as {new.get('tier', 'supporting')}, before as {old.get('tier', 'supporting')}"
        yield Remark(said, "stronger" if now > was else "weaker", "tier")
    if old.get("judge") != new.get("judge"):
        yield Remark("is judged by another model", "changed", "judge")


def _moved(member: str, was: Any, now: Any, sense: int) -> Remark:
    left, right = _amount(was), _amount(now)
    said = f"{member} {was} -> {now}"
    if left is None or right is None or left[1] != right[1]:
        return Remark(said, "changed", member)
    if left[0] == right[0]:
        return Remark(f"{said}: the same", "neutral", member)
    harder = (right[0] > left[0]) == (sense > 0)
    return Remark(f"{said}: {'harder' if harder else 'easier'} to pass", "stronger" if harder else "weaker", member)


_AMOUNT = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*(ms|s|%)?\s*")


def _amount(value: Any) -> tuple[float, str] | None:
    """A number with its unit; seconds as milliseconds."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value), ""
    found = _AMOUNT.fullmatch(str(value))
    if found is None:
        return None
    return (float(found[1]) * 1000, "ms") if found[2] == "s" else (float(found[1]), found[2] or "")


def _bound(metric: Spec) -> str:
    told = {"floor": "at least", "ceiling": "at most"}
    return ", ".join(f"{word} {metric[m]}" for m, word in told.items() if metric.get(m) is not None) or "no bound"


def governance(before: Spec, after: Spec, files: Mapping[str, tuple[str, str]]) -> Found:
    """Risk tier, data, use, documents, waivers. ``files``: path -> digest before and after."""
    old, new = _of(before, "governance"), _of(after, "governance")
    for member, word in (("riskTier", "risk tier"), ("dataClassification", "data classification")):
        was, now = old.get(member), new.get(member)
        if was != now:
            effect: Effect = "stronger" if _rank(member, now) > _rank(member, was) else "weaker"
            yield word, Remark(f"{was or 'not said'} -> {now or 'not said'}", effect, member)
    if old.get("intendedUse") != new.get("intendedUse"):
        texts = (str(old.get("intendedUse") or ""), str(new.get("intendedUse") or ""))
        yield "intended use", Remark("changed", "changed", "intendedUse", texts=texts)
    for name, left, right in pairs(old.get("documents"), new.get("documents")):
        was, now = files.get(str(left), ("", ""))[0], files.get(str(right), ("", ""))[1]
        if right is None:
            yield name, Remark(f"the document is gone (it was {left}, sha256 {was[:12]})", "weaker")
        elif left is None:
            yield name, Remark(f"the document is new: {right}, sha256 {now[:12]}", "stronger")
        elif was != now:
            yield name, Remark(f"the document changed: {right}, sha256 {was[:12]} -> {now[:12]}", "changed")
        elif left != right:
            yield name, Remark(f"the document is {right} instead of {left}, its content is the same", "neutral")
    yield from _waivers(before, after)


def _waivers(before: Spec, after: Spec) -> Found:
    old, new = ({(w.get("rule"), w.get("at")) for w in s.get("waivers") or ()} for s in (before, after))
    for rule, at in sorted(new - old, key=str):
        yield f"rule {rule}", Remark(f"is waived at {at}", "weaker")
    for rule, at in sorted(old - new, key=str):
        yield f"rule {rule}", Remark(f"holds again at {at}", "stronger")


def pairs(before: Any, after: Any) -> Iterator[tuple[str, Any, Any]]:
    """Every name of both mappings with its two values, None where it is missing."""
    old, new = (m if isinstance(m, Mapping) else EMPTY for m in (before, after))
    for name in sorted({*old, *new}):
        yield name, old.get(name), new.get(name)


def _of(holder: Any, member: str) -> Spec:
    found = holder.get(member) if isinstance(holder, Mapping) else None
    return found if isinstance(found, Mapping) else EMPTY


def _rank(scale: str, value: Any) -> int:
    levels = _LEVELS[scale]
    return levels.index(value) if value in levels else -1


def _short(dataset: Spec) -> str:
    return str(dataset.get("sha256", ""))[:12]
