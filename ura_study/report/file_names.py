"""Names of variants and categories as parts of file names."""

from __future__ import annotations

import re

from ura_study.canonical import digest

#: Bytes of a name that are kept; file systems take 255 altogether.
LONGEST = 200


def file_name(name: str) -> str:
    """Return a name as a file's: `w/o restoration` becomes `w-o restoration`, a long one is cut short.

    Names that differ only in what a file's name cannot hold (`a/b` and `a:b`) become the same.
    """
    plain = re.sub(r'[/\\:*?"<>|]', "-", name)
    if len(plain.encode()) <= LONGEST:
        return plain
    return f"{plain.encode()[:LONGEST].decode(errors='ignore')}… {digest(name)}"
