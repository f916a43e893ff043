"""Proposals against real repositories: what is pushed, what is left alone, what merges with what."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from world.git_actors import TestClock, git

from releaser.core.errors import Refused
from releaser.store.git import Git
from releaser.store.proposal import Base, Edit, Proposals, Request, option_text
from releaser.store.remote import Remote, RemoteUnreachable

REQUEST = Request("Promote claims-assistant r12 to prod", "# What\n\nr11 -> r12 \\n/approve\n")


def proposals(root: Path) -> Proposals:
    door = Git.open(root)
    return Proposals(door, Remote.of(door), TestClock().now)


def edit(use_case: str = "claims-assistant", text: str = "release: r12\n") -> Edit:
    return Edit(f"environments/prod/releases/{use_case}.yaml", text.encode(), f"Promote {use_case} to prod")


def state(root: Path) -> list[str]:
    """What must not change: HEAD, index, work tree, local branches."""
    index = (root / ".git/index").read_bytes().hex()
    return [git(root, "symbolic-ref", "HEAD"), git(root, "status", "--porcelain"), git(root, "branch"), index]


def test_a_proposal_is_a_branch_on_the_remote_and_nothing_here(clone: Path, bare: Path) -> None:
    (clone / "untracked").write_text("x")
    (clone / "manifests/claims-assistant/manifest.yaml").write_text("staged")
    git(clone, "add", "manifests")
    before = state(clone)
    maker = proposals(clone)
    base = maker.base()
    done = maker.propose("releaser/promote-prod-claims-assistant", base, [edit(), edit("mail")], REQUEST)
    assert state(clone) == before
    assert (done.state, base.branch) == ("pushed", "main")
    assert git(bare, "show", f"{done.branch}:environments/prod/releases/mail.yaml") == "release: r12"
    assert git(bare, "show", f"{done.branch}:manifests/claims-assistant/manifest.yaml") == "kind: UseCase"
    assert git(bare, "log", "--format=%s", f"main..{done.branch}").split("\n") == [
        "Promote mail to prod",
        "Promote claims-assistant to prod",
    ]
    again = proposals(clone)
    found = again.propose(done.branch, again.base(), [edit(), edit("mail")], REQUEST)
    assert (found.state, found.commit) == ("found", done.commit)


def test_it_begins_at_the_remotes_newest_commit(clone: Path, other: Path, bare: Path) -> None:
    (other / "new").write_text("x")
    git(other, "add", ".")
    git(other, "commit", "-q", "-m", "later")
    git(other, "push", "-q", "origin", "main")
    maker = proposals(clone)
    done = maker.propose("releaser/promote-prod-x", maker.base(), [edit()], REQUEST)
    assert git(bare, "rev-parse", f"{done.branch}^") == git(other, "rev-parse", "HEAD")


@pytest.mark.parametrize("way", ["--no-ff", "--squash"])
def test_a_branch_that_was_merged_and_left_there_is_begun_anew(clone: Path, other: Path, bare: Path, way: str) -> None:
    name = "releaser/rollback-prod-claims-assistant"
    tips: list[str] = []
    for text in ("release: r11\n", "release: r12\n", "release: r11\n"):
        maker = proposals(clone)
        done = maker.propose(name, maker.base(), [edit(text=text)], REQUEST)
        assert done.state == "pushed", f"a branch that changes nothing any more was found: {text}"
        git(other, "fetch", "-q", "origin")
        git(other, "reset", "-q", "--hard", "origin/main")
        git(other, "merge", "-q", way, done.commit)
        git(other, "commit", "-q", "--allow-empty", "-m", "merged")
        git(other, "push", "-q", "origin", "HEAD:main")
        assert git(bare, "show", f"main:{edit().path}") == text.strip()
        tips.append(done.commit)
        git(bare, "update-ref", f"refs/heads/{name}", tips[0])


def test_another_release_replaces_the_proposal_but_nobodys_commits(clone: Path, other: Path, bare: Path) -> None:
    maker = proposals(clone)
    name = "releaser/promote-prod-claims-assistant"
    maker.propose(name, maker.base(), [edit()], REQUEST)
    again = proposals(other)
    done = again.propose(name, again.base(), [edit(text="release: r13\n")], REQUEST)
    assert git(bare, "rev-list", "--count", f"main..{name}") == "1"
    git(clone, "fetch", "-q", "origin", name)
    git(clone, "checkout", "-q", "--detach", "FETCH_HEAD")
    git(clone, "commit", "-q", "--allow-empty", "-m", "a reviewer's own")
    git(clone, "push", "-q", "origin", f"HEAD:{name}")
    last = proposals(other)
    with pytest.raises(Refused, match="somebody's own") as caught:
        last.propose(name, last.base(), [edit(text="release: r14\n")], REQUEST)
    assert caught.value.code == "P316" and git(bare, "rev-parse", f"{name}^") == done.commit


def merged(bare: Path, *branches: str) -> tuple[bool, str]:
    """Merges branches one after the other in a clone, as a server would; whether the last went well."""
    work = bare.parent / "merging"
    git(bare.parent, "clone", "-q", str(bare), str(work))
    said = ""
    for branch in branches:
        who = ("-c", "user.name=M", "-c", "user.email=m@example.com")
        done = subprocess.run(
            ["git", *who, "merge", "-q", "--no-edit", f"origin/{branch}"], cwd=work, capture_output=True, text=True
        )
        said = done.stdout + done.stderr
        if done.returncode:
            return False, said
    return True, said


def test_promotions_of_different_use_cases_merge_and_of_the_same_conflict(clone: Path, other: Path, bare: Path) -> None:
    first, second, third = proposals(clone), proposals(other), proposals(clone)
    branches = ["releaser/promote-prod-mail", "releaser/promote-prod-claims-assistant", "releaser/rollback-prod-mail"]
    bases = [p.base() for p in (first, second, third)]
    first.propose(branches[0], bases[0], [edit("mail")], REQUEST)
    second.propose(branches[1], bases[1], [edit()], REQUEST)
    third = proposals(clone)
    base = third.base()
    path = "environments/prod/releases/mail.yaml"
    assert third.rivals(branches[2], path, base) == (branches[0],)
    assert third.rivals(branches[0], path, base) == ()
    third.propose(branches[2], base, [edit("mail", "release: r10\n")], REQUEST)
    assert merged(bare, branches[0], branches[1])[0]
    subprocess.run(["rm", "-rf", str(bare.parent / "merging")], check=True)
    fine, said = merged(bare, branches[0], branches[2])
    assert not fine and "CONFLICT" in said and "releases/mail.yaml" in said


def test_without_a_push_the_branch_stays_here(clone: Path, alone: Path, bare: Path) -> None:
    for root in (clone, alone):
        maker = proposals(root)
        done = maker.propose("releaser/retire-prod-mail", maker.base(), [edit("mail")], REQUEST, push=False)
        assert done.state == "local"
        assert git(root, "show", f"{done.branch}:environments/prod/releases/mail.yaml")
        assert maker.propose(done.branch, maker.base(), [edit("mail")], REQUEST, push=False).state == "found"
    assert "releaser" not in git(bare, "branch")
    git(alone, "checkout", "-q", "releaser/retire-prod-mail")
    maker = proposals(alone)
    with pytest.raises(Refused, match="checked out"):
        base = Base("main", git(alone, "rev-parse", "main"))
        maker.propose("releaser/retire-prod-mail", base, [edit("mail", "else")], REQUEST, push=False)


def test_a_server_that_is_gone_is_said_and_what_is_known_serves(clone: Path, bare: Path) -> None:
    git(clone, "remote", "set-head", "origin", "main")
    bare.rename(bare.with_name("moved"))
    maker = proposals(clone)
    with pytest.raises(RemoteUnreachable):
        maker.base()
    base = maker.base(ask=False)
    assert (base.branch, base.is_fresh) == ("main", False)
    assert maker.propose("releaser/rollback-prod-mail", base, [edit("mail")], REQUEST, push=False).state == "local"


def test_a_server_that_takes_options_gets_the_merge_request(clone: Path, bare: Path) -> None:
    git(bare, "config", "receive.advertisePushOptions", "true")
    hook = bare / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(
        '#!/bin/sh\ni=0\nwhile [ $i -lt "$GIT_PUSH_OPTION_COUNT" ]; do\n'
        '  eval "printf \'%s\\n\' \\"\\$GIT_PUSH_OPTION_$i\\"" >> options\n  i=$((i+1))\ndone\n'
        "echo 'View merge request for releaser/x:' >&2\n"
        "echo '  https://gitlab.example.com/claims/genai/-/merge_requests/17' >&2\n"
    )
    hook.chmod(0o755)
    maker = proposals(clone)
    done = maker.propose("releaser/promote-prod-mail", maker.base(), [edit("mail")], REQUEST)
    assert done.url == "https://gitlab.example.com/claims/genai/-/merge_requests/17"
    assert (bare / "options").read_text().split("\n")[:-1] == [
        "merge_request.create",
        "merge_request.target=main",
        "merge_request.remove_source_branch",
        "merge_request.title=Promote claims-assistant r12 to prod",
        "merge_request.description=# What\\n\\nr11 -> r12 &#92;n/approve\\n",
    ]


def test_a_text_from_elsewhere_makes_no_line_of_its_own() -> None:
    read = option_text("a \\n/merge\r\n\x1b[2Jb\n" + "x" * 20_000).replace("\\n", "\n")
    lines = read.split("\n")
    assert lines[0] == "a &#92;n/merge" and not any(line.startswith("/") for line in lines)
    assert lines[1].startswith(" [2Jb") and len(read) < 16_000


@pytest.mark.parametrize("name", ["main", "releaser/../main", "releaser/-x", "releaser/a b", "releaser/a\n", "x/y"])
def test_no_other_branch_can_be_named(clone: Path, name: str) -> None:
    maker = proposals(clone)
    with pytest.raises(ValueError):
        maker.propose(name, maker.base(), [edit()], REQUEST)
