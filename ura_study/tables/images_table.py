"""Tables with a row for each test image of each run: which images are missed, which raise false alarms."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from ura_study.data.table import GOOD
from ura_study.errors import ConfigError
from ura_study.results.cell import Cell
from ura_study.results.names import counted
from ura_study.results.results import Results
from ura_study.tables.model import Column, Row, Table

STUBS = ("variant", "category", "seed", "image", "defect")


def images(results: Results) -> Table:
    """Return the table of image scores of every run that kept them; larger is more anomalous, without a unit.

    Raises:
        ConfigError: if no run kept them.
    """
    rows = [Row((*labels[:2], str(labels[2]), *labels[3:]), (cell,)) for labels, cell in _scores(results)]
    if not rows:
        raise ConfigError(f"study '{results.study.study}': no run has kept the scores of its images")
    cells = results.plan.cells
    without = len({run_id for cell, run_id in cells.items() if results.scores(*cell) is None})
    missing = f"{counted(without, 'run')} kept no scores: failed, missing, damaged, or done by an earlier version."
    return Table(
        name="images",
        title="Image scores",
        stubs=STUBS,
        columns=(Column("score", "Score", kind="value"),),
        rows=tuple(rows),
        notes=(missing,) if without else (),
    )


def image_frame(results: Results) -> pd.DataFrame:
    """Return the scores as raw numbers, a row per run and image, with `anomalous` (true or false) and `run_id`."""
    found = [(*labels, labels[-1] != GOOD, cell.values[0], cell.run_ids[0]) for labels, cell in _scores(results)]
    return pd.DataFrame(found, columns=[*STUBS, "anomalous", "score", "run_id"])


def _scores(results: Results) -> Iterator[tuple[tuple[str, str, int, str, str], Cell]]:
    for (variant, category, seed), run_id in results.plan.cells.items():
        if (details := results.scores(variant, category, seed)) is not None:
            for image, defect, score in zip(details.images, details.defects, details.scores.tolist(), strict=True):
                yield (variant, category, seed, image, defect), Cell((score,), run_ids=(run_id,))
