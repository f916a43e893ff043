"""Which task may run next: a pure reducer over edges, the same for one worker and for many."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Task = TypeVar("Task", bound=Hashable)


class Stuck(Exception):
    """No task can run and some are left: an edge points at nothing, or edges form a circle."""


@dataclass
class Schedule(Generic[Task]):
    """Tasks with what they need. ``ready`` lists in the given order; ``finish`` frees; ``fail`` skips dependants."""

    needs: Mapping[Task, frozenset[Task]]
    done: set[Task] = field(default_factory=set)
    running: set[Task] = field(default_factory=set)
    skipped: set[Task] = field(default_factory=set)
    failed: set[Task] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._order = {task: i for i, task in enumerate(self.needs)}
        self._left = {task: set(needs) & set(self.needs) for task, needs in self.needs.items()}
        self._users: dict[Task, list[Task]] = {}
        for task, needs in self._left.items():
            for need in needs:
                self._users.setdefault(need, []).append(task)
        self._ready = sorted((t for t, left in self._left.items() if not left), key=self._order.__getitem__)

    @property
    def is_over(self) -> bool:
        return len(self.done) + len(self.failed) + len(self.skipped) == len(self.needs)

    def ready(self) -> tuple[Task, ...]:
        """Tasks that may start now, earliest declared first. Raises Stuck when nothing ever will."""
        if not self._ready and not self.running and not self.is_over:
            left = [t for t in self.needs if t not in self.done | self.failed | self.skipped]
            raise Stuck(f"nothing can run, {len(left)} tasks left, first: {left[0]}")
        return tuple(self._ready)

    def start(self, task: Task) -> None:
        self._ready.remove(task)
        self.running.add(task)

    def finish(self, task: Task) -> None:
        """The task succeeded: whoever waited only for it becomes ready."""
        self.running.discard(task)
        self.done.add(task)
        freed = []
        for user in self._users.get(task, ()):
            self._left[user].discard(task)
            if not self._left[user] and user not in self.skipped:
                freed.append(user)
        if freed:
            self._ready = sorted([*self._ready, *freed], key=self._order.__getitem__)

    def fail(self, task: Task) -> tuple[Task, ...]:
        """The task failed: everything that waits for it, at any distance, is skipped and returned."""
        self.running.discard(task)
        self.failed.add(task)
        skipped: list[Task] = []
        queue: list[Task] = list(self._users.get(task, ()))
        while queue:
            user = queue.pop()
            if user in self.skipped or user in self.failed:
                continue
            self.skipped.add(user)
            skipped.append(user)
            queue.extend(self._users.get(user, ()))
        return tuple(sorted(skipped, key=self._order.__getitem__))
