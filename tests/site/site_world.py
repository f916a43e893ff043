"""A history with every state in it, and content that tries to become markup."""

from __future__ import annotations

import subprocess
from datetime import date
from pathlib import Path

AS_OF = date(2026, 6, 15)
HOSTILE = "<img src=x onerror=alert(1)></script>\"'&{{question}} \u202egnp javascript:alert(1)"


def git(root: Path, *words: str) -> None:
    who = ("-c", "user.name=<b>Engineer</b>", "-c", "user.email=engineer@example.com")
    subprocess.run(["git", *who, *words], cwd=root, check=True, capture_output=True)


def hostile_release(root: Path) -> None:
    """A use case whose texts try to become markup, with a tag of its own; and tags that are no release."""
    from releaser.store.reader import DiskReader
    from releaser.store.workspace import load_use_case

    folder = root / "manifests" / "hostile"
    (folder / "prompts").mkdir(parents=True)
    for number, text in ((1, "Answer. {{question}}\n"), (2, f"Answer. {HOSTILE}\n")):
        (folder / "manifest.yaml").write_text(_HOSTILE.format(text=HOSTILE.replace("'", "''"), number=number))
        (folder / "prompts" / "answer.md").write_text(text)
        git(root, "add", "manifests")
        git(root, "commit", "-q", "-m", "hostile")
        found = load_use_case(DiskReader(root), "hostile")
        digest = getattr(found, "digest", "")
        message = f"hostile r{number}\n\n{HOSTILE}\n\nRelease-Digest: sha256:{digest}\n"
        git(root, "tag", "-a", f"hostile/r{number}", "-m", message)
    git(root, "tag", "-a", "hostile/r3", "-m", f"hostile r3\n\nRelease-Digest: sha256:{'0' * 64}\n")
    git(root, "tag", "-a", "claims-assistant/r99", "-m", "not ours")


_HOSTILE = """\
apiVersion: releaser.dev/v1
kind: UseCase
metadata: {{name: hostile, owner: '{text}'}}
spec:
  description: '{text}'
  governance: {{riskTier: minimal, dataClassification: internal, intendedUse: '{text} {number}'}}
  models: {{answer: {{modelId: eu.amazon.nova-pro-v1:0}}}}
  prompts: {{answer: {{file: prompts/answer.md, model: answer, variables: [question]}}}}
"""
