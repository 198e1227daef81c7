"""Names of files and folders made of names that users gave, which may be long or hold anything."""

from __future__ import annotations

import re

from ura_study.canonical import digest

#: Bytes of a name that are kept; file systems take 255 altogether.
LONGEST = 200
#: What no name of a file may hold somewhere, or what is lost where it is read.
FORBIDDEN = re.compile(r'[/\\:*?"<>|\x00-\x1f\x7f]|\s(?=\s)|^\s|\s$')


def folder_name(variant: str) -> str:
    """Return a variant's name as a folder's: `w/o restoration` becomes `w-o restoration`, a long one is cut short."""
    name = FORBIDDEN.sub("-", variant)
    return name if len(name.encode()) <= LONGEST else _apart(name, variant)


def file_name(text: str) -> str:
    """Return a text as a file's name, without its ending; two texts that had to be changed stay apart."""
    name = FORBIDDEN.sub("-", text)
    return name if name == text and len(name.encode()) <= LONGEST else _apart(name, text)


def _apart(name: str, text: str) -> str:
    short = name.encode()[:LONGEST].decode(errors="ignore")
    return f"{short}{'' if short == name else '…'} {digest(text)}"
