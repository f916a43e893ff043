"""What a pinned environment gets is what its pins name, whatever the working tree and main hold."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from world import estate
from world.desk import Desk
from world.estate import Estate
from world.manifest import HAIKU, SONNET, guardrail, use_case
from world.repository import LETTER

OTHER = {"answer": LETTER.replace("three", "nine")}


@pytest.fixture
def stages(new_desk: Callable[..., Desk]) -> Estate:
    """r1 is cut."""
    found = estate.create(new_desk)
    found.dev.repo.declare(use_case())
    found.dev.repo.commit("first")
    found.dev.run("release", ok=0)
    return found


def move_on(stages: Estate) -> None:
    """main and the working tree go elsewhere: another model, guardrail and prompt, and a prompt that is not
    committed."""
    stages.dev.repo.declare(use_case(guardrails={"main": guardrail("HIGH")}, model=HAIKU), OTHER)
    stages.dev.repo.commit("second")
    stages.dev.repo.write("manifests/mail/prompts/answer.md", "Nobody reviewed {{letter}}.\n")


def content(stages: Estate, environment: str) -> Any:
    """All that an account holds, without the names of environment and account, which stamps know too."""
    found = stages.desks[environment].content()
    for document in found.values():
        document["tags"].pop("releaser:environment")
    text = re.sub(r"(releaser:1:|_)[0-9a-f]{8,16}\b", r"\1<stamp>", json.dumps(found, sort_keys=True))
    return json.loads(text)


def opened(stages: Estate, environment: str) -> dict[str, Any]:
    """The newest record of an environment."""
    records = stages.dev.repo.records()
    path = max(p for p in records if p.startswith(f"{environment}/mail/") and p.endswith("opened.json"))
    found: dict[str, Any] = json.loads(records[path])
    return found


def test_prod_gets_what_was_gated_in_preprod_though_main_moved_on(stages: Estate) -> None:
    first = stages.dev.repo.git("rev-parse", "mail/r1^{commit}")
    stages.run("dev", "reconcile")
    stages.promote("preprod", "r1")
    move_on(stages)
    stages.promote("prod", "r1")
    assert content(stages, "prod") == content(stages, "preprod") == content(stages, "dev")
    assert stages.live("prod")["release"] == "r1"
    assert stages.plan("prod", "--deep")["steps"] == []
    record = opened(stages, "prod")
    assert record["commit"] == first
    assert record["tree"] == stages.dev.repo.git("rev-parse", f"{first}^{{tree}}")
    assert record["environmentCommit"] == stages.dev.repo.git("rev-parse", "HEAD") != first
    for command in ("plan", "drift"):
        assert stages.run("prod", command, "--detailed-exitcode").code == 0


def test_what_preprod_did_not_verify_stays_out_of_prod(stages: Estate) -> None:
    past = stages.desks["prod"].mark()
    stages.pin("prod", "r1")
    stages.dev.repo.commit("too early")
    refused = stages.run("prod", "reconcile", ok=4)
    assert "was never released in preprod" in refused.said
    (found,) = (d for d in stages.plan("prod")["diagnostics"] if d["code"] == "P300")
    assert (found["path"], found["line"]) == ("environments/prod/releases/mail.yaml", 8)
    assert "0 steps" not in refused.err
    assert stages.desks["prod"].writes(past) == []
    waiver = {"owner": "claims@example.com", "until": "2099-12-08", "reason": "The live prompt leaks."}
    ahead = stages.promote("prod", "r1", waiver=waiver)
    assert "P311" in ahead.err
    emergency = {"kind": "forward", "owner": "claims@example.com", "reason": "The live prompt leaks."}
    assert opened(stages, "prod")["emergency"] == {**emergency, "until": "2099-12-08"}
    stages.pin("prod", "r1")
    stages.dev.repo.commit("without the waiver")
    assert stages.run("prod", "plan", "--detailed-exitcode").code == 0, "what is live needs no proof"


def test_a_pin_that_waits_leaves_what_is_live(stages: Estate) -> None:
    stages.promote("preprod", "r1")
    move_on(stages)
    stages.dev.repo.git("checkout", "-q", "--", ".")
    stages.dev.run("release", ok=0)
    past = stages.desks["preprod"].mark()
    ended = stages.promote("preprod", "r2", notBefore="2099-01-01T00:00:00Z")
    assert "r2 waits until 2099-01-01 00:00 UTC; what is live stays" in ended.said
    assert stages.desks["preprod"].writes(past) == []
    stages.promote("preprod", "r2", notBefore="2020-01-01T00:00:00+01:00")
    assert stages.live("preprod")["release"] == "r2"
    back = stages.promote("preprod", "r1")
    assert stages.live("preprod")["release"] == "r1", "a rollback is a pin"
    assert "P313" in back.err and "HATE" in back.err, "what is weaker is said, and stands in nobody's way back"


def test_a_pin_that_lies_is_refused_and_stops_no_other(stages: Estate) -> None:
    repo = stages.dev.repo
    repo.declare(use_case("post"))
    repo.commit("another")
    stages.dev.run("release", ok=0)
    stages.pin("preprod", "r1", digest="0" * 64)
    stages.pin("preprod", "r1", "post")
    repo.commit("one of them is wrong")
    ended = stages.run("preprod", "reconcile", ok=1)
    assert "P304" in ended.err and "the tag mail/r1 says sha256:" in ended.err
    assert stages.live("preprod", "post")["release"] == "r1"
    assert not [n for n in stages.desks["preprod"].content() if "mail" in n]
    message = repo.git("tag", "-l", "--format=%(contents)", "mail/r1").replace(stages.digest("r1"), "0" * 64)
    repo.git("tag", "-f", "-a", "--cleanup=verbatim", "-m", message, "mail/r1", "mail/r1^{}")
    ended = stages.run("preprod", "reconcile", ok=1)
    assert "P306" in ended.err and "the tag is not true" in ended.err
    assert not [n for n in stages.desks["preprod"].content() if "mail" in n]


def test_a_pin_that_lies_hides_nothing_of_what_is_live(stages: Estate) -> None:
    stages.promote("preprod", "r1")
    stages.pin("preprod", "r1", digest="0" * 64)
    stages.dev.repo.commit("altered")
    (row,) = stages.run("preprod", "status", "--output", "json", ok=1).json()["useCases"]
    assert (row["useCase"], row["state"], row["live"]) == ("mail", "blocked", "r1")
    drift = stages.run("preprod", "drift", ok=1)
    assert "No drift" not in drift.out and "mail: the pin says" in drift.out
    plan = stages.run("preprod", "plan", ok=1)
    assert "Nothing to do" not in plan.out and "Blocked: 1 use case" in plan.out
    ended = stages.run("preprod", "reconcile", ok=1)
    assert "Result: 1 blocked" in ended.out and "P304" in ended.out
    told = stages.run("preprod", "reconcile", "--output", "json", ok=1).json()
    assert [(u["useCase"], u["outcome"], u["code"]) for u in told["useCases"]] == [("mail", "blocked", "P304")]
    assert [d["code"] for d in told["diagnostics"]] == ["P304"]


@pytest.mark.parametrize("command", ["plan", "drift", "status", "reconcile", "apply"])
def test_a_use_case_that_nobody_knows_is_wrong_usage(command: str, stages: Estate) -> None:
    for environment in ("dev", "preprod"):
        assert "error[P102]: no use case mial" in stages.run(environment, command, "mial", ok=64).err


def test_a_manifest_that_cannot_be_read_is_no_unknown_name(stages: Estate) -> None:
    stages.dev.repo.write("manifests/mail/manifest.yaml", "spec: [\n")
    said = stages.run("dev", "plan", "mail", ok=1).err
    assert "manifests/mail/manifest.yaml:" in said and "P102" not in said


def test_a_pin_that_is_gone_deletes_nothing(stages: Estate) -> None:
    stages.promote("preprod", "r1")
    (stages.dev.repo.root / "environments/preprod/releases/mail.yaml").unlink()
    stages.dev.repo.commit("gone")
    before, past = stages.live("preprod"), stages.desks["preprod"].mark()
    ended = stages.run("preprod", "reconcile")
    assert "P308" in ended.err
    assert stages.desks["preprod"].writes(past) == []
    assert stages.live("preprod") == before


def test_a_tombstone_is_what_it_says_and_its_use_case_may_come_back(stages: Estate) -> None:
    preprod, repo = stages.desks["preprod"], stages.dev.repo
    stages.promote("preprod", "r1")
    live = preprod.content()
    repo.remove("mail")
    assert stages.plan("preprod")["steps"] == [], "a folder that is gone says nothing"
    ended = stages.promote("preprod", "retired")
    assert "Result: 1 retired." in ended.out
    left = preprod.content()
    assert left.keys() == {n for n in live if not n.startswith("parameter")}
    assert all("releaser:retired" in d["tags"] for d in left.values()), left
    assert closed(stages, "preprod")["outcome"] == "retired"
    assert opened(stages, "preprod")["commit"] == repo.git("rev-parse", "mail/r1^{commit}")
    assert stages.run("preprod", "plan", "--detailed-exitcode").code == 0
    past = preprod.mark()
    stages.promote("preprod", "r1")
    assert not [o for o in preprod.writes(past) if "Create" in o], "what is marked is there to come back to"
    assert preprod.content() == live
    stages.dev.run("audit", "verify", ok=0)


def test_readers_of_a_delivered_document_lose_it_first_too(stages: Estate) -> None:
    stages.dev.repo.declare(use_case(delivery={"store": "appconfig"}))
    stages.dev.repo.commit("delivered")
    stages.dev.run("release", ok=0)
    stages.promote("preprod", "r2")
    past = stages.desks["preprod"].mark()
    stages.promote("preprod", "retired")
    done = stages.desks["preprod"].effects(past)
    assert done[0] == "appconfig.DeleteEnvironment" and not [o for o in done[1:] if "Delete" in o], done
    stages.promote("preprod", "r2")
    assert stages.run("preprod", "plan", "--deep", "--detailed-exitcode").code == 0


def closed(stages: Estate, environment: str) -> dict[str, Any]:
    """How the newest record of an environment ended."""
    records = stages.dev.repo.records()
    path = max(p for p in records if p.startswith(f"{environment}/mail/") and p.endswith("closed.json"))
    found: dict[str, Any] = json.loads(records[path])
    return found


def test_the_same_stands_in_plan_and_render_and_the_files_can_be_asked_for(stages: Estate) -> None:
    empty = stages.plan("prod")
    assert empty["useCases"] == [] and empty["diagnostics"][0]["code"] == "P314"
    assert "r2" not in json.dumps(empty)
    stages.promote("preprod", "r1")
    move_on(stages)
    assert stages.plan("preprod")["steps"] == []
    ahead = stages.plan("preprod", "--from", "files")
    assert {c["address"] for c in ahead["changes"] if c["fields"]} >= {"mail/guardrail/main", "mail/prompt/answer"}
    shown = stages.run("preprod", "render", "mail", "--output", "json").json()
    here = stages.run("preprod", "render", "mail", "--output", "json", "--from", "files").json()
    assert shown["digest"] == f"sha256:{stages.digest('r1')}" != here["digest"]
    assert shown["manifest"]["spec"]["models"]["answer"]["modelId"] == SONNET
    assert here["manifest"]["spec"]["models"]["answer"]["modelId"] == HAIKU
    assert "mail has no pin" in stages.run("prod", "plan", "mail").said
    assert "no use case post" in stages.run("preprod", "plan", "post", ok=64).err


def test_apply_goes_by_committed_pins_and_never_by_the_working_tree(stages: Estate, tmp_path: Path) -> None:
    stages.pin("preprod", "r1")
    assert "environments/preprod/releases/mail.yaml is not committed" in stages.run("preprod", "apply", ok=4).err
    stages.dev.repo.commit("pinned")
    plan = tmp_path / "plan.json"
    stages.run("preprod", "plan", "-o", str(plan))
    move_on(stages)
    (stages.dev.repo.root / "manifests/mail/manifest.yaml").write_text("no manifest at all: [")
    stages.run("preprod", "apply", "--plan", str(plan))
    assert stages.live("preprod")["release"] == "r1"
    assert opened(stages, "preprod")["dirty"] is False
    assert "P161" in stages.run("preprod", "apply", "--plan", str(plan), ok=4).err
    stages.run("preprod", "apply")
    for command in ("plan", "drift", "status", "gc"):
        stages.run("preprod", command)


def test_only_merged_pins_are_followed_and_a_shallow_clone_is_enough(
    new_desk: Callable[..., Desk], tmp_path: Path
) -> None:
    stages = estate.create(new_desk, server=True)
    repo = stages.dev.repo
    repo.declare(use_case())
    repo.commit("first")
    stages.dev.run("release", ok=0)
    repo.git("checkout", "-q", "-b", "feature")
    stages.pin("preprod", "r1")
    repo.git("add", "-A")
    repo.git("commit", "-qm", "pinned")
    refused = stages.run("preprod", "reconcile", ok=4)
    assert "P171" in refused.err and "follows the pins on main" in refused.err
    repo.git("checkout", "-q", "--detach")
    assert "P173" in stages.run("preprod", "reconcile", ok=4).err
    repo.git("checkout", "-q", "-B", "main")
    move_on(stages)
    shallow = stages.desks["preprod"]
    shallow = replace(shallow, repo=replace(repo, root=tmp_path / "shallow"))
    repo.git("clone", "-q", "--depth", "1", "--no-tags", f"file://{repo.server}", str(shallow.repo.root))
    shallow.run("reconcile", "-e", "preprod", ok=0)
    assert stages.live("preprod")["release"] == "r1"
    repo.git("checkout", "-q", "-f", "HEAD~1")
    older = shallow.repo.git("rev-parse", "HEAD")
    assert opened(stages, "preprod")["environmentCommit"] == older
    behind = stages.run("preprod", "reconcile", ok=4)
    assert "P174" in behind.err and "whose pins are live" in behind.err
