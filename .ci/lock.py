"""Writes requirements.lock: what a fresh environment resolves from pyproject.toml today, pinned.

boto3 and botocore stay at the version whose service models the tables of ``releaser/kinds/models`` were made from.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PINNED = ["boto3==1.43.106", "botocore==1.43.106"]
BUILD = ["hatchling", "editables"]
OURS = {"releaser", "pip", "setuptools", "wheel"}
HEAD = "# Written by `make lock`. What every target of the Makefile installs.\n"


def main() -> None:
    """Resolve in a throw-away environment and write the result."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = str(Path(folder, "bin", "python"))
        pip = [python, "-m", "pip", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "install", *BUILD, *PINNED, f"{ROOT}[sandbox,dev]"], check=True)
        frozen = subprocess.run([*pip, "freeze"], check=True, capture_output=True, text=True).stdout
    rows = [r for r in frozen.splitlines() if "==" in r and r.split("==")[0].lower() not in OURS]
    (ROOT / "requirements.lock").write_text(HEAD + "\n".join(sorted(rows, key=str.lower)) + "\n", encoding="utf-8")
    sys.stdout.write(f"requirements.lock: {len(rows)} packages\n")


if __name__ == "__main__":
    main()
