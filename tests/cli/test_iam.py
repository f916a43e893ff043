"""``releaser iam`` and ``releaser doctor``: what roles need, whom they trust, what would stop a run."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from world.desk import Desk
from world.manifest import HAIKU, SONNET, guardrail, use_case
from world.process import Ended

from releaser.core.iam.actions import actions_of
from releaser.core.iam.role import Role
from releaser.core.iam.roles import permissions
from releaser.pipeline.examining_access import checks
from releaser.pipeline.permitting import place, scene_of
from releaser.pipeline.trusting import from_remote

SERVER, PROJECT = "https://gitlab.example.com", "genai/releases"
HERE = ("--gitlab", SERVER, "--project", PROJECT)
ELSEWHERE = "999999999999"


@pytest.fixture
def mail(desk: Desk) -> Desk:
    """A use case of a prompt and a guardrail."""
    desk.repo.declare(use_case())
    desk.repo.commit("mail")
    return desk


def policy(desk: Desk, role: str, *args: str, environment: str = "dev") -> list[dict[str, Any]]:
    """The rows of ``iam policy``."""
    said = desk.run("iam", "policy", "--role", role, "-e", environment, "--output", "json", *args, ok=0).json()
    assert (said["environment"], said["role"]) == (environment, role)
    rows: list[dict[str, Any]] = said["policies"]
    return rows


def statements(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {s["Sid"]: s for row in rows for s in row["policy"]["Statement"]}


def checked(ended: Ended) -> dict[str, list[dict[str, Any]]]:
    """Area -> its checks."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in ended.json()["checks"]:
        found.setdefault(row["area"], []).append(row)
    return found


# -- policies


def test_stdout_is_the_document_alone(mail: Desk) -> None:
    ended = mail.run("iam", "policy", "--role", "plan", "-e", "dev", ok=0)
    assert json.loads(ended.out)["Version"] == "2012-10-17"
    assert f"account {mail.account}: 1 policy document" in ended.err


def test_nobody_is_asked(mail: Desk) -> None:
    before = mail.mark()
    policy(mail, "apply")
    mail.run("iam", "trust", "--role", "apply", "-e", "dev", *HERE, ok=0)
    assert mail.since(before) == []


def test_what_a_run_calls_is_what_its_role_may_call(mail: Desk) -> None:
    """Not by the code, by the log of calls: nothing beside what the policies say."""
    for args, role in ((("plan",), "plan"), (("reconcile",), "apply"), (("drift",), "plan"), (("status",), "plan")):
        before = mail.mark()
        mail.run(*args, "-e", "dev")
        called = {tuple(row["operation"].split(".")) for row in mail.since(before)}
        assert len(called) > 3
        needed = {a.name for service, operation in called for a in actions_of(service, operation)}
        assert needed <= {a for s in statements(policy(mail, role)).values() for a in s["Action"]}, args


def test_a_new_model_is_in_the_next_policy(mail: Desk) -> None:
    assert HAIKU not in str(policy(mail, "evaluate"))
    mail.repo.declare(use_case(model=HAIKU))
    assert HAIKU in str(policy(mail, "evaluate"))
    assert HAIKU not in str(policy(mail, "plan"))


def test_apply_calls_models_only_where_evidence_is_asked_for(mail: Desk) -> None:
    assert "InvokeProfiles" not in statements(policy(mail, "apply"))
    mail.repo.environment("dev", mail.account, gates={"required": ["quality"]})
    assert "InvokeProfiles" in statements(policy(mail, "apply"))


def test_content_that_does_not_compile_has_no_policy(mail: Desk) -> None:
    mail.repo.declare(use_case(guardrails={"main": guardrail(kmsKeyId="${env.keyArn}")}))
    ended = mail.run("iam", "policy", "--role", "plan", "-e", "dev", ok=1)
    assert "keyArn" in ended.err and ended.out == ""


def test_an_environment_that_is_not_there(mail: Desk) -> None:
    assert "known: dev" in mail.run("iam", "policy", "--role", "plan", "-e", "live", ok=64).err


def test_rollouts_need_appconfig_and_nobody_else_does(mail: Desk) -> None:
    assert "appconfig:" not in str(policy(mail, "apply"))
    role = f"arn:aws:iam::{mail.account}:role/alarms"
    alarm = f"arn:aws:cloudwatch:eu-central-1:{mail.account}:alarm:errors"
    delivery = {"strategy": "canary-10-percent-20-minutes", "alarms": [alarm], "alarmRole": role}
    mail.repo.declare(use_case(delivery=delivery))
    found = statements(policy(mail, "apply"))
    assert found["PassNamedRolesToAppconfig"]["Resource"] == role
    assert "appconfig:StartDeployment" in found["ChangeOurs"]["Action"]
    assert "cloudwatch:DescribeAlarms" in found["ListWhatIsThere"]["Action"]


def test_what_other_teams_own_is_allowed_by_its_arn(mail: Desk) -> None:
    pinned = {"external": "abcdefgh1234", "version": "3", "sha256": "a" * 64}
    mail.repo.declare(use_case(guardrails={"main": pinned}))
    found = statements(policy(mail, "evaluate"))
    assert found["ApplyOthersGuardrails"]["Resource"].endswith(f"{mail.account}:guardrail/abcdefgh1234")
    assert "ApplyOwnGuardrails" not in found


def test_where_records_are_kept(mail: Desk) -> None:
    mail.repo.environment("dev", mail.account, evidenceStore="s3://kept/evidence", anchor={"s3": "s3://locked/a"})
    plan, apply = statements(policy(mail, "plan")), statements(policy(mail, "apply"))
    assert plan["ReadEvidence"]["Resource"] == "arn:aws:s3:::kept/evidence/dev/*"
    assert plan["ReadAnchors"]["Resource"] == "arn:aws:s3:::locked/a/dev/*"
    assert "s3:GetObjectRetention" in plan["ReadAnchors"]["Action"]
    assert apply["KeepEvidence"]["Action"] == ["s3:PutObject"] and "KeepEvidence" not in plan


@pytest.mark.parametrize(
    ("key", "resource", "condition"),
    [
        ("alias/records", ":key/*", "alias/records"),
        ("0c1f-key", ":key/0c1f-key", ""),
        ("arn:aws:kms:eu-central-1:111111111111:key/0c1f", "111111111111:key/0c1f", ""),
        ("arn:aws:kms:eu-central-1:111111111111:alias/records", "111111111111:key/*", "alias/records"),
    ],
)
def test_the_key_that_signs_anchors(mail: Desk, key: str, resource: str, condition: str) -> None:
    mail.repo.environment("dev", mail.account, anchor={"kms": key})
    signs = statements(policy(mail, "apply"))["SignAnchors"]
    assert signs["Resource"].endswith(resource)
    assert signs.get("Condition", {}).get("StringEquals", {}).get("kms:RequestAlias", "") == condition


def test_documents_in_another_account_have_a_role_there() -> None:
    at = place(Path(__file__).resolve().parents[2], "dev", None)
    role = f"arn:aws:iam::{ELSEWHERE}:role/documents"
    other = {"data": {"account": ELSEWHERE, "role": role}}
    spec = at.environment.spec.model_copy(update={"accounts": type(at.environment.spec.accounts).model_validate(other)})
    scene = scene_of(replace(at, environment=at.environment.model_copy(update={"spec": spec})))
    here, there = permissions(Role.APPLY, scene)
    assert (there.account, there.role) == (ELSEWHERE, role)
    assert {s.sid for s in there.statements} == {"ListDocuments", "ProveDocuments"}
    assert [s.resources for s in here.statements if s.sid == "ReachDocuments"] == [(role,)]
    assert not any("s3:ListBucketVersions" in s.actions for s in here.statements)
    assert len(permissions(Role.PLAN, scene)) == 1


def test_what_is_pinned_counts_beside_what_comes_next(new_desk: Callable[..., Desk]) -> None:
    desk = new_desk(server=True)
    desk.repo.environment("prod", desk.account, track=None, promotesFrom="dev")
    desk.repo.declare(use_case(model=HAIKU))
    desk.repo.commit("first")
    desk.reconcile()
    desk.run("promote", "mail", "--to", "prod", "--no-push", ok=0)
    desk.repo.git("merge", "-q", "--no-edit", "releaser/promote-prod-mail")
    desk.repo.declare(use_case(model=SONNET))
    assert HAIKU in str(policy(desk, "evaluate", environment="prod"))
    assert SONNET in str(policy(desk, "evaluate", environment="prod"))


def test_what_is_live_counts_until_something_else_is(mail: Desk) -> None:
    """Evaluation asks it beside what is new."""
    mail.repo.declare(use_case(model=HAIKU))
    mail.repo.commit("another model")
    mail.reconcile()
    mail.repo.declare(use_case(model=SONNET))
    mail.repo.commit("back")
    assert HAIKU in str(policy(mail, "evaluate"))
    mail.reconcile()
    assert HAIKU not in str(policy(mail, "evaluate"))


# -- trust


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("git@gitlab.example.com:genai/releases.git", (SERVER, PROJECT)),
        ("ssh://git@gitlab.example.com:2222/genai/releases.git", (SERVER, PROJECT)),
        ("https://gitlab.example.com/genai/releases", (SERVER, PROJECT)),
        (
            "https://oauth2:secret@gitlab.example.com:8443/genai/sub/releases.git",
            (f"{SERVER}:8443", "genai/sub/releases"),
        ),
        ("../server.git", None),
        ("/srv/git/server.git", None),
        ("", None),
    ],
)
def test_the_project_by_the_remote(url: str, found: tuple[str, str] | None) -> None:
    assert from_remote(url) == found


def test_who_is_trusted_by_flags_by_the_job_and_by_the_remote(mail: Desk) -> None:
    by_flags = mail.run("iam", "trust", "--role", "apply", "-e", "dev", *HERE, ok=0).json()
    assert f"{mail.account}:oidc-provider/gitlab.example.com" in by_flags["Statement"][0]["Principal"]["Federated"]
    assert mail.run("iam", "trust", "--role", "apply", "-e", "dev", ok=64).out == ""
    mail.env |= {"CI_SERVER_URL": SERVER, "CI_PROJECT_PATH": PROJECT}
    assert mail.run("iam", "trust", "--role", "apply", "-e", "dev", ok=0).json() == by_flags
    mail.env.clear()
    mail.repo.git("remote", "add", "origin", "git@gitlab.example.com:genai/releases.git")
    assert mail.run("iam", "trust", "--role", "apply", "-e", "dev", ok=0).json() == by_flags


def test_only_the_branch_that_is_followed_may_write(mail: Desk) -> None:
    mail.repo.environment("dev", mail.account, track="trunk")
    said = mail.run("iam", "trust", "--role", "apply", "-e", "dev", *HERE, ok=0).out
    assert ":ref:trunk" in said and "StringLike" not in said
    assert ":ref:*" in mail.run("iam", "trust", "--role", "evaluate", "-e", "dev", *HERE, ok=0).out


@pytest.mark.parametrize(
    "wrong", [("--gitlab", "http://gitlab.example.com"), ("--project", "genai"), ("--project", "a/*")]
)
def test_what_is_no_server_or_project(mail: Desk, wrong: tuple[str, str]) -> None:
    assert "hint:" in mail.run("iam", "trust", "--role", "plan", "-e", "dev", *HERE, *wrong, ok=64).err


# -- doctor


def token(desk: Desk, branch: str = "main", **more: Any) -> str:
    """A token as GitLab makes it; the signature is a word that must never be seen again."""
    now = 1_700_000_000
    sub = f"project_path:{PROJECT}:ref_type:branch:ref:{branch}"
    claims = {
        "iss": SERVER,
        "aud": SERVER,
        "sub": sub,
        "iat": now,
        "exp": 4_000_000_000,
        "user_login": "nobody",
        **more,
    }
    parts = [json.dumps(p).encode() for p in ({"alg": "RS256"}, claims)]
    head, body = (base64.urlsafe_b64encode(p).decode().rstrip("=") for p in parts)
    desk.env |= {"CI_SERVER_URL": SERVER, "CI_PROJECT_PATH": PROJECT, "RELEASER_OIDC_TOKEN": f"{head}.{body}.c2VjcmV0"}
    return body


def test_nothing_stands_in_the_way(mail: Desk) -> None:
    before = mail.mark()
    ended = mail.run("doctor", "-e", "dev", ok=0)
    assert "Nothing is known that would stop a run." in ended.out
    assert mail.writes(before) == []
    assert {r["state"] for r in checked(mail.run("doctor", "-e", "dev", "--output", "json"))["reads"]} == {"ok"}


def test_a_job_on_another_branch_is_shown_the_line_that_refuses_it(mail: Desk) -> None:
    body = token(mail, "fix")
    ended = mail.run("doctor", "-e", "dev", "--role", "apply", ok=1)
    assert "--role apply`:14: StringEquals: sub is" in ended.out
    assert "the job runs on fix" in ended.out
    assert body not in ended.said and "c2VjcmV0" not in ended.said and "nobody" not in ended.said
    trusted = mail.run("iam", "trust", "--role", "apply", "-e", "dev", ok=0).out.splitlines()
    assert ":sub" in trusted[13]
    assert "takes this token" in mail.run("doctor", "-e", "dev", "--role", "plan", ok=0).out


def test_the_trust_policy_that_the_role_has(mail: Desk, tmp_path: Path) -> None:
    token(mail)
    path = tmp_path / "trust.json"
    path.write_text(mail.run("iam", "trust", "--role", "plan", "-e", "dev", "--project", "other/one", ok=0).out)
    found = checked(mail.run("doctor", "-e", "dev", "--trust", str(path), "--output", "json", ok=1))
    [row] = found["trust"]
    assert row["state"] == "problem" and row["said"].startswith(f"{path}:16: StringLike") and "other/one" in row["said"]
    assert found["token"][0]["facts"]["sub"].startswith("project_path:")


def test_a_policy_that_trusts_everybody_is_a_problem_though_it_takes_the_token(mail: Desk, tmp_path: Path) -> None:
    token(mail)
    path = tmp_path / "trust.json"
    said = mail.run("iam", "trust", "--role", "plan", "-e", "dev", ok=0).json()
    said["Statement"][0]["Condition"]["StringLike"] = {"gitlab.example.com:sub": "project_path:*"}
    path.write_text(json.dumps(said))
    assert "takes jobs of other projects too" in mail.run("doctor", "-e", "dev", "--trust", str(path), ok=1).out


def test_a_token_that_has_ended_and_what_is_none(mail: Desk) -> None:
    token(mail, exp=1_700_003_600)
    assert "it ended at 2023-11-14" in mail.run("doctor", "-e", "dev", ok=1).out
    mail.env["RELEASER_OIDC_TOKEN"] = "not.aToken"
    said = mail.run("doctor", "-e", "dev", ok=1).said
    assert "this is no identity token" in said and "aToken" not in said
    del mail.env["RELEASER_OIDC_TOKEN"]
    mail.env["AWS_WEB_IDENTITY_TOKEN_FILE"] = "/no/such/file"
    assert "/no/such/file: No such file" in mail.run("doctor", "-e", "dev", ok=1).out


def test_a_read_that_is_denied_names_its_action(mail: Desk) -> None:
    denied = {"code": "AccessDeniedException", "status": 403, "message": "no", "times": None}
    mail.admin.add_fault(
        "error", service="resourcegroupstaggingapi", operation="GetResources", account=mail.account, **denied
    )
    ended = mail.run("doctor", "-e", "dev", ok=1)
    assert "PROBLEM  reads: tag:GetResources: denied" in ended.out
    assert "`releaser iam policy --role plan -e ENV`" in ended.out


def test_another_account_is_told(mail: Desk) -> None:
    mail.env |= mail.box.env(ELSEWHERE)
    assert f"belong to account {ELSEWHERE}" in mail.run("doctor", "-e", "dev", ok=1).out


def test_who_we_are_tells_what_we_are_looked_at_as(mail: Desk) -> None:
    role = f"arn:aws:iam::{mail.account}:role/ci/releaser-apply"
    target = {"account": mail.account, "region": "eu-central-1", "role": role}
    mail.repo.environment("dev", mail.account, targets=[target])
    assert "the environment is written to by" in mail.run("doctor", "-e", "dev", "--role", "apply", ok=1).out
    mail.env |= mail.box.env(ELSEWHERE)
    assert "looked at as the role apply" in mail.run("doctor", "-e", "dev").out


def test_a_shallow_clone_keeps_no_records(new_desk: Callable[..., Desk], tmp_path: Path) -> None:
    desk = new_desk(server=True)
    desk.repo.declare(use_case())
    desk.repo.commit("one")
    desk.repo.commit("two")
    desk.repo.git("clone", "-q", "--depth", "1", f"file://{desk.repo.server}", str(tmp_path / "shallow"))
    ended = desk.run("doctor", "-e", "dev", "--root", str(tmp_path / "shallow"), ok=1)
    assert "GIT_DEPTH: 0" in ended.out
    assert "no records yet" in ended.out


def test_agents_in_an_account_without_any() -> None:
    """AWS closed classic agents to such accounts: a denied CreateAgent is no missing permission."""
    found = [c for c in _asked(Iam()) if c.area == "agents"]
    assert [c.state for c in found] == ["unknown"] and "A-closed" in found[0].todo


# -- IAM's policy simulator, which the sandbox has not

CALLER = "arn:aws:sts::111111111111:assumed-role/releaser-apply/job"


class Iam:
    """The port: reads are empty, and the simulator denies what it is told to deny, in two pages."""

    def __init__(self, *denied: str) -> None:
        self.denied = denied
        self.asked: list[Mapping[str, Any]] = []

    def call(self, service: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        if operation != "SimulatePrincipalPolicy":
            return {}
        self.asked.append(params)
        rows = [
            {
                "EvalActionName": a,
                "EvalResourceName": r,
                "EvalDecision": "implicitDeny" if a in self.denied else "allowed",
            }
            for a in params["ActionNames"]
            for r in params["ResourceArns"]
        ]
        if "Marker" in params:
            return {"EvaluationResults": rows[1:], "IsTruncated": False}
        return {"EvaluationResults": rows[:1], "IsTruncated": True, "Marker": "more"}


def _asked(port: Iam) -> list[Any]:
    scene = scene_of(place(Path(__file__).resolve().parents[2], "dev", None))
    return list(checks(port, CALLER, scene, Role.APPLY))


def test_everything_that_the_role_needs_is_asked() -> None:
    port = Iam()
    [found] = [c for c in _asked(port) if c.area == "permissions"]
    assert found.state == "ok"
    assert {q["PolicySourceArn"] for q in port.asked} == {"arn:aws:iam::111111111111:role/releaser-apply"}
    assert {"iam:PassRole", "bedrock:UpdateAgent", "kms:CreateGrant"} <= {
        a for q in port.asked for a in q["ActionNames"]
    }


def test_an_action_that_is_not_allowed_is_named_once() -> None:
    found = [c for c in _asked(Iam("iam:PassRole", "bedrock:UpdateAgent")) if c.area == "permissions"]
    assert [c.state for c in found] == ["problem", "problem"]
    assert found[0].said.startswith("bedrock:UpdateAgent on arn:") and "not allowed" in found[0].said
    assert "and 2 more" in found[1].said
