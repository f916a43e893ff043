"""Generated estates: N use cases of the shape that a bank has, of which at most 100 own a guardrail."""

from __future__ import annotations

import subprocess
from pathlib import Path

GUARDRAILS_PER_ACCOUNT = 100
"""AWS allows no more in an account and region."""

_ENVIRONMENT = """\
apiVersion: releaser.dev/v1
kind: Environment
metadata: {name: dev}
spec:
  track: main
  workers: 24
  targets: [{name: main, account: "111111111111", region: eu-central-1}]
  safety: {maxDeletePercent: 100, maxUpdatePercent: 100}
"""

_UNLIMITED = "  rates: {read: 1000.0, write: 1000.0}\n"

_HEAD = """\
apiVersion: releaser.dev/v1
kind: UseCase
metadata:
  name: {name}
  owner: platform@example.com
  labels: {{costCenter: "{number}"}}
spec:
  description: Generated use case {number}.
  governance: {{riskTier: minimal, dataClassification: internal}}
  models:
    answer:
      modelId: eu.amazon.nova-pro-v1:0
      profile: {profile}
      inference: {{temperature: 0.2, maxTokens: 500}}
"""

_GUARDRAIL = """\
  guardrails:
    main:
      blockedInputMessaging: Not here.
      blockedOutputsMessaging: No answer to {number}.
      contentPolicyConfig:
        filtersConfig:
          - {{type: HATE, inputStrength: HIGH, outputStrength: HIGH}}
          - {{type: VIOLENCE, inputStrength: MEDIUM, outputStrength: HIGH}}
          - {{type: PROMPT_ATTACK, inputStrength: HIGH, outputStrength: NONE}}
      wordPolicyConfig:
        wordsConfig: [{{text: forbidden {number}}}]
"""

_PROMPT = """\
  prompts:
    answer: {{file: prompts/answer.md, model: answer, variables: [question]{guardrail}}}
"""

PROMPT_TEXT = "Use case {number}: answer the question in plain words.\n\n{{{{question}}}}\n"


def write(
    root: Path, use_cases: int, *, guardrails: int | None = None, profiles: bool = True, unlimited: bool = False
) -> None:
    """A repository with this many use cases, committed on main."""
    owned = min(use_cases if guardrails is None else guardrails, GUARDRAILS_PER_ACCOUNT)
    folder = root / "environments" / "dev"
    folder.mkdir(parents=True)
    (folder / "environment.yaml").write_text(_ENVIRONMENT + (_UNLIMITED if unlimited else ""))
    for number in range(use_cases):
        _use_case(root, number, guardrail=number < owned, profile=profiles)
    git(root, "init", "-q", "-b", "main")
    commit(root, "estate")


def _use_case(root: Path, number: int, *, guardrail: bool, profile: bool) -> None:
    name = use_case(number)
    folder = root / "manifests" / name
    (folder / "prompts").mkdir(parents=True)
    text = _HEAD.format(name=name, number=number, profile=str(profile).lower())
    if guardrail:
        text += _GUARDRAIL.format(number=number)
    text += _PROMPT.format(guardrail=", guardrail: main" if guardrail else "")
    (folder / "manifest.yaml").write_text(text)
    (folder / "prompts" / "answer.md").write_text(PROMPT_TEXT.format(number=number))


def use_case(number: int) -> str:
    """The name of the n-th use case."""
    return f"use-case-{number:04}"


def change_one(root: Path, number: int) -> None:
    """Another wording for one prompt, committed."""
    path = root / "manifests" / use_case(number) / "prompts" / "answer.md"
    path.write_text(path.read_text() + "\nKeep it short.\n")
    commit(root, "change one")


def commit(root: Path, message: str) -> None:
    git(root, "add", "-A")
    git(root, "-c", "user.name=bench", "-c", "user.email=bench@example.com", "commit", "-q", "-m", message)


def git(root: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=root, check=True, capture_output=True)
