"""Whether a study's results folder is as its last `run` left it: then tables, figures and the report are up to date.

Compared are sizes and times of all files of the folder, the study, its data, and this program with the libraries that
compute and draw. What other machines may change unseen, the storage of a search, is never taken for unchanged.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import ura_study
from ura_study.cache import replace
from ura_study.canonical import digest
from ura_study.results.folder import FINGERPRINTS, STUDY
from ura_study.study.config import Study
from ura_study.study.plan import Plan

#: Holds the digest of what was compared.
FILE = ".unchanged"
#: Libraries on which tables and figures depend.
LIBRARIES = ("jinja2", "matplotlib", "numpy", "pandas", "pillow", "scipy")


def unchanged(folder: Path, study: Study, plan: Plan) -> bool:
    """Tell whether nothing has changed since `keep` was called."""
    kept = folder / FILE
    return study.search is None and kept.is_file() and kept.read_bytes() == _state(folder, study, plan)


def keep(folder: Path, study: Study, plan: Plan) -> None:
    """Note that everything in the folder is up to date.

    Raises:
        ResourceError: where the file cannot be written.
    """
    replace(folder / FILE, _state(folder, study, plan))


def _state(folder: Path, study: Study, plan: Plan) -> bytes:
    """Return the digest of all that is compared; files that each session writes anew are in it by their content."""
    reported = study.report.reported
    return digest(
        {
            "folder": sorted(_files(folder)),
            "program": sorted(_files(Path(ura_study.__file__).parent)),
            "libraries": {name: version(name) for name in LIBRARIES},
            "study": study.model_dump(mode="json"),
            "fingerprints": dict(plan.fingerprints),
            "reported": None if reported is None else Path(reported).read_bytes().hex(),
        }
    ).encode()


def _files(folder: Path) -> Iterator[tuple[str, int, int]]:
    """Yield path, size and time of change of all files but hidden ones, compiled ones, and those of `remember`."""
    for place, _, names in os.walk(folder):
        for name in names:
            if not (name.startswith(".") or name.endswith(".pyc") or name in (STUDY, FINGERPRINTS)):
                path = os.path.join(place, name)  # noqa: PTH118 - there may be ten thousand, and a `Path` is slow
                found = os.lstat(path)
                yield path, found.st_size, found.st_mtime_ns
