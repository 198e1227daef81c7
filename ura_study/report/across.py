"""The same variants in two studies: what moved, and was it more than noise?"""

from __future__ import annotations

import dataclasses

import pandas as pd

from ura_study.report.comparison import PAIR, corrected, paired
from ura_study.report.comparison_table import comparison_table
from ura_study.report.frame import grid
from ura_study.report.model import Table
from ura_study.report.results import Results


def across(first: Results, other: Results, names: tuple[str, str], metric: str) -> Table:
    """Return one metric of `other` minus that of `first` for each variant of both, paired over category and seed.

    Variants with the same runs and numbers in both are not compared, but named in a note; so are those that only one
    study has, and what else differs between the studies under the same name.
    """
    before, after = (dict(tuple(grid(r.plan, r.records, [metric]).groupby("variant"))) for r in (first, other))
    both = [variant.name for variant in first.plan.variants if variant.name in after]
    same = [name for name in both if _equal(before[name], after[name])]
    compared = corrected([paired(before[name], after[name], metric, name) for name in both if name not in same])
    title = f"{first.title(metric)}, {names[1]} minus {names[0]}"
    table = comparison_table("comparison", title, metric, compared)
    about = {"metric": metric, "study": names[1], "against": names[0]}
    return dataclasses.replace(table, about=about, notes=(*table.notes, *_differences(first, other, names, same)))


def _differences(first: Results, other: Results, names: tuple[str, str], same: list[str]) -> list[str]:
    """Return sentences on what is not compared, and on what else than chance may lie behind a difference."""
    settings = [{v.name: v.settings for v in results.plan.variants} for results in (first, other)]
    data = [{run.category: run.fingerprint for run in results.plan.runs.values()} for results in (first, other)]
    frames = [(r.study.data.image_size, r.study.data.validation, r.study.evaluation) for r in (first, other)]
    facts = {
        "Equal in both, run by run": same,
        f"Only in {names[0]}": [name for name in settings[0] if name not in settings[1]],
        f"Only in {names[1]}": [name for name in settings[1] if name not in settings[0]],
        "Other settings under the same name": _changed(*settings),
        "Other images in the same category": _changed(*data),
        "Different": ["image size, held-out share or evaluation"] if frames[0] != frames[1] else [],
    }
    return [f"{fact}: {', '.join(found)}." for fact, found in facts.items() if found]


def _equal(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    return one.set_index(PAIR).sort_index().equals(other.set_index(PAIR).sort_index())


def _changed(one: dict, other: dict) -> list[str]:
    return [name for name in one if name in other and one[name] != other[name]]
