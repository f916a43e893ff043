"""promote, rollback and retire on an estate of three environments: what they check, and what they propose."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from world import estate
from world.desk import Desk
from world.estate import Estate
from world.manifest import HAIKU, guardrail, use_case
from world.repository import LETTER

SCHEMA = json.loads((Path(__file__).resolve().parents[2] / "schemas/proposal.v1.json").read_text())
OTHER = {"answer": LETTER.replace("three", "nine")}


@pytest.fixture
def stages(new_desk: Callable[..., Desk]) -> Estate:
    """r1 and r2 are cut; dev has r2, preprod r1, prod nothing."""
    found = estate.create(new_desk, server=True)
    found.dev.repo.declare(use_case())
    found.dev.repo.commit("first")
    found.run("dev", "reconcile")
    found.promote("preprod", "r1")
    allow = [{"at": "guardrails.main", "change": "weaken", "reason": "Letters quote what customers wrote."}]
    found.dev.repo.declare(use_case(guardrails={"main": guardrail("LOW")}, model=HAIKU, allow=allow), OTHER)
    found.dev.repo.commit("second")
    found.run("dev", "reconcile")
    return found


def proposal(stages: Estate, *args: str, ok: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = stages.desks["prod"].run(*args, "--output", "json", ok=ok).json()
    jsonschema.validate(found, SCHEMA)
    return found


def server(stages: Estate, *args: str) -> str:
    repo = stages.dev.repo
    done = subprocess.run(["git", *args], cwd=repo.server, env=repo.env, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def merge(stages: Estate, branch: str) -> None:
    stages.dev.repo.git("fetch", "-q", "origin")
    stages.dev.repo.git("merge", "-q", "--no-edit", f"origin/{branch}")
    stages.dev.repo.git("push", "-q", "origin", "HEAD:main")


def test_from_the_environment_before_to_a_merge_request_to_what_is_live(stages: Estate) -> None:
    head = stages.dev.repo.git("rev-parse", "HEAD")
    said = proposal(stages, "promote", "mail", "--to", "prod")
    assert (said["branch"], said["state"], said["title"]) == (
        "releaser/promote-prod-mail",
        "pushed",
        "Promote mail r1 to prod",
    )
    move = said["moves"][0]
    assert (move["releaseBefore"], move["release"], move["digest"]) == ("", "r1", stages.digest("r1"))
    assert move["proof"]["environment"] == "preprod" and move["proof"]["verified"]
    assert "all live on" in move["models"][0]
    assert stages.dev.repo.git("rev-parse", "HEAD") == head and stages.dev.repo.git("status", "--porcelain") == ""
    assert server(stages, "diff", "--name-only", f"main...{said['branch']}") == "environments/prod/releases/mail.yaml"
    assert proposal(stages, "promote", "mail", "--to", "prod")["state"] == "found"
    merge(stages, said["branch"])
    stages.run("prod", "reconcile")
    assert stages.live("prod")["release"] == "r1"
    done = stages.desks["prod"].run("promote", "mail", "--to", "prod", ok=0)
    assert done.out == "Nothing to do in prod.\n"
    assert proposal(stages, "promote", "--all", "--to", "prod")["state"] == "nothing"


def test_what_was_not_verified_before_goes_nowhere_but_with_a_waiver(stages: Estate) -> None:
    done = stages.desks["prod"].run("promote", "mail", "--to", "prod", "--release", "r2", ok=4)
    assert "P300" in done.err and "never released in preprod" in done.err
    waiver = ("--emergency", "--waiver-owner", "claims@example.com", "--until", "2126-12-08")
    half = stages.desks["prod"].run("promote", "mail", "--to", "prod", *waiver, ok=64)
    assert "a reason" in half.err
    said = proposal(stages, "promote", "mail", "--to", "prod", *waiver, "--reason", "The prompt leaks [x](http://y).")
    assert said["moves"][0]["release"] == "r2"
    assert "http://y" not in said["text"] and "⚠ **Emergency**" in said["text"]
    merge(stages, said["branch"])
    text = stages.dev.repo.git("show", "HEAD:environments/prod/releases/mail.yaml")
    assert 'waiver: {owner: claims@example.com, until: "2126-12-08", reason: "The prompt' in text
    stages.run("prod", "reconcile")
    assert stages.live("prod")["release"] == "r2"


def test_reviewers_are_told_who_must_look(stages: Estate) -> None:
    merge(stages, proposal(stages, "promote", "mail", "--to", "prod")["branch"])
    stages.run("prod", "reconcile")
    stages.promote("preprod", "r2")
    said = proposal(stages, "promote", "--all", "--to", "prod")
    assert said["branch"] == "releaser/promote-prod-all"
    looks = said["moves"][0]["looks"]
    assert looks == [{"who": "security, risk or legal", "why": "mail protects or checks less in 1 place"}]
    assert said["moves"][0]["wayBack"] == "to r1, only pointers would move"
    assert "security, risk or legal" in said["text"] and "WEAKER" in said["text"]
    pin = server(stages, "diff", f"main...{said['branch']}")
    changed = [row for row in pin.split("\n") if row[:1] in "+-" and row[:3] not in ("+++", "---")]
    assert len(changed) == 2, changed


def test_back_by_a_merge_request_and_away_by_another(stages: Estate) -> None:
    for release in ("r1", "r2"):
        stages.promote("preprod", release)
    text = stages.desks["prod"].run("rollback", "mail", "-e", "preprod", "--output", "markdown", ok=0).out
    assert text.startswith("# Roll back mail to r1 in preprod\n")
    said = proposal(stages, "rollback", "mail", "-e", "preprod")
    assert (said["state"], said["moves"][0]["release"]) == ("found", "r1")
    assert said["moves"][0]["ground"] == "it was released here before"
    merge(stages, said["branch"])
    stages.run("preprod", "reconcile")
    assert stages.live("preprod")["release"] == "r1"
    gone = proposal(stages, "retire", "mail", "-e", "preprod")
    assert gone["title"] == "Retire mail in preprod" and gone["moves"][0]["digest"] == ""
    assert any("prompt answer is taken away" in line for line in gone["moves"][0]["changes"])
    merge(stages, gone["branch"])
    assert '"release": "retired"' in stages.dev.repo.git("show", "HEAD:environments/preprod/releases/mail.yaml")
    assert proposal(stages, "retire", "mail", "-e", "preprod")["state"] == "nothing"


def test_two_proposals_for_one_pin_are_said_to_conflict(stages: Estate) -> None:
    proposal(stages, "promote", "mail", "--to", "prod")
    waiver = (
        "--emergency",
        "--waiver-owner",
        "a@example.com",
        "--until",
        "2126-12-08",
        "--reason",
        "It leaks numbers.",
    )
    stages.dev.repo.declare(use_case("post"))
    stages.dev.repo.commit("another")
    stages.run("dev", "reconcile")
    said = proposal(stages, "promote", "mail", "post", "--to", "prod", *waiver)
    assert [m["useCase"] for m in said["moves"]] == ["mail", "post"]
    assert "will conflict with this one: releaser/promote-prod-mail" in said["moves"][0]["remarks"][-1]
    assert server(stages, "rev-list", "--count", f"main..{said['branch']}") == "2"


WRONG = (
    (("promote", "mail", "--to", "dev"), 4, "follows main"),
    (("promote", "mial", "--to", "prod"), 64, "mail"),
    (("promote", "mail", "--to", "porod"), 64, "prod"),
    (("promote", "--to", "prod"), 64, "--all"),
    (("promote", "mail", "--all", "--to", "prod"), 64, "--all"),
    (("promote", "mail", "--release", "r9", "--to", "prod"), 64, "known: r1, r2"),
    (("promote", "mail", "--reason", "x", "--to", "prod"), 64, "--emergency"),
    (("rollback", "mail", "-e", "prod"), 4, "no other release"),
    (("rollback", "mail", "-e", "dev"), 4, "git revert"),
    (("retire", "mail", "-e", "prod"), 64, "nothing is live"),
    (("retire", "mail", "-e", "dev"), 4, "follows main"),
)


def test_what_makes_no_sense_is_refused_with_a_way_out(stages: Estate) -> None:
    for args, code, said in WRONG:
        done = stages.desks["prod"].run(*args, ok=code)
        assert said in done.err, (args, done.err)
    assert server(stages, "branch", "--list", "releaser/*") == ""
