"""``history diff`` and ``history serving``: two releases from their tags, and what callers get."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from typer.testing import CliRunner
from world import manifest, repository
from world.repository import LETTER, Repository

from releaser.cli.history import app
from releaser.core.address import Address
from releaser.core.change_facts import Approval, ChangeFacts
from releaser.core.content import version_digest
from releaser.core.entry import decode
from releaser.core.errors import AwsError, Failure, ReleaserError, WrongUsage
from releaser.core.evidence_ref import EvidenceRef
from releaser.core.record import Binding, Conclusion, Holder, Intent, Outcome
from releaser.engine import pointers
from releaser.engine.driver import Driver
from releaser.engine.reading import reading
from releaser.kinds import registry
from releaser.render.audit_schemas import diff_schema, serving_schema
from releaser.store.git import Git
from releaser.store.reader import DiskReader
from releaser.store.records import Records
from releaser.store.tags import Cut, Tags
from releaser.store.workspace import load_use_case

runner = CliRunner()
NOW = datetime(2026, 3, 3, 14, tzinfo=UTC)


@pytest.fixture(autouse=True)
def isolated(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in os.environ:
        if name.startswith(("GIT_", "CI_", "GITLAB_", "RELEASER_", "AWS_")):
            monkeypatch.delenv(name)
    for name, value in repository.git_environment(tmp_path).items():
        monkeypatch.setenv(name, value)


def call(root: Path, *args: str, code: int = 0) -> str:
    done = runner.invoke(app, [*args, "--root", str(root)], catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done.stdout


def cut(repo: Repository, use_case: str) -> str:
    """Commits, and cuts the release of what was committed; its digest."""
    commit = repo.commit()
    found = load_use_case(DiskReader(repo.root), use_case)
    digest = found.digest  # type: ignore[union-attr]
    Tags(Git.open(repo.root), None, lambda: NOW).cut([Cut(use_case, digest, "", commit)])
    return digest


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """mail r1 and r2: another model and two words of its prompt; letters r1."""
    repo = repository.create(tmp_path)
    repo.environment("dev", "111111111111")
    repo.declare(manifest.use_case())
    cut(repo, "mail")
    repo.declare(manifest.use_case(model=manifest.HAIKU), {"answer": LETTER.replace("three friendly", "two polite")})
    cut(repo, "mail")
    repo.declare(manifest.use_case("letters"))
    cut(repo, "letters")
    return repo


def test_two_releases_are_compared_as_their_tags_have_them(repo: Repository) -> None:
    repo.write("manifests/mail/prompts/answer.md", "Something else, not committed.\n")
    text = call(repo.root, "diff", "r1", "r2")
    assert text.startswith("mail  r1 -> r2\n")
    assert "[-three friendly-]{+two polite+}" in text and "Something else" not in text
    found = json.loads(call(repo.root, "diff", "r1", "r2", "mail", "--output", "json"))
    jsonschema.Draft202012Validator(diff_schema()).validate(found)
    assert [f["path"] for f in found["files"]] == ["prompts/answer.md"]
    told = [c for s in found["sections"] for c in s["changes"]]
    pieces = next(c["pieces"] for c in told if "pieces" in c)
    assert "".join(p["text"] for p in pieces if p["change"] != "added") == LETTER.removesuffix("\n")
    back = json.loads(call(repo.root, "diff", "r2", "r1", "mail", "--output", "json"))
    assert (back["from"], back["to"]) == (found["to"], found["from"])
    assert call(repo.root, "diff", "r1", "r2", "--output", "markdown").startswith("# mail r2\n\nReplaces r1.")
    assert "The same content." in call(repo.root, "diff", "r2", "r2", "mail")


def test_confidential_texts_stay_in_git(repo: Repository) -> None:
    document = manifest.use_case(model=manifest.HAIKU)
    document["spec"]["governance"] = {"riskTier": "high", "dataClassification": "confidential", "intendedUse": "Mail."}
    repo.declare(document, {"answer": LETTER.replace("three friendly", "SECRET")})
    cut(repo, "mail")
    for output in ("text", "json", "markdown"):
        said = call(repo.root, "diff", "r2", "r3", "mail", "--output", output)
        assert "SECRET" not in said and "letter of a customer" not in said
        if output == "json":
            jsonschema.Draft202012Validator(diff_schema()).validate(json.loads(said))


def test_what_is_meant_is_asked(repo: Repository) -> None:
    with pytest.raises(WrongUsage, match="several use cases have r1: letters, mail"):
        call(repo.root, "diff", "r1", "r1")
    with pytest.raises(WrongUsage, match="mail has no release r9") as caught:
        call(repo.root, "diff", "r1", "r9", "mail")
    assert caught.value.hint == "the newest are r2, r1"
    with pytest.raises(WrongUsage, match="no release of mial") as caught:
        call(repo.root, "diff", "r1", "r2", "mial")
    assert "mail" in caught.value.hint


def test_a_tag_that_was_moved_is_refused(repo: Repository) -> None:
    raw = repo.git("cat-file", "tag", "mail/r1").replace(
        repo.git("rev-parse", "mail/r1^{commit}"), repo.git("rev-parse", "mail/r2^{commit}")
    )
    repo.write("../forged", raw + "\n")
    forged = repo.git("hash-object", "-t", "tag", "-w", str(repo.root.parent / "forged"))
    repo.git("update-ref", "refs/tags/mail/r1", forged)
    with pytest.raises(ReleaserError, match="the tag says") as caught:
        call(repo.root, "diff", "r1", "r2", "mail")
    assert caught.value.code == "P341"


def record(repo: Repository, outcome: Outcome, at: datetime, release: str = "r2", **known: Any) -> None:
    clock = type("Clock", (), {"now": lambda self: at})()
    records = Records(Git.open(repo.root), holder=Holder(kind="laptop", name="ana@desk"), clock=clock, remote=None)
    intent = Intent(
        use_case="mail",
        environment="dev",
        account="111111111111",
        region="eu-central-1",
        release=release,
        release_digest="a" * 64,
        commit="b" * 40,
        tree="c" * 40,
        tag="d" * 40,
        plan_digest="e" * 64,
        change_digest="f" * 64,
        steps=(),
        previous_release="",
        tool_version="0.1.0",
        actor="ana",
        trigger="laptop",
        dirty=False,
        change=ChangeFacts(merge_request="genai/mail!12", approvers=(Approval(by="ben"), Approval(by="cleo"))),
    )
    opened = records.open([intent]).opened["mail"]
    records.close([(opened, Conclusion(outcome=outcome, duration_ms=1, verified=True, **known), "# notes\n")])


def bindings() -> dict[Address, Binding]:
    golden = decode((Path(__file__).parents[1] / "golden/record/closed.json").read_bytes())
    one = next(iter(golden.bindings.values()))  # type: ignore[union-attr]
    prompt, pointer = Address("mail", "prompt", "answer"), Address("mail", "runtime-configuration", "runtime")
    runtime = replace(
        one,
        kind=pointer.kind,
        id="/releaser/mail/runtime",
        name="/releaser/mail/runtime",
        version=None,
        needs=(prompt,),
    )
    return {prompt: one, pointer: runtime}


def test_what_callers_get_leads_back_to_the_review(repo: Repository) -> None:
    evidence = {"quality": EvidenceRef(uri="dev/mail/0001-r2/evidence/1", sha256="9" * 64, size=10)}
    record(repo, Outcome.RELEASED, NOW, bindings=bindings(), evidence=evidence)
    text = call(repo.root, "serving", "mail", "-e", "dev")
    for part in ("dev / mail  r2  since 2026-03-03 14:00 UTC", "/releaser/mail/runtime", "prompt/answer  version 4"):
        assert part in text
    for part in ("genai/mail!12", "ben, cleo", "quality sha256 999999999999", f"sha256:{'a' * 64}", "b" * 12):
        assert part in text
    (found,) = json.loads(call(repo.root, "serving", "--output", "json"))
    jsonschema.Draft202012Validator(serving_schema()).validate(found)
    assert found["pointers"][0]["versions"][0]["version"] == "4"
    assert found["evidence"]["quality"]["sha256"] == "9" * 64
    assert "| `prompt/answer` |" in call(repo.root, "serving", "--output", "markdown")
    listed = call(repo.root, "mail")
    assert "ben, cleo" in listed


def test_taken_back_and_retired(repo: Repository) -> None:
    record(repo, Outcome.RELEASED, NOW, "r1", bindings=bindings())
    record(repo, Outcome.ROLLED_BACK, NOW.replace(day=4))
    assert json.loads(call(repo.root, "serving", "--output", "json"))[0]["release"] == "r1"
    record(repo, Outcome.RETIRED, NOW.replace(day=5), "r1")
    assert json.loads(call(repo.root, "serving", "--output", "json")) == []
    assert json.loads(call(repo.root, "mail", "--at", "2026-03-04", "--output", "json"))[0]["release"] == "r1"
    assert json.loads(call(repo.root, "mail", "--at", "2026-03-05", "--output", "json")) == []


def test_a_use_case_may_be_called_diff(repo: Repository) -> None:
    (repo.root / "manifests/diff").mkdir()
    record(repo, Outcome.RELEASED, NOW)
    assert call(repo.root, "list", "diff") == ""
    assert "r2" in call(repo.root, "list", "mail") and "r2" in call(repo.root, "mail")


@pytest.mark.parametrize(
    ("answer", "standing"),
    [
        ({"Value": "{}"}, "as recorded"),
        ({"Value": '{"other":1}'}, "differs"),
        (Failure.NOT_FOUND, "gone"),
        (Failure.DENIED, "unreadable"),
    ],
)
def test_a_pointer_is_compared_with_its_record(answer: Any, standing: str) -> None:
    kind = registry()["runtime-configuration"]

    class Account:
        def call(self, service: str, operation: str, params: dict[str, Any]) -> dict[str, Any]:
            if isinstance(answer, Failure):
                raise AwsError("no", failure=answer, service=service, operation=operation)
            return {"Parameter": {"Name": params["Name"], "Type": "String", "DataType": "text", **answer}}

    recorded = reading(kind, {"Name": "n", "Type": "String", "DataType": "text", "Value": "{}"})
    pointer = bindings()[Address("mail", "runtime-configuration", "runtime")]
    binding = replace(pointer, body_digest=version_digest(kind, recorded.body))
    driver = Driver(Account(), type("Clock", (), {})())
    assert pointers.standing(driver, kind, binding)[0] == standing


def test_live_needs_an_environment(repo: Repository) -> None:
    with pytest.raises(WrongUsage, match="which account"):
        call(repo.root, "serving", "--live")
