"""The table of how validation ranked the variants, against how the test images rank them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ura_study.errors import ConfigError
from ura_study.results.agreement import FEWEST, Agreement, agreements
from ura_study.results.cell import Cell
from ura_study.results.names import counted
from ura_study.results.results import Results
from ura_study.tables.model import Column, Row, Table

LEGEND = (
    "Spearman's rank correlation of the variants' means on held-out images with those on test images: 1 where both "
    "rank them alike, 0 where validation says nothing. The 95% interval (by inversion, from simulated samples of a "
    "Gaussian copula) says what so few variants can tell."
)
COLUMNS = (
    Column("rank_correlation", "rank correlation [95% interval]", "effect"),
    Column("variants", "variants", "count"),
)


def agreement_table(results: Results) -> Table:
    """Return the table, a row for each metric of the study's report.

    Raises:
        ConfigError: where the study holds no images out.
    """
    if not results.study.data.validation:
        raise ConfigError(
            f"study '{results.study.study}': a table of validation against test needs data.validation > 0"
        )
    found = agreements(results)
    return Table(
        name="validation",
        title="Do validation and test rank the variants alike?",
        stubs=("metric",),
        columns=COLUMNS,
        rows=tuple(Row((results.title(one.metric),), (_cell(one), Cell((one.variants,)))) for one in found),
        notes=(LEGEND, *_elsewhere(results), *_unknown(found), *results.caveats, *results.mixed),
    )


def _cell(agreement: Agreement) -> Cell:
    if math.isnan(agreement.spearman):
        return Cell(text="–")
    return Cell((agreement.spearman,), interval=agreement.interval)


def _elsewhere(results: Results) -> list[str]:
    count = len(results.elsewhere)
    return [f"{counted(count, 'variant')} left out, on other test images than {results.baseline}."] if count else []


def _unknown(found: Sequence[Agreement]) -> list[str]:
    """Return the sentences on why metrics have no rank correlation."""
    without = [one for one in found if math.isnan(one.spearman)]
    few = any(one.variants < FEWEST for one in without)
    equal = any(one.variants >= FEWEST for one in without)
    return [
        *([f"–: fewer than {FEWEST} variants with both numbers are too few to say anything."] if few else []),
        *(["–: all variants are equal on one side, so there is nothing to rank."] if equal else []),
    ]
