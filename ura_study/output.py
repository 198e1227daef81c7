"""What is said beside a command's output."""

from __future__ import annotations

import sys


def notice(line: str) -> None:
    """Say something worth knowing, apart from the output, which may be a file."""
    print(f"ura-study: {line}", file=sys.stderr)
