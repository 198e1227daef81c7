"""Tables of the kinds of defects: a row for each kind of each category, a column for each variant."""

from __future__ import annotations

from collections.abc import Iterator

from ura_study.errors import ConfigError
from ura_study.metrics.names import DEFECT_METRICS, better
from ura_study.results.aggregate import Quantity, cell_of
from ura_study.results.results import Results
from ura_study.runs.record import Record
from ura_study.tables.metric_tables import notes
from ura_study.tables.model import Column, Row, Table

STUBS = ("category", "defect", "images")
NOTE = (
    "Each kind of defect against the same normal test images, without those of other kinds. Average precision depends "
    "on the share of anomalous pixels, so it compares variants, and not kinds."
)


def defects(results: Results) -> list[Table]:
    """Return a table for each metric of the report that is taken of each kind of defect; the best of a row is marked.

    Raises:
        ConfigError: where the report has no such metric, or no run has taken any.
    """
    metrics = [name for name in results.metrics if name in DEFECT_METRICS]
    where = f"study '{results.study.study}': a table of defects"
    if not metrics:
        raise ConfigError(f"{where} needs one of {', '.join(DEFECT_METRICS)} among the metrics (--metric)")
    kinds = list(_kinds(results))
    if not kinds:
        raise ConfigError(f"{where} needs a finished run with anomalous test images")
    return [_table(results, metric, kinds) for metric in metrics]


def _table(results: Results, metric: str, kinds: list[tuple[str, str, int]]) -> Table:
    plan = results.plan
    rows = tuple(
        Row(
            (category, kind, str(images)),
            tuple(
                cell_of(
                    [plan.cells[variant.name, category, seed] for seed in plan.seeds],
                    results.records,
                    _quantity(kind, metric),
                    contends=not variant.settings.model.oracle,
                )
                for variant in plan.variants
            ),
        )
        for category, kind, images in kinds
    )
    lacking = [category for category in plan.categories if category not in {category for category, _, _ in kinds}]
    return Table(
        name="defects",
        title=f"{results.title(metric)} by kind of defect",
        stubs=STUBS,
        columns=tuple(Column(variant.name, variant.name, better=better(metric)) for variant in plan.variants),
        rows=rows,
        notes=(
            *notes(results, [metric], rows),
            NOTE,
            *([f"No kinds are known of {', '.join(lacking)}."] if lacking else []),
        ),
        kind="share",
        best_of="row",
        about={"metric": metric},
    )


def _kinds(results: Results) -> Iterator[tuple[str, str, int]]:
    """Yield category, kind of defect and its number of test images, as records have them."""
    found: dict[str, dict[str, int]] = {category: {} for category in results.plan.categories}
    for (_, category, _), run_id in results.plan.cells.items():
        if (record := results.records.get(run_id)) is not None:
            found[category] |= {kind: of.images for kind, of in record.by_defect.items()}
    for category, images in found.items():
        yield from ((category, kind, images[kind]) for kind in sorted(images))


def _quantity(kind: str, metric: str) -> Quantity:
    def of(record: Record) -> float | None:
        return record.by_defect[kind].metrics.get(metric) if kind in record.by_defect else None

    return of
