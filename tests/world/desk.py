"""One engineer with one repository and one account: the commands, and what they leave."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from releaser import sandbox
from releaser.sandbox.client import AdminClient
from world import account, repository
from world.process import Ended, Running, Zygote
from world.repository import Repository

DAY = 86400.0


@dataclass
class Desk:
    """Runs commands on a repository against an account of its own."""

    zygote: Zygote
    box: sandbox.SandboxProcess
    repo: Repository
    account: str
    env: dict[str, str] = field(default_factory=dict)
    haste: float = 50.0
    later: float = 0.0
    past: str = ""
    order: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.past = self.mark()

    @property
    def admin(self) -> AdminClient:
        return self.box.admin

    def start(self, *args: str) -> Running:
        """Begins a command."""
        env = {**self.repo.env, **self.box.env(self.account), **self.env}
        return self.zygote.start(args, self.repo.root, env, haste=self.haste, later=self.later, order=self.order)

    def run(self, *args: str, ok: int | None = None) -> Ended:
        """A command from begin to end; ``ok``: the exit code it must have."""
        ended = self.start(*args).wait()
        assert "Traceback" not in ended.said, ended.said
        if ok is not None:
            assert ended.code == ok, f"exit {ended.code}, not {ok}: {args}\n{ended.said}"
        return ended

    def reconcile(self, *args: str, ok: int | None = 0) -> Ended:
        return self.run("reconcile", "-e", "dev", *args, ok=ok)

    def plan(self, *args: str) -> dict[str, Any]:
        """The plan as JSON."""
        ended = self.run("plan", "-e", "dev", "--output", "json", *args)
        assert ended.out, f"exit {ended.code}: {ended.said}"
        return ended.json()

    def settled(self) -> None:
        """A new look at everything finds nothing to do."""
        ended = self.run("plan", "-e", "dev", "--deep", "--detailed-exitcode")
        assert ended.code == 0, ended.said

    def content(self) -> dict[str, Any]:
        """All that the account holds, comparable between accounts."""
        found = account.content(self.client)
        return _renamed(found, self.account)

    def client(self, service: str) -> Any:
        return self.box.client(service, self.account)

    def mark(self) -> str:
        """This moment in the account's log of calls."""
        rows = self.admin.log(tail=1, account=self.account)
        return rows[0]["requestId"] if rows else ""

    def writes(self, since: str | None = None) -> list[str]:
        """Operations that changed something, or tried to, since a mark (None: since the desk was made)."""
        return [r["operation"] for r in self.since(since) if not is_read(r["operation"])]

    def effects(self, since: str | None = None) -> list[str]:
        """Writes that AWS accepted."""
        return [r["operation"] for r in self.since(since) if not is_read(r["operation"]) and not r["error"]]

    def since(self, mark: str | None = None) -> list[dict[str, Any]]:
        """The log keeps the last calls only, and an account may have had another life before."""
        mark = self.past if mark is None else mark
        rows = self.admin.log(tail=100_000, account=self.account)
        ids = [r["requestId"] for r in rows]
        assert not mark or mark in ids, "the log is too short"
        return rows[ids.index(mark) + 1 if mark else 0 :]

    def sibling(self, folder: Path) -> Desk:
        """Another engineer with a clone of the same server, on the same account."""
        return Desk(self.zygote, self.box, self.repo.clone(folder), self.account, dict(self.env), self.haste)

    def releases(self) -> dict[str, set[str]]:
        """Record folder -> entries; the chains are checked."""
        records = self.repo.records()
        assert repository.sound(records) == []
        return repository.folders(records)


def is_read(operation: str) -> bool:
    """By AWS's naming; ``operation`` is ``service.Name``."""
    name = operation.rpartition(".")[2]
    return name.startswith(("Get", "Head", "List", "Describe")) or name == "AssumeRole"


def _renamed(value: Any, number: str) -> Any:
    if isinstance(value, dict):
        return {_renamed(k, number): _renamed(v, number) for k, v in value.items()}
    if isinstance(value, list):
        return [_renamed(v, number) for v in value]
    return value.replace(number, "<account>") if isinstance(value, str) else value
