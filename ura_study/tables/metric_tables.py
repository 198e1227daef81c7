"""Tables of metrics: variants × categories, and variants × metrics."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Iterator, Sequence

from ura_study.data.layouts.mvtec_ad import OBJECTS, TEXTURES
from ura_study.metrics.names import AUPIMO_BOUNDS, THRESHOLD_METRICS, better
from ura_study.results.aggregate import Aggregate, reason
from ura_study.results.cell import Cell
from ura_study.results.family import families
from ura_study.results.names import counted
from ura_study.results.regions import reshaped
from ura_study.results.results import Results
from ura_study.results.statistics import ALPHA
from ura_study.runs.record import Record
from ura_study.tables.model import Column, Row, Table
from ura_study.tables.reported import reported_rows

LOWER, _ = AUPIMO_BOUNDS
#: Key of the mean over all categories, its description, and the categories of MVTec AD by kind.
MEAN = "mean"
MEANS = "means over categories"
GROUPS = {"textures": TEXTURES, "objects": OBJECTS}

REPORTED = "Methods with a citation are as reported in the literature, not measured here."


def per_category(results: Results, metric: str) -> Table:
    """Return the table of one metric of each variant on each category, and its means over categories.

    Means are taken over categories first; their deviation is over seeds. Categories on which the metric is undefined
    in every finished run (e.g. without masks) are left out of the means, and a note names them. If all categories are
    of MVTec AD and both kinds occur, there are also means over textures and over objects.
    """
    measured, categories = results.aggregates[metric], results.plan.categories
    groups = _groups(categories)
    columns = (
        *(Column(category, category, better=better(metric)) for category in categories),
        *(Column(f"({group})", group, better=better(metric)) for group in (*groups, MEAN)),
    )
    rows = tuple(
        Row(
            (variant.name,),
            (
                *(measured.cells[variant.name, category] for category in categories),
                *(measured.mean(variant.name, members) for members in groups.values()),
                mean_cell(results, metric, variant.name),
            ),
        )
        for variant in results.plan.variants
    )
    reported = reported_rows(results.reported, [(name, metric) for name in (*categories, *groups, MEAN)])
    return Table(
        name="per_category",
        title=results.title(metric),
        stubs=("variant",),
        columns=columns,
        rows=rows,
        reported=reported,
        notes=(*notes(results, [metric], rows, reported), *_test_images(results)),
        kind="share",
        means=len(groups) + 1,
        about={"metric": metric},
    )


def summary(results: Results) -> Table:
    """Return the table of the means over categories of all metrics of the study's report, a row per variant."""
    rows = tuple(Row((variant.name,), mean_cells(results, variant.name)) for variant in results.plan.variants)
    reported = reported_rows(results.reported, [(MEAN, metric) for metric in results.metrics])
    return Table(
        name="summary",
        title=MEANS.capitalize(),
        stubs=("variant",),
        columns=metric_columns(results),
        rows=rows,
        reported=reported,
        notes=notes(results, results.metrics, rows, reported),
        kind="share",
    )


def metric_columns(results: Results) -> tuple[Column, ...]:
    """Return a column for each metric of the study's report."""
    return tuple(Column(metric, results.title(metric), better=better(metric)) for metric in results.metrics)


def mean_cells(results: Results, variant: str) -> tuple[Cell, ...]:
    """Return a variant's mean over categories of each metric of the study's report."""
    return tuple(mean_cell(results, metric, variant) for metric in results.metrics)


def mean_cell(results: Results, metric: str, variant: str) -> Cell:
    """Return a variant's mean of a metric over categories, marked if it differs significantly from the baseline's."""
    cell = results.aggregates[metric].mean(variant)
    return dataclasses.replace(cell, significant=variant in results.significant[metric])


def notes(
    results: Results, metrics: Sequence[str], rows: Iterable[Row], reported: Sequence[Row] = ()
) -> tuple[str, ...]:
    """Return the sentences that a reader of a table of metrics must know; they depend on its rows."""
    cells = [cell for row in rows for cell in row.cells]
    seeds = counted(len(results.plan.seeds), "seed")
    several = any(not math.isnan(cell.std) for cell in cells)
    lines = [
        f"Mean ± standard deviation over {seeds} (not over test images or categories)."
        if several
        else f"{seeds}."
        if len(results.plan.seeds) > 1
        else "One seed."
    ]
    lines += _left_out(results, metrics)
    if any(name.startswith("pixel_") for name in metrics):
        lines += [said] if (said := reshaped(_records(results))) else []
    lines += [*_meanings(results, metrics), *_refined(results)]
    if any(cell.significant for cell in cells):
        lines.append(
            f"*: the mean differs from that of {results.baseline} (p < {ALPHA:g}, exact Wilcoxon signed-rank test over "
            f"{_units(results, metrics)}, Holm-corrected over {_families(results, metrics)})."
        )
    return (*results.caveats, *results.mixed, *lines, *([REPORTED] if reported else []))


def _test_images(results: Results) -> list[str]:
    """Return the sentence on how many normal and anomalous test images each category has, as far as it is recorded."""
    counts: dict[str, dict[str, None]] = {}
    for (_, category, _), run_id in results.plan.cells.items():
        data = results.records[run_id].data if run_id in results.records else {}
        if "test_normal" in data:
            counts.setdefault(category, {})[f"{data['test_normal']} + {data['test_anomalous']}"] = None
    listed = ", ".join(f"{category} {' or '.join(found)}" for category, found in counts.items())
    return [f"Test images (normal + anomalous): {listed}."] if counts else []


def _meanings(results: Results, metrics: Sequence[str]) -> Iterator[str]:
    """Yield sentences on metrics that depend on more than the scores and masks of the test images."""
    if any(name in THRESHOLD_METRICS for name in metrics):
        rule = results.study.evaluation.threshold.said
        counts = {r.data["validation_normal"] for r in _records(results) if "validation_normal" in r.data}
        images = f"{min(counts)} to {max(counts)}" if len(counts) > 1 else "".join(map(str, counts))
        yield f"Threshold: {rule} of the scores of {images or 'the'} normal images that were held out from training."
    if "pixel_aupimo" in metrics and (coarse := _coarse(results)):
        yield (
            f"AUPIMO: a false positive rate of {LOWER:g} is less than one pixel of the normal test images of "
            f"{', '.join(coarse)}; what is counted there is above all of their pixels."
        )


def _refined(results: Results) -> Iterator[str]:
    """Yield a sentence for each variant that removed training images: how many, and how many contaminating ones."""
    for variant in results.plan.variants:
        counts = [results.records[i].data for i in results.plan.ids[variant.name] if i in results.records]
        removed, anomalous, left, kept = (
            sum(data.get(name, 0) for data in counts if "removed" in data)
            for name in ("removed", "removed_anomalous", "train_anomalous", "train")
        )
        if removed:
            found = f", {anomalous} of {anomalous + left} contaminating ones among them" if anomalous + left else ""
            total = f"{removed} of {removed + kept} training images over all runs{found}"
            yield f"{variant.name}: training.refine removed {total}."


def _coarse(results: Results) -> list[str]:
    """Return the categories whose normal test images have too few pixels for the lowest rate of AUPIMO."""
    return list(dict.fromkeys(r.category for r in _records(results) if 0 < r.data.get("normal_pixels", 0) * LOWER < 1))


def _records(results: Results) -> list[Record]:
    return [results.records[run_id] for run_id in results.plan.runs if run_id in results.records]


def _units(results: Results, metrics: Sequence[str]) -> str:
    units = dict.fromkeys(c.unit for metric in metrics for c in results.comparisons[metric] if c.significant)
    return " or ".join({"category": "categories", "seed": "seeds"}[unit] for unit in units)


def _families(results: Results, metrics: Sequence[str]) -> str:
    """Return the number of tests over which p-values are corrected; by metric if it is not the same for all."""
    found = {m: [f[0].tests for f in families(results.comparisons[m])] for m in metrics if results.comparisons[m]}
    if len(set(map(tuple, found.values()))) == 1:
        first, *others = next(iter(found.values()))
        elsewhere = f" and, on other test images, {others[0]}" if others else ""
        return f"{counted(first, 'distinct test')}{elsewhere}{' of each metric' if len(found) > 1 else ''}"
    listed = ", ".join(f"{results.title(metric)} {' and '.join(map(str, tests))}" for metric, tests in found.items())
    return f"the distinct tests of each metric: {listed}"


def _left_out(results: Results, metrics: Sequence[str]) -> list[str]:
    """Return the sentences on categories where metrics are undefined; metrics with equal reasons share a sentence."""
    found: dict[str, list[str]] = {}
    for name in metrics:
        measured: Aggregate = results.aggregates[name]
        if measured.undefined:
            reasons = ", ".join(f"{c} ({reason(results.plan, results.records, name, c)})" for c in measured.undefined)
            everywhere = len(measured.undefined) == len(measured.categories)
            found.setdefault(f"{'undefined:' if everywhere else 'mean without'} {reasons}.", []).append(name)
    if len(metrics) == 1:
        return [f"{line[0].upper()}{line[1:]}" for line in found]
    return [f"{', '.join(map(results.title, names))}: {line}" for line, names in found.items()]


def _groups(categories: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return kind → categories if all categories are of MVTec AD and both kinds occur, otherwise nothing."""
    found = {name: tuple(c for c in categories if c in members) for name, members in GROUPS.items()}
    complete = all(found.values()) and sum(map(len, found.values())) == len(categories)
    return found if complete else {}
