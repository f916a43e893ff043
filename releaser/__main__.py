"""``python -m releaser`` and the ``releaser`` command."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line. ``--version`` imports nothing that costs."""
    if sys.argv[1:] == ["--version"]:
        from releaser import __version__

        sys.stdout.write(f"releaser {__version__}\n")
        return
    from releaser.cli.app import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
