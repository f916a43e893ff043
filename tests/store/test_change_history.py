"""Who changed a use case and who agreed, from the commits of a branch that GitLab merges into."""

from __future__ import annotations

from pathlib import Path

import pytest
from world.git_actors import actor, git

from releaser.core.change_facts import Approval
from releaser.store.change_history import changes_of

MESSAGE = """Merge branch 'shorter' into 'main'

Shorter answers

Closes #47

See merge request bank/genai!12

{trailers}"""


def edit(root: Path, path: str, author: str = "ana") -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text((file.read_text() if file.exists() else "") + "x\n")
    git(root, "add", ".")
    git(root, "-c", f"user.email={author}@example.com", "commit", "-q", "-m", "Edit")


def merge(root: Path, paths: dict[str, str], trailers: str) -> str:
    git(root, "checkout", "-q", "-b", "shorter")
    for path, author in paths.items():
        edit(root, path, author)
    git(root, "checkout", "-q", "main")
    who = ("-c", "user.email=merger@example.com")
    git(root, *who, "merge", "-q", "--no-ff", "-m", MESSAGE.format(trailers=trailers), "shorter")
    git(root, "branch", "-q", "-D", "shorter")
    return git(root, "rev-parse", "HEAD")


APPROVED = "Approved-by: Cleo <cleo@example.com>\nApproved-by: Ana <ana@example.com>\nTicket: CHG-4711"


def test_a_merge_tells_who_what_and_by_whose_leave(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI_SERVER_URL", "https://gitlab.example.com")
    commit = merge(alone, {"manifests/mail/a.md": "ana", "manifests/mail/b.md": "bo"}, APPROVED)
    edit(alone, "manifests/claims/a.md", "dan")
    edit(alone, "README.md", "dan")
    found = changes_of(actor(alone).git, git(alone, "rev-parse", "HEAD"), "prod", ["mail", "claims", "letters"])
    assert sorted(found) == ["claims", "mail"]
    mail = found["mail"]
    assert mail.merge_request == "bank/genai!12"
    assert mail.link == "https://gitlab.example.com/bank/genai/-/merge_requests/12"
    assert (mail.merge_commit, mail.author, mail.ticket) == (commit, "ana@example.com", "CHG-4711")
    assert mail.committers == ("ana@example.com", "bo@example.com")
    assert mail.approvers == (Approval(by="cleo@example.com"), Approval(by="ana@example.com"))
    assert mail.segregation == "checked" and mail.merged_at is not None
    assert (found["claims"].author, found["claims"].segregation) == ("dan@example.com", "unknown")
    assert found["claims"].merge_request == found["claims"].link == ""


@pytest.mark.parametrize(
    ("trailers", "segregation"),
    [
        ("Approved-by: Bo <bo@example.com>", "unenforced"),
        ("Approved-by: Bo <BO@example.com>\nApproved-by: Cleo <cleo@example.com>", "checked"),
        ("Reviewed-by: Cleo <cleo@example.com>", "unknown"),
        ("Merge-Request-Author: Cleo <cleo@example.com>\nApproved-by: Cleo <cleo@example.com>", "unenforced"),
    ],
)
def test_segregation_is_what_the_trailers_prove(alone: Path, trailers: str, segregation: str) -> None:
    merge(alone, {"manifests/mail/a.md": "bo"}, trailers)
    assert changes_of(actor(alone).git, "HEAD", "prod", ["mail"])["mail"].segregation == segregation


@pytest.mark.parametrize(
    ("path", "touched"),
    [
        ("environments/prod/releases/mail.yaml", ["mail"]),
        ("environments/prod/environment.yaml", ["claims", "mail"]),
        ("environments/dev/environment.yaml", []),
        ("manifests/mailing/manifest.yaml", []),
    ],
)
def test_pins_and_environments_are_changes_too(alone: Path, path: str, touched: list[str]) -> None:
    commit = merge(alone, {path: "ana"}, APPROVED)
    found = changes_of(actor(alone).git, "HEAD", "prod", ["mail", "claims"])
    assert sorted(n for n, change in found.items() if change.merge_commit == commit) == touched


def test_what_a_shallow_clone_lacks_is_not_told(alone: Path, tmp_path: Path) -> None:
    merge(alone, {"manifests/mail/a.md": "ana"}, APPROVED)
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{alone}", "shallow")
    found = changes_of(actor(tmp_path / "shallow").git, "HEAD", "prod", ["mail"])
    assert all(change.author in ("", "merger@example.com") for change in found.values())
