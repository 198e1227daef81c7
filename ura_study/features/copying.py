"""Feature maps that another cache folder has already are copied, once per node, instead of computed."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

from ura_study.cache import building, cache_root, intact, stamps_of
from ura_study.errors import ResourceError

#: Environment variable: the other cache folder. It is only read.
SOURCE = "URA_STUDY_FEATURES_FROM"


class _Damaged(Exception):
    """What was copied is not what the entry had when it was made."""


def copy(folder: Path, about: dict) -> None:
    """Copy an entry to its place `folder`, if it is whole in the folder that `$URA_STUDY_FEATURES_FROM` names.

    The caller holds the entry's lock. An entry that is not there, or damaged on the way, is left to be computed.

    Raises:
        ResourceError: where the variable names no folder.
    """
    named = os.environ.get(SOURCE)
    if not named:
        return
    source = Path(named).expanduser()
    if not source.is_dir():
        raise ResourceError(f"{SOURCE}: {source} is no folder here")
    there = source / folder.relative_to(cache_root())
    if (stamps := stamps_of(there, about)) is None:
        return
    with contextlib.suppress(_Damaged), building(folder, about) as temporary:
        for name in stamps:
            shutil.copyfile(there / name, temporary / name)
        if not intact(temporary, stamps):
            raise _Damaged
