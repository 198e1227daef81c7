"""The table of robustness: how much each corruption of the test images costs each variant."""

from __future__ import annotations

from collections.abc import Sequence

from ura_study.errors import ConfigError
from ura_study.results.aggregate import over
from ura_study.results.cell import Cell
from ura_study.results.results import Results
from ura_study.results.robustness import Corrupted, change, corrupted
from ura_study.tables.metric_tables import MEANS, notes
from ura_study.tables.model import Column, Row, Table

MEAN = "mean"
#: Shown where a study has no variant of this kind and severity.
NONE = Cell(text="–")
LEGEND = (
    "Clean: test images as they are; then what each corruption of them adds to that, by severity (1–5) and as the mean "
    "over the severities given. Training is the same, and so is what is drawn, such as noise."
)


def robustness(results: Results) -> list[Table]:
    """Return a table for each metric of the report: variants and severities by kinds of corruption.

    Raises:
        ConfigError: where the study has no variant that differs from another one in `data.corruption` alone.
    """
    groups, alone = corrupted(results.plan)
    if not groups:
        raise ConfigError(
            f"study '{results.study.study}': a table of robustness needs variants that differ in data.corruption.kind"
        )
    return [_table(results, metric, groups, alone) for metric in results.metrics]


def _table(results: Results, metric: str, groups: Sequence[Corrupted], alone: Sequence[str]) -> Table:
    kinds = tuple(dict.fromkeys(kind for group in groups for kind, _ in group.variants))
    mean = (Column("(mean)", MEAN, "points"),) if len(kinds) > 1 else ()
    rows = tuple(row for group in groups for row in _rows(results, metric, group, kinds))
    without = (f"Without a clean variant beside them, so left out: {', '.join(alone)}.",) if alone else ()
    return Table(
        name="robustness",
        title=f"{results.title(metric)} on corrupted test images, {MEANS}",
        stubs=("variant", "severity"),
        columns=(
            Column("clean", "clean", "share"),
            *(Column(kind, kind.replace("_", " "), "points") for kind in kinds),
            *mean,
        ),
        rows=rows,
        notes=(LEGEND, *without, *notes(results, [metric], rows)),
        means=len(mean),
        about={"metric": metric},
    )


def _rows(results: Results, metric: str, group: Corrupted, kinds: Sequence[str]) -> list[Row]:
    """Return the rows of one variant: one for each severity, and their mean where there are several."""
    measured = results.aggregates[metric]
    clean = measured.mean(group.clean)
    changes = {key: change(measured, group.clean, name) for key, name in group.variants.items()}
    severities = sorted({severity for _, severity in changes})
    rows = [
        Row((group.clean, str(severity)), (clean, *_with_mean([changes.get((kind, severity), NONE) for kind in kinds])))
        for severity in severities
    ]
    if len(severities) > 1:
        means = [over([cell for (of, _), cell in changes.items() if of == kind]) for kind in kinds]
        rows.append(Row((group.clean, MEAN), (clean, *_with_mean(means))))
    return rows


def _with_mean(cells: list[Cell]) -> list[Cell]:
    """Return the cells of a row with their mean, which there is only over all kinds."""
    if len(cells) < 2:
        return cells
    return [*cells, NONE if NONE in cells else over(cells)]
