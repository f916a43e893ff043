"""Who must agree by the environment's policy: GitLab's word, a signature, or a refusal that says who is missing."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from stub import Fault, Gitlab
from stub_state import MOMENT
from world.desk import Desk
from world.manifest import text, use_case
from world.repository import LETTER

KINDER = LETTER.replace("friendly", "kind")
ANYBODY = {"approvals": {"behavioural": {"count": 1}}}


class Change:
    """One use case is live; a merge request of dana changes it, and is merged."""

    def __init__(self, desk: Desk, gitlab: Gitlab, keys: Path) -> None:
        self.desk, self.gitlab, self.keys = desk, gitlab, keys

    def policy(self, **policy: Any) -> None:
        self.desk.repo.environment("dev", self.desk.account, policy=policy)
        self.desk.repo.commit("policy")

    def branch(self, author: str = "dana@example.com") -> None:
        git = self.desk.repo.git
        git("checkout", "-q", "-b", "kinder", "main")
        self.desk.repo.declare(use_case("mail"), {"answer": KINDER})
        git("add", "-A")
        who = author.partition("@")[0]
        git("-c", f"user.name={who}", "commit", "-q", "-m", "kinder", f"--author={who} <{author}>")

    def merge(self, *options: str) -> str:
        git, state = self.desk.repo.git, self.gitlab.state
        head = git("rev-parse", "kinder")
        git("checkout", "-q", "main")
        git("merge", "-q", *(options or ("--no-ff",)), "-m", "Merge branch 'kinder'", "kinder")
        commit = git("rev-parse", "HEAD")
        state.merge_request("kinder", author="dana", sha=head, state="merged", merge_commit_sha=commit)
        state.merge_requests_of[commit] = [1]
        return commit

    def in_ci(self, token: str = "glpat-reads") -> None:
        self.desk.env |= {"CI_SERVER_URL": self.gitlab.url, "CI_PROJECT_ID": "12", "CI_JOB_ID": "7"}
        self.desk.env |= {"CI_PROJECT_PATH": "bank/releases", "CI_DEFAULT_BRANCH": "main", "CI_COMMIT_BRANCH": "main"}
        self.desk.env |= {"RELEASER_GITLAB_TOKEN": token} if token else {}

    def approve(self, *names: str) -> None:
        rows = [{"user": self.gitlab.state.user(name), "approved_at": MOMENT} for name in names]
        self.gitlab.state.approved_by[1] = rows

    def refused(self, code: str, *said: str) -> None:
        before = self.desk.mark()
        ended = self.desk.reconcile(ok=4)
        for words in (code, *said):
            assert words in ended.out + ended.said, ended.out + ended.said
        assert self.desk.effects(before) == []

    def recorded(self, entry: str = "opened") -> dict[str, Any]:
        records = self.desk.repo.records()
        newest = max(p for p in records if p.startswith("dev/mail/") and p.endswith(f"/{entry}.json"))
        return dict(json.loads(records[newest]))

    # Signatures.

    def key(self, name: str) -> str:
        """A new key of somebody; its public half."""
        file = self.keys / name
        if not file.exists():
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(file)], check=True)
        return " ".join(file.with_suffix(".pub").read_text().split()[:2])

    def signing(self, name: str) -> list[str]:
        self.key(name)
        mail = f"user.email={name}@example.com"
        return ["-c", "gpg.format=ssh", "-c", f"user.signingkey={self.keys / name}", "-c", mail]

    def lists(self, *names: str) -> None:
        approvers = {"approvers": [{"user": name, "key": self.key(name)} for name in names]}
        self.desk.repo.write("environments/dev/approvers.yaml", text(approvers))

    def tag(self, name: str, at: str = "kinder", called: str = "", signed: bool = True) -> None:
        commit = self.desk.repo.git("rev-parse", at)
        how = [*self.signing(name)] if signed else []
        tag = called or f"approved/{name}/{commit}"
        self.desk.repo.git(*how, "tag", "-s" if signed else "-a", "-m", "yes", tag, commit)


@pytest.fixture
def change(new_desk: Callable[..., Desk], gitlab: Gitlab, tmp_path: Path) -> Change:
    found = Change(new_desk(), gitlab, tmp_path)
    found.desk.repo.declare(use_case("mail"), {"answer": LETTER})
    found.desk.repo.commit("first")
    found.desk.reconcile()
    return found


def test_somebody_else_must_agree(change: Change) -> None:
    change.policy(**ANYBODY)
    change.branch()
    change.merge()
    change.in_ci()
    change.refused("P230", "needs 1 of those who did not make it to agree; agreed: nobody; missing: 1")
    change.approve("dana")
    change.refused("P231", "dana (made it, and does not count)")
    change.approve("dana", "omar")
    change.desk.reconcile()
    told = change.recorded()["change"]
    assert [a["by"] for a in told["approvers"]] == ["dana", "omar"] and told["approvers"][1]["at"].startswith("2026-11")
    assert (told["author"], told["mergeRequest"]) == ("dana", "bank/releases!1")
    assert (told["segregation"], told["toldBy"]) == ("checked", "gitlab")


def test_who_only_committed_does_not_count_either(change: Change) -> None:
    change.policy(**ANYBODY)
    change.branch(author="omar@example.com")
    change.merge()
    change.in_ci()
    change.approve("omar")
    change.refused("P231", "omar (made it, and does not count)")


def test_users_groups_and_sections_are_who_counts(change: Change, gitlab: Gitlab) -> None:
    rule = {"count": 2, "users": ["ana"], "groups": ["bank/finance"], "codeowners": ["Safety"]}
    change.policy(approvals={"cosmetic": rule})
    change.branch()
    change.merge()
    change.in_ci()
    change.approve("omar", "ana")
    change.refused("P232", "group bank/finance", "section Safety", "could not be read")
    gitlab.state.groups["bank/finance"] = ["fay"]
    owners = {"eligible_approvers": [gitlab.state.user("sam")], "section": "safety", "rule_type": "code_owner"}
    gitlab.state.approval_rules[1] = [{"id": 1, "name": "*.md", "approvals_required": 0, **owners}]
    change.refused("P230", "needs 2 of ana, fay, sam to agree; agreed: ana; missing: 1")
    change.approve("sam", "fay")
    change.desk.reconcile()


def test_what_needs_nothing_is_stopped_by_no_failure(change: Change, gitlab: Gitlab) -> None:
    change.branch()
    change.merge()
    change.in_ci()
    gitlab.faults = [Fault("GET", "", times=99, status=403)]
    change.desk.reconcile()
    assert change.recorded()["change"]["segregation"] == "unknown"


@pytest.mark.parametrize("without", ["token", "approvals", "job"])
def test_what_needs_somebody_is_refused_where_nobody_can_be_asked(change: Change, gitlab: Gitlab, without: str) -> None:
    change.policy(**ANYBODY)
    change.branch()
    change.merge()
    change.approve("omar")
    if without != "job":
        change.in_ci(token="" if without == "token" else "glpat-reads")
    gitlab.faults = [Fault("GET", "/approvals", times=99, status=403)]
    change.refused("P232", "who agreed is not known", *(["RELEASER_GITLAB_TOKEN"] if without != "approvals" else []))
    assert change.desk.run("apply", "-e", "dev").code == 4, "apply asks for the same"


def test_who_agreed_to_the_deployment_counts(change: Change, gitlab: Gitlab) -> None:
    change.policy(**ANYBODY)
    change.branch()
    change.merge()
    change.in_ci()
    change.desk.env["CI_ENVIRONMENT_NAME"] = "dev"
    said = [{"user": gitlab.state.user(who), "status": how, "created_at": MOMENT, "comment": ""} for who, how in
            (("mona", "approved"), ("rex", "rejected"))]  # fmt: skip
    row = {"id": 5, "status": "running", "environment": {"name": "dev"}, "ref": "main", "sha": "a" * 40}
    gitlab.state.deployments.append({**row, "deployable": {"id": 7}, "approvals": said})
    change.desk.reconcile()
    assert [a["by"] for a in change.recorded("closed")["approvals"]] == ["mona"]


class TestSigned:
    """Without GitLab's word: those who were listed before the change, by their keys."""

    @pytest.fixture(autouse=True)
    def listed(self, change: Change) -> None:
        change.lists("ana", "dana")
        change.policy(**ANYBODY)

    def test_a_signed_tag_on_the_merged_head_is_an_approval(self, change: Change) -> None:
        change.branch()
        change.tag("ana")
        change.merge()
        change.desk.reconcile()
        told = change.recorded()["change"]
        assert [a["by"] for a in told["approvers"]] == ["ana"] and told["segregation"] == "checked"

    def test_a_signed_empty_commit_on_top_is_one_and_a_tag_below_it_too(self, change: Change) -> None:
        change.branch()
        who = change.signing("ana")
        change.desk.repo.git(*who, "commit", "-q", "-S", "--allow-empty", "-m", "approved", "--author=ana <ana@x.org>")
        change.merge()
        change.desk.reconcile()
        told = change.recorded()["change"]
        assert [a["by"] for a in told["approvers"]] == ["ana"]
        assert not any(who.startswith("ana@") for who in told["committers"])

    @pytest.mark.parametrize(
        "how", ["nothing", "unsigned", "stranger", "maker", "release tag", "other name", "older head", "not empty"]
    )
    def test_nothing_else_is(self, change: Change, how: str) -> None:
        change.branch()
        head = change.desk.repo.git("rev-parse", "kinder")
        match how:
            case "unsigned":
                change.tag("ana", signed=False)
            case "stranger":
                change.tag("mallory")
            case "maker":
                change.tag("dana")
            case "release tag":
                change.tag("ana", called="mail/r77")
            case "other name":
                change.tag("ana", called=f"approved/ana/{'0' * 40}")
            case "older head":
                change.tag("ana", at="main")
                change.tag("ana", called=f"approved/x/{head}", at="main")
            case "not empty":
                change.desk.repo.declare(use_case("mail"), {"answer": KINDER + "\nMore.\n"})
                change.desk.repo.git(*change.signing("ana"), "commit", "-q", "-a", "-S", "-m", "approved")
        change.merge()
        if how == "not empty":
            change.desk.reconcile(ok=4)
        else:
            change.refused("P231" if how == "maker" else "P230")

    def test_a_change_that_lists_its_own_approver_lists_nobody(self, change: Change) -> None:
        change.branch()
        change.lists("ana", "dana", "mallory")
        change.desk.repo.git("add", "-A")
        change.desk.repo.git("commit", "-q", "-m", "me too")
        change.tag("mallory")
        change.merge()
        change.refused("P230")

    def test_a_merge_without_a_merge_commit_proves_nothing(self, change: Change) -> None:
        change.branch()
        change.tag("ana")
        change.merge("--ff-only")
        change.refused("P232", "merged without a merge commit")

    def test_where_nothing_is_asked_the_record_says_that_nobody_agreed(self, change: Change) -> None:
        change.policy()
        change.branch()
        change.merge()
        change.desk.reconcile()
        assert change.recorded()["change"]["segregation"] == "unenforced"

    def test_validate_says_what_is_wrong_with_a_list(self, change: Change) -> None:
        assert change.desk.run("validate").code == 0
        change.desk.repo.write("environments/dev/approvers.yaml", "approvers: [{user: ana, key: rot13}]\n")
        ended = change.desk.run("validate", ok=1)
        assert "environments/dev/approvers.yaml:1:" in ended.out + ended.said

    def test_a_list_that_cannot_be_read_lists_nobody(self, change: Change) -> None:
        change.desk.repo.write("environments/dev/approvers.yaml", "approvers: [{user: ana, key: rot13}]\n")
        change.desk.repo.commit("broken")
        change.branch()
        change.tag("ana")
        change.merge()
        change.refused("P232", "approvers.yaml")


def test_a_signed_tag_comes_from_the_server(new_desk: Callable[..., Desk], gitlab: Gitlab, tmp_path: Path) -> None:
    found = Change(new_desk(server=True), gitlab, tmp_path)
    found.desk.repo.declare(use_case("mail"), {"answer": LETTER})
    found.lists("ana")
    found.policy(
        **ANYBODY,
    )
    found.branch()
    found.tag("ana")
    tag = found.desk.repo.git("tag", "--list", "approved/*")
    found.merge()
    found.desk.repo.git("push", "-q", "origin", "main", f"refs/tags/{tag}")
    found.desk.repo.git("tag", "-d", tag)
    found.desk.reconcile()
    assert [a["by"] for a in found.recorded()["change"]["approvers"]] == ["ana"]
