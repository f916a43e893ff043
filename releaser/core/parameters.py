"""Models and their parameters in words: where a model may run, and what a parameter does to answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeGuard

from releaser.core.geography import GEOGRAPHY, name_of, plain_model
from releaser.core.kind import Effect, Remark

# Regions by geography: core/geography.py.
_REACH = {
    "us": (1, "AWS Regions in the United States"),
    "us-gov": (1, "AWS GovCloud Regions"),
    "eu": (1, "AWS Regions in Europe"),
    "apac": (1, "AWS Regions in Asia Pacific"),
    "jp": (1, "AWS Regions in Japan"),
    "au": (1, "AWS Regions in Australia"),
    "ca": (1, "AWS Regions in Canada"),
    "global": (2, "any commercial AWS Region worldwide"),
}


def reach(model_id: str) -> str:
    """Where requests may be processed."""
    return _reach(model_id)[1]


def _reach(model_id: str) -> tuple[int, str]:
    found = GEOGRAPHY.match(name_of(model_id))
    if found is None:
        return 0, "the environment's own Region only"
    return _REACH.get(found[1], (1, f"the AWS Regions of the profile {found[1]}"))


def model_remarks(before: str, after: str) -> Iterator[Remark]:
    """What another model id means."""
    if before == after:
        return
    old, new = plain_model(before), plain_model(after)
    if old != new:
        yield Remark(f"answers come from {new} instead of {old}", "changed", "modelId")
    (was, there), (now, here) = _reach(before), _reach(after)
    if there != here:
        effect: Effect = "weaker" if now > was else "stronger" if now < was else "changed"
        yield Remark(f"requests may be processed in {here} (before: {there})", effect, "modelId")


_DIRECTIONS: Mapping[str, tuple[str, str]] = {
    "temperature": ("answers vary more", "answers vary less"),
    "topP": ("rarer words are considered", "only likelier words are considered"),
    "topK": ("rarer words are considered", "only likelier words are considered"),
    "maxTokens": ("answers may be longer", "answers are cut off earlier"),
}
"""Parameter -> what raising and lowering it does."""


def parameter_remarks(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Remark]:
    """What changed parameters do. Texts among them (stop sequences) are not told."""
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        if not _is_number(old) or not _is_number(new):
            yield Remark(_unlike(name, old, new), "changed", name)
            continue
        up, down = _DIRECTIONS.get(name, ("", ""))
        meaning = up if new > old else down
        said = f"{name} {'rises' if new > old else 'falls'} from {old:g} to {new:g}"
        yield Remark(f"{said}: {meaning}" if meaning else said, "changed", name)


def _unlike(name: str, old: Any, new: Any) -> str:
    if old is None:
        return f"{name} is set to {new:g}" if _is_number(new) else f"{name} is set"
    if new is None:
        was = f" (was {old:g})" if _is_number(old) else ""
        return f"{name} is left to the model's default{was}"
    return f"{name} changed"


def _is_number(value: Any) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
