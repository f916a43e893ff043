"""Roles with the policies that are printed, by a job's token: a whole life of every kind passes, and nothing beside."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from world import assembly, story
from world.desk import DAY, Desk
from world.manifest import HAIKU, SONNET, use_case
from world.process import Zygote
from world.repository import LETTER
from world.rollouts import CANARY

from releaser import sandbox
from releaser.sandbox.iam.issuer import Issuer

OTHER = {"answer": LETTER.replace("three", "two")}
GITLAB = "https://gitlab.example.com"
PROJECT = ("--gitlab", GITLAB, "--project", "genai/releases")


class Pipeline:
    """An account with an OIDC provider and the three roles, and jobs that act as one of them."""

    def __init__(self, desk: Desk, folder: Path) -> None:
        self.desk, self.folder = desk, folder
        self.iam = desk.client("iam")
        self.gitlab = Issuer(GITLAB)
        desk.admin.publish_keys(GITLAB, self.gitlab.keys)
        self.iam.create_open_id_connect_provider(Url=GITLAB, ClientIDList=[GITLAB])
        self.known: dict[str, list[str]] = {}

    def renew(self, role: str) -> None:
        """Gives a role what the files here ask for now."""
        self.become("")
        said = self.desk.run("iam", "policy", "--role", role, "-e", "dev", "--output", "json", ok=0).json()
        if role not in self.known:
            trust = self.desk.run("iam", "trust", "--role", role, "-e", "dev", *PROJECT, ok=0).out
            self.iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust)
        for arn in self.known.get(role, []):
            self.iam.detach_role_policy(RoleName=role, PolicyArn=arn)
            self.iam.delete_policy(PolicyArn=arn)
        self.known[role] = [self._attached(role, n, row["policy"]) for n, row in enumerate(said["policies"])]

    def _attached(self, role: str, number: int, policy: dict[str, Any]) -> str:
        made = self.iam.create_policy(PolicyName=f"{role}-{number}", PolicyDocument=json.dumps(policy))
        arn = str(made["Policy"]["Arn"])
        self.iam.attach_role_policy(RoleName=role, PolicyArn=arn)
        return arn

    def become(self, role: str, branch: str = "main") -> None:
        """The next commands are jobs of a branch that assume a role; as the account itself without one."""
        if not role:
            self.desk.env = {}
            return
        sub = f"project_path:genai/releases:ref_type:branch:ref:{branch}"
        token = self.folder / "token"
        token.write_text(self.gitlab.token(sub=sub, aud=GITLAB, iat=1_600_000_000, exp=4_000_000_000))
        self.desk.env = {
            "AWS_ACCESS_KEY_ID": "",
            "AWS_SECRET_ACCESS_KEY": "",
            "AWS_ROLE_ARN": f"arn:aws:iam::{self.desk.account}:role/{role}",
            "AWS_ROLE_SESSION_NAME": "gl-7-1",
            "AWS_WEB_IDENTITY_TOKEN_FILE": str(token),
            "CI_SERVER_URL": GITLAB,
            "CI_PROJECT_PATH": "genai/releases",
        }


def denied(desk: Desk, since: str) -> list[str]:
    """Operations that were denied since a mark."""
    return [r["operation"] for r in desk.since(since) if "AccessDenied" in str(r["error"])]


@pytest.fixture
def estate(zygote: Zygote, world_box: sandbox.SandboxProcess, tmp_path: Path) -> Iterator[Desk]:
    desk, _ = assembly.new_desk(zygote, world_box, tmp_path / "desk", server=False)
    yield desk
    world_box.admin.reset(story.ACCOUNT)


def test_a_life_of_every_kind_by_the_role_that_writes(estate: Desk, tmp_path: Path) -> None:
    pipeline = Pipeline(estate, tmp_path)
    for stage, prepare in assembly.STAGES.items():
        prepare(estate)
        estate.repo.commit(stage)
        for role in ("apply", "plan"):
            pipeline.renew(role)
        before = estate.mark()
        pipeline.become("plan", "some-branch")
        estate.run("plan", "-e", "dev", ok=0)
        pipeline.become("apply")
        estate.reconcile()
        pipeline.become("plan")
        estate.settled()
        assert denied(estate, before) == [], stage


@pytest.fixture
def mail(new_desk: Callable[..., Desk], tmp_path: Path) -> Pipeline:
    """A released use case, and all three roles."""
    desk = new_desk()
    desk.repo.declare(use_case())
    desk.repo.commit("mail")
    desk.reconcile()
    found = Pipeline(desk, tmp_path)
    for role in ("plan", "evaluate", "apply"):
        found.renew(role)
    return found


def test_who_reads_cannot_write(mail: Pipeline) -> None:
    mail.desk.repo.declare(use_case(prompts=("answer", "plain")))
    mail.desk.repo.commit("one more")
    before = mail.desk.mark()
    for role in ("plan", "evaluate"):
        mail.become(role)
        ended = mail.desk.reconcile(ok=None)
        assert ended.code == 1
        assert "bedrock:CreatePrompt" in ended.said and "`releaser iam policy --role apply -e ENV`" in ended.said
    assert [o for o in mail.desk.effects(before) if not o.startswith("sts.")] == []


def test_a_branch_cannot_become_the_role_that_writes(mail: Pipeline) -> None:
    mail.become("apply", "fix")
    ended = mail.desk.run("doctor", "-e", "dev", "--role", "apply", ok=1)
    assert "the job runs on fix" in ended.out
    assert mail.desk.reconcile(ok=None).code == 1


def test_the_doctor_of_a_job_that_may_do_all_it_needs(mail: Pipeline) -> None:
    for role in ("plan", "apply"):
        mail.become(role)
        ended = mail.desk.run("doctor", "-e", "dev", "--role", role, ok=0)
        assert f"takes this token for the role {role}" in ended.out


def test_nothing_of_another_environment_is_touched(mail: Pipeline) -> None:
    """The guardrail carries another environment's tag: the role may see it, and neither change nor take it."""
    client = mail.desk.client("bedrock")
    [row] = client.list_guardrails()["guardrails"]
    client.tag_resource(resourceARN=row["arn"], tags=[{"key": "releaser:environment", "value": "prod"}])
    mail.become("apply")
    mail.desk.run("plan", "-e", "dev")
    keys = mail.desk.client("sts").assume_role_with_web_identity(
        RoleArn=mail.desk.env["AWS_ROLE_ARN"],
        RoleSessionName="job",
        WebIdentityToken=(mail.folder / "token").read_text(),
    )["Credentials"]
    given = {"aws_access_key_id": keys["AccessKeyId"], "aws_secret_access_key": keys["SecretAccessKey"]}
    role = mail.desk.box.client("bedrock", **given, aws_session_token=keys["SessionToken"])
    role.get_guardrail(guardrailIdentifier=row["id"])
    for attempt in (
        lambda: role.delete_guardrail(guardrailIdentifier=row["id"]),
        lambda: role.create_guardrail_version(guardrailIdentifier=row["id"]),
        lambda: role.tag_resource(resourceARN=row["arn"], tags=[{"key": "releaser:environment", "value": "dev"}]),
    ):
        with pytest.raises(role.exceptions.AccessDeniedException):
            attempt()


def test_a_roll_out_and_the_way_back_to_a_parameter(mail: Pipeline) -> None:
    """AppConfig is needed as long as records say that something is there, whatever the manifest says now."""
    desk = mail.desk
    for text, spec in ((None, {"delivery": CANARY}), (OTHER, {"delivery": CANARY}), (OTHER, {})):
        desk.repo.declare(use_case(**spec), text)
        desk.repo.commit("delivery")
        mail.renew("apply")
        before = desk.mark()
        mail.become("apply")
        desk.reconcile()
        assert denied(desk, before) == []
    desk.later += 30 * DAY
    before = desk.mark()
    mail.renew("apply")
    mail.become("apply")
    desk.reconcile()
    assert denied(desk, before) == []
    assert "appconfig.DeleteApplication" in desk.effects(before)


def with_suite(desk: Desk, model: str, text: str) -> None:
    """A use case whose suite asks the prompt with its guardrail."""
    rows = [{"id": f"c{i:02}", "input": {"letter": f"letter {i}"}, "mustContain": [f"{i}"]} for i in range(30)]
    golden = "".join(json.dumps(row) + "\n" for row in rows)
    datasets = {"golden": {"path": "data/golden.jsonl", "sha256": hashlib.sha256(golden.encode()).hexdigest()}}
    metrics = {"contains": {"floor": 0.01, "maxRegression": 0.9}}
    suite = {"target": {"prompt": "answer", "guardrail": "main"}, "dataset": "golden", "metrics": metrics}
    desk.repo.write("manifests/mail/data/golden.jsonl", golden)
    document = use_case(model=model, datasets=datasets, evaluation={"suites": {"quality": suite}})
    document["spec"]["governance"]["riskTier"] = "limited"
    desk.repo.declare(document, {"answer": f"{text}\n\n{{{{letter}}}}\n"})
    desk.repo.commit(text)


def test_suites_by_the_role_that_evaluates_and_in_a_run(mail: Pipeline) -> None:
    """Also of the model that is live and that no file names any more."""
    desk = mail.desk
    desk.repo.environment("dev", desk.account, gates={"required": ["quality"]})
    for model, text in ((SONNET, "Answer the letter."), (HAIKU, "Answer the letter, and say why.")):
        with_suite(desk, model, text)
        for role in ("plan", "evaluate", "apply"):
            mail.renew(role)
        before = desk.mark()
        mail.become("evaluate", "some-branch")
        desk.run("evaluate", "mail", "-e", "dev", "--suite", "quality")
        mail.become("apply")
        desk.reconcile(ok=None)
        asked = [r["operation"] for r in desk.since(before)]
        assert asked.count("bedrock-runtime.ConverseStream") >= 60
        assert denied(desk, before) == []
    before = desk.mark()
    mail.become("plan")
    with_suite(desk, HAIKU, "Answer the letter, and say why not.")
    ended = desk.run("evaluate", "mail", "-e", "dev", "--suite", "quality")
    assert "bedrock:InvokeModelWithResponseStream: see `releaser iam policy --role evaluate -e ENV`" in ended.said
    assert set(denied(desk, before)) == {"bedrock-runtime.ConverseStream"}
