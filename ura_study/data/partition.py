"""Divide a list of images by a rule that depends only on the images.

The order of the images' content hashes is as good as random, and independent of file names, the order of files, seeds
and settings. Images that must stay together do: copies of one image (files of the same content), and the images of one
group (a patient, a physical item).
"""

from __future__ import annotations

from collections.abc import Sequence

from ura_study.data.fingerprint import contents
from ura_study.data.table import Sample
from ura_study.errors import DataError


def units(hashes: Sequence[str], groups: Sequence[str | None]) -> list[list[str]]:
    """Return the distinct `hashes` as sorted lists of those that must stay together, ordered by their first hash."""
    root: dict[str, str] = {}

    def find(name: str) -> str:
        while root.setdefault(name, name) != name:
            name = root[name]
        return name

    for content, group in zip(hashes, groups, strict=True):
        find(content)
        if group is not None:
            one, other = sorted((find(content), find(f"group {group}")))  # a hash sorts before "group …"
            root[other] = one
    together: dict[str, list[str]] = {}
    for content in sorted(set(hashes)):
        together.setdefault(find(content), []).append(content)
    return sorted(together.values())


def set_apart(samples: Sequence[Sample], share: float) -> tuple[tuple[Sample, ...], tuple[Sample, ...]]:
    """Divide samples, in order, into those that stay and those set apart: about `share` of the distinct images.

    Raises:
        DataError: where an image cannot be read, or none would stay.
    """
    hashes = contents(samples)
    chosen: set[str] = set()
    for unit in units(hashes, [sample.group for sample in samples]):
        if len(chosen) >= share * len(set(hashes)):
            break
        chosen.update(unit)
    apart = [content in chosen for content in hashes]
    if samples and all(apart):
        raise DataError(
            f"{samples[0].path.parent}: setting a share of these images apart for testing leaves none to train on; "
            f"expected some that differ and need not stay together (images: {len(samples)}, different: "
            f"{len(set(hashes))})"
        )
    return (
        tuple(sample for sample, out in zip(samples, apart, strict=True) if not out),
        tuple(sample for sample, out in zip(samples, apart, strict=True) if out),
    )
