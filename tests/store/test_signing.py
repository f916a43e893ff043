"""Signatures: what git says of ours, what we say of forged ones, and that nothing unsigned slips in."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from world.git_actors import Actor, actor, git, intent
from world.history_attacks import declare, proven, release, rewrite

from releaser.core.proof.objects import object_id, split_signature
from releaser.store.git import GitError
from releaser.store.signatures import Verifier, allowed_signers
from releaser.store.signing import ALLOWED_SIGNERS, settings_of


def keygen(folder: Path, name: str = "key", passphrase: str = "", kind: str = "ed25519") -> Path:
    path = folder / name
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-C", "", "-f", str(path)], check=True)
    return path


def allow(root: Path, *keys: Path, options: str = 'namespaces="git"') -> None:
    rows = [f"releaser@example.com {options} {k.with_suffix('.pub').read_text()}" for k in keys]
    path = root / ALLOWED_SIGNERS
    path.parent.mkdir(exist_ok=True)
    path.write_text("# who may sign\n" + "".join(rows))
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "signers")
    git(root, "config", "gpg.ssh.allowedSignersFile", str(path))


def disallow(root: Path) -> None:
    """Who lists nobody may write without a signature; the history that was signed stays so."""
    git(root, "config", "--unset", "user.signingkey")
    git(root, "rm", "-q", ALLOWED_SIGNERS)
    git(root, "commit", "-q", "-m", "no signers")


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return keygen(tmp_path)


def configured(root: Path, key: Path) -> Actor:
    git(root, "config", "gpg.format", "ssh")
    git(root, "config", "user.signingkey", str(key))
    allow(root, key)
    return actor(root)


def raw(run: Actor, *names: str) -> dict[str, bytes]:
    found = run.git.objects(names)
    return {object_id(kind, data): data for kind, data in (f for f in found if f)}


def test_git_accepts_our_signatures_on_records_and_tags(alone: Path, key: Path) -> None:
    run = configured(alone, key)
    run.release(["mail", "claims-assistant"])
    for commit in ("releases", "releases~1"):
        git(alone, "verify-commit", commit)
    for tag in ("mail/r1", "claims-assistant/r1"):
        git(alone, "verify-tag", tag)
    git(alone, "fsck", "--strict")


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa"])
def test_every_kind_of_key_is_judged_as_git_does(alone: Path, tmp_path: Path, kind: str) -> None:
    run = configured(alone, keygen(tmp_path, kind=kind))
    run.release(["mail"])
    found = Verifier(run.git, allowed_signers(run.git, "HEAD")).judge(raw(run, "releases", "mail/r1"))
    assert {(j.standing, j.by) for j in found.values()} == {("good", "releaser@example.com")}


def test_a_key_file_of_ci_that_anybody_may_read_is_used(
    alone: Path, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loose = key.with_name("from-ci")
    loose.write_bytes(key.read_bytes().rstrip())
    loose.chmod(0o666)
    monkeypatch.setenv("RELEASER_SIGNING_KEY", str(loose))
    allow(alone, key)
    actor(alone).release(["mail"])
    git(alone, "verify-commit", "releases")
    git(alone, "verify-tag", "mail/r1")


def test_a_key_that_does_not_sign_stops_the_write(alone: Path, tmp_path: Path) -> None:
    for broken in (tmp_path / "missing", keygen(tmp_path, "locked", "secret")):
        git(alone, "config", "gpg.format", "ssh")
        git(alone, "config", "user.signingkey", str(broken))
        run = configured(alone, broken) if broken.exists() else actor(alone)
        with pytest.raises(GitError) as caught:
            run.release(["mail"])
        assert caught.value.code == "G-sign"
        assert git(alone, "for-each-ref", "refs/tags", "refs/heads/releases") == ""


def test_who_signed_is_judged(alone: Path, tmp_path: Path, key: Path) -> None:
    run = configured(alone, key)
    run.release(["mail"], "a")
    stranger = keygen(tmp_path, "stranger")
    git(alone, "config", "user.signingkey", str(stranger))
    actor(alone).release(["mail"], "b")
    disallow(alone)
    actor(alone).release(["mail"], "c")
    allow(alone, key)
    objects = raw(run, *(f"mail/r{n}" for n in (1, 2, 3)))
    verifier = Verifier(run.git, allowed_signers(run.git, "HEAD"))
    assert [j.standing for j in verifier.judge(objects).values()] == ["good", "bad", "unsigned"]
    assert [j.standing for j in verifier.judge(objects).values()] == ["good", "bad", "unsigned"]
    assert [j.standing for j in Verifier(run.git, b"").judge(objects).values()] == ["bad", "bad", "unsigned"]
    old = f'releaser@example.com namespaces="git",valid-before="20200101" {key.with_suffix(".pub").read_text()}'
    assert next(iter(Verifier(run.git, old.encode()).judge(objects).values())).standing == "bad"
    other_use = f'releaser@example.com namespaces="file" {key.with_suffix(".pub").read_text()}'
    assert next(iter(Verifier(run.git, other_use.encode()).judge(objects).values())).standing == "bad"


def test_a_signature_holds_for_its_own_bytes_only(alone: Path, key: Path) -> None:
    run = configured(alone, key)
    run.release(["mail"])
    verifier = Verifier(run.git, allowed_signers(run.git, "HEAD"))
    for data in raw(run, "releases", "mail/r1").values():
        payload, signature = split_signature(data)
        assert payload + signature != payload
        flipped = bytearray(data)
        flipped[data.index(b"\n\n") + 3] ^= 1
        assert verifier.judge({"0" * 40: bytes(flipped)})["0" * 40].standing == "bad"
        assert verifier.judge({"0" * 40: data})["0" * 40].standing == "good"


def test_where_somebody_may_sign_nothing_unsigned_is_written(alone: Path, key: Path) -> None:
    allow(alone, key)
    run = actor(alone)
    for write in (lambda: run.cut(["mail"]), lambda: run.records.open([intent("mail")])):
        with pytest.raises(GitError) as refused:
            write()
        assert refused.value.code == "G-unsigned"
    assert git(alone, "for-each-ref", "refs/heads/releases", "refs/tags") == ""
    git(alone, "config", "gpg.format", "ssh")
    git(alone, "config", "user.signingkey", str(key))
    actor(alone).release(["mail"], "a")


def test_without_a_key_nothing_is_signed(alone: Path) -> None:
    git(alone, "config", "user.signingkey", "ABCD1234")  # of gpg: another format
    assert settings_of(actor(alone).git).signer is None
    actor(alone).release(["mail"])
    assert b"gpgsig" not in next(iter(raw(actor(alone), "releases").values()))


def test_a_signed_history_made_anew_without_the_key_is_seen(alone: Path, key: Path) -> None:
    """The strongest attacker short of the key: chains, seals and tags agree; nobody remembers the old branch."""
    run = configured(alone, key)
    for number in (1, 2):
        declare(alone, "mail", number)
        release(run, "mail")
    assert proven(alone).problems == []
    assert proven(alone).counts["signatures"] == 4 + 2
    assert [p.path for p in proven(alone, rewrite(alone, {}, seals=True)).problems] == ["releases"]
    disallow(alone)
    declare(alone, "mail", 3)
    release(actor(alone), "mail")
    allow(alone, key)
    found = proven(alone).problems
    tip, before = (git(alone, "rev-parse", f"releases~{n}")[:12] for n in (0, 1))
    assert {p.path for p in found} == {f"releases@{tip}", f"releases@{before}", "refs/tags/mail/r3"}
    assert all(p.reason.startswith("it is not signed") for p in found)


def test_a_past_made_anew_is_not_vouched_for_by_who_signs_on_top(alone: Path, key: Path) -> None:
    run = configured(alone, key)
    for number in (1, 2):
        declare(alone, "mail", number)
        release(run, "mail")
    git(alone, "update-ref", "refs/heads/releases", git(alone, "rev-parse", rewrite(alone, {}, seals=True)))
    declare(alone, "mail", 3)
    release(actor(alone), "mail")
    git(alone, "update-ref", "refs/heads/fresh", "releases")
    found = {p.path for p in proven(alone, "refs/heads/fresh").problems}
    assert found >= {"dev/mail/0001-r1/opened.json", "dev/mail/0002-r2/opened.json"}, found


def test_what_is_from_before_signing_began_is_noted(alone: Path, key: Path) -> None:
    run = actor(alone)
    declare(alone, "mail", 1)
    release(run, "mail")
    declare(alone, "mail", 2)
    release(configured(alone, key), "mail")
    proof = proven(alone)
    assert proof.problems == []
    assert [u.reason for u in proof.unproven] == ["its first 2 commits are from before signing began"]
