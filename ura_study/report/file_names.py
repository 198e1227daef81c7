"""Names of variants and categories as parts of file names."""

from __future__ import annotations

import re

from ura_study.canonical import digest

#: Bytes of a name that are kept; file systems allow 255 for the whole file name.
LONGEST = 200


def file_name(name: str) -> str:
    """Return a name that is safe in a file name: `w/o restoration` becomes `w-o restoration`.

    A name of more than `LONGEST` bytes is cut, and a digest of the whole name is appended. Shorter names that differ
    only in characters that file names cannot hold (`a/b` and `a:b`) become equal.
    """
    plain = re.sub(r'[/\\:*?"<>|]', "-", name)
    if len(plain.encode()) <= LONGEST:
        return plain
    return f"{plain.encode()[:LONGEST].decode(errors='ignore')}… {digest(name)}"
