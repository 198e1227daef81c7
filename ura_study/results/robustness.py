"""Variants on corrupted test images beside the same variants on clean ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ura_study.data.corruption_config import CorruptionSettings
from ura_study.results.aggregate import Aggregate
from ura_study.results.cell import Cell
from ura_study.study.config import Configuration
from ura_study.study.plan import Plan


@dataclass(frozen=True)
class Corrupted:
    """One variant, and the variants that are the same but for the corruption of their test images."""

    clean: str
    """Its name."""
    variants: Mapping[tuple[str, int], str]
    """(kind, severity) → name of the variant."""


def corrupted(plan: Plan) -> tuple[tuple[Corrupted, ...], tuple[str, ...]]:
    """Return the variants of a plan that are also tested on corrupted images, each with those.

    With them come the names of the variants whose test images are corrupted, but that have no clean one beside them.
    """
    clean: dict[str, str] = {}
    for variant in plan.variants:
        if not variant.settings.data.corruption.corrupts:
            clean.setdefault(_but_for_corruption(variant.settings), variant.name)
    found: dict[str, dict[tuple[str, int], str]] = {}
    alone = []
    for variant in plan.variants:
        if not (how := variant.settings.data.corruption).corrupts:
            continue
        if (same := _but_for_corruption(variant.settings)) in clean:
            found.setdefault(clean[same], {}).setdefault((how.kind, how.severity), variant.name)
        else:
            alone.append(variant.name)
    return tuple(Corrupted(name, variants) for name, variants in found.items()), tuple(alone)


def change(measured: Aggregate, clean: str, other: str) -> Cell:
    """Return the mean over categories of variant `other` minus that of `clean`, seed by seed."""
    one, two = measured.mean(clean), measured.mean(other)
    complete = one.complete and two.complete
    return Cell(
        values=tuple(b - a for a, b in zip(one.values, two.values, strict=True)) if complete else (),
        failed=one.failed + two.failed,
        missing=one.missing + two.missing,
        undefined=one.undefined + two.undefined,
        run_ids=(*one.run_ids, *two.run_ids),
    )


def _but_for_corruption(settings: Configuration) -> str:
    data = settings.data.model_copy(update={"corruption": CorruptionSettings()})
    return settings.model_copy(update={"data": data}).model_dump_json()
