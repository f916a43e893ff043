"""A waiver answers for bringing content in, not for bringing it in again after it was taken back."""

from __future__ import annotations

import json
from collections.abc import Callable

from world import estate
from world.desk import Desk
from world.manifest import use_case
from world.repository import LETTER

WAIVER = {"owner": "claims@example.com", "until": "2099-12-08", "reason": "The live prompt leaks."}
AGAIN = ("--emergency", "--waiver-owner", "claims@example.com", "--until", "2099-12-08", "--reason", "It was not that.")


def test_what_came_on_a_waiver_and_was_taken_back_stays_out_until_another_waiver(new_desk: Callable[..., Desk]) -> None:
    stages = estate.create(new_desk, server=True)
    prod, repo = stages.desks["prod"], stages.dev.repo
    for text in (LETTER, LETTER.replace("three", "nine")):
        repo.declare(use_case(), {"answer": text})
        repo.commit("next")
        stages.dev.run("release", ok=0)
    stages.promote("preprod", "r1")
    stages.promote("prod", "r1")
    stages.promote("prod", "r2", waiver=WAIVER)
    prod.run("rollback", "mail", "-e", "prod", "--now", "--reason", "It answers with claim numbers.", ok=0)
    past = prod.mark()
    refused = stages.run("prod", "reconcile", ok=4)
    assert "P312" in refused.said and "it needs a new one" in refused.said
    assert prod.writes(past) == [] and stages.live("prod")["release"] == "r1"
    done = prod.run("promote", "mail", "--release", "r2", "--to", "prod", *AGAIN, "--output", "json", ok=0).json()
    repo.git("fetch", "-q", "origin")
    repo.git("merge", "-q", "--no-edit", f"origin/{done['branch']}")
    repo.git("push", "-q", "origin", "HEAD:main")
    stages.run("prod", "reconcile")
    assert stages.live("prod")["release"] == "r2"
    records = repo.records()
    opened = json.loads(records[max(p for p in records if p.startswith("prod/") and p.endswith("opened.json"))])
    assert opened["emergency"]["reason"] == "It was not that."
    prod.run("rollback", "mail", "-e", "prod", "--now", "--reason", "It was that.", ok=0)
    stages.run("prod", "reconcile", ok=4)
