"""Lives whose commands are run by roles: what is done before each command, and which role gives it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from world import assembly
from world.desk import DAY, Desk
from world.estate import Estate
from world.manifest import HAIKU, guardrail, use_case
from world.repository import LETTER
from world.rollouts import CANARY

HERE = {"CreateBucketConfiguration": {"LocationConstraint": "eu-central-1"}}
BRIEF = {"answer": LETTER.replace("three", "two")}
CASES = 20
BEFORE = "646464646464"
"""The account of the environment that another one is promoted from."""


@dataclass(frozen=True)
class Scene:
    """A command of a role. ``prepare``: what is done, and committed, before."""

    role: str
    args: tuple[str, ...]
    prepare: Callable[[Desk], None] | None = None

    @property
    def environment(self) -> str:
        return self.args[self.args.index("-e") + 1]


Scenes = Mapping[str, Scene]


def reconcile(prepare: Callable[[Desk], None], environment: str = "dev") -> Scene:
    return Scene("apply", ("reconcile", "-e", environment), prepare)


def looks(prefix: str) -> dict[str, Scene]:
    """Every command that reads, of the role that only may."""
    deep, doctor = ("plan", "-e", "dev", "--deep"), ("doctor", "-e", "dev", "--role", "plan")
    others = {name: Scene("plan", (name, "-e", "dev")) for name in ("drift", "status", "gc")}
    found = {"plan": Scene("plan", deep), **others, "doctor": Scene("plan", doctor)}
    return {f"{prefix}-{name}": scene for name, scene in found.items()}


# -- a small use case, whose second prompt goes and comes back


def _born(desk: Desk) -> None:
    desk.repo.declare(use_case(prompts=("answer", "plain")))


def _less(desk: Desk) -> None:
    (desk.repo.root / "manifests/mail/prompts/plain.md").unlink()
    desk.repo.declare(use_case(guardrails={"main": guardrail("HIGH")}, model=HAIKU), BRIEF)


def _much_later(desk: Desk) -> None:
    desk.later += 40 * DAY


SMALL: Scenes = {
    "small-plan-first": Scene("plan", ("plan", "-e", "dev"), _born),
    "small-first": reconcile(_born),
    **looks("small"),
    "small-change": reconcile(_less),
    "small-back": reconcile(_born),
    "small-doctor-apply": Scene("apply", ("doctor", "-e", "dev", "--role", "apply")),
    "small-gc-apply": Scene("apply", ("gc", "-e", "dev", "--apply", "--keep", "1"), _much_later),
}

# -- every kind

KINDS: Scenes = {
    "kinds-first": reconcile(assembly.STAGES["first"]),
    **looks("kinds"),
    "kinds-change": reconcile(assembly.STAGES["change"]),
    "kinds-gc-apply": Scene("apply", ("gc", "-e", "dev", "--apply", "--keep", "1"), _much_later),
    "kinds-removal": reconcile(assembly.STAGES["removal"]),
    "kinds-deletion": reconcile(assembly.STAGES["deletion"]),
}

# -- parameters that are rolled out, under an alarm


def _delivered(alarm: bool, texts: Mapping[str, str] | None = None) -> Callable[[Desk], None]:
    def prepare(desk: Desk) -> None:
        spec: dict[str, Any] = dict(CANARY)
        if alarm:
            desk.client("cloudwatch").put_metric_alarm(
                AlarmName="errors",
                MetricName="Errors",
                Namespace="Mail",
                Statistic="Sum",
                Period=60,
                EvaluationPeriods=1,
                Threshold=1.0,
                ComparisonOperator="GreaterThanThreshold",
                TreatMissingData="notBreaching",
            )
            spec["alarms"] = [f"arn:aws:cloudwatch:eu-central-1:{desk.account}:alarm:errors"]
            spec["alarmRole"] = f"arn:aws:iam::{desk.account}:role/alarms"
        desk.repo.declare(use_case(delivery=spec), texts)

    return prepare


def _no_roll_out(desk: Desk) -> None:
    desk.repo.declare(use_case(), BRIEF)


ROLL_OUT: Scenes = {
    "roll-out-first": reconcile(_delivered(False)),
    "roll-out-change": reconcile(_delivered(True, BRIEF)),
    **looks("roll-out"),
    "roll-out-none": reconcile(_no_roll_out),
    "roll-out-back": reconcile(_delivered(True, BRIEF)),
    "roll-out-none-again": reconcile(_no_roll_out),
    "roll-out-deletion": reconcile(_much_later),
}

# -- suites of everything that can be asked, evidence in a bucket, anchors

TARGETS = {
    "prompt": {"prompt": "answer", "guardrail": "main"},
    "guardrail": {"guardrail": "main"},
    "search": {"knowledge-base": "policies"},
    "answers": {"knowledge-base": "policies", "model": "answer"},
    "flow": {"flow": "answer"},
    "agent": {"agent": "clerk"},
}


def _datasets(desk: Desk, count: int) -> dict[str, Any]:
    """Writes the data sets, and says where they are."""
    found = {}
    given = {"plain": ("passages", "question"), "guarded": ("output",), "asked": ("question",)}
    for name, members in given.items():
        inputs = [dict.fromkeys(members, f"{n} of {count}") for n in range(count)]
        rows = [{"id": f"c{n:02}", "input": one, "contexts": ["p"]} for n, one in enumerate(inputs)]
        text = "".join(json.dumps(row) + "\n" for row in rows)
        desk.repo.write(f"manifests/mail/data/{name}.jsonl", text)
        found[name] = {"path": f"data/{name}.jsonl", "sha256": hashlib.sha256(text.encode()).hexdigest()}
    return found


def _document(desk: Desk) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((desk.repo.root / "manifests/mail/manifest.yaml").read_text())
    return found


def _judged(desk: Desk) -> None:
    assembly.STAGES["first"](desk)
    document = _document(desk)
    datasets = _datasets(desk, CASES)
    metrics = {"regex": {"pattern": ".?", "floor": 0.1, "maxRegression": 0.9}}
    of = {"prompt": "plain", "guardrail": "guarded"}
    suites = {n: {"target": t, "dataset": of.get(n, "asked"), "metrics": metrics} for n, t in TARGETS.items()}
    document["spec"] |= {"datasets": datasets, "evaluation": {"suites": suites}}
    document["spec"]["governance"]["riskTier"] = "limited"
    desk.repo.declare(document, {"answer": assembly.TEXT})
    desk.client("s3").create_bucket(Bucket=f"kept-{desk.account}", ObjectLockEnabledForBucket=True, **HERE)
    place = f"s3://kept-{desk.account}"
    kept = {"evidenceStore": f"{place}/evidence", "anchor": {"s3": f"{place}/anchors"}}
    desk.repo.environment("dev", desk.account, gates={"required": sorted(TARGETS)}, **kept)


def _more_cases(desk: Desk) -> None:
    """What is live is asked again, and nothing that is not."""
    document = _document(desk)
    document["spec"]["datasets"] = _datasets(desk, CASES + 1)
    desk.repo.declare(document, {"answer": assembly.TEXT})


JUDGED: Scenes = {
    "judged-first": reconcile(_judged),
    "judged-evaluate": Scene("evaluate", ("evaluate", "mail", "-e", "dev"), _more_cases),
    "judged-audit": Scene("plan", ("audit", "verify", "-e", "dev")),
}

# -- an environment with pins, beside the one that they come from


def _pinned(release: str, document: Callable[[], dict[str, Any]] | None = None) -> Callable[[Desk], None]:
    """``document``: what is released in dev before, in an account of its own."""

    def prepare(desk: Desk) -> None:
        stages = Estate({"dev": replace(desk, account=BEFORE), "prod": desk})
        if document is not None:
            desk.repo.environment("dev", BEFORE)
            desk.repo.environment("prod", desk.account, track=None, promotesFrom="dev")
            desk.repo.declare(document())
            desk.repo.commit(release)
            stages.dev.reconcile()
        stages.pin("prod", release)

    return prepare


def _other() -> dict[str, Any]:
    return use_case(guardrails={"main": guardrail("HIGH")}, model=HAIKU)


PINS: Scenes = {
    "pins-first": reconcile(_pinned("r1", use_case), "prod"),
    "pins-promotion": reconcile(_pinned("r2", _other), "prod"),
    "pins-rollback": Scene("apply", ("rollback", "mail", "-e", "prod", "--now", "--reason", "Wrong.", "--no-push")),
    "pins-retirement": reconcile(_pinned("retired"), "prod"),
    "pins-deletion": reconcile(_much_later, "prod"),
}

LIVES: Mapping[str, Scenes] = {
    "small": SMALL,
    "kinds": KINDS,
    "roll-out": ROLL_OUT,
    "judged": JUDGED,
    "pins": PINS,
}
