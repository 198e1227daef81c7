"""The answers of a study: a sentence for each question, with number and interval, and what the sample allows to say.

Each sentence is about the first and the last metric of the report: by default image AUROC and AUPRO.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from ura_study.metrics.names import better
from ura_study.report.config import ReportSettings
from ura_study.report.page.words import series
from ura_study.results.comparison import Comparison
from ura_study.results.names import counted
from ura_study.results.results import Results
from ura_study.results.statistics import ALPHA, interval
from ura_study.study.config import Ablation
from ura_study.study.names import short_names
from ura_study.study.plan import BASELINE, Variant, expand
from ura_study.tables.ablation_tables import in_order
from ura_study.tables.asked import variants_of, with_baseline
from ura_study.tables.effects_table import TIMES, by_unit
from ura_study.tables.sheet import number

#: Said of a difference that by the Bayesian signed-rank test lies within `report.rope`.
NEGLIGIBLE = ", no practical difference"


def answers(results: Results) -> list[str]:
    """Return the sentences: how good the baseline is, then those of ablations and of the search."""
    return [
        _level(results),
        *(line for name, ablation in results.study.ablations.items() for line in _ablation(results, name, ablation)),
        *_chosen(results),
    ]


def allowance(results: Results, comparisons: Sequence[Comparison] | None = None) -> list[str]:
    """Return sentences on what the sample allows to conclude; none where there is nothing to compare.

    `comparisons` are those of one metric; None: those of the study with its baseline in the first metric.
    """
    if comparisons is None:
        comparisons = results.comparisons[results.metrics[0]]
    found = [c for c in comparisons if c.pairs]
    if not found:
        return []
    widest = max(found, key=lambda c: c.units)
    units = counted(widest.units, widest.unit)
    place = "" if widest.unit == "category" else f", all on {results.plan.categories[0]}: what holds there alone"
    least = [c.smallest_corrected for c in found if c.differing]
    if not least:
        return [f"The variants do not differ in {_name(results, results.metrics[0])} on any of {units}."]
    p = number(max(least), "p", _set(results))
    if max(least) >= ALPHA:
        verdict = (
            f"too few for significance: even with the same sign in all of them, p is {p} after Holm's correction. How "
            "large an effect may be, the intervals say"
        )
    else:
        verdict = f"with the same sign in all of them, p is {p} after Holm's correction"
    return [f"The comparisons rest on {units}{place}; {verdict}."]


def _level(results: Results) -> str:
    cells = {metric: results.aggregates[metric].mean(results.baseline) for metric in leading(results)}
    shown = [
        f"{_share(results, cell.mean)} {_name(results, metric)}" for metric, cell in cells.items() if cell.complete
    ]
    if not shown:
        return f"{results.baseline} has no complete numbers yet."
    return f"{results.baseline} reaches {series(shown)}, {_over(results)}."


def _over(results: Results) -> str:
    categories, seeds = counted(len(results.plan.categories), "category"), counted(len(results.plan.seeds), "seed")
    return f"on average over {categories} and {seeds}"


def _ablation(results: Results, name: str, ablation: Ablation) -> Iterator[str]:
    variants = variants_of(results, ablation)
    if ablation.leave_one_out is not None:
        for variant in variants:
            part = variant.name.removeprefix("w/o ")
            against = f"{variant.name}, against {results.baseline},"
            yield _sentence(results, variant.name, f"Leaving out {part}" if results.baseline == BASELINE else against)
        return
    if ablation.factorial is not None:
        yield from (_effects(results, metric, ablation) for metric in leading(results))
        return
    if ablation.parts:
        yield _span(results, ablation.parts, variants)
        return
    keys = dict.fromkeys(tuple(variant.changes) for variant in variants)
    for varied in keys:
        yield _span(results, varied, [v for v in variants if tuple(v.changes) == varied])


def _effects(results: Results, metric: str, ablation: Ablation) -> str:
    """Return what each part changes on average over combinations of the others, and which parts interact."""
    found = {name: values for name, values in by_unit(results, metric, ablation).items() if len(values)}
    mains = [_effect(results, name, values) for name, values in found.items() if TIMES not in name]
    if not mains:
        return f"{results.title(metric)}: no effect of a part is known yet."
    ends = {name: interval(values) for name, values in found.items() if TIMES in name}
    clear = [_effect(results, name, found[name]) for name, (low, high) in ends.items() if low > 0 or high < 0]
    together = f"interactions beyond 0: {series(clear)}" if clear else "no interaction's interval excludes 0"
    what = f"each part changes {_name(results, metric)} by"
    return f"On average over the combinations of the other parts, {what} {series(mains)}; {together}."


def _effect(results: Results, name: str, values: np.ndarray) -> str:
    low, high = interval(values)
    ends = "" if math.isnan(low) else _interval(results, (low, high))
    return f"{number(float(values.mean()), 'points', _set(results))}{ends} ({name})"


def _span(results: Results, keys: tuple[str, ...], variants: Sequence[Variant]) -> str:
    """Return between which values metrics lie over a sweep or grid, and which variants differ significantly."""
    short = short_names(keys)
    among = in_order(with_baseline(results, list(variants)), keys)
    parts = []
    for metric in leading(results):
        means = {v.name: results.aggregates[metric].mean(v.name) for v in among}
        known = {name: cell.mean for name, cell in means.items() if cell.complete}
        if len(known) > 1:
            low, high = min(known, key=lambda n: known[n]), max(known, key=lambda n: known[n])
            ends = [f"{_share(results, known[end])} ({_short(end, short)})" for end in (low, high)]
            parts.append(f"{_name(results, metric)} lies between {ends[0]} and {ends[1]}")
    what = series(list(short.values()))
    if not parts:
        return f"Over the values of {what} nothing is complete yet."
    names = {v.name for v in variants}
    differing = [_difference(results, c) for c in _compared(results) if c.variant in names and c.significant]
    verdict = (
        f"significantly different from {results.baseline}: {series(differing)}"
        if differing
        else (f"none differs significantly from {results.baseline}")
    )
    return f"Over {counted(len(among), 'variant')} of {what}, {series(parts)}; {verdict}."


def _short(name: str, keys: dict[str, str]) -> str:
    """Return a variant's name without the key, where there is but one."""
    (*_, key) = keys.values()
    return name.removeprefix(f"{key}=") if len(keys) == 1 else name


def _chosen(results: Results) -> Iterator[str]:
    known = {variant.name for variant in expand(results.study)}
    for variant in results.plan.variants:
        if variant.name not in known:
            yield _sentence(results, variant.name, f"The search's choice, {variant.name},")


def _sentence(results: Results, variant: str, subject: str) -> str:
    """Return what a variant gains or costs against the baseline in each metric."""
    found = [c for c in _compared(results) if c.variant == variant]
    if not found:
        return f"{subject} makes no difference: its runs are those of {results.baseline}."
    return sentence(results, subject, found)


def sentence(results: Results, subject: str, comparisons: Sequence[Comparison]) -> str:
    """Return what `subject` gains or costs by comparisons of one variant, one for each metric."""
    told = [c for c in comparisons if not math.isnan(c.difference)]
    if not told:
        return f"{subject}: no pair of runs is complete yet."
    costs = [_cost(results, c) for c in told]
    verbs = [verb for verb, _ in costs]
    parts = [text if verb in verbs[:n] else f"{verb} {text}" for n, (verb, text) in enumerate(costs)]
    return f"{subject} {series(parts)} ({counted(told[0].units, told[0].unit)})."


def _cost(results: Results, c: Comparison) -> tuple[str, str]:
    """Return e.g. `costs` and `2.8 points of image AUROC [0.5, 6.7], p = 0.016`."""
    way = better(c.metric) or 1
    verb, sign = ("costs", -way) if way * c.difference <= 0 else ("gains", way)
    ends = "" if math.isnan(c.low) else _interval(results, sorted((sign * c.low, sign * c.high)))
    size = number(abs(c.difference), "share", _set(results))
    unit = "points of " if _set(results).unit == "percent" else "of "
    p = number(c.corrected, "p", _set(results))
    shown = "" if math.isnan(c.corrected) else f", p\u00a0{p}" if p.startswith("<") else f", p\u00a0=\u00a0{p}"
    return verb, f"{size} {unit}{_name(results, c.metric)}{ends}{shown}{NEGLIGIBLE if c.negligible else ''}"


def _difference(results: Results, c: Comparison) -> str:
    ends = "" if math.isnan(c.low) else _interval(results, (c.low, c.high))
    return f"{c.variant} ({number(c.difference, 'points', _set(results))} {_name(results, c.metric)}{ends})"


def _interval(results: Results, ends: Sequence[float]) -> str:
    low, high = (number(end, "points", _set(results)).lstrip("+") for end in ends)
    return f" [{low}, {high}]"


def _compared(results: Results) -> Iterator[Comparison]:
    for metric in leading(results):
        yield from results.comparisons[metric]


def leading(results: Results) -> tuple[str, ...]:
    """Return the metrics that sentences are about."""
    return tuple(dict.fromkeys((results.metrics[0], results.metrics[-1])))


def _name(results: Results, metric: str) -> str:
    """Return a metric's title as it stands within a sentence."""
    title = results.title(metric)
    return title[0].lower() + title[1:] if title[1:2].islower() else title


def _share(results: Results, value: float) -> str:
    return number(value, "share", _set(results)) + ("\u00a0%" if _set(results).unit == "percent" else "")


def _set(results: Results) -> ReportSettings:
    return results.study.report
