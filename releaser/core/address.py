"""Addresses and references: the one primary key, from manifest to audit record."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """``use-case/kind/name``; sorts by its parts."""

    use_case: str
    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.use_case}/{self.kind}/{self.name}"

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read ``use-case/kind/name``. Raises ValueError on anything else."""
        parts = text.split("/")
        if len(parts) != 3 or not all(parts):
            raise ValueError(f"not an address (use-case/kind/name): {text!r}")
        return cls(*parts)


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """A value that exists later: one output of another resource (``id``, ``ownId``, ``arn``, ``version``, ...)."""

    address: Address
    output: str

    def __str__(self) -> str:
        return f"${{{self.address.kind}/{self.address.name}.{self.output}}}"


@dataclass(frozen=True, slots=True, order=True)
class Bound:
    """A value that the environment gave: ``template`` is how the manifest says it, ``value`` what it is here."""

    template: str
    value: str

    def __str__(self) -> str:
        return self.value
