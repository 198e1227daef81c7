"""The same variants in two studies: the differences, and whether they are significant."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import pandas as pd

from ura_study.results.comparison import PAIR, Comparison, paired
from ura_study.results.family import corrected
from ura_study.results.frame import outcomes
from ura_study.results.results import Results
from ura_study.study.names import readable
from ura_study.tables.comparison_table import comparison_table
from ura_study.tables.model import Table


def across(first: Results, other: Results, names: tuple[str, str], metric: str) -> Table:
    """Return one metric of `other` minus that of `first` for each variant of both, paired over category and seed.

    Variants with the same runs and numbers in both studies are not compared, but named in a note. Notes also name
    variants, categories and seeds that only one study has, and settings and images that differ under the same name.
    """
    compared, same = between(first, other, metric)
    title = f"{first.title(metric)}, {names[1]} minus {names[0]}"
    table = comparison_table("comparison", title, metric, compared, first.rope)
    about = {"metric": metric, "study": names[1], "against": names[0]}
    return dataclasses.replace(table, about=about, notes=(*table.notes, *_differences(first, other, names, same)))


def between(first: Results, other: Results, metric: str) -> tuple[tuple[Comparison, ...], list[str]]:
    """Return one metric of `other` minus that of `first` for variants of both, and the names of equal ones."""
    before, after = (dict(tuple(outcomes(r.plan, r.records, [metric]).groupby("variant"))) for r in (first, other))
    both = [variant.name for variant in first.plan.variants if variant.name in after]
    same = [name for name in both if _equal(before[name], after[name])]
    changed = [name for name in both if name not in same]
    return corrected([paired(before[name], after[name], metric, name, first.rope) for name in changed]), same


def _differences(first: Results, other: Results, names: tuple[str, str], same: list[str]) -> list[str]:
    """Return sentences on what is not compared, and on known causes of differences other than chance."""
    settings = [{v.name: v.settings for v in results.plan.variants} for results in (first, other)]
    data = [{run.category: run.fingerprint for run in results.plan.runs.values()} for results in (first, other)]
    frames = [r.study.data.identity() | r.study.evaluation.model_dump() for r in (first, other)]
    keys = [key for key in dict.fromkeys((*frames[0], *frames[1])) if frames[0].get(key) != frames[1].get(key)]
    facts = {
        "Equal in both, run by run": same,
        f"Only in {names[0]}": [name for name in settings[0] if name not in settings[1]],
        f"Only in {names[1]}": [name for name in settings[1] if name not in settings[0]],
        **_only("Categories", names, first.plan.categories, other.plan.categories),
        **_only("Seeds", names, first.plan.seeds, other.plan.seeds),
        "Other settings under the same name": _changed(*settings),
        "Other images in the same category": _changed(*data),
        "Different in all variants": [f"{key} ({_or_none(frames, key)})" for key in keys],
    }
    return [f"{fact}: {', '.join(found)}." for fact, found in facts.items() if found]


def _only(what: str, names: tuple[str, str], one: Sequence, other: Sequence) -> dict[str, list[str]]:
    """Return notes on categories or seeds that only one study has; their pairs are left out as missing."""
    return {
        f"{what} only in {names[0]}": [str(x) for x in one if x not in other],
        f"{what} only in {names[1]}": [str(x) for x in other if x not in one],
    }


def _or_none(frames: Sequence[Mapping[str, object]], key: str) -> str:
    """Return the values of a key in the first and in the other study, `none` if it is missing."""
    return ", then ".join(readable(frame.get(key, "none")) for frame in frames)


def _equal(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    return one.set_index(PAIR).sort_index().equals(other.set_index(PAIR).sort_index())


def _changed(one: dict, other: dict) -> list[str]:
    return [name for name in one if name in other and one[name] != other[name]]
