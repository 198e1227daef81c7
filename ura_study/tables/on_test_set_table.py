"""The table of the test set: image metrics by category, with the uncertainty that comes from the choice of images."""

from __future__ import annotations

import dataclasses
import math

from ura_study.metrics.names import IMAGE_METRICS
from ura_study.results.cell import Cell
from ura_study.results.names import counted
from ura_study.results.on_test_set import NO_SCORES, UNLIKE, OnTestSet, on_test_set
from ura_study.results.results import Results
from ura_study.results.statistics import LEVEL
from ura_study.tables.model import Column, Row, Table

NONE = Cell(text="–")
OTHERS = f"{LEVEL:.0%} interval for other test images like these, the trained detectors being given"
DELONG = (
    f"Means over seeds. […]: {OTHERS}; by DeLong's variance on the scale of logits, and never closer to 100 than the "
    "exact interval of a perfect ranking of as many images. Δ and p: paired DeLong test"
)
BOOTSTRAP = (
    f"Means over seeds ± standard deviation. Δ: with its {OTHERS}, by a paired bootstrap within each kind of defect."
)
#: Why rows have no numbers.
REASONS = {
    NO_SCORES: "a run has failed, is missing, or kept no scores (an earlier version, a damaged file)",
    UNLIKE: "seeds have other test images",
}
PIXELS = "Pixel metrics have no such interval: the maps of test images are not stored."


def on_test_set_tables(results: Results) -> list[Table]:
    """Return a table for each image metric of the study's report; an empty list if it has none."""
    return [on_test_set_table(results, metric) for metric in results.metrics if metric in IMAGE_METRICS]


def on_test_set_table(results: Results, metric: str) -> Table:
    """Return the table of one image metric: a row for each category and variant, the baseline first."""
    found = list(on_test_set(results, metric))
    known = any(not one.trouble for one in found)
    return Table(
        name="test_set",
        title=f"{results.title(metric)}, uncertainty of the test set",
        stubs=("category", "variant"),
        columns=_columns(results, metric),
        rows=tuple(_row(results, metric, one) for one in found) if known else (),
        notes=(*results.caveats, *(_notes(metric, found) if known else ["No run has kept the scores of its images."])),
        about={"metric": metric},
    )


def _columns(results: Results, metric: str) -> tuple[Column, ...]:
    roc = metric == "image_auroc"
    return (
        Column("value", results.title(metric), interval=roc),
        Column("difference", f"Δ from {results.baseline}", "points"),
        *([Column("p", "p", "p")] if roc else []),
        Column("normal", "normal", "count"),
        Column("anomalous", "anomalous", "count"),
    )


def _row(results: Results, metric: str, one: OnTestSet) -> Row:
    recorded, tests = results.aggregates[metric].cells[one.variant, one.category], metric == "image_auroc"
    if one.trouble:
        value = dataclasses.replace(recorded, values=(), text=one.trouble) if recorded.complete else recorded
        return Row((one.category, one.variant), (value, *[NONE] * (3 + tests)))
    value = Cell((one.value,), run_ids=recorded.run_ids) if tests else recorded
    if not math.isnan(one.interval[0]):
        value = dataclasses.replace(recorded, interval=one.interval)
    ends = None if math.isnan(one.difference_interval[0]) else one.difference_interval
    compared = Cell((one.difference,), interval=ends, run_ids=recorded.run_ids)
    cells = (
        value,
        NONE if math.isnan(one.difference) else compared,
        *([NONE if math.isnan(one.p) else Cell((one.p,), run_ids=recorded.run_ids)] if tests else []),
        *(Cell((count,)) for count in (one.normal, one.anomalous)),
    )
    return Row((one.category, one.variant), cells)


def _notes(metric: str, found: list[OnTestSet]) -> list[str]:
    tests = counted(sum(not math.isnan(one.p) for one in found), "test")
    few = any(not one.trouble and min(one.normal, one.anomalous) < 2 for one in found)
    troubles = {reason: sum(one.trouble == reason for one in found) for reason in REASONS}
    return [
        f"{DELONG}, not corrected for the {tests} of this table." if metric == "image_auroc" else BOOTSTRAP,
        PIXELS,
        *(["Where a class has a single image there is no interval."] if few else []),
        *(f"{counted(count, 'row')} without numbers: {REASONS[key]}." for key, count in troubles.items() if count),
    ]
