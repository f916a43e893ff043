"""A year of three use cases in three environments, told by a script that keeps its own book of what is live.

``mail`` and ``chat`` say in SSM where readers look, ``claims`` in AppConfig, with a canary in prod. The book knows
nothing of records: it is written from what the script did, a day at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

from releaser import sandbox
from world import repository
from world.crash import Point, crash_in_aws
from world.desk import DAY, Desk
from world.manifest import SONNET, guardrail, use_case
from world.process import Ended, Zygote, until
from world.repository import LETTER, Repository

ACCOUNTS = {"dev": "100000000001", "preprod": "100000000002", "prod": "100000000003"}
BEFORE = {"preprod": "dev", "prod": "preprod"}
USE_CASES = ("mail", "claims", "chat")
Place = tuple[str, str]
"""Environment and use case."""


@dataclass
class Book:
    """What is live where: (environment, use case) -> day from which it is -> release, None for nothing."""

    pages: dict[Place, dict[int, str | None]] = field(default_factory=dict)

    def write(self, environment: str, use_case: str, day: int, release: str | None) -> None:
        self.pages.setdefault((environment, use_case), {})[day] = release

    def on(self, day: int) -> dict[Place, str]:
        """Everything that is live at the end of a day."""
        found = {}
        for place, turns in self.pages.items():
            past = [d for d in turns if d <= day]
            release = turns[max(past)] if past else None
            if release is not None:
                found[place] = release
        return found

    def before(self, environment: str, use_case: str) -> str:
        """What was live before what is live."""
        turns = self.pages[environment, use_case]
        now = turns[max(turns)]
        return next(r for _, r in sorted(turns.items(), reverse=True) if r is not None and r != now)

    def last(self, environment: str, use_case: str) -> str:
        turns = self.pages[environment, use_case]
        return turns[max(turns)] or ""


@dataclass
class Year:
    """The repository with its server, three accounts, today's date, the book."""

    box: sandbox.SandboxProcess
    repo: Repository
    desks: Mapping[str, Desk]
    began: datetime
    """The end of day 0."""
    today: int = 0
    book: Book = field(default_factory=Book)
    releases: dict[str, int] = field(default_factory=dict)
    """Use case -> number of its newest release."""
    merges: int = 0

    def on(self, day: int) -> None:
        """Time passes, here and in AWS."""
        assert day >= self.today, f"day {day} after day {self.today}"
        self.box.admin.advance((day - self.today) * DAY)
        self.today = day
        for desk in self.desks.values():
            desk.later = day * DAY

    def releaser(self, environment: str, *args: str, ok: int | None = 0) -> Ended:
        return self.desks[environment].run(*args, ok=ok)

    def reconcile(self, environment: str, *args: str, ok: int | None = 0) -> Ended:
        return self.releaser(environment, "reconcile", "-e", environment, *args, ok=ok)

    def merge(self, name: str) -> str:
        """A change of a use case is merged and released in dev. Returns its release."""
        number = self.releases.get(name, 0) + 1
        self.repo.declare(_document(name, number), {"answer": _text(number)})
        self.repo.commit(f"Change {name}")
        self.merges += 1
        self.reconcile("dev")
        self.releases[name] = number
        self.book.write("dev", name, self.today, f"r{number}")
        return f"r{number}"

    def take(self, branch: str) -> None:
        """Somebody merges a merge request."""
        self.repo.git("fetch", "-q", "origin")
        self.repo.git("merge", "-q", "--no-ff", "-m", f"Merge branch '{branch}'", f"origin/{branch}")
        self.repo.git("push", "-q", "origin", "HEAD:main")

    def propose(self, environment: str, *args: str) -> dict[str, Any]:
        """A command that opens a merge request, which is merged at once. What it said."""
        said: dict[str, Any] = self.releaser(environment, *args, "--output", "json").json()
        self.take(said["branch"])
        return said

    def promote(self, name: str, to: str) -> None:
        """What is live in the environment before is proposed, merged and applied."""
        self.propose(to, "promote", name, "--to", to)
        self.reconcile(to)
        self.book.write(to, name, self.today, self.book.last(BEFORE[to], name))

    def rollback(self, name: str, environment: str) -> None:
        """A merge request takes a use case back to what was live before; to what, the records say."""
        to = self.book.before(environment, name)
        said = self.propose(environment, "rollback", name, "-e", environment)
        assert said["moves"][0]["release"] == to, said
        self.reconcile(environment)
        self.book.write(environment, name, self.today, to)

    def interrupted(self, name: str) -> None:
        """A run in prod is killed when the roll-out has begun; the next day's run finishes it."""
        self.propose("prod", "promote", name, "--to", "prod")
        point = Point("aws", "appconfig.StartDeployment", 1, after=True)
        crash_in_aws(self.desks["prod"], point, ("reconcile", "-e", "prod"))
        self.on(self.today + 1)
        self.reconcile("prod")
        self.book.write("prod", name, self.today, self.book.last("preprod", name))

    def emergency(self, name: str) -> None:
        """Taken back in prod while the git server is away; it stays so until a merge request says what is wanted."""
        assert self.repo.server is not None
        to, away = self.book.before("prod", name), self.repo.server.with_suffix(".away")
        self.repo.server.rename(away)
        self.releaser("prod", "rollback", name, "-e", "prod", "--now", "--reason", "It answers with claim numbers.")
        away.rename(self.repo.server)
        self.book.write("prod", name, self.today, to)
        for _ in range(2):
            self.on(self.today + 1)
            self.reconcile("prod", ok=4)
        self.propose("prod", "rollback", name, "-e", "prod", "--to", to)
        self.reconcile("prod")

    def alarmed(self, name: str) -> None:
        """The alarm fires while prod gets a new release: AppConfig takes it back, and nobody puts it there again."""
        self.propose("prod", "promote", name, "--to", "prod")
        desk = self.desks["prod"]
        cloudwatch = desk.client("cloudwatch")
        desk.admin.add_fault("hang-before", service="appconfig", operation="StartDeployment", account=desk.account)
        run = desk.start("reconcile", "-e", "prod")
        until(desk.admin.held, why="the roll-out does not begin")
        cloudwatch.set_alarm_state(AlarmName="errors", StateValue="ALARM", StateReason="too many")
        desk.admin.clear_faults()
        desk.admin.release()
        ended = run.wait()
        assert ended.code == 1 and "rolled back by the alarm" in ended.said, ended.said
        cloudwatch.set_alarm_state(AlarmName="errors", StateValue="OK", StateReason="over")
        self.on(self.today + 1)
        self.reconcile("prod", ok=4)
        self.propose("prod", "rollback", name, "-e", "prod", "--to", self.book.last("prod", name))
        self.reconcile("prod")

    def retire(self, name: str, environment: str) -> None:
        """A tombstone is merged."""
        self.propose(environment, "retire", name, "-e", environment)
        self.reconcile(environment)
        self.book.write(environment, name, self.today, None)


def begin(zygote: Zygote, box: sandbox.SandboxProcess, folder: Path) -> Year:
    """An empty repository with its server and three environments: dev follows main, the others pins."""
    repo = repository.create(folder, server=True)
    for name, account in ACCOUNTS.items():
        way = {"promotesFrom": BEFORE[name], "track": None} if name in BEFORE else {}
        bindings = {"errors": _ALARM.format(account), "alarmRole": f"arn:aws:iam::{account}:role/alarms"}
        gates = {"risk": {"safety-weakening": "none", "destructive": "none"}}
        repo.environment(name, account, rollbackWindow="14d", gates=gates, bindings=bindings, **way)
    repo.commit("Three environments")
    desks = {n: Desk(zygote, box, repo, a) for n, a in ACCOUNTS.items()}
    for desk in desks.values():
        _watch(desk)
    now = datetime.now(UTC)
    return Year(box, repo, desks, datetime.combine(now.date(), time.max, UTC))


def live(year: Year) -> None:
    """The year, day by day: forty merges and what becomes of them."""
    for name in USE_CASES:
        year.on(year.today + 1)
        year.merge(name)
    year.on(5)
    for name in USE_CASES:
        year.promote(name, "preprod")
    year.on(6)
    for name in USE_CASES:
        year.promote(name, "prod")
    for week in range(37):
        name = USE_CASES[week % 3]
        year.on(8 + week * 9)
        year.merge(name)
        _promotions(year, week, name)
        _events(year, week)


def _promotions(year: Year, week: int, name: str) -> None:
    """Two of three merges go on to preprod, one of three to prod."""
    if (name, week > 27) == ("chat", True):
        return
    if week % 2 == 0:
        year.on(year.today + 2)
        year.promote(name, "preprod")
    if week % 4 == 0:
        year.on(year.today + 2)
        year.promote(name, "prod")


def _events(year: Year, week: int) -> None:
    """What does not happen every week."""
    year.on(year.today + 1)
    match week:
        case 9:
            year.rollback("mail", "prod")
        case 10:
            year.alarmed("claims")
        case 18:
            year.emergency("mail")
        case 22:
            year.interrupted("claims")
        case 24:
            year.rollback("claims", "preprod")
        case 26:
            year.retire("chat", "prod")
        case 27:
            year.retire("chat", "preprod")
        case 11 | 20 | 30:
            for environment in ACCOUNTS:
                year.releaser(environment, "gc", "-e", environment, "--apply")


_ALARM = "arn:aws:cloudwatch:eu-central-1:{}:alarm:errors"


def _watch(desk: Desk) -> None:
    """An alarm on the errors of ``claims``, of which there are none yet."""
    desk.client("cloudwatch").put_metric_alarm(
        AlarmName="errors",
        MetricName="Errors",
        Namespace="Claims",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1.0,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
    )


def _document(name: str, number: int) -> dict[str, Any]:
    """Every release says something else; every third has another guardrail."""
    strength = ("LOW", "MEDIUM", "HIGH")[number // 3 % 3]
    rails = {"main": guardrail(strength)} if name == "mail" else {}
    more: dict[str, Any] = {}
    if name == "claims":
        more["delivery"] = {
            "strategy": "canary-10-percent-20-minutes",
            "alarms": ["${env.errors}"],
            "alarmRole": "${env.alarmRole}",
        }
    return use_case(name, guardrails=rails, model=SONNET, profile=False, **more)


def _text(number: int) -> str:
    return LETTER.replace("three", str(number + 3))
