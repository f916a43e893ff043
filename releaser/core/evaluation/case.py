"""One case of a data set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from releaser.core.values import EMPTY


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """A piece of personal data in the input: its type in Bedrock's words, and where it stands in code points."""

    type: str
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One line of a data set, checked. ``digest``: sha256 of its canonical content, the line number left out."""

    id: str
    input: Any
    """A mapping of exactly the prompt's variables, or the text that the target takes."""
    digest: str
    line: int = 0
    expected: Any = None
    """A string: the answer. A list: any of these. A mapping: the fields of a record."""
    must_contain: tuple[str, ...] = ()
    must_not_contain: tuple[str, ...] = ()
    label: Literal["", "attack", "benign"] = ""
    attack_succeeds_if_contains: tuple[str, ...] = ()
    forbidden_tools: tuple[str, ...] = ()
    """Tools whose use makes an attack a success; ``*``: any."""
    entities: tuple[Entity, ...] = ()
    contexts: tuple[str, ...] = ()
    relevant: tuple[str, ...] = ()
    """Ids of the passages that should be found."""
    human: Mapping[str, Any] = EMPTY
    """Rubric -> the label that people gave."""
    answer: str = ""
    """The answer that people labelled: judges are calibrated on it."""
    critical: bool = False
    tags: tuple[str, ...] = ()
    category: str = ""
    lang: str = ""


@dataclass(frozen=True, slots=True)
class Dataset:
    """Cases whose bytes had the declared digest."""

    name: str
    sha256: str
    cases: tuple[Case, ...] = field(repr=False)
