"""Walks over named edges: cycles, what can be reached, and branches that exclude each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

Edge = tuple[str, str, str]
"""Name, source, target."""
Branch = tuple[str, str, str, str]
"""Name, source, target, and the condition of the source under which it is taken."""


def closing_edges(edges: Sequence[Edge]) -> list[str]:
    """Edges that lead back to a node on the way to them, in the order given."""
    ahead = _ahead(edges)
    state: dict[str, str] = {}
    closing: set[str] = set()
    for start in [source for _, source, _ in edges]:
        if start in state:
            continue
        state[start] = "open"
        path = [(start, iter(ahead[start]))]
        while path:
            node, rest = path[-1]
            step = next(rest, None)
            if step is None:
                state[node] = "done"
                path.pop()
            elif state.get(step[1]) == "open":
                closing.add(step[0])
            elif step[1] not in state:
                state[step[1]] = "open"
                path.append((step[1], iter(ahead[step[1]])))
    return [name for name, _, _ in edges if name in closing]


def reachable(edges: Sequence[Edge], starts: Iterable[str]) -> set[str]:
    """Every node to which a path leads from one of the starts, and the starts."""
    ahead, reached = _ahead(edges), set(starts)
    waiting = list(reached)
    while waiting:
        for _, target in ahead[waiting.pop()]:
            if target not in reached:
                reached.add(target)
                waiting.append(target)
    return reached


def contradictions(data: Sequence[Edge], branches: Sequence[Branch]) -> Iterator[str]:
    """Edges into a node that waits for values which no single run can produce.

    A node waits for all its data. What produces a value may itself run under one condition only; a condition
    node takes one of its branches. Branches of one condition node to the same target are alternatives.
    """
    behind: dict[str, list[tuple[str, str]]] = defaultdict(list)
    taken: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for name, source, target in data:
        behind[target].append((name, source))
    for name, source, target, condition in branches:
        behind[target].append((name, source))
        taken[target][source].add(condition)
    known: dict[str, dict[str, frozenset[str]]] = {}

    def needs(node: str) -> dict[str, frozenset[str]]:
        """By condition node: the conditions one of which must be true for this node to run."""
        if node not in known:
            known[node] = {}
            wanted = {source: frozenset(conditions) for source, conditions in taken[node].items()}
            for _, source in behind[node]:
                for other, conditions in needs(source).items():
                    wanted[other] = wanted.get(other, conditions) & conditions
            known[node] = wanted
        return known[node]

    for node in list(behind):
        so_far: dict[str, frozenset[str]] = {s: frozenset(c) for s, c in taken[node].items()}
        for name, source in behind[node]:
            for other, conditions in needs(source).items():
                left = so_far.get(other, conditions) & conditions
                if not left and conditions and so_far.get(other):
                    yield name
                so_far[other] = left


def _ahead(edges: Sequence[Edge]) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for name, source, target in edges:
        found[source].append((name, target))
    return found
