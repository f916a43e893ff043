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
from world.desk import DAY, Desk
from world.estate import Estate
from world.manifest import HAIKU, guardrail, use_case
from world.repository import LETTER

SCHEMA = json.loads((Path(__file__).resolve().parents[2] / "schemas/proposal.v1.json").read_text())
ENDS_IN_20_DAYS = "eu.anthropic.claude-3-7-sonnet-20250219-v1:0"
OTHER = {"answer": LETTER.replace("three", "nine")}
WAIVER = ("--emergency", "--waiver-owner", "claims@example.com", "--until", "2126-12-08")


@pytest.fixture
def stages(new_desk: Callable[..., Desk]) -> Estate:
    """r1 and r2 are cut; dev has r2, preprod r1, prod nothing. The model of r1 ends in 20 days."""
    found = estate.create(new_desk, server=True)
    policy = {"models": {"endOfLifeWithin": "10d"}}
    for name, more in (("dev", {}), ("preprod", {"track": None}), ("prod", {"track": None, "promotesFrom": "preprod"})):
        found.dev.repo.environment(name, found.desks[name].account, policy=policy, **more)
    found.dev.repo.declare(use_case(model=ENDS_IN_20_DAYS))
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


def test_from_the_environment_before_to_what_is_live_and_back_and_away(stages: Estate) -> None:
    head = stages.dev.repo.git("rev-parse", "HEAD")
    said = proposal(stages, "promote", "mail", "--to", "prod")
    move = said["moves"][0]
    assert (said["branch"], said["state"]) == ("releaser/promote-prod-mail", "pushed")
    assert said["title"] == "Promote mail r1 to prod"
    assert (move["releaseBefore"], move["release"], move["digest"]) == ("", "r1", stages.digest("r1"))
    assert move["proof"]["environment"] == "preprod" and move["proof"]["verified"]
    assert "is LEGACY, ends on" in move["models"][0]
    assert stages.dev.repo.git("rev-parse", "HEAD") == head and stages.dev.repo.git("status", "--porcelain") == ""
    assert server(stages, "diff", "--name-only", f"main...{said['branch']}") == "environments/prod/releases/mail.yaml"
    assert proposal(stages, "promote", "mail", "--to", "prod")["state"] == "found"
    merge(stages, said["branch"])
    stages.run("prod", "reconcile")
    assert stages.live("prod")["release"] == "r1"
    assert stages.desks["prod"].run("promote", "mail", "--to", "prod", ok=0).out == "Nothing to do in prod.\n"

    stages.promote("preprod", "r2")
    said = proposal(stages, "promote", "--all", "--to", "prod")
    assert (
        said["branch"] == "releaser/promote-prod-all"
        and said["moves"][0]["wayBack"] == "to r1, only pointers would move"
    )
    looks = said["moves"][0]["looks"]
    assert looks == [{"who": "security, risk or legal", "why": "mail protects or checks less in 1 place"}]
    assert "security, risk or legal" in said["text"] and "WEAKER" in said["text"]
    rows = server(stages, "diff", f"main...{said['branch']}").split("\n")
    assert len([r for r in rows if r[:1] in "+-" and r[:3] not in ("+++", "---")]) == 2, "one line"

    text = stages.desks["prod"].run("rollback", "mail", "-e", "preprod", "--output", "markdown", ok=0).out
    assert text.startswith("# Roll back mail to r1 in preprod\n")
    said = proposal(stages, "rollback", "mail", "-e", "preprod")
    assert (said["state"], said["moves"][0]["ground"]) == ("found", "it was released here before")
    merge(stages, said["branch"])
    stages.run("preprod", "reconcile")
    assert stages.live("preprod")["release"] == "r1"
    assert proposal(stages, "rollback", "mail", "-e", "preprod")["state"] == "nothing", "r1 is the way back"
    move = proposal(stages, "rollback", "mail", "-e", "preprod", "--to", "r2", "--no-push")["moves"][0]
    assert any("r2 was taken back in preprod on" in line and "0003-r1" in line for line in move["remarks"])
    gone = proposal(stages, "retire", "mail", "-e", "preprod")
    assert gone["title"] == "Retire mail in preprod" and gone["moves"][0]["digest"] == ""
    assert any("prompt answer is taken away" in line for line in gone["moves"][0]["changes"])
    merge(stages, gone["branch"])
    assert '"release": "retired"' in stages.dev.repo.git("show", "HEAD:environments/preprod/releases/mail.yaml")
    assert proposal(stages, "retire", "mail", "-e", "preprod")["state"] == "nothing"
    stages.run("preprod", "reconcile")
    back = proposal(stages, "rollback", "mail", "-e", "preprod", "--no-push")["moves"][0]
    assert back["release"] == "r1" and back["ground"] == "it was released here before"
    assert "was retired in preprod on" in back["changes"][0] and "nothing is live here since" in back["wayBack"]


WRONG = (
    (("promote", "mail", "--to", "prod", "--release", "r2"), 4, "never released in preprod"),
    (("promote", "mail", "--to", "prod", *WAIVER), 64, "a reason"),
    (("promote", "mail", "--to", "dev"), 4, "follows main"),
    (("promote", "mial", "--to", "prod"), 64, "mail"),
    (("promote", "mail", "--to", "porod"), 64, "prod"),
    (("promote", "--to", "prod"), 64, "--all"),
    (("promote", "mail", "--all", "--to", "prod"), 64, "--all"),
    (("promote", "mail", "--release", "r9", "--to", "prod"), 64, "known: r1, r2"),
    (("promote", "mail", "--reason", "x", "--to", "prod"), 64, "--emergency"),
    (("rollback", "mail", "-e", "prod"), 4, "no release of mail was live"),
    (("rollback", "mail", "-e", "prod", "--now"), 64, "--reason"),
    (("rollback", "mail", "-e", "dev"), 4, "git revert"),
    (("retire", "mail", "-e", "prod"), 64, "nothing is live"),
    (("retire", "mail", "-e", "dev"), 4, "follows main"),
)


def test_what_may_not_be_is_refused_with_a_way_out_and_an_emergency_has_one(stages: Estate) -> None:
    for args, code, said in WRONG:
        done = stages.desks["prod"].run(*args, ok=code)
        assert said in done.err, (args, done.err)
    assert server(stages, "branch", "--list", "releaser/*") == ""
    first = proposal(stages, "promote", "mail", "--to", "prod")
    stages.dev.repo.declare(use_case("post"))
    stages.dev.repo.commit("another")
    stages.run("dev", "reconcile")
    reason = ("--reason", "The prompt leaks [x](http://y).")
    said = proposal(stages, "promote", "mail", "post", "--to", "prod", *WAIVER, *reason)
    assert [(m["useCase"], m["release"]) for m in said["moves"]] == [("mail", "r2"), ("post", "r1")]
    assert f"will conflict with this one: {first['branch']}" in said["moves"][0]["remarks"][-1]
    assert server(stages, "rev-list", "--count", f"main..{said['branch']}") == "2"
    assert "`[x](http://y`)." in said["text"] and "⚠ **Emergency**" in said["text"]
    merge(stages, said["branch"])
    text = stages.dev.repo.git("show", "HEAD:environments/prod/releases/mail.yaml")
    assert 'waiver: {owner: claims@example.com, until: "2126-12-08", reason: "The prompt' in text
    stages.run("prod", "reconcile", "mail")
    opened = json.loads(stages.dev.repo.records()["prod/mail/0001-r2/opened.json"])
    assert opened["emergency"]["kind"] == "forward" and stages.live("prod")["release"] == "r2"
    stages.desks["prod"].later = 30 * DAY
    dead = stages.desks["prod"].run("promote", "mail", "--to", "prod", ok=4)
    assert "P154" in dead.err and "reached its end of life" in dead.err
