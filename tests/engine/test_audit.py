"""``audit verify`` on what real runs leave: records, evidence, notes, the account; and what must never be in them."""

from __future__ import annotations

import json
from collections.abc import Callable

from world.desk import Desk
from world.manifest import use_case
from world.repository import LETTER

TEXT = LETTER.split("\n")[0]


def verified(desk: Desk, *args: str, ok: int = 0) -> dict:
    return desk.run("audit", "verify", "--output", "json", *args, ok=ok).json()


def everything(desk: Desk) -> dict[str, bytes]:
    """Every file that the branch has, and every tag's message."""
    desk.repo.git("fetch", "-q", "origin")
    paths = desk.repo.git("ls-tree", "-r", "--name-only", "origin/releases").splitlines()
    found = {path: desk.repo.git("show", f"origin/releases:{path}").encode() for path in paths}
    tags = desk.repo.git("tag", "--list").splitlines()
    return found | {tag: desk.repo.git("cat-file", "tag", tag).encode() for tag in tags}


def test_what_a_run_leaves_is_proven_and_holds_no_text_of_a_prompt(new_desk: Callable[..., Desk]) -> None:
    desk = new_desk(server=True)
    desk.repo.declare(use_case())
    commit = desk.repo.commit("first")
    desk.reconcile()
    confidential = use_case()
    confidential["spec"]["governance"] = {
        "riskTier": "minimal",
        "dataClassification": "confidential",
        "intendedUse": "Letters",
    }
    desk.repo.declare(confidential, {"answer": LETTER.replace("three", "two")})
    desk.repo.commit("second")
    desk.reconcile()
    found = verified(desk, "-e", "dev")
    assert found["ok"] and found["unproven"] == []
    assert found["counts"]["records"] == found["counts"]["evidence"] == 2
    assert found["counts"]["resourcesRead"] > 0
    kept = everything(desk)
    assert not [place for place, raw in kept.items() if b"friendly sentences" in raw or TEXT.encode() in raw]
    opened = json.loads(kept["dev/mail/0001-r1/opened.json"])
    assert opened["change"]["mergeCommit"] == commit
    assert opened["change"]["author"] == "engineer@example.com"
    assert opened["change"]["segregation"] == "unknown"
    assert len(opened["environmentDigest"]) == len(opened["manifestDigest"]) == 64
    assert opened["sessionName"] == "releaser-dev"
    _behind_gits_back(desk)
    _cut_off(desk)


def _behind_gits_back(desk: Desk) -> None:
    client = desk.client("bedrock-agent")
    prompt = client.get_prompt(promptIdentifier=client.list_prompts()["promptSummaries"][0]["id"])
    prompt["variants"][0]["templateConfiguration"]["text"]["text"] = "Say no. {{letter}}"
    keep = ("name", "description", "defaultVariant", "variants", "customerEncryptionKeyArn")
    client.update_prompt(promptIdentifier=prompt["id"], **{k: prompt[k] for k in keep if k in prompt})
    found = verified(desk, "-e", "dev", ok=1)
    assert [p["path"] for p in found["problems"]] == ["dev/mail/prompt/answer"]
    assert verified(desk)["ok"]


def _cut_off(desk: Desk) -> None:
    """The server's branch loses its last entry: this clone has seen it."""
    last = desk.repo.git("rev-parse", "origin/releases")
    assert desk.repo.server is not None
    desk.repo.git("push", "-q", "-f", "origin", "origin/releases~1:refs/heads/releases")
    desk.repo.git("update-ref", "refs/remotes/origin/releases", last)
    found = verified(desk, ok=1)
    assert "releases" in {p["path"] for p in found["problems"]}
