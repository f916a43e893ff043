"""``audit verify`` on what real runs leave: records, evidence, notes, the account; and what must never be in them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from world.desk import Desk
from world.manifest import use_case
from world.repository import LETTER

from releaser.core.anchor import anchor_name, anchor_of

TEXT = LETTER.split("\n")[0]


def verified(desk: Desk, *args: str, ok: int = 0) -> dict:
    return desk.run("audit", "verify", "--output", "json", *args, ok=ok).json()


def _signing(desk: Desk) -> None:
    """A key as CI has it, and the list of who may sign."""
    key = desk.repo.root.parent / "signing-key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(key)], check=True)
    desk.env["RELEASER_SIGNING_KEY"] = str(key)
    public = key.with_suffix(".pub").read_text()
    desk.repo.write(".releaser/allowed_signers", f'ci@example.com namespaces="git" {public}')


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
    _signing(desk)
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
    assert found["counts"]["signatures"] == found["counts"]["commits"] + found["counts"]["tags"] == 4 + 2
    kept = everything(desk)
    assert not [place for place, raw in kept.items() if b"friendly sentences" in raw or TEXT.encode() in raw]
    opened = json.loads(kept["dev/mail/0001-r1/opened.json"])
    assert opened["change"]["mergeCommit"] == commit
    assert opened["change"]["author"] == "engineer@example.com"
    assert opened["change"]["segregation"] == "unknown"
    assert len(opened["environmentDigest"]) == len(opened["manifestDigest"]) == 64
    assert opened["sessionName"] == "releaser-dev"
    path = next(place for place in kept if place.endswith("-plan.json"))
    erased = desk.run("evidence", "erase", path, "--why", "erasure request 17", ok=0)
    assert f"{path}.erased.json" in erased.out and "stay in the history" in erased.err
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


HERE = {"CreateBucketConfiguration": {"LocationConstraint": "eu-central-1"}}


def bucket_of(desk: Desk) -> str:
    """A bucket that keeps every version for a week."""
    name = f"records-{desk.account}"
    s3 = desk.client("s3")
    s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True, **HERE)
    rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 7}}
    s3.put_object_lock_configuration(
        Bucket=name, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule}
    )
    return name


def released(desk: Desk, **spec: object) -> None:
    desk.repo.environment("dev", desk.account, **spec)
    desk.repo.declare(use_case())
    desk.repo.commit("first")
    desk.reconcile()


def forget(desk: Desk, commits: int) -> None:
    """The branch loses its newest commits, everywhere; nobody remembers that they were there."""
    older = desk.repo.git("rev-parse", f"origin/releases~{commits}")
    desk.repo.git("push", "-q", "-f", "origin", f"{older}:refs/heads/releases")
    desk.repo.git("update-ref", "-d", "refs/remotes/origin/releases")
    desk.repo.git("fetch", "-q", "origin", "+refs/heads/releases:refs/remotes/origin/releases")


def test_an_anchor_in_s3_sees_what_everybody_else_forgot(new_desk: Callable[..., Desk]) -> None:
    desk = new_desk(server=True)
    bucket = bucket_of(desk)
    released(desk, anchor={"s3": f"s3://{bucket}/anchors"}, evidenceStore=f"s3://{bucket}/evidence")
    found = verified(desk, "-e", "dev")
    assert found["ok"] and found["unproven"] == []
    assert (found["counts"]["anchors"], found["counts"]["evidence"]) == (1, 1)
    notes = [u["path"] for u in verified(desk)["unproven"]]
    assert sorted(notes) == ["dev/mail/0001-r1/closed.json", "environments/dev/environment.yaml"]
    _evidence_in_s3(desk, bucket)
    forget(desk, 1)
    assert "releases@" in str(verified(desk, "-e", "dev", ok=1)["problems"])
    problems = {p["path"] for p in verified(desk, "-e", "dev", ok=1)["problems"]}
    assert "dev/mail" in problems
    _many_more(desk, bucket)
    found = verified(desk, "-e", "dev", ok=1)
    assert "dev/mail" in {p["path"] for p in found["problems"]}, "what was written since hides nothing"
    assert found["counts"]["anchors"] == 50 + 1
    assert sum("GOVERNANCE" in u["reason"] for u in found["unproven"]) == 1


def _many_more(desk: Desk, bucket: str) -> None:
    """Anchors of the branch as it is now, as later runs write them; under a lock that some may lift."""
    tip, now = desk.repo.git("rev-parse", "origin/releases"), datetime.now(UTC)
    lock = {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": now + timedelta(days=900)}
    for i in range(50):
        raw = anchor_of("dev", tip, {}, now + timedelta(days=400, seconds=i))
        desk.client("s3").put_object(Bucket=bucket, Key=f"anchors/dev/{anchor_name(raw)}", Body=raw, **lock)


def _evidence_in_s3(desk: Desk, bucket: str) -> None:
    s3 = desk.client("s3")
    rows = s3.list_object_versions(Bucket=bucket, Prefix="evidence/")["Versions"]
    assert [row["Key"].startswith("evidence/dev/mail/0001-r1/evidence/") for row in rows] == [True]
    uri = f"s3://{bucket}/{rows[0]['Key']}"
    s3.put_object(Bucket=bucket, Key=rows[0]["Key"], Body=b"another version")  # the record names its own
    assert verified(desk, "-e", "dev")["ok"]
    refused = desk.run("evidence", "erase", uri, "--why", "erasure request 17", ok=1)
    assert "G-erase" in refused.err and "Object Lock" in refused.err
    assert verified(desk, "-e", "dev")["counts"]["evidence"] == 1


def test_an_anchor_that_a_key_signed_is_believed_and_a_forged_one_is_not(new_desk: Callable[..., Desk]) -> None:
    desk = new_desk(server=True)
    key = desk.client("kms").create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    released(desk, anchor={"kms": key})
    found = verified(desk, "-e", "dev")
    assert found["ok"] and found["unproven"] == [] and found["counts"]["anchors"] == 1
    other = desk.client("kms").create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    desk.repo.environment("dev", desk.account, anchor={"kms": other})
    problems = verified(desk, "-e", "dev", ok=1)["problems"]
    assert [p["path"].startswith(".anchors/dev/") for p in problems] == [True]


def test_an_anchor_that_fails_is_a_warning_and_the_next_run_anchors(new_desk: Callable[..., Desk]) -> None:
    desk = new_desk(server=True)
    desk.repo.environment("dev", desk.account, anchor={"s3": f"s3://records-{desk.account}/anchors"})
    desk.repo.declare(use_case())
    desk.repo.commit("first")
    assert "warning[G-anchor]" in desk.reconcile().err
    bucket_of(desk)
    desk.repo.declare(use_case(), {"answer": LETTER.replace("three", "two")})
    desk.repo.commit("second")
    assert "G-anchor" not in desk.reconcile().err
    found = verified(desk, "-e", "dev")
    assert found["ok"] and found["counts"]["anchors"] == 1
