"""A role without one action: exactly the commands that need it fail, say what is missing, and finish once it is back.

By default a few actions of a small use case, always the same ones. ``RELEASER_LAWS=full`` removes each action that a
command may need, of every kind, and asks whether any action of a policy is needed by nobody.
"""

from __future__ import annotations

import os
import random
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from iam_lives import BEFORE, LIVES, Scene
from test_iam_enforced import PROJECT, Pipeline, denied
from world import repository, story
from world.desk import Desk
from world.moments import Moment, back_to, kept
from world.process import Ended, Zygote

from releaser import sandbox
from releaser.core.iam.actions import ACTIONS, Access, actions_of

FULL = os.environ.get("RELEASER_LAWS") == "full"
CHOSEN = {"small-first": 3, "small-plan": 2, "small-gc": 2}
"""By default: of these commands, so many actions."""
FREE = frozenset({"sts.AssumeRoleWithWebIdentity"})
"""Asked of the role's trust, and of no policy of its own."""
BESIDE = frozenset({"iam:PassRole", "bedrock:TagResource", "appconfig:TagResource", "ssm:AddTagsToResource"})
"""What AWS asks for beside the action of an operation that creates."""
_LISTED = "nothing hinges on it where no use case has such a thing"
SILENT: Mapping[str, str] = {
    "bedrock:ListAgents": _LISTED,
    "bedrock:ListFlows": _LISTED,
    "bedrock:ListKnowledgeBases": _LISTED,
    "bedrock:ListPromptRouters": _LISTED,
    "ssm:DescribeParameters": _LISTED,
    "cloudwatch:DescribeAlarms": "only plans ask whether an alarm is fit: drift, status and gc go on",
    "bedrock:ListFoundationModels": "only plans judge models: drift, status and gc go on",
    "servicequotas:GetServiceQuota": "the documented figures hold",
}
"""Actions without which some command ends as it does with them, and why it may."""
_UNDER_WAY = "only while a roll-out or an ingestion is under way"
UNPROVEN: Mapping[str, str] = {
    "appconfig:GetDeployment": _UNDER_WAY,
    "appconfig:ListDeploymentStrategies": _UNDER_WAY,
    "appconfig:ListHostedConfigurationVersions": _UNDER_WAY,
    "appconfig:StopDeployment": _UNDER_WAY,
    "bedrock:GetIngestionJob": _UNDER_WAY,
    "appconfig:UpdateApplication": "only what somebody changed by hand is put back",
    "appconfig:UpdateConfigurationProfile": "only what somebody changed by hand is put back",
    "bedrock:RenderPrompt": "prompts are rendered here before a merge; only published ones ask for it",
    "s3:GetObjectVersion": "only of documents in buckets that keep versions",
    "s3:GetObjectRetention": "S3 denies nothing: it leaves the lock out of its reply, and audit calls it unproven",
    "ssm:GetParameters": "reads ten parameters at once, and each alone where it is denied",
}
"""Actions of printed policies that no command here fails without, and why they stand there."""
ACCOUNT = "535353535353"
Policies = list[dict[str, Any]]


class Roles(Pipeline):
    """Roles that are given any policies."""

    def printed(self, role: str, environment: str) -> Policies:
        self.become("")
        asked = ("iam", "policy", "--role", role, "-e", environment, "--output", "json")
        return [row["policy"] for row in self.desk.run(*asked, ok=0).json()["policies"]]

    def give(self, role: str, environment: str, policies: Policies) -> None:
        self.become("")
        if role not in self.known:
            trust = self.desk.run("iam", "trust", "--role", role, "-e", environment, *PROJECT, ok=0).out
            self.iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust)
        for arn in self.known.get(role, []):
            self.iam.detach_role_policy(RoleName=role, PolicyArn=arn)
            self.iam.delete_policy(PolicyArn=arn)
        self.known[role] = [self._attached(role, n, policy) for n, policy in enumerate(policies)]


@dataclass(frozen=True)
class Played:
    """What a command did with all that its role is allowed."""

    scene: Scene
    before: Moment
    policies: Policies
    code: int
    denied: frozenset[str]
    may_need: frozenset[str]
    """Actions, by the operations that it called."""
    after: Mapping[str, Any]


@dataclass
class Life:
    """Commands one after the other on one account, each by its role."""

    desk: Desk
    roles: Roles
    folder: Path
    has_every_kind: bool
    played: dict[str, Played] = field(default_factory=dict)
    told: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Role -> actions whose lack made a command fail as it should."""

    def play(self, name: str, scene: Scene) -> None:
        self.roles.become("")
        if scene.prepare is not None:
            scene.prepare(self.desk)
            self.desk.repo.commit(name)
        policies = self.roles.printed(scene.role, scene.environment)
        self.roles.give(scene.role, scene.environment, policies)
        before, mark = kept(self.desk, self.folder / name), self.desk.mark()
        ended = self.run(scene)
        assert ended.code == 0, f"{name}: {ended.said}"
        called = {row["operation"] for row in self.desk.since(mark)} - FREE
        may_need = {a.name for o in called for a in actions_of(*o.split("."))} | BESIDE
        refused = frozenset(denied(self.desk, mark))
        needed = frozenset(may_need & allowed(policies))
        self.played[name] = Played(scene, before, policies, ended.code, refused, needed, self.state())

    def run(self, scene: Scene) -> Ended:
        self.roles.become(scene.role)
        return self.desk.run(*scene.args)

    def state(self) -> Mapping[str, Any]:
        """What the account holds, and what is released; the chains of records are checked."""
        assert repository.sound(self.desk.repo.records()) == []
        return {"content": self.desk.content(), "tags": self.desk.repo.tags()}

    def without(self, name: str, action: str) -> list[str]:
        """What is wrong with how a command ends without an action, and with it again."""
        played = self.played[name]
        role, environment = played.scene.role, played.scene.environment
        back_to(self.desk, played.before)
        self.roles.give(role, environment, [less(p, action) for p in played.policies])
        mark, records = self.desk.mark(), self.desk.repo.records()
        ended = self.run(played.scene)
        missed = set(denied(self.desk, mark)) - played.denied
        is_as_ever = ended.code == played.code and action not in ended.said
        if not missed or (is_as_ever and self._may_be_silent(played.scene, action)):
            same = ended.code == played.code and self.state() == played.after
            return [] if same else [f"exit {ended.code}, denied: {sorted(missed)}: {ended.said[-1500:]}"]
        wrong = list(badly_said(ended, played, action))
        self.told[role] |= set() if wrong else {action}
        if self.desk.effects(mark) != [] or self.desk.repo.records() != records:
            self.roles.give(role, environment, played.policies)
            wrong += self._unfinished(played, self.run(played.scene))
        return wrong

    def _may_be_silent(self, scene: Scene, action: str) -> bool:
        """Evaluation looks at everything, and needs what its suites lead to."""
        if scene.role == "evaluate":
            return ACTIONS[action].access is Access.READ
        return action in SILENT and not (SILENT[action] == _LISTED and self.has_every_kind)

    def _unfinished(self, played: Played, again: Ended) -> Iterator[str]:
        if again.code != played.code:
            yield f"not finished afterwards, exit {again.code}: {again.said[-1500:]}"
        elif self.state() != played.after:
            yield f"other content afterwards: {list(story.unlike(self.state(), played.after))[:4]}"


def allowed(policies: Policies) -> frozenset[str]:
    return frozenset(a for p in policies for s in p["Statement"] for a in s["Action"])


def less(policy: dict[str, Any], action: str) -> dict[str, Any]:
    """The same without an action."""
    assert "*" not in "".join(allowed([policy]))
    rows = [{**s, "Action": [a for a in s["Action"] if a != action]} for s in policy["Statement"]]
    return {**policy, "Statement": [row for row in rows if row["Action"]]}


def badly_said(ended: Ended, played: Played, action: str) -> Iterator[str]:
    """It fails, or says what it could not see; it names the action, and where it is printed."""
    if ended.code not in {1, 3, 4, played.code}:
        yield f"exit {ended.code}"
    if action not in ended.said:
        yield f"the action is not named, exit {ended.code}: {ended.said[-1500:]}"
    elif "`releaser iam policy" not in ended.said:
        yield f"not said how to get it, exit {ended.code}: {ended.said[-1500:]}"


@dataclass
class Theatre:
    """Each life is lived when it is asked for."""

    zygote: Zygote
    box: sandbox.SandboxProcess
    folder: Path
    lives: dict[str, Life] = field(default_factory=dict)
    done: set[tuple[str, str]] = field(default_factory=set)

    def life(self, name: str) -> Life:
        if name not in self.lives:
            self.lives[name] = self._lived(name)
        return self.lives[name]

    def _lived(self, life: str) -> Life:
        is_whole = life in ("kinds", "judged")
        account = story.ACCOUNT if is_whole else ACCOUNT
        self.box.admin.reset(account)
        repo = repository.create(self.folder / life / "desk")
        repo.environment("dev", account)
        desk = Desk(self.zygote, self.box, repo, account)
        found = Life(desk, Roles(desk, self.folder / life), self.folder / life, has_every_kind=is_whole)
        for name, scene in LIVES[life].items():
            if FULL or name in CHOSEN:
                found.play(name, scene)
        return found


@pytest.fixture(scope="module")
def lives(
    zygote: Zygote, world_box: sandbox.SandboxProcess, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Theatre]:
    yield Theatre(zygote, world_box, tmp_path_factory.mktemp("lives"))
    for account in (story.ACCOUNT, ACCOUNT, BEFORE):
        world_box.admin.reset(account)


EVERY = [(life, name) for life, scenes in LIVES.items() for name in scenes if FULL or name in CHOSEN]


@pytest.mark.parametrize(("life", "name"), EVERY)
def test_without_an_action_what_needs_it_fails_and_says_so(lives: Theatre, life: str, name: str) -> None:
    """In full each action once for every command: in the first run of it that fails for its lack."""
    lived = lives.life(life)
    played = lived.played[name]
    actions = sorted(played.may_need)
    chosen = actions if FULL else random.Random(7).sample(actions, CHOSEN[name])
    told = lived.told[str(played.scene.args)]
    wrong = {}
    lives.done.add((life, name))
    for action in chosen:
        if action not in told:
            found = lived.without(name, action)
            if found:
                wrong[action] = found
            elif action in lived.told[played.scene.role]:
                told.add(action)
    assert wrong == {}


@pytest.mark.skipif(not FULL, reason="RELEASER_LAWS=full")
def test_no_action_is_superfluous(lives: Theatre) -> None:
    """Without each action of a policy some command fails, or it is said above why it stands there."""
    if lives.done != set(EVERY):
        pytest.skip("asks for what all the tests above found")
    told: dict[str, set[str]] = defaultdict(set)
    printed: dict[str, set[str]] = defaultdict(set)
    for life in lives.lives.values():
        for role, actions in life.told.items():
            told[role] |= actions
        for played in life.played.values():
            printed[played.scene.role] |= allowed(played.policies)
    told["evaluate"] |= told["plan"]  # it may be asked for a plan too
    superfluous = {role: sorted(printed[role] - told[role] - UNPROVEN.keys()) for role in printed}
    assert superfluous == {role: [] for role in printed}
