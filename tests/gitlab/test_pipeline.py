"""docs/gitlab.md, followed to the letter: its commands, and its pipelines, by the real files and with its roles."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ci import door
from ci.project import ISSUER, Pipeline, Project, Variable
from stub import Gitlab
from world import repository
from world.desk import Desk
from world.process import Zygote

from releaser.sandbox.iam.issuer import Issuer

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/gitlab.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```bash\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
HERE = f"environments: [dev, prod]\n      install: 'true'\n      oidc_audience: {ISSUER}"


class Story:
    """Who follows the page: a clone, two empty accounts, and a GitLab."""

    def __init__(self, desk: Desk, prod: str, found: Project) -> None:
        self.desk, self.project = desk, found
        self.accounts = {"dev": desk.account, "prod": prod}

    def follow(self, block: str, **more: str) -> str:
        """Runs one block of the page, with accounts of our own and without what a server would install."""
        for number, name in (("111111111111", "dev"), ("222222222222", "prod")):
            block = block.replace(number, self.accounts[name])
        block = re.sub(r"\n      install: .*", "", block).replace("environments: [dev, prod]", HERE)
        env = self.desk.repo.env | {"PATH": f"{self.project.door.bin}:{self.desk.repo.env['PATH']}"} | more
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block], cwd=self.desk.repo.root, env=env, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{block}\n{done.stdout}{done.stderr}"
        return done.stdout

    def make_roles(self, environment: str) -> None:
        """Roles of the documents that the page prints, and the variables that name them."""
        account = self.accounts[environment]
        iam = self.desk.box.client("iam", account)
        iam.create_open_id_connect_provider(Url=ISSUER, ClientIDList=[ISSUER])
        for role in ("plan", "evaluate", "apply"):
            trust = (self.desk.repo.root.parent / f"{environment}-{role}-trust.json").read_text()
            arn = iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
            key = f"RELEASER_{role.upper()}_ROLE_ARN"
            self.project.variables.append(Variable(key, arn, environment, is_protected=role == "apply"))
            self.allow(environment, role)

    def allow(self, environment: str, role: str) -> None:
        iam = self.desk.box.client("iam", self.accounts[environment])
        said = json.loads((self.desk.repo.root.parent / f"{environment}-{role}-policies.json").read_text())
        for number, row in enumerate(said["policies"]):
            iam.put_role_policy(RoleName=role, PolicyName=f"p{number}", PolicyDocument=json.dumps(row["policy"]))

    def live(self, environment: str) -> Any:
        """What applications read."""
        client = self.desk.box.client("ssm", self.accounts[environment])
        found = client.get_parameters(Names=["/releaser/mail/runtime"])["Parameters"]
        return json.loads(found[0]["Value"])["release"] if found else None

    def told(self, request: int) -> list[str]:
        """The environments that a merge request has a comment of."""
        notes = self.project.gitlab.state.notes[request]
        return re.findall(r"^<!-- releaser:(\w+) -->", "\n".join(row["body"] for row in notes), re.MULTILINE)

    def tamper(self) -> None:
        """Somebody edits the prompt in the console."""
        client = self.desk.client("bedrock-agent")
        found = client.get_prompt(promptIdentifier=client.list_prompts()["promptSummaries"][0]["id"])
        found["variants"][0]["templateConfiguration"]["text"]["text"] += "In rhymes."
        kept = {k: found[k] for k in ("name", "variants", "defaultVariant", "description") if k in found}
        client.update_prompt(promptIdentifier=found["id"], **kept)


def good(pipeline: Pipeline) -> Pipeline:
    """Runs it; nothing may fail."""
    pipeline.run()
    assert pipeline.jobs and pipeline.passed(), pipeline.explained()
    return pipeline


@pytest.fixture
def story(
    new_desk: Callable[..., Desk], zygote: Zygote, gitlab: Gitlab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Story]:
    desk, prod = new_desk(), new_desk().account
    desk.repo = repository.create(tmp_path / "engineer", server=True)
    assert desk.repo.server is not None
    subprocess.run(["git", "config", "receive.advertisePushOptions", "true"], cwd=desk.repo.server, check=True)
    issuer = Issuer(ISSUER)
    desk.admin.publish_keys(ISSUER, issuer.keys)
    endpoint = desk.box.env(desk.account)["AWS_ENDPOINT_URL"]
    variables = [Variable("AWS_ENDPOINT_URL", endpoint), Variable("RELEASER_GITLAB_TOKEN", "glpat-writes")]
    variables.append(Variable("RELEASER_PUSH_TOKEN", "glpat-pushes", is_protected=True))
    with door.opened(zygote, tmp_path / "runner") as opened:
        found = Project(desk.repo.clone(tmp_path / "gitlab"), tmp_path / "runner", opened, gitlab, issuer, variables)
        found.components["platform/releaser/releaser"] = ROOT / "templates/releaser.yml"
        yield Story(desk, prod, found)


def test_from_an_empty_repository_to_a_promoted_release_and_back(story: Story, gitlab: Gitlab) -> None:
    repository_, first, roles, doctor, request, promotion, shorter, back = BLOCKS
    ci = story.project
    story.follow(repository_)
    story.follow(first)
    story.follow(roles)
    for name in ("dev", "prod"):
        story.make_roles(name)
    story.follow(request)
    mark = story.desk.mark()
    asked = good(ci.propose("mail"))
    assert set(story.desk.writes(mark)) == {"sts.AssumeRoleWithWebIdentity"} and story.live("dev") is None
    assert json.loads(asked.ran["releaser:plan: [dev]"].reports["terraform"])["create"] > 2
    assert story.told(1) == ["dev"]
    done = good(ci.merge("mail"))
    assert (story.live("dev"), story.live("prod")) == ("r1", None)
    assert 'failures="0"' in done.ran["releaser:reconcile: [dev]"].reports["junit"]
    assert [row["tag_name"] for row in gitlab.state.releases] == ["mail/r1"]
    story.follow(doctor, **story.desk.box.env(story.desk.account))

    story.follow(promotion)
    good(ci.propose("releaser/promote-prod-mail"))
    assert story.live("prod") is None and story.told(2) == ["prod"]
    good(ci.merge("releaser/promote-prod-mail", approved_by="frank"))
    assert story.live("prod") == "r1"
    change = json.loads(story.desk.repo.records()["prod/mail/0001-r1/opened.json"])["change"]
    assert [one["by"] for one in change["approvers"]] == ["frank"] and change["reviewed"] == "same"

    story.follow(shorter)
    good(ci.propose("shorter"))
    good(ci.merge("shorter"))
    assert (story.live("dev"), story.live("prod")) == ("r2", "r1")
    story.follow(promotion)
    ci.propose("releaser/promote-prod-mail")
    good(ci.merge("releaser/promote-prod-mail", approved_by="frank"))
    assert story.live("prod") == "r2"
    story.follow(back)
    good(ci.propose("releaser/rollback-prod-mail"))
    good(ci.merge("releaser/rollback-prod-mail", approved_by="frank"))
    assert (story.live("dev"), story.live("prod")) == ("r2", "r1")

    story.tamper()
    night = good(ci.pushed("schedule"))
    assert (night.states["releaser:drift: [dev]"], night.states["releaser:drift: [prod]"]) == ("warning", "success")
    assert "<failure" in night.ran["releaser:drift: [dev]"].reports["junit"]
    story.follow("releaser drift -e dev --detailed-exitcode", **story.desk.box.env(story.desk.account))
