"""The guided first run: every command is typed for you, and what it prints is what it prints for anybody."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from releaser.core.errors import ReleaserError

ENVIRONMENT = "dev"


class Surprise(Exception):
    """A step of the demo did not end as it should."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of a file, as an engineer would make it."""

    file: str
    old: str
    new: str


CHANGE = (
    Edit(
        "manifests/complaint-triage/manifest.yaml",
        "{type: HATE, inputStrength: LOW,",
        "{type: HATE, inputStrength: HIGH,",
    ),
    Edit("manifests/complaint-triage/manifest.yaml", "{type: PIN, action: BLOCK}", "{type: PIN, action: ANONYMIZE}"),
    Edit("manifests/policy-summary/prompts/summarise.md", "at most five points", "at most three points"),
    Edit("manifests/policy-summary/manifest.yaml", "temperature: 0.3", "temperature: 0.1"),
)


def run(*, keep: bool) -> int:
    """Play the demo in a folder of its own. 0 when every step ended as it should."""
    from releaser.sandbox import SandboxProcess

    folder = Path(tempfile.mkdtemp(prefix="releaser-demo-"))
    try:
        sandbox = SandboxProcess(folder / "sandbox", time_scale=0.1)
        try:
            put_documents(sandbox.client("s3"))
            play = Play(folder / "repository", folder / "remote.git", sandbox.env(), sandbox.client("bedrock"))
            play.all()
        finally:
            sandbox.stop()
    except Surprise as surprise:
        typer.echo(f"\nthe demo did not go as it should: {surprise}\nits folder: {folder}", err=True)
        return 1
    if keep:
        typer.echo(f"\nkept: {folder} (start its sandbox: releaser sandbox start --data {folder}/sandbox)")
    else:
        shutil.rmtree(folder)
    return 0


CLAIMS = "manifests/claims-assistant/manifest.yaml"
ANSWER = "manifests/claims-assistant/prompts/answer.md"
GATES = Edit("environments/dev/environment.yaml", "spec:\n", "spec:\n  gates: {required: [smoke, safety]}\n")
BETTER = Edit(ANSWER, "at most four sentences", "at most three sentences")
SWAPPED = (
    Edit(ANSWER, "<passages>\n{{context}}", "<passages>\n{{question}}"),
    Edit(ANSWER, "<question>\n{{question}}", "<question>\n{{context}}"),
)
STRICTER = (
    Edit(CLAIMS, "temperature: 0.2", "temperature: 0.3"),
    Edit(CLAIMS, "floor: 0.35, maxRegression: 0.05", "floor: 0.35, maxRegression: 0.005"),
)

BUCKET = "acme-dev-policy-documents"
REGION = "eu-central-1"


def put_documents(s3: Any) -> None:
    """The documents of the example's knowledge base, where its data team would have put them."""
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    for document in sorted((examples() / "manifests/policy-advisor/documents").iterdir()):
        key, content = f"policies/{document.name}", document.read_bytes()
        s3.put_object(Bucket=BUCKET, Key=key, Body=content, ChecksumAlgorithm="SHA256")


def examples() -> Path:
    """The folder that holds the example manifests: the checkout, or what the package brings along."""
    package = Path(__file__).resolve().parent.parent
    for folder in (package.parent, package / "examples"):
        if (folder / "manifests").is_dir() and (folder / "environments").is_dir():
            return folder
    raise ReleaserError("the example manifests are not installed", code="R002", hint="run the demo from a checkout")


@dataclass
class Play:
    """The steps, in a repository of its own with a remote of its own."""

    root: Path
    remote: Path
    aws: Mapping[str, str]
    bedrock: Any
    number: int = 0

    def all(self) -> None:
        self.prepare()
        self.release()
        self.change()
        self.drift()
        self.promote()
        self.back()
        self.evaluate()
        self.prove()
        self.title("That was all")
        typer.echo(
            'Your turn: `releaser sandbox start --detach`, `eval "$(releaser sandbox env)"`, then edit a manifest and\n'
            "`releaser plan -e dev`. README.md says what comes next."
        )

    def prepare(self) -> None:
        """A git repository as a platform team would have it, with a remote."""
        self.root.mkdir()
        for name in ("manifests", "environments"):
            shutil.copytree(examples() / name, self.root / name)
        self.git("init", "-q", "--bare", "-b", "main", str(self.remote))
        self.git("init", "-q", "-b", "main")
        self.git("remote", "add", "origin", str(self.remote))
        self.commit("Four use cases")

    def release(self) -> None:
        self.title("Four use cases, checked without AWS")
        self.releaser("validate")
        self.title("What would happen in the account (nothing is written)")
        self.releaser("plan", "-e", ENVIRONMENT, "--detailed-exitcode", expect=2)
        self.title("The merge: cut releases, stage, promote, verify, record")
        self.releaser("reconcile", "-e", ENVIRONMENT)
        self.title("Again: nothing to do, proven by reading everything")
        self.releaser("plan", "-e", ENVIRONMENT, "--deep", "--detailed-exitcode")

    def change(self) -> None:
        self.title("A change: a prompt, a parameter, and a guardrail that gets stronger here and weaker there")
        for edit in CHANGE:
            self.edit(edit)
        self.commit("Shorter summaries; triage reads more")
        self.show("git", "diff", "-U0", "--no-color", "HEAD~1", "--", "manifests")
        self.releaser("plan", "-e", ENVIRONMENT, "--detailed-exitcode", expect=2)
        self.releaser("reconcile", "-e", ENVIRONMENT)

    def drift(self) -> None:
        self.title("Somebody lowers a filter in the console, behind git's back")
        self.tamper()
        self.releaser("drift", "-e", ENVIRONMENT, "--detailed-exitcode", expect=2)
        self.title("The next reconcile puts back what git says; no new version, the released one still holds")
        self.releaser("reconcile", "-e", ENVIRONMENT)

    def evaluate(self) -> None:
        self.title("Gates: from here on dev asks for evidence (the sandbox's model is an extractive baseline, no LLM)")
        self.edit(GATES)
        self.commit("dev asks for the suites smoke and safety")
        self.title("1st merge: shorter answers. Measured on the candidate, compared with what is live: it passes")
        self.edit(BETTER)
        self.commit("Answers of three sentences")
        self.releaser("reconcile", "-e", ENVIRONMENT)
        self.title("2nd merge: somebody swaps two variables. The worst samples are shown; callers never get it")
        for edit in SWAPPED:
            self.edit(edit)
        self.commit("Tidy the template")
        self.releaser("reconcile", "-e", ENVIRONMENT, expect=3)
        self.title("It is reverted; the third merge asks for more than these cases can show: INCONCLUSIVE, and why")
        self.git("revert", "--no-edit", "HEAD")
        for edit in STRICTER:
            self.edit(edit)
        self.commit("Warmer answers, and a stricter threshold")
        self.releaser("reconcile", "-e", ENVIRONMENT, expect=3)
        self.git("revert", "--no-edit", "HEAD")
        self.git("push", "-q", "origin", "main")
        self.releaser("reconcile", "-e", ENVIRONMENT)

    def promote(self) -> None:
        self.title("Promotion: one line in one file, proposed on a branch; the content is that of the tag")
        self.releaser("promote", "complaint-triage", "--to", "preprod")
        self.git("fetch", "-q", "origin")
        self.show("git", "merge", "--no-ff", "--no-edit", "-q", "origin/releaser/promote-preprod-complaint-triage")
        self.git("push", "-q", "origin", "main")
        self.releaser("reconcile", "-e", "preprod")

    def back(self) -> None:
        self.title(
            "The way back: revert the merge. The old versions are still there, so pointers move and nothing else"
        )
        self.git("revert", "--no-edit", "HEAD^")
        self.git("push", "-q", "origin", "main")
        self.releaser("plan", "-e", ENVIRONMENT, "--detailed-exitcode", expect=2)
        self.releaser("reconcile", "-e", ENVIRONMENT)
        self.title("What was live when")
        self.releaser("history", "complaint-triage", "-e", ENVIRONMENT)
        self.title("The release notes of the change, for people (branch `releases`)")
        self.show("git", "show", "origin/releases:dev/complaint-triage/0002-r2/notes.md")
        self.show("git", "show", "origin/releases:dev/policy-summary/0002-r2/notes.md")

    def prove(self) -> None:
        self.title("What callers get, and whence: dev went back, preprod has what was promoted")
        self.releaser("history", "serving", "complaint-triage")
        self.title("The records prove themselves: chains, tags, contents recomputed from git, the live account")
        self.releaser("audit", "verify", "-e", ENVIRONMENT)

    def tamper(self) -> None:
        """What a click in the console does: a full update with one value changed."""
        found = self.bedrock.list_guardrails()["guardrails"]
        name = next(g for g in found if g["name"] == "claims-assistant_main")
        live = self.bedrock.get_guardrail(guardrailIdentifier=name["id"])
        filters = [dict(f) for f in live["contentPolicy"]["filters"]]
        for item in filters:
            if item["type"] == "VIOLENCE":
                item["inputStrength"] = "LOW"
        self.bedrock.update_guardrail(
            guardrailIdentifier=name["id"],
            name=live["name"],
            blockedInputMessaging=live["blockedInputMessaging"],
            blockedOutputsMessaging=live["blockedOutputsMessaging"],
            contentPolicyConfig={"filtersConfig": filters},
        )
        typer.echo("# UpdateGuardrail claims-assistant_main: VIOLENCE inputStrength LOW; every other policy left out")

    # What the steps are made of

    def title(self, text: str) -> None:
        self.number += 1
        typer.secho(f"\n{'─' * 100}\n{self.number}. {text}\n", bold=True)

    def edit(self, edit: Edit) -> None:
        path = self.root / edit.file
        text = path.read_text(encoding="utf-8")
        if text.count(edit.old) != 1:
            raise Surprise(f"{edit.file} does not hold {edit.old!r} once")
        path.write_text(text.replace(edit.old, edit.new), encoding="utf-8")

    def commit(self, message: str) -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)
        self.git("push", "-q", "origin", "main")

    def git(self, *words: str) -> None:
        done = subprocess.run(["git", *words], cwd=self.root, env=self.environ(), capture_output=True, text=True)
        if done.returncode:
            raise Surprise(f"git {words[0]}: {done.stderr.strip()}")

    def releaser(self, *words: str, expect: int = 0) -> None:
        """One command as it is typed, with its exit code when that says something."""
        typer.secho(f"$ releaser {' '.join(words)}", fg="cyan")
        sys.stdout.flush()
        code = subprocess.run([sys.executable, "-m", "releaser", *words], cwd=self.root, env=self.environ()).returncode
        if code != expect:
            raise Surprise(f"releaser {' '.join(words)} ended with {code}, not {expect}")
        if code:
            typer.echo(f"(exit code {code})")

    def show(self, *words: str) -> None:
        typer.secho(f"$ {' '.join(words)}", fg="cyan")
        sys.stdout.flush()
        if subprocess.run(words, cwd=self.root, env=self.environ()).returncode:
            raise Surprise(f"{' '.join(words)} failed")

    def environ(self) -> dict[str, str]:
        """The caller's, with AWS pointing at the sandbox and git kept to itself."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "GIT_", "CI_", "RELEASER_"))}
        neutral = {
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
            "GIT_PAGER": "cat",
            "GIT_AUTHOR_NAME": "releaser demo",
            "GIT_AUTHOR_EMAIL": "demo@example.com",
            "GIT_COMMITTER_NAME": "releaser demo",
            "GIT_COMMITTER_EMAIL": "demo@example.com",
        }
        return {**kept, **neutral, **self.aws}
