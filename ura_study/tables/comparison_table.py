"""Tables of comparisons with a baseline."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

from ura_study.metrics.names import better
from ura_study.results.cell import Cell
from ura_study.results.comparison import Comparison
from ura_study.results.equivalence import SURE
from ura_study.results.family import told
from ura_study.results.names import counted
from ura_study.results.results import Results
from ura_study.results.statistics import ALPHA, LEVEL
from ura_study.tables.model import Column, Row, Table

BRIEF = ("difference", "p_holm")
#: What differences below and above the region of practical equivalence are called, by which way a metric is better.
SIDES = {1: ("worse", "better"), -1: ("better", "worse"), 0: ("lower", "higher")}
NO_PAIR, NONE = Cell(text="no pair"), Cell(text="–")


def comparison(results: Results, metric: str) -> Table:
    """Return the table of the differences of all variants of a study from its baseline in one metric."""
    title = f"{results.title(metric)}, difference from {results.baseline}"
    table = comparison_table("comparison", title, metric, results.comparisons[metric], results.rope)
    return dataclasses.replace(table, notes=(*table.notes, *results.caveats, *results.mixed))


def brief(table: Table) -> Table:
    """Return a table of comparisons shortened for a terminal: the columns of `BRIEF`, without the legend."""
    return dataclasses.replace(table.only(BRIEF), notes=table.notes[1:])


def comparison_table(name: str, title: str, metric: str, comparisons: Sequence[Comparison], rope: float) -> Table:
    """Return comparisons of one metric as a table; its notes contain the legend, the family of tests and `warnings`.

    `rope` is the largest difference, as a fraction, without practical meaning.
    """
    notes = (legend(rope), *told(comparisons), *equivalent(comparisons, rope), *warnings(comparisons))
    return Table(
        name=name,
        title=title,
        stubs=("variant",),
        columns=_columns(metric),
        rows=tuple(Row((c.variant,), _cells(c)) for c in comparisons),
        notes=notes if comparisons else ("There is nothing to compare.",),
        about={"metric": metric},
    )


def legend(rope: float) -> str:
    """Return what the columns are."""
    return (
        "Δ: mean difference over units, which are categories (means over seeds) or the seeds of a single category, "
        "with its t interval for further units of this kind. p: exact Wilcoxon signed-rank test, Holm-corrected "
        f"(*: p < {ALPHA:g}). Effect: matched-pairs rank-biserial correlation. P: Bayesian signed-rank test, "
        f"prior of half a unit at 0, practically equivalent within ±{100 * rope:g} points."
    )


def equivalent(comparisons: Sequence[Comparison], rope: float) -> list[str]:
    """Return the sentences that name the variants without a practical difference, and those that only seem so."""
    likely = [c for c in comparisons if c.within > SURE]
    sure, unsure = ([c.variant for c in likely if c.negligible == which] for which in (True, False))
    region = f"P(equivalent) > {SURE:g} within ±{100 * rope:g} points, wherever the prior is placed"
    few = f"P(equivalent) > {SURE:g} on too few units to rule out a practical difference"
    return [
        *([f"No practical difference ({region}): {', '.join(sure)}."] if sure else []),
        *([f"{few}: {', '.join(unsure)}."] if unsure else []),
    ]


def warnings(comparisons: Sequence[Comparison]) -> list[str]:
    """Return sentences on what limits the comparisons of one metric: too few units, pairs left out."""
    hopeless = sorted({(c.differing, c.unit, c.smallest_p, c.smallest_corrected) for c in comparisons if c.hopeless})
    without = any(c.pairs and math.isnan(c.low) for c in comparisons)
    return [
        *([_too_few(hopeless)] if hopeless else []),
        *(["A single unit has no interval, nor have units that all differ alike."] if without else []),
        *excluded_pairs(comparisons),
    ]


def excluded_pairs(comparisons: Sequence[Comparison]) -> list[str]:
    """Return the sentence on the number of pairs left out, by reason; an empty list if there are none."""
    excluded = sum(c.excluded for c in comparisons)
    reasons = {
        "with a failed run": "failed",
        "with a missing run": "missing",
        "where the metric is undefined": "undefined",
    }
    found = {reason: sum(getattr(c, kind) for c in comparisons) for reason, kind in reasons.items()}
    listed = ", ".join(f"{count} {reason}" for reason, count in found.items() if count)
    return [f"{counted(excluded, 'pair')} left out: {listed}."] if excluded else []


def _too_few(hopeless: Sequence[tuple[int, str, float, float]]) -> str:
    first, *more = [
        (counted(number, unit), f"{p:.3g} ({after:.3g} after correction)") for number, unit, p, after in hopeless
    ]
    further = "".join(f"; {units} none below {least}" for units, least in more)
    return f"Too few to be sure: {first[0]} with a difference can give no p below {first[1]}{further}."


def _columns(metric: str) -> tuple[Column, ...]:
    low, high = SIDES[better(metric)]
    return (
        Column("difference", f"Δ [{LEVEL:.0%} interval]", "points"),
        Column("p", "p", "p"),
        Column("p_holm", "p (Holm)", "p"),
        Column("effect", "effect", "effect"),
        *(Column(f"P({side})", f"P({side})", "p") for side in (low, "equivalent", high)),
        Column("units", "units", "count"),
        Column("pairs", "pairs", "count"),
        Column("left_out", "left out", "count"),
    )


def _cells(c: Comparison) -> tuple[Cell, ...]:
    if c.pairs == 0:
        numbers = [NO_PAIR] * 7
    else:
        difference = Cell(
            values=(c.difference,),
            failed=c.failed,
            missing=c.missing,
            undefined=c.undefined,
            partial=True,
            interval=None if math.isnan(c.low) else (c.low, c.high),
            significant=c.significant,
            run_ids=c.run_ids,
        )
        chances = (c.below, c.within, c.above)
        values = (c.p, c.corrected, c.effect, *chances)
        numbers = [difference, *(NONE if math.isnan(v) else Cell((v,), run_ids=c.run_ids) for v in values)]
    return (*numbers, *(Cell((count,)) for count in (c.units, c.pairs, c.excluded)))
