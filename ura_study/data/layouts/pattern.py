"""Folders written as a pattern: `test/{defect}`, where `{defect}` stands for any name, or for a part of one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

from ura_study.data.files import Parts, plain

DEFECT, IMAGE = "{defect}", "{image}"


@dataclass(frozen=True)
class Pattern:
    """A pattern of folders, relative to a category's own; `{image}`, as a whole name, stands for any, too."""

    text: str

    @cached_property
    def parts(self) -> Parts:
        return PurePosixPath(plain(self.text)).parts

    @cached_property
    def literal(self) -> int:
        """Number of its letters outside `{defect}` and `{image}`."""
        return sum(len(part.replace(DEFECT, "").replace(IMAGE, "")) for part in self.parts)

    def fit(self, folder: Parts) -> str | None:
        """Return what `{defect}` stands for ("" without it) if `folder` matches or is below a match; otherwise None."""
        return self._names(folder) if len(folder) >= len(self.parts) else None

    def meets(self, folder: Parts) -> bool:
        """Tell whether `folder` is in a folder that matches, or may contain one."""
        return self._names(folder) is not None

    def filled(self, name: str) -> Parts:
        """Return the folder of the kind of defect `name`, without `{image}`."""
        return tuple(part.replace(DEFECT, name) for part in self.parts if part != IMAGE)

    def _names(self, folder: Parts) -> str | None:
        name = ""
        for part, here in zip(self.parts, folder, strict=False):
            before, defect, after = part.partition(DEFECT)
            if defect:
                if not (here.startswith(before) and here.endswith(after) and len(here) > len(before + after)):
                    return None
                name = here[len(before) : len(here) - len(after)]
            elif part not in (here, IMAGE):
                return None
        return name
