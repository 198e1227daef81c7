"""Names of variants and categories as parts of file names."""

from __future__ import annotations

import re

from ura_study.canonical import digest

#: Bytes of a name that are kept; file systems take 255 altogether.
LONGEST = 200


def file_name(name: str) -> str:
    """Return a name as a file's: `w/o restoration` becomes `w-o restoration`, a long one is cut short."""
    plain = re.sub(r'[/\\:*?"<>|]', "-", name)
    if len(plain.encode()) <= LONGEST:
        return plain
    return f"{plain.encode()[:LONGEST].decode(errors='ignore')}… {digest(name)}"
